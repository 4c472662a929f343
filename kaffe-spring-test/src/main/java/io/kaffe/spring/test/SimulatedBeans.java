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

package io.kaffe.spring.test;

import java.util.concurrent.Executor;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.kafka.config.AbstractKafkaListenerContainerFactory;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaAdmin;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;

import io.kaffe.spring.autoconfigure.KaffeProperties;
import io.kaffe.spring.autoconfigure.KaffeProperties.Consumer.OnceMode;
import io.kaffe.spring.engine.adapter.SpringKafkaFields;
import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * Replaces the beans of an application that would connect to a broker, run threads or
 * read clocks.
 */
final class SimulatedBeans implements BeanDefinitionRegistryPostProcessor, BeanPostProcessor {

	private final SimulatedWorlds worlds;

	SimulatedBeans(SimulatedWorlds worlds) {
		this.worlds = worlds;
	}

	@Override
	public void postProcessBeanDefinitionRegistry(BeanDefinitionRegistry registry) {
	}

	@Override
	public void postProcessBeanFactory(ConfigurableListableBeanFactory beans) {
		beans.addBeanPostProcessor(this);
		BeanDefinitionRegistry registry = (BeanDefinitionRegistry) beans;
		if (registry.containsBeanDefinition("kaffeTaskExecutor")) {
			RootBeanDefinition executor = new RootBeanDefinition(Executor.class, this.worlds::executor);
			executor.setDefaultCandidate(false);
			replace(registry, "kaffeTaskExecutor", executor);
		}
		for (String name : beans.getBeanNamesForType(WorkerRuntime.class, false, false)) {
			replace(registry, name, new RootBeanDefinition(WorkerRuntime.class, this.worlds::runtime));
		}
	}

	private static void replace(BeanDefinitionRegistry registry, String name, RootBeanDefinition definition) {
		registry.removeBeanDefinition(name);
		registry.registerBeanDefinition(name, definition);
	}

	@Override
	@SuppressWarnings({ "rawtypes", "unchecked" })
	public Object postProcessAfterInitialization(Object bean, String beanName) {
		if (bean instanceof DefaultKafkaConsumerFactory<?, ?> factory) {
			return consumerFactory(factory);
		}
		if (bean instanceof DefaultKafkaProducerFactory<?, ?> factory) {
			return SimulatedProducerFactory.of(factory, this.worlds);
		}
		if (bean instanceof KafkaAdmin admin) {
			return new SimulatedKafkaAdmin(admin, this.worlds);
		}
		if (bean instanceof KaffeProperties properties) {
			// Asks brokers for topics, and leaves transactions open in a crash.
			properties.getConsumers().values().forEach((consumer) -> consumer.setOnce(OnceMode.NONE));
		}
		if (bean instanceof KafkaListenerEndpointRegistry registry) {
			registry.setAlwaysStartAfterRefresh(false);
		}
		if (bean instanceof AbstractKafkaListenerContainerFactory factory) {
			if (factory.getConsumerFactory() instanceof DefaultKafkaConsumerFactory<?, ?> consumers) {
				factory.setConsumerFactory(consumerFactory(consumers));
			}
			Object customizer = SpringKafkaFields.containerCustomizer(factory);
			factory.setContainerCustomizer((container) -> {
				if (customizer instanceof ContainerCustomizer user) {
					user.configure(container);
				}
				this.worlds.add(container);
			});
		}
		if (bean instanceof AbstractMessageListenerContainer<?, ?> container) {
			this.worlds.add(container);
		}
		return bean;
	}

	private DefaultKafkaConsumerFactory<?, ?> consumerFactory(DefaultKafkaConsumerFactory<?, ?> factory) {
		DefaultKafkaConsumerFactory<?, ?> simulated = (factory instanceof SimulatedConsumerFactory<?, ?>) ? factory
				: new SimulatedConsumerFactory<>(factory, this.worlds);
		this.worlds.add(simulated);
		return simulated;
	}

}
