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

import java.io.IOException;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.h2.tools.Server;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.kafka.annotation.KafkaListener;

import io.kaffe.spring.event.OutageBeganEvent;
import io.kaffe.spring.event.OutageEndedEvent;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for handlers whose database is away: its server is stopped, so that connections
 * are refused, and started again.
 */
@ExtendWith(OutputCaptureExtension.class)
class OutageIntegrationTests {

	private static final int PARTITIONS = 4;

	private static final int KEYS = 100;

	private static final int RECORDS_PER_SECOND = 500;

	private final AtomicInteger sent = new AtomicInteger();

	@ParameterizedTest
	@ValueSource(strings = { "worker-per-key", "worker-per-topic-partition" })
	void databaseIsAway(String strategy, CapturedOutput output) throws Exception {
		databaseIsAwayFor(Duration.ofSeconds(6), strategy, output);
	}

	@ParameterizedTest
	@ValueSource(strings = { "worker-per-key", "worker-per-topic-partition" })
	@Tag("fault")
	void databaseIsAwayForTwoMinutes(String strategy, CapturedOutput output) throws Exception {
		databaseIsAwayFor(Duration.ofMinutes(2), strategy, output);
	}

	@Test
	void serviceStartsWhileItsDatabaseIsAway() throws Exception {
		try (Database database = new Database();
				ListenerApplication application = application(database, "worker-per-key")) {
			database.stop();
			ConfigurableApplicationContext context = application.start();
			try (Sender sender = new Sender(application.topic("orders"))) {
				await("the outage is detected").until(() -> outage(context) != null);
				database.start();
				sender.stop();
			}
			awaitBooked(database, context);
			assertThat(database.count()).isEqualTo(this.sent.get());
		}
	}

	private void databaseIsAwayFor(Duration away, String strategy, CapturedOutput output) throws Exception {
		try (Database database = new Database(); ListenerApplication application = application(database, strategy)) {
			ConfigurableApplicationContext context = application.start();
			Orders orders = context.getBean(Orders.class);
			try (Sender sender = new Sender(application.topic("orders"))) {
				await("records are booked").until(() -> database.count() > 0);
				database.stop();
				Instant stopped = Instant.now();
				await("the outage is detected").until(() -> outage(context) != null);
				assertThat(ListenerApplication.table(context, "orders").status().problems())
					.extracting(ConsumerProblem::kind)
					.contains(ConsumerProblem.Kind.OUTAGE);
				await("attempts in progress have failed").until(() -> orders.inProgress.get() == 0);
				int attempts = orders.attempts.get();
				int probes = Objects.requireNonNull(outage(context)).probes();
				await("it lasts for a while").atMost(away.plusSeconds(60))
					.until(() -> Duration.between(stopped, Instant.now()).compareTo(away) >= 0
							&& Objects.requireNonNull(outage(context)).probes() > probes + 1);
				await("the probe has failed").until(() -> orders.inProgress.get() == 0);
				assertThat(orders.attempts.get() - attempts).isBetween(2,
						Objects.requireNonNull(outage(context)).probes() - probes);
				int bookedBefore = database.startAndCount();
				Instant started = Instant.now();
				await("it resumes").until(() -> database.count() > bookedBefore);
				assertThat(Duration.between(started, Instant.now())).isLessThan(Duration.ofSeconds(15));
				sender.stop();
			}
			awaitBooked(database, context);
			await("events are published").until(() -> orders.events.size() == 2);
			assertThat(orders.events).element(0).isInstanceOf(OutageBeganEvent.class);
			assertThat(orders.events).element(1).isInstanceOf(OutageEndedEvent.class);
			assertThat(orders.handled).as("nothing is lost or repeated")
				.hasSize(this.sent.get())
				.doesNotHaveDuplicates();
			assertInOrder(orders.handled, strategy);
			ConsumerSnapshot table = ListenerApplication.table(context, "orders");
			assertThat(table.counters().deadLettered()).isZero();
			assertThat(table.failures().failingCount()).isZero();
			assertThat(output).contains("of attempts fail with ConnectException; probing", "outage is over after")
				.doesNotContain("Parked ");
		}
	}

	private void awaitBooked(Database database, ConfigurableApplicationContext context) {
		await("all are booked").atMost(Duration.ofMinutes(5)).until(() -> database.count() >= this.sent.get());
		await("the outage is over").until(() -> outage(context) == null);
	}

	private static void assertInOrder(Iterable<Booking> bookings, String strategy) {
		Map<Object, Long> last = new HashMap<>();
		for (Booking booking : bookings) {
			Object unit = strategy.endsWith("key") ? booking.key() : booking.partition();
			Long before = last.put(unit, booking.offset());
			assertThat(before == null || before < booking.offset()).as(booking + " after " + before).isTrue();
		}
	}

	private static ConsumerSnapshot.@Nullable Outage outage(ConfigurableApplicationContext context) {
		return ListenerApplication.table(context, "orders").status().outage();
	}

	private static ListenerApplication application(Database database, String strategy) {
		return ListenerApplication.of(Orders.class)
			.with("kaffe.consumers.orders.worker-allocation-strategy", strategy)
			.with("kaffe.failure.outage.probe-interval", "5s")
			.with("test.database", database.url)
			.topic("orders", PARTITIONS);
	}

	/**
	 * Books each record in the database.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Orders {

		private final AtomicInteger attempts = new AtomicInteger();

		private final AtomicInteger inProgress = new AtomicInteger();

		private final Queue<Booking> handled = new ConcurrentLinkedQueue<>();

		private final Queue<Object> events = new ConcurrentLinkedQueue<>();

		private final String database;

		Orders(@Value("${test.database}") String database) {
			this.database = database;
		}

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void book(ConsumerRecord<String, String> record) throws SQLException {
			this.inProgress.incrementAndGet();
			this.attempts.incrementAndGet();
			try {
				merge(record);
				// Not before the connection is closed: if that fails, it is handled
				// again.
				this.handled.add(new Booking(record.partition(), record.offset(), record.key()));
			}
			finally {
				this.inProgress.decrementAndGet();
			}
		}

		private void merge(ConsumerRecord<String, String> record) throws SQLException {
			try (Connection connection = DriverManager.getConnection(this.database);
					PreparedStatement statement = connection
						.prepareStatement("merge into booking (part, off, name) key (part, off) values (?, ?, ?)")) {
				statement.setInt(1, record.partition());
				statement.setLong(2, record.offset());
				statement.setString(3, record.key());
				statement.executeUpdate();
			}
		}

		@EventListener
		void began(OutageBeganEvent event) {
			this.events.add(event);
		}

		@EventListener
		void ended(OutageEndedEvent event) {
			this.events.add(event);
		}

	}

	/**
	 * A booked record.
	 */
	private record Booking(int partition, long offset, String key) {
	}

	/**
	 * A database in memory, whose server is stopped and started.
	 */
	private static final class Database implements AutoCloseable {

		private final int port;

		private final String url;

		private Server server;

		Database() throws SQLException, IOException {
			try (ServerSocket socket = new ServerSocket(0)) {
				this.port = socket.getLocalPort();
			}
			this.url = "jdbc:h2:tcp://localhost:" + this.port + "/mem:orders-" + this.port
					+ ";DB_CLOSE_DELAY=-1;USER=sa";
			this.server = newServer();
			try (Connection connection = DriverManager.getConnection(this.url)) {
				connection.createStatement()
					.execute("create table booking (part int, off bigint, name varchar(100), primary key (part, off))");
			}
		}

		private Server newServer() throws SQLException {
			return Server.createTcpServer("-tcpPort", String.valueOf(this.port), "-ifNotExists").start();
		}

		void start() throws SQLException {
			this.server = newServer();
		}

		int startAndCount() throws SQLException {
			start();
			return count();
		}

		void stop() {
			this.server.stop();
		}

		int count() throws SQLException {
			try (Connection connection = DriverManager.getConnection(this.url);
					ResultSet result = connection.createStatement().executeQuery("select count(*) from booking")) {
				result.next();
				return result.getInt(1);
			}
		}

		@Override
		public void close() {
			this.server.stop();
		}

	}

	/**
	 * Sends records at a steady rate until it is stopped.
	 */
	private final class Sender implements AutoCloseable {

		private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();

		private final AtomicBoolean failed = new AtomicBoolean();

		private final Producer<String, String> producer = new KafkaProducer<>(
				Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, System.getProperty("spring.kafka.bootstrap-servers")),
				new StringSerializer(), new StringSerializer());

		Sender(String topic) {
			this.timer.scheduleAtFixedRate(() -> send(topic), 0, 10, TimeUnit.MILLISECONDS);
		}

		private void send(String topic) {
			for (int number = 0; number < RECORDS_PER_SECOND / 100; number++) {
				String key = "customer-" + OutageIntegrationTests.this.sent.getAndIncrement() % KEYS;
				this.producer.send(new ProducerRecord<>(topic, key, "order"), (metadata, failure) -> {
					if (failure != null) {
						this.failed.set(true);
					}
				});
			}
		}

		void stop() throws InterruptedException {
			this.timer.shutdown();
			assertThat(this.timer.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
			this.producer.flush();
			assertThat(this.failed).isFalse();
		}

		@Override
		public void close() {
			this.timer.shutdownNow();
			this.producer.close();
		}

	}

}
