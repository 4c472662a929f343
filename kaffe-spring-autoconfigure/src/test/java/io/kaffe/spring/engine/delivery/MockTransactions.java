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

package io.kaffe.spring.engine.delivery;

import java.time.Duration;
import java.util.List;

import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.transaction.KafkaTransactionManager;

/**
 * Kafka transactions without a broker: what a template has sent in those that were
 * committed.
 */
final class MockTransactions implements ProducerFactory<Object, Object> {

	private final MockProducer<Object, Object> producer = new MockProducer<>(true, null, serializer(), serializer()) {

		@Override
		public void close(Duration timeout) {
			// Back to the pool.
		}

	};

	final KafkaTransactionManager<Object, Object> manager = new KafkaTransactionManager<>(this);

	final KafkaTransactions transactions = new KafkaTransactions(this.manager, null);

	final KafkaTemplate<Object, Object> template = new KafkaTemplate<>(this);

	/** What happens while a transaction begins. */
	Runnable beginning = () -> {
	};

	MockTransactions() {
		this.producer.initTransactions();
	}

	MockProducer<Object, Object> producer() {
		return this.producer;
	}

	/**
	 * Return the values of what was sent in transactions that were committed.
	 */
	List<Object> committed() {
		return this.producer.history().stream().map(ProducerRecord::value).toList();
	}

	@Override
	public Producer<Object, Object> createProducer() {
		return this.producer;
	}

	@Override
	public Producer<Object, Object> createProducer(@Nullable String txIdPrefix) {
		this.beginning.run();
		return this.producer;
	}

	@Override
	public boolean transactionCapable() {
		return true;
	}

	private static Serializer<Object> serializer() {
		return (topic, data) -> new byte[0];
	}

}
