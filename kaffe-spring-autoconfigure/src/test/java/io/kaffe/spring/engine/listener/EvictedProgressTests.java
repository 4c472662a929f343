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
import java.util.Objects;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.kaffe.spring.engine.delivery.EvictedKey;
import io.kaffe.spring.engine.delivery.EvictedKeys;
import io.kaffe.spring.engine.delivery.EvictingAssignment;
import io.kaffe.spring.engine.delivery.KeyEviction;
import io.kaffe.spring.engine.offset.BlockedKeys.BlockedKey;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.offset.KeyHash;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.table.Evicted;
import io.kaffe.spring.table.PartitionSnapshot;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what a {@link PartitionAssignment} and its {@link PartitionProgress} make of
 * records that are evicted. 20 were polled; 4, 8 and 12 are of a key that is blocked and
 * evicted, and all others are completed.
 */
@ExtendWith(OutputCaptureExtension.class)
class EvictedProgressTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final KeyHash HASH = new KeyHash((byte) 0, 7);

	private final ManualExecution execution = new ManualExecution();

	private final ConsumerContext context = ContainerFixtures
		.handledBy(StandardWorkerAllocationStrategy.WORKER_PER_KEY, 10_000, (record) -> {
		}, null, this.execution)
		.context();

	private final Worker worker = this.context.workers().internal("key");

	private final ConsumerWakeup wakeup = new ConsumerWakeup(new MockConsumer<>("earliest"), this.execution);

	private final LateCompletions lateCompletions = new LateCompletions(
			new LimitedLog("orders", this.execution.runtime()));

	private final EvictedRecordReader reader = new EvictedRecordReader(this.context, new MockConsumer<>("earliest"),
			"orders-0");

	private final CommitTimer commitTimer = new CommitTimer(this.wakeup, Duration.ofSeconds(1),
			this.execution.runtime());

	private final PartitionAssignment assignment = new PartitionAssignment(new AssignedPartition(PARTITION, 1), 0,
			ContainerFixtures.POLICY, this.wakeup, this.commitTimer, this.lateCompletions, this.execution,
			ContainerFixtures.POLLED_BY);

	private final EvictedKeys keys = this.assignment.progress().evicted();

	private final KeyEviction eviction = new KeyEviction(PARTITION, this.assignment, this.keys,
			new PartitionEviction(this.assignment, this.commitTimer, this.lateCompletions), this.reader, 10_000);

	private final List<ConsumerRecord<Object, Object>> records = AssignmentParts.records(PARTITION, 0, 20);

	private int completions;

	@Test
	void commitSaysThatAllIsCompletedButTheKey() throws Exception {
		evict(HASH);
		OffsetAndMetadata commit = Objects.requireNonNull(advance());
		assertThat(commit.offset()).isEqualTo(4);
		CommitMetadata metadata = CommitMetadata.read(commit.metadata(), 4);
		assertThat(metadata.completed()).isEqualTo(new CompletedOffsets.Builder().add(5, 20).build());
		assertThat(metadata.blocked().all()).containsExactly(new BlockedKey(HASH, 4));
		assertThat(this.assignment.buffer().records()).as("it takes no room").isZero();
		assertThat(this.assignment.progress().isAllComplete()).isFalse();
		assertThat(this.assignment.progress().openBelow(20)).isEqualTo(3);
	}

	@Test
	void commitSaysOfAKeyWithoutHashWhichOffsetsAreOpen() throws Exception {
		evict(null);
		OffsetAndMetadata commit = Objects.requireNonNull(advance());
		assertThat(commit.offset()).isEqualTo(4);
		CommitMetadata metadata = CommitMetadata.read(commit.metadata(), 4);
		assertThat(metadata.completed())
			.isEqualTo(new CompletedOffsets.Builder().add(5, 8).add(9, 12).add(13, 20).build());
		assertThat(metadata.blocked().isEmpty()).isTrue();
		assertThat(this.assignment.buffer().records()).isZero();
	}

	@Test
	void recordThatIsReadAgainIsCompletedAsAnyOther() {
		EvictedKey key = evict(HASH);
		List<ConsumerRecord<?, ?>> taken = takeAll(key);
		advance();
		assertThat(this.assignment.isWithWorkers()).isTrue();
		assertThat(this.assignment.isOver(taken.get(0))).as("though it counts as complete").isFalse();
		complete(taken.get(1), key);
		assertThat(this.assignment.isWithWorkers()).isTrue();
		complete(taken.get(0), key);
		assertThat(this.assignment.isOver(taken.get(0))).isTrue();
		assertThat(Objects.requireNonNull(advance()).offset()).isEqualTo(12);
		complete(taken.get(2), key);
		assertThat(Objects.requireNonNull(advance())).isEqualTo(new OffsetAndMetadata(20));
		assertThat(this.assignment.progress().isAllComplete()).isTrue();
		assertThat(this.assignment.isWithWorkers()).isFalse();
	}

	@Test
	void completionThatComesTooLateIsReportedAndLeavesNothingInHand(CapturedOutput output) {
		EvictedKey key = evict(HASH);
		List<ConsumerRecord<?, ?>> taken = takeAll(key);
		this.assignment.fence();
		complete(taken.get(0), key);
		EvictingAssignment.drop(taken.get(1), key);
		assertThat(this.assignment.isWithWorkers()).isTrue();
		complete(taken.get(2), key);
		assertThat(this.assignment.isWithWorkers()).isFalse();
		assertThat(this.keys.first()).as("it is left to the next owner").isEqualTo(4);
		this.execution.runAll();
		this.execution.advance(Duration.ofSeconds(2));
		assertThat(output).contains("orders-0@4");
	}

	@Test
	void recordOfAKeyWithoutHashIsCompletedAsAnyOtherWhenItIsReadAgain() {
		EvictedKey key = evict(null);
		takeAll(key).forEach((record) -> complete(record, key));
		assertThat(Objects.requireNonNull(advance())).isEqualTo(new OffsetAndMetadata(20));
		assertThat(this.keys.completions()).isEqualTo(3);
	}

	@Test
	void recordOfAKeyWithoutHashThatIsMissingInTheLogIsPassed() {
		EvictedKey key = evict(null);
		EvictingAssignment.take(this.eviction, key, this.worker);
		key.passTo(8);
		assertThat(Objects.requireNonNull(advance()).offset()).isEqualTo(8);
		this.assignment.fence();
		key.passTo(13);
		assertThat(this.assignment.progress().isComplete(8)).as("nothing changes any more").isFalse();
	}

	@Test
	void tableShowsWhatIsUnfinished() {
		EvictedKey key = evict(HASH);
		advance();
		PartitionSnapshot snapshot = this.assignment.snapshot(false);
		assertThat(snapshot.offsets().completed()).isEqualTo(4);
		assertThat(snapshot.offsets().completedAhead()).isEqualTo(13);
		assertThat(Objects.requireNonNull(snapshot.oldestUnfinished()).offset()).isEqualTo(4);
		assertThat(snapshot.evicted()).isEqualTo(new Evicted(1, 3));
		takeAll(key);
		assertThat(this.assignment.snapshot(false).evicted()).as("its worker has them").isEqualTo(new Evicted(1, 0));
	}

	@Test
	void keyThatIsFinishedIsForgottenThoughCommitsHaveNoMetadata() {
		EvictedKey key = evict(HASH);
		takeAll(key).forEach((record) -> complete(record, key));
		this.assignment.progress().advance(++this.completions, 0, this.execution.instant());
		assertThat(this.keys.size()).isZero();
	}

	private EvictedKey evict(@Nullable KeyHash hash) {
		this.assignment.append(this.records, null);
		EvictedKey key = EvictingAssignment.evict(this.eviction, PARTITION, "key", hash, 4, 8, 12);
		this.records.stream()
			.filter((record) -> !List.of(4L, 8L, 12L).contains(record.offset()))
			.forEach(this.assignment::complete);
		return key;
	}

	private List<ConsumerRecord<?, ?>> takeAll(EvictedKey key) {
		List.of(4, 8, 12).forEach((offset) -> key.add(this.records.get(offset)));
		return EvictingAssignment.take(this.eviction, key, this.worker);
	}

	private void complete(ConsumerRecord<?, ?> record, EvictedKey key) {
		EvictingAssignment.complete(this.eviction, record, key);
	}

	private @Nullable OffsetAndMetadata advance() {
		return this.assignment.progress().advance(++this.completions, 4096, this.execution.instant());
	}

}
