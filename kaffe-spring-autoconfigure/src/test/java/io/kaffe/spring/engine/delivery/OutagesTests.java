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

import java.io.Serial;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.ExponentialBackOff;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.engine.delivery.FailurePolicy.Retryable;
import io.kaffe.spring.engine.worker.ConsumerObserver;
import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.TestWorkerOwner;
import io.kaffe.spring.table.ConsumerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Outages} and {@link Outage}.
 */
class OutagesTests {

	private static final OutageSettings SETTINGS = new OutageSettings(true, 0.5, 20, Duration.ofSeconds(10),
			Duration.ofSeconds(10));

	private final ManualExecution execution = new ManualExecution();

	private final List<ConsumerSnapshot.Outage> began = new ArrayList<>();

	private final List<ConsumerSnapshot.Outage> ended = new ArrayList<>();

	private final ConsumerWorkers workers = new DefaultWorkerManager(this.execution.runtime(),
			List.of(new OutageObserver()))
		.register("orders", 1000, new TestWorkerOwner());

	private final RecordedAssignment assignment = new RecordedAssignment();

	/** The offsets with which the handler was called. */
	private final List<Long> attempts = new ArrayList<>();

	private final List<Long> deadLetters = new ArrayList<>();

	/** What handlers that answer later have not answered. */
	private final List<CompletableFuture<@Nullable Void>> answers = new ArrayList<>();

	/** Which records fail. */
	private Predicate<ConsumerRecord<?, ?>> failing = (record) -> true;

	private OutageSettings settings = SETTINGS;

	private int maxAttempts = 10;

	private BackOff backOff = backOff();

	private FailureAction then = FailureAction.PARK;

	private @Nullable RecordDelivery delivery;

	private long nextOffset;

	@Test
	void workersThatFailTogetherAreAnOutageThatParksNothing() {
		submit(30, 3);
		runFor(Duration.ofMinutes(10));
		assertThat(this.began).singleElement()
			.satisfies((outage) -> assertThat(outage.message()).isEqualTo(
					"outage since " + outage.since() + ": 100 % of attempts fail with ConnectException; probing"));
		assertThat(failures().all()).hasSize(30).allMatch((record) -> record.state() == FailingRecord.State.RETRYING);
		assertThat(this.assignment.parked()).isZero();
		assertThat(this.ended).isEmpty();
		this.failing = (record) -> false;
		runFor(Duration.ofSeconds(11));
		assertThat(this.assignment.completed).hasSize(90);
		assertThat(failures().all()).isEmpty();
		assertThat(outages().snapshot()).isNull();
		assertThat(this.ended).hasSize(1);
	}

	@Test
	void noAttemptIsMadeInAnOutageButProbesLessAndLessOften() {
		submit(30, 3);
		untilOutage();
		int before = this.attempts.size();
		List<Integer> probes = new ArrayList<>();
		for (int second = 0; second < 60; second++) {
			runFor(Duration.ofSeconds(1));
			probes.add(this.attempts.size() - before);
		}
		// After 1, 3, 7, 15, 25, 35, 45 and 55 seconds.
		assertThat(probes.subList(0, 16)).containsExactly(1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4);
		assertThat(probes.get(59)).isEqualTo(8);
		ConsumerSnapshot.Outage outage = Objects.requireNonNull(outages().snapshot());
		assertThat(outage.probes()).isEqualTo(8);
		assertThat(outage.waiting()).isEqualTo(30);
		assertThat(outage.exception()).isEqualTo(ConnectException.class.getName());
		assertThat(Objects.requireNonNull(outage.nextProbeAt())).isAfter(this.execution.instant());
	}

	@Test
	void recordThatHasNotFailedYetProbesFirst() {
		submit(30, 1);
		untilOutage();
		RecordedAssignment fresh = submitToPartition(1, 1);
		this.failing = (record) -> record.partition() == 0;
		runFor(Duration.ofSeconds(1));
		assertThat(fresh.completed).containsExactly(0L);
		assertThat(this.assignment.completed).isEmpty();
	}

	@Test
	void orderPerKeyHoldsThroughAnOutage() {
		submit(10, 5);
		runFor(Duration.ofMinutes(1));
		submit(10, 5);
		runFor(Duration.ofMinutes(1));
		this.failing = (record) -> false;
		runFor(Duration.ofSeconds(11));
		assertThat(this.assignment.completed).hasSize(100);
		for (int key = 0; key < 10; key++) {
			int number = key;
			assertThat(this.assignment.completed.stream().filter((offset) -> offset % 10 == number)).isSorted();
		}
	}

	@Test
	void partitionWorkersThatFailTogetherAreAnOutage() {
		List<RecordedAssignment> assignments = new ArrayList<>();
		for (int partition = 0; partition < 4; partition++) {
			assignments.add(submitToPartition(partition, 100));
		}
		runFor(Duration.ofMinutes(10));
		assertThat(this.began).hasSize(1);
		assertThat(assignments).allMatch((assignment) -> assignment.parked() == 0);
		this.failing = (record) -> false;
		runFor(Duration.ofSeconds(11));
		assertThat(assignments).allSatisfy(
				(assignment) -> assertThat(assignment.completed).isEqualTo(LongStream.range(0, 100).boxed().toList()));
	}

	@Test
	void handlersThatReturnAfterItBeganDoNotHideAnOutage() {
		IntConsumer submit = (partition) -> submitToPartition(partition, 1);
		this.failing = (record) -> {
			beginInHandlerOf(record.partition(), submit);
			return record.partition() < 3;
		};
		assertOutageOfThree(submit);
	}

	@Test
	void batchesThatAreHandledAfterItBeganDoNotHideAnOutage() {
		AtomicReference<IntConsumer> submit = new AtomicReference<>();
		BatchDelivery delivery = batches((records) -> {
			int number = records.get(0).topic().charAt("orders".length()) - '0';
			beginInHandlerOf(number, submit.get());
			if (number < 3) {
				throw new IllegalStateException("Query failed");
			}
		});
		submit.set((number) -> {
			RecordedAssignment assignment = new RecordedAssignment("orders" + number);
			this.workers.internal("worker_" + number)
				.submit(new BatchWork(assignment.records(0, 1), assignment, delivery, false));
			this.execution.runAll();
		});
		assertOutageOfThree(submit.get());
	}

	/**
	 * Let the first of three records fail while two others are with their handlers, one
	 * within the other, since there is one thread.
	 */
	private void beginInHandlerOf(int number, IntConsumer submit) {
		if (number == 3) {
			submit.accept(4);
		}
		else if (number == 4) {
			this.execution.advance(Duration.ofMillis(10));
			submit.accept(0);
			this.execution.advance(Duration.ofMillis(10));
		}
	}

	private void assertOutageOfThree(IntConsumer submit) {
		submit.accept(3);
		submit.accept(1);
		submit.accept(2);
		runFor(Duration.ofSeconds(8));
		assertThat(this.began).hasSize(1);
	}

	@Test
	void recordsThatWereInProgressWhenItBeganDoNotHideAnOutage() {
		submitAsync(2);
		runFor(Duration.ofMillis(10));
		List<CompletableFuture<@Nullable Void>> inProgress = takeAnswers();
		this.failing = (record) -> true;
		submitToPartition(0, 5);
		inProgress.forEach((answer) -> answer.complete(null));
		submitToPartition(1, 5);
		submitToPartition(2, 5);
		runFor(Duration.ofSeconds(8));
		assertThat(this.began).hasSize(1);
	}

	@Test
	void thirdOfAllKeysThatFailForEverIsNoOutage() {
		this.failing = (record) -> number(record) % 3 == 0;
		for (int second = 0; second < 120; second++) {
			submit(30, 1);
			runFor(Duration.ofSeconds(1));
		}
		assertThat(this.began).isEmpty();
		assertThat(this.assignment.parked()).isEqualTo(10);
		assertThat(this.assignment.completed).hasSize(20 * 120);
	}

	@Test
	void halfOfAllRecordsThatFailForEverAreNoOutage() {
		this.failing = (record) -> record.offset() % 2 == 0;
		submit(2000, 1);
		runFor(Duration.ofMinutes(2));
		assertThat(this.began).isEmpty();
		assertThat(this.assignment.completed).hasSize(1000);
		assertThat(this.assignment.parked()).isEqualTo(1000);
	}

	@Test
	void keysThatFailForEverAreNoOutageWhenNothingElseIsPolledAnyMore() {
		this.failing = (record) -> number(record) % 3 == 0;
		submit(300, 2);
		runFor(Duration.ofMinutes(2));
		assertThat(this.began).isEmpty();
		assertThat(this.assignment.parked()).isEqualTo(100);
	}

	@Test
	void singlePartitionWithARecordThatFailsIsNoOutage() {
		this.backOff = new FixedBackOff(10, Long.MAX_VALUE);
		this.maxAttempts = 100;
		RecordedAssignment poisoned = submitToPartition(0, 5);
		runFor(Duration.ofMinutes(1));
		assertThat(this.began).isEmpty();
		assertThat(poisoned.parked()).isEqualTo(1);
	}

	@Test
	void recordsThatAreNotRetriedAreNoOutageAndNotHeldByOne() {
		this.then = FailureAction.DEAD_LETTER;
		this.failing = (record) -> false;
		submit(30, 1);
		this.failing = (record) -> {
			throw new NotRetriedException();
		};
		submit(100, 1);
		runFor(Duration.ofSeconds(1));
		assertThat(this.began).isEmpty();
		assertThat(this.deadLetters).hasSize(100);
	}

	@Test
	void recordThatFailsForItselfIsParkedAfterTheOutage() {
		submit(30, 2);
		runFor(Duration.ofMinutes(5));
		this.failing = (record) -> record.offset() == 7;
		runFor(Duration.ofMinutes(3));
		assertThat(this.ended).hasSize(1);
		assertThat(this.began).hasSize(1);
		assertThat(failures().all()).singleElement().satisfies((record) -> {
			assertThat(record.offset()).isEqualTo(7);
			assertThat(record.state()).isEqualTo(FailingRecord.State.PARKED);
		});
		assertThat(this.assignment.completed).hasSize(58);
	}

	@Test
	void recordsWithFewAttemptsAreNotGivenUpBeforeAnOutageIsDetected() {
		this.maxAttempts = 2;
		this.then = FailureAction.DEAD_LETTER;
		submit(4, 1);
		runFor(Duration.ofMinutes(10));
		assertThat(this.began).hasSize(1);
		assertThat(this.deadLetters).isEmpty();
		this.failing = (record) -> false;
		runFor(Duration.ofSeconds(11));
		assertThat(this.assignment.completed).hasSize(4);
	}

	@Test
	void outageThatIsNotOverAfterALuckyProbeGoesOn() {
		submit(100, 1);
		untilOutage();
		Set<Long> lucky = new HashSet<>();
		this.failing = (record) -> !lucky.isEmpty() || !lucky.add(record.offset());
		runFor(Duration.ofMinutes(2));
		assertThat(this.assignment.completed).containsExactlyElementsOf(lucky);
		assertThat(this.began).hasSize(1);
		assertThat(this.ended).isEmpty();
		assertThat(this.assignment.parked()).isZero();
		this.failing = (record) -> false;
		runFor(Duration.ofSeconds(11));
		assertThat(this.assignment.completed).hasSize(100);
	}

	@Test
	void probesAreFrequentAgainAfterALuckyOne() {
		submit(100, 1);
		untilOutage();
		runFor(Duration.ofMinutes(1));
		this.failing = (record) -> !this.assignment.completed.isEmpty();
		for (int step = 0; step < 1100 && this.assignment.completed.isEmpty(); step++) {
			runFor(Duration.ofMillis(10));
		}
		assertThat(this.assignment.completed).hasSize(1);
		int before = this.attempts.size();
		runFor(Duration.ofSeconds(4));
		assertThat(this.attempts.size() - before).as("probes after 1 s and 2 s").isEqualTo(2);
	}

	@Test
	void attemptsResumeOneThenTwoThenFourAtATime() {
		submitAsync(100);
		untilOutage();
		runFor(Duration.ofSeconds(1));
		List<Integer> atATime = new ArrayList<>();
		while (!this.answers.isEmpty()) {
			atATime.add(this.answers.size());
			takeAnswers().forEach((answer) -> answer.complete(null));
			this.execution.runAll();
		}
		assertThat(atATime.subList(0, 4)).containsExactly(1, 2, 4, 8);
		assertThat(this.assignment.completed).hasSize(100);
		assertThat(this.ended).hasSize(1);
	}

	@Test
	void probeThatDoesNotAnswerIsJoinedByAnotherAfterAMinute() {
		submitAsync(30);
		untilOutage();
		runFor(Duration.ofSeconds(30));
		assertThat(this.answers).hasSize(1);
		runFor(Duration.ofMinutes(1));
		assertThat(this.answers).hasSize(2);
		this.answers.get(1).complete(null);
		assertThat(Objects.requireNonNull(outages().snapshot()).state()).isEqualTo("resuming");
	}

	@Test
	void operatorBeginsAndEndsAnOutage() {
		this.failing = (record) -> false;
		submit(1, 1);
		assertThat(outages().begin(this.workers)).isTrue();
		assertThat(outages().begin(this.workers)).isFalse();
		submit(10, 2);
		runFor(Duration.ofHours(1));
		assertThat(this.assignment.completed).hasSize(1);
		assertThat(this.began).singleElement()
			.satisfies((outage) -> assertThat(outage.message())
				.isEqualTo("outage since " + outage.since() + ": requested by an operator; holding"));
		assertThat(outages().end()).isTrue();
		this.execution.runAll();
		assertThat(this.assignment.completed).hasSize(21);
		assertThat(outages().end()).isFalse();
		assertThat(this.ended).hasSize(1);
	}

	@Test
	void outageThatAnOperatorEndsTooEarlyIsDetectedAgain() {
		submit(30, 1);
		untilOutage();
		outages().end();
		runFor(Duration.ofMinutes(1));
		assertThat(Objects.requireNonNull(outages().snapshot()).state()).isEqualTo("probing");
		assertThat(this.assignment.parked()).isZero();
	}

	@Test
	void operatorsDecideAboutRecordsInAnOutage() {
		submit(30, 1);
		untilOutage();
		long failing = failures().all().get(3).offset();
		failures().skip(failures().all().get(3).partition(), failing);
		this.execution.runAll();
		assertThat(this.assignment.completed).containsExactly(failing);
		int before = this.attempts.size();
		failures().retry(failures().all().get(0).partition(), failures().all().get(0).offset());
		this.execution.runAll();
		assertThat(this.attempts).as("a record is retried when the outage is over").hasSize(before);
	}

	@Test
	void whatIsRevokedIsDroppedAndDoesNotKeepOthersFromProbing() {
		submit(30, 2);
		untilOutage();
		RecordedAssignment other = submitToPartition(1, 3);
		this.assignment.revoked = true;
		this.workers.wakeAll();
		this.execution.runAll();
		assertThat(this.assignment.dropped).hasSize(60);
		assertThat(failures().all()).isEmpty();
		this.failing = (record) -> false;
		runFor(Duration.ofSeconds(11));
		assertThat(other.completed).hasSize(3);
		assertThat(outages().snapshot()).isNull();
	}

	@Test
	void outageIsOverWhenNothingIsLeftToProbeWith() {
		submit(30, 2);
		untilOutage();
		this.assignment.revoked = true;
		this.workers.wakeAll();
		this.execution.runAll();
		runFor(Duration.ofSeconds(2));
		assertThat(outages().snapshot()).isNull();
		assertThat(this.ended).hasSize(1);
		submitToPartition(1, 1);
		submitToPartition(2, 1);
		submitToPartition(3, 1);
		runFor(Duration.ofSeconds(10));
		assertThat(outages().snapshot()).as("the next one is detected, too").isNotNull();
	}

	@Test
	void nothingIsDetectedWhereThatIsDisabled() {
		this.settings = OutageSettings.DISABLED;
		submit(30, 1);
		runFor(Duration.ofMinutes(2));
		assertThat(this.began).isEmpty();
		assertThat(this.assignment.parked()).isEqualTo(30);
	}

	@Test
	void batchesAreHeldInAnOutage() {
		List<RecordedAssignment> assignments = new ArrayList<>();
		List<List<Long>> batches = new ArrayList<>();
		BatchDelivery delivery = batches((records) -> {
			batches.add(records.stream().map(ConsumerRecord::offset).toList());
			throwIfFailing(records.get(0));
		});
		for (int partition = 0; partition < 4; partition++) {
			RecordedAssignment assignment = new RecordedAssignment("orders" + partition);
			assignments.add(assignment);
			this.workers.internal("worker_" + partition)
				.submit(new BatchWork(assignment.records(0, 1, 2), assignment, delivery, false));
		}
		runFor(Duration.ofMinutes(10));
		assertThat(this.began).hasSize(1);
		assertThat(assignments).allMatch((assignment) -> assignment.parked() == 0);
		int before = batches.size();
		runFor(Duration.ofMinutes(1));
		assertThat(batches).hasSize(before + 6);
		this.failing = (record) -> false;
		runFor(Duration.ofSeconds(11));
		assertThat(assignments)
			.allSatisfy((assignment) -> assertThat(assignment.completed).containsExactly(0L, 1L, 2L));
	}

	/**
	 * Submit records of some keys, one after the other.
	 */
	private void submit(int keys, int ofEach) {
		KeyAllocationWork.Allocator allocator = new KeyAllocationWork.Allocator(
				StandardWorkerAllocationStrategy.WORKER_PER_KEY, this.workers, WorkFactory.of(delivery()));
		for (int round = 0; round < ofEach; round++) {
			List<ConsumerRecord<Object, Object>> records = IntStream.range(0, keys)
				.mapToObj((key) -> new ConsumerRecord<Object, Object>("orders", 0, this.nextOffset++, "key-" + key,
						"value"))
				.toList();
			this.workers.internal("allocation").submit(new KeyAllocationWork(records, this.assignment, 0, allocator));
		}
		this.execution.runAll();
	}

	private RecordedAssignment submitToPartition(int partition, int records) {
		RecordedAssignment assignment = new RecordedAssignment();
		this.workers.internal("worker_" + partition)
			.submit(RecordWork.of(IntStream.range(0, records)
				.mapToObj((offset) -> new ConsumerRecord<>("orders", partition, offset, "key", "value"))
				.toList(), assignment, delivery()));
		this.execution.runAll();
		return assignment;
	}

	/**
	 * Submit records of as many keys to a handler that answers later.
	 */
	private void submitAsync(int keys) {
		for (int key = 0; key < keys; key++) {
			ConsumerRecord<Object, Object> record = new ConsumerRecord<>("orders", 0, this.nextOffset++, "key-" + key,
					"value");
			this.workers.submit(record.key(), record, 0, new AnsweredLater(record));
		}
		this.execution.runAll();
	}

	private List<CompletableFuture<@Nullable Void>> takeAnswers() {
		List<CompletableFuture<@Nullable Void>> answers = List.copyOf(this.answers);
		this.answers.clear();
		return answers;
	}

	private void untilOutage() {
		for (int step = 0; step < 10_000 && outages().snapshot() == null; step++) {
			takeAnswers().forEach((answer) -> answer.completeExceptionally(new ConnectException("Away")));
			runFor(Duration.ofMillis(10));
		}
		assertThat(outages().snapshot()).isNotNull();
		takeAnswers().forEach((answer) -> answer.completeExceptionally(new ConnectException("Away")));
		this.execution.runAll();
	}

	private void runFor(Duration duration) {
		for (long millis = 0; millis < duration.toMillis(); millis += 10) {
			this.execution.advance(Duration.ofMillis(10));
			this.execution.runAll();
		}
	}

	private RecordDelivery delivery() {
		RecordDelivery delivery = this.delivery;
		if (delivery == null) {
			delivery = new RecordDelivery((MessageListener<Object, Object>) (record) -> {
				this.attempts.add(record.offset());
				throwIfFailing(record);
			}, ListenerType.SIMPLE, null, Acknowledging.NONE, false, settings());
			this.delivery = delivery;
		}
		return delivery;
	}

	private BatchDelivery batches(BatchMessageListener<Object, Object> listener) {
		return new BatchDelivery(listener, ListenerType.SIMPLE, false, null, BatchDelivery.Acknowledgments.NONE,
				new BatchDelivery.Limits(500, Duration.ZERO), false, settings());
	}

	private DeliverySettings settings() {
		FailurePolicy policy = new FailurePolicy(this.maxAttempts, this.backOff, null,
				Retryable.allBut(Set.of(NotRetriedException.class)), this.then, Map.of(), (record, failure) -> {
					this.deadLetters.add(record.offset());
					return CompletableFuture.completedFuture(null);
				}, null, 1000, List.of(), true, this.settings, Duration.ZERO);
		return new DeliverySettings("group", false, policy, null, new LogContext("orders", false), this.execution);
	}

	private void throwIfFailing(ConsumerRecord<?, ?> record) {
		if (this.failing.test(record)) {
			throw new IllegalStateException("Query failed", new ConnectException("Away"));
		}
	}

	private static int number(ConsumerRecord<?, ?> record) {
		return Integer.parseInt(record.key().toString().substring("key-".length()));
	}

	private Outages outages() {
		return delivery().outages();
	}

	private Failures failures() {
		return delivery().failures();
	}

	private static BackOff backOff() {
		ExponentialBackOff backOff = new ExponentialBackOff(100, 2);
		backOff.setMaxInterval(30_000);
		return backOff;
	}

	/**
	 * What is not retried.
	 */
	private static final class NotRetriedException extends RuntimeException {

		@Serial
		private static final long serialVersionUID = 1L;

	}

	/**
	 * A record whose handler answers later.
	 */
	private final class AnsweredLater extends RecordWork {

		private @Nullable ConsumerRecord<?, ?> record;

		AnsweredLater(ConsumerRecord<?, ?> record) {
			super(OutagesTests.this.assignment, OutagesTests.this.delivery());
			this.record = record;
		}

		@Override
		@Nullable ConsumerRecord<?, ?> head() {
			return this.record;
		}

		@Override
		void advance() {
			this.record = null;
		}

		@Override
		CompletableFuture<?> deliver(ConsumerRecord<?, ?> record, int attempt) {
			CompletableFuture<@Nullable Void> answer = new CompletableFuture<>();
			OutagesTests.this.answers.add(answer);
			return answer;
		}

	}

	/**
	 * Keeps the outages that it is notified of.
	 */
	private final class OutageObserver implements ConsumerObserver {

		@Override
		public void outageBegan(String consumer, ConsumerSnapshot.Outage outage) {
			OutagesTests.this.began.add(outage);
		}

		@Override
		public void outageEnded(String consumer, ConsumerSnapshot.Outage outage) {
			OutagesTests.this.ended.add(outage);
		}

	}

}
