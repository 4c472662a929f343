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

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.KafkaOperations;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.DeadLetter;
import io.kaffe.spring.DeadLetterCount;
import io.kaffe.spring.DeadLetterFilter;
import io.kaffe.spring.DeadLetterOperations;
import io.kaffe.spring.DeadLetterPage;
import io.kaffe.spring.DeadLetterRun;
import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.support.TestTopics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for dead letters that are listed, replayed and abandoned.
 */
class DeadLetterReplayIntegrationTests {

	private static final int RECORDS = 60;

	private static final int KEYS = 6;

	/** Of the first record. Not older, since the broker would delete the records. */
	private static final long TIMESTAMP = Instant.now().minusSeconds(3600).toEpochMilli();

	@ParameterizedTest
	@EnumSource(names = { "WORKER_PER_KEY", "WORKER_PER_TOPIC_PARTITION" })
	void deadLettersComeBackInOrderAmongLiveRecordsOfTheirKey(StandardWorkerAllocationStrategy strategy) {
		try (ListenerApplication application = application().without("kaffe.consumers.orders")
			.with("kaffe.consumers.orders.worker-allocation-strategy", strategy.configurationName())
			.topic("orders", 2)
			.topic("orders-dlt", 2)) {
			Handler handler = new Handler();
			handler.perPartition = !strategy.isPerRecord();
			Instant before = Instant.now().minusSeconds(1);
			send(application, 0, 0, RECORDS);
			send(application, 1, 0, RECORDS);
			ConfigurableApplicationContext context = start(application, handler);
			awaitCommitted(application, RECORDS);
			DeadLetterOperations deadLetters = deadLetters(context);
			DeadLetterCount count = deadLetters.count(DeadLetterFilter.ALL).join();
			assertThat(count.here()).isEqualTo(2 * RECORDS);
			assertThat(count.elsewhere() + count.foreign()).isZero();
			assertThat(count.byException()).containsOnly(Map.entry("java.lang.IllegalStateException", 2L * RECORDS));
			assertThat(count.oldest()).isBetween(before, Instant.now());
			assertThat(count.complete()).isTrue();
			assertThat(handler.handled).isEmpty();
			handler.mended.set(true);
			deadLetters.replay(DeadLetterFilter.ALL, 1000);
			for (int from = RECORDS; from < 2 * RECORDS; from += 10) {
				send(application, 0, from, from + 10);
				send(application, 1, from, from + 10);
			}
			await("all are handled").until(() -> handler.handled.size() == 4 * RECORDS);
			await("it ends").until(() -> run(deadLetters).state() == DeadLetterRun.State.DONE);
			assertThat(run(deadLetters).progress().replayed()).isEqualTo(2 * RECORDS);
			assertThat(handler.overlaps).as("of a worker").isEmpty();
			List<ConsumerRecord<String, String>> handled = List.copyOf(handler.handled);
			for (int partition = 0; partition < 2; partition++) {
				for (int key = 0; key < KEYS; key++) {
					int ofPartition = partition;
					String ofKey = "key-" + key;
					List<Long> offsets = handled.stream()
						.filter((record) -> record.partition() == ofPartition && record.key().equals(ofKey))
						.map(ConsumerRecord::offset)
						.toList();
					assertThat(offsets.stream().filter((offset) -> offset < RECORDS)).as("replayed")
						.hasSize(RECORDS / KEYS)
						.isSorted();
					assertThat(offsets.stream().filter((offset) -> offset >= RECORDS)).as("live")
						.hasSize(RECORDS / KEYS)
						.isSorted();
				}
			}
			assertThat(handled).allSatisfy((record) -> {
				assertThat(record.topic()).isEqualTo(application.topic("orders"));
				assertThat(record.value()).isEqualTo("value-" + record.offset());
				assertThat(record.timestamp()).isEqualTo(TIMESTAMP + record.offset());
				assertThat(record.headers().lastHeader("mine").value()).containsExactly(7);
				assertThat(record.headers().toArray()).extracting(Header::key)
					.noneMatch((name) -> name.startsWith("kafka_dlt-"));
			});
			awaitCommitted(application, 2 * RECORDS);
			assertNothingIsOffered(deadLetters);
			context.close();
			ConfigurableApplicationContext again = start(application, handler);
			ListenerApplication.awaitAssigned(again, "orders", 2);
			assertNothingIsOffered(deadLetters(again));
			replayAndWait(deadLetters(again), DeadLetterFilter.ALL);
			assertThat(handler.handled).as("not once more").hasSize(4 * RECORDS);
		}
	}

	@Test
	void replayThatFailsAgainIsANewDeadLetterAndNoLoop() {
		try (ListenerApplication application = application().topic("orders", 2).topic("orders-dlt", 2)) {
			Handler handler = new Handler();
			send(application, 0, 0, 10);
			ConfigurableApplicationContext context = start(application, handler);
			DeadLetterOperations deadLetters = deadLetters(context);
			await("all are dead letters").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			handler.exception = new UnsupportedOperationException("Still broken");
			int attempts = handler.attempts.size();
			DeadLetterRun run = replayAndWait(deadLetters, DeadLetterFilter.ALL);
			assertThat(run.state()).isEqualTo(DeadLetterRun.State.DONE);
			assertThat(run.progress().failed()).isEqualTo(10);
			assertThat(run.progress().replayed()).isZero();
			assertThat(handler.attempts).as("the usual attempts, once").hasSize(attempts + 2 * 10);
			DeadLetterPage page = deadLetters.list(DeadLetterFilter.ALL, null, 100).join();
			assertThat(page.next()).isNull();
			assertThat(page.letters()).hasSize(10).allSatisfy((letter) -> {
				assertThat(letter.offset()).as("behind the old ones").isBetween(10L, 19L);
				assertThat(letter.replays()).isEqualTo(1);
				assertThat(letter.state()).isEqualTo(DeadLetter.State.HERE);
				assertThat(letter.failure()).isNotNull()
					.satisfies((failure) -> assertThat(failure.exception())
						.isEqualTo(UnsupportedOperationException.class.getName()));
				assertThat(letter.original()).isNotNull()
					.satisfies((original) -> assertThat(original.offset()).isEqualTo(letter.offset() - 10));
			});
			handler.mended.set(true);
			TopicPartition partition = new TopicPartition(application.topic("orders-dlt"), 0);
			assertThat(replayAndWait(deadLetters, DeadLetterFilter.of(partition, 13)).progress().replayed()).isOne();
			assertThat(handler.handled).singleElement().satisfies((record) -> assertThat(record.offset()).isEqualTo(3));
			assertThat(replayAndWait(deadLetters, DeadLetterFilter.ofKey("key-1")).progress().replayed()).isEqualTo(2);
			assertThat(replayAndWait(deadLetters, DeadLetterFilter.ofException("java.lang.Error")).progress())
				.as("none matches")
				.isEqualTo(new DeadLetterRun.Progress(0, 0, 0, 0, 0, 0, 0));
			assertThat(deadLetters.count(DeadLetterFilter.ALL).join().here()).isEqualTo(7);
		}
	}

	@Test
	void parkingConsumerSendsReplaysThatFailBackAndHoldsNothingUp() {
		try (ListenerApplication application = application().with("kaffe.failure.then", "park")
			.topic("orders", 1)
			.topic("orders-dlt", 1)) {
			Handler handler = new Handler();
			send(application, 0, 0, 1);
			ConfigurableApplicationContext context = start(application, handler);
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			TopicPartition orders = new TopicPartition(application.topic("orders"), 0);
			await("it is parked").until(() -> consumers.failingRecords("orders").size() == 1);
			await("it is dead-lettered").until(() -> consumers.deadLetter("orders", orders, 0));
			await("it is completed").until(() -> Long.valueOf(1).equals(application.committed("orders", 0)));
			assertThat(replayAndWait(deadLetters(context), DeadLetterFilter.ALL).progress().failed()).isOne();
			assertThat(consumers.failingRecords("orders")).isEmpty();
			handler.mended.set(true);
			send(application, 0, 1, 2);
			await("live records go on").until(() -> handler.handled.size() == 1);
		}
	}

	@Test
	void abandonedLettersAreNotOfferedAndForeignRecordsAreListedOnly() {
		try (ListenerApplication application = application().topic("orders", 1).topic("orders-dlt", 1)) {
			Handler handler = new Handler();
			String deadLetterTopic = application.topic("orders-dlt");
			ListenerApplication.send(List.of(new ProducerRecord<>(deadLetterTopic, 0, "a key", "not ours")));
			send(application, 0, 0, 4);
			ConfigurableApplicationContext context = start(application, handler);
			DeadLetterOperations deadLetters = deadLetters(context);
			await("all are dead letters").until(() -> Long.valueOf(4).equals(application.committed("orders", 0)));
			DeadLetterPage first = deadLetters.list(DeadLetterFilter.ALL, null, 2).join();
			assertThat(first.letters()).hasSize(2);
			assertThat(first.letters().get(0)).satisfies((letter) -> {
				assertThat(letter.state()).isEqualTo(DeadLetter.State.FOREIGN);
				assertThat(letter.problem()).isEqualTo("It has no headers that say which record it was");
				assertThat(letter.value()).isEqualTo("not ours");
			});
			assertThat(first.next()).isEqualTo(deadLetterTopic + "-0@2");
			assertThat(deadLetters.list(DeadLetterFilter.ALL, first.next(), 10).join().letters())
				.extracting(DeadLetter::offset)
				.containsExactly(2L, 3L, 4L);
			handler.mended.set(true);
			TopicPartition partition = new TopicPartition(deadLetterTopic, 0);
			DeadLetterRun one = abandonAndWait(deadLetters, DeadLetterFilter.of(partition, 2));
			assertThat(one.progress().abandoned()).isOne();
			DeadLetterRun all = replayAndWait(deadLetters, DeadLetterFilter.ALL);
			assertThat(all.progress().replayed()).isEqualTo(3);
			assertThat(all.progress().foreign()).isOne();
			assertThat(handler.handled).extracting(ConsumerRecord::offset).containsExactly(0L, 2L, 3L);
			assertThat(abandonAndWait(deadLetters, DeadLetterFilter.ALL).progress().foreign()).isOne();
			assertThat(deadLetters.count(DeadLetterFilter.ALL).join().foreign()).isOne();
			assertThat(abandonAndWait(deadLetters, DeadLetterFilter.of(partition, 0)).progress().abandoned())
				.as("named by its offset")
				.isOne();
			assertNothingIsOffered(deadLetters);
		}
	}

	@Test
	void missingTopicIsNamedAndNotCreated() throws Exception {
		try (ListenerApplication application = application().topic("orders", 1)) {
			ConfigurableApplicationContext context = start(application, new Handler());
			ListenerApplication.awaitAssigned(context, "orders", 1);
			DeadLetterCount count = deadLetters(context).count(DeadLetterFilter.ALL).join();
			assertThat(count.missingTopics()).containsExactly(application.topic("orders-dlt"));
			assertThat(replayAndWait(deadLetters(context), DeadLetterFilter.ALL).state())
				.isEqualTo(DeadLetterRun.State.DONE);
			try (var admin = application.admin()) {
				assertThat(admin.listTopics().names().get()).doesNotContain(application.topic("orders-dlt"));
			}
		}
	}

	@Test
	void stoppedConsumerRefusesAndOneThatStopsEndsItsReplay() throws Exception {
		try (ListenerApplication application = application().topic("orders", 1).topic("orders-dlt", 1)) {
			Handler handler = new Handler();
			send(application, 0, 0, 20);
			ConfigurableApplicationContext context = start(application, handler);
			DeadLetterOperations deadLetters = deadLetters(context);
			await("all are dead letters").until(() -> Long.valueOf(20).equals(application.committed("orders", 0)));
			handler.mended.set(true);
			handler.entered = new CountDownLatch(1);
			handler.open = new CountDownLatch(1);
			deadLetters.replay(DeadLetterFilter.ALL, 1000);
			assertThat(handler.entered.await(30, TimeUnit.SECONDS)).isTrue();
			assertThatIllegalStateException().isThrownBy(() -> deadLetters.abandon(DeadLetterFilter.ALL))
				.withMessageContaining("is in progress");
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			Thread stopping = new Thread(() -> consumers.stop("orders"));
			stopping.start();
			await("nothing more is to start").until(() -> !consumers.isRunning("orders"));
			handler.open.countDown();
			stopping.join();
			await("it ends").until(() -> run(deadLetters).state() == DeadLetterRun.State.CANCELED);
			assertThat(run(deadLetters).progress().replayed()).as("the one with its handler").isOne();
			assertThat(run(deadLetters).message()).isEqualTo("The consumer was stopped");
			assertThatIllegalStateException().isThrownBy(() -> deadLetters.replay(DeadLetterFilter.ALL, 1))
				.withMessage("Consumer 'orders' is stopped; start it first");
			assertThatIllegalStateException().isThrownBy(() -> deadLetters.count(DeadLetterFilter.ALL))
				.withMessage("Consumer 'orders' is stopped; start it first");
			consumers.start("orders");
			ListenerApplication.awaitAssigned(context, "orders", 1);
			assertThat(deadLetters.count(DeadLetterFilter.ALL).join().here()).isEqualTo(19);
			assertThat(replayAndWait(deadLetters, DeadLetterFilter.ALL).progress().replayed()).isEqualTo(19);
			assertThat(handler.handled).extracting(ConsumerRecord::offset)
				.containsExactlyElementsOf(IntStream.range(0, 20).mapToObj(Long::valueOf).toList());
		}
	}

	@Test
	void canceledReplayLeavesTheRest() throws Exception {
		try (ListenerApplication application = application().topic("orders", 1).topic("orders-dlt", 1)) {
			Handler handler = new Handler();
			send(application, 0, 0, 20);
			ConfigurableApplicationContext context = start(application, handler);
			DeadLetterOperations deadLetters = deadLetters(context);
			await("all are dead letters").until(() -> Long.valueOf(20).equals(application.committed("orders", 0)));
			handler.mended.set(true);
			handler.entered = new CountDownLatch(1);
			handler.open = new CountDownLatch(1);
			deadLetters.replay(DeadLetterFilter.ALL, 1000);
			assertThat(handler.entered.await(30, TimeUnit.SECONDS)).isTrue();
			await("all are with workers").until(() -> run(deadLetters).progress().inFlight() == 20);
			assertThat(deadLetters.cancel()).isTrue();
			handler.open.countDown();
			await("it ends").until(() -> run(deadLetters).state() == DeadLetterRun.State.CANCELED);
			assertThat(run(deadLetters).progress()).isEqualTo(new DeadLetterRun.Progress(1, 0, 0, 0, 19, 0, 0));
			assertThat(deadLetters.cancel()).isFalse();
			assertThat(handler.handled).hasSize(1);
			assertThat(deadLetters.count(DeadLetterFilter.ALL).join().here()).isEqualTo(19);
		}
	}

	@Test
	void eachInstanceReplaysThoseOfItsPartitions() {
		try (ListenerApplication application = application().topic("orders", 2).topic("orders-dlt", 1)) {
			Handler handler = new Handler();
			send(application, 0, 0, 10);
			send(application, 1, 0, 10);
			ConfigurableApplicationContext one = start(application, handler);
			awaitCommitted(application, 10);
			handler.mended.set(true);
			ConfigurableApplicationContext other = start(application, handler);
			ListenerApplication.awaitAssigned(one, "orders", 1);
			ListenerApplication.awaitAssigned(other, "orders", 1);
			assertThat(deadLetters(one).count(DeadLetterFilter.ALL).join()).satisfies((count) -> {
				assertThat(count.here()).isEqualTo(10);
				assertThat(count.elsewhere()).isEqualTo(10);
			});
			deadLetters(one).replay(DeadLetterFilter.ALL, 1000);
			DeadLetterRun second = replayAndWait(deadLetters(other), DeadLetterFilter.ALL);
			await("the first ends").until(() -> run(deadLetters(one)).state() == DeadLetterRun.State.DONE);
			assertThat(run(deadLetters(one)).progress().replayed()).isEqualTo(10);
			assertThat(second.progress().replayed()).isEqualTo(10);
			assertThat(handler.handled).hasSize(20);
			assertNothingIsOffered(deadLetters(one));
			assertNothingIsOffered(deadLetters(other));
		}
	}

	@Test
	void batchesOfDeadLettersAreReplayedAndHoldNoLiveRecords() {
		try (ListenerApplication application = application(BatchListener.class).topic("orders", 1)
			.topic("orders-dlt", 1)) {
			Handler handler = new Handler();
			send(application, 0, 0, 20);
			ConfigurableApplicationContext context = start(application, handler);
			DeadLetterOperations deadLetters = deadLetters(context);
			await("all are dead letters").until(() -> Long.valueOf(20).equals(application.committed("orders", 0)));
			handler.mended.set(true);
			handler.entered = new CountDownLatch(1);
			handler.open = new CountDownLatch(1);
			send(application, 0, 20, 21);
			await("the worker is busy").until(() -> handler.entered.getCount() == 0);
			deadLetters.replay(DeadLetterFilter.ALL, 1000);
			await("all are queued").until(() -> run(deadLetters).progress().inFlight() == 20);
			send(application, 0, 21, 40);
			handler.open.countDown();
			await("all are handled").until(() -> handler.handled.size() == 40);
			await("it ends").until(() -> run(deadLetters).state() == DeadLetterRun.State.DONE);
			assertThat(run(deadLetters).progress().replayed()).isEqualTo(20);
			assertThat(handler.batches).allSatisfy((batch) -> assertThat(batch.stream().map((offset) -> offset < 20))
				.as("dead letters, or live records")
				.containsOnly(batch.get(0) < 20));
			assertNothingIsOffered(deadLetters);
		}
	}

	@Test
	void deadLettersOfTheErrorHandlersRecovererAreReplayed() {
		try (ListenerApplication application = ListenerApplication.of(Listener.class, PublishingErrorHandler.class)
			.with("kaffe.consumers.orders", "")
			.with("kaffe.commit.interval", "50ms")
			.topic("orders", 1)) {
			TestTopics.create(System.getProperty("spring.kafka.bootstrap-servers"),
					application.topic("orders") + "-dlt", 1);
			Handler handler = new Handler();
			send(application, 0, 0, 3);
			ConfigurableApplicationContext context = start(application, handler);
			await("all are dead letters").until(() -> Long.valueOf(3).equals(application.committed("orders", 0)));
			DeadLetterRun failed = replayAndWait(deadLetters(context), DeadLetterFilter.ALL);
			assertThat(failed.progress().failed()).isEqualTo(3);
			handler.mended.set(true);
			assertThat(replayAndWait(deadLetters(context), DeadLetterFilter.ALL).progress().replayed()).isEqualTo(3);
			assertThat(handler.handled).extracting(ConsumerRecord::offset).containsExactly(0L, 1L, 2L);
			assertNothingIsOffered(deadLetters(context));
		}
	}

	private static void assertNothingIsOffered(DeadLetterOperations deadLetters) {
		DeadLetterCount count = deadLetters.count(DeadLetterFilter.ALL).join();
		assertThat(count.here() + count.elsewhere() + count.foreign()).isZero();
		assertThat(deadLetters.list(DeadLetterFilter.ALL, null, 10).join().letters()).isEmpty();
	}

	private static DeadLetterRun replayAndWait(DeadLetterOperations deadLetters, DeadLetterFilter filter) {
		deadLetters.replay(filter, 1000);
		await("it ends").until(() -> run(deadLetters).state() != DeadLetterRun.State.RUNNING);
		return run(deadLetters);
	}

	private static DeadLetterRun abandonAndWait(DeadLetterOperations deadLetters, DeadLetterFilter filter) {
		deadLetters.abandon(filter);
		await("it ends").until(() -> run(deadLetters).state() != DeadLetterRun.State.RUNNING);
		return run(deadLetters);
	}

	private static DeadLetterRun run(DeadLetterOperations deadLetters) {
		DeadLetterRun run = deadLetters.run();
		if (run == null) {
			throw new AssertionError("Nothing was begun");
		}
		return run;
	}

	private static DeadLetterOperations deadLetters(ConfigurableApplicationContext context) {
		return context.getBean(KaffeConsumers.class).deadLetters("orders");
	}

	private static void awaitCommitted(ListenerApplication application, long offset) {
		for (int partition = 0; partition < 2; partition++) {
			int number = partition;
			await("all is committed").until(() -> Long.valueOf(offset).equals(application.committed("orders", number)));
		}
	}

	private static ListenerApplication application() {
		return application(Listener.class);
	}

	private static ListenerApplication application(Class<?> listener) {
		return ListenerApplication.of(listener)
			.with("kaffe.consumers.orders", "")
			.with("kaffe.commit.interval", "50ms")
			.with("kaffe.failure.max-attempts", 2)
			// All fail at once, which is to be no outage.
			.with("kaffe.failure.outage.enabled", false)
			.with("kaffe.failure.backoff.initial-interval", "1ms")
			.with("kaffe.failure.dead-letter-topic", "orders-dlt-${test.id}")
			.with("kaffe.failure.then", "dead-letter");
	}

	private static ConfigurableApplicationContext start(ListenerApplication application, Handler handler) {
		Listener.handler = handler;
		return application.start();
	}

	private static void send(ListenerApplication application, int partition, int from, int to) {
		List<ProducerRecord<String, String>> records = new ArrayList<>();
		for (int offset = from; offset < to; offset++) {
			ProducerRecord<String, String> record = new ProducerRecord<>(application.topic("orders"), partition,
					TIMESTAMP + offset, "key-" + offset % KEYS, "value-" + offset);
			record.headers().add("mine", new byte[] { 7 });
			records.add(record);
		}
		ListenerApplication.send(records);
	}

	/**
	 * What handles the records of a test, in all its instances.
	 */
	private static final class Handler {

		private final Queue<ConsumerRecord<String, String>> handled = new ConcurrentLinkedQueue<>();

		private final Queue<List<Long>> batches = new ConcurrentLinkedQueue<>();

		private final Queue<String> attempts = new ConcurrentLinkedQueue<>();

		private final Queue<String> overlaps = new ConcurrentLinkedQueue<>();

		private final Set<String> busy = ConcurrentHashMap.newKeySet();

		private final AtomicBoolean mended = new AtomicBoolean();

		private volatile boolean perPartition = true;

		private volatile RuntimeException exception = new IllegalStateException("On purpose");

		private volatile CountDownLatch entered = new CountDownLatch(0);

		private volatile CountDownLatch open = new CountDownLatch(0);

		void handle(ConsumerRecord<String, String> record) throws InterruptedException {
			String unit = this.perPartition ? record.topic() + "-" + record.partition() : record.key();
			if (!this.busy.add(unit)) {
				this.overlaps.add(unit);
			}
			try {
				this.attempts.add(record.value());
				if (!this.mended.get()) {
					throw this.exception;
				}
				this.entered.countDown();
				if (!this.open.await(60, TimeUnit.SECONDS)) {
					throw new AssertionError("The gate was not opened");
				}
				this.handled.add(record);
			}
			finally {
				this.busy.remove(unit);
			}
		}

	}

	/**
	 * Listens.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Listener {

		private static volatile Handler handler = new Handler();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) throws InterruptedException {
			handler.handle(record);
		}

	}

	/**
	 * Listens to batches.
	 */
	@Configuration(proxyBeanMethods = false)
	static class BatchListener {

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}", batch = "true")
		void handle(List<ConsumerRecord<String, String>> records) throws InterruptedException {
			Handler handler = Listener.handler;
			handler.batches.add(records.stream().map(ConsumerRecord::offset).toList());
			for (ConsumerRecord<String, String> record : records) {
				handler.handle(record);
			}
		}

	}

	/**
	 * Publishes what fails.
	 */
	@Configuration(proxyBeanMethods = false)
	static class PublishingErrorHandler {

		@Bean
		DefaultErrorHandler errorHandler(KafkaOperations<?, ?> template) {
			return new DefaultErrorHandler(new DeadLetterPublishingRecoverer(template), new FixedBackOff(0, 1));
		}

	}

}
