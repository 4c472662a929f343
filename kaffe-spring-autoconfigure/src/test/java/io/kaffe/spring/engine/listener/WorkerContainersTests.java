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
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.MessageListener;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.SeekResult;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.table.ConsumerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link WorkerContainers}, with one consumer whose records fail, and whose
 * container is not really started.
 */
class WorkerContainersTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final ManualExecution execution = new ManualExecution();

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest");

	private final RunningContainer container = new RunningContainer();

	private final WorkerContainer adopted = ContainerFixtures.adopted(this.container, this.execution, (record) -> {
		this.handled++;
		throw new IllegalStateException("no stock");
	});

	private int handled;

	private final WorkerContainers consumers = new WorkerContainers();

	@BeforeEach
	void add() {
		this.consumers.add("orders", this.adopted);
		this.consumer.assign(Set.of(PARTITION));
		this.consumer.updateBeginningOffsets(Map.of(PARTITION, 0L));
		this.consumer.updateEndOffsets(Map.of(PARTITION, 3L));
	}

	@Test
	void consumersAreKnownByTheirNames() {
		assertThat(this.consumers.names()).containsExactly("orders");
		assertThat(this.consumers.topics("orders")).containsExactly("orders");
		assertThatIllegalArgumentException().isThrownBy(() -> this.consumers.topics("refunds"))
			.withMessage("There is no consumer 'refunds' with workers; there are [orders]");
	}

	@Test
	void limitIsChangedIfItIsAtLeastOne() {
		assertThat(this.consumers.maxConcurrency("orders")).isEmpty();
		this.consumers.setMaxConcurrency("orders", 3);
		assertThat(this.consumers.maxConcurrency("orders")).isEqualTo(OptionalInt.of(3));
		assertThatIllegalArgumentException().isThrownBy(() -> this.consumers.setMaxConcurrency("orders", 0))
			.withMessage("The max-concurrency of consumer 'orders' must be 1 or more, not 0");
		assertThat(this.consumers.maxConcurrency("orders")).isEqualTo(OptionalInt.of(3));
	}

	@Test
	void failingRecordsAreRetriedOrSkipped() {
		poll();
		assertThat(this.consumers.partitions("orders")).containsExactly(PARTITION);
		assertThat(this.consumers.failingRecords("orders")).extracting(FailingRecord::offset).containsExactly(0L);
		assertThat(this.consumers.retry("orders", PARTITION, 7)).as("it does not fail").isFalse();
		assertThat(this.consumers.retry("orders", PARTITION, 0)).isTrue();
		this.execution.runAll();
		assertThat(this.handled).isEqualTo(2);
		assertThat(this.consumers.skip("orders", PARTITION, 7)).isFalse();
		assertThat(this.consumers.skip("orders", PARTITION, 0)).isTrue();
		this.execution.runAll();
		assertThat(this.consumers.failingRecords("orders")).extracting(FailingRecord::offset).containsExactly(1L);
		assertThatIllegalStateException().isThrownBy(() -> this.consumers.deadLetter("orders", PARTITION, 1))
			.withMessageContaining("Consumer 'orders' has nothing to send dead letters with");
	}

	@Test
	void failingRecordIsSentToTheDeadLetterTopicIfThereIsSomethingToSendItWith() {
		List<Long> sent = new ArrayList<>();
		this.consumers.add("orders", ContainerFixtures.adopted(this.container, this.execution, (record) -> {
			throw new IllegalStateException("no stock");
		}, null, (record, failure) -> {
			sent.add(record.offset());
			return null;
		}));
		poll();
		assertThat(this.consumers.deadLetter("orders", PARTITION, 7)).as("it does not fail").isFalse();
		assertThat(this.consumers.deadLetter("orders", PARTITION, 0)).isTrue();
		this.execution.runAll();
		assertThat(sent).containsExactly(0L);
		assertThat(this.consumers.failingRecords("orders")).extracting(FailingRecord::offset).containsExactly(1L);
	}

	@Test
	void consumerIsSubscribedToMoreTopics() {
		this.adopted.subscription().installIn(this.container);
		assertThat(this.consumers.subscribe("orders", List.of("refunds", "orders"))).containsExactly("refunds");
		assertThat(this.consumers.topics("orders")).containsExactly("orders", "refunds");
	}

	@Test
	void consumerThatIsStoppedWhileItIsToBeRestartedStaysDown() {
		this.adopted.supervision().outOfGroup(new UnreleasedInstanceIdException("The instance has not left yet"));
		this.execution.runAll();
		assertThat(this.consumers.isRunning("orders")).as("about to be restarted").isFalse();
		this.consumers.stop("orders");
		this.execution.advance(Duration.ofMinutes(1));
		this.execution.runAll();
		assertThat(this.consumers.isRunning("orders")).isFalse();
		assertThat(this.adopted.problems()).isEmpty();
	}

	@Test
	void consumerThatCannotGoOnIsStopped() {
		this.adopted.stopBecause("Because", null);
		this.execution.runAll();
		assertThat(this.consumers.isRunning("orders")).isFalse();
		assertThat(this.adopted.problems()).singleElement().hasToString("stopped: Because");
	}

	@Test
	void containerIsStartedPausedAndStopped() {
		this.container.running = false;
		assertThat(this.consumers.isRunning("orders")).isFalse();
		assertThat(this.adopted.state()).isEqualTo(ConsumerState.STOPPED);
		this.consumers.start("orders");
		assertThat(this.consumers.isRunning("orders")).isTrue();
		assertThat(this.adopted.state()).isEqualTo(ConsumerState.STARTING);
		poll();
		assertThat(this.adopted.state()).isEqualTo(ConsumerState.RUNNING);
		this.consumers.pause("orders");
		assertThat(this.consumers.isPaused("orders")).isTrue();
		assertThat(this.adopted.state()).isEqualTo(ConsumerState.PAUSED);
		this.consumers.resume("orders");
		assertThat(this.consumers.isPaused("orders")).isFalse();
		this.consumers.stop("orders");
		assertThat(this.consumers.isRunning("orders")).isFalse();
	}

	@Test
	void topicsAndPartitionsArePausedBeforeTheNextPoll() {
		poll();
		CompletableFuture<Void> paused = this.consumers.pause("orders", "orders");
		assertThat(paused).isNotDone();
		this.adopted.session(this.consumer).tick();
		assertThat(paused).isCompleted();
		assertThat(this.consumer.paused()).containsExactly(PARTITION);
		this.consumers.resume("orders", "orders");
		this.adopted.session(this.consumer).tick();
		assertThat(this.consumer.paused()).isEmpty();
		this.consumers.pause("orders", PARTITION);
		this.adopted.session(this.consumer).tick();
		assertThat(this.consumer.paused()).containsExactly(PARTITION);
		this.consumers.resume("orders", PARTITION);
		this.adopted.session(this.consumer).tick();
		assertThat(this.consumer.paused()).isEmpty();
	}

	@Test
	void partitionIsSoughtByTheConsumerThatHasIt() {
		poll();
		CompletableFuture<SeekResult> seek = this.consumers.seek("orders", PARTITION, SeekPosition.end());
		this.adopted.session(this.consumer).tick();
		assertThat(seek).isCompletedWithValueMatching((result) -> result.offset() == 3);
		assertThatIllegalArgumentException()
			.isThrownBy(() -> this.consumers.seek("orders", new TopicPartition("orders", 1), SeekPosition.end()));
		this.container.running = false;
		assertThatIllegalStateException().isThrownBy(() -> this.consumers.seek("orders", PARTITION, SeekPosition.end()))
			.withMessage("Consumer 'orders' is stopped; start it first");
	}

	@Test
	void sessionOfADeadThreadIsAbandonedWithTheNextOne() throws Exception {
		Thread dead = new Thread(this::poll);
		dead.start();
		dead.join();
		assertThat(this.adopted.assignments()).hasSize(1);
		assertThat(this.consumer.closed()).isFalse();
		this.adopted.session(new MockConsumer<>("earliest"));
		assertThat(this.adopted.assignments()).isEmpty();
		assertThat(this.consumer.closed()).isTrue();
	}

	private void poll() {
		ConsumerSession session = this.consumers.all().iterator().next().session(this.consumer);
		session.assigned(List.of(PARTITION));
		session.tick();
		session.positioned(List.of(PARTITION));
		List<ConsumerRecord<Object, Object>> records = List.of(new ConsumerRecord<>("orders", 0, 0, "key", "value"),
				new ConsumerRecord<>("orders", 0, 1, "key", "value"),
				new ConsumerRecord<>("orders", 0, 2, "key", "value"));
		session.dispatch(new ConsumerRecords<>(Map.of(PARTITION, records), Map.of()));
		this.execution.runAll();
		this.execution.advance(Duration.ZERO);
	}

	/**
	 * Says that it runs when it was started.
	 */
	private static final class RunningContainer extends KafkaMessageListenerContainer<Object, Object> {

		private boolean running = true;

		RunningContainer() {
			super(new DefaultKafkaConsumerFactory<>(Map.of()), properties());
		}

		private static ContainerProperties properties() {
			ContainerProperties properties = new ContainerProperties("orders");
			properties.setGroupId("shop");
			properties.setMessageListener((MessageListener<Object, Object>) (record) -> {
			});
			return properties;
		}

		@Override
		public boolean isRunning() {
			return this.running;
		}

		@Override
		protected void doStart() {
			this.running = true;
		}

		@Override
		protected void doStop(Runnable callback, boolean normal) {
			this.running = false;
			setStoppedNormally(normal);
			callback.run();
		}

	}

}
