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

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.kafka.support.serializer.DeserializationException;

import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link DeliveryTimer}.
 */
@ExtendWith(OutputCaptureExtension.class)
class DeliveryTimerTests {

	private static final LimitedLog LOG = new LimitedLog("orders", new ManualExecution().runtime());

	private static final BooleanSupplier HANDLED = () -> true;

	private static final ConsumerRecord<Object, Object> RECORD = new ConsumerRecord<>("orders", 3, 7, null, "value");

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

	@Test
	void callIsTimedAndItsResultReturned() {
		DeliveryTimer timer = timer(Map.of("team", "shop"), null);
		assertThat(counts()).as("before the first record")
			.containsExactly("exception=none name=orders-0 result=success team=shop: 0");
		assertThat(DeliveryTimer.time(timer, RECORD, HANDLED)).isTrue();
		assertThat(DeliveryTimer.time(timer, RECORD, () -> false)).isFalse();
		assertThat(counts()).containsExactly("exception=none name=orders-0 result=success team=shop: 2");
		assertThat(this.registry.get("spring.kafka.listener").timer().getId().getDescription())
			.isEqualTo("Kafka Listener Timer");
	}

	@Test
	void withoutATimerTheListenerIsOnlyCalled() {
		assertThat(DeliveryTimer.time(null, RECORD, HANDLED)).isTrue();
		assertThat(this.registry.getMeters()).isEmpty();
	}

	@Test
	void failureIsNamedAsTheContainerWouldNameIt() {
		assertThat(nameOf(new ListenerExecutionFailedException("failed", new IllegalStateException())))
			.as("what the method of an adapter threw")
			.isEqualTo("IllegalStateException");
		assertThat(nameOf(new ListenerExecutionFailedException("failed")))
			.isEqualTo("ListenerExecutionFailedException");
		assertThat(nameOf(new IllegalArgumentException(new IOException())))
			.as("what a listener threw that is no adapter")
			.isEqualTo("IllegalArgumentException");
		assertThat(nameOf(new DeserializationException("failed", new byte[0], false, new IOException())))
			.isEqualTo("IOException");
		assertThat(nameOf(new HookFailedException("failed", new UnsupportedOperationException())))
			.as("what an interceptor threw")
			.isEqualTo("UnsupportedOperationException");
		assertThat(nameOf(new HookFailedException("failed", new IllegalStateException(new IOException()))))
			.isEqualTo("IOException");
	}

	@Test
	void errorIsAFailureToo() {
		DeliveryTimer timer = timer(Map.of(), null);
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> DeliveryTimer.time(timer, RECORD, () -> {
			throw new AssertionError("On purpose");
		}));
		assertThat(counts()).contains("exception=AssertionError name=orders-0 result=failure: 1");
	}

	@Test
	void tagsAreProvidedForRecordsAndNotForBatches() {
		DeliveryTimer timer = timer(Map.of("team", "shop"), (record) -> Map.of("topic", record.topic()));
		DeliveryTimer.time(timer, RECORD, HANDLED);
		DeliveryTimer.time(timer, null, HANDLED);
		fail(timer, new IllegalStateException());
		assertThat(counts()).containsExactly(
				"exception=IllegalStateException name=orders-0 result=failure team=shop topic=orders: 1",
				"exception=none name=orders-0 result=success team=shop topic=orders: 1",
				"exception=none name=orders-0 result=success team=shop: 1");
	}

	@Test
	void providerThatThrowsDoesNotAffectTheDelivery(CapturedOutput output) {
		DeliveryTimer timer = timer(Map.of(), (record) -> {
			throw new AssertionError("no tags");
		});
		assertThat(DeliveryTimer.time(timer, RECORD, HANDLED)).isTrue();
		IllegalStateException failure = new IllegalStateException("of the listener");
		assertThatExceptionOfType(IllegalStateException.class)
			.isThrownBy(() -> DeliveryTimer.time(timer, RECORD, () -> {
				throw failure;
			}))
			.isSameAs(failure)
			.withNoCause();
		DeliveryTimer.time(timer, RECORD, HANDLED);
		assertThat(output.toString().lines().filter((line) -> line.contains("the delivery is not affected")))
			.as("one line a second, whatever the number of records")
			.singleElement()
			.asString()
			.contains("Consumer 'orders': the timer of a delivery failed");
		assertThat(output).contains("no tags");
	}

	@Test
	void metersAreRemovedWhenTheConsumerPollsNoMore() {
		DeliveryTimer timer = timer(Map.of(), null);
		fail(timer, new IllegalStateException());
		new PollingConsumer("orders-0", null, null, timer, new MockConsumer<>("earliest")).close();
		assertThat(this.registry.getMeters()).isEmpty();
		assertThat(DeliveryTimer.time(timer, RECORD, HANDLED)).as("a handler that outlasts the drain").isTrue();
	}

	@Test
	void thereIsNoTimerWithoutAContextOrARegistry() {
		assertThat(new DeliveryTimer.Factory(null, Map.of(), null, LOG).timer("orders-0")).isNull();
		assertThat(timer(List.of(), -1)).isNull();
	}

	@Test
	void ofSeveralRegistriesThePrimaryOneIsUsed() {
		SimpleMeterRegistry other = new SimpleMeterRegistry();
		assertThat(timer(List.of(this.registry, other), -1)).isNull();
		assertThat(timer(List.of(other, this.registry), 1)).isNotNull();
		assertThat(this.registry.getMeters()).hasSize(1);
		assertThat(other.getMeters()).isEmpty();
	}

	private static String nameOf(RuntimeException failure) {
		SimpleMeterRegistry registry = new SimpleMeterRegistry();
		DeliveryTimer timer = Objects.requireNonNull(timer(List.of(registry), -1));
		fail(timer, failure);
		return Objects.requireNonNull(
				registry.get("spring.kafka.listener").tag("result", "failure").timer().getId().getTag("exception"));
	}

	private static void fail(DeliveryTimer timer, RuntimeException failure) {
		assertThatExceptionOfType(RuntimeException.class).isThrownBy(() -> DeliveryTimer.time(timer, RECORD, () -> {
			throw failure;
		})).isSameAs(failure);
	}

	private List<String> counts() {
		return this.registry.find("spring.kafka.listener")
			.timers()
			.stream()
			.map((timer) -> String.join(" ",
					timer.getId().getTags().stream().map(DeliveryTimerTests::text).sorted().toList()) + ": "
					+ timer.count())
			.sorted()
			.toList();
	}

	private static String text(Tag tag) {
		return tag.getKey() + "=" + tag.getValue();
	}

	private DeliveryTimer timer(Map<String, String> tags,
			@Nullable Function<ConsumerRecord<?, ?>, Map<String, String>> provider) {
		return Objects.requireNonNull(
				new DeliveryTimer.Factory(context(List.of(this.registry), -1), tags, provider, LOG).timer("orders-0"));
	}

	private static @Nullable DeliveryTimer timer(List<? extends MeterRegistry> registries, int primary) {
		return new DeliveryTimer.Factory(context(registries, primary), Map.of(), null, LOG).timer("orders-0");
	}

	private static GenericApplicationContext context(List<? extends MeterRegistry> registries, int primary) {
		GenericApplicationContext context = new GenericApplicationContext();
		for (int i = 0; i < registries.size(); i++) {
			MeterRegistry registry = registries.get(i);
			boolean isPrimary = i == primary;
			context.registerBean("registry" + i, MeterRegistry.class, () -> registry,
					(definition) -> definition.setPrimary(isPrimary));
		}
		context.refresh();
		return context;
	}

}
