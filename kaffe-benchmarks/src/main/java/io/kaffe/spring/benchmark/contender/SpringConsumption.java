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

package io.kaffe.spring.benchmark.contender;

import java.util.LinkedHashMap;
import java.util.Map;

import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;

import io.kaffe.spring.benchmark.contender.Contender.Variant;

/**
 * A Spring Boot application with one listener, configured by properties as a user would.
 */
final class SpringConsumption implements Consumption {

	private final ConfigurableApplicationContext context;

	SpringConsumption(Contender contender, RoundSettings settings, RecordHandling handling) {
		this.context = new SpringApplicationBuilder(Application.class, listener(contender)).web(WebApplicationType.NONE)
			.properties(properties(contender, settings))
			.initializers((context) -> ((GenericApplicationContext) context).registerBean(RecordHandling.class,
					() -> handling))
			.run();
	}

	private static Class<?> listener(Contender contender) {
		if (contender.variant() == Variant.HANDLER) {
			return DeclaredHandler.class;
		}
		return switch (contender.variant()) {
			case TRANSACTIONAL -> SendingListener.class;
			case TRANSACTIONAL_BATCH -> SendingBatchListener.class;
			case UPDATE, UPDATE_ONCE -> BookingListener.class;
			case UPDATE_INBOX -> InboxListener.class;
			case UPDATE_BATCH, UPDATE_ONCE_BATCH -> BookingBatchListener.class;
			default -> (contender.kind() == Contender.Kind.SPRING_BATCH) ? BatchListener.class : RecordListener.class;
		};
	}

	static Map<String, Object> properties(Contender contender, RoundSettings settings) {
		Map<String, Object> properties = new LinkedHashMap<>();
		properties.put("contender.topic", settings.topic());
		properties.put("spring.main.banner-mode", "off");
		properties.put("spring.kafka.bootstrap-servers", settings.bootstrapServers());
		properties.put("spring.kafka.consumer.group-id", settings.group());
		properties.put("spring.kafka.consumer.auto-offset-reset", "earliest");
		properties.put("spring.kafka.consumer.value-deserializer",
				"org.apache.kafka.common.serialization.ByteArrayDeserializer");
		ClientProperties.special(settings)
			.forEach((name, value) -> properties.put("spring.kafka.consumer.properties[" + name + "]", value));
		if (contender.kind() == Contender.Kind.KAFFE) {
			properties.put("kaffe.consumers.contender.worker-allocation-strategy", contender.mode());
			if (contender.variant() == Variant.HANDLER) {
				properties.put("kaffe.consumers.contender.topics", settings.topic());
			}
			if (contender.lanes() == Lanes.CONCURRENCY) {
				properties.put("kaffe.consumers.contender.max-concurrency", settings.concurrency());
			}
		}
		else if (contender.lanes() == Lanes.PARTITIONS) {
			properties.put("spring.kafka.listener.concurrency", settings.ends().size());
		}
		if (contender.isVirtual()) {
			properties.put("spring.threads.virtual.enabled", true);
		}
		if (contender.kind() == Contender.Kind.KAFFE && !contender.hasActuator()) {
			// The peers do not tell loggers either.
			properties.put("kaffe.mdc", false);
		}
		if (contender.variant() == Variant.COMMIT_EVERY_SECOND) {
			properties.put("kaffe.consumers.contender.commit.interval", "1s");
		}
		if (contender.variant().isTransactional()) {
			properties.put("contender.results", settings.results());
			properties.put("spring.kafka.producer.transaction-id-prefix", settings.group());
			properties.put("spring.kafka.producer.value-serializer",
					"org.apache.kafka.common.serialization.ByteArraySerializer");
		}
		if (settings.database() != null) {
			properties.put("spring.datasource.url", settings.database());
			properties.put("spring.datasource.hikari.maximum-pool-size", settings.concurrency());
		}
		if (contender.variant().isOnce()) {
			properties.put("kaffe.consumers.contender.once", "jdbc");
			properties.put("kaffe.once.jdbc.initialize-schema", "always");
		}
		if (contender.variant() == Variant.OBSERVED) {
			// The registries are there because the actuator is on the class path.
			properties.put("spring.kafka.listener.observation-enabled", true);
		}
		return properties;
	}

	@Override
	public void close() {
		this.context.close();
	}

	/**
	 * An application with nothing but what its class path brings.
	 */
	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

	}

}
