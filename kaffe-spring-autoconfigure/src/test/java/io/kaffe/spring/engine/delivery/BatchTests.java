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
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.RetryListener;
import org.springframework.kafka.listener.adapter.FilteringBatchMessageListenerAdapter;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.serializer.SerializationUtils;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.engine.offset.ParkedRecord;
import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Work;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.support.HostileException;
import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for what a worker does with batches.
 */
class BatchTests {

	private static final TopicPartition ORDERS = new TopicPartition("orders", 0);

	private final BatchBench bench = new BatchBench();

	private final RecordedAssignment orders = this.bench.partition("orders");

	private final RecordedAssignment refunds = this.bench.partition("refunds");

	@Test
	void takesWhatIsQueuedUpToTheLargestSize() {
		this.bench.limits(3, Duration.ZERO)
			.submit(this.orders, 0, 1, 2, 3)
			.submit(this.refunds, 0)
			.submit(this.orders, 4, 5);
		assertThat(this.bench.run().delivered).containsExactly(names("orders@0", "orders@1", "orders@2"),
				names("orders@3", "refunds@0", "orders@4"), names("orders@5"));
		assertThat(this.orders.completed).containsExactly(0L, 1L, 2L, 3L, 4L, 5L);
		assertThat(this.refunds.completed).containsExactly(0L);
		assertThat(this.bench.worker.snapshot(0).counters().handled()).isEqualTo(7);
		assertThat(this.bench.worker.snapshot(0).state()).isEqualTo(WorkerState.IDLE);
		assertThat(this.orders.running).isZero();
	}

	@Test
	void recordsWithAFailurePolicyOfTheirOwnAreInBatchesOfTheirOwnAndFollowIt() {
		RecordedAssignment replayed = this.bench.partition("orders");
		replayed.ownFailurePolicy = new FailurePolicy(1, new FixedBackOff(), null, Set.of(), FailureAction.SKIP,
				Map.of(), null, null, 100);
		this.bench.script = (records) -> {
			if (records.get(0).offset() < 3) {
				throw new IllegalStateException("On purpose");
			}
		};
		this.bench.submit(this.orders, 5, 6).submit(replayed, 1, 2).submit(this.orders, 7).run();
		assertThat(this.bench.delivered).containsExactly(names("orders@5", "orders@6"), names("orders@1", "orders@2"),
				names("orders@7"));
		assertThat(replayed.completed).as("skipped after one attempt, not parked").containsExactly(1L, 2L);
		assertThat(this.orders.completed).containsExactly(5L, 6L, 7L);
	}

	@Test
	void allRecordsOfABatchAreInFlightWhileItIsHandled() {
		List<Integer> inFlight = new ArrayList<>();
		this.bench.failure(2, FailureAction.DEAD_LETTER).submit(this.orders, 0, 1, 2);
		this.bench.script = (records) -> {
			inFlight.add(this.bench.worker.inFlight());
			throw new IllegalStateException("On purpose");
		};
		this.bench.run().backOff();
		assertThat(inFlight).containsExactly(3, 3);
		assertThat(this.bench.deadLetters).as("a recoverer is given one")
			.singleElement()
			.extracting(BatchBench.DeadLetter::inFlight)
			.isEqualTo(1);
		assertThat(this.bench.worker.inFlight()).as("a producer has the first, no handler").isZero();
	}

	@Test
	void eachRecordThatWasTriedIsAnAttemptWithItsShareOfTheTime() {
		this.bench.script = (records) -> this.bench.execution.advance(Duration.ofSeconds(6));
		this.bench.submit(this.orders, 0, 1).submit(this.refunds, 0).run();
		assertThat(this.bench.attempts).containsExactly("orders 2000 handled", "orders 2000 handled",
				"refunds 2000 handled");
		this.bench.attempts.clear();
		this.bench.script = (records) -> {
			this.bench.execution.advance(Duration.ofSeconds(6));
			throw new BatchListenerFailedException("broken", 1);
		};
		this.bench.submit(this.orders, 2, 3, 4).run();
		assertThat(this.bench.attempts).as("the one behind them was not tried")
			.containsExactly("orders 3000 handled", "orders 3000 failed");
		this.bench.attempts.clear();
		this.bench.script = (records) -> {
			this.bench.execution.advance(Duration.ofSeconds(6));
			throw new IllegalStateException("broken");
		};
		this.bench.backOff();
		assertThat(this.bench.attempts).as("the batch has failed").containsExactly("orders 6000 failed");
	}

	@Test
	void logsOfTheListenerSayWhereTheBatchBegins() {
		List<Map<String, String>> contexts = new ArrayList<>();
		this.bench.script = (records) -> contexts.add(MDC.getCopyOfContextMap());
		this.bench.submit(this.refunds, 7).submit(this.orders, 0).run();
		assertThat(contexts).containsExactly(Map.of("consumer", "orders", "worker", "worker_0", "topic", "refunds",
				"partition", "0", "offset", "7"));
		assertThat(MDC.get("consumer")).isNull();
		assertThat(MDC.get("offset")).isNull();
	}

	@Test
	void positionOfAFailureIsThatInWhatTheListenerWasGivenByPartition() {
		List<List<String>> given = new ArrayList<>();
		this.bench.listener(new BatchMessageListener<>() {

			@Override
			public void onMessage(List<ConsumerRecord<Object, Object>> records) {
				throw new UnsupportedOperationException();
			}

			@Override
			public boolean wantsPollResult() {
				return true;
			}

			@Override
			public void onMessage(ConsumerRecords<Object, Object> records, @Nullable Acknowledgment acknowledgment,
					Consumer<Object, Object> consumer) {
				List<String> names = new ArrayList<>();
				records.forEach((record) -> names.add(record.topic() + "@" + record.offset()));
				given.add(names);
				throw new BatchListenerFailedException("broken", 2);
			}

		});
		this.bench.submit(this.orders, 0).submit(this.refunds, 0).submit(this.orders, 1).run();
		assertThat(given).containsExactly(names("orders@0", "orders@1", "refunds@0"));
		assertThat(this.orders.completed).containsExactly(0L, 1L);
		assertThat(this.refunds.completed).isEmpty();
	}

	@Test
	void batchesThatAreDeliveredOrRevokedLeaveNoTimers() {
		this.bench.limits(3, Duration.ofHours(1));
		for (int round = 0; round < 10; round++) {
			this.bench.submit(this.orders, 3 * round).run();
			this.bench.submit(this.orders, 3 * round + 1, 3 * round + 2).run();
		}
		assertThat(this.orders.completed).hasSize(30);
		this.bench.submit(this.orders, 30).run();
		this.orders.revoked = true;
		this.bench.worker.wake();
		this.bench.run();
		assertThat(this.bench.execution.timers()).as("that of the stall watch").isLessThanOrEqualTo(1);
	}

	@Test
	void failureThatAnswersNothingIsAFailureOfTheBatchLikeAnyOther() {
		this.bench.submit(this.orders, 0, 1);
		this.bench.script = (records) -> {
			throw new HostileException();
		};
		this.bench.run().backOff().backOff();
		assertThat(this.bench.delivered).containsExactly(names("orders@0", "orders@1"), names("orders@0", "orders@1"),
				names("orders@0", "orders@1"));
		assertThat(this.orders.parked()).isEqualTo(1);
		assertThat(this.bench.worker.snapshot(0).counters().restarts()).isZero();
	}

	@Test
	void failureThatAnswersNothingWithinAnotherOneIsAFailureOfTheBatchLikeAnyOther() {
		this.bench.failure(1, FailureAction.SKIP).submit(this.orders, 0, 1);
		this.bench.script = (records) -> {
			throw new BatchListenerFailedException("On purpose", new HostileException(), 1);
		};
		this.bench.run();
		assertThat(this.orders.completed).containsExactly(0L, 1L);
		assertThat(this.bench.worker.snapshot(0).counters().restarts()).isZero();
	}

	@Test
	void recordThatAnEarlierOwnerHasParkedIsABatchOfItsOwnForItsOneAttempt() {
		this.orders.held().parkedHistory().put(parkedBefore(1));
		this.orders.held().parkedHistory().put(parkedBefore(2));
		this.bench.limits(10, Duration.ofHours(1)).submit(this.orders, 0, 1, 2, 3);
		this.bench.script = (records) -> {
			if (records.get(0).offset() == 2) {
				throw new IllegalStateException("On purpose");
			}
		};
		this.bench.run();
		assertThat(this.bench.delivered).as("it waits for no others")
			.containsExactly(names("orders@0"), names("orders@1"), names("orders@2"));
		assertThat(this.orders.completed).containsExactly(0L, 1L);
		assertThat(this.orders.parked()).isEqualTo(1);
		assertThat(this.orders.held().parkedHistory().at(2))
			.isEqualTo(new ParkedRecord(2, Instant.EPOCH, 12, 3, IllegalStateException.class.getName()));
	}

	@Test
	void othersKeepTheirAttemptsIfThePolicySkipsARecordThatAnEarlierOwnerHasParked() {
		this.orders.held().parkedHistory().put(parkedBefore(0));
		this.bench.failure(2, FailureAction.SKIP).submit(this.orders, 0, 1, 2);
		this.bench.script = (records) -> {
			throw new IllegalStateException("On purpose");
		};
		this.bench.run();
		assertThat(this.bench.delivered).containsExactly(names("orders@0"), names("orders@1", "orders@2"));
		assertThat(this.orders.completed).containsExactly(0L);
		this.bench.backOff();
		assertThat(this.orders.completed).containsExactly(0L, 1L, 2L);
	}

	private static ParkedRecord parkedBefore(long offset) {
		return new ParkedRecord(offset, Instant.EPOCH, 11, 2, IllegalStateException.class.getName());
	}

	@Test
	void partitionsAreSeparatedIfTheContainerSaysSo() {
		this.bench.separatesPartitions().submit(this.orders, 0, 1).submit(this.refunds, 0).submit(this.orders, 2);
		assertThat(this.bench.run().delivered).containsExactly(names("orders@0", "orders@1"), names("refunds@0"),
				names("orders@2"));
	}

	@Test
	void waitsForMoreWithoutAThreadUntilTheBatchIsFull() {
		this.bench.limits(3, Duration.ofSeconds(5)).submit(this.orders, 0).run();
		assertThat(this.bench.delivered).isEmpty();
		assertThat(this.bench.execution.waiting()).isZero();
		assertThat(this.bench.worker.snapshot(0).state()).isEqualTo(WorkerState.RUNNING);
		this.bench.submit(this.orders, 1).run();
		assertThat(this.bench.delivered).isEmpty();
		this.bench.submit(this.orders, 2, 3).run();
		assertThat(this.bench.delivered).containsExactly(names("orders@0", "orders@1", "orders@2"));
		this.bench.execution.advance(Duration.ofMillis(4999));
		assertThat(this.bench.run().delivered).hasSize(1);
		this.bench.execution.advance(Duration.ofMillis(1));
		assertThat(this.bench.run().delivered).hasSize(2).last().isEqualTo(names("orders@3"));
		assertThat(this.bench.worker.snapshot(0).state()).isEqualTo(WorkerState.IDLE);
	}

	@Test
	void waitsNoLongerThanConfiguredFromTheFirstRecordOn() {
		this.bench.limits(10, Duration.ofSeconds(5)).submit(this.orders, 0).run();
		this.bench.execution.advance(Duration.ofSeconds(4));
		this.bench.submit(this.orders, 1).run();
		this.bench.execution.advance(Duration.ofSeconds(1));
		assertThat(this.bench.run().delivered).containsExactly(names("orders@0", "orders@1"));
	}

	@Test
	void isReadyFromTheMomentOnAtWhichItIsToWaitNoLonger() {
		Work work = this.bench.limits(10, Duration.ofSeconds(5)).workOf(this.orders, 0);
		this.bench.worker.submit(work);
		this.bench.run();
		long end = this.bench.execution.nanoTime() + Duration.ofSeconds(5).toNanos();
		assertThat(work.isReady(end - 1)).isFalse();
		assertThat(work.isReady(end)).isTrue();
	}

	@Test
	void doesNotWaitForEverWhenTheTimerOfABatchBeforeItFiresJustBeforeItsWorkerWaits() {
		this.bench.limits(2, Duration.ofSeconds(5));
		Interrupted first = new Interrupted(this.bench.workOf(this.orders, 0));
		this.bench.worker.submit(first);
		this.bench.run();
		this.bench.execution.advance(Duration.ofSeconds(4));
		first.beforeWorkerWaits = () -> this.bench.execution.advance(Duration.ofSeconds(1));
		this.bench.submit(this.orders, 1, 2).run();
		assertThat(this.bench.delivered).containsExactly(names("orders@0", "orders@1"));
		this.bench.execution.advance(Duration.ofMillis(3999));
		assertThat(this.bench.run().delivered).hasSize(1);
		this.bench.execution.advance(Duration.ofMillis(1));
		assertThat(this.bench.run().delivered).hasSize(2).last().isEqualTo(names("orders@2"));
	}

	@Test
	void doesNotWaitForEverWhenItsTimerFiresTooEarlyAndJustBeforeItsWorkerWaits() {
		this.bench.limits(2, Duration.ofSeconds(5));
		Interrupted first = new Interrupted(this.bench.workOf(this.orders, 0));
		first.beforeWorkerWaits = this.bench.execution::fireTimers;
		this.bench.worker.submit(first);
		assertThat(this.bench.run().delivered).isEmpty();
		this.bench.execution.advance(Duration.ofSeconds(5));
		assertThat(this.bench.run().delivered).containsExactly(names("orders@0"));
	}

	@Test
	void waitsWithATimerAfterOneCouldNotBeSet() {
		this.bench.limits(2, Duration.ofSeconds(5)).submit(this.orders, 0, 1).run();
		this.bench.execution.failTimer(new LinkageError("On purpose"));
		this.bench.submit(this.orders, 2).run();
		assertThat(this.bench.worker.snapshot(0).counters().restarts()).isOne();
		this.bench.execution.advance(Duration.ofSeconds(1));
		assertThat(this.bench.run().delivered).as("restarted").hasSize(1);
		this.bench.execution.advance(Duration.ofSeconds(5));
		assertThat(this.bench.run().delivered).last().isEqualTo(names("orders@2"));
	}

	@Test
	void recordsBeforeTheOneThatFailedAreCompletedAndTheRestIsRetried() {
		failAt(new BatchListenerFailedException("broken", new IllegalStateException(), 2), 2);
		this.bench.submit(this.orders, 0, 1, 2, 3).run();
		assertThat(this.orders.completed).containsExactly(0L, 1L);
		assertThat(this.bench.delivery().failures().all()).singleElement().satisfies((failing) -> {
			assertThat(failing.offset()).isEqualTo(2);
			assertThat(failing.attempts()).isEqualTo(1);
			assertThat(failing.failure()).isExactlyInstanceOf(IllegalStateException.class);
		});
		assertThat(this.bench.worker.snapshot(0).current()).extracting(WorkerSnapshot.CurrentRecord::offset)
			.containsExactly(2L);
		this.bench.submit(this.orders, 4).run();
		assertThat(this.bench.delivered).as("it waits").hasSize(1);
		assertThat(this.bench.worker.snapshot(0).state()).isEqualTo(WorkerState.BACKING_OFF);
		this.bench.script = (records) -> {
		};
		assertThat(this.bench.backOff().delivered).containsExactly(
				names("orders@0", "orders@1", "orders@2", "orders@3"), names("orders@2", "orders@3"),
				names("orders@4"));
		assertThat(this.orders.completed).containsExactly(0L, 1L, 2L, 3L, 4L);
		assertThat(this.bench.delivery().failures().all()).isEmpty();
		assertThat(this.bench.worker.snapshot(0).counters().handled()).isEqualTo(5);
	}

	@Test
	void recordThatIsGivenUpLetsTheRestGoOn() {
		failAtOffset(1);
		this.bench.failure(2, FailureAction.SKIP).submit(this.orders, 0, 1, 2).run();
		assertThat(this.bench.backOff().delivered).containsExactly(names("orders@0", "orders@1", "orders@2"),
				names("orders@1", "orders@2"), names("orders@2"));
		assertThat(this.orders.completed).containsExactly(0L, 1L, 2L);
	}

	@Test
	void attemptsCountForTheRecordThatFailed() {
		List<Long> failing = new ArrayList<>(List.of(0L, 0L, 1L, 1L));
		this.bench.script = (records) -> {
			if (!failing.isEmpty()) {
				throw new BatchListenerFailedException("broken", record(records, failing.remove(0)));
			}
		};
		this.bench.submit(this.orders, 0, 1).run().backOff().backOff();
		assertThat(this.bench.delivery().failures().all()).singleElement().satisfies((record) -> {
			assertThat(record.offset()).isEqualTo(1);
			assertThat(record.attempts()).isEqualTo(1);
		});
		this.bench.backOff().backOff();
		assertThat(this.orders.completed).containsExactly(0L, 1L);
	}

	@Test
	void attemptHeaderIsAddedFromTheSecondAttemptOnAndStartsAgainForTheRest() {
		List<String> headers = new ArrayList<>();
		this.bench.script = (records) -> {
			headers.add(String.join(" ", records.stream().map(BatchTests::attempt).toList()));
			if (records.get(0).offset() == 0) {
				throw new BatchListenerFailedException("broken", 0);
			}
		};
		this.bench.failure(2, FailureAction.SKIP).submit(this.orders, 0, 1).run().backOff();
		assertThat(headers).containsExactly("- -", "2 2", "1");
	}

	@Test
	void retryListenersAreNotifiedOfABatchThatFailsAsAWholeAndOfEachRecordThatIsRecovered() {
		List<String> notified = new ArrayList<>();
		this.bench.failure(2, FailureAction.DEAD_LETTER).retryListener(new RetryListener() {

			@Override
			public void failedDelivery(ConsumerRecord<?, ?> record, @Nullable Exception failure, int attempt) {
				notified.add("record " + record.offset() + ", attempt " + attempt);
			}

			@Override
			public void failedDelivery(ConsumerRecords<?, ?> records, Exception failure, int attempt) {
				List<Long> offsets = new ArrayList<>();
				records.forEach((record) -> offsets.add(record.offset()));
				notified.add("batch " + offsets + ", attempt " + attempt);
			}

			@Override
			public void recovered(ConsumerRecord<?, ?> record, @Nullable Exception failure) {
				notified.add("recovered " + record.offset());
			}

		}).script = (records) -> {
			if (records.size() == 3) {
				throw new BatchListenerFailedException("On purpose", 1);
			}
			throw new IllegalStateException("On purpose");
		};
		this.bench.submit(this.orders, 0, 1, 2).run();
		assertThat(notified).containsExactly("record 1, attempt 1");
		this.bench.backOff();
		assertThat(notified).last().isEqualTo("batch [1, 2], attempt 2");
		this.bench.deadLetters.get(0).answer().complete(null);
		this.bench.run().deadLetters.get(1).answer().complete(null);
		this.bench.run();
		assertThat(notified).containsExactly("record 1, attempt 1", "batch [1, 2], attempt 2", "recovered 1",
				"recovered 2");
	}

	@Test
	void recordsThatAreSkippedAreLeftToTheNextOneIfThePolicySaysSo() {
		this.bench.script = (records) -> {
			throw new IllegalStateException("broken");
		};
		this.bench.failure(1, FailureAction.SKIP).leavesToNext().submit(this.orders, 0, 1, 2).run();
		assertThat(this.orders.leftToNext).containsExactly(0L, 1L, 2L);
		assertThat(this.orders.completed).isEmpty();
	}

	@Test
	void recordThatAnOperatorDeadLettersIsCompletedWhateverThePolicySays() {
		this.bench.script = (records) -> {
			throw new BatchListenerFailedException("broken", 0);
		};
		this.bench.failure(1, FailureAction.PARK).leavesToNext().submit(this.orders, 0).run();
		this.bench.delivery().failures().deadLetter(new TopicPartition("orders", 0), 0);
		this.bench.run();
		answerDeadLetter(0);
		assertThat(this.orders.completed).containsExactly(0L);
		assertThat(this.orders.leftToNext).isEmpty();
	}

	@Test
	void recordOfABatchThatIsRecoveredIsLeftToTheNextOneIfThePolicySaysSo() {
		this.bench.script = (records) -> {
			throw new BatchListenerFailedException("broken", 0);
		};
		this.bench.failure(1, FailureAction.DEAD_LETTER).leavesToNext().submit(this.orders, 0).run();
		answerDeadLetter(0);
		assertThat(this.orders.leftToNext).containsExactly(0L);
	}

	@Test
	void threadHasItsNameBackAfterABatch() {
		List<String> names = new ArrayList<>();
		this.bench.script = (records) -> names.add(Thread.currentThread().getName());
		String before = Thread.currentThread().getName();
		this.orders.polledBy = new PollingConsumer("orders-0", "client-0", "named", null,
				this.orders.polledBy.consumer());
		this.bench.submit(this.orders, 0).run();
		assertThat(names).containsExactly("named");
		assertThat(Thread.currentThread().getName()).isEqualTo(before);
	}

	@Test
	void batchThatFailsAsAWholeIsRetriedAndThenRecoveredRecordByRecord() {
		this.bench.script = (records) -> {
			throw new IllegalStateException("broken");
		};
		this.bench.failure(2, FailureAction.DEAD_LETTER).submit(this.orders, 0, 1).submit(this.refunds, 5).run();
		assertThat(this.orders.completed).isEmpty();
		this.bench.backOff();
		assertThat(this.bench.delivered).containsExactly(names("orders@0", "orders@1", "refunds@5"),
				names("orders@0", "orders@1", "refunds@5"));
		assertThat(this.bench.deadLetters).extracting((letter) -> letter.record()).containsExactly("orders@0");
		assertThat(this.orders.running).as("a drain waits for the answer").isEqualTo(1);
		assertThat(this.refunds.running).isZero();
		answerDeadLetter(0);
		assertThat(this.orders.completed).containsExactly(0L);
		assertThat(this.bench.worker.snapshot(0).counters().handled()).isEqualTo(1);
		assertThat(this.bench.worker.snapshot(0).current()).extracting(WorkerSnapshot.CurrentRecord::offset)
			.containsExactly(1L);
		assertThat(this.bench.delivery().failures().all()).singleElement().satisfies((failing) -> {
			assertThat(failing.offset()).isEqualTo(1);
			assertThat(failing.state()).isEqualTo(FailingRecord.State.RECOVERING);
		});
		answerDeadLetter(1);
		answerDeadLetter(2);
		assertThat(this.bench.worker.snapshot(0).counters().handled()).isEqualTo(3);
		assertThat(this.bench.deadLetters).extracting((letter) -> letter.record())
			.containsExactly("orders@0", "orders@1", "refunds@5");
		assertThat(this.orders.completed).containsExactly(0L, 1L);
		assertThat(this.refunds.completed).containsExactly(5L);
		assertThat(this.bench.delivered).hasSize(2);
		assertThat(this.bench.worker.snapshot(0).state()).isEqualTo(WorkerState.IDLE);
		assertThat(this.orders.running).isZero();
	}

	@Test
	void batchThatIsGivenUpIsSkippedRecordByRecord() {
		this.bench.script = (records) -> {
			if (records.get(0).offset() < 3) {
				throw new IllegalStateException("broken");
			}
		};
		this.bench.limits(3, Duration.ZERO).failure(1, FailureAction.SKIP).submit(this.orders, 0, 1, 2, 3, 4).run();
		assertThat(this.bench.delivered).containsExactly(names("orders@0", "orders@1", "orders@2"),
				names("orders@3", "orders@4"));
		assertThat(this.orders.completed).containsExactly(0L, 1L, 2L, 3L, 4L);
		assertThat(this.bench.worker.snapshot(0).counters().handled()).isEqualTo(5);
		assertThat(this.bench.delivery().failures().all()).isEmpty();
	}

	@Test
	void parkedBatchIsShownByItsFirstRecordAndInstructionsMeanThatOneAlone() {
		this.bench.script = (records) -> {
			throw new IllegalStateException("broken");
		};
		this.bench.failure(1, FailureAction.PARK).submit(this.orders, 0, 1, 2).run();
		assertThat(this.bench.delivery().failures().all()).singleElement().satisfies((failing) -> {
			assertThat(failing.offset()).isZero();
			assertThat(failing.state()).isEqualTo(FailingRecord.State.PARKED);
		});
		assertThat(this.bench.worker.snapshot(0).state()).isEqualTo(WorkerState.PARKED);
		assertThat(this.orders.parked()).isEqualTo(1);
		assertThat(this.bench.delivery().failures().skip(ORDERS, 1)).isFalse();
		assertThat(this.bench.delivery().failures().retry(ORDERS, 0)).isTrue();
		assertThat(this.bench.run().delivered).as("all are retried").hasSize(2).last().asList().hasSize(3);
		assertThat(this.bench.delivery().failures().skip(ORDERS, 0)).isTrue();
		assertThat(this.bench.run().delivered).hasSize(3).last().isEqualTo(names("orders@1", "orders@2"));
		assertThat(this.orders.completed).containsExactly(0L);
		assertThat(this.bench.delivery().failures().deadLetter(ORDERS, 1)).isTrue();
		this.bench.script = (records) -> {
		};
		this.bench.run();
		answerDeadLetter(0);
		assertThat(this.bench.delivered).hasSize(4).last().isEqualTo(names("orders@2"));
		assertThat(this.orders.completed).containsExactly(0L, 1L, 2L);
		assertThat(this.orders.parked()).isZero();
	}

	@Test
	void recordThatCannotBeDeserializedIsTakenOutAndTheOthersAreDelivered() {
		List<ConsumerRecord<Object, Object>> records = new ArrayList<>(this.orders.records(0, 1, 2, 3));
		ConsumerRecord<Object, Object> poison = new ConsumerRecord<>("orders", 0, 2, "key", null);
		SerializationUtils.deserializationException(poison.headers(), new byte[] { 1 }, new IllegalArgumentException(),
				false);
		records.set(2, poison);
		this.bench.failure(10, FailureAction.DEAD_LETTER);
		this.bench.worker.submit(this.bench.works().workOf(records, this.orders));
		this.bench.run();
		assertThat(this.bench.delivered).containsExactly(names("orders@0", "orders@1"));
		answerDeadLetter(0);
		assertThat(this.bench.deadLetters).singleElement()
			.satisfies((letter) -> assertThat(letter.record()).isEqualTo("orders@2"));
		assertThat(this.bench.delivered).containsExactly(names("orders@0", "orders@1"), names("orders@3"));
		assertThat(this.orders.completed).containsExactly(0L, 1L, 2L, 3L);
	}

	@Test
	void errorOfTheMachineStopsTheConsumer() {
		this.bench.script = (records) -> {
			throw new OutOfMemoryError("not really");
		};
		this.bench.mayStop().submit(this.orders, 0, 1).run();
		assertThat(this.bench.stops).singleElement().asString().contains("OutOfMemoryError");
		assertThat(this.orders.completed).isEmpty();
	}

	@Test
	void interceptorIsCalledAroundTheListener() {
		CallNoting interceptor = new CallNoting(this.bench);
		this.bench.interceptor(interceptor).script = (records) -> {
			if (records.size() == 2) {
				throw new BatchListenerFailedException("broken", 1);
			}
		};
		this.bench.submit(this.orders, 0, 1).run().backOff();
		assertThat(interceptor.calls).containsExactly("setup", "intercept 2", "failure 2 after 1", "clear", "setup",
				"intercept 1", "success 1 after 2", "clear");
		assertThat(this.orders.completed).containsExactly(0L, 1L);
	}

	@Test
	void interceptorMaySkipABatchOrRecordsOfIt() {
		CallNoting interceptor = new CallNoting(this.bench);
		interceptor.skipped = (record) -> record.offset() % 2 == 0;
		this.bench.limits(3, Duration.ZERO)
			.interceptor(interceptor)
			.submit(this.orders, 0, 1, 3)
			.submit(this.orders, 4, 6)
			.run();
		assertThat(this.bench.delivered).containsExactly(names("orders@1", "orders@3"));
		assertThat(this.orders.completed).containsExactly(0L, 1L, 3L, 4L, 6L);
	}

	@Test
	void indexMeansTheListThatTheListenerWasGiven() {
		CallNoting interceptor = new CallNoting(this.bench);
		interceptor.skipped = (record) -> record.offset() == 0;
		this.bench.interceptor(interceptor)
			.listener(new FilteringBatchMessageListenerAdapter<>(this.bench.scripted(),
					(record) -> record.offset() == 1));
		failAt(new BatchListenerFailedException("broken", 1), 4);
		this.bench.submit(this.orders, 0, 1, 2, 3, 4).run();
		assertThat(this.bench.delivered).containsExactly(names("orders@2", "orders@3", "orders@4"));
		assertThat(this.orders.completed).containsExactly(0L, 1L, 2L);
		assertThat(this.bench.delivery().failures().all()).singleElement()
			.extracting(FailingRecord::offset)
			.isEqualTo(3L);
	}

	@Test
	void indexThatIsNotThereMeansTheWholeBatch() {
		failAt(new BatchListenerFailedException("broken", 7), 1);
		this.bench.submit(this.orders, 0, 1).run();
		assertThat(this.orders.completed).isEmpty();
		assertThat(this.bench.backOff().delivered).hasSize(2);
	}

	@Test
	void revokedBatchThatNeverCameToTheListenerIsNotShownAnyMore() {
		CallNoting interceptor = new CallNoting(this.bench);
		interceptor.failing = true;
		this.bench.interceptor(interceptor).submit(this.orders, 0, 1).run();
		assertThat(this.bench.worker.snapshot(0).current()).hasSize(1);
		this.bench.revoke(this.orders);
		this.bench.execution.advance(Duration.ofSeconds(1));
		this.bench.run();
		assertThat(this.bench.worker.snapshot(0).current()).isEmpty();
		assertThat(this.bench.worker.snapshot(0).state()).isEqualTo(WorkerState.IDLE);
	}

	@Test
	void interceptorThatThrowsBeforeTheListenerIsABreakdownOfTheWorker() {
		CallNoting interceptor = new CallNoting(this.bench);
		interceptor.failing = true;
		this.bench.interceptor(interceptor).submit(this.orders, 0, 1).run();
		assertThat(this.bench.delivered).isEmpty();
		assertThat(this.orders.running).isZero();
		assertThat(this.bench.worker.snapshot(0))
			.extracting((snapshot) -> snapshot.counters().restarts(), (snapshot) -> snapshot.counters().failed())
			.containsExactly(1, 0L);
		interceptor.failing = false;
		this.bench.execution.advance(Duration.ofMinutes(1));
		assertThat(this.bench.run().delivered).containsExactly(names("orders@0", "orders@1"));
		assertThat(this.orders.completed).containsExactly(0L, 1L);
	}

	@Test
	void errorOfTheMachineInAnInterceptorLeavesTheBatchUnfinished() {
		this.bench.interceptor(new CallNoting(this.bench) {

			@Override
			public void success(ConsumerRecords<Object, Object> records, Consumer<Object, Object> consumer) {
				throw new OutOfMemoryError("not really");
			}

		}).submit(this.orders, 0);
		assertThatThrownBy(this.bench::run).as("the consumer is stopped")
			.hasMessageContaining("broke down outside the handler");
		assertThat(this.orders.completed).isEmpty();
		assertThat(this.orders.running).isZero();
	}

	@Test
	void nullInPlaceOfAResultIsAFailure() {
		assertThatIllegalStateException()
			.isThrownBy(() -> new BatchAttempt(List.of(), this.bench.delivery(), 0).result(null))
			.withMessageContaining("returned null");
	}

	private void failAt(RuntimeException failure, int atLeast) {
		this.bench.script = (records) -> {
			if (records.get(records.size() - 1).offset() >= atLeast && this.bench.delivered.size() == 1) {
				throw failure;
			}
		};
	}

	private void failAtOffset(long offset) {
		this.bench.script = (records) -> {
			for (ConsumerRecord<Object, Object> record : records) {
				if (record.offset() == offset) {
					throw new BatchListenerFailedException("broken", record);
				}
			}
		};
	}

	private void answerDeadLetter(int index) {
		this.bench.deadLetters.get(index).answer().complete(null);
		this.bench.run();
	}

	private static ConsumerRecord<Object, Object> record(List<ConsumerRecord<Object, Object>> records, long offset) {
		return records.stream().filter((record) -> record.offset() == offset).findFirst().orElseThrow();
	}

	private static String attempt(ConsumerRecord<?, ?> record) {
		var header = record.headers().lastHeader(KafkaHeaders.DELIVERY_ATTEMPT);
		return (header != null) ? Integer.toString(header.value()[3]) : "-";
	}

	private static List<String> names(String... names) {
		return List.of(names);
	}

	/**
	 * Notes how often it is called and with what, and how often the listener was then.
	 */
	private static class CallNoting implements BatchInterceptor<Object, Object> {

		final List<String> calls = new ArrayList<>();

		private final BatchBench bench;

		Predicate<ConsumerRecord<Object, Object>> skipped = (record) -> false;

		boolean failing;

		CallNoting(BatchBench bench) {
			this.bench = bench;
		}

		@Override
		public void setupThreadState(Consumer<?, ?> consumer) {
			this.calls.add("setup");
		}

		@Override
		public @Nullable ConsumerRecords<Object, Object> intercept(ConsumerRecords<Object, Object> records,
				Consumer<Object, Object> consumer) {
			if (this.failing) {
				throw new IllegalStateException("broken");
			}
			this.calls.add("intercept " + records.count());
			List<ConsumerRecord<Object, Object>> left = new ArrayList<>();
			records.forEach((record) -> {
				if (!this.skipped.test(record)) {
					left.add(record);
				}
			});
			if (left.size() == records.count()) {
				return records;
			}
			return left.isEmpty() ? null : new ConsumerRecords<>(Map.of(ORDERS, left), Map.of());
		}

		@Override
		public void success(ConsumerRecords<Object, Object> records, Consumer<Object, Object> consumer) {
			this.calls.add("success " + records.count() + " after " + this.bench.delivered.size());
			throw new AssertionError("What an interceptor throws afterwards changes nothing");
		}

		@Override
		public void failure(ConsumerRecords<Object, Object> records, Exception exception,
				Consumer<Object, Object> consumer) {
			this.calls.add("failure " + records.count() + " after " + this.bench.delivered.size());
		}

		@Override
		public void clearThreadState(Consumer<?, ?> consumer) {
			this.calls.add("clear");
		}

	}

	/**
	 * Work that something happens to after it has answered and before its worker waits.
	 */
	private static final class Interrupted extends Work {

		private final Work work;

		private @Nullable Runnable beforeWorkerWaits;

		Interrupted(Work work) {
			this.work = work;
		}

		@Override
		public Progress proceed(Worker worker, Turn turn) {
			Progress progress = this.work.proceed(worker, turn);
			Runnable event = this.beforeWorkerWaits;
			if (event != null) {
				this.beforeWorkerWaits = null;
				event.run();
			}
			return progress;
		}

		@Override
		public boolean isReady(long now) {
			return this.work.isReady(now);
		}

	}

}
