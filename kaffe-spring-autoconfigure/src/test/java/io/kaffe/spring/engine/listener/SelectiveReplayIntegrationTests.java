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
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.support.Acknowledgment;

import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CraftedMetadata;
import io.kaffe.spring.table.PartitionSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what is complete above the committed offset and not handled again.
 */
@ExtendWith(OutputCaptureExtension.class)
class SelectiveReplayIntegrationTests {

	@Test
	void onlyWhatWasNotCompleteIsHandledAgain(CapturedOutput output) throws Exception {
		try (ListenerApplication application = application()) {
			application.send("orders", 0, 0, 1000);
			ConfigurableApplicationContext context = start(application, 1000);
			acknowledge(context, 0, 1000, (number) -> number != 3 && number % 100 != 50);
			stop(context);
			assertThat(commit(application).offset()).isEqualTo(3);
			application.send("orders", 0, 1000, 1010);
			ConfigurableApplicationContext again = start(application, 11 + 10);
			assertThat(again.getBean(Acknowledging.class).delivered).containsExactlyElementsOf(IntStream.range(0, 1010)
				.filter((number) -> number == 3 || number % 100 == 50 || number >= 1000)
				.boxed()
				.toList());
			assertThat(output).contains("Consumer 'orders' does not handle again what was completed above commits: "
					+ application.topic("orders") + "-0@3: 986 offsets");
			acknowledge(again, 0, 1010, (number) -> true);
			await("all is committed").until(() -> commit(application).offset() == 1010);
			assertThat(commit(application).metadata()).isEmpty();
		}
	}

	@Test
	void reportedOffsetsSurviveAStopBeforeTheyArePolledAgain() throws Exception {
		try (ListenerApplication application = application().with("spring.kafka.consumer.max-poll-records", 10)) {
			application.send("orders", 0, 0, 1000);
			ConfigurableApplicationContext context = start(application, 1000);
			acknowledge(context, 0, 1000, (number) -> number != 3 && number < 900);
			stop(context);
			application.send("orders", 0, 1000, 1001);
			ConfigurableApplicationContext second = application.start("--kaffe.buffer.max-records=2");
			await("the first ones came again").until(() -> second.getBean(Acknowledging.class).delivered.contains(3));
			acknowledge(second, 3, 4, (number) -> true);
			stop(second);
			int committed = (int) commit(application).offset();
			assertThat(committed).isBetween(4, 900);
			// What is committed is handled in any case.
			List<Integer> open = IntStream.concat(IntStream.of(committed), IntStream.range(900, 1001))
				.distinct()
				.boxed()
				.toList();
			ConfigurableApplicationContext third = start(application, open.size());
			assertThat(third.getBean(Acknowledging.class).delivered).containsExactlyElementsOf(open);
		}
	}

	@Test
	void tableShowsHowMuchIsReported() throws Exception {
		try (ListenerApplication application = application()) {
			application.send("orders", 0, 0, 1000);
			ConfigurableApplicationContext context = start(application, 1000);
			acknowledge(context, 0, 1000, (number) -> number != 3);
			await("it is logged").untilAsserted(() -> {
				PartitionSnapshot partition = application.partition(context, "orders", "orders", 0);
				assertThat(partition.offsets().completedAhead()).isEqualTo(996);
				assertThat(partition.offsets().completedInMetadata()).isEqualTo(996);
				assertThat(partition.offsets().committed()).isEqualTo(3);
			});
		}
	}

	@Test
	void nothingIsReportedIfSwitchedOff() throws Exception {
		try (ListenerApplication application = application().with("kaffe.commit.completed-offsets", false)) {
			application.send("orders", 0, 0, 100);
			ConfigurableApplicationContext context = start(application, 100);
			acknowledge(context, 0, 100, (number) -> number != 3);
			stop(context);
			assertThat(commit(application)).isEqualTo(new OffsetAndMetadata(3));
			start(application, 97);
		}
	}

	@Test
	void commitThatAToolMovedIsObeyed() throws Exception {
		try (ListenerApplication application = application()) {
			application.send("orders", 0, 0, 100);
			ConfigurableApplicationContext context = start(application, 100);
			acknowledge(context, 0, 100, (number) -> number != 50);
			stop(context);
			commit(application, new OffsetAndMetadata(20));
			ConfigurableApplicationContext again = start(application, 80);
			assertThat(again.getBean(Acknowledging.class).delivered).first().isEqualTo(20);
		}
	}

	@Test
	void metadataThatCannotBeTrustedIsIgnoredWithALine(CapturedOutput output) throws Exception {
		try (ListenerApplication application = application()) {
			application.send("orders", 0, 0, 100);
			ConfigurableApplicationContext context = start(application, 100);
			acknowledge(context, 0, 100, (number) -> number != 50);
			stop(context);
			String metadata = commit(application).metadata();
			Map<String, OffsetAndMetadata> untrusted = Map.of("it is not Kaffe's",
					new OffsetAndMetadata(50, "checkpoint 17"), "it is damaged",
					new OffsetAndMetadata(50, metadata.substring(0, metadata.length() - 3)),
					"it was written for offset 50, but 30 is committed", new OffsetAndMetadata(30, metadata));
			untrusted.forEach((reason, commit) -> {
				commit(application, commit);
				ConfigurableApplicationContext again = start(application, (int) (100 - commit.offset()));
				stop(again);
				assertThat(output).contains("Consumer 'orders' ignores the metadata of commits, so that what was "
						+ "completed above them is handled again: " + application.topic("orders") + "-0@"
						+ commit.offset() + ": " + reason);
			});
		}
	}

	@Test
	void whatSomebodyCraftedIsNeitherBelievedNorWrittenOn(CapturedOutput output) throws Exception {
		try (ListenerApplication application = application()) {
			application.send("orders", 0, 0, 100);
			commit(application, new OffsetAndMetadata(50, CraftedMetadata.runs(50, 1, 1L << 60)));
			ConfigurableApplicationContext context = start(application, 50);
			assertThat(output).contains(application.topic("orders") + "-0@50: it reports offsets up to "
					+ (50 + (1L << 60)) + ", but the log ends at 100");
			acknowledge(context, 50, 100, (number) -> number != 60);
			stop(context);
			OffsetAndMetadata commit = commit(application);
			assertThat(commit.offset()).isEqualTo(60);
			assertThat(CommitMetadata.read(commit.metadata(), 60).completed()).hasToString("[61..99]");
			application.send("orders", 0, 100, 110);
			ConfigurableApplicationContext again = start(application, 11);
			acknowledge(again, 60, 110, (number) -> true);
			await("all is committed").until(() -> commit(application).offset() == 110);
			assertThat(commit(application).metadata()).isEmpty();
		}
	}

	@Test
	void whatEndsWithinTransactionsIsBelieved() throws Exception {
		try (ListenerApplication application = application().with("spring.kafka.consumer.isolation-level",
				"read-committed")) {
			application.sendInTransaction("orders", 0, 0, 100);
			ConfigurableApplicationContext context = start(application, 100);
			acknowledge(context, 0, 100, (number) -> number != 3);
			stop(context);
			// 100 is the marker of the transaction.
			assertThat(CommitMetadata.read(commit(application).metadata(), 3).completed()).hasToString("[4..100]");
			start(application, 1);
		}
	}

	@Test
	void limitOfTheBrokerIsFoundOutAndKept(CapturedOutput output) throws Exception {
		try (ListenerApplication application = application().with("kaffe.buffer.max-records", 100_000)) {
			application.send("orders", 0, 0, 60_000);
			ConfigurableApplicationContext context = start(application, 60_000);
			acknowledge(context, 0, 60_000, (number) -> number % 4 == 1);
			await("it is found out").until(() -> output.getOut().contains("offset.metadata.max.bytes"));
			stop(context);
			assertThat(commit(application).metadata()).hasSizeBetween(1_000, 2_048);
			assertThat(output.getOut().split("offset.metadata.max.bytes", -1)).as("one line for each halving")
				.hasSizeBetween(2, 3);
			ConfigurableApplicationContext again = start(application, 45_000);
			assertThat(again.getBean(Acknowledging.class).delivered).hasSizeGreaterThan(45_000).hasSizeLessThan(60_000);
		}
	}

	private static ListenerApplication application() {
		return ListenerApplication.of(Acknowledging.class)
			.with("kaffe.consumers.orders", "")
			.with("kaffe.commit.interval", "100ms")
			.with("kaffe.drain-timeout", "200ms")
			.with("spring.kafka.listener.ack-mode", "manual")
			.with("spring.kafka.listener.async-acks", true)
			.topic("orders", 1);
	}

	/**
	 * Start the service and wait until it was given so many records and is given no more.
	 */
	private static ConfigurableApplicationContext start(ListenerApplication application, int records) {
		ConfigurableApplicationContext context = application.start();
		Queue<Integer> delivered = context.getBean(Acknowledging.class).delivered;
		await("records are delivered").atMost(Duration.ofSeconds(30))
			.until(() -> delivered.size() >= records && endReached(application, context));
		if (records < 45_000) {
			assertThat(delivered).hasSize(records);
		}
		return context;
	}

	private static boolean endReached(ListenerApplication application, ConfigurableApplicationContext context) {
		PartitionSnapshot partition = application.partition(context, "orders", "orders", 0);
		return partition.offsets().end() != null && partition.offsets().end().equals(partition.offsets().nextFetch());
	}

	private static void stop(ConfigurableApplicationContext context) {
		ListenerApplication.container(context, "orders").stop();
	}

	private static void acknowledge(ConfigurableApplicationContext context, int from, int to, IntPredicate which) {
		Map<Integer, Acknowledgment> acknowledgments = context.getBean(Acknowledging.class).acknowledgments;
		List<Integer> numbers = IntStream.range(from, to).filter(which).boxed().toList();
		for (int index = numbers.size() - 1; index >= 0; index--) {
			Acknowledgment acknowledgment = acknowledgments.get(numbers.get(index));
			if (acknowledgment != null) {
				acknowledgment.acknowledge();
			}
		}
	}

	private static OffsetAndMetadata commit(ListenerApplication application) throws Exception {
		try (Admin admin = application.admin()) {
			OffsetAndMetadata commit = admin.listConsumerGroupOffsets(application.group())
				.partitionsToOffsetAndMetadata()
				.get()
				.get(new TopicPartition(application.topic("orders"), 0));
			return (commit != null) ? new OffsetAndMetadata(commit.offset(), commit.metadata())
					: new OffsetAndMetadata(0);
		}
	}

	private static void commit(ListenerApplication application, OffsetAndMetadata commit) {
		TopicPartition partition = new TopicPartition(application.topic("orders"), 0);
		await("the group is empty").ignoreExceptions().until(() -> {
			try (Admin admin = application.admin()) {
				admin.alterConsumerGroupOffsets(application.group(), Map.of(partition, commit)).all().get();
				return true;
			}
		});
	}

	@Configuration(proxyBeanMethods = false)
	static class Acknowledging {

		final Queue<Integer> delivered = new ConcurrentLinkedQueue<>();

		final Map<Integer, Acknowledgment> acknowledgments = new ConcurrentHashMap<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record, Acknowledgment acknowledgment) {
			int number = Integer.parseInt(record.value());
			this.acknowledgments.put(number, acknowledgment);
			this.delivered.add(number);
		}

	}

}
