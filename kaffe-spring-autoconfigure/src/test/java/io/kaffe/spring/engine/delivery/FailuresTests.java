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

package io.kaffe.spring.engine.delivery;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.support.serializer.DeserializationException;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.FailingRecordFilter;
import io.kaffe.spring.table.ConsumerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Failures}: which records are described, in which order, and which
 * instructions reach them.
 */
class FailuresTests {

	private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

	private final Failures failures = new Failures();

	@Test
	void allAreSortedByTopicPartitionAndOffset() {
		for (String record : List.of("b-0@1", "a-2@0", "a-0@10", "b-0@0", "a-10@0", "a-0@9")) {
			add(record, NOW);
		}
		assertThat(this.failures.all()).extracting((record) -> record.partition() + "@" + record.offset())
			.containsExactly("a-0@9", "a-0@10", "a-2@0", "a-10@0", "b-0@0", "b-0@1");
	}

	@Test
	void recordsThatHaveFailedForLongestComeFirst() {
		for (String record : List.of("b-0@1", "a-2@0", "a-0@10", "b-0@0", "a-10@0", "a-0@9")) {
			add(record, NOW);
		}
		add("c-0@5", NOW.minus(Duration.ofSeconds(1)));
		assertThat(this.failures.page(FailingRecordFilter.any(), 0, 6, false).failing())
			.extracting((record) -> record.partition() + "@" + record.offset())
			.containsExactly("c-0@5", "a-0@9", "a-0@10", "a-2@0", "a-10@0", "b-0@0");
	}

	@Test
	void instructionReachesTheRecordItIsFor() {
		FakeFailing first = add("orders-0@7", NOW);
		FakeFailing second = add("orders-0@8", NOW);
		FakeFailing third = add("orders-0@9", NOW);
		FakeFailing other = add("orders-1@7", NOW);
		TopicPartition orders = new TopicPartition("orders", 0);
		assertThat(this.failures.retry(orders, 7)).isTrue();
		assertThat(this.failures.skip(orders, 8)).isTrue();
		assertThat(this.failures.deadLetter(orders, 9)).isTrue();
		assertThat(first.instruction).isEqualTo(OperatorDecision.Instruction.RETRY);
		assertThat(second.instruction).isEqualTo(OperatorDecision.Instruction.SKIP);
		assertThat(third.instruction).isEqualTo(OperatorDecision.Instruction.DEAD_LETTER);
		assertThat(other.instruction).isNull();
	}

	@Test
	void instructionForARecordThatIsNotFailingDoesNothing() {
		FakeFailing failing = add("orders-0@7", NOW);
		TopicPartition orders = new TopicPartition("orders", 0);
		assertThat(this.failures.retry(orders, 6)).isFalse();
		assertThat(this.failures.skip(orders, 6)).isFalse();
		assertThat(this.failures.deadLetter(orders, 6)).isFalse();
		assertThat(failing.instruction).isNull();
	}

	@Test
	void valueThatCouldNotBeDeserializedIsShownByItsBytesIfItHasAny() {
		IllegalStateException cause = new IllegalStateException("broken");
		add("orders-0@7", NOW).failure = new DeserializationException("broken", new byte[] { 'a' }, false, cause);
		add("orders-0@8", NOW).failure = new DeserializationException("broken", new byte[0], false, cause);
		assertThat(this.failures.page(FailingRecordFilter.any(), 0, 2, true).failing())
			.extracting(ConsumerSnapshot.Failing::value)
			.containsExactly("a", null);
	}

	private FakeFailing add(String record, Instant since) {
		String[] parts = record.split("[-@]");
		FakeFailing failing = new FakeFailing(
				new ConsumerRecord<>(parts[0], Integer.parseInt(parts[1]), Long.parseLong(parts[2]), null, null),
				since);
		this.failures.add(failing);
		return failing;
	}

	/**
	 * A record that failed once, and does nothing with instructions.
	 */
	private static final class FakeFailing implements Failures.Failing {

		private final ConsumerRecord<?, ?> record;

		private final Instant since;

		private Throwable failure = new IllegalStateException("broken");

		private OperatorDecision.@Nullable Instruction instruction;

		FakeFailing(ConsumerRecord<?, ?> record, Instant since) {
			this.record = record;
			this.since = since;
		}

		@Override
		public ConsumerRecord<?, ?> record() {
			return this.record;
		}

		@Override
		public Instant since() {
			return this.since;
		}

		@Override
		public FailingRecord snapshot() {
			return new FailingRecord(new TopicPartition(this.record.topic(), this.record.partition()),
					this.record.offset(), FailingRecord.State.RETRYING, 1, this.since, this.failure);
		}

		@Override
		public @Nullable Instant nextAttemptAt(FailingRecord.State state) {
			return null;
		}

		@Override
		public @Nullable OperatorDecision decide(OperatorDecision decision) {
			this.instruction = decision.instruction();
			return decision;
		}

	}

}
