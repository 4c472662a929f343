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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.support.Acknowledgment;

import io.kaffe.spring.table.PartitionSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for partitions that are paused because too much of them is buffered.
 */
class BackPressureIntegrationTests {

	@Test
	void partitionWithABlockedWorkerIsPausedWhileOthersGoOn() {
		try (ListenerApplication application = application().topic("orders", 2)) {
			application.send("orders", 0, 0, 2000);
			application.send("orders", 1, 0, 2000);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			await("the other partition is handled and committed")
				.until(() -> Long.valueOf(2000).equals(application.committed("orders", 1)));
			await("the blocked one is paused")
				.untilAsserted(() -> assertThat(application.partition(context, "orders", "orders", 0).paused())
					.isEqualTo("back-pressure"));
			assertThat(ListenerApplication.table(context, "orders").load().buffered().records())
				.as("the share of one of two partitions, and one poll")
				.isBetween(50L, 50L + 20);
			assertThat(application.committed("orders", 0)).isEqualTo(3);
			gate.open();
			await("all is committed").until(() -> Long.valueOf(2000).equals(application.committed("orders", 0)));
			assertThat(gate.finished).hasSize(4000).doesNotHaveDuplicates();
			await("it is resumed").untilAsserted(
					() -> assertThat(application.partition(context, "orders", "orders", 0).paused()).isNull());
		}
	}

	@Test
	void bytesHoldAPartitionBackToo() {
		try (ListenerApplication application = ListenerApplication.of(DrainIntegrationTests.Listening.class)
			.with("kaffe.consumers.orders.buffer.max-bytes", "1KB")
			.with("spring.kafka.consumer.max-poll-records", 20)
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 2000);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			await("it is paused")
				.untilAsserted(() -> assertThat(application.partition(context, "orders", "orders", 0).paused())
					.isEqualTo("back-pressure"));
			assertThat(ListenerApplication.table(context, "orders").load().buffered().bytes())
				.as("the limit, and one poll of values up to four and keys of three bytes")
				.isBetween(1024L, 1024L + 20 * 7);
			gate.open();
			await("all is committed").until(() -> Long.valueOf(2000).equals(application.committed("orders", 0)));
			assertThat(ListenerApplication.table(context, "orders").load().buffered().bytes()).isZero();
		}
	}

	@Test
	void partitionIsResumedAtOnceAndNotWhenThePollIsOver() {
		// Polls last 5 s. With more than 20 pauses, waiting for their end would take
		// minutes.
		try (ListenerApplication application = application().with("kaffe.commit.interval", "20s")
			.with("test.stop", "none")
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 4000);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			await("all are handled").atMost(Duration.ofSeconds(30)).until(() -> gate.finished.size() == 4000);
		}
	}

	@Test
	void partitionIsNotLeftOutOfAFetchThatTheBrokerKeeps() {
		// A fetch of nothing but the empty partition takes 2 s, and nothing else is
		// fetched
		// meanwhile. The other one has too much buffered after each of its 100 fetches.
		try (ListenerApplication application = ListenerApplication.of(TakingTime.class)
			.with("kaffe.consumers.orders.buffer.max-records", 20)
			.with("spring.kafka.consumer.fetch-max-wait", "2s")
			.with("spring.kafka.consumer.properties.max.partition.fetch.bytes", 1)
			.topic("orders", 2)) {
			for (int batch = 0; batch < 100; batch++) {
				application.send("orders", 0, 10 * batch, 10 * (batch + 1));
			}
			ConfigurableApplicationContext context = application.start();
			AtomicInteger handled = context.getBean(AtomicInteger.class);
			await("all are handled").atMost(Duration.ofSeconds(60)).until(() -> handled.get() == 1000);
		}
	}

	@Test
	void resumedContainerGetsNoMoreThanItsShare() {
		try (ListenerApplication application = application().topic("orders", 1)) {
			application.send("orders", 0, 0, 2000);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			await("it is paused")
				.untilAsserted(() -> assertThat(application.partition(context, "orders", "orders", 0).paused())
					.isEqualTo("back-pressure"));
			long fetched = Objects
				.requireNonNull(application.partition(context, "orders", "orders", 0).offsets().nextFetch());
			ListenerApplication.container(context, "orders").pause();
			await("the container is paused")
				.until(() -> ListenerApplication.container(context, "orders").isContainerPaused());
			ListenerApplication.container(context, "orders").resume();
			await("the container is resumed")
				.until(() -> !ListenerApplication.container(context, "orders").isContainerPaused());
			await("it is paused again").untilAsserted(
					() -> assertThat(application.partition(context, "orders", "orders", 0).paused()).isNotNull());
			assertThat(application.partition(context, "orders", "orders", 0).offsets().nextFetch()).isNotNull()
				.isBetween(fetched, fetched + 20);
			gate.open();
			await("all is committed").until(() -> Long.valueOf(2000).equals(application.committed("orders", 0)));
		}
	}

	@Test
	void pausedContainerStaysPausedWhenBackPressureEnds() {
		try (ListenerApplication application = application().topic("orders", 1)) {
			application.send("orders", 0, 0, 2000);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			await("it is paused")
				.untilAsserted(() -> assertThat(application.partition(context, "orders", "orders", 0).paused())
					.isEqualTo("back-pressure"));
			ListenerApplication.container(context, "orders").pause();
			gate.open();
			await("what was polled is handled")
				.until(() -> ListenerApplication.table(context, "orders").load().buffered().records() == 0);
			PartitionSnapshot partition = application.partition(context, "orders", "orders", 0);
			assertThat(gate.finished).hasSizeLessThan(200);
			await("the table says who paused it")
				.untilAsserted(() -> assertThat(application.partition(context, "orders", "orders", 0).paused())
					.isEqualTo("operator"));
			await("a commit is made while paused").until(() -> partition.offsets().nextFetch() != null
					&& partition.offsets().nextFetch().equals(application.committed("orders", 0)));
			ListenerApplication.container(context, "orders").resume();
			await("all is committed").until(() -> Long.valueOf(2000).equals(application.committed("orders", 0)));
		}
	}

	@Test
	void recordsLeftOfRevokedPartitionsAreBoundedToo() {
		try (ListenerApplication application = application().with("kaffe.drain-timeout", "100ms").topic("orders", 1)) {
			application.send("orders", 0, 0, 2000);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			for (int restart = 0; restart < 5; restart++) {
				await("it is paused")
					.untilAsserted(() -> assertThat(application.partition(context, "orders", "orders", 0).paused())
						.isEqualTo("back-pressure"));
				assertThat(ListenerApplication.table(context, "orders").load().buffered().records())
					.as("the limit, less the three that are handled, to a poll more; nothing more after each restart")
					.isBetween(97L, 100L + 20);
				ListenerApplication.container(context, "orders").stop();
				ListenerApplication.container(context, "orders").start();
				ListenerApplication.awaitAssigned(context, "orders", 1);
			}
			gate.open();
			await("all is committed").until(() -> Long.valueOf(2000).equals(application.committed("orders", 0)));
			assertThat(ListenerApplication.table(context, "orders").load().buffered().records()).isZero();
			assertThat(gate.finished).as("all, and the one that was not awaited").hasSize(2001);
		}
	}

	@Test
	void recordsThatAreNeverAcknowledgedDoNotKeepARestartedConsumerFromFetching() {
		try (ListenerApplication application = ListenerApplication.of(Forgetful.class)
			.with("kaffe.consumers.orders.buffer.max-records", 100)
			.with("kaffe.drain-timeout", "200ms")
			.with("spring.kafka.consumer.max-poll-records", 20)
			.with("spring.kafka.listener.ack-mode", "manual")
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 500);
			ConfigurableApplicationContext context = application.start();
			Forgetful forgetful = context.getBean(Forgetful.class);
			for (int restart = 1; restart < 4; restart++) {
				int atLeast = restart * 100;
				await("as many are delivered as fit").until(() -> forgetful.delivered.get() >= atLeast);
				await("it is paused")
					.untilAsserted(() -> assertThat(application.partition(context, "orders", "orders", 0).paused())
						.isEqualTo("back-pressure"));
				ListenerApplication.container(context, "orders").stop();
				forgetful.acknowledging = restart == 3;
				ListenerApplication.container(context, "orders").start();
			}
			await("all is committed").until(() -> Long.valueOf(500).equals(application.committed("orders", 0)));
			assertThat(ListenerApplication.table(context, "orders").load().buffered().records()).isZero();
		}
	}

	@Test
	void recordsBehindAStalledOneLeaveTheOthersWhatIsLeftOfTheShare() {
		try (ListenerApplication application = ListenerApplication.of(StallingKey.class)
			.with("kaffe.consumers.orders.buffer.max-records", 100)
			.with("kaffe.worker-allocation-strategy", "worker-per-key")
			.with("spring.kafka.consumer.max-poll-records", 20)
			.topic("orders", 1)) {
			List<String> keys = new ArrayList<>(Collections.nCopies(80, "stalled"));
			IntStream.range(0, 1000).forEach((number) -> keys.add("key-" + number % 4));
			application.sendWithKeys("orders", 0, keys);
			ConfigurableApplicationContext context = application.start();
			StallingKey listener = context.getBean(StallingKey.class);
			await("it is paused")
				.untilAsserted(() -> assertThat(application.partition(context, "orders", "orders", 0).paused())
					.isEqualTo("back-pressure"));
			listener.others.countDown();
			await("all others are handled").until(() -> listener.handled.get() == 1000);
			await("back-pressure has ended").untilAsserted(
					() -> assertThat(application.partition(context, "orders", "orders", 0).paused()).isNull());
			assertThat(application.committed("orders", 0)).as("nothing is before the stalled one").isIn(null, 0L);
			listener.stalled.countDown();
			await("all is committed").until(() -> Long.valueOf(1080).equals(application.committed("orders", 0)));
			assertThat(listener.handled).hasValue(1080);
		}
	}

	private static ListenerApplication application() {
		return ListenerApplication.of(DrainIntegrationTests.Listening.class)
			.with("kaffe.consumers.orders.buffer.max-records", 100)
			.with("spring.kafka.consumer.max-poll-records", 20);
	}

	/**
	 * Takes a millisecond for a record.
	 */
	@Configuration(proxyBeanMethods = false)
	static class TakingTime {

		@Bean
		AtomicInteger handled() {
			return new AtomicInteger();
		}

		@Bean
		Object listener(AtomicInteger handled) {
			return new Object() {

				@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
				void handle(String value) {
					LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
					handled.incrementAndGet();
				}

			};
		}

	}

	/**
	 * Waits until it is let go on with records of one key, and with the others.
	 */
	@Configuration(proxyBeanMethods = false)
	static class StallingKey {

		final CountDownLatch stalled = new CountDownLatch(1);

		final CountDownLatch others = new CountDownLatch(1);

		final AtomicInteger handled = new AtomicInteger();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) throws InterruptedException {
			("stalled".equals(record.key()) ? this.stalled : this.others).await();
			this.handled.incrementAndGet();
		}

	}

	/**
	 * Forgets to acknowledge.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Forgetful {

		final AtomicInteger delivered = new AtomicInteger();

		volatile boolean acknowledging;

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(String value, Acknowledgment acknowledgment) {
			this.delivered.incrementAndGet();
			if (this.acknowledging) {
				acknowledgment.acknowledge();
			}
		}

	}

}
