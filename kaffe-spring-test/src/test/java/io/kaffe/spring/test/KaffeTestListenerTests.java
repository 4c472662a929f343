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
import java.time.Instant;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.KaffeConsumers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KaffeTest} with a listener.
 */
@KaffeTest(properties = { "kaffe.consumers.orders.failure.max-attempts=3" })
class KaffeTestListenerTests {

	@Autowired
	private SimulatedKafka kafka;

	@Autowired
	private Orders orders;

	@Autowired
	private KaffeConsumers consumers;

	@BeforeEach
	void reset() {
		this.orders.refused = "";
	}

	@Test
	void handlesAndCommits() {
		this.kafka.send("orders", 1, "a", "first");
		this.kafka.send("orders", 1, "a", "second");
		this.kafka.awaitIdle();
		assertThat(this.kafka.handled("orders")).extracting(HandledRecord::value).containsExactly("first", "second");
		assertThat(this.kafka.handled()).extracting(HandledRecord::worker).containsOnly("worker_orders_1");
		assertThat(this.kafka.committed("orders", 1)).isEqualTo(2);
		assertThat(this.kafka.failing()).isEmpty();
	}

	@Test
	void eachMethodHasAnEmptyCluster(SimulatedKafka kafka) {
		assertThat(kafka.records("orders")).isEmpty();
		assertThat(kafka.handled()).isEmpty();
		assertThat(kafka.partitions()).hasSize(3);
	}

	@Test
	void retriesAndParks() {
		this.orders.refused = "bad";
		this.kafka.send("orders", 0, "a", "bad");
		this.kafka.send("orders", 0, "a", "good");
		this.kafka.send("orders", 1, "b", "other");
		this.kafka.awaitIdle();
		assertThat(this.kafka.handled("orders")).extracting(HandledRecord::value).containsExactly("other");
		assertThat(this.kafka.handled()).hasSize(4);
		assertThat(this.kafka.failing()).singleElement()
			.satisfies((failing) -> assertThat(failing.state()).isEqualTo(FailingRecord.State.PARKED))
			.satisfies((failing) -> assertThat(failing.attempts()).isEqualTo(3));
		assertThat(this.kafka.committed("orders", 0)).isZero();
		this.orders.refused = "";
		FailingRecord parked = this.kafka.failing().get(0);
		this.consumers.retry("orders", parked.partition(), parked.offset());
		this.kafka.awaitIdle();
		assertThat(this.kafka.failing()).isEmpty();
		assertThat(this.kafka.committed("orders", 0)).isEqualTo(2);
	}

	@Test
	void crashDeliversAgainWhatWasNotCommitted() {
		this.kafka.failNextCommits(1000);
		this.kafka.send("orders", 0, "a", "first");
		this.kafka.advance(Duration.ofSeconds(1));
		assertThat(this.kafka.handled("orders")).hasSize(1);
		this.kafka.crashAndRestart();
		this.kafka.awaitIdle();
		assertThat(this.kafka.handled("orders")).extracting(HandledRecord::attempt).containsExactly(1, 2);
		assertThat(this.kafka.committed("orders", 0)).isEqualTo(1);
	}

	@Test
	void rebalanceRedeliversNothing() {
		for (int number = 0; number < 20; number++) {
			this.kafka.send("orders", "key-" + number % 5, "value-" + number);
			if (number == 10) {
				this.kafka.rebalance();
			}
		}
		this.kafka.awaitIdle();
		assertThat(this.kafka.handled()).hasSize(20);
	}

	@Test
	void timeIsSimulated() {
		Instant before = this.kafka.time();
		this.kafka.advance(Duration.ofHours(1));
		assertThat(Duration.between(before, this.kafka.time())).isEqualTo(Duration.ofHours(1));
	}

	@Test
	void commitsWhenBrokersAreBack() {
		this.kafka.brokersUnavailable(Duration.ofMinutes(1));
		this.kafka.send("orders", 0, "a", "first");
		this.kafka.awaitIdle();
		assertThat(this.kafka.handled("orders")).hasSize(1);
		assertThat(this.kafka.committed("orders", 0)).isEqualTo(1);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		Orders orders() {
			return new Orders();
		}

	}

	static class Orders {

		private String refused = "";

		@KafkaListener(id = "orders", topics = "orders")
		void handle(String value) {
			if (value.equals(this.refused)) {
				throw new IllegalStateException("Refused: " + value);
			}
		}

	}

}
