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

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.listener.ConsumerSeekAware;

import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for when a {@link ConsumerSession} wakes its consumer up: a command of another
 * thread interrupts a poll, and no other call.
 */
class ConsumerSessionWakeupTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final ManualExecution execution = new ManualExecution();

	private final Seeking seeking = new Seeking();

	private final WorkerContainer adopted = ContainerFixtures
		.handledBy(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION, 10_000, (record) -> {
		}, this.seeking, this.execution);

	private final SimulatedSession simulated = new SimulatedSession(this.adopted);

	private final ConsumerSession session = this.simulated.session();

	@BeforeEach
	void assign() {
		this.simulated.produce(PARTITION, 10);
		this.simulated.assign(PARTITION);
		assertThat(wakeups()).isZero();
	}

	@Test
	void commandInterruptsThePoll() {
		this.session.regulateSoon();
		assertThat(wakeups()).isEqualTo(1);
		this.session.tick();
		assertThat(wakeups()).as("it is done").isEqualTo(1);
	}

	@Test
	void commandsThatHaveToWaitForTheirTurnInterruptTheNextPoll() {
		this.simulated.poll(1);
		List<CompletableFuture<Boolean>> answers = new ArrayList<>();
		for (int number = 0; number < 6; number++) {
			answers.add(this.session.regulateSoon());
		}
		assertThat(wakeups()).isZero();
		this.session.tick();
		assertThat(wakeups()).isEqualTo(1);
		assertThat(answers.get(5)).isNotDone();
		this.session.tick();
		assertThat(answers).allMatch(CompletableFuture::isDone);
		assertThat(wakeups()).isEqualTo(1);
	}

	@Test
	void commandThatIsUnderWayIsLookedAtAfterPartitionsWereAssigned() {
		seekThatWaits();
		this.session.assigned(List.of());
		this.session.positioned(List.of());
		assertThat(wakeups()).isEqualTo(1);
	}

	@Test
	void commandThatIsUnderWayIsLookedAtAfterPartitionsWereRevoked() {
		seekThatWaits();
		this.session.revoked(List.of(), () -> {
		});
		assertThat(wakeups()).isEqualTo(1);
	}

	@Test
	void pollIsNotInterruptedAfterARebalanceThatNoCommandWaitsFor() {
		this.session.assigned(List.of());
		this.session.positioned(List.of());
		this.session.revoked(List.of(PARTITION), () -> {
		});
		assertThat(wakeups()).isZero();
	}

	@Test
	void commandDoesNotInterruptWhatIsDoneBeforeAPoll() throws InterruptedException {
		List<Integer> wakeups = new ArrayList<>();
		Thread other = new Thread(() -> this.seeking.callback().seek("orders", 0, (position) -> {
			this.session.regulateSoon();
			wakeups.add(wakeups());
			return position;
		}));
		other.start();
		other.join();
		assertThat(wakeups()).as("by the seek").isEqualTo(1);
		this.session.tick();
		assertThat(wakeups).containsExactly(1);
	}

	@Test
	void commandDoesNotInterruptWhatIsDoneAfterAPoll() {
		this.simulated.poll(1);
		this.session.regulateSoon();
		assertThat(wakeups()).isZero();
	}

	@Test
	void commandDoesNotInterruptAnApplicationThatIsNotifiedOfAnIdleConsumer() {
		this.adopted.container().getContainerProperties().setIdleEventInterval(1L);
		List<String> notified = new ArrayList<>();
		this.seeking.whenIdle = () -> {
			notified.add("listener");
			this.session.regulateSoon();
		};
		this.session.idleEvents().idle(null, 2, (time) -> {
			notified.add("application");
			this.session.regulateSoon();
		});
		assertThat(notified).containsExactly("application", "listener");
		assertThat(wakeups()).isZero();
	}

	@Test
	void commandDoesNotInterruptAStop() {
		this.session.stopping(this.session::regulateSoon);
		assertThat(wakeups()).isZero();
	}

	/**
	 * Have a seek wait for a record that is being handled, and the consumer poll.
	 */
	private void seekThatWaits() {
		this.simulated.poll(1);
		assertThat(this.session.assignments().iterator().next().enter()).isTrue();
		CompletableFuture<?> seek = this.session.seek(PARTITION, SeekPosition.offset(5));
		this.session.tick();
		assertThat(seek).isNotDone();
		assertThat(wakeups()).isZero();
	}

	private int wakeups() {
		return this.simulated.consumer().wakeups();
	}

	/**
	 * A listener that seeks.
	 */
	private static final class Seeking implements ConsumerSeekAware {

		private Runnable whenIdle = () -> {
		};

		private @Nullable ConsumerSeekCallback callback;

		ConsumerSeekCallback callback() {
			return Objects.requireNonNull(this.callback);
		}

		@Override
		public void registerSeekCallback(ConsumerSeekCallback callback) {
			this.callback = callback;
		}

		@Override
		public void onIdleContainer(Map<TopicPartition, Long> assignments, ConsumerSeekCallback callback) {
			this.whenIdle.run();
		}

	}

}
