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

import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

import io.kaffe.spring.actuate.KaffeMetrics;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;

/**
 * Auto-configuration of the meters {@code kaffe.*}.
 */
@AutoConfiguration(after = KaffeAutoConfiguration.class,
		afterName = { "org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration",
				"org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration" })
@ConditionalOnClass(MeterRegistry.class)
@ConditionalOnBean({ MeterRegistry.class, DefaultWorkerManager.class })
public final class KaffeMetricsAutoConfiguration {

	KaffeMetricsAutoConfiguration() {
	}

	@Bean
	@ConditionalOnMissingBean
	KaffeMetrics kaffeMetrics(MeterRegistry registry, ObjectProvider<DefaultWorkerManager> manager) {
		return new KaffeMetrics(registry, manager::getObject, EngineThreads.daemons("kaffe-metrics-"));
	}

}
