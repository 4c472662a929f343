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

import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;

import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for records that are with their handler for too long.
 */
@ExtendWith(OutputCaptureExtension.class)
class StallIntegrationTests {

	@Test
	void stalledRecordIsShownAndReportedOnceUntilItEndsAndHoldsUpNothingElse(CapturedOutput output) {
		try (ListenerApplication application = ListenerApplication.of(Stalling.class)
			.with("kaffe.consumers.orders", "")
			.with("kaffe.commit.interval", "100ms")
			.with("kaffe.stall-threshold", "200ms")
			.topic("orders", 2)) {
			application.send("orders", 0, 0, 10);
			application.send("orders", 1, 10, 20);
			ConfigurableApplicationContext context = application.start();
			Stalling stalling = context.getBean(Stalling.class);
			await("it is stalled").untilAsserted(() -> {
				assertThat(states(context)).containsExactly(WorkerState.STALLED, WorkerState.IDLE);
				assertThat(problems(context)).singleElement()
					.asString()
					.startsWith("stalled: " + application.topic("orders") + "-0@3 has been with its handler for ")
					.contains("worker_");
			});
			await("the other partition is committed")
				.until(() -> Long.valueOf(10).equals(application.committed("orders", 1)));
			assertThat(output).contains(Stalling.class.getName() + ".handle(");
			await("it is reported once").during(Duration.ofMillis(500))
				.until(() -> output.getOut().split("longer than the stall threshold", -1).length == 2);
			stalling.letGo.countDown();
			await("all is committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			assertThat(problems(context)).isEmpty();
			assertThat(states(context)).containsExactly(WorkerState.IDLE, WorkerState.IDLE);
			await("the end is logged").until(() -> output.getOut()
				.contains("The handling of " + application.topic("orders") + "-0@3 by worker_"
						+ application.topic("orders") + "_0 ended after at most"));
			assertThat(stalling.interrupted).isEmpty();
		}
	}

	@Test
	void interruptHitsTheStalledRecordAndNoOther() {
		try (ListenerApplication application = ListenerApplication.of(Stalling.class)
			.with("kaffe.consumers.orders", "")
			.with("kaffe.commit.interval", "100ms")
			.with("kaffe.stall-threshold", "100ms")
			.with("kaffe.stall-interrupt-threshold", "300ms")
			.with("kaffe.failure.backoff.initial-interval", "1ms")
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start("--test.hanging=3,6");
			Stalling stalling = context.getBean(Stalling.class);
			await("all is committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			assertThat(stalling.attempts).containsExactly(0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9);
			assertThat(stalling.interrupted).containsExactly(3, 6);
			assertThat(stalling.begunInterrupted).isEmpty();
			assertThat(problems(context)).isEmpty();
			assertThat(ListenerApplication.table(context, "orders").workers()).singleElement().satisfies((worker) -> {
				assertThat(worker.counters().failed()).isEqualTo(1);
				assertThat(worker.counters().restarts()).isZero();
				assertThat(worker.counters().handled()).isEqualTo(10);
			});
		}
	}

	private static List<WorkerState> states(ConfigurableApplicationContext context) {
		return ListenerApplication.table(context, "orders").workers().stream().map(WorkerSnapshot::state).toList();
	}

	private static List<String> problems(ConfigurableApplicationContext context) {
		return context.getBean(DefaultWorkerManager.class)
			.problems("orders")
			.stream()
			.map(ConsumerProblem::message)
			.toList();
	}

	/**
	 * Hangs at some numbers, once at each. An interrupt makes number 3 fail; the others
	 * leave it to whoever comes next.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Stalling {

		final Queue<Integer> attempts = new ConcurrentLinkedQueue<>();

		final Queue<Integer> interrupted = new ConcurrentLinkedQueue<>();

		final Queue<Integer> begunInterrupted = new ConcurrentLinkedQueue<>();

		final CountDownLatch letGo = new CountDownLatch(1);

		private final Set<Integer> hanging = ConcurrentHashMap.newKeySet();

		Stalling(@Value("${test.hanging:3}") List<Integer> hanging) {
			this.hanging.addAll(hanging);
		}

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			int number = Integer.parseInt(record.value());
			this.attempts.add(number);
			if (Thread.currentThread().isInterrupted()) {
				this.begunInterrupted.add(number);
			}
			if (this.hanging.remove(number)) {
				hang(number);
			}
		}

		private void hang(int number) {
			try {
				if (!this.letGo.await(30, TimeUnit.SECONDS)) {
					throw new IllegalStateException("The handler was not released");
				}
			}
			catch (InterruptedException ex) {
				this.interrupted.add(number);
				Thread.currentThread().interrupt();
				if (number == 3) {
					throw new IllegalStateException(ex);
				}
			}
		}

	}

}
