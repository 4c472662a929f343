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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.SeekResult;
import io.kaffe.spring.engine.delivery.NotesInMemory;
import io.kaffe.spring.engine.delivery.OnceDelivery;
import io.kaffe.spring.engine.delivery.OnceStore;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a {@link PartitionSeek} where records are handled once: its position must not
 * be committed while what is noted there would keep records from being handled again.
 */
class SeekOfNotedRecordsTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final OnceStore.Partition NOTED = new OnceStore.Partition("orders", "orders", Uuid.randomUuid(), 0);

	private final ManualExecution execution = new ManualExecution();

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest");

	private final OnceDelivery once = new OnceDelivery(new NotesInMemory(), this.execution,
			new LimitedLog("orders", this.execution.runtime()));

	private final ConsumerSession session = ContainerFixtures.handledOnce(this.once, this.execution)
		.session(this.consumer);

	@BeforeEach
	void assign() {
		List<TopicPartition> partitions = List.of(PARTITION);
		this.consumer.assign(partitions);
		this.consumer.updateBeginningOffsets(Map.of(PARTITION, 0L));
		this.consumer.updateEndOffsets(Map.of(PARTITION, 100L));
		this.consumer.seek(PARTITION, 80);
		this.session.tick();
		this.session.assigned(partitions);
		this.session.positioned(partitions);
		answer();
	}

	@Test
	void positionIsCommittedWhenTheNotesFromThereOnAreDeleted() {
		CompletableFuture<SeekResult> seek = seek();
		assertThat(this.consumer.position(PARTITION)).isEqualTo(50);
		this.execution.advance(Duration.ofSeconds(2));
		this.session.tick();
		assertThat(seek).isNotDone();
		assertThat(committed()).doesNotContainKey(PARTITION);
		answer();
		this.session.tick();
		assertThat(seek).isCompletedWithValue(new SeekResult(50, 0, List.of()));
		assertThat(committed().get(PARTITION)).isEqualTo(new OffsetAndMetadata(50));
	}

	@Test
	void seekSaysWhatARestartWouldDoIfTheDatabaseDoesNotAnswer() {
		CompletableFuture<SeekResult> seek = seek();
		this.execution.advance(Duration.ofSeconds(9));
		this.session.tick();
		assertThat(seek).isNotDone();
		this.execution.advance(Duration.ofSeconds(1));
		this.session.tick();
		assertThat(seek).failsWithin(Duration.ZERO)
			.withThrowableThat()
			.withMessageContaining("orders-0 is read from 50 now, but a restart before its next commit undoes that, "
					+ "since it is still noted which of its records from there on were handled");
		answer();
		this.execution.advance(Duration.ofSeconds(1));
		this.session.tick();
		assertThat(committed()).as("by the next commit").containsKey(PARTITION);
	}

	@Test
	void seekOfAPartitionThatIsRevokedMeanwhileIsUndone() {
		CompletableFuture<SeekResult> seek = seek();
		this.session.revoked(List.of(PARTITION), () -> {
		});
		this.session.tick();
		assertThat(seek).failsWithin(Duration.ZERO)
			.withThrowableThat()
			.withMessageContaining("orders-0 was taken from the consumer before its new position 50 was committed");
		assertThat(committed()).doesNotContainKey(PARTITION);
	}

	private CompletableFuture<SeekResult> seek() {
		CompletableFuture<SeekResult> seek = this.session.seek(PARTITION, SeekPosition.offset(50));
		this.session.tick();
		return seek;
	}

	/**
	 * Answer what is noted, as the database does.
	 */
	private void answer() {
		this.session.assignments()
			.forEach((assignment) -> assignment.preparation().noted(NOTED, CompletedOffsets.NONE));
	}

	private Map<TopicPartition, OffsetAndMetadata> committed() {
		Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>(this.consumer.committed(Set.of(PARTITION)));
		committed.values().removeIf(Objects::isNull);
		return committed;
	}

}
