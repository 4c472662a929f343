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

import java.util.concurrent.Executor;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnThreading;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.kafka.autoconfigure.ConcurrentKafkaListenerContainerFactoryConfigurer;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.thread.Threading;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

import io.kaffe.spring.listener.ConsumerAdopter;
import io.kaffe.spring.worker.Ticker;
import io.kaffe.spring.worker.WorkerAllocationStrategy;
import io.kaffe.spring.worker.WorkerManager;
import io.kaffe.spring.worker.WorkerSupervisor;

/**
 * Auto-configuration of workers for Spring Kafka's listeners. Does nothing to containers
 * that are not named below {@code kaffe.consumers} and not made by
 * {@code kaffeListenerContainerFactory}.
 */
@AutoConfiguration(after = KafkaAutoConfiguration.class)
@ConditionalOnBean(KafkaListenerEndpointRegistry.class)
@ConditionalOnBooleanProperty(name = "kaffe.enabled", matchIfMissing = true)
@EnableConfigurationProperties(KaffeProperties.class)
public final class KaffeAutoConfiguration {

	private static final String TASK_EXECUTOR = "kaffeTaskExecutor";

	private static final String TASK_SCHEDULER = "kaffeTaskScheduler";

	KaffeAutoConfiguration() {
	}

	@Bean
	@ConditionalOnMissingBean
	WorkerSupervisor kaffeWorkerSupervisor(@Qualifier(TASK_EXECUTOR) Executor executor, ListableBeanFactory beans) {
		return new WorkerSupervisor(executor, beans.getBean(TASK_SCHEDULER, TaskScheduler.class), Ticker.system());
	}

	@Bean
	@ConditionalOnMissingBean
	WorkerManager kaffeWorkerManager(WorkerSupervisor supervisor) {
		return new WorkerManager(supervisor);
	}

	@Bean
	ListenerContainerAdoption kaffeListenerContainerAdoption(KaffeProperties properties, WorkerManager manager,
			ListableBeanFactory beans,
			@Qualifier("kaffeListenerContainerFactory") ObjectProvider<KaffeListenerContainerFactory> factory,
			Environment environment) {
		ConsumerSettingsResolver settings = new ConsumerSettingsResolver(properties,
				beans.getBeansOfType(WorkerAllocationStrategy.class));
		return new ListenerContainerAdoption(properties, settings, new ConsumerAdopter(manager, Ticker.system()), beans,
				factory.getIfAvailable(), Threading.VIRTUAL.isActive(environment));
	}

	/*
	 * Wakes workers, runs no user code. Not a candidate for injection, so that the
	 * application's own scheduling stays as it was without it.
	 */
	@Bean(name = TASK_SCHEDULER, autowireCandidate = false)
	ThreadPoolTaskScheduler kaffeTaskScheduler() {
		ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
		scheduler.setThreadNamePrefix("kaffe-scheduler-");
		scheduler.setDaemon(true);
		scheduler.setRemoveOnCancelPolicy(true);
		scheduler.setAcceptTasksAfterContextClose(true);
		return scheduler;
	}

	/**
	 * The executor of workers. It is no default candidate, so that the application's own
	 * task executor stays the one that is found by type. It takes tasks until its own
	 * phase of shutdown, which comes after that of listener containers.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnMissingBean(name = TASK_EXECUTOR)
	static class TaskExecutorConfiguration {

		@Bean(name = TASK_EXECUTOR, defaultCandidate = false)
		@ConditionalOnThreading(Threading.PLATFORM)
		ThreadPoolTaskExecutor kaffeTaskExecutor() {
			ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
			executor.setThreadNamePrefix("kaffe-");
			// A thread for each worker that has something to do, and none for the others.
			executor.setCorePoolSize(0);
			executor.setQueueCapacity(0);
			executor.setAcceptTasksAfterContextClose(true);
			return executor;
		}

		@Bean(name = TASK_EXECUTOR, defaultCandidate = false)
		@ConditionalOnThreading(Threading.VIRTUAL)
		SimpleAsyncTaskExecutor kaffeVirtualThreadTaskExecutor() {
			SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor("kaffe-");
			executor.setVirtualThreads(true);
			return executor;
		}

	}

	/**
	 * The container factory for listeners that name it. No default candidate either.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnBean(ConcurrentKafkaListenerContainerFactoryConfigurer.class)
	@ConditionalOnMissingBean(name = "kaffeListenerContainerFactory")
	static class ListenerContainerFactoryConfiguration {

		@Bean(defaultCandidate = false)
		@SuppressWarnings("unchecked")
		KaffeListenerContainerFactory kaffeListenerContainerFactory(
				ConcurrentKafkaListenerContainerFactoryConfigurer configurer, ConsumerFactory<?, ?> consumerFactory,
				ObjectProvider<ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>>> customizer) {
			KaffeListenerContainerFactory factory = new KaffeListenerContainerFactory();
			configurer.configure(factory, (ConsumerFactory<Object, Object>) consumerFactory);
			// It would commit each poll when it is handed over.
			factory.getContainerProperties().setKafkaAwareTransactionManager(null);
			customizer.ifAvailable(factory::setContainerCustomizer);
			return factory;
		}

	}

}
