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

import java.util.List;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.kafka.autoconfigure.KafkaConnectionDetails;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.test.context.ContextConfigurationAttributes;
import org.springframework.test.context.ContextCustomizer;
import org.springframework.test.context.ContextCustomizerFactory;
import org.springframework.test.context.MergedContextConfiguration;
import org.springframework.test.context.TestContextAnnotationUtils;

/**
 * Adds the simulated world to the application context of a {@link KaffeTest}.
 */
final class KaffeTestContextCustomizerFactory implements ContextCustomizerFactory {

	private static final String NOWHERE = "simulated:9092";

	KaffeTestContextCustomizerFactory() {
	}

	@Override
	public @Nullable ContextCustomizer createContextCustomizer(Class<?> testClass,
			List<ContextConfigurationAttributes> attributes) {
		KaffeTest annotation = TestContextAnnotationUtils.findMergedAnnotation(testClass, KaffeTest.class);
		return (annotation != null) ? new Customizer(annotation.partitions()) : null;
	}

	/**
	 * Adds beans before the application's own are registered.
	 *
	 * @param partitions the number of partitions of topics
	 */
	record Customizer(int partitions) implements ContextCustomizer {

		@Override
		public void customizeContext(ConfigurableApplicationContext context, MergedContextConfiguration configuration) {
			// It would ask brokers.
			TestPropertyValues.of("kaffe.lag.interval=0").applyTo(context);
			SimulatedWorlds worlds = new SimulatedWorlds(this.partitions);
			BeanDefinitionRegistry registry = (BeanDefinitionRegistry) context.getBeanFactory();
			RootBeanDefinition kafka = new RootBeanDefinition(SimulatedWorlds.class, () -> worlds);
			registry.registerBeanDefinition("simulatedKafka", kafka);
			RootBeanDefinition connection = new RootBeanDefinition(KafkaConnectionDetails.class,
					() -> () -> List.of(NOWHERE));
			connection.setPrimary(true);
			registry.registerBeanDefinition("simulatedKafkaConnectionDetails", connection);
			context.addBeanFactoryPostProcessor(new SimulatedBeans(worlds));
		}

	}

}
