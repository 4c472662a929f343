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
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ContainerProperties.AssignmentCommitOption;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what settings of a listener container do when it has workers.
 */
class ContainerSettingsIntegrationTests {

	private static final ListenerApplication application = ListenerApplication.of(Service.class)
		.topic("orders", 2)
		.topic("refunds", 1);

	@AfterAll
	static void stop() {
		application.close();
	}

	@Test
	void settingsOfCommitsAreThoseOfTheContainer() throws Exception {
		application.send("orders", 0, 0, 5);
		try (ConfigurableApplicationContext context = application.start("--kaffe.adopt=all",
				"--kaffe.commit.interval=10ms", "--kaffe.commit.completed-offsets=false")) {
			Service service = context.getBean(Service.class);
			TopicPartition partition = new TopicPartition(application.topic("orders"), 0);
			OffsetAndMetadata commit = new OffsetAndMetadata(5, "by orders of " + application.group());
			await().untilAsserted(() -> assertThat(service.commits.get(partition)).isEqualTo(commit));
			assertThat(service.threadsOfCommits).isNotEmpty()
				.allSatisfy((name) -> assertThat(name).isEqualTo("polls-orders"));
			assertThat(service.threadOfHandling.join()).as("named, but not the consumer's")
				.satisfies((thread) -> assertThat(thread.name()).isEqualTo("polls-orders"))
				.satisfies((thread) -> assertThat(service.idsOfCommits).doesNotContain(thread.id()));
			await().untilAsserted(() -> assertThat(committed().get(partition)).isEqualTo(commit));
			TopicPartition empty = new TopicPartition(application.topic("orders"), 1);
			await().untilAsserted(() -> assertThat(Objects.requireNonNull(committed().get(empty)).offset()).isZero());
			assertThat(committed()).doesNotContainKey(new TopicPartition(application.topic("refunds"), 0));
		}
	}

	@Test
	void consumersThatAreToCommitByThemselvesLeaveThatToWorkers() throws Exception {
		try (ListenerApplication auto = ListenerApplication.of(Held.class).topic("orders", 2)) {
			auto.send("orders", 0, 0, 5);
			ConfigurableApplicationContext context = auto.start("--kaffe.adopt=all", "--kaffe.commit.interval=10ms",
					"--spring.kafka.consumer.enable-auto-commit=true",
					"--spring.kafka.consumer.auto-commit-interval=10ms");
			Held held = context.getBean(Held.class);
			await("a commit is made").until(() -> Long.valueOf(2).equals(auto.committed("orders", 0)));
			for (long number = 0; number < 20; number++) {
				// The consumer would commit its positions in both partitions: five in
				// this.
				auto.send("orders", 1, (int) number, (int) number + 1);
				long next = number + 1;
				await("the other partition is committed")
					.until(() -> Long.valueOf(next).equals(auto.committed("orders", 1)));
				assertThat(auto.committed("orders", 0)).isEqualTo(2);
			}
			held.letGo.complete(null);
			await("all is committed").until(() -> Long.valueOf(5).equals(auto.committed("orders", 0)));
		}
	}

	private static Map<TopicPartition, OffsetAndMetadata> committed() throws Exception {
		try (Admin admin = Admin
			.create(Map.of("bootstrap.servers", System.getProperty("spring.kafka.bootstrap-servers")))) {
			return admin.listConsumerGroupOffsets(application.group()).partitionsToOffsetAndMetadata().get();
		}
	}

	/**
	 * A thread that handles a record.
	 *
	 * @param id that of the thread
	 * @param name the name that it has meanwhile
	 */
	record Handling(long id, String name) {

		static Handling now() {
			return new Handling(Thread.currentThread().getId(), Thread.currentThread().getName());
		}

	}

	/**
	 * Has a listener that is held up by its third record.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Held {

		final CompletableFuture<Void> letGo = new CompletableFuture<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			if (record.partition() == 0 && record.offset() == 2) {
				this.letGo.join();
			}
		}

	}

	/**
	 * Has two listeners, one of which has settings for its container.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Service {

		final Map<TopicPartition, OffsetAndMetadata> commits = new ConcurrentHashMap<>();

		final CopyOnWriteArrayList<String> threadsOfCommits = new CopyOnWriteArrayList<>();

		final CopyOnWriteArrayList<Long> idsOfCommits = new CopyOnWriteArrayList<>();

		final CompletableFuture<Handling> threadOfHandling = new CompletableFuture<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handleOrder(ConsumerRecord<String, String> record) {
			this.threadOfHandling.complete(Handling.now());
		}

		@KafkaListener(id = "refunds", idIsGroup = false, topics = "refunds-${test.id}")
		void handleRefund(ConsumerRecord<String, String> record) {
		}

		@Bean
		ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> customizer() {
			return (container) -> {
				if (container.getListenerId().equals("orders")) {
					customize(container);
				}
			};
		}

		private void customize(ConcurrentMessageListenerContainer<Object, Object> container) {
			container.setChangeConsumerThreadName(true);
			container.setThreadNameSupplier((polling) -> "polls-" + container.getListenerId());
			ContainerProperties properties = container.getContainerProperties();
			properties.setAssignmentCommitOption(AssignmentCommitOption.ALWAYS);
			properties.setOffsetAndMetadataProvider((listener, offset) -> new OffsetAndMetadata(offset,
					"by " + listener.getListenerId() + " of " + listener.getGroupId()));
			properties.setCommitCallback((offsets, failure) -> {
				this.threadsOfCommits.add(Thread.currentThread().getName());
				this.idsOfCommits.add(Thread.currentThread().getId());
				this.commits.putAll(offsets);
			});
		}

	}

}
