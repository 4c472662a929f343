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

package io.kaffe.spring.engine.listener;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what the worker table reports of a consumer beside its workers and
 * partitions.
 */
class WorkerTableIntegrationTests {

	@Test
	void tableShowsFailuresWithValuesToThoseWhoMaySeeThem() {
		try (ListenerApplication application = application().with("kaffe.failure.max-attempts", 2)
			.with("kaffe.failure.backoff.initial-interval", "1ms")) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext context = application.start("--test.failing=1", "--test.hanging=-");
			await("it is parked").untilAsserted(
					() -> assertThat(ListenerApplication.table(context, "orders").failures().failing()).singleElement()
						.extracting(ConsumerSnapshot.Failing::state)
						.isEqualTo("parked"));
			ConsumerSnapshot table = ListenerApplication.table(context, "orders");
			assertThat(outcomes(context)).containsExactly(1, 2, 1, 0, 0, 0);
			assertThat(table.load().inFlight()).isZero();
			assertThat(table.status().paused()).isFalse();
			assertThat(table.failures().failingCount()).isEqualTo(1);
			assertThat(table.failures().failing()).singleElement().satisfies((failing) -> {
				assertThat(failing.partition()).isEqualTo(application.topic("orders") + "-0");
				assertThat(failing.offset()).isEqualTo(1);
				assertThat(failing.key()).isNull();
				assertThat(failing.value()).isNull();
				assertThat(failing.message()).isNull();
			});
			assertThat(table.failures().recent()).extracting(ConsumerSnapshot.Failure::action)
				.containsExactly("park", "retry");
			assertThat(table.rebalances()).singleElement().satisfies((rebalance) -> {
				assertThat(rebalance.kind()).isEqualTo("assigned");
				assertThat(rebalance.partitions()).containsExactly(application.topic("orders") + "-0");
			});
			ConsumerSnapshot open = Objects
				.requireNonNull(context.getBean(DefaultWorkerManager.class).table("orders", true));
			assertThat(open.failures().failing()).singleElement().satisfies((failing) -> {
				assertThat(failing.key()).isEqualTo("key");
				assertThat(failing.value()).isEqualTo("1");
				assertThat(failing.message()).isEqualTo("No 1, on purpose");
			});
			assertThat(open.failures().recent()).hasSize(2)
				.allMatch((failure) -> "No 1, on purpose".equals(failure.message()));
			context.getBean(KaffeConsumers.class).pause("orders");
			assertThat(ListenerApplication.table(context, "orders").status().paused()).isTrue();
		}
	}

	@Test
	void busyWorkerIsShownWithItsStackAndWhatADrainAbandonedIsReported() {
		try (ListenerApplication application = application().with("kaffe.drain-timeout", "200ms")) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext context = application.start("--test.failing=-", "--test.hanging=1");
			Handler handler = context.getBean(Handler.class);
			DefaultWorkerManager manager = context.getBean(DefaultWorkerManager.class);
			try {
				await("it hangs").until(() -> handler.entered.getCount() == 0);
				ConsumerSnapshot table = ListenerApplication.table(context, "orders");
				assertThat(table.load().inFlight()).isEqualTo(1);
				assertThat(table.counters().handled()).isEqualTo(1);
				String name = table.workers().get(0).name();
				assertThat(table.workers().get(0).stack()).isNull();
				WorkerSnapshot worker = Objects.requireNonNull(manager.table("orders", name));
				List<String> stack = Objects.requireNonNull(worker.stack());
				assertThat(stack).hasSizeLessThanOrEqualTo(50)
					.anyMatch((frame) -> frame.contains(Handler.class.getName() + ".handle"));
				assertThat(worker.current()).singleElement().extracting(WorkerSnapshot.CurrentRecord::key).isNull();
				assertThat(Objects.requireNonNull(manager.table("orders", name, true)).current()).singleElement()
					.extracting(WorkerSnapshot.CurrentRecord::key)
					.isEqualTo("key");
				ListenerApplication.container(context, "orders").stop();
				ConsumerSnapshot stopped = ListenerApplication.table(context, "orders");
				assertThat(stopped.rebalances()).extracting(ConsumerSnapshot.Rebalance::kind)
					.containsExactly("revoked", "assigned");
				assertThat(stopped.rebalances().get(0).givenUp()).containsExactly(application.topic("orders") + "-0@1");
				assertThat(stopped.rebalances().get(0).drainMillis()).isBetween(150L, 5000L);
			}
			finally {
				handler.leave.countDown();
			}
			await("it is finished late")
				.untilAsserted(() -> assertThat(outcomes(context)).containsExactly(2, 0, 0, 0, 0, 1));
			ListenerApplication.container(context, "orders").start();
			await("the rest is handled")
				.untilAsserted(() -> assertThat(outcomes(context)).as("with the worker that was retired")
					.containsExactly(4, 0, 0, 0, 0, 1));
		}
	}

	/**
	 * Return what became of the records: handled, failed, retries, skipped, dead-lettered
	 * and finished late.
	 */
	private static long[] outcomes(ConfigurableApplicationContext context) {
		ConsumerSnapshot.Counters counters = ListenerApplication.table(context, "orders").counters();
		return new long[] { counters.handled(), counters.failed(), counters.retries(), counters.skipped(),
				counters.deadLettered(), counters.lateCompletions() };
	}

	private static ListenerApplication application() {
		return ListenerApplication.of(Handler.class).with("kaffe.consumers.orders", "").topic("orders", 1);
	}

	/**
	 * Fails at one value, and does not return from another for a while.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Handler {

		final CountDownLatch entered = new CountDownLatch(1);

		final CountDownLatch leave = new CountDownLatch(1);

		private final String failing;

		private final String hanging;

		Handler(@Value("${test.failing}") String failing, @Value("${test.hanging}") String hanging) {
			this.failing = failing;
			this.hanging = hanging;
		}

		@KafkaListener(id = "orders", topics = "orders-${test.id}", idIsGroup = false)
		void handle(ConsumerRecord<String, String> record) throws InterruptedException {
			if (record.value().equals(this.failing)) {
				throw new IllegalStateException("No " + record.value() + ", on purpose");
			}
			if (record.value().equals(this.hanging)) {
				this.entered.countDown();
				this.leave.await();
			}
		}

	}

}
