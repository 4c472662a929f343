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

import org.apache.kafka.clients.admin.NewTopic;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.Bean;
import org.springframework.kafka.config.TopicBuilder;

/**
 * An order service. Books the records of {@code orders} and {@code refunds} to the
 * accounts of customers, with one worker for each partition number, so that the events of
 * each customer are booked in order.
 */
@SpringBootApplication(proxyBeanMethods = false)
@ConfigurationPropertiesScan
public class SampleApplication {

	@Bean
	NewTopic orders(SampleProperties properties) {
		return TopicBuilder.name(SampleProperties.ORDERS).partitions(properties.partitions()).build();
	}

	@Bean
	NewTopic refunds(SampleProperties properties) {
		return TopicBuilder.name(SampleProperties.REFUNDS).partitions(properties.partitions()).build();
	}

	/**
	 * Run the service.
	 * @param args arguments of Spring Boot, such as {@code --sample.finish-after=20000}
	 */
	public static void main(String[] args) {
		SpringApplication.run(SampleApplication.class, args);
	}

}
