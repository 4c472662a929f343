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

package io.kaffe.spring.sample;

import java.util.List;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.common.utils.Exit;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.NoneNestedConditions;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.kafka.autoconfigure.KafkaConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.kafka.test.EmbeddedKafkaBroker;
import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;
import org.springframework.util.StringUtils;

/**
 * A broker in this process, unless another one is configured. An auto-configuration, so
 * that its conditions see the beans of other configurations.
 */
@AutoConfiguration(before = KafkaAutoConfiguration.class)
@Conditional(EmbeddedKafkaAutoConfiguration.NoOtherBroker.class)
final class EmbeddedKafkaAutoConfiguration {

	private static final Log logger = LogFactory.getLog(EmbeddedKafkaAutoConfiguration.class);

	@Bean
	EmbeddedKafkaKraftBroker embeddedKafka() {
		// A shutdown hook of the JVM deletes its directory, which must not happen before
		// the broker has stopped.
		Exit.setShutdownHookAdder((name, hook) -> SpringApplication.getShutdownHandlers().add(hook));
		EmbeddedKafkaKraftBroker broker = new EmbeddedKafkaKraftBroker(1, 1);
		broker.brokerProperty("offsets.topic.num.partitions", "4");
		// Not a system property that others use.
		broker.brokerListProperty("sample.embedded-kafka.bootstrap-servers");
		return broker;
	}

	@Bean
	KafkaConnectionDetails embeddedKafkaConnectionDetails(EmbeddedKafkaBroker broker) {
		logger.info(
				"Other instances find the broker with --spring.kafka.bootstrap-servers=" + broker.getBrokersAsString());
		return () -> List.of(StringUtils.commaDelimitedListToStringArray(broker.getBrokersAsString()));
	}

	/**
	 * Whether neither a property nor a bean, such as that of a service connection,
	 * configures a broker.
	 */
	static class NoOtherBroker extends NoneNestedConditions {

		NoOtherBroker() {
			super(ConfigurationPhase.REGISTER_BEAN);
		}

		/**
		 * A property configures it.
		 */
		@ConditionalOnProperty("spring.kafka.bootstrap-servers")
		static class BrokerIsNamed {

		}

		/**
		 * A bean configures it.
		 */
		@ConditionalOnBean(KafkaConnectionDetails.class)
		static class BrokerIsConnected {

		}

	}

}
