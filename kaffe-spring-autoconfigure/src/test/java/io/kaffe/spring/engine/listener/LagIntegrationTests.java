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
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.TopicPartition;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.PartitionSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the lag of consumers, by {@link EndOffsets} and by what is fetched.
 */
class LagIntegrationTests {

	private static final String INTERVAL = "kaffe.lag.interval";

	@Test
	void lagOfAPausedConsumerGrowsWithItsTopic() {
		try (ListenerApplication application = application().with(INTERVAL, "100ms")) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext context = application.start();
			awaitLag(application, context, 0);
			assertThat(application.partition(context, "orders", "orders", 0).lag().seconds()).isZero();
			context.getBean(KaffeConsumers.class).pause("orders");
			await("it is paused")
				.untilAsserted(() -> assertThat(application.partition(context, "orders", "orders", 0).paused())
					.isEqualTo("operator"));
			await("no fetch is on its way").pollDelay(Duration.ofSeconds(1)).until(() -> true);
			application.send("orders", 0, 3, 8);
			awaitLag(application, context, 5);
			await("time passes")
				.untilAsserted(() -> assertThat(ListenerApplication.table(context, "orders").load().lag().seconds())
					.isBetween(1L, 30L));
			PartitionSnapshot partition = application.partition(context, "orders", "orders", 0);
			assertThat(partition.offsets().end()).isEqualTo(8);
			assertThat(ListenerApplication.table(context, "orders").load().lag().records()).isEqualTo(5);
			context.getBean(KaffeConsumers.class).resume("orders");
			awaitLag(application, context, 0);
		}
	}

	@Test
	void lagIsKnownBeforeAnythingWasPolled() {
		try (ListenerApplication application = application().with(INTERVAL, "100ms")) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext first = application.start();
			await("it is committed").until(() -> Long.valueOf(3).equals(application.committed("orders", 0)));
			first.close();
			application.send("orders", 0, 3, 7);
			ConfigurableApplicationContext context = application.start("--test.auto-startup=false");
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			consumers.pause("orders", application.topic("orders"));
			consumers.start("orders");
			ListenerApplication.awaitAssigned(context, "orders", 1);
			awaitLag(application, context, 4);
			PartitionSnapshot partition = application.partition(context, "orders", "orders", 0);
			assertThat(partition.offsets().completed()).isNull();
			assertThat(partition.offsets().committed()).isEqualTo(3);
		}
	}

	@Test
	void firstLookIsSoonAfterTheAssignment() {
		try (ListenerApplication application = application().with(INTERVAL, "1h")) {
			application.send("orders", 0, 0, 7);
			ConfigurableApplicationContext context = application.start("--test.auto-startup=false");
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			consumers.pause("orders");
			consumers.start("orders");
			awaitLag(application, context, 7);
			await("it has been seen for a while").untilAsserted(
					() -> assertThat(ListenerApplication.table(context, "orders").load().lag().seconds()).isPositive());
		}
	}

	@Test
	void lagInSecondsIsTheAgeOfWhatHoldsUpTheRest() {
		try (ListenerApplication application = application().with(INTERVAL, "100ms")
			.with("kaffe.failure.max-attempts", 1)) {
			long hourAgo = System.currentTimeMillis() - Duration.ofHours(1).toMillis();
			try (KafkaProducer<String, String> producer = producer(Map.of())) {
				for (int minute = 0; minute < 20; minute++) {
					producer.send(new ProducerRecord<>(application.topic("orders"), 0,
							hourAgo + Duration.ofMinutes(minute).toMillis(), "key", (minute == 5) ? "poison" : "good"));
				}
			}
			ConfigurableApplicationContext context = application.start();
			awaitLag(application, context, 15);
			assertThat(application.partition(context, "orders", "orders", 0).lag().seconds())
				.as("of the record, or of an earlier one of its poll")
				.isBetween(Duration.ofMinutes(55).toSeconds(), Duration.ofMinutes(61).toSeconds());
		}
	}

	@Test
	void consumerWithoutAGroupHasALagToo() {
		try (ListenerApplication application = ListenerApplication.of(Groupless.class)
			.with("kaffe.consumers.orders", "")
			.with("kaffe.commit.interval", "50ms")
			.without("spring.kafka.consumer.group-id")
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 5);
			ConfigurableApplicationContext context = application.start();
			awaitLag(application, context, 0);
			PartitionSnapshot partition = application.partition(context, "orders", "orders", 0);
			assertThat(partition.offsets().completed()).isEqualTo(5);
			assertThat(partition.offsets().committed()).isNull();
			assertThat(partition.offsets().completedInMetadata()).isZero();
		}
	}

	@Test
	void markersOfTransactionsAreNoLag() {
		try (ListenerApplication application = application().with(INTERVAL, "100ms")
			.with("spring.kafka.consumer.isolation-level", "read_committed")) {
			ConfigurableApplicationContext context = application.start();
			try (KafkaProducer<String, String> producer = producer(Map.of("transactional.id", application.group()))) {
				producer.initTransactions();
				for (boolean commit : new boolean[] { true, false }) {
					producer.beginTransaction();
					producer.send(new ProducerRecord<>(application.topic("orders"), 0, "key", "0"));
					if (commit) {
						producer.commitTransaction();
					}
					else {
						producer.flush();
						producer.abortTransaction();
					}
				}
			}
			await("the last marker is passed").untilAsserted(() -> {
				PartitionSnapshot partition = application.partition(context, "orders", "orders", 0);
				assertThat(partition.offsets().end()).isEqualTo(4);
				assertThat(partition.lag().records()).isZero();
			});
		}
	}

	@Test
	void brokerIsNotAskedIfSwitchedOff() {
		try (ListenerApplication application = application().with(INTERVAL, "0")) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext context = application.start();
			assertThat(context.getBean(EndOffsets.class).isRunning()).isFalse();
			awaitLag(application, context, 0);
			context.getBean(KaffeConsumers.class).pause("orders");
			await("it is unknown").untilAsserted(
					() -> assertThat(ListenerApplication.table(context, "orders").load().lag().records()).isNull());
		}
	}

	@Test
	void brokerThatCannotBeAskedIsAskedAgain() {
		try (ListenerApplication application = application().with(INTERVAL, "0")) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext context = application.start();
			awaitLag(application, context, 0);
			context.getBean(KaffeConsumers.class).pause("orders");
			await("it is unknown").untilAsserted(
					() -> assertThat(ListenerApplication.table(context, "orders").load().lag().records()).isNull());
			AtomicInteger asked = new AtomicInteger();
			EndOffsets ends = new EndOffsets(context.getBean(WorkerContainers.class), (configuration) -> {
				if (asked.getAndIncrement() == 0) {
					throw new KafkaException("On purpose");
				}
				assertThat(configuration).containsEntry("client.id", "kaffe-lag-1").doesNotContainKey("group.id");
				return Admin.create(configuration);
			}, Duration.ZERO, new ManualExecution(), Ticker.system());
			try {
				ends.refresh();
				assertThat(ListenerApplication.table(context, "orders").load().lag().records()).isNull();
				await("it is known").untilAsserted(() -> {
					ends.refresh();
					assertThat(ListenerApplication.table(context, "orders").load().lag().records()).isZero();
				});
				assertThat(asked).as("clients that were made").hasValue(2);
			}
			finally {
				ends.stop();
			}
		}
	}

	@Test
	void brokerThatDoesNotAnswerHoldsUpNoConsumer() {
		try (ListenerApplication application = application().with(INTERVAL, "0")) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext context = application.start();
			awaitLag(application, context, 0);
			ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
			scheduler.initialize();
			EndOffsets ends = new EndOffsets(context.getBean(WorkerContainers.class), (configuration) -> {
				configuration.put("bootstrap.servers", "localhost:1");
				return Admin.create(configuration);
			}, Duration.ofMillis(10), scheduler, Ticker.system());
			ends.start();
			try {
				application.send("orders", 0, 3, 6);
				awaitLag(application, context, 0);
				ConsumerSnapshot table = ListenerApplication.table(context, "orders");
				assertThat(table.counters().handled()).isEqualTo(6);
			}
			finally {
				long before = System.nanoTime();
				ends.stop();
				assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(5));
				scheduler.destroy();
			}
		}
	}

	private static KafkaProducer<String, String> producer(Map<String, Object> more) {
		Map<String, Object> configuration = new HashMap<>(more);
		configuration.put("bootstrap.servers", System.getProperty("spring.kafka.bootstrap-servers"));
		// Of a new topic, the second request might overtake the first one.
		configuration.put("max.in.flight.requests.per.connection", 1);
		return new KafkaProducer<>(configuration, new StringSerializer(), new StringSerializer());
	}

	private static void awaitLag(ListenerApplication application, ConfigurableApplicationContext context, long lag) {
		await("its lag is " + lag).ignoreExceptions()
			.untilAsserted(() -> assertThat(application.partition(context, "orders", "orders", 0)).satisfies(
					(partition) -> assertThat(partition.lag().records()).isEqualTo(lag),
					(partition) -> assertThat(partition.offsets().end()).isPositive()));
	}

	private static ListenerApplication application() {
		return ListenerApplication.of(Handler.class)
			.with("kaffe.consumers.orders", "")
			.with("kaffe.commit.interval", "50ms")
			.with("test.auto-startup", true)
			.topic("orders", 1);
	}

	/**
	 * Handles everything but poison.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Handler {

		@KafkaListener(id = "orders", topics = "orders-${test.id}", idIsGroup = false,
				autoStartup = "${test.auto-startup}")
		void handle(ConsumerRecord<String, String> record) {
			if (record.value().equals("poison")) {
				throw new IllegalStateException("On purpose");
			}
		}

	}

	/**
	 * Reads a partition that it names itself, for no group.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Groupless {

		@KafkaListener(id = "orders", idIsGroup = false,
				topicPartitions = @TopicPartition(topic = "orders-${test.id}", partitions = "0"))
		void handle(ConsumerRecord<String, String> record) {
		}

	}

}
