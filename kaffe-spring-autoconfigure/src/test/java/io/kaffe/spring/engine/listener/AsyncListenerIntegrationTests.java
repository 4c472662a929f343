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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.SendTo;
import reactor.core.publisher.Mono;

import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.support.HostileException;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.ConsumerState;
import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for handlers that complete a record later.
 */
class AsyncListenerIntegrationTests {

	private static final String NAMED = "--kaffe.consumers.orders=";

	private static final String QUICK = "--kaffe.failure.backoff.initial-interval=10ms";

	@Test
	void recordIsCompletedWithItsFutureAndHoldsUpItsWorkerOnly() {
		try (ListenerApplication application = ListenerApplication.of(Futures.class).topic("orders", 2)) {
			application.send("orders", 0, 0, 3);
			application.send("orders", 1, 10, 12);
			ConfigurableApplicationContext context = application.start(NAMED, "--kaffe.commit.interval=50ms");
			Futures futures = context.getBean(Futures.class);
			await("both partitions are begun").until(() -> futures.begun.keySet().containsAll(List.of("0", "10")));
			futures.complete("10");
			await("the other partition goes on").until(() -> futures.begun.containsKey("11"));
			futures.complete("11");
			await("and is committed").until(() -> Long.valueOf(2).equals(application.committed("orders", 1)));
			assertThat(futures.begun).doesNotContainKeys("1", "2");
			assertThat(application.committed("orders", 0)).isIn(null, 0L);
			assertThat(worker(application, context, 0)).satisfies((worker) -> {
				assertThat(worker.state()).isEqualTo(WorkerState.RUNNING);
				assertThat(worker.current()).singleElement().satisfies((current) -> {
					assertThat(current.offset()).isZero();
					assertThat(current.attempt()).isOne();
				});
			});
			futures.complete("0");
			await("the next one").until(() -> futures.begun.containsKey("1"));
			futures.complete("1");
			await("the last one").until(() -> futures.begun.containsKey("2"));
			futures.complete("2");
			await("all is committed").until(() -> Long.valueOf(3).equals(application.committed("orders", 0)));
			assertThat(futures.attempts).containsOnly(1);
		}
	}

	@Test
	void noMoreFuturesAreOpenThanMaxConcurrencyAllows() {
		try (ListenerApplication application = ListenerApplication.of(Futures.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 20);
			ConfigurableApplicationContext context = application.start("--kaffe.commit.interval=50ms",
					"--kaffe.consumers.orders.worker-allocation-strategy=worker-per-record",
					"--kaffe.consumers.orders.max-concurrency=2");
			Futures futures = context.getBean(Futures.class);
			Set<String> completed = new HashSet<>();
			while (completed.size() < 20) {
				int begun = Math.min(completed.size() + 2, 20);
				await("its place is taken").untilAsserted(() -> assertThat(futures.begun).hasSize(begun));
				assertThat(ListenerApplication.table(context, "orders").load().inFlight())
					.isEqualTo(begun - completed.size());
				String next = futures.begun.keySet()
					.stream()
					.filter((value) -> !completed.contains(value))
					.findAny()
					.orElseThrow();
				completed.add(next);
				futures.complete(next);
			}
			await("all is committed").until(() -> Long.valueOf(20).equals(application.committed("orders", 0)));
			assertThat(futures.mostOpen).hasValue(2);
		}
	}

	@Test
	void failedFutureIsTriedAgainAndThenParked() {
		try (ListenerApplication application = ListenerApplication.of(Futures.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 2);
			ConfigurableApplicationContext context = application.start(NAMED, QUICK, "--kaffe.failure.max-attempts=2");
			Futures futures = context.getBean(Futures.class);
			await("the first attempt").until(() -> futures.begun.containsKey("0"));
			futures.fail("0");
			await("the second attempt").until(() -> futures.attempts.contains(2));
			futures.fail("0");
			await("it is parked").until(() -> worker(application, context, 0).state() == WorkerState.PARKED);
			assertThat(futures.begun).doesNotContainKey("1");
			assertThat(worker(application, context, 0).lastFailure()).isNotNull()
				.extracting(WorkerSnapshot.LastFailure::exception)
				.isEqualTo(IllegalStateException.class.getName());
			assertThat(futures.attempts).containsExactly(1, 2);
		}
	}

	@Test
	void futureThatFailsWithWhatAnswersNothingIsTriedAgainAndThenParked() {
		try (ListenerApplication application = ListenerApplication.of(Futures.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 2);
			ConfigurableApplicationContext context = application.start(NAMED, QUICK, "--kaffe.failure.max-attempts=2",
					"--spring.kafka.listener.observation-enabled=true");
			Futures futures = context.getBean(Futures.class);
			await("the first attempt").until(() -> futures.begun.containsKey("0"));
			futures.fail("0", new HostileException());
			await("the second attempt").until(() -> futures.attempts.contains(2));
			futures.fail("0", new HostileException());
			await("it is parked").until(() -> worker(application, context, 0).state() == WorkerState.PARKED);
			assertThat(worker(application, context, 0).lastFailure()).isNotNull()
				.extracting(WorkerSnapshot.LastFailure::exception)
				.isEqualTo(HostileException.class.getName());
			assertThat(futures.begun).doesNotContainKey("1");
		}
	}

	@Test
	void futureThatFailsIsTriedAgainEvenIfItsListenerCannotBePrinted() {
		try (ListenerApplication application = ListenerApplication.of(Unprintable.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 1);
			ConfigurableApplicationContext context = application.start(NAMED, QUICK, "--kaffe.commit.interval=50ms");
			await("it is handled in the end").until(() -> Long.valueOf(1).equals(application.committed("orders", 0)));
			assertThat(context.getBean(Unprintable.class).attempts).hasValue(2);
		}
	}

	@Test
	void stopWaitsForTheFutureAndCommits() {
		try (ListenerApplication application = ListenerApplication.of(Futures.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 2);
			ConfigurableApplicationContext context = application.start(NAMED);
			Futures futures = context.getBean(Futures.class);
			await("it is begun").until(() -> futures.begun.containsKey("0"));
			CompletableFuture<Void> stopped = CompletableFuture
				.runAsync(() -> ListenerApplication.container(context, "orders").stop());
			await("it drains")
				.until(() -> ListenerApplication.table(context, "orders").status().state() == ConsumerState.DRAINING);
			assertThat(stopped).isNotDone();
			futures.complete("0");
			stopped.join();
			assertThat(application.committed("orders", 0)).isEqualTo(1);
			assertThat(futures.begun).doesNotContainKey("1");
		}
	}

	@Test
	void futureThatDoesNotEndIsAStall() {
		try (ListenerApplication application = ListenerApplication.of(Futures.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 1);
			ConfigurableApplicationContext context = application.start(NAMED, "--kaffe.stall-threshold=200ms");
			Futures futures = context.getBean(Futures.class);
			await("it is begun").until(() -> futures.begun.containsKey("0"));
			await("it counts as stalled").until(() -> worker(application, context, 0).state() == WorkerState.STALLED);
			assertThat(problems(context)).singleElement()
				.asString()
				.startsWith("stalled: " + application.topic("orders") + "-0@0 ");
			futures.complete("0");
			await("it recovers").untilAsserted(() -> assertThat(problems(context)).isEmpty());
			await("its worker has noticed").until(() -> worker(application, context, 0).state() == WorkerState.IDLE);
		}
	}

	@Test
	void recordThatIsNeverAcknowledgedIsAStall() {
		try (ListenerApplication application = ListenerApplication.of(Leaking.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 2);
			ConfigurableApplicationContext context = application.start(NAMED, "--spring.kafka.listener.ack-mode=manual",
					"--kaffe.stall-threshold=200ms", "--kaffe.drain-timeout=200ms");
			Leaking leaking = context.getBean(Leaking.class);
			await("both count as stalled").until(() -> problems(context).size() == 2);
			leaking.acknowledgments.remove().acknowledge();
			await("one does").until(() -> problems(context).size() == 1);
			ListenerApplication.container(context, "orders").stop();
			await("none does when the partition is revoked").until(() -> problems(context).isEmpty());
		}
	}

	@Test
	void repliesAreSentWhenTheMonoHasItsValue() {
		try (ListenerApplication application = ListenerApplication.of(Monos.class)
			.topic("orders", 1)
			.topic("replies", 1)) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext context = application.start(NAMED, QUICK);
			Monos monos = context.getBean(Monos.class);
			await("replies").untilAsserted(() -> assertThat(monos.replies).containsExactly("re: 0", "re: 2"));
			await("all is committed").until(() -> Long.valueOf(3).equals(application.committed("orders", 0)));
			assertThat(monos.handled).as("the first fails once, the second is filtered").containsExactly("0", "0", "2");
		}
	}

	private static List<String> problems(ConfigurableApplicationContext context) {
		return context.getBean(DefaultWorkerManager.class)
			.problems("orders")
			.stream()
			.map(ConsumerProblem::message)
			.toList();
	}

	private static WorkerSnapshot worker(ListenerApplication application, ConfigurableApplicationContext context,
			int partition) {
		ConsumerSnapshot table = ListenerApplication.table(context, "orders");
		return table.workers()
			.stream()
			.filter((worker) -> worker.name().equals("worker_" + application.topic("orders") + "_" + partition))
			.findFirst()
			.orElseThrow(() -> new AssertionError("No worker of partition " + partition + " in " + table));
	}

	@Configuration(proxyBeanMethods = false)
	static class Futures {

		final Map<String, CompletableFuture<Void>> begun = new ConcurrentHashMap<>();

		final Queue<Integer> attempts = new ConcurrentLinkedQueue<>();

		final AtomicInteger mostOpen = new AtomicInteger();

		private final AtomicInteger open = new AtomicInteger();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		CompletableFuture<Void> handle(String value, @Header(KafkaHeaders.DELIVERY_ATTEMPT) int attempt) {
			CompletableFuture<Void> future = new CompletableFuture<>();
			this.mostOpen.accumulateAndGet(this.open.incrementAndGet(), Math::max);
			this.begun.put(value, future);
			this.attempts.add(attempt);
			return future;
		}

		void complete(String value) {
			this.open.decrementAndGet();
			future(value).complete(null);
		}

		void fail(String value) {
			fail(value, new IllegalStateException("no"));
		}

		void fail(String value, Throwable failure) {
			this.open.decrementAndGet();
			CompletableFuture<Void> future = future(value);
			// Whoever gets to know of it by a stage of the future's, such as here, may
			// ask it.
			try {
				future.completeExceptionally(failure);
			}
			catch (IllegalStateException ex) {
				assertThat(failure).isInstanceOf(HostileException.class);
			}
		}

		private CompletableFuture<Void> future(String value) {
			return Objects.requireNonNull(this.begun.get(value), value);
		}

	}

	/**
	 * Fails once, and then has a text without end.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Unprintable {

		final AtomicInteger attempts = new AtomicInteger();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		CompletableFuture<Void> handle(String value) {
			return (this.attempts.incrementAndGet() == 1)
					? CompletableFuture.failedFuture(new IllegalStateException("once"))
					: CompletableFuture.completedFuture(null);
		}

		@Override
		public String toString() {
			if (this.attempts.get() > 0) {
				throw new StackOverflowError("On purpose");
			}
			return "prints";
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Leaking {

		final Queue<Acknowledgment> acknowledgments = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(String value, Acknowledgment acknowledgment) {
			this.acknowledgments.add(acknowledgment);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Monos {

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		final Queue<String> replies = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		@SendTo("replies-${test.id}")
		Mono<String> handle(String value) {
			this.handled.add(value);
			return (this.handled.size() == 1) ? Mono.error(new IllegalStateException("once"))
					: Mono.delay(Duration.ofMillis(20)).map((tick) -> "re: " + value);
		}

		@KafkaListener(id = "replies", groupId = "replies-${test.id}", topics = "replies-${test.id}")
		void reply(String value) {
			this.replies.add(value);
		}

		@Bean
		static RecordFilterStrategy<Object, Object> noOnes() {
			return (record) -> record.value().equals("1");
		}

	}

}
