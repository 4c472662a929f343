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
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.RetriableCommitFailedException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.SeekResult;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PartitionSeek}: where it leads, what it says of the records that it
 * passes, and how long it waits for its commit. Partitions have offsets from 10 to 100,
 * one each second.
 */
class PartitionSeekTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final TopicPartition OTHER = new TopicPartition("orders", 1);

	private final ManualExecution execution = new ManualExecution();

	private final SeekingConsumer consumer = new SeekingConsumer();

	private final WorkerContainer container = ContainerFixtures
		.handledBy(StandardWorkerAllocationStrategy.WORKER_PER_KEY, 10_000, (record) -> {
			if (record.value().equals("poison")) {
				// Not tried again.
				throw new ClassCastException("On purpose");
			}
			if (record.value().equals("busy")) {
				throw new IllegalStateException("On purpose");
			}
		}, null, this.execution);

	private final ConsumerSession session = this.container.session(this.consumer);

	@BeforeEach
	void assign() {
		List<TopicPartition> partitions = List.of(PARTITION, OTHER);
		this.consumer.assign(partitions);
		this.consumer.updateBeginningOffsets(Map.of(PARTITION, 10L, OTHER, 10L));
		this.consumer.updateEndOffsets(Map.of(PARTITION, 100L, OTHER, 100L));
		partitions.forEach((partition) -> this.consumer.seek(partition, 10));
		this.session.tick();
		this.session.assigned(partitions);
		this.session.positioned(partitions);
	}

	@Test
	void seekToATimeLeadsToTheFirstRecordFromThenOnOrToTheEnd() {
		assertThat(seek(SeekPosition.time(Instant.ofEpochSecond(30)))).isCompletedWithValue(passed(30));
		assertThat(this.consumer.position(PARTITION)).isEqualTo(30);
		assertThat(seek(SeekPosition.time(Instant.ofEpochSecond(101)))).isCompletedWithValue(passed(100));
	}

	@Test
	void seekToTheBeginningLeadsToTheFirstRecordThatIsLeft() {
		assertThat(seek(SeekPosition.beginning())).isCompletedWithValue(passed(10));
	}

	@Test
	void seekSaysWhichOfTheRecordsThatItPassesAreParked() {
		dispatch(PARTITION, "good", "poison", "busy", "poison", "poison");
		dispatch(OTHER, "good", "good", "poison");
		assertThat(seek(SeekPosition.offset(14))).isCompletedWithValue(new SeekResult(14, 3, List.of(11L, 13L)));
	}

	@Test
	void parkedRecordThatIsCompletedBeforeTheSeekIsDoneIsNotPassed() {
		dispatch(PARTITION, "poison", "poison");
		PartitionAssignment leaving = assignment();
		assertThat(leaving.enter()).as("keeps the seek from being done").isTrue();
		CompletableFuture<SeekResult> seek = seek(SeekPosition.offset(50));
		leaving.complete(record(PARTITION, 10, "poison"));
		leaving.exit();
		this.session.tick();
		assertThat(seek).isCompletedWithValue(new SeekResult(50, 1, List.of(11L)));
	}

	@Test
	void seekWhosePositionCannotBeCommittedIsDoneWhenTheNextCommitHasIt() {
		this.consumer.refusing = true;
		CompletableFuture<SeekResult> seek = seek(SeekPosition.offset(50));
		assertThat(this.consumer.position(PARTITION)).isEqualTo(50);
		assertThat(seek).isNotDone();
		this.consumer.refusing = false;
		this.session.tick();
		assertThat(seek).as("the next commit is not due").isNotDone();
		this.execution.advance(Duration.ofSeconds(1));
		this.session.tick();
		assertThat(seek).isCompletedWithValue(passed(50));
		assertThat(Objects.requireNonNull(this.consumer.committed(Set.of(PARTITION)).get(PARTITION)).offset())
			.isEqualTo(50);
	}

	@Test
	void seekWhosePositionIsNotCommittedForSecondsSaysWhatARestartWouldDo() {
		this.consumer.refusing = true;
		CompletableFuture<SeekResult> seek = seek(SeekPosition.offset(50));
		this.execution.advance(Duration.ofSeconds(4));
		this.session.tick();
		assertThat(seek).isNotDone();
		this.execution.advance(Duration.ofSeconds(1));
		this.session.tick();
		assertThat(seek).failsWithin(Duration.ZERO)
			.withThrowableThat()
			.withMessageContaining("orders-0 is read from 50 now, but a restart before its next commit undoes that, "
					+ "since it could not be committed: not answered");
	}

	@Test
	void seekFailsIfThePartitionIsTakenAwayBeforeItsPositionIsCommitted() {
		this.consumer.refusing = true;
		CompletableFuture<SeekResult> seek = seek(SeekPosition.offset(50));
		this.session.lost(List.of(PARTITION));
		this.session.tick();
		assertThat(seek).failsWithin(Duration.ZERO)
			.withThrowableThat()
			.withMessageContaining("orders-0 was taken from the consumer before its new position 50 was committed");
	}

	@Test
	void seekThatIsDoneInterruptsNoOtherPoll() {
		assertThat(seek(SeekPosition.offset(50))).isCompleted();
		int before = this.consumer.wakeups.get();
		this.session.positioned(List.of(PARTITION));
		assertThat(this.consumer.wakeups).hasValue(before);
	}

	private CompletableFuture<SeekResult> seek(SeekPosition to) {
		CompletableFuture<SeekResult> seek = this.session.seek(PARTITION, to);
		this.session.tick();
		return seek;
	}

	private PartitionAssignment assignment() {
		return this.session.assignments()
			.stream()
			.filter((assignment) -> assignment.partition().equals(PARTITION))
			.findAny()
			.orElseThrow();
	}

	/**
	 * Poll records from offset 10 on, and handle them.
	 */
	private void dispatch(TopicPartition partition, String... values) {
		List<ConsumerRecord<Object, Object>> records = new ArrayList<>();
		for (String value : values) {
			records.add(record(partition, 10 + records.size(), value));
		}
		this.session.dispatch(new ConsumerRecords<>(Map.of(partition, records), Map.of()));
		this.execution.runAll();
	}

	private static ConsumerRecord<Object, Object> record(TopicPartition partition, long offset, String value) {
		return new ConsumerRecord<>(partition.topic(), partition.partition(), offset, partition + "@" + offset, value);
	}

	/**
	 * Return what a seek answers that passes nothing unfinished.
	 */
	private static SeekResult passed(long offset) {
		return new SeekResult(offset, 0, List.of());
	}

	/**
	 * Commits nothing while it is refusing to.
	 */
	private static final class SeekingConsumer extends MockConsumer<Object, Object> {

		private final AtomicInteger wakeups = new AtomicInteger();

		private boolean refusing;

		SeekingConsumer() {
			super("earliest");
		}

		@Override
		public synchronized void commitAsync(Map<TopicPartition, OffsetAndMetadata> offsets,
				@Nullable OffsetCommitCallback callback) {
			if (!this.refusing) {
				super.commitAsync(offsets, callback);
				return;
			}
			RetriableCommitFailedException failure = new RetriableCommitFailedException("not answered");
			if (callback == null) {
				// It is synchronous.
				throw failure;
			}
			callback.onComplete(offsets, failure);
		}

		@Override
		public synchronized Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(Map<TopicPartition, Long> times,
				Duration timeout) {
			Map<TopicPartition, OffsetAndTimestamp> found = new HashMap<>();
			times.forEach((partition, time) -> {
				if (time < 100_000) {
					found.put(partition, new OffsetAndTimestamp(time / 1000, time));
				}
			});
			return found;
		}

		@Override
		public synchronized void wakeup() {
			this.wakeups.incrementAndGet();
		}

	}

}
