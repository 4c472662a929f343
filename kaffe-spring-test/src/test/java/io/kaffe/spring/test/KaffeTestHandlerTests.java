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

package io.kaffe.spring.test;

import java.time.Duration;
import java.util.List;

import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.core.KafkaTemplate;

import io.kaffe.spring.RecordHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KaffeTest} with a declared consumer.
 */
@KaffeTest(partitions = 2,
		properties = { "kaffe.consumers.transfers.topics=transfers", "kaffe.consumers.transfers.group-id=bank",
				"kaffe.consumers.transfers.worker-allocation-strategy=worker-per-key",
				"kaffe.consumers.transfers.failure.max-attempts=2",
				"kaffe.consumers.transfers.failure.then=dead-letter" })
class KaffeTestHandlerTests {

	@Test
	void keepsTheOrderPerKeyAndHandlesOtherKeysMeanwhile(SimulatedKafka kafka) {
		kafka.send("transfers", 0, "slow", "1");
		kafka.send("transfers", 0, "slow", "2");
		kafka.send("transfers", 0, "quick", "3");
		kafka.awaitIdle();
		assertThat(kafka.handled("transfers")).extracting(HandledRecord::value).containsExactly("3", "1", "2");
		assertThat(kafka.committed("transfers", 0)).isEqualTo(3);
		assertThat(kafka.handled("transfers")).extracting(HandledRecord::worker).doesNotContainNull();
	}

	@Test
	void failedRecordIsDeadLettered(SimulatedKafka kafka) {
		kafka.send("transfers", "a", "bad");
		kafka.awaitIdle();
		List<ConsumerRecord<String, String>> deadLetters = kafka.records("transfers-dlt");
		assertThat(deadLetters).singleElement().satisfies((record) -> {
			assertThat(record.key()).isEqualTo("a");
			assertThat(record.value()).isEqualTo("bad");
		});
		assertThat(kafka.handled()).hasSize(2).noneMatch(HandledRecord::isSuccessful);
	}

	@Test
	void handlerSendsAndWaitsForTheAnswer(SimulatedKafka kafka) {
		kafka.send("transfers", "a", "send");
		kafka.awaitIdle();
		assertThat(kafka.<String, String>records("receipts")).extracting(ConsumerRecord::value)
			.containsExactly("receipt");
	}

	@Test
	void crashCutsOffHandlersInProgress(SimulatedKafka kafka) {
		kafka.send("transfers", 0, "slow", "1");
		kafka.advance(Duration.ofSeconds(1));
		kafka.crashAndRestart();
		kafka.awaitIdle();
		assertThat(kafka.handled()).extracting(HandledRecord::outcome)
			.containsExactly(HandledRecord.Outcome.CRASHED, HandledRecord.Outcome.SUCCEEDED);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		NewTopic receipts() {
			return new NewTopic("receipts", 1, (short) 1);
		}

		@Bean
		RecordHandler<String, String> transfers(SimulatedKafka kafka, KafkaTemplate<String, String> template) {
			return (record) -> {
				if (record.key().equals("slow")) {
					kafka.advance(Duration.ofSeconds(2));
				}
				if (record.value().equals("bad")) {
					throw new IllegalStateException("Bad");
				}
				if (record.value().equals("send")) {
					template.send("receipts", "receipt").get();
				}
			};
		}

	}

}
