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

import java.util.Map;
import java.util.TreeSet;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.env.Environment;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;

/**
 * Warns about configured consumers when Kaffe is disabled.
 */
@AutoConfiguration(after = KafkaAutoConfiguration.class)
@ConditionalOnBean(KafkaListenerEndpointRegistry.class)
@ConditionalOnBooleanProperty(name = "kaffe.enabled", havingValue = false)
public final class KaffeDisabledAutoConfiguration implements EnvironmentAware {

	private static final Log logger = LogFactory.getLog(KaffeDisabledAutoConfiguration.class);

	KaffeDisabledAutoConfiguration() {
	}

	@Override
	public void setEnvironment(Environment environment) {
		TreeSet<String> consumers = Binder.get(environment)
			.bind("kaffe.consumers", Bindable.mapOf(String.class, Object.class))
			.map(Map::keySet)
			.map(TreeSet::new)
			.orElseGet(TreeSet::new);
		if (!consumers.isEmpty()) {
			logger.warn("'kaffe.enabled' is false: none of the consumers " + String.join(", ", consumers)
					+ " has workers. Their listeners run as without Kaffe, without their failure settings, and declared "
					+ "consumers are not created");
		}
	}

}
