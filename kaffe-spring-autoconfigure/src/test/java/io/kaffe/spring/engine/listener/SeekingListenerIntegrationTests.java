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

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.PartitionOffset;
import org.springframework.kafka.listener.AbstractConsumerSeekAware;
import org.springframework.kafka.listener.ConsumerSeekAware.ConsumerSeekCallback;

import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for listeners that move the positions of their partitions
 * ({@code ConsumerSeekAware}): when they are assigned, while nothing comes, and while
 * workers are at their records.
 */
class SeekingListenerIntegrationTests {

	private static final String NAMED = "--kaffe.consumers.orders=";

	private static final String OFTEN = "--kaffe.commit.interval=50ms";

	@Test
	void listenerReadsAgainFromTheBeginningWhenItIsAssigned() {
		try (ListenerApplication application = ListenerApplication.of(Seeking.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 4);
			application.start(NAMED, OFTEN, "--seek=none");
			await("all are committed").until(() -> Long.valueOf(4).equals(application.committed("orders", 0)));
			application.close();
			ConfigurableApplicationContext context = application.start(NAMED, OFTEN, "--seek=beginning", "--blocked=2");
			await("what is before the one that blocks is committed, which leads back").untilAsserted(
					() -> assertThat(application.partition(context, "orders", "orders", 0).offsets().committed())
						.isEqualTo(2));
			context.getBean(Seeking.class).open.countDown();
			await("all are handled again")
				.untilAsserted(() -> assertThat(handled(context)).containsExactly("0", "1", "2", "3"));
			application.send("orders", 0, 4, 5);
			await("the next is committed").until(() -> Long.valueOf(5).equals(application.committed("orders", 0)));
			assertThat(handled(context)).containsExactly("0", "1", "2", "3", "4");
			assertThat(context.getBean(Seeking.class).assignedAt).containsExactly(4L);
		}
	}

	@Test
	void whatWasCompleteAheadIsHandledAgainAfterSeekToTheBeginning() {
		try (ListenerApplication application = ListenerApplication.of(Seeking.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 4);
			ConfigurableApplicationContext first = application.start(NAMED, OFTEN, "--seek=none", "--blocked=1",
					"--kaffe.worker-allocation-strategy=worker-per-record");
			await("all but one are handled").until(() -> handled(first).size() == 3);
			await("this is logged").untilAsserted(
					() -> assertThat(application.partition(first, "orders", "orders", 0).offsets().completedAhead())
						.isEqualTo(2));
			first.getBean(Seeking.class).open.countDown();
			ListenerApplication.container(first, "orders").stop();
			first.getBean(Seeking.class).handled.clear();
			application.close();
			ConfigurableApplicationContext second = application.start(NAMED, OFTEN, "--seek=beginning");
			await("all are handled again")
				.untilAsserted(() -> assertThat(handled(second)).containsExactly("0", "1", "2", "3"));
		}
	}

	@Test
	void listenerSkipsToTheEndWhenItIsAssigned() {
		try (ListenerApplication application = ListenerApplication.of(Seeking.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 4);
			ConfigurableApplicationContext context = application.start(NAMED, OFTEN, "--seek=end");
			await("it is at the end").until(() -> context.getBean(Seeking.class).firstPolls.get() == 1);
			application.send("orders", 0, 4, 6);
			await("the new ones are committed").until(() -> Long.valueOf(6).equals(application.committed("orders", 0)));
			assertThat(handled(context)).containsExactly("4", "5");
		}
	}

	@ParameterizedTest
	@EnumSource(StandardWorkerAllocationStrategy.class)
	void seekBackWhileWorkersAreAtItDropsWhatIsQueuedAndHandlesAllAgain(StandardWorkerAllocationStrategy strategy) {
		try (ListenerApplication application = ListenerApplication.of(Seeking.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 20);
			ConfigurableApplicationContext context = application.start(NAMED, OFTEN, "--seek=none", "--blocked=5",
					"--kaffe.max-concurrency=1", "--kaffe.worker-allocation-strategy=" + strategy.configurationName());
			Seeking seeking = context.getBean(Seeking.class);
			await("one blocks").until(() -> seeking.reached);
			await("what is before is committed")
				.until(() -> Long.valueOf(5).equals(application.committed("orders", 0)));
			seeking.seekToBeginning();
			await("its position is being moved").untilAsserted(
					() -> assertThat(application.partition(context, "orders", "orders", 0).paused()).isEqualTo("seek"));
			assertThat(seeking.handled).containsExactly("0", "1", "2", "3", "4");
			seeking.open.countDown();
			await("all are handled again and committed")
				.until(() -> Long.valueOf(20).equals(application.committed("orders", 0)));
			List<String> handled = List.copyOf(seeking.handled);
			assertThat(handled.subList(0, 6)).as("before, and what ran").containsExactly("0", "1", "2", "3", "4", "5");
			List<String> all = IntStream.range(0, 20).mapToObj(Integer::toString).toList();
			if (strategy == StandardWorkerAllocationStrategy.WORKER_PER_RECORD) {
				assertThat(handled.subList(6, handled.size())).as("afterwards")
					.containsExactlyInAnyOrderElementsOf(all);
			}
			else {
				assertThat(handled.subList(6, handled.size())).as("afterwards").isEqualTo(all);
			}
			assertThat(seeking.atOnce).as("at once").hasValue(0);
			assertThat(seeking.mostAtOnce).as("most at once").hasValue(1);
		}
	}

	@ParameterizedTest
	@EnumSource(StandardWorkerAllocationStrategy.class)
	void seekBackLeavesNothingUnfinishedBehind(StandardWorkerAllocationStrategy strategy) {
		try (ListenerApplication application = ListenerApplication.of(Seeking.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 20);
			ConfigurableApplicationContext context = application.start(NAMED, OFTEN, "--seek=none", "--blocked=5",
					"--kaffe.max-concurrency=1", "--kaffe.worker-allocation-strategy=" + strategy.configurationName());
			Seeking seeking = context.getBean(Seeking.class);
			await("one blocks, and all are polled").untilAsserted(() -> {
				assertThat(seeking.reached).isTrue();
				assertThat(application.partition(context, "orders", "orders", 0).offsets().nextFetch()).isEqualTo(20);
			});
			callback(application, seeking).seekRelative(application.topic("orders"), 0, -2, true);
			await("it is noticed").untilAsserted(
					() -> assertThat(application.partition(context, "orders", "orders", 0).paused()).isEqualTo("seek"));
			seeking.open.countDown();
			await("all are committed").until(() -> Long.valueOf(20).equals(application.committed("orders", 0)));
			assertThat(seeking.handled).as("nothing was handled above before")
				.containsExactlyInAnyOrderElementsOf(IntStream.range(0, 20).mapToObj(Integer::toString).toList());
		}
	}

	@Test
	void seekForwardWhileWorkersAreAtItHandlesWhatWasPolledBefore() {
		try (ListenerApplication application = ListenerApplication.of(Seeking.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 20);
			ConfigurableApplicationContext context = application.start(NAMED, OFTEN, "--seek=none", "--blocked=5",
					"--spring.kafka.consumer.max-poll-records=5", "--kaffe.buffer.max-records=10");
			Seeking seeking = context.getBean(Seeking.class);
			await("one blocks, and no more is polled").untilAsserted(() -> {
				assertThat(seeking.reached).isTrue();
				assertThat(application.partition(context, "orders", "orders", 0).paused()).isEqualTo("back-pressure");
			});
			long next = Objects
				.requireNonNull(application.partition(context, "orders", "orders", 0).offsets().nextFetch());
			assertThat(next).isLessThan(20);
			seeking.seekToEnd();
			// Seeks are done one after the other: after this one, the first is done.
			AtomicInteger done = new AtomicInteger();
			callback(application, seeking).seek(application.topic("orders"), 0, (position) -> {
				done.set(Math.toIntExact(position));
				return position;
			});
			await("the position is at the end").until(() -> done.get() == 20);
			application.send("orders", 0, 20, 21);
			seeking.open.countDown();
			await("the new one is committed").until(() -> Long.valueOf(21).equals(application.committed("orders", 0)));
			assertThat(seeking.handled).hasSize(Math.toIntExact(next) + 1).endsWith(Long.toString(next - 1), "20");
		}
	}

	@Test
	void listenerSeeksToTimesAndRelativePositionsFromAnyThread() {
		try (ListenerApplication application = ListenerApplication.of(Seeking.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 4);
			ConfigurableApplicationContext context = application.start(NAMED, OFTEN, "--seek=none");
			Seeking seeking = context.getBean(Seeking.class);
			await("all are committed").until(() -> Long.valueOf(4).equals(application.committed("orders", 0)));
			var callback = callback(application, seeking);
			assertThat(callback.getGroupId()).isEqualTo(application.group());
			callback.seekRelative(application.topic("orders"), 0, -1, false);
			await("the last one again").until(() -> seeking.handled.size() == 5);
			callback.seekRelative(application.topic("orders"), 0, -2, true);
			await("the last two again").until(() -> seeking.handled.size() == 7);
			callback.seekRelative(application.topic("orders"), 0, 3, false);
			await("the fourth again").until(() -> seeking.handled.size() == 8);
			callback.seekToTimestamp(application.topic("orders"), 0, 1);
			await("all again").until(() -> seeking.handled.size() == 12);
			assertThat(seeking.handled).containsExactly("0", "1", "2", "3", "3", "2", "3", "3", "0", "1", "2", "3");
			callback.seek("no-such-topic", 0, 1);
			callback.seek(application.topic("orders"), 0, (position) -> {
				throw new IllegalStateException("Failing on purpose");
			});
			application.send("orders", 0, 4, 5);
			await("it goes on").until(() -> Long.valueOf(5).equals(application.committed("orders", 0)));
		}
	}

	@Test
	void listenerSeeksWhileNothingComesAndForgetsItsPartitionsWhenItStops() {
		try (ListenerApplication application = ListenerApplication.of(Seeking.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 2);
			ConfigurableApplicationContext context = application.start(NAMED, OFTEN, "--seek=idle",
					"--spring.kafka.listener.idle-event-interval=200ms");
			Seeking seeking = context.getBean(Seeking.class);
			await("all are handled twice").until(() -> seeking.handled.size() >= 4);
			assertThat(seeking.handled).startsWith("0", "1", "0", "1");
			assertThat(seeking.callbacks(application.topic("orders"))).hasSize(1);
			ListenerApplication.container(context, "orders").stop();
			assertThat(seeking.callbacks(application.topic("orders"))).isNullOrEmpty();
			assertThat(seeking.unregistered).hasValue(1);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { NAMED, "--kaffe.enabled=false" })
	void partitionsAreRevokedAtAStopAsWithoutWorkers(String workers) {
		try (ListenerApplication application = ListenerApplication.of(Seeking.class).topic("orders", 1)) {
			assertThat(revokedAtStop(application, Seeking.class, workers))
				.containsExactly("[" + application.topic("orders") + "-0]", "[]");
		}
		try (ListenerApplication application = ListenerApplication.of(Fixed.class).topic("orders", 1)) {
			assertThat(revokedAtStop(application, Fixed.class, workers)).containsExactly("[]");
		}
	}

	/**
	 * Return of which revoked partitions a listener is notified when its container stops.
	 */
	private static Queue<String> revokedAtStop(ListenerApplication application, Class<? extends Noting> type,
			String workers) {
		application.send("orders", 0, 0, 4);
		ConfigurableApplicationContext context = application.start(workers, "--seek=none");
		Noting listener = context.getBean(type);
		await("its last record is handled").until(() -> listener.handled.contains("3"));
		listener.revoked.clear();
		ListenerApplication.container(context, "orders").stop();
		await("it is notified for the last time").until(() -> listener.revoked.contains("[]"));
		return listener.revoked;
	}

	@Test
	void listenerOfFixedPartitionsSeeks() {
		try (ListenerApplication application = ListenerApplication.of(Fixed.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 4);
			ConfigurableApplicationContext context = application.start(NAMED, OFTEN, "--seek=beginning");
			Fixed fixed = context.getBean(Fixed.class);
			await("all are handled").untilAsserted(() -> assertThat(fixed.handled).containsExactly("0", "1", "2", "3"));
			await("positions are established").until(() -> fixed.firstPolls.get() == 1);
			assertThat(fixed.assignedAt).containsExactly(2L);
		}
	}

	private static Queue<String> handled(ConfigurableApplicationContext context) {
		return context.getBean(Seeking.class).handled;
	}

	private static ConsumerSeekCallback callback(ListenerApplication application, Seeking seeking) {
		List<ConsumerSeekCallback> callbacks = Objects.requireNonNull(seeking.callbacks(application.topic("orders")));
		assertThat(callbacks).hasSize(1);
		return callbacks.get(0);
	}

	/**
	 * Takes note of what it handles and of where it was assigned.
	 */
	abstract static class Noting extends AbstractConsumerSeekAware {

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		final Queue<Long> assignedAt = new ConcurrentLinkedQueue<>();

		final AtomicInteger unregistered = new AtomicInteger();

		final Queue<String> revoked = new ConcurrentLinkedQueue<>();

		final AtomicInteger firstPolls = new AtomicInteger();

		private final String seek;

		Noting(String seek) {
			this.seek = seek;
		}

		@Nullable List<ConsumerSeekCallback> callbacks(String topic) {
			return getSeekCallbacksFor(new TopicPartition(topic, 0));
		}

		@Override
		public void onPartitionsAssigned(Map<TopicPartition, Long> assignments, ConsumerSeekCallback callback) {
			super.onPartitionsAssigned(assignments, callback);
			this.assignedAt.addAll(assignments.values());
			switch (this.seek) {
				case "beginning" -> callback.seekToBeginning(assignments.keySet());
				case "end" -> callback.seekToEnd(assignments.keySet());
				default -> {
				}
			}
		}

		@Override
		public void onIdleContainer(Map<TopicPartition, Long> assignments, ConsumerSeekCallback callback) {
			if (this.seek.equals("idle")) {
				callback.seekToBeginning(assignments.keySet());
			}
		}

		@Override
		public void onPartitionsRevoked(@Nullable Collection<TopicPartition> partitions) {
			super.onPartitionsRevoked(partitions);
			this.revoked.add(String.valueOf(partitions));
		}

		@Override
		public void onFirstPoll() {
			this.firstPolls.incrementAndGet();
		}

		@Override
		public void unregisterSeekCallback() {
			super.unregisterSeekCallback();
			this.unregistered.incrementAndGet();
		}

	}

	static class Seeking extends Noting {

		final CountDownLatch open = new CountDownLatch(1);

		volatile boolean reached;

		final AtomicInteger atOnce = new AtomicInteger();

		final AtomicInteger mostAtOnce = new AtomicInteger();

		private final String blocked;

		Seeking(@Value("${seek}") String seek, @Value("${blocked:none}") String blocked) {
			super(seek);
			this.blocked = blocked;
		}

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(String value) throws InterruptedException {
			this.mostAtOnce.accumulateAndGet(this.atOnce.incrementAndGet(), Math::max);
			if (value.equals(this.blocked)) {
				this.reached = true;
				assertThat(this.open.await(60, TimeUnit.SECONDS)).isTrue();
			}
			this.handled.add(value);
			this.atOnce.decrementAndGet();
		}

	}

	static class Fixed extends Noting {

		Fixed(@Value("${seek}") String seek) {
			super(seek);
		}

		@KafkaListener(id = "orders", idIsGroup = false,
				topicPartitions = @org.springframework.kafka.annotation.TopicPartition(topic = "orders-${test.id}",
						partitionOffsets = @PartitionOffset(partition = "0", initialOffset = "2")))
		void handle(String value) {
			this.handled.add(value);
		}

	}

}
