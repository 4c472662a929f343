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
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.EventListener;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskExecutor;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.event.ConsumerStartedEvent;
import org.springframework.kafka.event.ConsumerStartingEvent;
import org.springframework.kafka.listener.ConsumerAwareRebalanceListener;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.RecordBackOff;
import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.ConsumerState;
import io.kaffe.spring.table.WorkerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what breaks outside the handler: workers and polling threads are started
 * again, and not for ever.
 */
class SupervisionIntegrationTests {

	private static final int RECORDS = 100;

	@Test
	void workerWhoseInterceptorThrowsIsStartedAgainInItsPlace() {
		try (ListenerApplication application = application(WithInterceptor.class).with("test.throwing", 1)) {
			ConfigurableApplicationContext context = application.start();
			awaitCommitted(application);
			assertThat(context.getBean(Handler.class).handled).containsExactlyElementsOf(numbers(0));
			assertRestarted(context, 1);
			assertThat(worker(context).counters().failed()).as("no failure of the record").isZero();
		}
	}

	@Test
	void workerWhoseBackOffThrowsIsStartedAgainInItsPlace() {
		try (ListenerApplication application = application(WithBackOff.class).with("test.throwing", 1)
			.with("test.failures", 2)) {
			ConfigurableApplicationContext context = application.start();
			awaitCommitted(application);
			assertThat(context.getBean(Handler.class).handled).containsExactlyElementsOf(numbers(0));
			assertRestarted(context, 1);
			assertThat(worker(context).counters().failed()).as("the back-off is asked twice, and throws once")
				.isEqualTo(2);
			assertThat(context.getBean(KaffeConsumers.class).failingRecords("orders")).isEmpty();
		}
	}

	@Test
	void consumerWhoseWorkerBreaksDownTooOftenIsStoppedAndSaysWhy() {
		try (ListenerApplication application = application(WithInterceptor.class).with("test.throwing", 2)
			.with("kaffe.supervision.max-restarts", 1)) {
			ConfigurableApplicationContext context = application.start();
			awaitStopped(context,
					"Worker worker_" + application.topic("orders") + "_0 broke down outside the handler too often");
			assertThat(application.committed("orders", 0)).isEqualTo(50);
			startAgainAndFinish(application, context, 50);
		}
	}

	@Test
	void consumerWhoseStrategyThrowsTooOftenIsStoppedAndSaysWhy() {
		try (ListenerApplication application = application(WithStrategy.class).with("test.throwing", 1)
			.with("kaffe.supervision.max-restarts", 0)) {
			ConfigurableApplicationContext context = application.start();
			awaitStopped(context, "naming for " + application.topic("orders") + "-0");
			startAgainAndFinish(application, context, 0);
		}
	}

	@Test
	void consumerWhoseExecutorTurnsEverythingAwayIsStoppedAndSaysWhy() {
		try (ListenerApplication application = application(WithExecutor.class).with("test.throwing", Integer.MAX_VALUE)
			.with("kaffe.supervision.max-restarts", 1)) {
			ConfigurableApplicationContext context = application.start();
			awaitStopped(context, "The task executor rejected all workers repeatedly");
			context.getBean(Breaking.class).left.set(0);
			startAgainAndFinish(application, context, 0);
		}
	}

	@Test
	void consumerWhosePollingThreadDiesIsStartedAgain() {
		try (ListenerApplication application = application(WithRebalanceListener.class).with("test.throwing", 1)) {
			ConfigurableApplicationContext context = application.start();
			await("its death is reported").untilAsserted(() -> {
				String reason = "A polling thread ended with ERROR; the consumer is restarted in 1000 ms";
				assertThat(ListenerApplication.table(context, "orders").status().stopped()).isNotNull()
					.extracting(ConsumerSnapshot.Stop::reason)
					.isEqualTo(reason);
				assertThat(problems(context)).containsExactly("stopped: " + reason);
			});
			awaitCommitted(application);
			assertThat(context.getBean(Handler.class).handled).containsExactlyElementsOf(numbers(0));
			assertThat(ListenerApplication.table(context, "orders").status().stopped()).isNull();
			assertThat(problems(context)).isEmpty();
		}
	}

	@Test
	void pollingThreadThatDiesAmidRecordsLosesAndRepeatsNothing() {
		DyingInterceptor.diesAt = 50;
		try (ListenerApplication application = application(Handler.class)
			.with("spring.kafka.consumer.max-poll-records", 20)
			.with("spring.kafka.consumer.properties[interceptor.classes]", DyingInterceptor.class.getName())) {
			ConfigurableApplicationContext context = application.start("--spring.kafka.listener.concurrency=2");
			awaitCommitted(application);
			assertThat(DyingInterceptor.diesAt).as("it has died").isNegative();
			assertThat(context.getBean(Handler.class).handled).containsExactlyElementsOf(numbers(0));
			assertThat(problems(context)).isEmpty();
		}
	}

	@Test
	void pollingThreadThatTerminatesUnexpectedlyIsDetected() {
		try (ListenerApplication application = application(WithEventListener.class).with("test.throwing", 1)) {
			ConfigurableApplicationContext context = application.start();
			await("health sees it at once").untilAsserted(() -> assertThat(problems(context))
				.containsExactly("poll thread gone: orders-0-C-1 terminated unexpectedly"));
			await("it is missed").untilAsserted(() -> assertThat(problems(context)).containsExactly(
					"stopped: A polling thread " + "terminated unexpectedly; the consumer is restarted in 1000 ms"));
			awaitCommitted(application);
			assertThat(context.getBean(Handler.class).handled).containsExactlyElementsOf(numbers(0));
			assertThat(problems(context)).isEmpty();
		}
	}

	@Test
	void consumerWhosePollingThreadDiesAgainAndAgainStaysDownUntilItIsStarted() {
		try (ListenerApplication application = application(WithRebalanceListener.class).with("test.throwing", 2)
			.with("kaffe.supervision.max-restarts", 1)) {
			ConfigurableApplicationContext context = application.start();
			awaitStopped(context, "A polling thread ended with ERROR, too often");
			int starts = context.getBean(Breaking.class).starts.get();
			await("it is not started").during(Duration.ofSeconds(2))
				.until(() -> context.getBean(Breaking.class).starts.get() == starts);
			startAgainAndFinish(application, context, 0);
		}
	}

	@Test
	void serviceThatIsShutDownDuringTheBackOffStartsNothing() {
		try (ListenerApplication application = application(WithRebalanceListener.class).with("test.throwing",
				Integer.MAX_VALUE)) {
			ConfigurableApplicationContext context = application.start();
			Breaking breaking = context.getBean(Breaking.class);
			await("it is to be started again").until(() -> problems(context).stream()
				.anyMatch((problem) -> problem.endsWith("the consumer is restarted in 1000 ms")));
			context.close();
			int starts = breaking.starts.get();
			assertThat(starts).isEqualTo(1);
			await("the back-off is over").during(Duration.ofSeconds(2)).until(() -> breaking.starts.get() == starts);
		}
	}

	private static void assertRestarted(ConfigurableApplicationContext context, int restarts) {
		assertThat(worker(context).counters().restarts()).isEqualTo(restarts);
		assertThat(ListenerApplication.table(context, "orders").status().stopped()).isNull();
		assertThat(problems(context)).isEmpty();
	}

	private static void awaitStopped(ConfigurableApplicationContext context, String reason) {
		await("it is stopped").untilAsserted(() -> {
			ConsumerSnapshot table = ListenerApplication.table(context, "orders");
			assertThat(table.status().state()).isEqualTo(ConsumerState.STOPPED);
			assertThat(table.partitions()).isEmpty();
			assertThat(table.status().stopped()).isNotNull().satisfies((stopped) -> {
				assertThat(stopped.reason()).contains(reason);
				assertThat(problems(context)).containsExactly("stopped: " + stopped.reason());
			});
			assertThat(ListenerApplication.container(context, "orders").isRunning()).isFalse();
		});
	}

	/**
	 * Start a consumer that was stopped, and look that it handles what is left.
	 */
	private static void startAgainAndFinish(ListenerApplication application, ConfigurableApplicationContext context,
			int from) {
		Handler handler = context.getBean(Handler.class);
		assertThat(handler.handled).hasSize(from);
		ListenerApplication.container(context, "orders").start();
		awaitCommitted(application);
		assertThat(handler.handled).containsExactlyElementsOf(numbers(0));
		assertThat(ListenerApplication.table(context, "orders").status().stopped()).isNull();
		assertThat(problems(context)).isEmpty();
	}

	private static WorkerSnapshot worker(ConfigurableApplicationContext context) {
		return ListenerApplication.table(context, "orders").workers().get(0);
	}

	private static List<String> problems(ConfigurableApplicationContext context) {
		return context.getBean(DefaultWorkerManager.class)
			.problems("orders")
			.stream()
			.map(ConsumerProblem::message)
			.toList();
	}

	private static List<Integer> numbers(int from) {
		return IntStream.range(from, RECORDS).boxed().toList();
	}

	private static ListenerApplication application(Class<?> configuration) {
		ListenerApplication application = ListenerApplication.of(configuration)
			.with("kaffe.consumers.orders", "")
			.with("kaffe.commit.interval", "100ms")
			.topic("orders", 1);
		application.send("orders", 0, 0, RECORDS);
		return application;
	}

	private static void awaitCommitted(ListenerApplication application) {
		await("all is committed").until(() -> Long.valueOf(RECORDS).equals(application.committed("orders", 0)));
	}

	/**
	 * Breaks as often as it is asked to.
	 */
	static class Breaking {

		final AtomicInteger left = new AtomicInteger();

		final AtomicInteger starts = new AtomicInteger();

		Breaking(int times) {
			this.left.set(times);
		}

		void maybe() {
			if (this.left.get() > 0 && this.left.getAndDecrement() > 0) {
				throw new AssertionError("Breaking on purpose");
			}
		}

		@EventListener
		void onStarting(ConsumerStartingEvent event) {
			this.starts.incrementAndGet();
		}

	}

	/**
	 * Handles records.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Handler {

		final Queue<Integer> handled = new ConcurrentLinkedQueue<>();

		private final AtomicInteger failed = new AtomicInteger();

		@Value("${test.failures:0}")
		private int failures;

		@Bean
		Breaking breaking(@Value("${test.throwing:0}") int times) {
			return new Breaking(times);
		}

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			int number = Integer.parseInt(record.value());
			if (number == 50 && this.failed.getAndIncrement() < this.failures) {
				throw new IllegalStateException("On purpose");
			}
			this.handled.add(number);
		}

	}

	/**
	 * Has an interceptor that breaks at number 50.
	 */
	@Configuration(proxyBeanMethods = false)
	@Import(Handler.class)
	static class WithInterceptor {

		@Bean
		RecordInterceptor<Object, Object> interceptor(Breaking breaking) {
			return new RecordInterceptor<>() {

				@Override
				public ConsumerRecord<Object, Object> intercept(ConsumerRecord<Object, Object> record,
						Consumer<Object, Object> consumer) {
					if (record.value().equals("50")) {
						breaking.maybe();
					}
					return record;
				}

			};
		}

	}

	/**
	 * Has a back-off that breaks.
	 */
	@Configuration(proxyBeanMethods = false)
	@Import(Handler.class)
	static class WithBackOff {

		@Bean
		RecordBackOff recordBackOff(Breaking breaking) {
			return (record, failure) -> {
				breaking.maybe();
				return new FixedBackOff(1, Long.MAX_VALUE);
			};
		}

	}

	/**
	 * Has a strategy that breaks.
	 */
	@Configuration(proxyBeanMethods = false)
	@Import(Handler.class)
	static class WithStrategy {

		@Bean
		WorkerAllocationStrategy strategy(Breaking breaking) {
			return (topic, partition) -> {
				breaking.maybe();
				return "worker";
			};
		}

	}

	/**
	 * Has an executor that turns everything away.
	 */
	@Configuration(proxyBeanMethods = false)
	@Import(Handler.class)
	static class WithExecutor {

		@Bean
		TaskExecutor kaffeTaskExecutor(Breaking breaking) {
			SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor();
			return (task) -> {
				try {
					breaking.maybe();
				}
				catch (AssertionError ex) {
					throw new RejectedExecutionException(ex);
				}
				threads.execute(task);
			};
		}

	}

	/**
	 * Kills the polling thread when partitions are assigned.
	 */
	@Configuration(proxyBeanMethods = false)
	@Import(Handler.class)
	static class WithRebalanceListener {

		@Bean
		ConsumerAwareRebalanceListener rebalanceListener(Breaking breaking) {
			return new ConsumerAwareRebalanceListener() {

				@Override
				public void onPartitionsAssigned(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
					breaking.maybe();
				}

			};
		}

	}

	/**
	 * Kills the polling thread before it polls, so that no event reports it.
	 */
	@Configuration(proxyBeanMethods = false)
	@Import(Handler.class)
	static class WithEventListener {

		private final Breaking breaking;

		WithEventListener(Breaking breaking) {
			this.breaking = breaking;
		}

		@EventListener
		void onStarted(ConsumerStartedEvent event) {
			this.breaking.maybe();
		}

	}

	/**
	 * Kills the polling thread once, when it has polled a record.
	 */
	public static class DyingInterceptor implements ConsumerInterceptor<String, String> {

		private static volatile int diesAt = -1;

		@Override
		public ConsumerRecords<String, String> onConsume(ConsumerRecords<String, String> records) {
			for (ConsumerRecord<String, String> record : records) {
				if (record.offset() == diesAt) {
					diesAt = -1;
					throw new AssertionError("Dying on purpose");
				}
			}
			return records;
		}

		@Override
		public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {
		}

		@Override
		public void close() {
		}

		@Override
		public void configure(Map<String, ?> configs) {
		}

	}

}
