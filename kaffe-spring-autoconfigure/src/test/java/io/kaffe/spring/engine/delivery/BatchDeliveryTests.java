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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.listener.BatchAcknowledgingConsumerAwareMessageListener;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.delivery.BatchDelivery.Acknowledgments;
import io.kaffe.spring.engine.worker.DetachedRecord;
import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link BatchDelivery} and {@link BatchAttempt}: how listener, interceptor and
 * observation are called, and what is known about records that are not acknowledged.
 */
@ExtendWith(OutputCaptureExtension.class)
class BatchDeliveryTests {

	private final ManualExecution execution = new ManualExecution();

	private final RecordedAssignment orders = new RecordedAssignment("orders");

	private final RecordedAssignment refunds = new RecordedAssignment("refunds");

	private final List<String> called = new ArrayList<>();

	private final List<Acknowledgment> acknowledgments = new ArrayList<>();

	private ListenerType type = ListenerType.ACKNOWLEDGING;

	private Acknowledgments acknowledged = Acknowledgments.NONE;

	private ObservationRegistry registry = ObservationRegistry.NOOP;

	private @Nullable BatchInterceptor<Object, Object> interceptor;

	private @Nullable RuntimeException failure;

	private @Nullable CompletableFuture<String> answer;

	@Test
	void eachTypeOfListenerIsGivenWhatItDeclares() throws Throwable {
		for (ListenerType type : ListenerType.values()) {
			this.type = type;
			this.orders.completed.clear();
			deliver(delivery(), 0, 1);
		}
		assertThat(this.called).containsExactlyInAnyOrder("[0, 1]", "[0, 1] acknowledgment", "[0, 1] consumer",
				"[0, 1] acknowledgment consumer");
	}

	@Test
	void eachRecordIsObserved() throws Throwable {
		observe();
		deliver(delivery(), 0, 1);
		assertThat(this.called).containsExactly("start", "start", "[0, 1] acknowledgment", "stop", "stop");
		assertThat(this.orders.completed).containsExactly(0L, 1L);
	}

	@Test
	void eachRecordIsObservedWithTheFailureOfItsBatch() {
		observe();
		this.failure = new IllegalStateException("no stock");
		assertThatIllegalStateException().isThrownBy(() -> deliver(delivery(), 0, 1));
		assertThat(this.called).containsExactly("start", "start", "[0, 1] acknowledgment", "error no stock", "stop",
				"error no stock", "stop");
	}

	@Test
	void eachRecordIsObservedUntilItsBatchIsAnswered() throws Throwable {
		observe();
		this.acknowledged = Acknowledgments.WITH_ANSWER;
		CompletableFuture<String> answer = new CompletableFuture<>();
		this.answer = answer;
		CompletableFuture<?> outcome = deliver(delivery(), 0, 1);
		assertThat(this.called).containsExactly("start", "start", "[0, 1] acknowledgment");
		assertThat(outcome).isNotNull().isNotDone();
		answer.completeExceptionally(
				new BatchListenerFailedException("broken", new IllegalStateException("no stock"), 1));
		assertThat(outcome).isCompletedExceptionally();
		assertThat(this.called).endsWith("error no stock", "stop", "error no stock", "stop");
	}

	@Test
	void batchWhoseListenerIsAsynchronousAndHasAnsweredIsCompleted() throws Throwable {
		this.acknowledged = Acknowledgments.WITH_ANSWER;
		assertThat(deliver(delivery(), 0, 1)).isNull();
		assertThat(this.orders.completed).containsExactly(0L, 1L);
	}

	@Test
	void whatAnInterceptorMixesUpIsDeliveredInTheOrderOfTheBatch() throws Throwable {
		this.interceptor = (records, consumer) -> {
			Map<TopicPartition, List<ConsumerRecord<Object, Object>>> mixed = new LinkedHashMap<>();
			List<ConsumerRecord<Object, Object>> present = records.records(new TopicPartition("orders", 0));
			mixed.put(new TopicPartition("orders", 0), List.of(present.get(2), present.get(0), present.get(1)));
			return new ConsumerRecords<>(mixed, Map.of());
		};
		deliver(delivery(), 0, 1, 2);
		assertThat(this.called).containsExactly("[0, 1, 2] acknowledgment");
	}

	@Test
	void interceptorThatFailsAfterTheListenerDoesNotAffectTheBatch(CapturedOutput output) throws Throwable {
		this.interceptor = new BatchInterceptor<>() {

			@Override
			public ConsumerRecords<Object, Object> intercept(ConsumerRecords<Object, Object> records,
					Consumer<Object, Object> consumer) {
				return records;
			}

			@Override
			public void success(ConsumerRecords<Object, Object> records, Consumer<Object, Object> consumer) {
				throw new IllegalStateException("broken");
			}

		};
		deliver(delivery(), 0, 1);
		assertThat(this.orders.completed).containsExactly(0L, 1L);
		assertThat(output)
			.containsOnlyOnce("The batch interceptor failed after the delivery of a batch, which is not affected");
	}

	@Test
	void failureIsThatOfWhatTheInterceptorHasLeftOfTheBatch() {
		this.interceptor = new BatchInterceptor<>() {

			@Override
			public ConsumerRecords<Object, Object> intercept(ConsumerRecords<Object, Object> records,
					Consumer<Object, Object> consumer) {
				TopicPartition partition = new TopicPartition("orders", 0);
				return new ConsumerRecords<>(Map.of(partition, records.records(partition).subList(1, 3)), Map.of());
			}

			@Override
			public void failure(ConsumerRecords<Object, Object> records, Exception exception,
					Consumer<Object, Object> consumer) {
				records.forEach((record) -> BatchDeliveryTests.this.called.add("failure " + record.offset()));
			}

		};
		BatchDelivery delivery = delivery();
		BatchAttempt attempt = new BatchAttempt(records(0, 1, 2), delivery, 0);
		BatchListenerFailedException second = new BatchListenerFailedException("broken", 1);
		this.failure = second;
		assertThatExceptionOfType(BatchListenerFailedException.class)
			.isThrownBy(() -> delivery.deliver(attempt, 1, false));
		assertThat(this.called).containsExactly("[1, 2] acknowledgment", "failure 1", "failure 2");
		assertThat(attempt.positionOfFailure(second)).as("of those that the listener was given").isEqualTo(2);
	}

	@Test
	void interceptorThatFailsBeforeTheListenerIsNotifiedOfNothing() {
		this.interceptor = new BatchInterceptor<>() {

			@Override
			public ConsumerRecords<Object, Object> intercept(ConsumerRecords<Object, Object> records,
					Consumer<Object, Object> consumer) {
				throw new IllegalStateException("broken");
			}

			@Override
			public void failure(ConsumerRecords<Object, Object> records, Exception exception,
					Consumer<Object, Object> consumer) {
				BatchDeliveryTests.this.called.add("failure");
			}

		};
		assertThatExceptionOfType(HookFailedException.class).isThrownBy(() -> deliver(delivery(), 0, 1));
		assertThat(this.called).isEmpty();
	}

	@Test
	void batchThatIsNotAcknowledgedIsKnownByItsFirstUnfinishedRecord() throws Throwable {
		this.acknowledged = Acknowledgments.LATER;
		BatchDelivery delivery = delivery();
		long since = this.execution.nanoTime();
		deliver(delivery, 0, 1, 2);
		assertThat(this.orders.completed).isEmpty();
		Acknowledgment acknowledgment = this.acknowledgments.get(0);
		assertThat(acknowledgment).hasToString("Acknowledgment for 3 records from orders-0@0");
		assertThat(acknowledgment.isOutOfOrderCommit()).isTrue();
		assertThat(delivery.detachedRecords()).hasSize(1);
		DetachedRecord detached = delivery.detachedRecords().iterator().next();
		assertThat(detached.workerName()).isNull();
		assertThat(detached.since()).isEqualTo(since);
		assertThat(detached.record().offset()).isZero();
		assertThat(detached.unfinished().stream().map(ConsumerRecord::offset)).containsExactly(0L, 1L, 2L);
		acknowledgment.acknowledge(1);
		assertThat(this.orders.completed).containsExactly(0L, 1L);
		assertThat(detached.record().offset()).isEqualTo(2);
		assertThat(detached.unfinished()).hasSize(1);
		assertThat(detached.isOver()).isFalse();
		assertThat(delivery.detachedRecords()).containsExactly(detached);
		acknowledgment.acknowledge(2);
		assertThat(detached.isOver()).isTrue();
		assertThat(detached.record().offset()).as("the last one").isEqualTo(2);
		assertThat(detached.unfinished()).isEmpty();
		assertThat(delivery.detachedRecords()).isEmpty();
	}

	@Test
	void batchThatAnInterceptorSkipsIsCompletedThoughTheListenerWouldAcknowledgeIt() throws Throwable {
		this.acknowledged = Acknowledgments.LATER;
		this.interceptor = (records, consumer) -> (this.called.isEmpty() && this.orders.completed.isEmpty()) ? null
				: records;
		deliver(delivery(), 0, 1);
		assertThat(this.called).isEmpty();
		assertThat(this.orders.completed).containsExactly(0L, 1L);
		BatchDelivery delivery = delivery();
		deliver(delivery, 2, 3);
		assertThat(this.orders.completed).as("those are not acknowledged").containsExactly(0L, 1L);
		assertThat(delivery.detachedRecords()).hasSize(1);
	}

	@Test
	void recordsOfARevokedPartitionAreOver() throws Throwable {
		this.acknowledged = Acknowledgments.LATER;
		BatchDelivery delivery = delivery();
		deliver(delivery, 0, 1);
		DetachedRecord detached = delivery.detachedRecords().iterator().next();
		this.orders.fenced = true;
		assertThat(detached.unfinished()).isEmpty();
		assertThat(detached.isOver()).isTrue();
	}

	@Test
	void nobodyWaitsForABatchWhosePartitionIsLostBeforeTheListenerReturns() throws Throwable {
		this.acknowledged = Acknowledgments.LATER;
		this.orders.fenced = true;
		BatchDelivery delivery = delivery();
		deliver(delivery, 0, 1);
		assertThat(delivery.detachedRecords()).isEmpty();
	}

	@Test
	void attemptIsTheCurrentOneOnlyWhileTheListenerIsCalled() {
		BatchAttempt attempt = new BatchAttempt(records(0), delivery(), 0);
		List<@Nullable BatchAttempt> current = new ArrayList<>();
		attempt.within(() -> current.add(BatchAttempt.current()));
		assertThat(current).containsExactly(attempt);
		assertThat(BatchAttempt.current()).isNull();
	}

	@Test
	void failureIsNamedByItsRecordOrByItsIndexInWhatWasDelivered() {
		BatchAttempt attempt = new BatchAttempt(records(0, 1, 2), delivery(), 0);
		attempt.delivered(this.orders.records(1, 2));
		assertThat(attempt.positionOfFailure(new BatchListenerFailedException("broken", 1))).isEqualTo(2);
		assertThat(attempt.positionOfFailure(new BatchListenerFailedException("broken", 0))).isEqualTo(1);
		assertThat(attempt.positionOfFailure(new BatchListenerFailedException("broken", 2))).isEqualTo(-1);
		assertThat(attempt.positionOfFailure(new BatchListenerFailedException("broken", this.orders.records(2).get(0))))
			.isEqualTo(2);
		assertThat(
				attempt.positionOfFailure(new BatchListenerFailedException("broken", this.refunds.records(2).get(0))))
			.as("not in the batch")
			.isEqualTo(-1);
		assertThat(attempt.positionOfFailure(new IllegalStateException("broken"))).isEqualTo(-1);
		assertThat(attempt.positionOfFailure(new BatchListenerFailedException("broken", 0) {

			@Override
			public int getIndex() {
				throw new IllegalStateException("No index");
			}

		})).isEqualTo(-1);
	}

	private List<BatchAttempt.BatchedRecord> records(long... offsets) {
		List<BatchAttempt.BatchedRecord> records = new ArrayList<>();
		this.orders.records(offsets)
			.forEach((record) -> records.add(new BatchAttempt.BatchedRecord(record, this.orders)));
		return records;
	}

	private @Nullable CompletableFuture<?> deliver(BatchDelivery delivery, long... offsets) throws Throwable {
		this.orders.enter();
		try {
			return delivery.deliver(new BatchAttempt(records(offsets), delivery, this.execution.nanoTime()), 1, false);
		}
		finally {
			this.orders.exit();
		}
	}

	private void observe() {
		this.registry = ObservationRegistry.create();
		this.registry.observationConfig().observationHandler(new RecordingHandler());
	}

	private BatchDelivery delivery() {
		FailurePolicy policy = new FailurePolicy(3, new FixedBackOff(1000, Long.MAX_VALUE), null, Set.of(),
				FailureAction.PARK, Map.of(), null, null, 100);
		DeliveryObservation observation = this.registry.isNoop() ? null
				: new DeliveryObservation(this.registry, null, "shop", () -> "mars");
		return new BatchDelivery(new Listener(), this.type, false, this.interceptor, this.acknowledged,
				new BatchDelivery.Limits(500, Duration.ZERO), false, new DeliverySettings("shop", false, policy,
						observation, new LogContext("orders", false), this.execution));
	}

	/**
	 * Notes which of its methods is called, with the offsets of the records.
	 */
	private final class Listener implements BatchAcknowledgingConsumerAwareMessageListener<Object, Object> {

		@Override
		public void onMessage(List<ConsumerRecord<Object, Object>> records) {
			called(records, "");
		}

		@Override
		public void onMessage(List<ConsumerRecord<Object, Object>> records, @Nullable Acknowledgment acknowledgment) {
			if (acknowledgment != null) {
				BatchDeliveryTests.this.acknowledgments.add(acknowledgment);
			}
			called(records, " acknowledgment");
		}

		@Override
		public void onMessage(List<ConsumerRecord<Object, Object>> records, @Nullable Consumer<?, ?> consumer) {
			assertThat(consumer).isSameAs(BatchDeliveryTests.this.orders.polledBy().consumer());
			called(records, " consumer");
		}

		@Override
		public void onMessage(List<ConsumerRecord<Object, Object>> records, @Nullable Acknowledgment acknowledgment,
				@Nullable Consumer<?, ?> consumer) {
			assertThat(consumer).isSameAs(BatchDeliveryTests.this.orders.polledBy().consumer());
			called(records, " acknowledgment consumer");
		}

		private void called(List<ConsumerRecord<Object, Object>> records, String with) {
			BatchDeliveryTests.this.called.add(records.stream().map(ConsumerRecord::offset).toList() + with);
			if (BatchDeliveryTests.this.failure != null) {
				throw BatchDeliveryTests.this.failure;
			}
			CompletableFuture<String> answer = BatchDeliveryTests.this.answer;
			if (answer != null) {
				AsyncOutcome outcome = Objects.requireNonNull(AsyncOutcome.current());
				outcome.answeredBy(answer, null).thenAccept((reply) -> outcome.acknowledge());
			}
		}

	}

	/**
	 * Notes the life of observations.
	 */
	private final class RecordingHandler implements ObservationHandler<Observation.Context> {

		@Override
		public boolean supportsContext(Observation.Context context) {
			return true;
		}

		@Override
		public void onStart(Observation.Context context) {
			BatchDeliveryTests.this.called.add("start");
		}

		@Override
		public void onError(Observation.Context context) {
			BatchDeliveryTests.this.called.add("error " + Objects.requireNonNull(context.getError()).getMessage());
		}

		@Override
		public void onStop(Observation.Context context) {
			BatchDeliveryTests.this.called.add("stop");
		}

	}

}
