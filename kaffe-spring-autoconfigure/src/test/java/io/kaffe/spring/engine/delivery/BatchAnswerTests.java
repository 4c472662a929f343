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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.BatchListenerFailedException;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.DetachedRecord;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for batches whose listener answers later.
 */
class BatchAnswerTests {

	private final BatchBench bench = new BatchBench().answeringLater();

	private final RecordedAssignment orders = this.bench.partition("orders");

	private final RecordedAssignment refunds = this.bench.partition("refunds");

	@Test
	void batchIsCompletedWithItsAnswerAndTheNextOneWaits() {
		this.bench.limits(2, Duration.ZERO).submit(this.orders, 0, 1, 2).run();
		long since = this.bench.execution.nanoTime();
		assertThat(this.bench.delivered).containsExactly(List.of("orders@0", "orders@1"));
		assertThat(this.orders.completed).isEmpty();
		assertThat(this.orders.running).as("a drain waits for it").isEqualTo(1);
		assertThat(this.bench.worker.inFlight()).isEqualTo(2);
		assertThat(this.bench.worker.snapshot(0).state()).isEqualTo(WorkerState.RUNNING);
		assertThat(this.bench.delivery().detachedRecords()).singleElement().satisfies((detached) -> {
			assertThat(detached.workerName()).isEqualTo("worker_0");
			assertThat(detached.since()).isEqualTo(since);
			assertThat(detached.record().offset()).isZero();
			assertThat(detached.unfinished()).hasSize(2);
			assertThat(detached.isOver()).isFalse();
		});
		this.bench.answers.remove().complete(null);
		assertThat(this.orders.completed).as("by the thread that answers").containsExactly(0L, 1L);
		assertThat(this.orders.running).isZero();
		assertThat(this.bench.delivery().detachedRecords()).isEmpty();
		assertThat(this.bench.run().delivered).hasSize(2).last().isEqualTo(List.of("orders@2"));
		assertThat(this.bench.worker.snapshot(0).counters().handled()).isEqualTo(2);
	}

	@Test
	void recordsBeforeTheOneThatFailedAreCompletedAndTheRestIsRetried() {
		this.bench.submit(this.orders, 0, 1, 2).run();
		this.bench.answers.remove()
			.completeExceptionally(new CompletionException(new BatchListenerFailedException("broken", 1)));
		assertThat(this.orders.completed).as("before a drain goes on").containsExactly(0L);
		assertThat(this.orders.running).isZero();
		this.bench.run();
		assertThat(this.bench.worker.snapshot(0).state()).isEqualTo(WorkerState.BACKING_OFF);
		assertThat(this.bench.worker.inFlight()).isZero();
		assertThat(this.bench.delivery().failures().all()).singleElement()
			.extracting(FailingRecord::offset, FailingRecord::attempts)
			.containsExactly(1L, 1);
		assertThat(this.bench.backOff().delivered).hasSize(2).last().isEqualTo(List.of("orders@1", "orders@2"));
		assertThat(this.bench.worker.snapshot(0).state()).as("the second attempt").isEqualTo(WorkerState.RUNNING);
		this.bench.answers.remove().complete(null);
		this.bench.run();
		assertThat(this.orders.completed).containsExactly(0L, 1L, 2L);
		assertThat(this.bench.delivery().failures().all()).isEmpty();
	}

	@Test
	void batchThatFailsAsAWholeIsRetriedAndExhausted() {
		this.bench.failure(2, FailureAction.SKIP).submit(this.orders, 0, 1).run();
		this.bench.answers.remove().completeExceptionally(new IllegalStateException("broken"));
		assertThat(this.bench.run().backOff().delivered).containsExactly(List.of("orders@0", "orders@1"),
				List.of("orders@0", "orders@1"));
		this.bench.answers.remove().completeExceptionally(new IllegalStateException("broken"));
		assertThat(this.orders.completed).isEmpty();
		this.bench.run();
		assertThat(this.orders.completed).containsExactly(0L, 1L);
		assertThat(this.bench.attempts).containsExactly("orders 0 failed", "orders 0 failed");
	}

	@Test
	void answersThatComeAtOnceAreTakenAtOnce() {
		List<CompletableFuture<@Nullable Void>> answers = new ArrayList<>();
		answers.add(CompletableFuture.failedFuture(new BatchListenerFailedException("broken", 1)));
		answers.add(CompletableFuture.completedFuture(null));
		answers.add(CompletableFuture.completedFuture(null));
		this.bench.script = (records) -> this.bench.answer(answers.remove(0));
		this.bench.limits(2, Duration.ZERO).submit(this.orders, 0, 1, 2).run();
		assertThat(this.orders.completed).containsExactly(0L);
		assertThat(this.bench.backOff().delivered).containsExactly(List.of("orders@0", "orders@1"), List.of("orders@1"),
				List.of("orders@2"));
		assertThat(this.orders.completed).containsExactly(0L, 1L, 2L);
		assertThat(this.orders.running).isZero();
		assertThat(this.bench.delivery().detachedRecords()).isEmpty();
	}

	@Test
	void attemptTakesAsLongAsItsHandlerTakesToAnswer() {
		this.bench.submit(this.orders, 0).submit(this.refunds, 0).run();
		this.bench.execution.advance(Duration.ofSeconds(6));
		this.bench.answers.remove().complete(null);
		this.bench.execution.advance(Duration.ofSeconds(60));
		this.bench.run();
		assertThat(this.bench.attempts).containsExactly("orders 3000 handled", "refunds 3000 handled");
	}

	@Test
	void openBatchCountsAsOneHandlerInFlight() {
		this.bench.workers.maxConcurrency(1);
		RecordedAssignment others = this.bench.partition("others");
		Worker other = this.bench.workers.allocate("worker_1",
				new AssignedPartition(new TopicPartition("others", 1), 1));
		this.bench.submit(this.orders, 0, 1).run();
		other.submit(this.bench.workOf(others, 7));
		assertThat(this.bench.run().delivered).hasSize(1);
		this.bench.answers.remove().complete(null);
		assertThat(this.bench.run().delivered).hasSize(2).last().isEqualTo(List.of("others@7"));
		this.bench.submit(this.orders, 2);
		assertThat(this.bench.run().delivered).hasSize(2);
		others.revoked = true;
		this.bench.delivery().detachedRecords().forEach(DetachedRecord::partitionsRevoked);
		assertThat(this.bench.run().delivered).as("its drain goes on").hasSize(2);
		others.fenced = true;
		this.bench.delivery().detachedRecords().forEach(DetachedRecord::partitionsRevoked);
		assertThat(this.bench.run().delivered).as("its assignment has ended").hasSize(3);
	}

	@Test
	void answerCompletesWhatIsRevokedMeanwhile() {
		this.bench.submit(this.orders, 0).submit(this.refunds, 0).run();
		this.orders.revoked = true;
		this.bench.worker.wake();
		this.bench.run();
		assertThat(this.orders.dropped).isEmpty();
		this.bench.answers.remove().complete(null);
		this.bench.run();
		assertThat(this.orders.completed).containsExactly(0L);
		assertThat(this.refunds.completed).containsExactly(0L);
		assertThat(this.orders.dropped).isEmpty();
		assertThat(this.orders.running).isZero();
		assertThat(this.refunds.running).isZero();
		assertThat(this.bench.worker.snapshot(0).state()).isEqualTo(WorkerState.IDLE);
	}

	@Test
	void failureOfARevokedRecordIsNoneOfTheOthers() {
		this.bench.submit(this.orders, 0, 1).submit(this.refunds, 0).run();
		this.orders.revoked = true;
		this.bench.answers.remove().completeExceptionally(new BatchListenerFailedException("broken", 1));
		assertThat(this.bench.run().delivered).hasSize(2).last().isEqualTo(List.of("refunds@0"));
		assertThat(this.orders.completed).containsExactly(0L);
		assertThat(this.orders.dropped).containsExactly(1L);
		assertThat(this.bench.delivery().failures().all()).isEmpty();
	}

	@Test
	void recordsThatAreAcknowledgedBeforeTheAnswerAreNotRedelivered() {
		this.bench.submit(this.orders, 0, 1, 2).run();
		this.bench.acknowledged.get(0).acknowledge(1);
		assertThat(this.orders.completed).containsExactly(0L, 1L);
		assertThat(this.bench.delivery().detachedRecords()).singleElement()
			.satisfies((detached) -> assertThat(detached.unfinished()).extracting(ConsumerRecord::offset)
				.containsExactly(2L));
		this.bench.answers.remove().completeExceptionally(new IllegalStateException("broken"));
		assertThat(this.bench.run().backOff().delivered).hasSize(2).last().isEqualTo(List.of("orders@2"));
		assertThatIllegalStateException()
			.isThrownBy(() -> this.bench.acknowledged.get(1).nack(0, Duration.ofSeconds(1)))
			.withMessageContaining("nack() is not supported with asynchronous listeners");
	}

	@Test
	void interceptorIsNotifiedWhenTheListenerReturns() {
		List<String> calls = new ArrayList<>();
		this.bench.interceptor(new BatchInterceptor<>() {

			@Override
			public ConsumerRecords<Object, Object> intercept(ConsumerRecords<Object, Object> records,
					Consumer<Object, Object> consumer) {
				calls.add("intercept");
				return records;
			}

			@Override
			public void success(ConsumerRecords<Object, Object> records, Consumer<Object, Object> consumer) {
				calls.add("success");
			}

			@Override
			public void failure(ConsumerRecords<Object, Object> records, Exception exception,
					Consumer<Object, Object> consumer) {
				calls.add("failure " + exception.getMessage());
			}

			@Override
			public void clearThreadState(Consumer<?, ?> consumer) {
				calls.add("clear");
			}

		});
		this.bench.submit(this.orders, 0).run();
		assertThat(calls).containsExactly("intercept", "success", "clear");
		this.bench.answers.remove().completeExceptionally(new CompletionException(new IllegalStateException("broken")));
		this.bench.run().backOff().answers.remove().complete(null);
		assertThat(calls).as("without the answers, as for single records")
			.containsExactly("intercept", "success", "clear", "intercept", "success", "clear");
	}

}
