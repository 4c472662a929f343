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

import java.util.Map;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;

/**
 * Creates simulated consumers, otherwise as the factory of the application does.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
final class SimulatedConsumerFactory<K, V> extends DefaultKafkaConsumerFactory<K, V> {

	private final SimulatedWorlds worlds;

	private final boolean configures;

	SimulatedConsumerFactory(DefaultKafkaConsumerFactory<K, V> original, SimulatedWorlds worlds) {
		super(original.getConfigurationProperties(), original::getKeyDeserializer, original::getValueDeserializer,
				false);
		this.worlds = worlds;
		this.configures = Boolean.TRUE
			.equals(new DirectFieldAccessor(original).getPropertyValue("configureDeserializers"));
		original.getPostProcessors().forEach(this::addPostProcessor);
	}

	@Override
	protected Consumer<K, V> createRawConsumer(Map<String, Object> config) {
		return this.worlds.present().consumer(config, keys(config), values(config));
	}

	Deserializer<K> keys(Map<String, Object> config) {
		return deserializer(getKeyDeserializer(), config, ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, true);
	}

	Deserializer<V> values(Map<String, Object> config) {
		return deserializer(getValueDeserializer(), config, ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, false);
	}

	private <T> Deserializer<T> deserializer(@Nullable Deserializer<T> supplied, Map<String, Object> config,
			String property, boolean isKey) {
		Deserializer<T> deserializer = supplied;
		if (deserializer == null) {
			deserializer = ConfiguredClasses.create(config, property);
			deserializer.configure(config, isKey);
		}
		else if (this.configures) {
			deserializer.configure(config, isKey);
		}
		return deserializer;
	}

}
