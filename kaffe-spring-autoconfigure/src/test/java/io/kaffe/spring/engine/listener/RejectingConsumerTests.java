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
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link RejectingConsumer}.
 */
class RejectingConsumerTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private boolean brokerAnswers = true;

	private final MockConsumer<Object, Object> polling = new MockConsumer<>("earliest") {

		@Override
		public synchronized Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions,
				Duration timeout) {
			if (!RejectingConsumerTests.this.brokerAnswers) {
				throw new TimeoutException("On purpose");
			}
			return super.committed(partitions, timeout);
		}

	};

	private final WorkerContainer container = ContainerFixtures.inGroup("shop", new ManualExecution());

	private final ConsumerSession session = this.container.session(this.polling);

	private final Consumer<Object, Object> consumer = RejectingConsumer.of("orders");

	@BeforeEach
	void subscribe() {
		this.polling.subscribe(Set.of("orders"));
		this.polling.rebalance(List.of(PARTITION));
		this.polling.updateBeginningOffsets(Map.of(PARTITION, 0L));
	}

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
		this.polling.commitSync(Map.of(PARTITION, new OffsetAndMetadata(7)));
		assign();
		Consumer<Object, Object> known = known();
		assertThat(known.assignment()).containsExactly(PARTITION);
		assertThat(known.subscription()).containsExactly("orders");
		assertThat(known.groupMetadata()).isEqualTo(this.polling.groupMetadata());
		assertThat(known.committed(Set.of(PARTITION))).containsOnly(Map.entry(PARTITION, new OffsetAndMetadata(7)));
		assertThat(known.committed(Set.of(PARTITION), Duration.ofSeconds(1))).hasSize(1);
	}

	@Test
	void nothingIsAnsweredAsCommittedUntilSomethingIs() {
		assign();
		assertThat(known().committed(Set.of(PARTITION))).hasSize(1).containsEntry(PARTITION, null);
		PartitionProgress progress = assignment().progress();
		OffsetAndMetadata commit = new OffsetAndMetadata(7);
		progress.committed(commit, 0, progress.revision());
		this.session.tick();
		assertThat(known().committed(Set.of(PARTITION))).containsEntry(PARTITION, commit);
		// As after a seek back: the broker has the commit still.
		progress.beginAt(3);
		progress.forgetCompletedBefore();
		assertThatIllegalStateException().isThrownBy(() -> known().committed(Set.of(PARTITION)));
	}

	@Test
	void commitThatCannotBeReadIsNotAnswered() {
		assign();
		this.session.revoked(List.of(PARTITION), () -> {
		});
		this.brokerAnswers = false;
		this.session.assigned(List.of(PARTITION));
		assertThatIllegalStateException().as("though it was known before")
			.isThrownBy(() -> known().committed(Set.of(PARTITION)));
	}

	private void assign() {
		this.session.assigned(List.of(PARTITION));
		this.session.tick();
	}

	private PartitionAssignment assignment() {
		return this.container.assignments().iterator().next();
	}

	private Consumer<Object, Object> known() {
		return assignment().polledBy().consumer();
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
