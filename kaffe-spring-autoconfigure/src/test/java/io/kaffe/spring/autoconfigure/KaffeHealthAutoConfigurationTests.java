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

import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.kaffe.spring.actuate.KaffeHealthIndicator;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KaffeHealthAutoConfiguration}.
 */
class KaffeHealthAutoConfigurationTests {

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, KaffeAutoConfiguration.class,
				KaffeHealthAutoConfiguration.class));

	@Test
	void contributorIsThere() {
		this.contextRunner.run((context) -> assertThat(context).getBean("kaffeHealthIndicator", HealthIndicator.class)
			.extracting(HealthIndicator::health)
			.isEqualTo(Health.up().build()));
	}

	@Test
	void contributorCanBeSwitchedOff() {
		this.contextRunner.withPropertyValues("management.health.kaffe.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(HealthIndicator.class));
	}

	@Test
	void contributorIsNotThereWithoutWorkers() {
		this.contextRunner.withPropertyValues("kaffe.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(HealthIndicator.class));
	}

	@Test
	void contributorOfApplicationTakesThePlaceOfOurs() {
		HealthIndicator own = () -> Health.unknown().build();
		this.contextRunner.withBean("kaffeHealthIndicator", HealthIndicator.class, () -> own)
			.run((context) -> assertThat(context).hasSingleBean(HealthIndicator.class)
				.doesNotHaveBean(KaffeHealthIndicator.class));
	}

	@Test
	void contributorIsNotThereWithoutTheHealthModule() {
		this.contextRunner.withClassLoader(new FilteredClassLoader(ConditionalOnEnabledHealthIndicator.class))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(DefaultWorkerManager.class)
				.doesNotHaveBean("kaffeHealthIndicator"));
	}

}
