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
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;

import io.kaffe.spring.actuate.KaffePageEndpoint;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KaffePageAutoConfiguration}: when there is a page.
 */
class KaffePageAutoConfigurationTests {

	private static final String EXPOSED = "management.endpoints.web.exposure.include=kaffe";

	private final WebApplicationContextRunner contextRunner = new WebApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, KaffeAutoConfiguration.class,
				KaffePageAutoConfiguration.class, EndpointAutoConfiguration.class, WebEndpointAutoConfiguration.class));

	@Test
	void pageIsThereWhenExposed() {
		this.contextRunner.withPropertyValues(EXPOSED)
			.run((context) -> assertThat(context.getBean(KaffePageEndpoint.class).page().getBody())
				.contains("src=\"kaffe/main.js\"")
				.contains("data-workers=\"\""));
	}

	@Test
	void pageIsNotThereUnlessExposed() {
		this.contextRunner.run((context) -> assertThat(context).hasSingleBean(DefaultWorkerManager.class)
			.doesNotHaveBean(KaffePageEndpoint.class));
	}

	@Test
	void pageIsNotThereWithoutAccess() {
		this.contextRunner.withPropertyValues(EXPOSED, "management.endpoint.kaffe.access=NONE")
			.run((context) -> assertThat(context).doesNotHaveBean(KaffePageEndpoint.class));
	}

	@Test
	void pageIsNotThereWithoutWorkers() {
		this.contextRunner.withPropertyValues(EXPOSED, "kaffe.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(KaffePageEndpoint.class));
	}

	@Test
	void pageIsNotThereWithoutActuator() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, KaffeAutoConfiguration.class,
					KaffePageAutoConfiguration.class))
			.withClassLoader(new FilteredClassLoader(ConditionalOnAvailableEndpoint.class))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(DefaultWorkerManager.class)
				.doesNotHaveBean("kaffePageEndpoint"));
	}

}
