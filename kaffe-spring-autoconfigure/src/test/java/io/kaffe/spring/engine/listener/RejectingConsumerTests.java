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
import java.util.Set;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link RejectingConsumer}.
 */
class RejectingConsumerTests {

	private final Consumer<Object, Object> consumer = RejectingConsumer.of("orders");

	@Test
	void callsFromWorkersAreRejected() {
		assertThatIllegalStateException().isThrownBy(() -> this.consumer.poll(Duration.ZERO))
			.withMessage(
					"Consumer.poll() was called on a worker of 'orders': a Kafka consumer may be used by the thread "
							+ "that polls it only");
		assertThatIllegalStateException().isThrownBy(this.consumer::commitSync)
			.withMessageStartingWith("Consumer.commitSync() was called on a worker of 'orders'");
	}

	@Test
	void consumerEqualsItselfAndSaysWhatItIs() {
		assertThat(this.consumer).isEqualTo(this.consumer)
			.hasSameHashCodeAs(this.consumer)
			.isNotEqualTo(RejectingConsumer.of("orders"))
			.hasToString("guarded consumer of 'orders'");
	}

	@Test
	void whatIsKnownIsAnswered() {
		TopicPartition partition = new TopicPartition("orders", 0);
		MockConsumer<Object, Object> polling = new MockConsumer<>("earliest");
		polling.subscribe(Set.of("orders"));
		polling.rebalance(List.of(partition));
		polling.updateBeginningOffsets(Map.of(partition, 0L));
		polling.commitSync(Map.of(partition, new OffsetAndMetadata(7)));
		WorkerContainer container = ContainerFixtures.inGroup("shop", new ManualExecution());
		ConsumerSession session = container.session(polling);
		session.assigned(List.of(partition));
		session.tick();
		Consumer<Object, Object> known = container.assignments().iterator().next().polledBy().consumer();
		assertThat(known.assignment()).containsExactly(partition);
		assertThat(known.subscription()).containsExactly("orders");
		assertThat(known.groupMetadata()).isEqualTo(polling.groupMetadata());
		assertThat(known.committed(Set.of(partition))).containsOnly(Map.entry(partition, new OffsetAndMetadata(7)));
		assertThat(known.committed(Set.of(partition), Duration.ofSeconds(1))).hasSize(1);
	}

	@Test
	void nothingIsAnsweredAsCommittedUntilSomethingIs() {
		TopicPartition partition = new TopicPartition("orders", 0);
		MockConsumer<Object, Object> polling = new MockConsumer<>("earliest");
		polling.subscribe(Set.of("orders"));
		polling.rebalance(List.of(partition));
		polling.updateBeginningOffsets(Map.of(partition, 0L));
		WorkerContainer container = ContainerFixtures.inGroup("shop", new ManualExecution());
		ConsumerSession session = container.session(polling);
		session.assigned(List.of(partition));
		session.tick();
		PartitionAssignment assignment = container.assignments().iterator().next();
		Consumer<Object, Object> known = assignment.polledBy().consumer();
		assertThat(known.committed(Set.of(partition))).hasSize(1).containsEntry(partition, null);
		OffsetAndMetadata commit = new OffsetAndMetadata(7);
		assignment.progress().committed(commit, 0, assignment.progress().revision());
		session.tick();
		assertThat(known.committed(Set.of(partition))).containsEntry(partition, commit);
		// As after a seek back: the broker has the commit still.
		assignment.progress().beginAt(3);
		assignment.progress().forgetCompletedBefore();
		assertThatIllegalStateException().isThrownBy(() -> known.committed(Set.of(partition)));
	}

	@Test
	void whatIsNotKnownIsRejected() {
		Consumer<Object, Object> unknown = RejectingConsumer.of("orders", new ConsumerView(new Assignments(), true));
		assertThat(unknown.assignment()).isEmpty();
		assertThatIllegalStateException().isThrownBy(unknown::groupMetadata)
			.withMessageStartingWith("Consumer.groupMetadata() was called on a worker of 'orders'");
		assertThatIllegalStateException().isThrownBy(unknown::subscription);
		assertThatIllegalStateException().isThrownBy(() -> unknown.committed(Set.of(new TopicPartition("refunds", 0))));
	}

}
