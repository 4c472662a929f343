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

package io.kaffe.spring.support;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.awaitility.Awaitility;

/**
 * Creates topics that can be asked for at once. Kafka answers a request to create a topic
 * when its controller knows the topic; a broker that is asked for it then may answer that
 * there is no such topic.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; blocks.
 */
public final class TestTopics {

	/**
	 * Long enough for brokers that start up on a busy machine.
	 */
	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private TestTopics() {
	}

	/**
	 * Create a topic with one replica and wait until it is known.
	 * @param servers where the brokers are
	 * @param name its name
	 * @param partitions how many partitions it has
	 */
	public static void create(String servers, String name, int partitions) {
		try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
			create(admin, new NewTopic(name, partitions, (short) 1));
		}
	}

	/**
	 * Create a topic and wait until it is known: to the broker that answers for topics,
	 * and to the leader of each partition.
	 * @param admin whom to ask
	 * @param topic the topic
	 */
	public static void create(Admin admin, NewTopic topic) {
		try {
			admin.createTopics(List.of(topic)).all().get();
			Awaitility.await("topic " + topic.name() + " is known").atMost(PATIENCE).until(() -> isKnown(admin, topic));
			// Asked for again by the client where a leader does not know it yet.
			admin.listOffsets(partitions(topic)).all().get();
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private static boolean isKnown(Admin admin, NewTopic topic) throws ExecutionException, InterruptedException {
		try {
			TopicDescription description = admin.describeTopics(List.of(topic.name()))
				.allTopicNames()
				.get()
				.get(topic.name());
			return description != null && description.partitions().size() == topic.numPartitions()
					&& description.partitions().stream().noneMatch((partition) -> partition.leader() == null);
		}
		catch (ExecutionException ex) {
			if (ex.getCause() instanceof UnknownTopicOrPartitionException) {
				return false;
			}
			throw ex;
		}
	}

	private static Map<TopicPartition, OffsetSpec> partitions(NewTopic topic) {
		return IntStream.range(0, topic.numPartitions())
			.mapToObj((number) -> new TopicPartition(topic.name(), number))
			.collect(Collectors.toMap((partition) -> partition, (partition) -> OffsetSpec.latest()));
	}

}
