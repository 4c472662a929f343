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

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.support.serializer.DeserializationException;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.FailingRecordFilter;
import io.kaffe.spring.engine.worker.DisplayText;
import io.kaffe.spring.support.HostileException;
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

	@Test
	void recordsMatchByTopicPartitionAndState() {
		add("orders-0@7", NOW);
		add("orders-1@7", NOW).state = FailingRecord.State.PARKED;
		add("orders-1@8", NOW);
		add("refunds-1@7", NOW).state = FailingRecord.State.PARKED;
		FailingRecordFilter any = FailingRecordFilter.any();
		assertThat(matching(any)).hasSize(4);
		assertThat(matching(any.withTopic("orders"))).containsExactly("orders-0@7", "orders-1@7", "orders-1@8");
		assertThat(matching(any.withPartition(new TopicPartition("orders", 1)))).containsExactly("orders-1@7",
				"orders-1@8");
		assertThat(matching(FailingRecordFilter.parked())).containsExactly("orders-1@7", "refunds-1@7");
		assertThat(matching(FailingRecordFilter.parked().withTopic("orders"))).containsExactly("orders-1@7");
		assertThat(matching(any.withStates(Set.of(FailingRecord.State.RETRYING, FailingRecord.State.STOPPING))))
			.containsExactly("orders-0@7", "orders-1@8");
	}

	@Test
	void recordsMatchByTheNameOfTheExceptionOrOfACause() {
		add("orders-0@1", NOW).failure = new IllegalStateException(new IllegalArgumentException(new IOException()));
		add("orders-0@2", NOW).failure = new NestedException();
		add("orders-0@3", NOW).failure = new UncheckedIOException(new FileNotFoundException());
		add("orders-0@4", NOW).failure = new HostileException();
		FailingRecordFilter any = FailingRecordFilter.any();
		for (String name : List.of("java.lang.IllegalStateException", "IllegalStateException",
				"IllegalArgumentException", "java.io.IOException", "IOException")) {
			assertThat(matching(any.withException(name))).as(name).containsExactly("orders-0@1");
		}
		for (String name : List.of(NestedException.class.getName(), "FailuresTests$NestedException")) {
			assertThat(matching(any.withException(name))).as(name).containsExactly("orders-0@2");
		}
		for (String name : List.of("RuntimeException", "NestedException", "lang.IllegalStateException", "Exception", "",
				"illegalstateexception", ".IllegalStateException")) {
			assertThat(matching(any.withException(name))).as(name).isEmpty();
		}
		assertThat(matching(any.withException("HostileException"))).containsExactly("orders-0@4");
	}

	@Test
	void recordsMatchByTheTimeOfTheirFirstFailure() {
		add("orders-0@1", NOW);
		add("orders-0@2", NOW.plusSeconds(1));
		add("orders-0@3", NOW.plusSeconds(2));
		FailingRecordFilter any = FailingRecordFilter.any();
		assertThat(matching(any.withSince(NOW.plusSeconds(1)))).containsExactly("orders-0@2", "orders-0@3");
		assertThat(matching(any.withBefore(NOW.plusSeconds(1)))).containsExactly("orders-0@1");
		assertThat(matching(any.withSince(NOW.plusSeconds(1)).withBefore(NOW.plusSeconds(2))))
			.containsExactly("orders-0@2");
	}

	@Test
	void recordsMatchByTheTextOfTheirKey() {
		this.failures.add(new FakeFailing(new ConsumerRecord<>("orders", 0, 1, "customer", null), NOW));
		this.failures.add(new FakeFailing(new ConsumerRecord<>("orders", 0, 2, "customer".getBytes(), null), NOW));
		this.failures.add(new FakeFailing(new ConsumerRecord<>("orders", 0, 3, 7, null), NOW));
		FakeFailing unreadable = new FakeFailing(new ConsumerRecord<>("orders", 0, 4, null, null), NOW);
		unreadable.failure = new DeserializationException("broken", new byte[] { 0, 'a' }, true, new IOException());
		this.failures.add(unreadable);
		add("orders-0@5", NOW);
		FailingRecordFilter any = FailingRecordFilter.any();
		assertThat(matching(any.withKey("customer"))).containsExactly("orders-0@1", "orders-0@2");
		assertThat(matching(any.withKey("7"))).containsExactly("orders-0@3");
		assertThat(matching(any.withKey("\\x00a"))).containsExactly("orders-0@4");
		assertThat(matching(any.withKey("null"))).isEmpty();
	}

	@Test
	void partIsDescribedWithTheNumberOfAll() {
		for (int offset = 0; offset < 10; offset++) {
			add("orders-0@" + offset, NOW.minusSeconds(offset));
			add("orders-1@" + offset, NOW.minusSeconds(offset));
		}
		ConsumerSnapshot.FailingPage page = this.failures
			.page(FailingRecordFilter.any().withPartition(new TopicPartition("orders", 0)), 2, 3, false);
		assertThat(page.failingCount()).isEqualTo(10);
		assertThat(page.failing()).extracting((failing) -> failing.partition() + "@" + failing.offset())
			.containsExactly("orders-0@7", "orders-0@6", "orders-0@5");
		assertThat(this.failures.page(FailingRecordFilter.any(), 20, 3, false))
			.isEqualTo(new ConsumerSnapshot.FailingPage(20, List.of()));
	}

	@Test
	void parkedRecordsAreCountedByTheirRootCauses() {
		add("orders-0@0", NOW).failure = new UnsupportedOperationException();
		for (int offset = 1; offset < 4; offset++) {
			FakeFailing failing = add("orders-0@" + offset, NOW);
			failing.state = FailingRecord.State.PARKED;
			failing.failure = new IllegalStateException(new IOException());
		}
		FakeFailing single = add("orders-0@4", NOW);
		single.state = FailingRecord.State.PARKED;
		single.failure = new IllegalStateException();
		assertThat(this.failures.parkedBy(9)).containsExactly(
				new ConsumerSnapshot.ParkedBy("java.lang.IllegalStateException", 4),
				new ConsumerSnapshot.ParkedBy("java.io.IOException", 3));
		assertThat(this.failures.parkedBy(1))
			.containsExactly(new ConsumerSnapshot.ParkedBy("java.lang.IllegalStateException", 4));
		assertThat(
				this.failures.matching(FailingRecordFilter.parked().withException("java.lang.IllegalStateException")))
			.as("as many as are counted")
			.hasSize(4);
	}

	private List<String> matching(FailingRecordFilter filter) {
		return this.failures.matching(filter)
			.stream()
			.map((failing) -> DisplayText.coordinatesOf(failing.record()))
			.toList();
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
	 * An exception whose class is in another one.
	 */
	private static final class NestedException extends RuntimeException {

	}

	/**
	 * A record that failed once, and does nothing with instructions.
	 */
	private static final class FakeFailing implements Failures.Failing {

		private final ConsumerRecord<?, ?> record;

		private final Instant since;

		private FailingRecord.State state = FailingRecord.State.RETRYING;

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
					this.record.offset(), this.state, 1, this.since, this.failure);
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
