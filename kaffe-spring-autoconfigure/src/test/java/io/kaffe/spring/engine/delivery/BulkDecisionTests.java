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
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.BulkDecisionRequest;
import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.FailingRecordFilter;
import io.kaffe.spring.engine.delivery.FailurePolicy.Retryable;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.TestWorkerOwner;
import io.kaffe.spring.table.BulkDecisionSnapshot;
import io.kaffe.spring.table.BulkDecisionSnapshot.State;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link ConsumerFailingRecords} and its {@link BulkDecision}s about records,
 * each of which has a worker of its own.
 */
@ExtendWith(OutputCaptureExtension.class)
class BulkDecisionTests {

	private static final FailingRecordFilter PARKED = FailingRecordFilter.parked();

	private final ManualExecution execution = new ManualExecution();

	private final ConsumerWorkers workers = new DefaultWorkerManager(this.execution.runtime()).register("orders",
			Integer.MAX_VALUE, new TestWorkerOwner());

	private final Map<TopicPartition, RecordedAssignment> assignments = new HashMap<>();

	/** What the handler was given, such as {@code orders-0@7}. */
	private final List<String> attempts = new ArrayList<>();

	private final List<String> deadLettered = new ArrayList<>();

	private @Nullable RecordRecoverer deadLetters = (record, failure) -> {
		this.deadLettered.add(coordinates(record));
		return null;
	};

	private final Set<String> mended = new HashSet<>();

	private boolean allMended;

	private @Nullable RecordDelivery delivery;

	private @Nullable ConsumerFailingRecords records;

	@Test
	void recordsAreDecidedInTheirOrderAtTheRate() {
		List<String> expected = new ArrayList<>();
		for (String topic : List.of("orders", "refunds")) {
			for (int partition : new int[] { 2, 10 }) {
				for (int offset : new int[] { 8, 9, 10, 11, 12, 13 }) {
					expected.add(topic + "-" + partition + "@" + offset);
				}
			}
		}
		List<String> shuffled = new ArrayList<>(expected);
		Collections.shuffle(shuffled, new Random(1));
		shuffled.forEach(this::park);
		this.allMended = true;
		this.attempts.clear();
		BulkDecisionSnapshot begun = records().decideAll(BulkDecisionRequest.retry(PARKED));
		Instant since = this.execution.instant();
		assertThat(begun).isEqualTo(new BulkDecisionSnapshot("retry", "parked records", 100, State.RUNNING, since, null,
				new BulkDecisionSnapshot.Counts(24, 14, 10, 0, 0, 0, 0)));
		this.execution.runAll();
		assertThat(this.attempts).isEqualTo(expected.subList(0, 10));
		assertThat(latest().counts()).isEqualTo(new BulkDecisionSnapshot.Counts(24, 14, 0, 10, 0, 0, 0));
		advance(99);
		assertThat(this.attempts).hasSize(10);
		advance(1);
		assertThat(this.attempts).isEqualTo(expected.subList(0, 20));
		advance(100);
		assertThat(this.attempts).isEqualTo(expected);
		assertThat(latest()).isEqualTo(new BulkDecisionSnapshot("retry", "parked records", 100, State.DONE, since,
				since.plusMillis(200), new BulkDecisionSnapshot.Counts(24, 0, 0, 24, 0, 0, 0)));
		advance(Duration.ofMinutes(1).toMillis());
		assertThat(this.execution.timers()).as("nothing waits any more").isZero();
	}

	@Test
	void lowRateIsKeptToo() {
		IntStream.range(0, 4).forEach((offset) -> park("orders-0@" + offset));
		this.attempts.clear();
		records().decideAll(BulkDecisionRequest.skip(PARKED).withMaxPerSecond(2));
		this.execution.runAll();
		assertThat(completed("orders-0")).containsExactly(0L);
		advance(499);
		assertThat(completed("orders-0")).containsExactly(0L);
		advance(1);
		assertThat(completed("orders-0")).containsExactly(0L, 1L);
		advance(500);
		advance(500);
		assertThat(completed("orders-0")).containsExactly(0L, 1L, 2L, 3L);
		assertThat(this.attempts).as("skipped").isEmpty();
		assertThat(latest().state()).isEqualTo(State.DONE);
	}

	@Test
	void recordsAreSentToTheDeadLetterTopic() {
		park("orders-0@0");
		park("orders-0@1");
		records().decideAll(BulkDecisionRequest.deadLetter(PARKED));
		this.execution.runAll();
		assertThat(this.deadLettered).containsExactly("orders-0@0", "orders-0@1");
		assertThat(latest().counts().completed()).isEqualTo(2);
	}

	@Test
	void deadLetterIsInProgressUntilItIsAcknowledged() {
		CompletableFuture<Void> acknowledgment = new CompletableFuture<>();
		this.deadLetters = (record, failure) -> acknowledgment;
		park("orders-0@0");
		records().decideAll(BulkDecisionRequest.deadLetter(PARKED));
		this.execution.runAll();
		assertThat(latest().counts()).isEqualTo(new BulkDecisionSnapshot.Counts(1, 0, 1, 0, 0, 0, 0));
		acknowledgment.complete(null);
		this.execution.runAll();
		assertThat(latest().counts()).isEqualTo(new BulkDecisionSnapshot.Counts(1, 0, 0, 1, 0, 0, 0));
	}

	@Test
	void withoutATemplateNothingIsDeadLettered() {
		this.deadLetters = null;
		park("orders-0@0");
		assertThatIllegalStateException().isThrownBy(() -> records().decideAll(BulkDecisionRequest.deadLetter(PARKED)))
			.withMessageStartingWith("Consumer 'orders' has nothing to send dead letters with");
		assertThat(records().latestDecision()).isNull();
	}

	@Test
	void recordThatFailsAgainIsNotRetriedAgain() {
		IntStream.range(0, 12).forEach((offset) -> park("orders-0@" + offset));
		IntStream.range(3, 12).forEach((offset) -> this.mended.add("orders-0@" + offset));
		this.attempts.clear();
		records().decideAll(BulkDecisionRequest.retry(PARKED));
		this.execution.runAll();
		assertThat(latest().counts()).isEqualTo(new BulkDecisionSnapshot.Counts(12, 2, 0, 7, 3, 0, 0));
		advance(100);
		advance(Duration.ofMinutes(1).toMillis());
		assertThat(this.attempts).hasSize(12).doesNotHaveDuplicates();
		assertThat(latest().counts()).isEqualTo(new BulkDecisionSnapshot.Counts(12, 0, 0, 9, 3, 0, 0));
		assertThat(records().count(PARKED)).isEqualTo(3);
	}

	@Test
	void recordThatFailsLaterIsLeftAsItIs() {
		IntStream.range(0, 11).forEach((offset) -> park("orders-0@" + offset));
		records().decideAll(BulkDecisionRequest.skip(PARKED));
		park("orders-0@11");
		advance(100);
		assertThat(latest().state()).isEqualTo(State.DONE);
		assertThat(latest().counts().matched()).isEqualTo(11);
		assertThat(records().list(FailingRecordFilter.any(), 0, 9)).extracting(FailingRecord::offset)
			.containsExactly(11L);
	}

	@Test
	void recordsOfAPartitionThatIsRevokedMeanwhileAreCounted() {
		this.deadLetters = (record, failure) -> new CompletableFuture<>();
		IntStream.range(0, 6).forEach((offset) -> park("orders-0@" + offset));
		IntStream.range(0, 8).forEach((offset) -> park("orders-1@" + offset));
		records().decideAll(BulkDecisionRequest.retry(PARKED));
		assertThat(latest().counts().inProgress()).isEqualTo(10);
		// Six of them before their workers follow, and four before it is their turn.
		assignment("orders-1").revoked = true;
		this.workers.wakeAll();
		this.execution.runAll();
		assertThat(latest().counts()).isEqualTo(new BulkDecisionSnapshot.Counts(14, 4, 0, 0, 6, 4, 0));
		advance(100);
		assertThat(latest().state()).isEqualTo(State.DONE);
		assertThat(latest().counts()).isEqualTo(new BulkDecisionSnapshot.Counts(14, 0, 0, 0, 6, 8, 0));
		assertThat(this.attempts.subList(14, 20)).as("retried").allMatch((record) -> record.startsWith("orders-0"));
		assertThat(this.attempts).hasSize(20);
	}

	@Test
	void whatOthersDecideAboutIsLeftToThem() {
		IntStream.range(0, 14).forEach((offset) -> park("orders-0@" + offset));
		TopicPartition partition = new TopicPartition("orders", 0);
		Failures failures = Objects.requireNonNull(this.delivery).failures();
		failures.retry(partition, 3);
		records().decideAll(BulkDecisionRequest.skip(PARKED));
		failures.skip(partition, 12);
		this.execution.runAll();
		failures.retry(partition, 13);
		advance(100);
		// One had another decision pending, and one was skipped before its turn.
		assertThat(latest().counts()).isEqualTo(new BulkDecisionSnapshot.Counts(14, 0, 0, 11, 0, 0, 3));
		assertThat(records().count(PARKED)).as("retried, and parked again").isEqualTo(2);
	}

	@Test
	void decisionThatIsDecidedAboutOnceMoreIsSuperseded() {
		CompletableFuture<Void> acknowledgment = new CompletableFuture<>();
		this.deadLetters = (record, failure) -> acknowledgment;
		park("orders-0@0");
		records().decideAll(BulkDecisionRequest.deadLetter(PARKED));
		this.execution.runAll();
		Objects.requireNonNull(this.delivery).failures().skip(new TopicPartition("orders", 0), 0);
		acknowledgment.completeExceptionally(new IllegalStateException("refused"));
		this.execution.runAll();
		assertThat(latest().counts()).isEqualTo(new BulkDecisionSnapshot.Counts(1, 0, 0, 0, 0, 0, 1));
		assertThat(completed("orders-0")).containsExactly(0L);
	}

	@Test
	void canceledDecisionGoesNoFurther() {
		IntStream.range(0, 30).forEach((offset) -> park("orders-0@" + offset));
		records().decideAll(BulkDecisionRequest.skip(PARKED));
		advance(100);
		BulkDecisionSnapshot canceled = records().cancelDecision();
		Instant until = this.execution.instant();
		advance(100);
		assertThat(latest()).isEqualTo(canceled);
		assertThat(latest().state()).isEqualTo(State.CANCELED);
		assertThat(latest().until()).isEqualTo(until);
		assertThat(latest().counts()).isEqualTo(new BulkDecisionSnapshot.Counts(30, 10, 0, 20, 0, 0, 0));
		assertThat(records().cancelDecision()).as("none is running").isNull();
		assertThat(records().count(PARKED)).isEqualTo(10);
		records().decideAll(BulkDecisionRequest.skip(PARKED));
		this.execution.runAll();
		assertThat(records().count(PARKED)).isZero();
	}

	@Test
	void secondDecisionIsRefusedWhileOneIsRunning() {
		IntStream.range(0, 30).forEach((offset) -> park("orders-0@" + offset));
		records().decideAll(BulkDecisionRequest.skip(PARKED.withTopic("orders").withKey("secret")).withMaxPerSecond(1));
		records().decideAll(BulkDecisionRequest.skip(PARKED.withTopic("orders").withKey("key")).withMaxPerSecond(20));
		assertThatIllegalStateException().isThrownBy(() -> records().decideAll(BulkDecisionRequest.retry(PARKED)))
			.withMessage(
					"Another decision of consumer 'orders' is running: 'skip' for 30 parked records of topic orders "
							+ "with key '…', of which 28 are left; wait until it is done, or cancel it");
		this.execution.runAll();
		assertThat(completed("orders-0")).hasSize(2);
	}

	@Test
	void nothingIsDoneIfMoreMatchThanExpected() {
		IntStream.range(0, 3).forEach((offset) -> park("orders-0@" + offset));
		assertThatIllegalStateException()
			.isThrownBy(() -> records().decideAll(BulkDecisionRequest.skip(PARKED).withAtMost(2)))
			.withMessage("3 parked records match, not at most 2: nothing is done; look again what matches");
		this.execution.runAll();
		assertThat(records().count(PARKED)).isEqualTo(3);
		assertThat(records().latestDecision()).isNull();
		records().decideAll(BulkDecisionRequest.skip(PARKED).withAtMost(3));
		this.execution.runAll();
		assertThat(records().count(PARKED)).isZero();
	}

	@Test
	void decisionEndsWithTheScheduler() {
		IntStream.range(0, 12).forEach((offset) -> park("orders-0@" + offset));
		this.execution.failToSchedule((schedule) -> schedule == 0);
		assertThatExceptionOfType(OutOfMemoryError.class)
			.isThrownBy(() -> records().decideAll(BulkDecisionRequest.skip(PARKED)));
		assertThat(latest().state()).isEqualTo(State.CANCELED);
		assertThat(latest().counts().left()).isEqualTo(2);
	}

	@Test
	void tenThousandRecordsAreWalkedThroughOnce() {
		Failures failures = delivery().failures();
		List<CountingRecord> counting = new ArrayList<>();
		for (int offset = 0; offset < 10_000; offset++) {
			CountingRecord record = new CountingRecord(offset);
			counting.add(record);
			failures.add(record);
		}
		this.records = new ConsumerFailingRecords("orders", delivery(), this.execution.runtime());
		records().decideAll(BulkDecisionRequest.retry(PARKED).withMaxPerSecond(BulkDecisionRequest.HIGHEST_RATE));
		for (int slice = 0; slice < 10; slice++) {
			advance(100);
		}
		assertThat(latest().state()).isEqualTo(State.DONE);
		assertThat(counting).allMatch((record) -> record.decisions == 1)
			.allMatch((record) -> record.snapshots <= 2)
			.as("compared with some others to be sorted, not with all")
			.allMatch((record) -> record.asked < 1000);
	}

	@Test
	void oneLineSaysThatItBeginsAndOneHowItEnds(CapturedOutput output) {
		IntStream.range(0, 12).forEach((offset) -> park("orders-0@" + offset));
		records().decideAll(BulkDecisionRequest.skip(PARKED.withKey("key")));
		advance(100);
		assertThat(output.getOut().lines().filter((line) -> line.contains("'skip'"))).hasSize(2)
			.anyMatch((line) -> line.endsWith(
					"Consumer 'orders': 'skip' begins for 12 parked records with key '…', at most 100 per second"))
			.anyMatch(
					(line) -> line.contains("Consumer 'orders': 'skip' for 12 parked records with key '…' is done: "));
	}

	private BulkDecisionSnapshot latest() {
		return Objects.requireNonNull(records().latestDecision());
	}

	private ConsumerFailingRecords records() {
		return Objects.requireNonNull(this.records);
	}

	private List<Long> completed(String partition) {
		return assignment(partition).completed;
	}

	private RecordedAssignment assignment(String partition) {
		String[] parts = partition.split("-");
		return this.assignments.computeIfAbsent(new TopicPartition(parts[0], Integer.parseInt(parts[1])),
				(key) -> new RecordedAssignment(key.topic()));
	}

	private void park(String coordinates) {
		String[] parts = coordinates.split("[-@]");
		TopicPartition partition = new TopicPartition(parts[0], Integer.parseInt(parts[1]));
		RecordedAssignment assignment = assignment(partition.toString());
		this.workers.allocate("worker_" + coordinates, new AssignedPartition(partition, 1))
			.submit(RecordWork.of(
					new ConsumerRecord<>(parts[0], partition.partition(), Long.parseLong(parts[2]), "key", "value"),
					assignment, delivery()));
		this.execution.runAll();
	}

	private RecordDelivery delivery() {
		RecordDelivery delivery = this.delivery;
		if (delivery == null) {
			FailurePolicy policy = new FailurePolicy(1, new FixedBackOff(), null, Retryable.allBut(Set.of()),
					FailureAction.PARK, Map.of(), this.deadLetters, null, 100, List.of(), true, OutageSettings.DISABLED,
					Duration.ZERO);
			delivery = new RecordDelivery((MessageListener<Object, Object>) this::handle, ListenerType.SIMPLE, null,
					Acknowledging.NONE, false,
					new DeliverySettings("group", true, policy, null, new LogContext("orders", true), this.execution));
			this.delivery = delivery;
			this.records = new ConsumerFailingRecords("orders", delivery, this.execution.runtime());
		}
		return delivery;
	}

	private void handle(ConsumerRecord<Object, Object> record) {
		this.attempts.add(coordinates(record));
		if (!this.allMended && !this.mended.contains(coordinates(record))) {
			throw new IllegalStateException("On purpose");
		}
	}

	private void advance(long millis) {
		this.execution.advance(Duration.ofMillis(millis));
		this.execution.runAll();
	}

	private static String coordinates(ConsumerRecord<?, ?> record) {
		return record.topic() + "-" + record.partition() + "@" + record.offset();
	}

	/**
	 * A parked record that counts what it is asked for.
	 */
	private static final class CountingRecord implements Failures.Failing {

		private final ConsumerRecord<?, ?> record;

		private int asked;

		private int snapshots;

		private int decisions;

		CountingRecord(long offset) {
			this.record = new ConsumerRecord<>("orders", 0, offset, null, null);
		}

		@Override
		public ConsumerRecord<?, ?> record() {
			this.asked++;
			return this.record;
		}

		@Override
		public Instant since() {
			return Instant.EPOCH;
		}

		@Override
		public FailingRecord snapshot() {
			this.snapshots++;
			return new FailingRecord(new TopicPartition("orders", 0), this.record.offset(), FailingRecord.State.PARKED,
					1, Instant.EPOCH, new IllegalStateException());
		}

		@Override
		public @Nullable Instant nextAttemptAt(FailingRecord.State state) {
			return null;
		}

		@Override
		public OperatorDecision decide(OperatorDecision decision) {
			this.decisions++;
			return decision;
		}

	}

}
