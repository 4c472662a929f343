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

package io.kaffe.simulation;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;
import org.springframework.core.log.LogAccessor;
import org.springframework.kafka.support.KafkaUtils;
import org.springframework.kafka.support.serializer.DeserializationException;
import org.springframework.kafka.support.serializer.ErrorHandlingDeserializer;
import org.springframework.kafka.support.serializer.SerializationUtils;

import io.kaffe.spring.test.simulation.Simulation;

/**
 * Keys and values: how they are written, and what they are deserialized to. A value is
 * the number of its record.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class Payloads {

	/** Begins a key that cannot be deserialized. */
	private static final String UNREADABLE = "!";

	private static final LogAccessor logger = new LogAccessor(LogFactory.getLog(Payloads.class));

	private final World world;

	private final ListenerSetup setup;

	private int keys;

	Payloads(World world) {
		this.world = world;
		this.setup = world.scenario().service().setup();
	}

	/**
	 * Return the bytes of the key of a record, or {@code null} if it has none.
	 */
	static byte @Nullable [] key(ListenerSetup setup, Fact fact) {
		if (fact.key().equals(World.NO_KEY) && !setup.hasUnreadableKey(fact.number())) {
			return null;
		}
		return bytes(setup.hasUnreadableKey(fact.number()) ? UNREADABLE + fact.key() : fact.key());
	}

	/**
	 * Return the bytes of the value of a record.
	 */
	static byte[] value(Fact fact) {
		return bytes(String.valueOf(fact.number()));
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	/**
	 * Return the number of a record, also of one whose value could not be deserialized.
	 */
	static long number(ConsumerRecord<?, ?> record) {
		Object value = record.value();
		if (value == null) {
			DeserializationException failure = SerializationUtils.getExceptionFromHeader(record,
					KafkaUtils.VALUE_DESERIALIZER_EXCEPTION_HEADER, logger);
			value = Objects.requireNonNull(failure).getData();
		}
		return number(value);
	}

	/**
	 * Return the number that a value is.
	 */
	static long number(Object value) {
		return Long
			.parseLong((value instanceof byte[] bytes) ? new String(bytes, StandardCharsets.UTF_8) : value.toString());
	}

	Deserializer<Object> keyDeserializer() {
		return wrapped((topic, data) -> {
			String text = new String(data, StandardCharsets.UTF_8);
			if (text.startsWith(UNREADABLE)) {
				throw new IllegalArgumentException("This key cannot be deserialized");
			}
			return switch (this.setup.keys()) {
				case TEXT -> text;
				case BYTES -> data;
				default -> new OddKey(text, this.setup.keys(), this.keys++, this.world);
			};
		}, true);
	}

	Deserializer<Object> valueDeserializer() {
		return wrapped((topic, data) -> {
			String text = new String(data, StandardCharsets.UTF_8);
			if (this.setup.unreadable() == ListenerSetup.Unreadable.VALUES
					&& this.setup.isUnreadable(Long.parseLong(text))) {
				throw new IllegalArgumentException("This value cannot be deserialized");
			}
			return (this.setup.keys() == ListenerSetup.Keys.BYTES) ? data : text;
		}, false);
	}

	private Deserializer<Object> wrapped(Deserializer<Object> deserializer, boolean key) {
		if (!this.setup.wrapsDeserializers()) {
			return deserializer;
		}
		ErrorHandlingDeserializer<Object> wrapper = new ErrorHandlingDeserializer<>(deserializer);
		wrapper.setForKey(key);
		return wrapper;
	}

	/**
	 * Return a serializer for what was deserialized.
	 */
	@SuppressWarnings("unchecked")
	Serializer<Object> serializer() {
		return (this.setup.keys() == ListenerSetup.Keys.BYTES)
				? (Serializer<Object>) (Serializer<?>) new ByteArraySerializer()
				: (topic, data) -> bytes(data.toString());
	}

	/**
	 * A key has come to a handler: it may be another one from now on.
	 */
	static void handled(@Nullable Object key) {
		if (key instanceof OddKey odd && odd.kind == ListenerSetup.Keys.CHANGING) {
			odd.changed = true;
		}
	}

	/**
	 * A key that does not keep the contract of {@code equals} and {@code hashCode}.
	 */
	private static final class OddKey {

		private final String text;

		private final ListenerSetup.Keys kind;

		private final int number;

		private final World world;

		private boolean changed;

		OddKey(String text, ListenerSetup.Keys kind, int number, World world) {
			this.text = text;
			this.kind = kind;
			this.number = number;
			this.world = world;
		}

		private boolean isUnique() {
			return this.changed || this.kind == ListenerSetup.Keys.UNEQUAL;
		}

		private void maybeThrow() {
			Simulation simulation = this.world.simulation();
			if (this.kind == ListenerSetup.Keys.THROWING && !this.world.isCalm() && simulation.choose(20) == 0) {
				throw new IllegalStateException("This key cannot be compared");
			}
		}

		@Override
		public boolean equals(@Nullable Object other) {
			maybeThrow();
			return this == other
					|| (other instanceof OddKey key && !isUnique() && !key.isUnique() && key.text.equals(this.text));
		}

		@Override
		public int hashCode() {
			maybeThrow();
			return isUnique() ? this.number : this.text.hashCode();
		}

		@Override
		public String toString() {
			return this.text;
		}

	}

}
