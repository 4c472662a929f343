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

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.kaffe.spring.actuate.KaffeMetrics;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KaffeMetricsAutoConfiguration}.
 */
class KaffeMetricsAutoConfigurationTests {

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, KaffeAutoConfiguration.class,
				KaffeMetricsAutoConfiguration.class, MetricsAutoConfiguration.class,
				SimpleMetricsExportAutoConfiguration.class, CompositeMeterRegistryAutoConfiguration.class))
		.withUserConfiguration(KaffeAutoConfigurationTests.Listening.class)
		.withPropertyValues("kaffe.consumers.orders=");

	@Test
	void consumersWithWorkersHaveMeters() {
		this.contextRunner.run((context) -> {
			MeterRegistry registry = context.getBean(MeterRegistry.class);
			assertThat(registry.get("kaffe.workers").meters())
				.allMatch((meter) -> "orders".equals(meter.getId().getTag("consumer")));
			assertThat(registry.get("kaffe.consumer.state").tag("state", "stopped").gauge().value())
				.as("it reads the table")
				.isEqualTo(1);
		});
	}

	@Test
	void metersCanBeSwitchedOff() {
		this.contextRunner.withPropertyValues("management.metrics.enable.kaffe=false")
			.run((context) -> assertThat(context.getBean(MeterRegistry.class).getMeters()).extracting(Meter::getId)
				.extracting(Meter.Id::getName)
				.noneMatch((name) -> name.startsWith("kaffe")));
	}

	@Test
	void metersGoWithTheApplication() {
		SimpleMeterRegistry shared = new SimpleMeterRegistry();
		this.contextRunner.withBean(MeterRegistry.class, () -> shared, (bean) -> bean.setDestroyMethodName(null))
			.run((context) -> assertThat(shared.find("kaffe.workers").meters()).isNotEmpty());
		assertThat(shared.getMeters()).extracting(Meter::getId)
			.extracting(Meter.Id::getName)
			.noneMatch((name) -> name.startsWith("kaffe"));
	}

	@Test
	void nothingIsMeasuredWithoutARegistry() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, KaffeAutoConfiguration.class,
					KaffeMetricsAutoConfiguration.class))
			.run((context) -> assertThat(context).hasSingleBean(DefaultWorkerManager.class)
				.doesNotHaveBean(KaffeMetrics.class));
	}

	@Test
	void nothingIsMeasuredWithoutMicrometer() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, KaffeAutoConfiguration.class,
					KaffeMetricsAutoConfiguration.class))
			.withClassLoader(new FilteredClassLoader("io.micrometer.core"))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(DefaultWorkerManager.class)
				.doesNotHaveBean(KaffeMetrics.class));
	}

	@Test
	void applicationCanMeasureItself() {
		KaffeMetrics own = new KaffeMetrics(new SimpleMeterRegistry(), () -> {
			throw new UnsupportedOperationException();
		}, Runnable::run);
		this.contextRunner.withBean("ownMetrics", KaffeMetrics.class, () -> own)
			.run((context) -> assertThat(context).getBean(KaffeMetrics.class).isSameAs(own));
	}

}
