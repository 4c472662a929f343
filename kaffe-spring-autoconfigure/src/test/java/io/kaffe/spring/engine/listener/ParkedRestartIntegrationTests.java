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

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.kafka.annotation.KafkaListener;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.ParkedRecord;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.event.RecordParkedEvent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

/**
 * Tests for parked records and what the next owners of their partitions do about them,
 * after a restart, a kill and a rebalance.
 */
@ExtendWith(OutputCaptureExtension.class)
class ParkedRestartIntegrationTests {

	private static final int RECORDS = 20;

	private static final int ATTEMPTS = 3;

	@ParameterizedTest
	@EnumSource(names = { "WORKER_PER_TOPIC_PARTITION", "WORKER_PER_RECORD" })
	void eachRestartMakesOneAttemptUntilOneBringsTheFix(StandardWorkerAllocationStrategy strategy,
			CapturedOutput output) {
		try (ListenerApplication application = application(1).without("kaffe.consumers.sales")
			.with("kaffe.consumers.sales.worker-allocation-strategy", strategy.configurationName())) {
			application.send("orders", 0, 0, RECORDS);
			String parked = application.topic("orders") + "-0@5";
			ConfigurableApplicationContext first = application.start("--test.failing=" + parked);
			FailingRecord before = awaitParked(first);
			assertThat(first.getBean(Handler.class).failed).hasSize(ATTEMPTS);
			assertThat(before.owners()).isEqualTo(1);
			Instant since = Objects.requireNonNull(before.parkedSince());
			first.close();
			for (int owner = 2; owner <= 3; owner++) {
				ConfigurableApplicationContext next = application.start("--test.failing=" + parked);
				FailingRecord again = awaitParked(next);
				Handler handler = next.getBean(Handler.class);
				assertThat(handler.failed).containsExactly(parked);
				assertThat(again.owners()).isEqualTo(owner);
				assertThat(again.parkedSince()).isEqualTo(since);
				assertThat(again.attempts()).isEqualTo(ATTEMPTS + owner - 1);
				assertThat(ListenerApplication.table(next, "sales").failures().failing()).singleElement()
					.satisfies((failing) -> {
						assertThat(failing.parkedSince()).isEqualTo(since);
						assertThat(failing.exception()).isEqualTo(IllegalStateException.class.getName());
					});
				int number = owner;
				await("it is published")
					.untilAsserted(() -> assertThat(handler.events).singleElement().satisfies((event) -> {
						assertThat(event.owners()).isEqualTo(number);
						assertThat(event.since()).isEqualTo(since);
					}));
				next.close();
			}
			assertThat(output).contains("Parked " + parked + " again after 1 attempt (parked since " + since
					+ " by 3 owners, " + (ATTEMPTS + 2) + " attempts in all");
			ConfigurableApplicationContext fixed = application.start();
			await("all is committed").until(() -> Long.valueOf(RECORDS).equals(application.committed("orders", 0)));
			assertThat(fixed.getBean(Handler.class).handled).containsOnlyOnce(parked).doesNotHaveDuplicates();
			assertThat(commit(application, 0).metadata()).isEmpty();
		}
	}

	@Test
	void ownerAfterAKillMakesOneAttempt() throws Exception {
		try (ListenerApplication application = application(1)) {
			application.send("orders", 0, 0, RECORDS);
			String parked = application.topic("orders") + "-0@0";
			ConfigurableApplicationContext first = application.start("--test.failing=" + parked);
			awaitParked(first);
			await("that is committed though nothing is completed").untilAsserted(
					() -> assertThat(parked(application)).extracting(ParkedRecord::offset).containsExactly(0L));
			OffsetAndMetadata lastCommit = commit(application, 0);
			first.close();
			// As if what a stop commits had never been.
			restore(application, lastCommit);
			ConfigurableApplicationContext next = application.start("--test.failing=" + parked);
			FailingRecord again = awaitParked(next);
			assertThat(again.owners()).isEqualTo(2);
			assertThat(next.getBean(Handler.class).failed).containsExactly(parked);
			next.getBean(KaffeConsumers.class).retry("sales", again.partition(), 0);
			await("an operator gives it all attempts")
				.until(() -> next.getBean(Handler.class).failed.size() == 1 + ATTEMPTS);
			awaitParked(next);
			await("its history begins anew").untilAsserted(
					() -> assertThat(parked(application)).extracting(ParkedRecord::owners, ParkedRecord::attempts)
						.containsExactly(tuple(1, ATTEMPTS)));
		}
	}

	@Test
	void rebalancesMakeOneAttemptEach() {
		try (ListenerApplication application = application(2)) {
			application.send("orders", 0, 0, RECORDS);
			application.send("orders", 1, 0, RECORDS);
			String orders = application.topic("orders");
			String failing = "--test.failing=" + orders + "-0@5," + orders + "-1@7";
			ConfigurableApplicationContext first = application.start(failing);
			await("both are parked").untilAsserted(() -> assertThat(parkedBy(first)).hasSize(2));
			ConfigurableApplicationContext second = application.start(failing);
			ListenerApplication.awaitAssigned(first, "sales", 1);
			ListenerApplication.awaitAssigned(second, "sales", 1);
			await("one is parked by each").untilAsserted(() -> {
				assertThat(parkedBy(first)).hasSize(1);
				assertThat(parkedBy(second)).hasSize(1);
			});
			List<String> attempts = new ArrayList<>(first.getBean(Handler.class).failed);
			attempts.addAll(second.getBean(Handler.class).failed);
			assertThat(parkedBy(second)).allSatisfy((record) -> assertThat(record.owners()).isGreaterThan(1));
			for (ConfigurableApplicationContext context : List.of(first, second)) {
				assertThat(parkedBy(context)).allSatisfy((record) -> {
					assertThat(record.attempts()).isEqualTo(ATTEMPTS + record.owners() - 1);
					assertThat(attempts).filteredOn((record.partition() + "@" + record.offset())::equals)
						.as("those of all owners")
						.hasSize(record.attempts());
				});
			}
		}
	}

	private static ListenerApplication application(int partitions) {
		return ListenerApplication.of(Handler.class)
			.with("kaffe.consumers.sales", "")
			.with("kaffe.commit.interval", "100ms")
			.with("kaffe.failure.max-attempts", ATTEMPTS)
			.with("kaffe.failure.backoff.initial-interval", "1ms")
			.topic("orders", partitions);
	}

	private static FailingRecord awaitParked(ConfigurableApplicationContext context) {
		await("it is parked").untilAsserted(() -> assertThat(parkedBy(context)).hasSize(1));
		return parkedBy(context).get(0);
	}

	private static List<FailingRecord> parkedBy(ConfigurableApplicationContext context) {
		return context.getBean(KaffeConsumers.class)
			.failingRecords("sales")
			.stream()
			.filter((record) -> record.state() == FailingRecord.State.PARKED)
			.toList();
	}

	private static List<ParkedRecord> parked(ListenerApplication application) throws Exception {
		OffsetAndMetadata commit = commit(application, 0);
		return CommitMetadata.read(commit.metadata(), commit.offset()).parked().all();
	}

	private static OffsetAndMetadata commit(ListenerApplication application, int partition) {
		try (Admin admin = application.admin()) {
			OffsetAndMetadata commit = admin.listConsumerGroupOffsets(application.group())
				.partitionsToOffsetAndMetadata()
				.get()
				.get(new TopicPartition(application.topic("orders"), partition));
			return (commit != null) ? new OffsetAndMetadata(commit.offset(), commit.metadata())
					: new OffsetAndMetadata(0);
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void restore(ListenerApplication application, OffsetAndMetadata commit) {
		TopicPartition partition = new TopicPartition(application.topic("orders"), 0);
		await("the group is empty").ignoreExceptions().until(() -> {
			try (Admin admin = application.admin()) {
				admin.alterConsumerGroupOffsets(application.group(), Map.of(partition, commit)).all().get();
				return true;
			}
		});
	}

	/**
	 * Fails at some records.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Handler {

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		final Queue<String> failed = new ConcurrentLinkedQueue<>();

		final Queue<RecordParkedEvent> events = new ConcurrentLinkedQueue<>();

		final Set<String> failing = ConcurrentHashMap.newKeySet();

		@Autowired
		void failing(@Value("${test.failing:}") List<String> failing) {
			this.failing.addAll(failing);
		}

		@KafkaListener(id = "sales", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			String coordinates = ListenerApplication.coordinates(record);
			if (this.failing.contains(coordinates)) {
				this.failed.add(coordinates);
				throw new IllegalStateException("On purpose");
			}
			this.handled.add(coordinates);
		}

		@EventListener
		void on(RecordParkedEvent event) {
			this.events.add(event);
		}

	}

}
