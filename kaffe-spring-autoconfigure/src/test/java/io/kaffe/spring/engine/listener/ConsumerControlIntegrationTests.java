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
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.listener.ConsumerAwareRebalanceListener;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.table.ConsumerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what {@link KaffeConsumers} does to consumers that run: more topics, start,
 * stop, pause, resume.
 */
class ConsumerControlIntegrationTests {

	private static final String ASSIGNORS = "spring.kafka.consumer.properties.partition.assignment.strategy";

	@ParameterizedTest
	@CsvSource({ "classic, org.apache.kafka.clients.consumer.RangeAssignor",
			"classic, org.apache.kafka.clients.consumer.CooperativeStickyAssignor", "consumer," })
	void moreTopicsAreSubscribedToWithoutDuplicates(String protocol, String assignor) {
		try (ListenerApplication application = ListenerApplication.of(Listening.class)
			.with("spring.kafka.consumer.properties.group.protocol", protocol)
			.with("spring.kafka.listener.concurrency", 2)
			.topic("orders", 2)
			.topic("refunds", 2)) {
			if (assignor != null) {
				application.with(ASSIGNORS, assignor);
			}
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=",
					"--kaffe.commit.interval=50ms");
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			ListenerApplication.awaitAssigned(context, "orders", 2);
			application.send("orders", 0, 0, 200);
			application.send("refunds", 1, 200, 210);
			String refunds = application.topic("refunds");
			assertThat(consumers.subscribe("orders", List.of(refunds, application.topic("orders"))))
				.containsExactly(refunds);
			assertThat(consumers.topics("orders")).containsExactly(application.topic("orders"), refunds);
			application.send("orders", 1, 300, 400);
			await("all are committed").until(() -> Long.valueOf(200).equals(application.committed("orders", 0))
					&& Long.valueOf(100).equals(application.committed("orders", 1))
					&& Long.valueOf(10).equals(application.committed("refunds", 1)));
			ListenerApplication.awaitAssigned(context, "orders", 4);
			assertThat(ListenerApplication.table(context, "orders").settings().topics())
				.containsExactly(application.topic("orders"), refunds);
			Listening listening = context.getBean(Listening.class);
			assertThat(listening.handled).hasSize(310).doesNotHaveDuplicates();
			assertThat(listening.assigned).contains(new TopicPartition(refunds, 0), new TopicPartition(refunds, 1));
		}
	}

	@Test
	void addedTopicsAreKeptWhenTheConsumerIsStoppedAndStarted() {
		try (ListenerApplication application = ListenerApplication.of(Listening.class)
			.topic("orders", 1)
			.topic("refunds", 1)) {
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=",
					"--spring.kafka.listener.auto-startup=false");
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			consumers.subscribe("orders", Set.of(application.topic("refunds")));
			consumers.start("orders");
			ListenerApplication.awaitAssigned(context, "orders", 2);
			consumers.stop("orders");
			consumers.start("orders");
			ListenerApplication.awaitAssigned(context, "orders", 2);
		}
	}

	@Test
	void topicThatCannotBeIsRefusedAndTheConsumerGoesOn() {
		try (ListenerApplication application = ListenerApplication.of(Listening.class).topic("orders", 1)) {
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=");
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			for (String name : List.of("", ".", "..", "two words", "x".repeat(250))) {
				assertThatIllegalArgumentException().isThrownBy(() -> consumers.subscribe("orders", List.of(name)))
					.withMessage("'" + name + "' is not a valid topic name");
			}
			application.send("orders", 0, 0, 1);
			await("it is committed").until(() -> Long.valueOf(1).equals(application.committed("orders", 0)));
			assertThatIllegalArgumentException().isThrownBy(() -> consumers.subscribe("order", List.of("refunds")))
				.withMessageContaining("There is no consumer 'order' with workers; there are [orders]");
		}
	}

	@Test
	void consumerWithPatternCannotSubscribeByName() {
		try (ListenerApplication application = ListenerApplication.of(ListeningToPattern.class).topic("orders", 1)) {
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=");
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			assertThatIllegalStateException().isThrownBy(() -> consumers.subscribe("orders", List.of("refunds")))
				.withMessageContaining("has a topic pattern");
			ListenerApplication.awaitAssigned(context, "orders", 1);
			assertThat(consumers.topics("orders")).containsExactly(application.topic("orders"));
		}
	}

	@Test
	void stopWaitsForWhatIsBeingHandledAndLeavesTheGroup() throws InterruptedException {
		try (ListenerApplication application = ListenerApplication.of(Listening.class).topic("orders", 1)) {
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=");
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			Listening listening = context.getBean(Listening.class);
			listening.permits.drainPermits();
			application.send("orders", 0, 0, 5);
			await("the first is being handled").until(listening.permits::hasQueuedThreads);
			assertThat(consumers.isRunning("orders")).isTrue();
			Thread stopping = new Thread(() -> consumers.stop("orders"));
			stopping.start();
			await("it drains")
				.until(() -> ListenerApplication.table(context, "orders").status().state() == ConsumerState.DRAINING);
			assertThat(stopping.isAlive()).isTrue();
			listening.permits.release(100);
			stopping.join(Duration.ofSeconds(20).toMillis());
			assertThat(stopping.isAlive()).isFalse();
			assertThat(consumers.isRunning("orders")).isFalse();
			assertThat(application.committed("orders", 0)).isEqualTo(1);
			assertThat(application.groupState()).isEqualTo(GroupState.EMPTY);
			consumers.stop("orders");
			consumers.start("orders");
			await("all are committed").until(() -> Long.valueOf(5).equals(application.committed("orders", 0)));
			assertThat(listening.handled).hasSize(5).doesNotHaveDuplicates();
		}
	}

	@Test
	void pausedConsumerHandlesNothingNewUntilItIsResumed() {
		try (ListenerApplication application = ListenerApplication.of(Listening.class).topic("orders", 1)) {
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=",
					"--kaffe.commit.interval=50ms");
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			ListenerApplication.awaitAssigned(context, "orders", 1);
			assertThat(consumers.isPaused("orders")).isFalse();
			consumers.pause("orders");
			assertThat(consumers.isPaused("orders")).isTrue();
			await("it is paused").until(() -> ListenerApplication.container(context, "orders").isContainerPaused());
			application.send("orders", 0, 0, 5);
			Listening listening = context.getBean(Listening.class);
			await("nothing is handled").during(Duration.ofSeconds(2)).until(listening.handled::isEmpty);
			assertThat(ListenerApplication.table(context, "orders").status().state()).isEqualTo(ConsumerState.PAUSED);
			consumers.resume("orders");
			assertThat(consumers.isPaused("orders")).isFalse();
			await("all are committed").until(() -> Long.valueOf(5).equals(application.committed("orders", 0)));
		}
	}

	@Test
	void pausedTopicStaysPausedThroughARestartWhileOthersGoOn() {
		try (ListenerApplication application = ListenerApplication.of(Listening.class)
			.topic("orders", 2)
			.topic("refunds", 1)) {
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=",
					"--kaffe.commit.interval=50ms");
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			String orders = application.topic("orders");
			consumers.subscribe("orders", List.of(application.topic("refunds")));
			ListenerApplication.awaitAssigned(context, "orders", 3);
			assertThat(consumers.pause("orders", orders)).succeedsWithin(Duration.ofSeconds(20));
			assertThat(consumers.pause("orders", new TopicPartition(orders, 1))).succeedsWithin(Duration.ofSeconds(20));
			assertThat(application.partition(context, "orders", "orders", 0).paused()).isEqualTo("operator");
			application.send("orders", 0, 0, 5);
			application.send("refunds", 0, 0, 5);
			await("the other topic goes on").until(() -> Long.valueOf(5).equals(application.committed("refunds", 0)));
			consumers.stop("orders");
			consumers.start("orders");
			ListenerApplication.awaitAssigned(context, "orders", 3);
			Listening listening = context.getBean(Listening.class);
			await("nothing of it is handled").during(Duration.ofSeconds(2)).until(() -> listening.handled.size() == 5);
			assertThatIllegalStateException()
				.isThrownBy(() -> consumers.resume("orders", new TopicPartition(orders, 1)))
				.withMessageContaining("whole topic");
			assertThat(consumers.resume("orders", orders)).succeedsWithin(Duration.ofSeconds(20));
			assertThat(application.partition(context, "orders", "orders", 1).paused()).isNull();
			await("all are committed").until(() -> Long.valueOf(5).equals(application.committed("orders", 0)));
		}
	}

	@Test
	void pausedPartitionHoldsUpNoOther() {
		try (ListenerApplication application = ListenerApplication.of(Listening.class).topic("orders", 2)) {
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=",
					"--kaffe.commit.interval=50ms");
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			TopicPartition partition = new TopicPartition(application.topic("orders"), 0);
			consumers.pause("orders", partition);
			ListenerApplication.awaitAssigned(context, "orders", 2);
			assertThat(consumers.partitions("orders")).containsExactly(partition,
					new TopicPartition(application.topic("orders"), 1));
			application.send("orders", 0, 0, 5);
			application.send("orders", 1, 0, 5);
			await("the other goes on").until(() -> Long.valueOf(5).equals(application.committed("orders", 1)));
			assertThat(context.getBean(Listening.class).handled).hasSize(5);
			assertThat(consumers.resume("orders", partition)).succeedsWithin(Duration.ofSeconds(20));
			await("all are committed").until(() -> Long.valueOf(5).equals(application.committed("orders", 0)));
		}
	}

	/**
	 * Has a listener that handles as many records as it is permitted to.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Listening {

		final Semaphore permits = new Semaphore(10_000);

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		final Queue<TopicPartition> assigned = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			this.permits.acquireUninterruptibly();
			this.handled.add(ListenerApplication.coordinates(record));
		}

		@Bean
		ConsumerAwareRebalanceListener rebalanceListener() {
			return new ConsumerAwareRebalanceListener() {

				@Override
				public void onPartitionsAssigned(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
					Listening.this.assigned.addAll(partitions);
				}

			};
		}

	}

	/**
	 * Has a listener with a pattern.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ListeningToPattern {

		@KafkaListener(id = "orders", idIsGroup = false, topicPattern = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
		}

	}

}
