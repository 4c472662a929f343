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

import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.testcontainers.service.connection.ServiceConnection;
import org.springframework.context.annotation.Bean;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * Runs the sample with Kafka in a container where Docker is present, and with its
 * embedded broker where it is not.
 */
public final class TestSampleApplication {

	private TestSampleApplication() {
	}

	/**
	 * Run the service.
	 * @param args arguments of Spring Boot
	 */
	public static void main(String[] args) {
		SpringApplication.Augmented application = SpringApplication.from(SampleApplication::main);
		if (DockerClientFactory.instance().isDockerAvailable()) {
			application = application.with(KafkaContainerConfiguration.class);
		}
		application.run(args);
	}

	/**
	 * Kafka in a container.
	 */
	@TestConfiguration(proxyBeanMethods = false)
	public static class KafkaContainerConfiguration {

		/**
		 * Where the image comes from.
		 */
		static final DockerImageName IMAGE = DockerImageName.parse("apache/kafka-native:4.2.1");

		@Bean
		@ServiceConnection
		KafkaContainer kafkaContainer() {
			return new KafkaContainer(IMAGE);
		}

	}

}
