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

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.endpoint.expose.EndpointExposure;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.EndpointAccessResolver;
import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.actuate.KaffeWorkersEndpoint;
import io.kaffe.spring.actuate.KaffeWorkersEndpointWebExtension;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;

/**
 * Auto-configuration of the actuator endpoint {@code kaffeworkers}.
 */
@AutoConfiguration(after = KaffeAutoConfiguration.class)
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnBean(DefaultWorkerManager.class)
@ConditionalOnAvailableEndpoint(endpoint = KaffeWorkersEndpoint.class)
@EnableConfigurationProperties(KaffeWorkersEndpointProperties.class)
public final class KaffeEndpointAutoConfiguration {

	KaffeEndpointAutoConfiguration() {
	}

	@Bean
	@ConditionalOnMissingBean
	KaffeWorkersEndpoint kaffeWorkersEndpoint(DefaultWorkerManager manager, KaffeConsumers consumers,
			ApplicationEventPublisher events, ObjectProvider<EndpointAccessResolver> accessResolver,
			KaffeWorkersEndpointProperties properties) {
		return new KaffeWorkersEndpoint(manager, consumers, events, access(accessResolver), properties.getShowValues());
	}

	private static Access access(ObjectProvider<EndpointAccessResolver> accessResolver) {
		return accessResolver.getIfAvailable(() -> (id, defaultAccess) -> defaultAccess)
			.accessFor(EndpointId.of("kaffeworkers"), Access.READ_ONLY);
	}

	@Bean
	@ConditionalOnMissingBean
	@ConditionalOnBean(KaffeWorkersEndpoint.class)
	@ConditionalOnAvailableEndpoint(endpoint = KaffeWorkersEndpoint.class, exposure = EndpointExposure.WEB)
	KaffeWorkersEndpointWebExtension kaffeWorkersEndpointWebExtension(KaffeWorkersEndpoint endpoint,
			KaffeWorkersEndpointProperties properties) {
		return new KaffeWorkersEndpointWebExtension(endpoint, properties.getShowValues(), properties.getRoles());
	}

	@Bean
	@ConditionalOnWebApplication
	@ConditionalOnBean(KaffeWorkersEndpointWebExtension.class)
	UnprotectedEndpointWarning kaffeUnprotectedEndpointWarning(ObjectProvider<EndpointAccessResolver> accessResolver,
			ListableBeanFactory beans, Environment environment) {
		return new UnprotectedEndpointWarning("kaffeworkers", "operate consumers (stop, seek, skip, …)",
				access(accessResolver), beans, environment);
	}

}
