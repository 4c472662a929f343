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
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.springframework.boot.kafka.autoconfigure.DefaultKafkaConsumerFactoryCustomizer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for when commits are made by default, and how often a consumer polls for them.
 */
class CommitTimingIntegrationTests {

	private static final Duration POLL_TIMEOUT = Duration.ofSeconds(5);

	@Test
	void recordsThatComeOneByOneAreCommittedSoonAndWithAtMostTenCommitsASecond() throws Exception {
		try (ListenerApplication application = ListenerApplication.of(Handler.class)
			.topic("orders", 1)
			.with("kaffe.consumers.orders", "")) {
			application.send("orders", 0, 0, 1);
			ConfigurableApplicationContext context = application.start();
			Handler handler = context.getBean(Handler.class);
			await("the first one is committed").until(() -> handler.committed.containsKey(1L));
			int commitsBefore = handler.commits.get();
			long before = System.nanoTime();
			trickle(application.topic("orders"), 300);
			await("all are committed").until(() -> handler.committed.containsKey(301L));
			double seconds = (System.nanoTime() - before) / 1e9;
			int commits = handler.commits.get() - commitsBefore;
			System.out.printf("COMMITS %d in %.1f s, records committed within %d ms, half of them within %d ms%n",
					commits, seconds, handler.millisUntilCommitted(1.0), handler.millisUntilCommitted(0.5));
			assertThat(commits).isPositive().isLessThanOrEqualTo((int) Math.ceil(seconds * 10) + 1);
			assertThat(handler.millisUntilCommitted(0.5)).isLessThan(1000);
		}
	}

	@Test
	void consumerThatIsIdlePollsAsOftenAsWithoutWorkers() {
		try (ListenerApplication application = ListenerApplication.of(Handler.class, Plain.class)
			.topic("orders", 1)
			.topic("plain", 1)
			.with("kaffe.consumers.orders", "")) {
			application.send("orders", 0, 0, 1);
			application.send("plain", 0, 0, 1);
			ConfigurableApplicationContext context = application.start();
			Handler handler = context.getBean(Handler.class);
			Plain plain = context.getBean(Plain.class);
			await("a record is committed").until(() -> handler.committed.containsKey(1L));
			await("so is one without workers").until(() -> Long.valueOf(1).equals(application.committed("plain", 0)));
			int before = plain.polls("orders").get();
			int beforeWithout = plain.polls("plain").get();
			int commitsBefore = handler.commits.get();
			long begin = System.nanoTime();
			await("time passes").until(() -> System.nanoTime() - begin > POLL_TIMEOUT.multipliedBy(2).toNanos());
			int without = plain.polls("plain").get() - beforeWithout;
			assertThat(plain.polls("orders").get() - before).isPositive().isLessThanOrEqualTo(without + 1);
			assertThat(handler.commits).hasValue(commitsBefore);
		}
	}

	private static void trickle(String topic, int count) throws Exception {
		Map<String, Object> config = Map.of("bootstrap.servers", System.getProperty("spring.kafka.bootstrap-servers"));
		AtomicInteger left = new AtomicInteger(count);
		ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
		try (KafkaProducer<String, String> producer = new KafkaProducer<>(config, new StringSerializer(),
				new StringSerializer())) {
			scheduler.scheduleAtFixedRate(() -> {
				if (left.getAndDecrement() > 0) {
					producer.send(new ProducerRecord<>(topic, 0, "key", "value"));
				}
			}, 0, 10, TimeUnit.MILLISECONDS);
			await("all are sent").until(() -> left.get() <= 0);
		}
		finally {
			scheduler.shutdownNow();
		}
	}

	/**
	 * A listener with workers, and what is committed of it.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Handler {

		final AtomicInteger commits = new AtomicInteger();

		/** When something was committed, by offset. */
		final ConcurrentSkipListMap<Long, Long> committed = new ConcurrentSkipListMap<>();

		private final Map<Long, Long> handled = new ConcurrentHashMap<>();

		@KafkaListener(id = "orders", topics = "orders-${test.id}", idIsGroup = false)
		void handle(ConsumerRecord<String, String> record) {
			this.handled.put(record.offset(), System.nanoTime());
		}

		@Bean
		ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> commits() {
			return (container) -> container.getContainerProperties().setCommitCallback((offsets, failure) -> {
				if (failure == null && "orders".equals(container.getListenerId())) {
					this.commits.incrementAndGet();
					offsets.values()
						.forEach((commit) -> this.committed.putIfAbsent(commit.offset(), System.nanoTime()));
				}
			});
		}

		/**
		 * Return within which time a part of the records was committed after it was
		 * handled.
		 */
		long millisUntilCommitted(double part) {
			long[] times = this.handled.entrySet()
				.stream()
				.mapToLong((entry) -> this.committed.higherEntry(entry.getKey()).getValue() - entry.getValue())
				.sorted()
				.toArray();
			return TimeUnit.NANOSECONDS.toMillis(times[(int) Math.ceil(times.length * part) - 1]);
		}

	}

	/**
	 * A listener without workers, and how often the consumers of both poll.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Plain {

		private final Map<String, AtomicInteger> polls = new ConcurrentHashMap<>();

		@KafkaListener(id = "plain", topics = "plain-${test.id}", idIsGroup = false)
		void handle(ConsumerRecord<String, String> record) {
		}

		@Bean
		DefaultKafkaConsumerFactoryCustomizer counting() {
			return (factory) -> factory.addPostProcessor(this::counting);
		}

		AtomicInteger polls(String topic) {
			return this.polls.computeIfAbsent(topic, (key) -> new AtomicInteger());
		}

		@SuppressWarnings("unchecked")
		private <K, V> Consumer<K, V> counting(Consumer<K, V> consumer) {
			return (Consumer<K, V>) Proxy.newProxyInstance(getClass().getClassLoader(),
					new Class<?>[] { Consumer.class }, (proxy, method, args) -> {
						if (method.getName().equals("poll")) {
							consumer.subscription()
								.forEach((topic) -> polls(topic.substring(0, topic.indexOf('-'))).incrementAndGet());
						}
						try {
							return method.invoke(consumer, args);
						}
						catch (InvocationTargetException ex) {
							throw ex.getTargetException();
						}
					});
		}

	}

}
