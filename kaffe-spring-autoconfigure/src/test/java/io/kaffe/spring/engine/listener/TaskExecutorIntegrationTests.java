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

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionHandler;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for executors of the user's, and for virtual threads.
 */
class TaskExecutorIntegrationTests {

	@ParameterizedTest
	@EnumSource
	void executorWithFewThreadsIsEnough(WhenFull whenFull) {
		try (ListenerApplication application = ListenerApplication.of(FewThreads.class)
			.with("kaffe.consumers.orders.worker-allocation-strategy", "worker-per-key")
			.topic("orders", 1)) {
			application.sendWithKeys("orders", 0, IntStream.range(0, 500).mapToObj((number) -> "k" + number).toList());
			ConfigurableApplicationContext context = application.start("--test.when-full=" + whenFull);
			Listening listening = context.getBean(Listening.class);
			await("two are being handled").until(() -> listening.atOnce.get() == 2);
			listening.open.countDown();
			await("all are handled").until(() -> listening.handled.get() == 500);
			assertThat(listening.threads).hasSize(2).allMatch((name) -> name.startsWith("few-"));
			assertThat(listening.mostAtOnce).hasValue(2);
			await("all is committed").until(() -> Long.valueOf(500).equals(application.committed("orders", 0)));
		}
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21, disabledReason = "There are virtual threads since Java 21")
	void workersOfKeysRunOnAVirtualThreadForEachThatIsActive() {
		try (ListenerApplication application = ListenerApplication.of(Listening.class)
			.with("kaffe.consumers.orders.worker-allocation-strategy", "worker-per-key")
			.with("kaffe.consumers.orders.max-concurrency", "200")
			.with("spring.threads.virtual.enabled", "true")
			.topic("orders", 1)) {
			application.sendWithKeys("orders", 0, IntStream.range(0, 5000).mapToObj((number) -> "k" + number).toList());
			ConfigurableApplicationContext context = application.start();
			Listening listening = context.getBean(Listening.class);
			await("as many as may be are being handled").until(() -> listening.atOnce.get() == 200);
			await("the others wait")
				.until(() -> ListenerApplication.table(context, "orders").load().buffered().records() == 5000);
			listening.open.countDown();
			await("all are handled").until(() -> listening.handled.get() == 5000);
			assertThat(listening.mostAtOnce).hasValue(200);
			assertThat(listening.numbers.size()).as("threads").isLessThan(2500);
		}
	}

	/**
	 * What an executor does with a task that it has no thread for.
	 */
	enum WhenFull {

		ABORT(new ThreadPoolExecutor.AbortPolicy()),

		CALLER_RUNS(new ThreadPoolExecutor.CallerRunsPolicy());

		private final RejectedExecutionHandler handler;

		WhenFull(RejectedExecutionHandler handler) {
			this.handler = handler;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FewThreads extends Listening {

		@Bean
		ThreadPoolTaskExecutor kaffeTaskExecutor(@Value("${test.when-full}") WhenFull whenFull) {
			ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
			executor.setThreadNamePrefix("few-");
			executor.setCorePoolSize(2);
			executor.setMaxPoolSize(2);
			executor.setQueueCapacity(0);
			executor.setRejectedExecutionHandler(whenFull.handler);
			return executor;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Listening {

		final AtomicInteger handled = new AtomicInteger();

		final AtomicInteger mostAtOnce = new AtomicInteger();

		final Set<String> threads = ConcurrentHashMap.newKeySet();

		final Set<Long> numbers = ConcurrentHashMap.newKeySet();

		final AtomicInteger atOnce = new AtomicInteger();

		final CountDownLatch open = new CountDownLatch(1);

		@SuppressWarnings("deprecation")
		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) throws InterruptedException {
			this.mostAtOnce.accumulateAndGet(this.atOnce.incrementAndGet(), Math::max);
			this.threads.add(Thread.currentThread().getName());
			this.numbers.add(Thread.currentThread().getId());
			if (!this.open.await(60, TimeUnit.SECONDS)) {
				throw new IllegalStateException("The gate was not opened");
			}
			this.atOnce.decrementAndGet();
			this.handled.incrementAndGet();
		}

	}

}
