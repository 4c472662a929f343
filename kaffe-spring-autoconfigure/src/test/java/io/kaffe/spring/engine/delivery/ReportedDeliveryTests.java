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
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.kafka.listener.AcknowledgingMessageListener;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.support.micrometer.KafkaRecordReceiverContext;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.delivery.BatchAttempt.BatchedRecord;
import io.kaffe.spring.engine.delivery.BatchDelivery.Acknowledgments;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for what timers and observations report of deliveries, and under which names: as
 * the container that polled the records would.
 */
class ReportedDeliveryTests {

	private static final ListenerType TYPE = ListenerType.SIMPLE;

	private final ManualExecution execution = new ManualExecution();

	private final MockClock clock = new MockClock();

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, this.clock);

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest");

	private final RecordedAssignment assignment = new RecordedAssignment();

	private final RecordedAssignment other = new RecordedAssignment("refunds");

	private final List<KafkaRecordReceiverContext> observed = new ArrayList<>();

	private @Nullable RuntimeException failure;

	private boolean skips;

	ReportedDeliveryTests() {
		this.assignment.polledBy = polledBy("orders-0");
		this.other.polledBy = polledBy("orders-1");
	}

	@Test
	void recordIsTimedWithItsInterceptorButNotWithWhatFollows() throws Throwable {
		deliver();
		assertThat(timer("success", "none").count()).isEqualTo(1);
		assertThat(timer("success", "none").totalTime(TimeUnit.MILLISECONDS)).as("intercept and the listener")
			.isEqualTo(110);
	}

	@Test
	void eachAttemptIsTimed() throws Throwable {
		this.failure = new IllegalStateException("no stock");
		assertThatIllegalStateException().isThrownBy(this::deliver);
		assertThatIllegalStateException().isThrownBy(this::deliver);
		this.failure = null;
		deliver();
		assertThat(timer("failure", "IllegalStateException").count()).isEqualTo(2);
		assertThat(timer("failure", "IllegalStateException").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(220);
		assertThat(timer("success", "none").count()).isEqualTo(1);
	}

	@Test
	void recordThatItsInterceptorSkipsIsTimedToo() throws Throwable {
		this.skips = true;
		deliver();
		assertThat(timer("success", "none").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(10);
	}

	@Test
	void interceptorThatFailsBeforeTheListenerIsAFailure() {
		RecordDelivery delivery = new RecordDelivery(listener(), TYPE, (record, consumer) -> {
			throw new UnsupportedOperationException("no order");
		}, Acknowledging.NONE, false, settings(null));
		assertThatExceptionOfType(HookFailedException.class).isThrownBy(() -> deliver(delivery));
		assertThat(timer("failure", "UnsupportedOperationException").count()).isEqualTo(1);
	}

	@Test
	void answerThatComesLaterIsNotWaitedFor() throws Throwable {
		RecordDelivery delivery = new RecordDelivery((record) -> {
			this.clock.add(Duration.ofMillis(100));
			Objects.requireNonNull(AsyncOutcome.current()).answeredBy(new CompletableFuture<>(), null);
		}, TYPE, null, Acknowledging.NONE, true, settings(null));
		deliver(delivery);
		assertThat(this.assignment.completed).isEmpty();
		assertThat(timer("success", "none").count()).isEqualTo(1);
	}

	@Test
	void batchIsTimedOnceWithoutItsInterceptorAndCountsForTheConsumerOfItsFirstRecord() throws Throwable {
		List<BatchedRecord> records = new ArrayList<>();
		this.other.records(5, 6).forEach((record) -> records.add(new BatchedRecord(record, this.other)));
		this.assignment.records(7).forEach((record) -> records.add(new BatchedRecord(record, this.assignment)));
		deliver(records);
		assertThat(timer("orders-1", "success", "none").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(100);
		this.failure = new IllegalStateException("no stock");
		assertThatIllegalStateException().isThrownBy(() -> deliver(records));
		assertThat(timer("orders-1", "success", "none").count()).isEqualTo(1);
		assertThat(timer("orders-1", "failure", "IllegalStateException").count()).isEqualTo(1);
		assertThat(timer("success", "none").count()).as("of the other consumer").isZero();
	}

	@Test
	void batchThatItsInterceptorSkipsIsNotTimed() throws Throwable {
		this.skips = true;
		deliver(List.of(new BatchedRecord(this.assignment.records(7).get(0), this.assignment)));
		assertThat(this.assignment.completed).containsExactly(7L);
		assertThat(timer("success", "none").count()).isZero();
	}

	@Test
	void observationNamesTheConsumerThatPolledTheRecordAndTheCluster() throws Throwable {
		deliver(new RecordDelivery(listener(), TYPE, null, Acknowledging.NONE, false, settings(observation("mars"))));
		KafkaRecordReceiverContext context = this.observed.get(0);
		assertThat(context.getListenerId()).isEqualTo("orders-0");
		assertThat(context.getClientId()).isEqualTo("client of orders-0");
		assertThat(context.getGroupId()).isEqualTo("shop");
		assertThat(context.getRemoteServiceName()).isEqualTo("Apache Kafka: mars");
	}

	@Test
	void recordThatIsToBeDeliveredAgainIsNoFailure() {
		AcknowledgingMessageListener<Object, Object> listener = (record,
				acknowledgment) -> Objects.requireNonNull(acknowledgment).nack(Duration.ofSeconds(1));
		RecordDelivery delivery = new RecordDelivery(listener, ListenerType.ACKNOWLEDGING, null, Acknowledging.SINGLE,
				false, settings(observation("mars")));
		assertThatExceptionOfType(NackException.class).isThrownBy(() -> deliver(delivery));
		assertThat(this.observed).singleElement().extracting(Observation.Context::getError).isNull();
		assertThat(timer("success", "none").count()).isEqualTo(1);
	}

	@Test
	void observationOfABatchNamesTheConsumerOfEachRecord() throws Throwable {
		BatchDelivery delivery = batchDelivery(observation(null));
		delivery.deliver(attempt(List.of(new BatchedRecord(this.assignment.records(7).get(0), this.assignment),
				new BatchedRecord(this.other.records(8).get(0), this.other)), delivery), 1, false);
		assertThat(this.observed).extracting(KafkaRecordReceiverContext::getListenerId)
			.containsExactly("orders-0", "orders-1");
		assertThat(this.observed).extracting(KafkaRecordReceiverContext::getRemoteServiceName)
			.as("without the id of the cluster")
			.containsOnly("Apache Kafka");
	}

	private void deliver() throws Throwable {
		deliver(new RecordDelivery(listener(), TYPE, new Interceptor(), Acknowledging.NONE, false, settings(null)));
	}

	private void deliver(RecordDelivery delivery) throws Throwable {
		this.assignment.completed.clear();
		this.assignment.enter();
		try {
			delivery.deliver(this.assignment.records(7).get(0), 1, this.assignment);
		}
		finally {
			this.assignment.exit();
		}
	}

	private void deliver(List<BatchedRecord> records) throws Throwable {
		BatchDelivery delivery = batchDelivery(null);
		delivery.deliver(attempt(records, delivery), 1, false);
	}

	private BatchDelivery batchDelivery(@Nullable DeliveryObservation observation) {
		BatchMessageListener<Object, Object> listener = (records) -> handle();
		return new BatchDelivery(listener, TYPE, false, new Batches(), Acknowledgments.NONE,
				new BatchDelivery.Limits(500, Duration.ZERO), false, settings(observation));
	}

	private BatchAttempt attempt(List<BatchedRecord> records, BatchDelivery delivery) {
		return new BatchAttempt(records, delivery, this.execution.nanoTime());
	}

	private MessageListener<Object, Object> listener() {
		return (record) -> handle();
	}

	private void handle() {
		this.clock.add(Duration.ofMillis(100));
		if (this.failure != null) {
			throw this.failure;
		}
	}

	private Timer timer(String result, String exception) {
		return timer("orders-0", result, exception);
	}

	private Timer timer(String name, String result, String exception) {
		return this.registry.get("spring.kafka.listener")
			.tags("name", name, "result", result, "exception", exception)
			.timer();
	}

	private PollingConsumer polledBy(String listenerId) {
		GenericApplicationContext context = new GenericApplicationContext();
		context.registerBean(SimpleMeterRegistry.class, () -> this.registry);
		context.refresh();
		return new PollingConsumer(listenerId, "client of " + listenerId, null,
				new DeliveryTimer.Factory(context, Map.of(), null, new LimitedLog("orders", this.execution.runtime()))
					.timer(listenerId),
				this.consumer);
	}

	private DeliverySettings settings(@Nullable DeliveryObservation observation) {
		FailurePolicy policy = new FailurePolicy(3, new FixedBackOff(1000, Long.MAX_VALUE), null, Set.of(),
				FailureAction.PARK, Map.of(), null, null, 100);
		return new DeliverySettings("shop", false, policy, observation, new LogContext("orders", false),
				this.execution);
	}

	private DeliveryObservation observation(@Nullable String cluster) {
		ObservationRegistry observations = ObservationRegistry.create();
		observations.observationConfig().observationHandler(new ObservationHandler<KafkaRecordReceiverContext>() {

			@Override
			public boolean supportsContext(Observation.Context context) {
				return context instanceof KafkaRecordReceiverContext;
			}

			@Override
			public void onStop(KafkaRecordReceiverContext context) {
				ReportedDeliveryTests.this.observed.add(context);
			}

		});
		return new DeliveryObservation(observations, null, "shop", () -> cluster);
	}

	/**
	 * Takes its time for everything.
	 */
	private final class Interceptor implements RecordInterceptor<Object, Object> {

		@Override
		public void setupThreadState(Consumer<?, ?> consumer) {
			ReportedDeliveryTests.this.clock.add(Duration.ofMillis(1));
		}

		@Override
		public @Nullable ConsumerRecord<Object, Object> intercept(ConsumerRecord<Object, Object> record,
				Consumer<Object, Object> consumer) {
			ReportedDeliveryTests.this.clock.add(Duration.ofMillis(10));
			return ReportedDeliveryTests.this.skips ? null : record;
		}

		@Override
		public void success(ConsumerRecord<Object, Object> record, Consumer<Object, Object> consumer) {
			ReportedDeliveryTests.this.clock.add(Duration.ofMillis(1000));
		}

		@Override
		public void failure(ConsumerRecord<Object, Object> record, Exception exception,
				Consumer<Object, Object> consumer) {
			ReportedDeliveryTests.this.clock.add(Duration.ofMillis(1000));
		}

	}

	/**
	 * Takes its time before the listener.
	 */
	private final class Batches implements BatchInterceptor<Object, Object> {

		@Override
		public @Nullable ConsumerRecords<Object, Object> intercept(ConsumerRecords<Object, Object> records,
				Consumer<Object, Object> consumer) {
			ReportedDeliveryTests.this.clock.add(Duration.ofMillis(10));
			return ReportedDeliveryTests.this.skips ? null : records;
		}

	}

}
