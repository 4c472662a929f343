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

package io.kaffe.spring.autoconfigure;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskSchedulingAutoConfiguration;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.TaskExecutor;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.config.KafkaListenerContainerFactory;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ContainerProperties.AckMode;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.listener.adapter.RecordMessagingMessageListenerAdapter;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;

import io.kaffe.spring.engine.worker.DefaultWorkerManager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests that an application which has the starter and names no listener is as it was
 * without it: what it finds by type, where its tasks run, its listener containers.
 */
class UnnamedApplicationTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private final ApplicationContextRunner without = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class));

	private final ApplicationContextRunner contextRunner = this.without
		.withConfiguration(AutoConfigurations.of(KaffeAutoConfiguration.class));

	private final ApplicationContextRunner withTasks = this.contextRunner.withConfiguration(
			AutoConfigurations.of(TaskExecutionAutoConfiguration.class, TaskSchedulingAutoConfiguration.class));

	@Test
	void applicationTaskExecutorIsFoundByType() {
		this.withTasks.run((context) -> {
			Object executor = context.getBean("applicationTaskExecutor");
			assertThat(context).hasSingleBean(DefaultWorkerManager.class).hasSingleBean(TaskExecutor.class);
			assertThat(context.getBean(AsyncTaskExecutor.class)).isSameAs(executor);
			assertThat(context.getBean(TaskExecutor.class)).isSameAs(executor);
			assertThat(context.getBeanProvider(AsyncTaskExecutor.class).getIfUnique()).isSameAs(executor);
			assertThat(context.getBeanProvider(Executor.class).getIfUnique()).isSameAs(executor);
		});
	}

	@Test
	void taskSchedulerIsFoundByType() {
		this.withTasks.withUserConfiguration(SchedulingEnabled.class).run((context) -> {
			Object scheduler = context.getBean("taskScheduler");
			assertThat(context).hasSingleBean(TaskScheduler.class);
			assertThat(context.getBean(TaskScheduler.class)).isSameAs(scheduler);
			assertThat(context.getBeanProvider(TaskScheduler.class).getIfUnique()).isSameAs(scheduler);
		});
	}

	@Test
	void applicationWithoutSchedulerAndExecutorFindsNone() {
		this.contextRunner.run((context) -> {
			assertThat(context).hasSingleBean(DefaultWorkerManager.class).doesNotHaveBean(TaskExecutor.class);
			assertThatExceptionOfType(NoSuchBeanDefinitionException.class)
				.isThrownBy(() -> context.getBean(TaskScheduler.class));
			assertThat(context.getBeanProvider(TaskScheduler.class).getIfUnique()).isNull();
		});
	}

	@Test
	void asyncMethodRunsOnApplicationTaskExecutor() {
		this.withTasks.withUserConfiguration(AsyncMethod.class)
			.run((context) -> assertThat(context.getBean(AsyncMethod.class).thread()).succeedsWithin(TIMEOUT)
				.asString()
				.startsWith("task-"));
	}

	@Test
	void asyncMethodOfApplicationWithPlainExecutorRunsWhereItDidBefore() {
		String before = asyncThread(this.without.withUserConfiguration(AsyncMethod.class, PlainExecutor.class)
			.withConfiguration(AutoConfigurations.of(TaskExecutionAutoConfiguration.class)));
		String now = asyncThread(this.withTasks.withUserConfiguration(AsyncMethod.class, PlainExecutor.class));
		assertThat(now).isEqualTo(before).doesNotContainIgnoringCase("kaffe");
	}

	@Test
	void scheduledMethodRunsOnTaskScheduler() {
		this.withTasks.withUserConfiguration(ScheduledMethod.class)
			.run((context) -> assertThat(context.getBean(ScheduledMethod.class).thread).succeedsWithin(TIMEOUT)
				.asString()
				.startsWith("scheduling-"));
	}

	@Test
	void scheduledMethodOfApplicationWithPlainExecutorRunsOnIt() {
		this.withTasks.withUserConfiguration(ScheduledMethod.class, PlainScheduledExecutor.class)
			.run((context) -> assertThat(context.getBean(ScheduledMethod.class).thread).succeedsWithin(TIMEOUT)
				.asString()
				.startsWith("plain-scheduled"));
	}

	@Test
	void containerFactoryIsFoundByType() {
		this.contextRunner.run((context) -> {
			Object factory = context.getBean("kafkaListenerContainerFactory");
			assertThat(context).hasBean("kaffeListenerContainerFactory");
			assertThat(context.getBean(ConcurrentKafkaListenerContainerFactory.class)).isSameAs(factory);
			assertThat(context.getBean(KafkaListenerContainerFactory.class)).isSameAs(factory);
			assertThat(context.getBeanProvider(ConcurrentKafkaListenerContainerFactory.class).getIfUnique())
				.isSameAs(factory);
		});
	}

	@Test
	void listenerContainerIsNotTouched() {
		this.without.withUserConfiguration(Listening.class)
			.run((before) -> this.contextRunner.withUserConfiguration(Listening.class).run((now) -> {
				MessageListenerContainer container = container(now);
				ContainerProperties properties = container.getContainerProperties();
				assertThat(properties.getMessageListener()).isInstanceOf(RecordMessagingMessageListenerAdapter.class);
				assertThat(properties.getAckMode()).isEqualTo(AckMode.BATCH);
				assertThat(properties.getConsumerRebalanceListener()).isNull();
				assertThat(new DirectFieldAccessor(container).getPropertyValue("batchInterceptor")).isNull();
				assertThat(new DirectFieldAccessor(container).getPropertyValue("applicationEventPublisher"))
					.isSameAs(now.getSourceApplicationContext());
				assertThat(properties).usingRecursiveComparison()
					.ignoringFields("messageListener")
					.isEqualTo(container(before).getContainerProperties());
				assertThat(now.getBean(DefaultWorkerManager.class).table().consumers()).isEmpty();
			}));
	}

	private static MessageListenerContainer container(ApplicationContext context) {
		return Objects
			.requireNonNull(context.getBean(KafkaListenerEndpointRegistry.class).getListenerContainer("orders"));
	}

	private static String asyncThread(ApplicationContextRunner runner) {
		CompletableFuture<String> thread = new CompletableFuture<>();
		runner.run((context) -> {
			assertThat(context).doesNotHaveBean("applicationTaskExecutor");
			context.getBean(AsyncMethod.class).thread().thenAccept(thread::complete);
			assertThat(thread).succeedsWithin(TIMEOUT);
		});
		return thread.join();
	}

	/**
	 * Has one listener.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Listening {

		@KafkaListener(id = "orders", topics = "orders", autoStartup = "false")
		void handle(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Enables scheduling.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableScheduling
	static class SchedulingEnabled {

	}

	/**
	 * Has a scheduled method that tells its thread.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableScheduling
	static class ScheduledMethod {

		final CompletableFuture<String> thread = new CompletableFuture<>();

		@Scheduled(fixedDelay = 1000)
		void run() {
			this.thread.complete(Thread.currentThread().getName());
		}

	}

	/**
	 * Has an asynchronous method that tells its thread.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAsync
	static class AsyncMethod {

		@Async
		CompletableFuture<String> thread() {
			return CompletableFuture.completedFuture(Thread.currentThread().getName());
		}

	}

	/**
	 * Has an executor of the JDK, which makes Spring Boot's back off.
	 */
	@Configuration(proxyBeanMethods = false)
	static class PlainExecutor {

		@Bean
		Executor plainExecutor() {
			return Runnable::run;
		}

	}

	/**
	 * Has a scheduled executor of the JDK, which makes Spring Boot's scheduler back off.
	 */
	@Configuration(proxyBeanMethods = false)
	static class PlainScheduledExecutor {

		@Bean(destroyMethod = "shutdownNow")
		ScheduledExecutorService plainScheduledExecutor() {
			return Executors.newSingleThreadScheduledExecutor((task) -> new Thread(task, "plain-scheduled"));
		}

	}

}
