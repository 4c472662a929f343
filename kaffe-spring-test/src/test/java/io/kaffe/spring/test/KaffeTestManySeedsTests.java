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

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.kaffe.spring.RecordHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ManySeeds}.
 */
class KaffeTestManySeedsTests {

	@Test
	void idempotentHandlerPasses() {
		assertThat(run("isIdempotent").succeeded().count()).isEqualTo(1);
	}

	@Test
	void handlerThatIsNotIdempotentIsCaughtWithTheShortestHistory() {
		Events tests = run("isNotIdempotent");
		tests.assertStatistics((statistics) -> statistics.failed(1));
		Throwable failure = tests.failed()
			.stream()
			.findFirst()
			.orElseThrow()
			.getRequiredPayload(TestExecutionResult.class)
			.getThrowable()
			.orElseThrow();
		assertThat(failure).isInstanceOf(AssertionError.class)
			.hasMessageContaining("isNotIdempotent is broken by seed ")
			.hasMessageContaining("To repeat it: @ManySeeds(seed = ")
			.hasMessageContaining("attempt 2: SUCCEEDED");
		String message = String.valueOf(failure.getMessage());
		assertThat(message.lines().filter((line) -> line.startsWith("  crash"))).hasSize(1);
		assertThat(message.lines()
			.dropWhile((line) -> !line.equals("Disturbances:"))
			.skip(1)
			.takeWhile((line) -> !line.equals("Deliveries:"))).hasSize(1);
	}

	private static Events run(String method) {
		return EngineTestKit.engine("junit-jupiter")
			.selectors(DiscoverySelectors.selectMethod(Payments.class, method, SimulatedKafka.class))
			.execute()
			.testEvents();
	}

	/**
	 * Run by the test kit.
	 */
	@KaffeTest(properties = { "kaffe.consumers.payments.topics=payments",
			"kaffe.consumers.payments.worker-allocation-strategy=worker-per-key" })
	static class Payments {

		@Autowired
		private Account account;

		@ManySeeds(30)
		void isIdempotent(SimulatedKafka kafka) {
			this.account.reset(true);
			pay(kafka);
		}

		@ManySeeds(30)
		void isNotIdempotent(SimulatedKafka kafka) {
			this.account.reset(false);
			pay(kafka);
		}

		private void pay(SimulatedKafka kafka) {
			for (int number = 0; number < 10; number++) {
				kafka.send("payments", "customer-" + number % 3, "payment-" + number);
			}
			kafka.awaitIdle();
			assertThat(this.account.balances).containsOnly(Map.entry("customer-0", 4), Map.entry("customer-1", 3),
					Map.entry("customer-2", 3));
		}

		@Configuration(proxyBeanMethods = false)
		@EnableAutoConfiguration
		static class Application {

			@Bean
			Account payments() {
				return new Account();
			}

		}

	}

	static class Account implements RecordHandler<String, String> {

		private final Map<String, Integer> balances = new HashMap<>();

		private final Set<String> booked = new HashSet<>();

		private boolean idempotent;

		void reset(boolean idempotent) {
			this.balances.clear();
			this.booked.clear();
			this.idempotent = idempotent;
		}

		@Override
		public void handle(ConsumerRecord<String, String> record) {
			if (this.booked.add(record.value()) || !this.idempotent) {
				this.balances.merge(record.key(), 1, Integer::sum);
			}
		}

	}

}
