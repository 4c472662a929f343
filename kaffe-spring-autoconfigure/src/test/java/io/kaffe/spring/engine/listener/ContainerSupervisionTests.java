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
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.event.ConsumerStartingEvent;
import org.springframework.kafka.event.ConsumerStoppedEvent;
import org.springframework.kafka.event.ConsumerStoppedEvent.Reason;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.MessageListener;

import io.kaffe.spring.engine.worker.ConsumerObserver;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.RestartHistory;
import io.kaffe.spring.engine.worker.TestWorkerOwner;
import io.kaffe.spring.table.ConsumerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ContainerSupervision}.
 */
@ExtendWith(OutputCaptureExtension.class)
class ContainerSupervisionTests {

	private final ManualExecution execution = new ManualExecution();

	private final Container container = new Container();

	private final List<String> reasons = new ArrayList<>();

	private final ContainerSupervision supervision = new ContainerSupervision("orders", this.container,
			new DefaultWorkerManager(this.execution.runtime(), List.of(new ConsumerObserver() {

				@Override
				public void stopped(String consumer, ConsumerSnapshot.Stop stop) {
					assertThat(stop).isEqualTo(ContainerSupervisionTests.this.supervision.stopped());
					ContainerSupervisionTests.this.reasons.add(stop.reason());
				}

			})).register("orders", 1, new TestWorkerOwner()), new RestartHistory.Limit(2, Duration.ofMinutes(5)),
			this.execution, this.execution);

	@Test
	void containerIsStartedAgainWhenAThreadHasEndedWithoutAWord() throws InterruptedException {
		this.container.start();
		threadEndsWithoutAWord();
		letTimeGoBy(Duration.ofSeconds(5));
		assertThat(this.container.isRunning()).as("stopped, what is left of it").isFalse();
		assertThat(this.supervision.stopped()).isNotNull();
		letTimeGoBy(Duration.ofSeconds(1));
		assertThat(this.container.starts).isEqualTo(2);
	}

	@Test
	void containerIsStartedAgainWhenAConsumerIsOutOfItsGroup() {
		this.container.start();
		this.supervision.outOfGroup(new UnreleasedInstanceIdException("The instance has not left yet"));
		this.supervision.outOfGroup(new UnreleasedInstanceIdException("once more"));
		this.execution.runAll();
		assertThat(this.container.isRunning()).isFalse();
		letTimeGoBy(Duration.ofSeconds(1));
		assertThat(this.container.starts).isEqualTo(2);
		assertThat(this.reasons).singleElement()
			.asString()
			.contains("is out of its group: UnreleasedInstanceIdException");
	}

	@Test
	void containerThatSomebodyStoppedIsNotStartedThoughAThreadHasEndedWithoutAWord() throws InterruptedException {
		this.container.start();
		threadEndsWithoutAWord();
		this.container.stop();
		letTimeGoBy(Duration.ofSeconds(5));
		letTimeGoBy(Duration.ofMinutes(1));
		assertThat(this.container.starts).isEqualTo(1);
		assertThat(this.supervision.stopped()).isNull();
	}

	@Test
	void containerThatWasStoppedForAReasonIsNotStartedThoughAThreadDies() {
		this.container.start();
		this.supervision.stopBecause("Because", null);
		this.execution.runAll();
		this.supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.ERROR));
		letTimeGoBy(Duration.ofMinutes(1));
		assertThat(this.container.starts).isEqualTo(1);
		assertThat(this.supervision.stopped()).extracting("reason").isEqualTo("Because");
	}

	@Test
	void containerThatSomebodyStartedIsNotStartedOnceMore() {
		this.container.start();
		this.container.stopAbnormally(() -> {
		});
		this.supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.ERROR));
		this.execution.runAll();
		this.container.start();
		letTimeGoBy(Duration.ofMinutes(1));
		assertThat(this.container.starts).isEqualTo(2);
		assertThat(this.container.stops).as("healthy").isEqualTo(1);
	}

	@Test
	void containerThatSomebodyStopsDuringTheBackOffStaysDown() {
		this.container.start();
		this.supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.ERROR));
		this.execution.runAll();
		assertThat(this.supervision.stopped()).as("about to be started again").isNotNull();
		this.supervision.stayDown();
		letTimeGoBy(Duration.ofMinutes(1));
		assertThat(this.container.starts).isEqualTo(1);
		assertThat(this.supervision.stopped()).isNull();
	}

	@Test
	void reasonOfAStopIsNotForgottenWhenAThreadBeginsTooLate() {
		this.container.start();
		this.supervision.stopBecause("Because", null);
		this.execution.runAll();
		this.supervision.onEvent(new ConsumerStartingEvent(this, this.container));
		assertThat(this.supervision.stopped()).isNotNull();
		this.container.start();
		this.supervision.onEvent(new ConsumerStartingEvent(this, this.container));
		assertThat(this.supervision.stopped()).isNull();
	}

	@Test
	void observersAreNotifiedEachTimeTheConsumerCannotContinue() {
		for (int death = 0; death < 3; death++) {
			this.container.start();
			this.supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.ERROR));
			letTimeGoBy(Duration.ofSeconds(30));
		}
		assertThat(this.reasons).hasSize(3)
			.last()
			.asString()
			.endsWith("too often: the consumer stays stopped until it is started again");
		this.container.start();
		this.supervision.stopBecause("Because", null);
		this.supervision.stopBecause("Because of something else", null);
		assertThat(this.reasons).hasSize(4).last().isEqualTo("Because");
		this.execution.runAll();
		this.container.start();
		this.container.stop();
		this.supervision.stayDown();
		assertThat(this.reasons).as("nothing else").hasSize(4);
	}

	@Test
	void threadThatEndsAsItIsToldIsNoReasonToRestart() {
		for (Reason reason : List.of(Reason.NORMAL, Reason.ABNORMAL)) {
			this.container.start();
			this.supervision.onEvent(new ConsumerStoppedEvent(this, this.container, reason));
			letTimeGoBy(Duration.ofMinutes(1));
			assertThat(this.container.starts).as(reason.name()).isEqualTo(1);
		}
	}

	@Test
	void refusedLoginIsAReasonToRestartUnlessTheContainerDoesSo() {
		this.container.getContainerProperties().setRestartAfterAuthExceptions(true);
		this.container.start();
		this.supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.AUTH));
		letTimeGoBy(Duration.ofMinutes(1));
		assertThat(this.container.starts).isEqualTo(1);
		this.container.getContainerProperties().setRestartAfterAuthExceptions(false);
		this.supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.AUTH));
		letTimeGoBy(Duration.ofMinutes(1));
		letTimeGoBy(Duration.ofMinutes(1));
		assertThat(this.container.starts).isEqualTo(2);
	}

	@Test
	void containerIsNotStartedAgainBeforeItsOtherThreadsHaveEnded() {
		this.container.start();
		this.supervision.onEvent(new ConsumerStartingEvent(this, this.container));
		this.supervision.onEvent(new ConsumerStoppedEvent("another thread", this.container, Reason.ERROR));
		for (int second = 0; second < 60; second++) {
			letTimeGoBy(Duration.ofSeconds(1));
		}
		assertThat(this.container.starts).isEqualTo(1);
		this.supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.NORMAL));
		letTimeGoBy(Duration.ofSeconds(10));
		letTimeGoBy(Duration.ofSeconds(10));
		assertThat(this.container.starts).isEqualTo(2);
	}

	@Test
	void containerThatIsStartedByHandAfterTooManyDeathsHasAllItsRestartsBeforeIt() {
		for (int death = 0; death < 3; death++) {
			this.container.start();
			this.supervision.onEvent(new ConsumerStartingEvent(this, this.container));
			this.supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.ERROR));
			this.execution.runAll();
			if (death < 2) {
				letTimeGoBy(Duration.ofSeconds(30));
			}
		}
		int starts = this.container.starts;
		letTimeGoBy(Duration.ofMinutes(1));
		assertThat(this.container.starts).as("it stays down").isEqualTo(starts);
		this.container.start();
		this.supervision.onEvent(new ConsumerStartingEvent(this, this.container));
		this.supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.ERROR));
		letTimeGoBy(Duration.ofMinutes(1));
		letTimeGoBy(Duration.ofMinutes(1));
		assertThat(this.container.starts).isEqualTo(starts + 2);
		assertThat(this.reasons).last().asString().contains("the consumer is restarted in 1000 ms");
	}

	@Test
	void containerThatWasStoppedOnPurposeIsSupervisedWhenItIsStartedByHand() {
		this.container.start();
		this.container.stop();
		this.supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.ERROR));
		this.execution.runAll();
		this.container.start();
		this.supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.ERROR));
		letTimeGoBy(Duration.ofSeconds(1));
		assertThat(this.container.starts).as("once by hand, once here").isEqualTo(3);
	}

	@Test
	void containerThatWasStoppedDuringTheBackOffIsSupervisedWhenItIsStartedByHand() {
		this.container.start();
		this.supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.ERROR));
		this.execution.runAll();
		this.supervision.stayDown();
		letTimeGoBy(Duration.ofMinutes(1));
		this.container.start();
		this.supervision.onEvent(new ConsumerStartingEvent(this, this.container));
		this.supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.ERROR));
		letTimeGoBy(Duration.ofSeconds(2));
		assertThat(this.container.starts).as("once by hand, once here").isEqualTo(3);
	}

	@Test
	void threadsOfBeforeARestartAreNoReasonForAnother() throws InterruptedException {
		this.container.start();
		threadEndsWithoutAWord();
		this.supervision.onEvent(new ConsumerStoppedEvent("another thread", this.container, Reason.ERROR));
		letTimeGoBy(Duration.ofSeconds(1));
		assertThat(this.container.starts).isEqualTo(2);
		assertThat(this.supervision.polling()).isEmpty();
		letTimeGoBy(Duration.ofMinutes(1));
		assertThat(this.container.stops).as("healthy").isEqualTo(1);
	}

	@Test
	void startThatFailsIsRepeated(CapturedOutput output) {
		this.container.start();
		this.container.failing = 1;
		this.supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.ERROR));
		letTimeGoBy(Duration.ofSeconds(1));
		assertThat(this.container.isRunning()).isFalse();
		assertThat(output).contains("Consumer 'orders' could not be started again");
		letTimeGoBy(Duration.ofSeconds(2));
		assertThat(this.container.isRunning()).isTrue();
		assertThat(this.reasons).hasSize(2).last().asString().startsWith("A polling thread could not be started");
	}

	@Test
	void containerIsNotStartedAgainInAContextThatIsClosedOrAboutToBe() {
		GenericApplicationContext context = new GenericApplicationContext();
		ContainerSupervision supervision = supervisionIn(context);
		context.addApplicationListener((event) -> {
			if (event instanceof ContextClosedEvent) {
				assertThat(context.isActive()).isTrue();
				letTimeGoBy(Duration.ofMinutes(1));
			}
		});
		context.refresh();
		this.container.start();
		supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.ERROR));
		letTimeGoBy(Duration.ofSeconds(1));
		assertThat(this.container.starts).as("open").isEqualTo(2);
		supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.ERROR));
		this.execution.runAll();
		context.close();
		assertThat(this.container.starts).as("about to be closed").isEqualTo(2);
		this.container.start();
		supervision.onEvent(new ConsumerStoppedEvent(this, this.container, Reason.ERROR));
		letTimeGoBy(Duration.ofMinutes(1));
		assertThat(this.container.starts).as("closed").isEqualTo(3);
	}

	@Test
	void consumerIsStoppedLaterIfThereIsNoThreadForItNow(CapturedOutput output) {
		this.container.start();
		this.execution.reject(true);
		this.supervision.stopBecause("Because", null);
		assertThat(this.container.isRunning()).isTrue();
		assertThat(output).contains("There is no thread to start or stop consumer 'orders' with")
			.contains("Consumer 'orders' is stopped. Because. What is unfinished is delivered again when it is started "
					+ "again.");
		this.execution.reject(false);
		letTimeGoBy(Duration.ofSeconds(10));
		assertThat(this.container.isRunning()).isFalse();
	}

	private ContainerSupervision supervisionIn(ApplicationEventPublisher context) {
		this.container.setApplicationEventPublisher(context);
		return new ContainerSupervision("orders", this.container,
				new DefaultWorkerManager(this.execution.runtime()).register("orders", 1, new TestWorkerOwner()),
				new RestartHistory.Limit(10, Duration.ofMinutes(5)), this.execution, this.execution);
	}

	private void threadEndsWithoutAWord() throws InterruptedException {
		Thread thread = new Thread(() -> this.supervision.onEvent(new ConsumerStartingEvent(this, this.container)));
		thread.start();
		thread.join();
	}

	private void letTimeGoBy(Duration duration) {
		this.execution.runAll();
		this.execution.advance(duration);
		this.execution.runAll();
	}

	/**
	 * A container that only says whether it runs.
	 */
	static final class Container extends AbstractMessageListenerContainer<Object, Object> {

		private int starts;

		private int stops;

		private int failing;

		Container() {
			super(new DefaultKafkaConsumerFactory<>(Map.of()), new ContainerProperties("orders"));
			getContainerProperties().setGroupId("orders");
			setupMessageListener((MessageListener<Object, Object>) (record) -> {
			});
		}

		@Override
		protected void doStart() {
			if (this.failing-- > 0) {
				throw new IllegalStateException("no broker");
			}
			this.starts++;
			setRunning(true);
		}

		@Override
		protected void doStop(Runnable callback, boolean normal) {
			if (isRunning()) {
				this.stops++;
				setRunning(false);
				setStoppedNormally(normal);
			}
			callback.run();
		}

		@Override
		public boolean isInExpectedState() {
			return isRunning() || isStoppedNormally();
		}

		@Override
		public Collection<TopicPartition> getAssignedPartitions() {
			return List.of();
		}

		@Override
		public boolean isContainerPaused() {
			return false;
		}

		@Override
		public Map<String, Map<MetricName, ? extends Metric>> metrics() {
			return Map.of();
		}

	}

}
