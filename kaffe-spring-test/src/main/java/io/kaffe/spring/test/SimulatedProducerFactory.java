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

package io.kaffe.spring.test;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.function.Supplier;

import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.ProducerFactory;

/**
 * Creates producers that send to the simulated cluster of the test method that runs,
 * otherwise as the factory of the application does.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
final class SimulatedProducerFactory<K, V> extends DefaultKafkaProducerFactory<K, V> {

	private final DefaultKafkaProducerFactory<K, V> original;

	private final SimulatedWorlds worlds;

	private SimulatedProducerFactory(DefaultKafkaProducerFactory<K, V> original, SimulatedWorlds worlds) {
		super(original.getConfigurationProperties(), original.getKeySerializerSupplier(),
				original.getValueSerializerSupplier(), false);
		this.original = original;
		this.worlds = worlds;
		setProducerPerThread(original.isProducerPerThread());
		original.getListeners().forEach(this::addListener);
		original.getPostProcessors().forEach(this::addPostProcessor);
	}

	static <K, V> DefaultKafkaProducerFactory<K, V> of(DefaultKafkaProducerFactory<K, V> original,
			SimulatedWorlds worlds) {
		return (original instanceof SimulatedProducerFactory<K, V>) ? original
				: new SimulatedProducerFactory<>(original, worlds);
	}

	@Override
	public ProducerFactory<K, V> copyWithConfigurationOverride(@Nullable Map<String, Object> overrides) {
		ProducerFactory<K, V> copy = this.original.copyWithConfigurationOverride(overrides);
		return (copy instanceof DefaultKafkaProducerFactory<K, V> factory) ? of(factory, this.worlds) : copy;
	}

	@Override
	@SuppressWarnings("unchecked")
	protected Producer<K, V> createRawProducer(Map<String, Object> config) {
		Serializer<K> keys = serializer(getKeySerializerSupplier(), config, ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG,
				true);
		Serializer<V> values = serializer(getValueSerializerSupplier(), config,
				ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, false);
		return (Producer<K, V>) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { Producer.class },
				(proxy, method, arguments) -> invoke(keys, values, method, arguments));
	}

	/**
	 * Producers are kept from one test method to the next: each call goes to the cluster
	 * of the one that runs.
	 */
	private @Nullable Object invoke(Serializer<K> keys, Serializer<V> values, Method method,
			Object @Nullable [] arguments) throws Throwable {
		SimulatedWorld world = this.worlds.presentOrNull();
		if (method.getName().equals("close") || (world == null && method.getName().equals("flush"))) {
			return null;
		}
		if (method.getDeclaringClass() == Object.class) {
			return method.getName().equals("toString") ? "a simulated producer"
					: method.getName().equals("hashCode") ? (Object) System.identityHashCode(keys) : (Object) false;
		}
		try {
			String topic = (arguments != null && arguments[0] instanceof ProducerRecord<?, ?> record) ? record.topic()
					: null;
			return this.worlds.present().produce(keys, values, topic, (producer) -> call(producer, method, arguments));
		}
		catch (InvocationFailed ex) {
			throw ex.target;
		}
	}

	private static @Nullable Object call(Producer<?, ?> producer, Method method, Object @Nullable [] arguments) {
		try {
			return method.invoke(producer, arguments);
		}
		catch (InvocationTargetException ex) {
			throw new InvocationFailed(ex.getTargetException());
		}
		catch (IllegalAccessException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static <T> Serializer<T> serializer(@Nullable Supplier<@Nullable Serializer<T>> supplier,
			Map<String, Object> config, String property, boolean isKey) {
		Serializer<T> serializer = (supplier != null) ? supplier.get() : null;
		if (serializer == null) {
			serializer = ConfiguredClasses.create(config, property);
			serializer.configure(config, isKey);
		}
		return serializer;
	}

	/**
	 * What a producer has thrown.
	 */
	@SuppressWarnings("serial")
	private static final class InvocationFailed extends RuntimeException {

		private final transient Throwable target;

		InvocationFailed(Throwable target) {
			super(target);
			this.target = target;
		}

	}

}
