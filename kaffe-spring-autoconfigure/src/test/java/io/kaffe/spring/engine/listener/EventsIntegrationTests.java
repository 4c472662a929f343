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
import java.time.Instant;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.kafka.annotation.KafkaListener;

import io.kaffe.spring.event.ConsumerEscalatedEvent;
import io.kaffe.spring.event.PartitionsDrainedEvent;
import io.kaffe.spring.event.RecordParkedEvent;
import io.kaffe.spring.event.WorkerStalledEvent;
import io.kaffe.spring.example.Pager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the events that a service gets when a consumer needs attention.
 */
class EventsIntegrationTests {

	@Test
	void recordThatIsParkedIsPublishedEachTime() {
		try (ListenerApplication application = application().with("test.failing", 3)
			.with("kaffe.failure.max-attempts", 1)) {
			ConfigurableApplicationContext context = application.start();
			Service service = context.getBean(Service.class);
			await("it is parked").until(() -> !service.events.isEmpty() && !service.calls.isEmpty());
			assertThat(service.events).singleElement().isInstanceOfSatisfying(RecordParkedEvent.class, (event) -> {
				assertThat(event.consumer()).isEqualTo("orders");
				assertThat(event.topic()).isEqualTo(application.topic("orders"));
				assertThat(event.partition()).isZero();
				assertThat(event.offset()).isEqualTo(3);
				assertThat(event.failure()).isInstanceOf(UnsupportedOperationException.class);
				assertThat(event.owners()).isEqualTo(1);
				assertThat(event.since()).isBetween(Instant.now().minusSeconds(60), Instant.now());
			});
			assertThat(service.publishers).containsOnly("kaffe-events-1");
			assertThat(service.calls).containsExactly("orders has parked " + application.topic("orders")
					+ "-0@3 after java.lang.UnsupportedOperationException");
			context.getBean(WorkerContainers.class)
				.retry("orders", new TopicPartition(application.topic("orders"), 0), 3);
			await("it is parked again").until(() -> service.events.size() == 2);
		}
	}

	@Test
	void recordThatStallsAndPartitionThatIsNotDrainedInTimeArePublished() {
		try (ListenerApplication application = application().with("test.hanging", 3)
			.with("kaffe.stall-threshold", "100ms")
			.with("kaffe.drain-timeout", "200ms")) {
			ConfigurableApplicationContext context = application.start();
			Service service = context.getBean(Service.class);
			try {
				await("it is stalled").until(() -> !service.events.isEmpty());
				assertThat(service.events).singleElement().isInstanceOfSatisfying(WorkerStalledEvent.class, (event) -> {
					assertThat(event.consumer()).isEqualTo("orders");
					assertThat(event.worker()).isEqualTo("worker_" + application.topic("orders") + "_0");
					assertThat(event.topic()).isEqualTo(application.topic("orders"));
					assertThat(event.partition()).isZero();
					assertThat(event.offset()).isEqualTo(3);
					assertThat(event.duration()).isGreaterThanOrEqualTo(Duration.ofMillis(100));
				});
				// The last event is published though the context is being closed.
				context.close();
				assertThat(service.events).hasSize(2)
					.last()
					.isInstanceOfSatisfying(PartitionsDrainedEvent.class, (event) -> {
						assertThat(event.consumer()).isEqualTo("orders");
						assertThat(event.partitions()).containsExactly(application.topic("orders") + "-0");
						assertThat(event.drain()).isGreaterThan(Duration.ofMillis(150));
						assertThat(event.givenUp()).containsExactly(application.topic("orders") + "-0@3");
						assertThat(event.isComplete()).isFalse();
					});
				assertThat(service.calls).last()
					.isEqualTo("orders did not finish in time: [" + application.topic("orders") + "-0@3]");
			}
			finally {
				service.letGo.countDown();
			}
		}
	}

	@Test
	void partitionThatIsDrainedAndConsumerThatIsStoppedArePublished() {
		try (ListenerApplication application = application().with("test.failing", 3)
			.with("kaffe.failure.max-attempts", 1)
			.with("kaffe.failure.then", "stop")) {
			ConfigurableApplicationContext context = application.start();
			Service service = context.getBean(Service.class);
			await("it has stopped").until(() -> service.events.size() == 2);
			assertThat(service.events).element(0).isInstanceOfSatisfying(ConsumerEscalatedEvent.class, (event) -> {
				assertThat(event.consumer()).isEqualTo("orders");
				assertThat(event.reason())
					.startsWith("The handling of " + application.topic("orders") + "-0@3 failed after");
				assertThat(event.at()).isEqualTo(
						Objects.requireNonNull(ListenerApplication.table(context, "orders").status().stopped()).at());
			});
			assertThat(service.events).element(1).isInstanceOfSatisfying(PartitionsDrainedEvent.class, (event) -> {
				assertThat(event.givenUp()).isEmpty();
				assertThat(event.isComplete()).isTrue();
			});
			assertThat(service.calls).singleElement().asString().startsWith("orders is stopped: The handling of");
		}
	}

	private static ListenerApplication application() {
		ListenerApplication application = ListenerApplication.of(Service.class)
			.with("kaffe.consumers.orders", "")
			.topic("orders", 1);
		application.send("orders", 0, 0, 5);
		return application;
	}

	/**
	 * Fails or hangs at a number, and notes events.
	 */
	@Configuration(proxyBeanMethods = false)
	@ComponentScan(basePackageClasses = Pager.class)
	static class Service {

		final Queue<String> calls = new ConcurrentLinkedQueue<>();

		final Queue<Object> events = new ConcurrentLinkedQueue<>();

		final Queue<String> publishers = new ConcurrentLinkedQueue<>();

		final CountDownLatch letGo = new CountDownLatch(1);

		@Value("${test.failing:-1}")
		private int failing;

		@Value("${test.hanging:-1}")
		private int hanging;

		@Bean
		Pager pager() {
			return this.calls::add;
		}

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) throws InterruptedException {
			if (record.offset() == this.failing) {
				throw new UnsupportedOperationException("On purpose");
			}
			if (record.offset() == this.hanging && !this.letGo.await(30, TimeUnit.SECONDS)) {
				throw new IllegalStateException("The handler was not released");
			}
		}

		@EventListener({ ConsumerEscalatedEvent.class, PartitionsDrainedEvent.class, RecordParkedEvent.class,
				WorkerStalledEvent.class })
		void on(Object event) {
			this.publishers.add(Thread.currentThread().getName());
			this.events.add(event);
		}

	}

}
