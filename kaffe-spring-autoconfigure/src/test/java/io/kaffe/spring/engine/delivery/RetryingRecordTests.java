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
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.listener.RetryListener;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.serializer.DeserializationException;
import org.springframework.util.backoff.ExponentialBackOff;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.FailingRecordFilter;
import io.kaffe.spring.RecordBackOff;
import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.delivery.FailurePolicy.Retryable;
import io.kaffe.spring.engine.offset.ParkedRecord;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.TestWorkerOwner;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.support.HostileException;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.tuple;

/**
 * Tests for {@link RetryingRecord}, within the {@link RecordWork} that it holds up.
 */
class RetryingRecordTests {

	private static final TopicPartition ORDERS = new TopicPartition("orders", 0);

	private final ManualExecution execution = new ManualExecution();

	private final ConsumerWorkers workers = new DefaultWorkerManager(this.execution.runtime()).register("orders",
			Integer.MAX_VALUE, new TestWorkerOwner() {

				@Override
				public void stopBecause(String reason, @Nullable Throwable failure) {
					assertThat(RetryingRecordTests.this.stops).as(reason).isTrue();
					RetryingRecordTests.this.stopReasons.add(reason);
				}

			});

	private final Worker worker = this.workers.allocate("worker_0", new AssignedPartition(ORDERS, 1));

	private final RecordedAssignment assignment = new RecordedAssignment();

	private final Map<Long, Throwable> failing = new LinkedHashMap<>();

	/** Offset and attempt of what the handler was given. */
	private final List<String> attempts = new ArrayList<>();

	private @Nullable RecordInterceptor<Object, Object> interceptor;

	private @Nullable RecordBackOff recordBackOff;

	private @Nullable RecordRecoverer deadLetters;

	private @Nullable RecordRecoverer recoverer;

	private FailureAction then = FailureAction.PARK;

	private int maxAttempts = 3;

	private boolean ackAfterHandle = true;

	private List<RetryListener> retryListeners = List.of();

	/** The records whose handler was called on a thread that is interrupted. */
	private final List<Long> interrupted = new ArrayList<>();

	private @Nullable RecordDelivery delivery;

	private final List<String> stopReasons = new ArrayList<>();

	private boolean stops;

	@Test
	void recordIsRetriedAfterEachBackOffWithoutAThreadAndThenParked() {
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		assertThat(this.attempts).containsExactly("0#1");
		assertThat(this.worker.snapshot(0).state()).isEqualTo(WorkerState.BACKING_OFF);
		assertThat(this.assignment.running).as("a drain waits for nothing").isZero();
		advance(99);
		assertThat(this.attempts).hasSize(1);
		advance(1);
		assertThat(this.attempts).containsExactly("0#1", "0#2");
		advance(199);
		assertThat(this.attempts).hasSize(2);
		advance(1);
		assertThat(this.attempts).containsExactly("0#1", "0#2", "0#3");
		assertThat(this.assignment.parked()).isEqualTo(1);
		assertThat(this.worker.snapshot(0).state()).isEqualTo(WorkerState.PARKED);
		assertThat(failingRecords().all()).singleElement().satisfies((record) -> {
			assertThat(record.partition()).isEqualTo(ORDERS);
			assertThat(record.offset()).isZero();
			assertThat(record.state()).isEqualTo(FailingRecord.State.PARKED);
			assertThat(record.attempts()).isEqualTo(3);
			assertThat(record.failure()).hasMessage("On purpose");
		});
		assertThat(this.worker.snapshot(0).counters().failed()).isEqualTo(3);
		assertThat(this.worker.snapshot(0).lastFailure()).isEqualTo(new WorkerSnapshot.LastFailure(
				this.execution.instant(), "orders-0@0", IllegalStateException.class.getName()));
		advance(Duration.ofDays(1).toMillis());
		assertThat(this.attempts).hasSize(3);
		assertThat(this.assignment.completed).isEmpty();
	}

	@Test
	void retryListenersAreNotifiedOfEachFailedAttemptAndOfTheRecovery() {
		List<String> notified = new ArrayList<>();
		this.retryListeners = List.of(noting(notified));
		Queue<RuntimeException> failures = new ArrayDeque<>(List.of(new IllegalArgumentException("Not yet")));
		this.recoverer = (record, failure) -> {
			if (!failures.isEmpty()) {
				throw failures.remove();
			}
			return null;
		};
		fail(0, new IllegalStateException("On purpose"));
		submit(1);
		assertThat(notified).containsExactly("0 failed: On purpose, attempt 1");
		advance(100);
		advance(200);
		assertThat(notified).containsExactly("0 failed: On purpose, attempt 1", "0 failed: On purpose, attempt 2",
				"0 failed: On purpose, attempt 3", "0 not recovered from On purpose: Not yet");
		assertThat(this.assignment.completed).isEmpty();
		advance(100);
		assertThat(notified).hasSize(5).last().isEqualTo("0 recovered from On purpose");
		assertThat(this.assignment.completed).containsExactly(0L);
	}

	@Test
	void retryListenerIsNotifiedWhenADeadLetterIsAcknowledged() {
		List<String> notified = new ArrayList<>();
		this.retryListeners = List.of(noting(notified));
		this.maxAttempts = 1;
		this.then = FailureAction.DEAD_LETTER;
		CompletableFuture<Object> letter = new CompletableFuture<>();
		this.deadLetters = (record, failure) -> letter;
		fail(0, new IllegalStateException("On purpose"));
		submit(1);
		assertThat(notified).containsExactly("0 failed: On purpose, attempt 1");
		letter.complete(null);
		this.execution.runAll();
		assertThat(notified).containsExactly("0 failed: On purpose, attempt 1", "0 recovered from On purpose");
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void retryListenerThatFailsKeepsNeitherTheOthersNorTheRecordWaiting(CapturedOutput output) {
		List<String> notified = new ArrayList<>();
		this.retryListeners = List.of((record, failure, attempt) -> {
			Thread.currentThread().interrupt();
			throw new AssertionError("A listener of retries failed");
		}, noting(notified));
		this.maxAttempts = 1;
		this.then = FailureAction.SKIP;
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		assertThat(notified).containsExactly("0 failed: On purpose, attempt 1");
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
		assertThat(this.worker.snapshot(0).counters().restarts()).isZero();
		assertThat(this.interrupted).as("the next handler").isEmpty();
		assertThat(output).contains("A RetryListener failed when it was notified of orders-0@0");
	}

	@Test
	void recordThatIsSkippedByPolicyIsCompletedWithTheNextOneIfThePolicySaysSo() {
		this.ackAfterHandle = false;
		this.maxAttempts = 1;
		this.then = FailureAction.SKIP;
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		assertThat(this.assignment.leftToNext).containsExactly(0L);
		assertThat(this.assignment.completed).containsExactly(1L);
		assertThat(this.worker.snapshot(0).counters().handled()).isEqualTo(2);
	}

	@Test
	void recordThatIsRecoveredInTheEndIsCompletedWithTheNextOneIfThePolicySaysSo() {
		this.ackAfterHandle = false;
		this.maxAttempts = 1;
		Queue<CompletableFuture<Object>> answers = new ArrayDeque<>();
		this.recoverer = (record, failure) -> {
			CompletableFuture<Object> answer = new CompletableFuture<>();
			answers.add(answer);
			return answer;
		};
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		answers.remove().completeExceptionally(new IllegalStateException("Not yet"));
		this.execution.runAll();
		advance(100);
		answers.remove().complete(null);
		this.execution.runAll();
		assertThat(this.assignment.leftToNext).containsExactly(0L);
		assertThat(this.assignment.completed).containsExactly(1L);
	}

	@Test
	void whatOperatorsDecideIsCompletedWhateverThePolicySays() {
		this.ackAfterHandle = false;
		this.maxAttempts = 1;
		this.deadLetters = (record, failure) -> CompletableFuture.completedFuture(null);
		fail(0, new IllegalStateException("On purpose"));
		fail(1, new IllegalStateException("On purpose"));
		submit(2);
		failingRecords().skip(ORDERS, 0);
		this.execution.runAll();
		failingRecords().deadLetter(ORDERS, 1);
		this.execution.runAll();
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
		assertThat(this.assignment.leftToNext).isEmpty();
	}

	@Test
	void recordThatAnOperatorRetriesIsLeftToTheNextOneIfItIsSkippedAfterThat() {
		this.ackAfterHandle = false;
		this.recordBackOff = (record, failure) -> new FixedBackOff(Duration.ofHours(1).toMillis(), 1);
		this.then = FailureAction.SKIP;
		fail(0, new IllegalStateException("On purpose"));
		submit(1);
		failingRecords().retry(ORDERS, 0);
		this.execution.runAll();
		advance(Duration.ofHours(1).toMillis());
		assertThat(this.assignment.leftToNext).containsExactly(0L);
		assertThat(this.assignment.completed).isEmpty();
	}

	private static RetryListener noting(List<String> notified) {
		return new RetryListener() {

			@Override
			public void failedDelivery(ConsumerRecord<?, ?> record, @Nullable Exception failure, int attempt) {
				notified.add(record.offset() + " failed: " + reason(failure) + ", attempt " + attempt);
			}

			@Override
			public void recovered(ConsumerRecord<?, ?> record, @Nullable Exception failure) {
				notified.add(record.offset() + " recovered from " + reason(failure));
			}

			@Override
			public void recoveryFailed(ConsumerRecord<?, ?> record, @Nullable Exception original, Exception failure) {
				notified.add(record.offset() + " not recovered from " + reason(original) + ": " + failure.getMessage());
			}

			private String reason(@Nullable Exception failure) {
				assertThat(failure).isInstanceOfSatisfying(ListenerExecutionFailedException.class,
						(listenerFailure) -> assertThat(listenerFailure.getGroupId()).isEqualTo("group"));
				return String.valueOf(Objects.requireNonNull(Objects.requireNonNull(failure).getCause()).getMessage());
			}

		};
	}

	@Test
	void recoveryThatFailsWithAHostileExceptionIsRetried() {
		this.maxAttempts = 1;
		this.then = FailureAction.DEAD_LETTER;
		List<CompletableFuture<Object>> letters = new ArrayList<>();
		this.deadLetters = (record, failure) -> {
			letters.add(letters.isEmpty() ? CompletableFuture.failedFuture(new HostileException())
					: new CompletableFuture<>());
			return letters.get(letters.size() - 1);
		};
		fail(0, new HostileException());
		submit(1);
		assertThat(letters).hasSize(1);
		advance(Duration.ofHours(1).toMillis());
		assertThat(letters).hasSize(2);
		letters.get(1).completeExceptionally(new CompletionException("On purpose", new HostileException()));
		this.execution.runAll();
		advance(Duration.ofHours(1).toMillis());
		assertThat(letters).hasSize(3);
		letters.get(2).complete(null);
		this.execution.runAll();
		assertThat(this.assignment.completed).containsExactly(0L);
		assertThat(this.worker.snapshot(0).counters().restarts()).isZero();
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void thousandsOfFailingRecordsAreLoggedInAFewLinesAndOneStack(CapturedOutput output) {
		this.maxAttempts = 1;
		this.then = FailureAction.SKIP;
		for (int offset = 0; offset < 3000; offset++) {
			fail(offset, new IllegalStateException("On purpose"));
		}
		submit(3000);
		advance(Duration.ofSeconds(1).toMillis());
		assertThat(this.assignment.completed).hasSize(3000);
		assertThat(output.toString()
			.lines()
			.filter((line) -> line.contains(" skipped records") || line.contains("Skipping "))).hasSize(2)
			.last()
			.asString()
			.contains("Consumer 'orders': 2999 more skipped records were not logged");
		assertThat(output.toString().lines().filter((line) -> line.contains("IllegalStateException: On purpose")))
			.as("stacks")
			.hasSize(1);
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void stackOfAFailureIsLoggedOnceAlthoughItsRecordIsParkedInTheEnd(CapturedOutput output) {
		fail(0, new IllegalStateException("On purpose"));
		submit(1);
		advance(100);
		advance(200);
		assertThat(this.assignment.parked()).isEqualTo(1);
		assertThat(output).contains("Consumer 'orders': Attempt 1 to handle orders-0@0 failed")
			.contains("Consumer 'orders': Parked orders-0@0 after 3 attempts");
		assertThat(output.toString().lines().filter((line) -> line.startsWith("java.lang.IllegalStateException")))
			.as("stacks")
			.hasSize(1);
	}

	@Test
	void recordThatSucceedsInTheEndIsCompletedAndForgotten() {
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		this.failing.clear();
		advance(100);
		assertThat(this.attempts).containsExactly("0#1", "0#2", "1#1");
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
		assertThat(failingRecords().all()).isEmpty();
		assertThat(this.worker.snapshot(0).state()).isEqualTo(WorkerState.IDLE);
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void parkedRecordIsSkippedOnRequest(CapturedOutput output) {
		this.maxAttempts = 1;
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		assertThat(failingRecords().skip(ORDERS, 1)).as("not failing").isFalse();
		assertThat(failingRecords().skip(new TopicPartition("orders", 1), 0)).isFalse();
		assertThat(failingRecords().skip(ORDERS, 0)).isTrue();
		this.execution.runAll();
		assertThat(output).containsOnlyOnce("Operator requested 'skip' for orders-0@0");
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
		assertThat(this.assignment.parked()).isZero();
		assertThat(failingRecords().all()).isEmpty();
	}

	@Test
	void parkedRecordHasAllItsAttemptsWhenItIsRetriedOnRequest() {
		this.maxAttempts = 2;
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		advance(100);
		assertThat(this.assignment.parked()).isEqualTo(1);
		failingRecords().retry(ORDERS, 0);
		this.execution.runAll();
		assertThat(this.assignment.parked()).isZero();
		assertThat(this.attempts).containsExactly("0#1", "0#2", "0#1");
		advance(100);
		assertThat(this.attempts).containsExactly("0#1", "0#2", "0#1", "0#2");
		assertThat(this.assignment.parked()).as("parked again").isEqualTo(1);
		this.failing.clear();
		failingRecords().retry(ORDERS, 0);
		this.execution.runAll();
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
		assertThat(this.assignment.parked()).isZero();
	}

	@Test
	void recordThatBacksOffForLongIsTriedAtOnceAndWaitsAsShortlyAsAtFirst() {
		this.maxAttempts = 0;
		fail(0, new IllegalStateException("On purpose"));
		submit(1);
		advance(100);
		advance(200);
		advance(400);
		assertThat(this.attempts).as("the next attempt is 800 ms away").hasSize(4);
		failingRecords().retry(ORDERS, 0);
		this.execution.runAll();
		assertThat(this.attempts).hasSize(5).endsWith("0#1");
		advance(100);
		assertThat(this.attempts).hasSize(6).endsWith("0#2");
		advance(200);
		assertThat(this.attempts).hasSize(7).endsWith("0#3");
	}

	@Test
	void recordThatBacksOffIsSkippedOnRequest() {
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		failingRecords().skip(ORDERS, 0);
		this.execution.runAll();
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
		assertThat(this.assignment.parked()).as("it never was").isZero();
	}

	@Test
	void failuresAreJournalledWithWhatIsDoneAboutThem() {
		this.maxAttempts = 2;
		fail(0, new IllegalStateException("On purpose"));
		submit(1);
		assertThat(counters()).isEqualTo(new ConsumerSnapshot.Counters(7, 1, 0, 0, 0, 8, 9, 10, 11, 12));
		advance(100);
		assertThat(counters()).isEqualTo(new ConsumerSnapshot.Counters(7, 2, 1, 0, 0, 8, 9, 10, 11, 12));
		assertThat(journal().recent(true))
			.extracting(ConsumerSnapshot.Failure::record, ConsumerSnapshot.Failure::attempt,
					ConsumerSnapshot.Failure::exception, ConsumerSnapshot.Failure::action,
					ConsumerSnapshot.Failure::message)
			.containsExactly(tuple("orders-0@0", 2, "java.lang.IllegalStateException", "park", "On purpose"),
					tuple("orders-0@0", 1, "java.lang.IllegalStateException", "retry", "On purpose"));
		assertThat(journal().recent(false)).hasSize(2).allMatch((failure) -> failure.message() == null);
		failingRecords().retry(ORDERS, 0);
		this.execution.runAll();
		assertThat(counters()).as("by an operator")
			.isEqualTo(new ConsumerSnapshot.Counters(7, 3, 2, 0, 0, 8, 9, 10, 11, 12));
		failingRecords().skip(ORDERS, 0);
		this.execution.runAll();
		assertThat(counters()).isEqualTo(new ConsumerSnapshot.Counters(7, 3, 2, 1, 0, 8, 9, 10, 11, 12));
	}

	@ParameterizedTest
	@EnumSource(FailureAction.class)
	void actionThatIsJournalledIsTheOneThatIsTaken(FailureAction action) {
		this.stops = true;
		this.maxAttempts = 1;
		this.then = action;
		this.deadLetters = (record, failure) -> null;
		fail(0, new IllegalStateException("On purpose"));
		submit(1);
		assertThat(journal().recent(false)).extracting(ConsumerSnapshot.Failure::action)
			.containsExactly(action.name().toLowerCase(Locale.ROOT).replace('_', '-'));
		assertThat(counters()).isEqualTo(new ConsumerSnapshot.Counters(7, 1, 0, (action == FailureAction.SKIP) ? 1 : 0,
				(action == FailureAction.DEAD_LETTER) ? 1 : 0, 8, 9, 10, 11, 12));
	}

	@Test
	void recordCountsAsDeadLetteredWhenThatIsAcknowledged() {
		this.maxAttempts = 1;
		this.then = FailureAction.DEAD_LETTER;
		CompletableFuture<Object> acknowledged = new CompletableFuture<>();
		this.deadLetters = (record, failure) -> acknowledged;
		fail(0, new IllegalStateException("On purpose"));
		submit(1);
		assertThat(counters().deadLettered()).isZero();
		acknowledged.complete("done");
		this.execution.runAll();
		assertThat(counters().deadLettered()).isEqualTo(1);
	}

	@Test
	void recordThatTheApplicationRecoversIsNotDeadLettered() {
		this.maxAttempts = 1;
		this.deadLetters = (record, failure) -> null;
		this.recoverer = (record, failure) -> null;
		fail(0, new IllegalStateException("On purpose"));
		submit(1);
		assertThat(this.assignment.completed).containsExactly(0L);
		assertThat(counters().deadLettered()).isZero();
		assertThat(journal().recent(false)).extracting(ConsumerSnapshot.Failure::action).containsExactly("recover");
	}

	@Test
	void lastFiftyFailuresAreKept() {
		this.maxAttempts = 1;
		this.then = FailureAction.SKIP;
		for (long offset = 0; offset < 60; offset++) {
			fail(offset, new IllegalStateException("On purpose"));
		}
		submit(60);
		assertThat(journal().recent(true)).hasSize(50)
			.extracting(ConsumerSnapshot.Failure::record)
			.startsWith("orders-0@59", "orders-0@58")
			.endsWith("orders-0@10");
		assertThat(counters().failed()).isEqualTo(60);
	}

	@Test
	void failingRecordIsDescribedForTables() {
		fail(0, new IllegalStateException("On purpose"));
		submit(1);
		Instant now = this.execution.instant();
		assertThat(failingRecords().all().size()).isEqualTo(1);
		assertThat(failingRecords().page(FailingRecordFilter.any(), 0, 100, false).failing())
			.containsExactly(new ConsumerSnapshot.Failing("orders-0", 0, "retrying", 1, now, now.plusMillis(100),
					"java.lang.IllegalStateException", null, null, null, null, null, null, null, null, 1));
		assertThat(failingRecords().page(FailingRecordFilter.any(), 0, 100, true).failing())
			.containsExactly(new ConsumerSnapshot.Failing("orders-0", 0, "retrying", 1, now, now.plusMillis(100),
					"java.lang.IllegalStateException", "key", "value", "On purpose", null, null, null, null, null, 1));
		assertThat(failingRecords().page(FailingRecordFilter.any(), 0, 0, true).failing()).isEmpty();
		advance(100);
		advance(200);
		assertThat(failingRecords().page(FailingRecordFilter.any(), 0, 100, false).failing())
			.containsExactly(new ConsumerSnapshot.Failing("orders-0", 0, "parked", 3, now, null,
					"java.lang.IllegalStateException", null, null, null, null, null, null, null,
					this.execution.instant().truncatedTo(ChronoUnit.SECONDS), 1));
	}

	@Test
	void recordThatCannotBeReadIsDescribedWithItsBytesAndTheRootCause() {
		byte[] bytes = { '{', '\\', 0, (byte) 0xc3, '}' };
		fail(0, new DeserializationException("failed to deserialize", bytes, false,
				new IllegalStateException("On purpose", new IllegalArgumentException("no JSON"))));
		submitOne(new ConsumerRecord<>("orders", 0, 0, 0, TimestampType.CREATE_TIME, 3, 5, "key", null,
				new RecordHeaders(), Optional.empty()));
		assertThat(failingRecords().page(FailingRecordFilter.any(), 0, 100, true).failing()).singleElement()
			.satisfies((failing) -> {
				assertThat(failing.exception()).isEqualTo(DeserializationException.class.getName());
				assertThat(failing.cause()).isEqualTo(IllegalArgumentException.class.getName());
				assertThat(failing.causeMessage()).isEqualTo("no JSON");
				assertThat(failing.key()).isEqualTo("key");
				assertThat(failing.value()).isEqualTo("{\\\\\\x00\\xc3}");
				assertThat(failing.keySize()).isEqualTo(3);
				assertThat(failing.valueSize()).isEqualTo(5);
			});
		assertThat(failingRecords().page(FailingRecordFilter.any(), 0, 100, false).failing()).singleElement()
			.satisfies((failing) -> {
				assertThat(failing.cause()).isEqualTo(IllegalArgumentException.class.getName());
				assertThat(failing.causeMessage()).isNull();
				assertThat(failing.value()).isNull();
				assertThat(failing.valueSize()).isEqualTo(5);
			});
		assertThat(journal().recent(true)).singleElement()
			.extracting(ConsumerSnapshot.Failure::cause, ConsumerSnapshot.Failure::causeMessage)
			.containsExactly(IllegalArgumentException.class.getName(), "no JSON");
		assertThat(journal().recent(false)).singleElement()
			.extracting(ConsumerSnapshot.Failure::cause, ConsumerSnapshot.Failure::causeMessage)
			.containsExactly(IllegalArgumentException.class.getName(), null);
	}

	@Test
	void recordIsInFlightOnlyWhileAHandlerHasIt() {
		List<Integer> whileHandled = new ArrayList<>();
		this.recordBackOff = (record, failure) -> {
			whileHandled.add(this.workers.inFlight());
			return backOff();
		};
		this.maxAttempts = 2;
		this.then = FailureAction.DEAD_LETTER;
		CompletableFuture<Object> acknowledged = new CompletableFuture<>();
		this.deadLetters = (record, failure) -> acknowledged;
		fail(0, new IllegalStateException("On purpose"));
		submit(1);
		assertThat(whileHandled).containsExactly(1);
		assertThat(this.workers.inFlight()).as("it backs off").isZero();
		advance(100);
		assertThat(this.workers.inFlight()).as("a producer has it, no handler").isZero();
		acknowledged.complete("done");
		this.execution.runAll();
		assertThat(this.workers.inFlight()).isZero();
	}

	@Test
	void skippedRecordIsCompletedAfterItsAttempts() {
		this.then = FailureAction.SKIP;
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		advance(100);
		assertThat(this.assignment.completed).isEmpty();
		advance(200);
		assertThat(this.attempts).containsExactly("0#1", "0#2", "0#3", "1#1");
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
		assertThat(failingRecords().all()).isEmpty();
	}

	@Test
	void recordThatStopsTheConsumerStaysUnfinishedAndHoldsUpNoStop() {
		this.stops = true;
		this.then = FailureAction.STOP;
		this.maxAttempts = 1;
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		assertThat(this.stopReasons).singleElement().asString().contains("orders-0@0").contains("1 attempt");
		assertThat(this.assignment.completed).isEmpty();
		assertThat(this.attempts).containsExactly("0#1");
		assertThat(failingRecords().all()).extracting(FailingRecord::state)
			.containsExactly(FailingRecord.State.STOPPING);
		revoke();
		assertThat(this.assignment.dropped).containsExactly(0L, 1L);
		assertThat(failingRecords().all()).isEmpty();
	}

	@Test
	void errorOfTheVirtualMachineStopsTheConsumerWhateverThePolicySays() {
		this.stops = true;
		this.then = FailureAction.SKIP;
		this.recoverer = (record, failure) -> null;
		fail(0, new ListenerExecutionFailedException("Listener failed", new OutOfMemoryError("On purpose")));
		submit(2);
		advance(Duration.ofHours(1).toMillis());
		assertThat(this.stopReasons).singleElement().asString().contains("java.lang.OutOfMemoryError");
		assertThat(journal().recent(false)).extracting(ConsumerSnapshot.Failure::action).containsExactly("stop");
		assertThat(this.attempts).containsExactly("0#1");
		assertThat(this.assignment.completed).isEmpty();
	}

	@ParameterizedTest
	@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "STOP")
	void revocationWaitsForNoFailingRecord(FailureAction action) {
		this.then = action;
		this.maxAttempts = (action == FailureAction.PARK) ? 1 : 2;
		fail(0, new IllegalStateException("On purpose"));
		submit(3);
		assertThat(this.assignment.running).isZero();
		revoke();
		assertThat(this.assignment.dropped).containsExactly(0L, 1L, 2L);
		assertThat(this.assignment.parked()).isZero();
		assertThat(failingRecords().all()).isEmpty();
		assertThat(this.worker.snapshot(0).state()).isEqualTo(WorkerState.IDLE);
		advance(Duration.ofHours(1).toMillis());
		assertThat(this.attempts).containsExactly("0#1");
	}

	@Test
	void backOffThatEndsMeansThatTheAttemptsAreUsedUp() {
		this.maxAttempts = 0;
		this.recordBackOff = (record, failure) -> new FixedBackOff(50, 2);
		fail(0, new IllegalStateException("On purpose"));
		submit(1);
		advance(50);
		assertThat(this.assignment.parked()).isZero();
		advance(50);
		assertThat(this.attempts).containsExactly("0#1", "0#2", "0#3");
		assertThat(this.assignment.parked()).isEqualTo(1);
	}

	@Test
	void backOffIsAskedForOncePerRecordAndWithWhatTheHandlerThrew() {
		List<String> asked = new ArrayList<>();
		this.recordBackOff = (record, failure) -> {
			asked.add(record.offset() + " " + failure.getClass().getSimpleName());
			return null;
		};
		fail(0, new ListenerExecutionFailedException("Listener failed", new IllegalStateException("On purpose")));
		fail(1, new AssertionError("On purpose"));
		submit(2);
		advance(100);
		this.failing.remove(0L);
		advance(200);
		advance(100);
		assertThat(asked).containsExactly("0 IllegalStateException", "1 ListenerExecutionFailedException");
	}

	@Test
	void backOffThatThrowsHasTheWorkerRestartedWithItsRecordInPlace() {
		this.execution.beginBelowZero();
		this.recordBackOff = (record, failure) -> {
			throw new IllegalArgumentException("Thrown on purpose by the back-off");
		};
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		assertThat(this.worker.snapshot(0).counters().restarts()).isEqualTo(1);
		advance(999);
		assertThat(this.attempts).containsExactly("0#1");
		advance(1);
		assertThat(this.attempts).containsExactly("0#1", "0#2");
		assertThat(this.worker.snapshot(0).counters().restarts()).isEqualTo(2);
		assertThat(journal().recent(false)).extracting(ConsumerSnapshot.Failure::action)
			.containsExactly("retry", "retry");
		this.failing.clear();
		advance(2000);
		assertThat(this.attempts).containsExactly("0#1", "0#2", "0#3", "1#1");
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
		assertThat(this.assignment.running).isZero();
	}

	@Test
	void interceptorThatThrowsBeforeTheHandlerIsNoFailureOfTheRecord() {
		List<Long> intercepted = new ArrayList<>();
		this.interceptor = new RecordInterceptor<>() {

			@Override
			public ConsumerRecord<Object, Object> intercept(ConsumerRecord<Object, Object> record,
					Consumer<Object, Object> consumer) {
				intercepted.add(record.offset());
				if (intercepted.size() == 1) {
					throw new IllegalStateException("Thrown on purpose by the interceptor");
				}
				return record;
			}

		};
		submit(2);
		assertThat(this.attempts).isEmpty();
		assertThat(failingRecords().all()).isEmpty();
		assertThat(this.worker.snapshot(0).counters().restarts()).isEqualTo(1);
		advance(1000);
		assertThat(intercepted).containsExactly(0L, 0L, 1L);
		assertThat(this.attempts).containsExactly("0#1", "1#1");
		assertThat(this.worker.snapshot(0).counters().failed()).isZero();
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
	}

	@Test
	void recordIsRecoveredInsteadOfParked() {
		List<Exception> recovered = new ArrayList<>();
		this.maxAttempts = 1;
		this.recoverer = (record, failure) -> {
			recovered.add(failure);
			return null;
		};
		fail(0, new AssertionError("On purpose"));
		submit(2);
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
		assertThat(recovered).singleElement()
			.satisfies((failure) -> assertThat(failure).isInstanceOf(ListenerExecutionFailedException.class)
				.cause()
				.isInstanceOf(AssertionError.class));
		assertThat(failingRecords().all()).isEmpty();
	}

	@Test
	void recordIsCompletedWhenItsRecovererAnswersAndADrainWaitsForThat() {
		CompletableFuture<Void> answer = new CompletableFuture<>();
		this.maxAttempts = 1;
		this.then = FailureAction.DEAD_LETTER;
		this.deadLetters = (record, failure) -> answer;
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		assertThat(this.assignment.completed).isEmpty();
		assertThat(this.assignment.running).as("a drain waits").isEqualTo(1);
		assertThat(failingRecords().all()).extracting(FailingRecord::state)
			.containsExactly(FailingRecord.State.RECOVERING);
		assertThat(failingRecords().skip(ORDERS, 0)).isTrue();
		assertThat(failingRecords().skip(ORDERS, 0)).as("said twice").isTrue();
		assertThatIllegalStateException().isThrownBy(() -> failingRecords().retry(ORDERS, 0))
			.withMessageEndingWith("requested 'skip' for orders-0@0 already, which is not done yet");
		this.execution.runAll();
		assertThat(this.attempts).as("nothing else is done about it meanwhile").containsExactly("0#1");
		assertThat(this.assignment.completed).isEmpty();
		answer.complete(null);
		this.execution.runAll();
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
		assertThat(this.assignment.running).isZero();
	}

	@Test
	void answerThatComesDuringADrainCompletesTheRecord() {
		CompletableFuture<Void> answer = new CompletableFuture<>();
		this.maxAttempts = 1;
		this.recoverer = (record, failure) -> answer;
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		revoke();
		assertThat(this.assignment.running).isEqualTo(1);
		assertThat(this.assignment.dropped).isEmpty();
		answer.complete(null);
		this.execution.runAll();
		assertThat(this.assignment.completed).containsExactly(0L);
		assertThat(this.assignment.dropped).containsExactly(1L);
		assertThat(this.assignment.running).isZero();
		assertThat(failingRecords().all()).isEmpty();
	}

	@Test
	void recordWhoseRecoveryFailsDuringADrainStaysUnfinished() {
		CompletableFuture<Void> answer = new CompletableFuture<>();
		this.maxAttempts = 1;
		this.recoverer = (record, failure) -> answer;
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		revoke();
		answer.completeExceptionally(new IllegalStateException("Not sent, on purpose"));
		this.execution.runAll();
		assertThat(this.assignment.completed).isEmpty();
		assertThat(this.assignment.dropped).containsExactly(0L, 1L);
		assertThat(this.assignment.running).isZero();
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void recoveryThatFailsIsRetriedWithBackOffForEver(CapturedOutput output) {
		List<CompletableFuture<Void>> answers = new ArrayList<>();
		this.maxAttempts = 1;
		this.recoverer = (record, failure) -> {
			answers.add(new CompletableFuture<>());
			if (answers.size() % 2 == 0) {
				throw new IllegalStateException("Thrown on purpose by the recoverer");
			}
			return answers.get(answers.size() - 1);
		};
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		answers.get(0).completeExceptionally(new IllegalStateException("Not sent, on purpose"));
		this.execution.runAll();
		assertThat(output).contains(
				"Consumer 'orders': Could not recover orders-0@0, which failed after 1 attempt; next attempt in 100 ms");
		assertThat(this.assignment.running).isZero();
		advance(99);
		assertThat(answers).hasSize(1);
		advance(1);
		assertThat(answers).hasSize(2);
		advance(200);
		assertThat(answers).hasSize(3);
		assertThat(this.attempts).as("the handler has nothing to do with it").containsExactly("0#1");
		answers.get(2).complete(null);
		this.execution.runAll();
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
		assertThat(this.assignment.running).isZero();
	}

	@Test
	void recovererThatRunsOutOfMemoryStopsTheConsumer() {
		this.stops = true;
		this.maxAttempts = 1;
		this.recoverer = (record, failure) -> {
			throw new OutOfMemoryError("On purpose");
		};
		fail(0, new IllegalStateException("On purpose"));
		submit(1);
		assertThat(this.stopReasons).hasSize(1);
		assertThat(this.assignment.completed).isEmpty();
		assertThat(this.assignment.running).isZero();
	}

	@Test
	void deadLettersAreParkedIfThereIsNothingToSendThemWith() {
		this.maxAttempts = 1;
		this.then = FailureAction.DEAD_LETTER;
		fail(0, new IllegalStateException("On purpose"));
		submit(1);
		assertThat(this.assignment.parked()).isEqualTo(1);
	}

	@Test
	void parkedRecordIsDeadLetteredOnRequest() {
		CompletableFuture<Void> answer = new CompletableFuture<>();
		this.maxAttempts = 1;
		this.deadLetters = (record, failure) -> answer;
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		assertThat(this.assignment.parked()).isEqualTo(1);
		failingRecords().deadLetter(ORDERS, 0);
		this.execution.runAll();
		assertThat(this.assignment.parked()).isZero();
		assertThat(this.assignment.completed).isEmpty();
		answer.complete(null);
		this.execution.runAll();
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void recordThatAnEarlierOwnerHasParkedGetsOneAttemptAndIsParkedAgainWithItsHistory(CapturedOutput output) {
		List<String> notified = new ArrayList<>();
		this.retryListeners = List.of(noting(notified));
		this.assignment.held().parkedHistory().put(parkedBefore(0));
		fail(0, new IllegalArgumentException("On purpose"));
		submit(2);
		assertThat(this.attempts).containsExactly("0#1");
		assertThat(notified).containsExactly("0 failed: On purpose, attempt 1");
		assertThat(this.assignment.parked()).isEqualTo(1);
		assertThat(failingRecords().all()).singleElement().satisfies((record) -> {
			assertThat(record.state()).isEqualTo(FailingRecord.State.PARKED);
			assertThat(record.attempts()).isEqualTo(12);
			assertThat(record.since()).isEqualTo(Instant.EPOCH);
			assertThat(record.parkedSince()).isEqualTo(Instant.EPOCH);
			assertThat(record.owners()).isEqualTo(3);
		});
		assertThat(failingRecords().page(FailingRecordFilter.any(), 0, 1, false).failing()).singleElement()
			.satisfies((record) -> {
				assertThat(record.attempts()).isEqualTo(12);
				assertThat(record.parkedSince()).isEqualTo(Instant.EPOCH);
				assertThat(record.owners()).isEqualTo(3);
			});
		assertThat(journal().recent(false)).singleElement()
			.extracting(ConsumerSnapshot.Failure::attempt, ConsumerSnapshot.Failure::action)
			.containsExactly(12, "park");
		assertThat(this.assignment.held().parkedHistory().at(0))
			.isEqualTo(new ParkedRecord(0, Instant.EPOCH, 12, 3, IllegalArgumentException.class.getName()));
		assertThat(output).contains("Parked orders-0@0 again after 1 attempt (parked since 1970-01-01T00:00:00Z by 3 "
				+ "owners, 12 attempts in all, the one before with java.lang.IllegalStateException); worker_0 is blocked "
				+ "until an operator");
		advance(Duration.ofDays(1).toMillis());
		assertThat(this.attempts).hasSize(1);
	}

	@Test
	void recordThatAnEarlierOwnerHasParkedIsHandledIfThatSucceedsNow() {
		this.assignment.held().parkedHistory().put(parkedBefore(0));
		submit(2);
		assertThat(this.attempts).containsExactly("0#1", "1#1");
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
		assertThat(failingRecords().all()).isEmpty();
	}

	@ParameterizedTest
	@EnumSource(names = { "SKIP", "DEAD_LETTER" })
	void policyDecidesAboutARecordThatAnEarlierOwnerHasParkedAfterOneAttempt(FailureAction action) {
		this.then = action;
		List<Long> deadLettered = new ArrayList<>();
		this.deadLetters = (record, failure) -> {
			deadLettered.add(record.offset());
			return null;
		};
		this.assignment.held().parkedHistory().put(parkedBefore(0));
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		assertThat(this.attempts).containsExactly("0#1", "1#1");
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
		assertThat(deadLettered).hasSize((action == FailureAction.DEAD_LETTER) ? 1 : 0);
	}

	@Test
	void operatorGivesARecordThatAnEarlierOwnerHasParkedAllItsAttempts() {
		this.assignment.held().parkedHistory().put(parkedBefore(0));
		fail(0, new IllegalStateException("On purpose"));
		submit(1);
		failingRecords().retry(ORDERS, 0);
		this.execution.runAll();
		assertThat(this.assignment.held().parkedHistory().at(0)).as("a next owner makes all attempts, too").isNull();
		assertThat(failingRecords().all()).singleElement().satisfies((record) -> {
			assertThat(record.state()).isEqualTo(FailingRecord.State.RETRYING);
			assertThat(record.attempts()).isEqualTo(1);
			assertThat(record.parkedSince()).isNull();
			assertThat(record.owners()).isEqualTo(1);
		});
		advance(100);
		advance(200);
		assertThat(this.attempts).containsExactly("0#1", "0#1", "0#2", "0#3");
		assertThat(this.assignment.parked()).isEqualTo(1);
		assertThat(this.assignment.held().parkedHistory().at(0))
			.isEqualTo(new ParkedRecord(0, this.execution.instant(), 3, 1, IllegalStateException.class.getName()));
	}

	@Test
	void nackIsNoAttemptAtARecordThatAnEarlierOwnerHasParked() {
		this.assignment.held().parkedHistory().put(parkedBefore(0));
		fail(0, new NackException(500));
		submit(1);
		fail(0, new IllegalStateException("On purpose"));
		advance(500);
		assertThat(this.attempts).containsExactly("0#1", "0#1");
		assertThat(this.assignment.parked()).isEqualTo(1);
	}

	@Test
	void whatIsKnownAboutAParkedRecordOutlivesItsWorker() {
		this.maxAttempts = 1;
		fail(0, new IllegalStateException("On purpose"));
		submit(2);
		ParkedRecord parked = new ParkedRecord(0, this.execution.instant(), 1, 1,
				IllegalStateException.class.getName());
		assertThat(this.assignment.held().parkedHistory().at(0)).isEqualTo(parked);
		revoke();
		assertThat(this.assignment.parked()).isZero();
		assertThat(this.assignment.dropped).containsExactly(0L, 1L);
		assertThat(this.assignment.held().parkedHistory().at(0)).as("for the last commit").isEqualTo(parked);
	}

	private static ParkedRecord parkedBefore(long offset) {
		return new ParkedRecord(offset, Instant.EPOCH, 11, 2, IllegalStateException.class.getName());
	}

	@Test
	void recordWhoseWorkerCannotBeFoundIsAFailingRecordUntilItCan() {
		List<Long> asked = new ArrayList<>();
		this.maxAttempts = 4;
		allocate((topic, partition) -> "unused", asked, 3);
		this.execution.runAll();
		assertThat(asked).as("asked again, so that the first failure is reported like the others").hasSize(2);
		assertThat(failingRecords().all()).singleElement()
			.satisfies((record) -> assertThat(record.failure()).hasMessage("No worker, on purpose"));
		advance(100);
		assertThat(asked).hasSize(3);
		assertThat(this.attempts).isEmpty();
		advance(200);
		assertThat(this.attempts).containsExactly("0#1");
		assertThat(this.assignment.completed).containsExactly(0L);
		assertThat(failingRecords().all()).isEmpty();
		assertThat(this.workers.all()).as("the partition's own worker").hasSize(1);
	}

	@Test
	void recordWhoseWorkerIsNeverFoundIsParkedAndCanBeSkipped() {
		List<Long> asked = new ArrayList<>();
		this.maxAttempts = 2;
		allocate((topic, partition) -> "unused", asked, Integer.MAX_VALUE);
		this.execution.runAll();
		advance(100);
		assertThat(asked).hasSize(3);
		assertThat(this.assignment.parked()).isEqualTo(1);
		assertThat(this.assignment.completed).isEmpty();
		failingRecords().skip(ORDERS, 0);
		this.execution.runAll();
		assertThat(this.assignment.completed).containsExactly(0L);
		assertThat(this.assignment.parked()).isZero();
		assertThat(this.workers.all()).hasSize(1);
	}

	@Test
	void recordsThatAreDroppedLeaveNoTimers() {
		int timers = this.execution.timers();
		this.recordBackOff = (record, failure) -> new FixedBackOff(Duration.ofHours(1).toMillis(), Long.MAX_VALUE);
		fail(0, new IllegalStateException("On purpose"));
		for (int rebalance = 0; rebalance < 100; rebalance++) {
			this.assignment.revoked = false;
			submit(2);
			revoke();
		}
		assertThat(this.assignment.dropped).hasSize(200);
		// What was not logged is.
		this.execution.advance(Duration.ofSeconds(2));
		assertThat(this.execution.timers()).as("that of the stall watch").isLessThanOrEqualTo(timers + 1);
	}

	@Test
	void recordsThatOperatorsDecideAboutLeaveNoTimers() {
		this.recordBackOff = (record, failure) -> new FixedBackOff(Duration.ofHours(1).toMillis(), Long.MAX_VALUE);
		this.maxAttempts = 0;
		fail(0, new IllegalStateException("On purpose"));
		submit(1);
		int timers = this.execution.timers();
		for (int retry = 0; retry < 10; retry++) {
			failingRecords().retry(ORDERS, 0);
			this.execution.runAll();
		}
		// What was not logged is.
		this.execution.advance(Duration.ofSeconds(2));
		assertThat(this.execution.timers()).isEqualTo(timers);
		failingRecords().skip(ORDERS, 0);
		this.execution.runAll();
		assertThat(this.execution.timers()).isEqualTo(timers - 1);
		this.deadLetters = (record, failure) -> new CompletableFuture<>();
		submit(1);
		failingRecords().deadLetter(ORDERS, 0);
		this.execution.runAll();
		this.execution.advance(Duration.ofSeconds(2));
		assertThat(this.execution.timers()).as("a producer has it").isEqualTo(timers - 1);
	}

	@Test
	void recordWhoseTimerCannotBeSetIsRetriedAllTheSame() {
		this.stops = true;
		this.recordBackOff = (record, failure) -> new FixedBackOff(5000, Long.MAX_VALUE);
		fail(0, new IllegalStateException("On purpose"));
		this.execution.failToSchedule((task) -> task == 1);
		submit(1);
		assertThat(this.attempts).containsExactly("0#1");
		this.failing.clear();
		advance(1000);
		assertThat(this.attempts).as("its worker is restarted, and it waits on").containsExactly("0#1");
		advance(4000);
		assertThat(this.attempts).containsExactly("0#1", "0#2");
		assertThat(this.assignment.completed).containsExactly(0L);
	}

	private void allocate(WorkerAllocationStrategy names, List<Long> asked, int throwing) {
		RecordDelivery delivery = delivery();
		KeyAllocationWork.Allocator allocator = new KeyAllocationWork.Allocator(new WorkerAllocationStrategy() {

			@Override
			public String workerName(String topic, int partition) {
				return names.workerName(topic, partition);
			}

			@Override
			public Object workerKey(ConsumerRecord<?, ?> record) {
				asked.add(record.offset());
				if (asked.size() <= throwing) {
					throw new IllegalStateException("No worker, on purpose");
				}
				return "key";
			}

		}, this.workers, WorkFactory.of(delivery));
		this.workers.internal("allocation")
			.submit(new KeyAllocationWork(List.of(record(0)), this.assignment, 0, allocator));
	}

	private void fail(long offset, Throwable failure) {
		this.failing.put(offset, failure);
	}

	/**
	 * Submit records from offset 0 on, and do what can be done at once.
	 */
	private void submit(int records) {
		this.worker.submit(RecordWork.of(LongStream.range(0, records).mapToObj(RetryingRecordTests::record).toList(),
				this.assignment, delivery()));
		this.execution.runAll();
	}

	private void submitOne(ConsumerRecord<?, ?> record) {
		this.worker.submit(RecordWork.of(List.of(record), this.assignment, delivery()));
		this.execution.runAll();
	}

	private RecordDelivery delivery() {
		FailurePolicy policy = new FailurePolicy(this.maxAttempts, backOff(), this.recordBackOff,
				Retryable.allBut(Set.of()), this.then, Map.of(), this.deadLetters, this.recoverer, 100,
				this.retryListeners, this.ackAfterHandle, OutageSettings.DISABLED, Duration.ZERO);
		RecordDelivery delivery = new RecordDelivery((MessageListener<Object, Object>) this::handle,
				ListenerType.SIMPLE, this.interceptor, Acknowledging.NONE, false,
				new DeliverySettings("group", true, policy, null, new LogContext("orders", true), this.execution));
		this.delivery = delivery;
		return delivery;
	}

	private static ExponentialBackOff backOff() {
		ExponentialBackOff backOff = new ExponentialBackOff(100, 2);
		backOff.setMaxInterval(30_000);
		return backOff;
	}

	private Failures failingRecords() {
		return Objects.requireNonNull(this.delivery).failures();
	}

	private Failures journal() {
		return Objects.requireNonNull(this.delivery).failures();
	}

	private ConsumerSnapshot.Counters counters() {
		return journal().counters(7, 8, 9, 10, 11, 12);
	}

	private void revoke() {
		this.assignment.revoked = true;
		this.workers.wakeAll();
		this.execution.runAll();
	}

	private void advance(long millis) {
		this.execution.advance(Duration.ofMillis(millis));
		this.execution.runAll();
	}

	private static ConsumerRecord<Object, Object> record(long offset) {
		return new ConsumerRecord<>("orders", 0, offset, "key", "value");
	}

	private void handle(ConsumerRecord<Object, Object> record) {
		Header attempt = record.headers().lastHeader(KafkaHeaders.DELIVERY_ATTEMPT);
		this.attempts.add(record.offset() + "#" + attempt.value()[Integer.BYTES - 1]);
		if (Thread.currentThread().isInterrupted()) {
			this.interrupted.add(record.offset());
		}
		Throwable failure = this.failing.get(record.offset());
		if (failure != null) {
			RetryingRecordTests.<RuntimeException>throwAsIs(failure);
		}
	}

	@SuppressWarnings("unchecked")
	private static <T extends Throwable> void throwAsIs(Throwable failure) throws T {
		throw (T) failure;
	}

}
