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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.support.Acknowledgment;

import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.support.BrokerCluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for records that are written in place of others after an unclean leader election.
 */
@Tag("fault")
class TruncatedLogIntegrationTests {

	private static final Duration PATIENCE = Duration.ofSeconds(90);

	@Test
	void recordsInPlaceOfThoseThatWereCompletedAreHandled() throws Exception {
		try (BrokerCluster cluster = BrokerCluster.start(3, Map.of("offsets.topic.num.partitions", 1));
				Admin admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrapServers()));
				ListenerApplication application = ListenerApplication.of(AllButOne.class)
					.with("spring.kafka.bootstrap-servers", cluster.bootstrapServers())
					.with("spring.kafka.listener.ack-mode", "manual")
					.with("spring.kafka.listener.async-acks", true)
					.with("kaffe.consumers.orders", "")
					.with("kaffe.drain-timeout", "200ms")) {
			TopicPartition partition = new TopicPartition(application.topic("orders"), 0);
			admin
				.createTopics(List.of(new NewTopic(partition.topic(), Map.of(0, List.of(1, 2)))
					.configs(Map.of("unclean.leader.election.enable", "true", "min.insync.replicas", "1"))))
				.all()
				.get();
			send(cluster, partition, 0, 10);
			cluster.broker(2).kill();
			await("broker 2 is behind").atMost(PATIENCE)
				.ignoreExceptions()
				.until(() -> state(admin, partition).isr().stream().map(Node::id).toList().equals(List.of(1)));
			send(cluster, partition, 10, 100);
			ConfigurableApplicationContext context = application.start();
			awaitDelivered(context, 100);
			ListenerApplication.container(context, "orders").stop();
			OffsetAndMetadata commit = Objects.requireNonNull(admin.listConsumerGroupOffsets(application.group())
				.partitionsToOffsetAndMetadata()
				.get()
				.get(partition));
			assertThat(CommitMetadata.read(commit.metadata(), 3).completed()).hasToString("[4..99]");
			cluster.broker(1).kill();
			cluster.broker(2).restart();
			await("broker 2 leads").atMost(PATIENCE).ignoreExceptions().until(() -> {
				admin.electLeaders(ElectionType.UNCLEAN, Set.of(partition)).partitions().get();
				Node leader = state(admin, partition).leader();
				return leader != null && leader.id() == 2;
			});
			send(cluster, partition, 100, 200);
			ConfigurableApplicationContext again = application.start();
			awaitDelivered(again, 101);
			assertThat(again.getBean(AllButOne.class).delivered).containsExactlyElementsOf(
					IntStream.concat(IntStream.of(3), IntStream.range(100, 200)).boxed().toList());
		}
	}

	private static void awaitDelivered(ConfigurableApplicationContext context, int records) {
		Queue<Integer> delivered = context.getBean(AllButOne.class).delivered;
		await("records are delivered").atMost(PATIENCE).until(() -> delivered.size() >= records);
	}

	private static TopicPartitionInfo state(Admin admin, TopicPartition partition) throws Exception {
		return Objects
			.requireNonNull(
					admin.describeTopics(List.of(partition.topic())).allTopicNames().get().get(partition.topic()))
			.partitions()
			.get(0);
	}

	private static void send(BrokerCluster cluster, TopicPartition partition, int from, int to) throws Exception {
		try (KafkaProducer<String, String> producer = new KafkaProducer<>(
				Map.of("bootstrap.servers", cluster.bootstrapServers()), new StringSerializer(),
				new StringSerializer())) {
			for (int number = from; number < to; number++) {
				producer
					.send(new ProducerRecord<>(partition.topic(), partition.partition(), "key",
							Integer.toString(number)))
					.get();
			}
		}
	}

	/**
	 * Acknowledges all but the fourth record.
	 */
	@Configuration(proxyBeanMethods = false)
	static class AllButOne {

		final Queue<Integer> delivered = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record, Acknowledgment acknowledgment) {
			this.delivered.add(Integer.parseInt(record.value()));
			if (record.offset() != 3) {
				acknowledgment.acknowledge();
			}
		}

	}

}
