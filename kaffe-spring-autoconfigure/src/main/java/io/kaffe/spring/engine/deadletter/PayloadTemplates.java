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

package io.kaffe.spring.engine.deadletter;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaOperations;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.core.RoutingKafkaTemplate;

/**
 * The application's template, and templates made from it for keys and values that are
 * bytes already: there {@link ByteArraySerializer} takes the place of the application's
 * serializer, which may refuse bytes or, for JSON, encode them once more.
 * <p>
 * Those templates are not transactional: a transaction around a single record promises
 * nothing more, and a second producer factory with the same transactional ids would fence
 * the first one.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; does not block, but for {@link #close()}.
 */
final class PayloadTemplates implements AutoCloseable {

	private static final int CLOSE_TIMEOUT_SECONDS = 1;

	private final Map<Bytes, KafkaOperations<?, ?>> forBytes = new ConcurrentHashMap<>();

	private final KafkaOperations<?, ?> template;

	PayloadTemplates(KafkaOperations<?, ?> template) {
		this.template = template;
	}

	/**
	 * Return the template that can publish a record.
	 */
	KafkaOperations<?, ?> templateFor(ProducerRecord<?, ?> record) {
		boolean key = record.key() instanceof byte[];
		boolean value = record.value() instanceof byte[];
		return (key || value)
				? this.forBytes.computeIfAbsent(new Bytes(producerFactory(record.topic()), key, value), this::template)
				: this.template;
	}

	private ProducerFactory<?, ?> producerFactory(String topic) {
		return (this.template instanceof RoutingKafkaTemplate routing) ? routing.getProducerFactory(topic)
				: this.template.getProducerFactory();
	}

	private KafkaOperations<?, ?> template(Bytes bytes) {
		if (bytes.areServed()) {
			return this.template;
		}
		KafkaTemplate<Object, Object> template = new KafkaTemplate<>(copy(bytes.factory(), bytes));
		// It would log each failed send with its payload; the worker logs it, too.
		template.setProducerListener(null);
		return template;
	}

	/**
	 * Make a producer factory like the application's. Its own copies keep its
	 * serializers, whatever its configuration, if they were set as instances.
	 */
	@SuppressWarnings("unchecked")
	private static ProducerFactory<Object, Object> copy(ProducerFactory<?, ?> original, Bytes bytes) {
		ProducerFactory<Object, Object> factory = (ProducerFactory<Object, Object>) original;
		Map<String, Object> configuration = new HashMap<>(factory.getConfigurationProperties());
		configuration.remove(ProducerConfig.TRANSACTIONAL_ID_CONFIG);
		configuration.computeIfPresent(ProducerConfig.CLIENT_ID_CONFIG, (key, id) -> id + bytes.suffix());
		boolean configure = !(original instanceof DefaultKafkaProducerFactory<?, ?> standard)
				|| standard.isConfigureSerializers();
		DefaultKafkaProducerFactory<Object, Object> copy = new DefaultKafkaProducerFactory<>(configuration,
				bytes.key() ? PayloadTemplates::ofBytes : present(factory.getKeySerializerSupplier()),
				bytes.value() ? PayloadTemplates::ofBytes : present(factory.getValueSerializerSupplier()), configure);
		factory.getPostProcessors().forEach(copy::addPostProcessor);
		factory.getListeners().forEach(copy::addListener);
		// When it is closed, what is in flight is not waited for.
		copy.setPhysicalCloseTimeout(CLOSE_TIMEOUT_SECONDS);
		return copy;
	}

	private static Supplier<@Nullable Serializer<Object>> present(
			@Nullable Supplier<@Nullable Serializer<Object>> supplier) {
		return (supplier != null) ? supplier : () -> null;
	}

	@SuppressWarnings("unchecked")
	private static Serializer<Object> ofBytes() {
		return (Serializer<Object>) (Serializer<?>) new ByteArraySerializer();
	}

	/**
	 * Close the producers that were made here.
	 */
	@Override
	public void close() {
		for (KafkaOperations<?, ?> made : this.forBytes.values()) {
			if (made != this.template && made.getProducerFactory() instanceof DefaultKafkaProducerFactory<?, ?> copy) {
				copy.destroy();
			}
		}
	}

	/**
	 * Which of key and value are bytes.
	 *
	 * @param factory the application's producer factory
	 * @param key whether the key is bytes
	 * @param value whether the value is bytes
	 */
	private record Bytes(ProducerFactory<?, ?> factory, boolean key, boolean value) {

		/**
		 * Return whether the application's serializers take what is bytes as it is.
		 */
		boolean areServed() {
			return (!this.key
					|| takesBytes(this.factory.getKeySerializerSupplier(), ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG))
					&& (!this.value || takesBytes(this.factory.getValueSerializerSupplier(),
							ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG));
		}

		private boolean takesBytes(@Nullable Supplier<? extends @Nullable Serializer<?>> supplier, String property) {
			Serializer<?> serializer = (supplier != null) ? supplier.get() : null;
			if (serializer != null) {
				return serializer instanceof ByteArraySerializer;
			}
			Object configured = this.factory.getConfigurationProperties().get(property);
			return configured == ByteArraySerializer.class || ByteArraySerializer.class.getName().equals(configured);
		}

		String suffix() {
			return "-dead-letters-" + (this.key ? "k" : "") + (this.value ? "v" : "");
		}

	}

}
