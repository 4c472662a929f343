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

package io.kaffe.spring.engine.listener;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.core.ConsumerFactory;

/**
 * Deserializers like those that a container's consumers have: from its consumer factory
 * if that makes or has them, else of the configured classes.
 * <p>
 * <b>Threading.</b> Immutable.
 */
final class ConfiguredDeserializers {

	private final ContainerFacts facts;

	ConfiguredDeserializers(ContainerFacts facts) {
		this.facts = facts;
	}

	/**
	 * Return a deserializer. It may be one that a consumer has, too, and is to be closed
	 * with the consumer.
	 * @param key whether it is for keys, rather than for values
	 * @throws RuntimeException if it cannot be made
	 */
	Deserializer<?> get(boolean key) {
		ConsumerFactory<?, ?> factory = this.facts.consumerFactory();
		Deserializer<?> ready = ready(factory, key);
		return (ready != null) ? ready : ofConfiguredClass(key);
	}

	private static @Nullable Deserializer<?> ready(ConsumerFactory<?, ?> factory, boolean key) {
		return key ? factory.getKeyDeserializer() : factory.getValueDeserializer();
	}

	private Deserializer<?> ofConfiguredClass(boolean key) {
		Map<String, Object> configuration = new HashMap<>(this.facts.consumerConfiguration());
		if (this.facts.groupId() != null) {
			configuration.put(ConsumerConfig.GROUP_ID_CONFIG, this.facts.groupId());
		}
		String property = key ? ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG
				: ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG;
		Object type = Objects.requireNonNull(configuration.get(property), property);
		Deserializer<?> deserializer = instantiate(type);
		deserializer.configure(configuration, key);
		return deserializer;
	}

	private static Deserializer<?> instantiate(Object type) {
		if (type instanceof Class<?> known) {
			return (Deserializer<?>) Utils.newInstance(known);
		}
		try {
			return Utils.newInstance(type.toString(), Deserializer.class);
		}
		catch (ClassNotFoundException ex) {
			throw new IllegalStateException("No deserializer of type " + type, ex);
		}
	}

}
