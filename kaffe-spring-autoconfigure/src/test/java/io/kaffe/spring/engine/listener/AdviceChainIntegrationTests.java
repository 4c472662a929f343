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
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.handler.annotation.Header;

import io.kaffe.spring.BatchResult;
import io.kaffe.spring.engine.adapter.BatchRecordHandlerListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for containers with an advice chain around their listeners.
 */
class AdviceChainIntegrationTests {

	private static final String NAMED = "--kaffe.consumers.orders=";

	private static final String OFTEN = "--kaffe.commit.interval=50ms";

	private static final String QUICK = "--kaffe.failure.backoff.initial-interval=10ms";

	@Test
	void recordOfAnAsynchronousListenerIsNotCommittedBeforeItsFutureIsComplete() {
		try (ListenerApplication application = ListenerApplication.of(Futures.class, Advised.class)
			.topic("orders", 2)) {
			application.send("orders", 0, 0, 2);
			application.send("orders", 1, 10, 11);
			ConfigurableApplicationContext context = application.start(NAMED, OFTEN);
			Futures futures = context.getBean(Futures.class);
			await("both partitions are begun").until(() -> futures.begun.keySet().containsAll(List.of("0", "10")));
			futures.complete("10");
			await("one is committed").until(() -> Long.valueOf(1).equals(application.committed("orders", 1)));
			assertThat(application.committed("orders", 0)).as("the other one").isIn(null, 0L);
			assertThat(futures.begun).doesNotContainKey("1");
			futures.complete("0");
			await("the next one").until(() -> futures.begun.containsKey("1"));
			futures.complete("1");
			await("all is committed").until(() -> Long.valueOf(2).equals(application.committed("orders", 0)));
			assertThat(futures.attempts).as("the header of attempts").containsOnly(1);
			context.getBean(Advised.class).assertCalledOnWorkers(3);
		}
	}

	@Test
	void adviceIsCalledOnceForEachRecordOnItsWorker() {
		try (ListenerApplication application = ListenerApplication.of(Acknowledging.class, Advised.class)
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 4);
			ConfigurableApplicationContext context = application.start(NAMED, OFTEN,
					"--spring.kafka.listener.ack-mode=manual", "--spring.kafka.listener.observation-enabled=true");
			await("filtered records are completed too")
				.until(() -> Long.valueOf(4).equals(application.committed("orders", 0)));
			assertThat(context.getBean(Acknowledging.class).handled).containsExactly("0", "2", "3");
			context.getBean(Advised.class).assertCalledOnWorkers(4);
		}
	}

	@Test
	void adviceIsCalledOnceForEachBatchOnItsWorker() {
		try (ListenerApplication application = ListenerApplication.of(FailingBatches.class, Advised.class)
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 4);
			ConfigurableApplicationContext context = application.start(NAMED, OFTEN, QUICK, "--kaffe.batch.max-size=4",
					"--kaffe.batch.max-wait=30s");
			await("all is committed").until(() -> Long.valueOf(4).equals(application.committed("orders", 0)));
			assertThat(context.getBean(FailingBatches.class).batches)
				.as("the second begins with the record that was named by its index in the first")
				.containsExactly("[0, 2, 3]", "[2, 3]");
			context.getBean(Advised.class).assertCalledOnWorkers(2);
		}
	}

	@Test
	void adviceIsCalledAroundAHandlerOfBatches() {
		try (ListenerApplication application = ListenerApplication.of(Handling.class, Advised.class)
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext context = application.start(NAMED, OFTEN, QUICK);
			await("all is committed").until(() -> Long.valueOf(3).equals(application.committed("orders", 0)));
			Advised advised = context.getBean(Advised.class);
			advised.assertCalledOnWorkers(advised.calls.size());
		}
	}

	/**
	 * Has an advice around each listener, which writes down what is called where.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Advised implements MethodInterceptor {

		final Queue<String> calls = new ConcurrentLinkedQueue<>();

		@Override
		public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
			// A container looks for the delegate of its listener through the advice.
			if (!invocation.getMethod().getName().equals("getDelegate")) {
				this.calls.add(invocation.getMethod().getName() + " on " + Thread.currentThread().getName());
			}
			return invocation.proceed();
		}

		void assertCalledOnWorkers(int times) {
			assertThat(this.calls).isNotEmpty()
				.hasSize(times)
				.allMatch((call) -> call.startsWith("onMessage on kaffe-"));
		}

		@Bean
		ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> advising() {
			return (container) -> container.getContainerProperties().setAdviceChain(this);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Futures {

		final Map<String, CompletableFuture<Void>> begun = new ConcurrentHashMap<>();

		final Queue<Integer> attempts = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		CompletableFuture<Void> handle(String value, @Header(KafkaHeaders.DELIVERY_ATTEMPT) int attempt) {
			CompletableFuture<Void> future = new CompletableFuture<>();
			this.attempts.add(attempt);
			this.begun.put(value, future);
			return future;
		}

		void complete(String value) {
			Objects.requireNonNull(this.begun.get(value), value).complete(null);
		}

	}

	/**
	 * Has a filter, which takes the record 1.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Acknowledging {

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(String value, Acknowledgment acknowledgment) {
			this.handled.add(value);
			acknowledgment.acknowledge();
		}

		@Bean
		static RecordFilterStrategy<Object, Object> noOnes() {
			return (record) -> record.value().equals("1");
		}

	}

	/**
	 * Has a filter, which takes the record 1, and fails once, at the record 2.
	 */
	@Configuration(proxyBeanMethods = false)
	static class FailingBatches {

		final Queue<String> batches = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}", batch = "true")
		void handle(List<String> values) {
			this.batches.add(values.toString());
			if (values.size() == 3) {
				throw new BatchListenerFailedException("broken", values.indexOf("2"));
			}
		}

		@Bean
		static RecordFilterStrategy<Object, Object> noOnes() {
			return (record) -> record.value().equals("1");
		}

	}

	/**
	 * Has a container whose batches a handler gets.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Handling {

		@Bean
		ConcurrentMessageListenerContainer<Object, Object> orders(ConsumerFactory<Object, Object> consumers,
				Advised advised, @Value("orders-${test.id}") String topic) {
			ContainerProperties properties = new ContainerProperties(topic);
			properties.setAdviceChain(advised);
			properties.setMessageListener(new BatchRecordHandlerListener("orders", (records) -> BatchResult.commit()));
			return new ConcurrentMessageListenerContainer<>(consumers, properties);
		}

	}

}
