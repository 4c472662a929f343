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

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import javax.sql.DataSource;

import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.kafka.autoconfigure.DefaultKafkaProducerFactoryCustomizer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.KafkaTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for records that are noted in the database, within a Kafka transaction.
 */
class OnceInBothIntegrationTests {

	private static final String SERVERS = System.getProperty("spring.kafka.bootstrap-servers");

	private final ListenerApplication application = ListenerApplication.of(Handler.class)
		.without("spring.autoconfigure.exclude")
		.topic("orders", 1)
		.topic("results", 1)
		.with("kaffe.consumers.orders.once", "jdbc")
		.with("kaffe.consumers.orders.drain-timeout", "1s");

	@AfterEach
	void stop() {
		this.application.close();
	}

	@Test
	void recordWhoseKafkaTransactionIsAbortedAfterTheDatabaseWasCommittedIsHandledAgain() {
		ConfigurableApplicationContext context = start();
		Handler handler = context.getBean(Handler.class);
		handler.refusedAt = "5";
		this.application.send("orders", 0, 0, 10);
		awaitCommitted(10);
		assertThat(effects(context)).containsExactlyElementsOf(values(10));
		assertThat(results()).containsExactlyInAnyOrderElementsOf(values(10));
		assertThat(handler.handled).hasValue(11);
	}

	@Test
	void recordThatIsInTheDatabaseAloneIsHandledAgainByTheNextInstance() {
		ConfigurableApplicationContext first = start();
		Handler handler = first.getBean(Handler.class);
		handler.refusedAt = "0";
		handler.refusesAll = true;
		this.application.send("orders", 0, 0, 10);
		await("the database has an effect").until(() -> !effects(first).isEmpty());
		first.close();
		assertThat(results()).isEmpty();
		ConfigurableApplicationContext second = start();
		awaitCommitted(10);
		assertThat(effects(second)).containsExactlyElementsOf(values(10));
		assertThat(results()).containsExactlyInAnyOrderElementsOf(values(10));
	}

	private ConfigurableApplicationContext start() {
		return this.application.start(
				"--spring.datasource.url=jdbc:h2:mem:" + this.application.group() + ";DB_CLOSE_DELAY=-1",
				"--spring.kafka.producer.transaction-id-prefix=" + UUID.randomUUID().toString().substring(0, 8));
	}

	private void awaitCommitted(long offset) {
		await("all is committed").atMost(Duration.ofMinutes(1))
			.until(() -> Long.valueOf(offset).equals(this.application.committed("orders", 0)));
	}

	private static List<String> values(int to) {
		return IntStream.range(0, to).mapToObj(Integer::toString).toList();
	}

	private static List<@Nullable String> effects(ConfigurableApplicationContext context) {
		return context.getBean(JdbcTemplate.class)
			.queryForList("SELECT name FROM effects ORDER BY LENGTH(name), name", String.class);
	}

	private List<String> results() {
		List<String> results = new ArrayList<>();
		Map<String, Object> configuration = Map.of("bootstrap.servers", SERVERS, "isolation.level", "read_committed");
		try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(configuration, new StringDeserializer(),
				new StringDeserializer())) {
			TopicPartition partition = new TopicPartition(this.application.topic("results"), 0);
			consumer.assign(List.of(partition));
			consumer.seekToBeginning(List.of(partition));
			long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
			while (consumer.position(partition) < end) {
				consumer.poll(Duration.ofMillis(100)).forEach((record) -> results.add(record.value()));
			}
		}
		return results;
	}

	@Configuration(proxyBeanMethods = false)
	static class Handler {

		final AtomicInteger handled = new AtomicInteger();

		volatile String refusedAt = "";

		volatile boolean refusesAll;

		private final AtomicBoolean refused = new AtomicBoolean();

		private final JdbcTemplate jdbc;

		private @Nullable KafkaTemplate<String, String> template;

		Handler(JdbcTemplate jdbc) {
			this.jdbc = jdbc;
			jdbc.execute("CREATE TABLE IF NOT EXISTS effects (name VARCHAR(100))");
		}

		@Bean
		static JdbcTransactionManager transactionManager(DataSource dataSource) {
			return new JdbcTransactionManager(dataSource);
		}

		/**
		 * Have the broker refuse offsets after the database was committed.
		 */
		@Bean
		DefaultKafkaProducerFactoryCustomizer refusing() {
			return (factory) -> factory.addPostProcessor(this::refusing);
		}

		@SuppressWarnings("unchecked")
		private <K, V> Producer<K, V> refusing(Producer<K, V> producer) {
			return (Producer<K, V>) Proxy.newProxyInstance(Producer.class.getClassLoader(),
					new Class<?>[] { Producer.class }, (proxy, method, arguments) -> {
						if (method.getName().equals("sendOffsetsToTransaction")
								&& (this.refused.compareAndSet(true, false) || this.refusesAll)) {
							throw new CommitFailedException("On purpose");
						}
						try {
							return method.invoke(producer, arguments);
						}
						catch (InvocationTargetException ex) {
							throw ex.getTargetException();
						}
					});
		}

		@Bean
		Object sender(KafkaTemplate<String, String> template) {
			this.template = template;
			return new Object();
		}

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			this.handled.incrementAndGet();
			this.jdbc.update("INSERT INTO effects VALUES (?)", record.value());
			Objects.requireNonNull(this.template)
				.send(record.topic().replace("orders", "results"), record.key(), record.value());
			if (record.value().equals(this.refusedAt)) {
				this.refusedAt = "";
				this.refused.set(true);
			}
		}

	}

}
