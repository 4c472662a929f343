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
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.listener.BatchListenerFailedException;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.SeekPosition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for records that are noted in the transaction of their handler, in an embedded
 * database.
 */
class OnceIntegrationTests {

	@ParameterizedTest
	@ValueSource(strings = { "worker-per-topic-partition", "worker-per-key" })
	void recordsWhoseCommitWasLostAreNotHandledAgain(String strategy) throws Exception {
		try (ListenerApplication application = application().with("kaffe.consumers.orders.worker-allocation-strategy",
				strategy)) {
			application.send("orders", 0, 0, 100);
			ConfigurableApplicationContext context = application.start();
			await("all are handled").until(() -> effects(context).size() == 100);
			await("all are committed").until(() -> Long.valueOf(100).equals(application.committed("orders", 0)));
			context.getBean(KaffeConsumers.class).stop("orders");
			commit(application, 40);
			application.send("orders", 0, 100, 110);
			context.getBean(KaffeConsumers.class).start("orders");
			await("all are committed").until(() -> Long.valueOf(110).equals(application.committed("orders", 0)));
			assertThat(effects(context)).containsExactlyElementsOf(values(0, 110));
		}
	}

	@Test
	void recordThatAnotherHasHandledMeanwhileIsRolledBack() {
		try (ListenerApplication application = application()) {
			ConfigurableApplicationContext context = application.start();
			Handler handler = context.getBean(Handler.class);
			handler.frozenAt = "5";
			application.send("orders", 0, 0, 10);
			await("one is being handled").until(() -> handler.frozen.getCount() == 0);
			// The other's transaction.
			JdbcTemplate jdbc = context.getBean(JdbcTemplate.class);
			jdbc.update("INSERT INTO kaffe_handled SELECT consumer_group, topic, topic_id, partition_number, 5 "
					+ "FROM kaffe_handled WHERE partition_number = 0 AND record_offset = 4");
			jdbc.update("INSERT INTO effects VALUES ('5 elsewhere')");
			handler.woken.countDown();
			await("all are committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			assertThat(effects(context)).hasSize(10).contains("5 elsewhere").doesNotContain("5");
		}
	}

	@Test
	void failedAttemptLeavesNothingBehindAndSkippedRecordIsNoted() {
		try (ListenerApplication application = application().with("kaffe.consumers.orders.failure.max-attempts", 2)
			.with("kaffe.consumers.orders.failure.then", "skip")) {
			ConfigurableApplicationContext context = application.start();
			context.getBean(Handler.class).failsAt = "5";
			application.send("orders", 0, 0, 10);
			await("all are committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			assertThat(effects(context)).hasSize(9).doesNotContain("5");
			assertThat(context.getBean(JdbcTemplate.class)
				.queryForList(
						"SELECT record_offset FROM kaffe_handled WHERE partition_number = 0 ORDER BY record_offset",
						Long.class))
				.containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
		}
	}

	@Test
	void seekBackHandlesAgain() {
		try (ListenerApplication application = application()) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			await("all are committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			assertThat(context.getBean(KaffeConsumers.class)
				.seek("orders", new TopicPartition(application.topic("orders"), 0), SeekPosition.offset(4)))
				.succeedsWithin(20, TimeUnit.SECONDS);
			await("all are committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			assertThat(effects(context)).hasSize(16).containsOnly(values(0, 10).toArray(String[]::new));
		}
	}

	@Test
	void topicThatIsCreatedAnewInheritsNothing() throws Exception {
		try (ListenerApplication application = application()) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			await("all are committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			context.getBean(KaffeConsumers.class).stop("orders");
			try (Admin admin = admin()) {
				admin.deleteTopics(List.of(application.topic("orders"))).all().get(20, TimeUnit.SECONDS);
				await("the topic is deleted")
					.until(() -> !admin.listTopics().names().get().contains(application.topic("orders")));
			}
			application.topic("orders", 1);
			application.send("orders", 0, 10, 20);
			context.getBean(KaffeConsumers.class).start("orders");
			await("all are handled").until(() -> effects(context).size() == 20);
			assertThat(effects(context)).containsExactlyElementsOf(values(0, 20));
		}
	}

	@Test
	void batchIsAppliedOnceThoughARecordOfItFails() throws Exception {
		try (ListenerApplication application = application(BatchHandler.class)
			.with("kaffe.consumers.orders.failure.max-attempts", 2)
			.with("kaffe.consumers.orders.failure.then", "skip")) {
			application.send("orders", 0, 0, 100);
			ConfigurableApplicationContext context = application.start();
			await("all are committed").until(() -> Long.valueOf(100).equals(application.committed("orders", 0)));
			assertThat(effects(context)).hasSize(99).doesNotContain("7").doesNotHaveDuplicates();
			context.getBean(KaffeConsumers.class).stop("orders");
			commit(application, 0);
			application.send("orders", 0, 100, 110);
			context.getBean(KaffeConsumers.class).start("orders");
			await("all are committed").until(() -> Long.valueOf(110).equals(application.committed("orders", 0)));
			assertThat(effects(context)).hasSize(109).doesNotHaveDuplicates();
		}
	}

	/**
	 * Return the properties of a database without tables.
	 */
	Map<String, String> database() {
		return Map.of("spring.datasource.url", "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1");
	}

	private ListenerApplication application() {
		return application(Handler.class);
	}

	private ListenerApplication application(Class<?> handler) {
		ListenerApplication application = ListenerApplication.of(handler)
			.without("spring.autoconfigure.exclude")
			.with("kaffe.consumers.orders.once", "jdbc")
			.topic("orders", 1);
		database().forEach(application::with);
		return application;
	}

	private static List<String> values(int from, int to) {
		return IntStream.range(from, to).mapToObj(Integer::toString).toList();
	}

	private static List<@Nullable String> effects(ConfigurableApplicationContext context) {
		return context.getBean(JdbcTemplate.class)
			.queryForList("SELECT name FROM effects ORDER BY LENGTH(name), name", String.class);
	}

	private static void commit(ListenerApplication application, long offset) throws Exception {
		try (Admin admin = admin()) {
			admin
				.alterConsumerGroupOffsets(application.group(),
						Map.of(new TopicPartition(application.topic("orders"), 0), new OffsetAndMetadata(offset)))
				.all()
				.get(20, TimeUnit.SECONDS);
		}
	}

	private static Admin admin() {
		Properties properties = new Properties();
		properties.put("bootstrap.servers", System.getProperty("spring.kafka.bootstrap-servers"));
		return Admin.create(properties);
	}

	@Configuration(proxyBeanMethods = false)
	static class Handler {

		final CountDownLatch frozen = new CountDownLatch(1);

		final CountDownLatch woken = new CountDownLatch(1);

		volatile String frozenAt = "";

		volatile String failsAt = "";

		private final JdbcTemplate jdbc;

		Handler(JdbcTemplate jdbc) {
			this.jdbc = jdbc;
			jdbc.execute("CREATE TABLE IF NOT EXISTS effects (name VARCHAR(100))");
		}

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) throws InterruptedException {
			this.jdbc.update("INSERT INTO effects VALUES (?)", record.value());
			if (record.value().equals(this.frozenAt)) {
				this.frozen.countDown();
				this.woken.await();
			}
			if (record.value().equals(this.failsAt)) {
				throw new IllegalStateException("no");
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BatchHandler {

		private final JdbcTemplate jdbc;

		BatchHandler(JdbcTemplate jdbc) {
			this.jdbc = jdbc;
			jdbc.execute("CREATE TABLE IF NOT EXISTS effects (name VARCHAR(100))");
		}

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}", batch = "true")
		void handle(List<ConsumerRecord<String, String>> records) {
			for (int index = 0; index < records.size(); index++) {
				if (records.get(index).value().equals("7")) {
					throw new BatchListenerFailedException("no", index);
				}
				this.jdbc.update("INSERT INTO effects VALUES (?)", records.get(index).value());
			}
		}

	}

}
