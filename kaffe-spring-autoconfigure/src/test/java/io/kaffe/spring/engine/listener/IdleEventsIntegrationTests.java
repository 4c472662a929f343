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

import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.event.ListenerContainerIdleEvent;
import org.springframework.kafka.event.ListenerContainerPartitionIdleEvent;
import org.springframework.kafka.event.ListenerContainerPartitionNoLongerIdleEvent;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerGroupSequencer;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.support.Acknowledgment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what applications do when a container, or a partition, is idle: it is not
 * before its records are handled.
 */
class IdleEventsIntegrationTests {

	private static final long INTERVAL = 200;

	@Test
	void jobThatStopsWhenItsContainerIsIdleHandlesAllItsRecords() {
		try (ListenerApplication application = ListenerApplication.of(Job.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.with("kaffe.consumers.orders", "")
				.with("spring.kafka.listener.idle-event-interval", INTERVAL + "ms")
				.start();
			Job job = context.getBean(Job.class);
			await("it is stopped").until(() -> !ListenerApplication.container(context, "orders").isRunning());
			assertThat(job.handled).containsExactly("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
			await("all are committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			assertThat(job.idleMillis).first().satisfies((idle) -> {
				assertThat(idle).isGreaterThanOrEqualTo(INTERVAL);
				assertThat(idle).isLessThanOrEqualTo(Objects.requireNonNull(job.millisSinceTheLast.peek()));
			});
		}
	}

	@Test
	void groupIsStartedWhenTheOneBeforeHasHandledAllItsRecords() {
		try (ListenerApplication application = ListenerApplication.of(Groups.class)
			.topic("first", 1)
			.topic("second", 1)) {
			application.send("first", 0, 0, 5);
			application.send("second", 0, 10, 12);
			ConfigurableApplicationContext context = application.with("kaffe.consumers.first", "")
				.with("kaffe.consumers.second", "")
				.start();
			Groups groups = context.getBean(Groups.class);
			await("both groups have handled all").until(() -> groups.handled.size() >= 7);
			assertThat(groups.handled).containsExactly("0", "1", "2", "3", "4", "10", "11");
			assertThat(ListenerApplication.container(context, "first").isRunning()).isFalse();
			assertThat(ListenerApplication.container(context, "second").isRunning()).isTrue();
		}
	}

	@Test
	void partitionIsIdleWhenItsRecordsAreHandledWhateverOthersDo() {
		try (ListenerApplication application = ListenerApplication.of(Partitions.class).topic("orders", 2)) {
			application.send("orders", 0, 0, 1);
			application.send("orders", 1, 0, 1);
			ConfigurableApplicationContext context = application.with("kaffe.consumers.orders", "")
				.with("spring.kafka.listener.idle-partition-event-interval", INTERVAL + "ms")
				.start();
			Partitions partitions = context.getBean(Partitions.class);
			await("one blocks, and the other one is idle").until(() -> partitions.idleMeanwhile.contains(1));
			partitions.noLongerIdle.clear();
			application.send("orders", 1, 1, 2);
			await("the other one is not idle any more").until(() -> partitions.noLongerIdle.contains(1));
			partitions.idleMeanwhile.clear();
			await("the other one is idle again").until(() -> partitions.idleMeanwhile.contains(1));
			assertThat(partitions.idleMeanwhile).doesNotContain(0);
			partitions.gate.open();
			await("both are idle").until(() -> partitions.idleAfterwards.containsAll(List.of(0, 1)));
		}
	}

	@Test
	void listenerAcknowledgesWhenItsContainerIsIdle() {
		try (ListenerApplication application = ListenerApplication.of(Collecting.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 3);
			application.with("kaffe.consumers.orders", "")
				.with("spring.kafka.listener.ack-mode", "manual")
				.with("spring.kafka.listener.idle-event-interval", INTERVAL + "ms")
				.start();
			await("all are committed").until(() -> Long.valueOf(3).equals(application.committed("orders", 0)));
		}
	}

	/**
	 * Handles records for longer than a container must receive nothing to be idle.
	 */
	abstract static class Slow {

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		private final CountDownLatch never = new CountDownLatch(1);

		void handleSlowly(String value) throws InterruptedException {
			assertThat(this.never.await(2 * INTERVAL, TimeUnit.MILLISECONDS)).isFalse();
			this.handled.add(value);
		}

	}

	static class Job extends Slow {

		final Queue<Long> idleMillis = new ConcurrentLinkedQueue<>();

		final Queue<Long> millisSinceTheLast = new ConcurrentLinkedQueue<>();

		private volatile boolean begun;

		private volatile long lastAt;

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(String value) throws InterruptedException {
			this.begun = true;
			handleSlowly(value);
			this.lastAt = System.nanoTime();
		}

		@EventListener
		void onIdle(ListenerContainerIdleEvent event) {
			// It may take longer to join the group.
			if (this.begun) {
				this.millisSinceTheLast.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - this.lastAt));
				this.idleMillis.add(event.getIdleTime());
				MessageListenerContainer container = event.getContainer(MessageListenerContainer.class);
				CompletableFuture.runAsync(container::stop);
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Groups extends Slow {

		@KafkaListener(id = "first", topics = "first-${test.id}", groupId = "first-${test.id}", containerGroup = "one")
		void first(String value) throws InterruptedException {
			handleSlowly(value);
		}

		@KafkaListener(id = "second", topics = "second-${test.id}", groupId = "second-${test.id}",
				containerGroup = "two")
		void second(String value) throws InterruptedException {
			handleSlowly(value);
		}

		@Bean
		static ContainerGroupSequencer sequencer(KafkaListenerEndpointRegistry registry) {
			return new ContainerGroupSequencer(registry, INTERVAL, "one", "two");
		}

		@Bean
		static ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> patient() {
			// It may take long to join the group.
			return (container) -> container.getContainerProperties().setIdleBeforeDataMultiplier(1000);
		}

	}

	static class Partitions {

		final Gate gate = new Gate();

		final Queue<Integer> idleMeanwhile = new ConcurrentLinkedQueue<>();

		final Queue<Integer> idleAfterwards = new ConcurrentLinkedQueue<>();

		final Queue<Integer> noLongerIdle = new ConcurrentLinkedQueue<>();

		Partitions() {
			this.gate.stopAt("0:0");
		}

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			this.gate.handle(record);
		}

		@EventListener
		void onIdle(ListenerContainerPartitionIdleEvent event) {
			int partition = event.getTopicPartition().partition();
			if (this.gate.finished.contains("0:0")) {
				this.idleAfterwards.add(partition);
			}
			else if (this.gate.started.contains("0:0") && this.gate.finished.contains("1:0")) {
				this.idleMeanwhile.add(partition);
			}
		}

		@EventListener
		void onNoLongerIdle(ListenerContainerPartitionNoLongerIdleEvent event) {
			this.noLongerIdle.add(event.getTopicPartition().partition());
		}

	}

	static class Collecting {

		private final Queue<Acknowledgment> open = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(String value, Acknowledgment acknowledgment) {
			this.open.add(acknowledgment);
		}

		@EventListener
		void onIdle(ListenerContainerIdleEvent event) {
			this.open.removeIf((acknowledgment) -> {
				acknowledgment.acknowledge();
				return true;
			});
		}

	}

}
