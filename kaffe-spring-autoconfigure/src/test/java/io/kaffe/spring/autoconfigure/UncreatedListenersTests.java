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
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.kafka.annotation.KafkaHandler;
import org.springframework.kafka.annotation.KafkaListener;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link UncreatedListeners}, in contexts without Spring Kafka.
 */
class UncreatedListenersTests {

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withPropertyValues("shop.listener=returns");

	@Test
	void listenersOfBeansThatAreNotCreatedAreFound() {
		this.contextRunner.withUserConfiguration(LazyMethods.class, LazyClass.class, EagerMethod.class)
			.run((context) -> {
				UncreatedListeners listeners = new UncreatedListeners(context.getBeanFactory());
				String methods = context.getBeanNamesForType(LazyMethods.class, true, false)[0];
				assertThat(listeners.beanOf("orders")).isEqualTo(methods);
				assertThat(listeners.beanOf("refunds")).isEqualTo(methods);
				assertThat(listeners.beanOf("returns")).isEqualTo(methods);
				assertThat(listeners.beanOf("sales")).isEqualTo(methods);
				assertThat(listeners.beanOf("payments"))
					.isEqualTo(context.getBeanNamesForType(LazyClass.class, true, false)[0]);
				assertThat(listeners.beanOf("shipments")).as("created").isNull();
				assertThat(listeners.beanOf("any")).isNull();
				context.getBean(LazyMethods.class);
				assertThat(listeners.beanOf("orders")).isNull();
			});
	}

	/**
	 * Has listeners.
	 */
	@Lazy
	@Configuration(proxyBeanMethods = false)
	static class LazyMethods {

		@KafkaListener(id = "orders", topics = "orders")
		@KafkaListener(id = "refunds", topics = "refunds")
		void handle(String value) {
		}

		@KafkaListener(id = "${shop.listener}", topics = "returns")
		void handleReturn(String value) {
		}

		@KafkaListener(id = "#{'sa' + 'les'}", topics = "sales")
		void handleSale(String value) {
		}

		@KafkaListener(id = "#{__listener.name}", topics = "others")
		@KafkaListener(id = "${shop.none}", topics = "others")
		@KafkaListener(topics = "others")
		void handleOther(String value) {
		}

	}

	/**
	 * Is a listener.
	 */
	@Lazy
	@Configuration(proxyBeanMethods = false)
	@KafkaListener(id = "payments", topics = "payments")
	static class LazyClass {

		@KafkaHandler
		void handle(String value) {
		}

	}

	/**
	 * Has a listener, and is created.
	 */
	@Configuration(proxyBeanMethods = false)
	static class EagerMethod {

		@KafkaListener(id = "shipments", topics = "shipments")
		void handle(String value) {
		}

	}

}
