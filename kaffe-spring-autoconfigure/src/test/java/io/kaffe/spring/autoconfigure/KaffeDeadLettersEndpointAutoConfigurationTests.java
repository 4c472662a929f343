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
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointAutoConfiguration;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.web.ExposableWebEndpoint;
import org.springframework.boot.actuate.endpoint.web.WebEndpointsSupplier;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.kaffe.spring.actuate.KaffeDeadLettersEndpoint;
import io.kaffe.spring.actuate.KaffeDeadLettersEndpointWebExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KaffeDeadLettersEndpointAutoConfiguration}.
 */
@ExtendWith(OutputCaptureExtension.class)
class KaffeDeadLettersEndpointAutoConfigurationTests {

	private static final String EXPOSED = "management.endpoints.web.exposure.include=kaffedeadletters";

	private static final String UNPROTECTED = "Anyone who can reach the endpoint 'kaffedeadletters' can operate consumers "
			+ "(replay and abandon dead letters)";

	private final WebApplicationContextRunner contextRunner = new WebApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, KaffeAutoConfiguration.class,
				KaffeDeadLettersEndpointAutoConfiguration.class, EndpointAutoConfiguration.class,
				WebEndpointAutoConfiguration.class));

	@Test
	void endpointIsThereWhenExposedAndReadOnly(CapturedOutput output) {
		this.contextRunner.withPropertyValues(EXPOSED).run((context) -> {
			assertThat(context).hasSingleBean(KaffeDeadLettersEndpoint.class)
				.hasSingleBean(KaffeDeadLettersEndpointWebExtension.class);
			assertThat(context.getBean(WebEndpointsSupplier.class).getEndpoints()).singleElement()
				.extracting(ExposableWebEndpoint::getDefaultAccess)
				.isEqualTo(Access.READ_ONLY);
		});
		assertThat(output).doesNotContain(UNPROTECTED);
	}

	@Test
	void endpointIsNotThereByDefaultOrWithoutWorkers() {
		this.contextRunner.run((context) -> assertThat(context).doesNotHaveBean(KaffeDeadLettersEndpoint.class));
		this.contextRunner.withPropertyValues(EXPOSED, "kaffe.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(KaffeDeadLettersEndpoint.class));
	}

	@Test
	void unrestrictedAccessWithoutSecurityIsWarnedOf(CapturedOutput output) {
		this.contextRunner.withPropertyValues(EXPOSED, "management.endpoint.kaffedeadletters.access=UNRESTRICTED")
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).containsOnlyOnce(UNPROTECTED)
			.contains("set 'management.endpoint.kaffedeadletters.access' to read-only");
	}

}
