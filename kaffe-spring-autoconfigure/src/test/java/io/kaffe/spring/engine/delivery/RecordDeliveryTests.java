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
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.listener.AcknowledgingConsumerAwareMessageListener;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.KafkaUtils;
import org.springframework.kafka.support.serializer.DeserializationException;
import org.springframework.kafka.support.serializer.SerializationUtils;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link RecordDelivery}: in which order listener, interceptor and observation
 * are called, and what completes the record.
 */
@ExtendWith(OutputCaptureExtension.class)
class RecordDeliveryTests {

	private final ManualExecution execution = new ManualExecution();

	private final List<String> called = new ArrayList<>();

	private final RecordedAssignment assignment = new RecordedAssignment();

	private ConsumerRecord<Object, Object> record = this.assignment.records(7).get(0);

	private final Interceptor interceptor = new Interceptor();

	private ObservationRegistry registry = ObservationRegistry.NOOP;

	private Acknowledging acknowledging = Acknowledging.NONE;

	private boolean async;

	private boolean addsAttemptHeader;

	private ListenerType type = ListenerType.SIMPLE;

	private java.util.function.Consumer<@Nullable Acknowledgment> listener = (acknowledgment) -> {
	};

	@Test
	void eachTypeOfListenerIsGivenWhatItDeclares() throws Throwable {
		for (ListenerType type : ListenerType.values()) {
			this.type = type;
			deliver(null);
		}
		assertThat(this.called).containsExactlyInAnyOrder("record", "record acknowledgment", "record consumer",
				"record acknowledgment consumer");
	}

	@Test
	void interceptorIsCalledAroundTheListener() throws Throwable {
		deliver(this.interceptor);
		assertThat(this.called).containsExactly("setup", "intercept", "record", "success", "after", "clear");
		assertThat(this.assignment.completed).containsExactly(7L);
	}

	@Test
	void interceptorThatTakesTheRecordAwayCompletesIt() throws Throwable {
		this.acknowledging = Acknowledging.SINGLE;
		this.interceptor.intercepts = false;
		deliver(this.interceptor);
		assertThat(this.called).containsExactly("setup", "intercept", "success", "after", "clear");
		assertThat(this.assignment.completed).containsExactly(7L);
	}

	@Test
	void interceptorIsNotifiedOfAFailure() {
		this.listener = (acknowledgment) -> {
			throw new IllegalStateException("no stock");
		};
		assertThatIllegalStateException().isThrownBy(() -> deliver(this.interceptor)).withMessage("no stock");
		assertThat(this.called).containsExactly("setup", "intercept", "record", "failure no stock", "after", "clear");
		assertThat(this.assignment.completed).isEmpty();
	}

	@Test
	void interceptorThatFailsBeforeTheListenerIsNoFailureOfTheRecord() {
		for (String hook : List.of("setup", "intercept")) {
			this.called.clear();
			this.interceptor.failing = hook;
			assertThatExceptionOfType(HookFailedException.class).isThrownBy(() -> deliver(this.interceptor))
				.withMessage("The record interceptor failed before the delivery of orders-0@7");
			assertThat(this.called).doesNotContain("record", "success", "failure broken").endsWith("after", "clear");
		}
	}

	@Test
	void interceptorThatFailsAfterTheListenerDoesNotAffectTheRecord(CapturedOutput output) throws Throwable {
		for (String hook : List.of("success", "after", "clear")) {
			this.called.clear();
			this.assignment.completed.clear();
			this.interceptor.failing = hook;
			deliver(this.interceptor);
			assertThat(this.called).containsExactly("setup", "intercept", "record", "success", "after", "clear");
			assertThat(this.assignment.completed).containsExactly(7L);
		}
		assertThat(output.getOut()
			.split("The record interceptor failed after the delivery of orders-0@7, which is not affected", -1))
			.hasSize(1 + 3);
	}

	@Test
	void interceptorWithoutMemoryIsNoFailureOfTheRecordEither() {
		this.interceptor.failing = "success";
		this.interceptor.failure = new OutOfMemoryError("Simulated");
		assertThatExceptionOfType(HookFailedException.class).isThrownBy(() -> deliver(this.interceptor))
			.withMessage("The record interceptor failed after the delivery of orders-0@7");
	}

	@Test
	void recordThatCannotBeDeserializedReachesNeitherListenerNorInterceptor() {
		this.record = new ConsumerRecord<>("orders", 0, 7, "key", null);
		SerializationUtils.deserializationException(this.record.headers(), new byte[] { 1 },
				new IllegalArgumentException(), false);
		assertThatExceptionOfType(DeserializationException.class).isThrownBy(() -> deliver(null));
		assertThat(this.called).isEmpty();
		assertThatExceptionOfType(DeserializationException.class).isThrownBy(() -> deliver(this.interceptor));
		assertThat(this.called).startsWith("setup").doesNotContain("intercept", "record").endsWith("after", "clear");
	}

	@Test
	void attemptHeaderIsAddedFromTheSecondAttemptOnUnlessItIsAlways() throws Throwable {
		deliver(delivery(null), 1);
		assertThat(this.record.headers().lastHeader(KafkaHeaders.DELIVERY_ATTEMPT)).isNull();
		this.assignment.completed.clear();
		deliver(delivery(null), 2);
		assertThat(this.record.headers().lastHeader(KafkaHeaders.DELIVERY_ATTEMPT).value()).containsExactly(0, 0, 0, 2);
		this.assignment.completed.clear();
		this.addsAttemptHeader = true;
		deliver(delivery(null), 1);
		assertThat(this.record.headers().lastHeader(KafkaHeaders.DELIVERY_ATTEMPT).value()).containsExactly(0, 0, 0, 1);
	}

	@Test
	void attemptIsObservedUntilTheListenerHasReturned() throws Throwable {
		observe();
		deliver(null);
		assertThat(this.called).containsExactly("start", "open", "record", "close", "stop");
	}

	@Test
	void attemptThatFailsIsObservedWithItsFailure() {
		observe();
		this.listener = (acknowledgment) -> {
			throw new IllegalStateException("no stock");
		};
		assertThatIllegalStateException().isThrownBy(() -> deliver(null));
		assertThat(this.called).containsExactly("start", "open", "record", "close", "error no stock", "stop");
	}

	@Test
	void attemptThatIsAnsweredLaterIsObservedUntilThen() throws Throwable {
		observe();
		this.async = true;
		CompletableFuture<String> answer = new CompletableFuture<>();
		this.listener = (acknowledgment) -> {
			AsyncOutcome outcome = Objects.requireNonNull(AsyncOutcome.current());
			outcome.answeredBy(answer, null).thenAccept((reply) -> outcome.acknowledge());
		};
		CompletableFuture<?> outcome = deliver(null);
		assertThat(this.called).containsExactly("start", "open", "record", "close");
		assertThat(outcome).isNotNull().isNotDone();
		assertThat(this.assignment.completed).isEmpty();
		answer.complete("shipped");
		assertThat(outcome).isCompletedWithValue(null);
		assertThat(this.called).endsWith("stop");
	}

	@Test
	void answerThatIsAFailureIsObservedAsOne() throws Throwable {
		observe();
		this.async = true;
		CompletableFuture<String> answer = new CompletableFuture<>();
		this.listener = (acknowledgment) -> {
			AsyncOutcome outcome = Objects.requireNonNull(AsyncOutcome.current());
			outcome.answeredBy(answer, null);
		};
		CompletableFuture<?> outcome = deliver(null);
		answer.completeExceptionally(new IllegalStateException("no stock"));
		assertThat(outcome).isCompletedExceptionally();
		assertThat(this.called).endsWith("error no stock", "stop");
	}

	@Test
	void asynchronousListenerThatHasAnsweredCompletesItsRecord() throws Throwable {
		this.async = true;
		assertThat(deliver(null)).isNull();
		assertThat(this.assignment.completed).containsExactly(7L);
	}

	@Test
	void recordIsCompletedByItsAcknowledgmentOnceWhenTheListenerHasReturned() throws Throwable {
		this.acknowledging = Acknowledging.SINGLE;
		this.type = ListenerType.ACKNOWLEDGING;
		List<Acknowledgment> acknowledgments = new ArrayList<>();
		this.listener = acknowledgments::add;
		RecordDelivery delivery = delivery(null);
		deliver(delivery, 1);
		assertThat(this.assignment.completed).isEmpty();
		assertThat(this.assignment.held().detached()).isEqualTo(1);
		assertThat(delivery.detachedRecords()).singleElement().satisfies((detached) -> {
			assertThat(detached.record()).isSameAs(this.record);
			assertThat(detached.workerName()).isNull();
			assertThat(detached.since()).isEqualTo(this.execution.nanoTime());
			assertThat(detached.isOver()).isFalse();
		});
		assertThat(acknowledgments.get(0)).hasToString("Acknowledgment for orders-0@7");
		assertThat(acknowledgments.get(0).isOutOfOrderCommit()).isTrue();
		assertThatIllegalStateException().isThrownBy(() -> acknowledgments.get(0).nack(Duration.ofSeconds(1)))
			.withMessage("nack() can only be called on the thread of the worker, before the listener returns");
		assertThatExceptionOfType(UnsupportedOperationException.class)
			.isThrownBy(() -> acknowledgments.get(0).nack(0, Duration.ofSeconds(1)));
		acknowledgments.get(0).acknowledge();
		acknowledgments.get(0).acknowledge();
		assertThat(this.assignment.completed).containsExactly(7L);
		assertThat(this.assignment.held().detached()).isZero();
		assertThat(this.assignment.running).isZero();
		assertThat(delivery.detachedRecords()).isEmpty();
	}

	@Test
	void interceptorDoesNotAcknowledgeWhatTheListenerLeavesOpen() throws Throwable {
		this.acknowledging = Acknowledging.SINGLE;
		this.type = ListenerType.ACKNOWLEDGING;
		deliver(this.interceptor);
		assertThat(this.called).contains("record acknowledgment", "success");
		assertThat(this.assignment.completed).isEmpty();
	}

	@Test
	void recordThatIsAcknowledgedWithinTheListenerIsNotLeftOpen() throws Throwable {
		this.acknowledging = Acknowledging.SINGLE;
		this.type = ListenerType.ACKNOWLEDGING;
		this.listener = (acknowledgment) -> {
			assertThat(acknowledgment).isNotNull();
			acknowledgment.acknowledge();
		};
		RecordDelivery delivery = delivery(null);
		deliver(delivery, 1);
		assertThat(this.assignment.completed).containsExactly(7L);
		assertThat(this.assignment.held().detached()).isZero();
		assertThat(delivery.detachedRecords()).isEmpty();
	}

	@Test
	void recordOfAFencedPartitionIsNotKeptAfterItsListenerHasReturned() throws Throwable {
		this.acknowledging = Acknowledging.SINGLE;
		this.type = ListenerType.ACKNOWLEDGING;
		this.listener = (acknowledgment) -> this.assignment.fenced = true;
		RecordDelivery delivery = delivery(null);
		deliver(delivery, 1);
		assertThat(delivery.detachedRecords()).isEmpty();
	}

	@Test
	void threadsKnowTheGroupMeanwhile() {
		RecordDelivery delivery = delivery(null);
		delivery.enter();
		assertThat(KafkaUtils.getConsumerGroupId()).isEqualTo("shop");
		delivery.leave();
		assertThat(KafkaUtils.getConsumerGroupId()).isNull();
	}

	private void observe() {
		this.registry = ObservationRegistry.create();
		this.registry.observationConfig().observationHandler(new RecordingHandler());
	}

	private @Nullable CompletableFuture<?> deliver(@Nullable Interceptor interceptor) throws Throwable {
		this.assignment.completed.clear();
		return deliver(delivery(interceptor), 1);
	}

	private @Nullable CompletableFuture<?> deliver(RecordDelivery delivery, int attempt) throws Throwable {
		this.assignment.enter();
		try {
			return delivery.deliver(this.record, attempt, this.assignment);
		}
		finally {
			this.assignment.exit();
		}
	}

	private RecordDelivery delivery(@Nullable Interceptor interceptor) {
		FailurePolicy policy = new FailurePolicy(3, new FixedBackOff(1000, Long.MAX_VALUE), null, Set.of(),
				FailureAction.PARK, Map.of(), null, null, 100);
		DeliveryObservation observation = this.registry.isNoop() ? null
				: new DeliveryObservation(this.registry, null, "shop", () -> "mars");
		return new RecordDelivery(new Listener(), this.type, interceptor, this.acknowledging, this.async,
				new DeliverySettings("shop", this.addsAttemptHeader, policy, observation,
						new LogContext("orders", false), this.execution));
	}

	/**
	 * Notes which of its methods is called.
	 */
	private final class Listener implements AcknowledgingConsumerAwareMessageListener<Object, Object> {

		@Override
		public void onMessage(ConsumerRecord<Object, Object> record) {
			called("record", null);
		}

		@Override
		public void onMessage(ConsumerRecord<Object, Object> record, @Nullable Acknowledgment acknowledgment) {
			called("record acknowledgment", acknowledgment);
		}

		@Override
		public void onMessage(ConsumerRecord<Object, Object> record, @Nullable Consumer<?, ?> consumer) {
			assertThat(consumer).isSameAs(RecordDeliveryTests.this.assignment.polledBy().consumer());
			called("record consumer", null);
		}

		@Override
		public void onMessage(ConsumerRecord<Object, Object> record, @Nullable Acknowledgment acknowledgment,
				@Nullable Consumer<?, ?> consumer) {
			assertThat(consumer).isSameAs(RecordDeliveryTests.this.assignment.polledBy().consumer());
			called("record acknowledgment consumer", acknowledgment);
		}

		private void called(String with, @Nullable Acknowledgment acknowledgment) {
			RecordDeliveryTests.this.called.add(with);
			RecordDeliveryTests.this.listener.accept(acknowledgment);
		}

	}

	/**
	 * Notes what it is notified of.
	 */
	private final class Interceptor implements RecordInterceptor<Object, Object> {

		private boolean intercepts = true;

		private String failing = "";

		private Throwable failure = new IllegalStateException("broken");

		@Override
		public void setupThreadState(Consumer<?, ?> consumer) {
			called("setup");
		}

		@Override
		public @Nullable ConsumerRecord<Object, Object> intercept(ConsumerRecord<Object, Object> record,
				Consumer<Object, Object> consumer) {
			called("intercept");
			return this.intercepts ? record : null;
		}

		@Override
		public void success(ConsumerRecord<Object, Object> record, Consumer<Object, Object> consumer) {
			called("success");
		}

		@Override
		public void failure(ConsumerRecord<Object, Object> record, Exception exception,
				Consumer<Object, Object> consumer) {
			called("failure " + exception.getMessage());
		}

		@Override
		public void afterRecord(ConsumerRecord<Object, Object> record, Consumer<Object, Object> consumer) {
			called("after");
		}

		@Override
		public void clearThreadState(Consumer<?, ?> consumer) {
			called("clear");
		}

		private void called(String hook) {
			RecordDeliveryTests.this.called.add(hook);
			if (hook.equals(this.failing)) {
				if (this.failure instanceof Error error) {
					throw error;
				}
				throw (RuntimeException) this.failure;
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
			RecordDeliveryTests.this.called.add("start");
		}

		@Override
		public void onScopeOpened(Observation.Context context) {
			RecordDeliveryTests.this.called.add("open");
		}

		@Override
		public void onScopeClosed(Observation.Context context) {
			RecordDeliveryTests.this.called.add("close");
		}

		@Override
		public void onError(Observation.Context context) {
			RecordDeliveryTests.this.called.add("error " + Objects.requireNonNull(context.getError()).getMessage());
		}

		@Override
		public void onStop(Observation.Context context) {
			RecordDeliveryTests.this.called.add("stop");
		}

	}

}
