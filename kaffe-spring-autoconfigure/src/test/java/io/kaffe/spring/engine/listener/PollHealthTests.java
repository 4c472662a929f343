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
import java.util.Map;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.event.ConsumerFailedToStartEvent;
import org.springframework.kafka.event.ConsumerStartingEvent;
import org.springframework.kafka.event.ConsumerStoppedEvent;
import org.springframework.kafka.event.ConsumerStoppedEvent.Reason;
import org.springframework.kafka.event.ContainerStoppedEvent;

import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.table.ConsumerProblem;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what an {@link WorkerContainer} says of the threads that poll and of their
 * commits, with a container that only says whether it runs.
 */
class PollHealthTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final Duration MAX_POLL_INTERVAL = Duration.ofMinutes(5);

	private final ManualExecution execution = new ManualExecution();

	private final ContainerSupervisionTests.Container container = new ContainerSupervisionTests.Container();

	private final RefusedConsumer consumer = new RefusedConsumer();

	private final WorkerContainer adopted = ContainerFixtures.adopted(this.container, this.execution);

	private final ContainerSupervision supervision = this.adopted.supervision();

	@BeforeEach
	void start() {
		this.container.getContainerProperties().setPollTimeout(1000);
		this.container.start();
	}

	@Test
	void threadThatHasNotPolledForHalfTheIntervalIsLate() {
		ConsumerSession session = poll();
		this.execution.advance(Duration.ofSeconds(151));
		assertThat(problems()).as("half the interval, and a poll").isEmpty();
		this.execution.advance(Duration.ofMillis(1));
		assertThat(problems()).containsExactly("poll thread late: " + Thread.currentThread().getName()
				+ " has not polled for 151001 ms, and max.poll.interval.ms is 300000");
		session.tick();
		assertThat(problems()).isEmpty();
	}

	@Test
	void threadThatIsToIdleBetweenPollsMayTakeLonger() {
		this.container.getContainerProperties().setIdleBetweenPolls(60_000);
		poll();
		this.execution.advance(Duration.ofSeconds(211));
		assertThat(problems()).isEmpty();
		this.execution.advance(Duration.ofMillis(1));
		assertThat(problems()).hasSize(1);
	}

	@Test
	void threadThatWaitsForRecordsOfARevokedPartitionMayTakeTheWholeInterval() {
		ConsumerSession session = poll();
		session.assigned(List.of(PARTITION));
		session.revoked(List.of(PARTITION), () -> {
			this.execution.advance(Duration.ofSeconds(301));
			assertThat(problems()).isEmpty();
			this.execution.advance(Duration.ofMillis(1));
			assertThat(problems()).singleElement().asString().startsWith("poll thread late");
		});
	}

	@Test
	void containerThatIsStoppedIsNotLate() {
		poll();
		this.execution.advance(Duration.ofMinutes(10));
		assertThat(problems()).isNotEmpty();
		this.container.stop();
		assertThat(problems()).isEmpty();
	}

	@Test
	void containerThatWasStartedNeedsAThreadWithinTheInterval() {
		assertThat(problems()).isEmpty();
		this.execution.advance(MAX_POLL_INTERVAL);
		assertThat(problems()).isEmpty();
		this.execution.advance(Duration.ofMillis(1));
		assertThat(problems())
			.containsExactly("poll thread gone: no thread has polled for 300001 ms, though the consumer is started");
		this.supervision.onEvent(new ConsumerStartingEvent(this, this.container));
		assertThat(problems()).isEmpty();
		this.execution.advance(Duration.ofMinutes(10));
		this.supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.NORMAL));
		assertThat(problems()).as("the time begins anew").isEmpty();
	}

	@Test
	void timeBeforeTheContainerWasStoppedDoesNotCount() {
		assertThat(problems()).isEmpty();
		this.container.stop();
		this.execution.advance(Duration.ofMinutes(10));
		assertThat(problems()).isEmpty();
		this.container.start();
		assertThat(problems()).isEmpty();
	}

	@Test
	void threadThatHasEndedIsNotLate() throws InterruptedException {
		Thread thread = new Thread(this::poll);
		thread.start();
		thread.join();
		this.execution.advance(Duration.ofMinutes(4));
		assertThat(problems()).noneMatch((problem) -> problem.startsWith("poll thread late"));
	}

	@Test
	void threadThatHasEndedWithoutAWordIsMissed() throws InterruptedException {
		Thread thread = new Thread(() -> this.supervision.onEvent(new ConsumerStartingEvent(this, this.container)),
				"orders-0-C-1");
		thread.start();
		thread.join();
		assertThat(problems()).containsExactly("poll thread gone: orders-0-C-1 terminated unexpectedly");
	}

	@Test
	void threadThatDidNotStartIsMissedUntilItDoesOrTheContainerIsStopped() {
		this.supervision.onEvent(new ConsumerFailedToStartEvent(this, this.container));
		assertThat(problems()).singleElement().asString().startsWith("poll thread gone: 1 did not start");
		this.supervision.onEvent(new ConsumerStartingEvent(this, this.container));
		assertThat(problems()).isEmpty();
		this.supervision.onEvent(new ConsumerFailedToStartEvent(this, this.container));
		this.container.stop();
		this.supervision.onEvent(new ContainerStoppedEvent(this.container, this.container));
		this.container.start();
		assertThat(problems()).isEmpty();
	}

	@Test
	void commitsThatFailForLongAreReported() {
		ConsumerSession session = poll();
		session.assigned(List.of(PARTITION));
		session.dispatch(new ConsumerRecords<>(
				Map.of(PARTITION, List.of(new ConsumerRecord<>("orders", 0, 0, "key", "value"))), Map.of()));
		this.execution.runAll();
		for (int second = 0; second < 61; second++) {
			assertThat(problems()).isEmpty();
			this.execution.advance(Duration.ofSeconds(1));
			session.tick();
		}
		assertThat(problems()).singleElement()
			.asString()
			.startsWith(
					"commits failing: none has been confirmed since 2026-01-01T00:00:01Z, the last one of orders-0@1")
			.endsWith(GroupAuthorizationException.class.getName());
		this.consumer.failure = null;
		this.execution.advance(Duration.ofSeconds(1));
		session.tick();
		assertThat(problems()).isEmpty();
	}

	private ConsumerSession poll() {
		this.supervision.onEvent(new ConsumerStartingEvent(this, this.container));
		ConsumerSession session = this.adopted.session(this.consumer);
		session.tick();
		return session;
	}

	private List<String> problems() {
		return this.adopted.problems().stream().map(ConsumerProblem::message).toList();
	}

	/**
	 * Is not allowed to commit.
	 */
	private static final class RefusedConsumer extends MockConsumer<Object, Object> {

		private @Nullable Exception failure = new GroupAuthorizationException("orders");

		RefusedConsumer() {
			super("earliest");
			assign(List.of(PARTITION));
			updateBeginningOffsets(Map.of(PARTITION, 0L));
			updateEndOffsets(Map.of(PARTITION, 1L));
		}

		@Override
		public synchronized void commitAsync(Map<TopicPartition, OffsetAndMetadata> offsets,
				OffsetCommitCallback callback) {
			callback.onComplete(offsets, this.failure);
		}

	}

}
