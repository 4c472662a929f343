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

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.jspecify.annotations.Nullable;
import org.springframework.util.Assert;

/**
 * Requests what brokers know about a group with an admin client that exists for the
 * request only.
 * <p>
 * <b>Threading.</b> Immutable. The calling thread waits for the answer.
 */
final class AdminGroupFacts implements GroupFacts {

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private final String group;

	private final Supplier<Map<String, Object>> configuration;

	private final Function<Map<String, Object>, Admin> clients;

	/**
	 * Create it.
	 * @param group the group
	 * @param configuration returns the configuration of its consumers
	 * @param clients makes an admin client from its configuration
	 */
	AdminGroupFacts(String group, Supplier<Map<String, Object>> configuration,
			Function<Map<String, Object>, Admin> clients) {
		this.group = group;
		this.configuration = configuration;
		this.clients = clients;
	}

	@Override
	public Map<String, Uuid> topicIds(Collection<String> topics) throws Exception {
		return with((admin) -> {
			Map<String, Uuid> ids = new HashMap<>();
			for (Map.Entry<String, KafkaFuture<TopicDescription>> topic : admin.describeTopics(topics)
				.topicNameValues()
				.entrySet()) {
				Uuid id = topicId(topic.getValue());
				if (id != null) {
					ids.put(topic.getKey(), id);
				}
			}
			return ids;
		});
	}

	private static @Nullable Uuid topicId(KafkaFuture<TopicDescription> answer) throws Exception {
		try {
			return answer.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS).topicId();
		}
		catch (ExecutionException ex) {
			if (ex.getCause() instanceof AuthorizationException
					|| ex.getCause() instanceof UnsupportedVersionException) {
				return Uuid.ZERO_UUID;
			}
			if (ex.getCause() instanceof UnknownTopicOrPartitionException) {
				return null;
			}
			throw ex;
		}
	}

	@Override
	public @Nullable Long committed(TopicPartition partition) throws Exception {
		return with((admin) -> {
			Map<TopicPartition, OffsetAndMetadata> offsets = admin
				.listConsumerGroupOffsets(
						Map.of(this.group, new ListConsumerGroupOffsetsSpec().topicPartitions(List.of(partition))))
				.partitionsToOffsetAndMetadata(this.group)
				.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
			// A partition that brokers refuse to answer for is left out.
			Assert.state(offsets.containsKey(partition),
					() -> "The committed offset of " + partition + " could not be read");
			OffsetAndMetadata committed = offsets.get(partition);
			return (committed != null) ? (Long) committed.offset() : null;
		});
	}

	private <T extends @Nullable Object> T with(Request<T> request) throws Exception {
		Map<String, Object> configuration = AdminConfiguration.of(this.configuration.get());
		if (configuration == null) {
			throw new IllegalStateException("The consumers of group '" + this.group + "' have no 'bootstrap.servers'");
		}
		Admin admin = this.clients.apply(configuration);
		try {
			return request.ask(admin);
		}
		finally {
			admin.close(Duration.ZERO);
		}
	}

	/**
	 * Something that brokers are asked.
	 *
	 * @param <T> the type of the answer
	 */
	@FunctionalInterface
	private interface Request<T extends @Nullable Object> {

		T ask(Admin admin) throws Exception;

	}

}
