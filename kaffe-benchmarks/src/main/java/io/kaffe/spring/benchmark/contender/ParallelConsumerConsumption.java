/*
 * Copyright 2026-present the original author or authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.kaffe.spring.benchmark.contender;

import java.util.List;
import java.util.Locale;

import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.CommitMode;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Confluent's Parallel Consumer, with its defaults.
 */
final class ParallelConsumerConsumption implements Consumption {

	private final ParallelStreamProcessor<String, byte[]> processor;

	ParallelConsumerConsumption(Contender contender, RoundSettings settings, RecordHandling handling) {
		KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(ClientProperties.of(settings));
		var options = ParallelConsumerOptions.<String, byte[]>builder()
			.consumer(consumer)
			.ordering(ProcessingOrder.valueOf(String.valueOf(contender.mode()).toUpperCase(Locale.ROOT)))
			.maxConcurrency(settings.concurrency());
		if (!contender.variant().isTransactional()) {
			this.processor = ParallelStreamProcessor.createEosStreamProcessor(options.build());
			this.processor.subscribe(List.of(settings.topic()));
			this.processor.poll((context) -> handling.handle(context.getSingleConsumerRecord()));
			return;
		}
		this.processor = ParallelStreamProcessor
			.createEosStreamProcessor(options.producer(new KafkaProducer<>(ClientProperties.ofTransactions(settings)))
				.commitMode(CommitMode.PERIODIC_TRANSACTIONAL_PRODUCER)
				.build());
		this.processor.subscribe(List.of(settings.topic()));
		this.processor.pollAndProduce((context) -> {
			ConsumerRecord<String, byte[]> record = context.getSingleConsumerRecord();
			handling.handle(record);
			return new ProducerRecord<>(settings.results(), record.key(), record.value());
		});
	}

	@Override
	public void close() {
		this.processor.closeDrainFirst();
	}

}
