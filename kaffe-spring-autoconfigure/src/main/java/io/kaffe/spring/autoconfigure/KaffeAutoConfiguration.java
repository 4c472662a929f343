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
import java.util.Map;
import java.util.concurrent.Executor;

import io.micrometer.observation.ObservationRegistry;
import org.apache.kafka.clients.admin.Admin;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.kafka.autoconfigure.ConcurrentKafkaListenerContainerFactoryConfigurer;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.thread.Threading;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.util.ClassUtils;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.listener.ContainerAdopter;
import io.kaffe.spring.engine.listener.EndOffsets;
import io.kaffe.spring.engine.listener.WorkerContainers;
import io.kaffe.spring.engine.worker.ConsumerObserver;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * Auto-configuration of workers for Spring Kafka's listeners. Does not touch containers
 * that are not named below {@code kaffe.consumers} and not created by
 * {@code kaffeListenerContainerFactory}.
 */
@AutoConfiguration(after = KafkaAutoConfiguration.class)
@ConditionalOnBean(KafkaListenerEndpointRegistry.class)
@ConditionalOnBooleanProperty(name = "kaffe.enabled", matchIfMissing = true)
@EnableConfigurationProperties(KaffeProperties.class)
public final class KaffeAutoConfiguration {

	/** How long a shutdown waits for queued events. */
	private static final Duration EVENT_PATIENCE = Duration.ofSeconds(2);

	private static final Duration SHORTEST_LAG_INTERVAL = Duration.ofMillis(100);

	KaffeAutoConfiguration() {
	}

	/**
	 * The executor of workers, unless the application has a bean with that name. It is
	 * not a default candidate, so that injection by type finds the application's own
	 * executor.
	 */
	@Bean(defaultCandidate = false)
	@ConditionalOnMissingBean(name = "kaffeTaskExecutor")
	WorkerTaskExecutor kaffeTaskExecutor(Environment environment) {
		return Threading.VIRTUAL.isActive(environment) ? WorkerTaskExecutor.ofVirtualThreads()
				: WorkerTaskExecutor.ofPlatformThreads();
	}

	/**
	 * The scheduler that wakes workers; it runs no user code.
	 */
	@Bean
	EngineScheduler kaffeWorkerScheduler() {
		return new EngineScheduler("kaffe-scheduler-");
	}

	/**
	 * The scheduler that requests end offsets from brokers.
	 */
	@Bean
	EngineScheduler kaffeLagScheduler() {
		return new EngineScheduler("kaffe-lag-");
	}

	@Bean
	@ConditionalOnMissingBean
	WorkerRuntime kaffeWorkerRuntime(@Qualifier("kaffeTaskExecutor") Executor executor,
			@Qualifier("kaffeWorkerScheduler") EngineScheduler scheduler) {
		if (!(executor instanceof WorkerTaskExecutor)) {
			UnsuitableTaskExecutorException.throwIfUnsuitable(executor);
		}
		return new WorkerRuntime(executor, scheduler.scheduler(), Ticker.system(), EngineThreads::named);
	}

	@Bean
	EventPublication kaffeEventPublication(ApplicationEventPublisher publisher, WorkerRuntime runtime) {
		return new EventPublication(publisher, EVENT_PATIENCE,
				EngineThreads.single("kaffe-events-", EventPublication.MAX_WAITING), runtime.ticker());
	}

	@Bean
	@ConditionalOnMissingBean
	DefaultWorkerManager kaffeWorkerManager(WorkerRuntime runtime, ObjectProvider<ConsumerObserver> observers) {
		return new DefaultWorkerManager(runtime, observers.orderedStream().toList());
	}

	@Bean
	FailureBeans kaffeFailureBeans(ListableBeanFactory beans, @Qualifier("kaffeTaskExecutor") Executor executor,
			WorkerRuntime runtime) {
		return new FailureBeans(beans, executor, runtime);
	}

	@Bean
	WorkerContainers kaffeConsumers() {
		return new WorkerContainers();
	}

	@Bean
	EndOffsets kaffeEndOffsets(WorkerContainers consumers, KaffeProperties properties,
			@Qualifier("kaffeLagScheduler") EngineScheduler scheduler, WorkerRuntime runtime) {
		Duration interval = properties.getLag().getInterval();
		if (!interval.isZero() && interval.compareTo(SHORTEST_LAG_INTERVAL) < 0) {
			throw new InvalidConfigurationPropertyValueException("kaffe.lag.interval", interval.toMillis() + "ms",
					ResolvedProperty.reason(SHORTEST_LAG_INTERVAL) + " 0 disables it.");
		}
		return new EndOffsets(consumers, Admin::create, interval, scheduler.scheduler(), runtime.ticker());
	}

	@Bean
	ContainerAdoptionLifecycle kaffeContainerAdoptionLifecycle(KaffeProperties properties, DefaultWorkerManager manager,
			WorkerContainers consumers, ConfigurableListableBeanFactory beans,
			@Qualifier("kaffeListenerContainerFactory") ObjectProvider<KaffeListenerContainerFactory> factory,
			FailureBeans failureBeans, WorkerRuntime runtime, Environment environment) {
		ConsumerSettingsResolver settings = new ConsumerSettingsResolver(properties,
				new StrategyBeans(properties, beans.getBeansOfType(WorkerAllocationStrategy.class),
						beans.getBeanProvider(WorkerAllocationStrategy.class).getIfUnique()),
				new FailurePolicyResolver(properties, ClassUtils.getDefaultClassLoader(), failureBeans));
		return new ContainerAdoptionLifecycle(properties, settings,
				new ContainerAdopter(manager, consumers, runtime,
						beans.getBeanProvider(ObservationRegistry.class).getIfUnique(() -> ObservationRegistry.NOOP)),
				beans, factory.getIfAvailable(), Threading.VIRTUAL.isActive(environment));
	}

	/**
	 * The container factory for listeners that name it. It is not a default candidate, so
	 * that injection by type finds the application's own factory.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnBean(ConcurrentKafkaListenerContainerFactoryConfigurer.class)
	@ConditionalOnMissingBean(name = "kaffeListenerContainerFactory")
	static class ListenerContainerFactoryConfiguration {

		@Bean(defaultCandidate = false)
		@SuppressWarnings("unchecked")
		KaffeListenerContainerFactory kaffeListenerContainerFactory(
				ConcurrentKafkaListenerContainerFactoryConfigurer configurer,
				ObjectProvider<ConsumerFactory<?, ?>> consumerFactories,
				ObjectProvider<ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>>> customizer) {
			ConsumerFactory<?, ?> consumerFactory = consumerFactories.getIfUnique();
			KaffeListenerContainerFactory factory = new KaffeListenerContainerFactory(consumerFactory != null);
			configurer.configure(factory, (ConsumerFactory<Object, Object>) ((consumerFactory != null) ? consumerFactory
					: new DefaultKafkaConsumerFactory<>(Map.of())));
			// At least once. Other factories have one if there is a transaction id
			// prefix.
			factory.getContainerProperties().setKafkaAwareTransactionManager(null);
			customizer.ifAvailable(factory::setContainerCustomizer);
			return factory;
		}

	}

}
