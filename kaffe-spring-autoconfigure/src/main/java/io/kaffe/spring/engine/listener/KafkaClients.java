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

import java.util.Map;
import java.util.function.Function;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Makes the clients that a consumer needs besides those that poll, from their
 * configuration.
 *
 * @param byteConsumers makes Kafka consumers that do not deserialize: they read dead
 * letters, and commits that are not answered
 * @param admins makes admin clients
 */
record KafkaClients(Function<Map<String, Object>, Consumer<byte[], byte[]>> byteConsumers,
		Function<Map<String, Object>, Admin> admins) {

	/** Clients of brokers. */
	static final KafkaClients OF_BROKERS = new KafkaClients((configuration) -> new KafkaConsumer<>(configuration,
			new ByteArrayDeserializer(), new ByteArrayDeserializer()), Admin::create);

}
