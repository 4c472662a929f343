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

package io.kaffe.spring.engine.listener;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.errors.TimeoutException;
import org.springframework.boot.kafka.autoconfigure.DefaultKafkaConsumerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;

/**
 * Lets commits fail, as long as the test requires.
 */
@Configuration(proxyBeanMethods = false)
class FailingCommits {

	final AtomicBoolean failing = new AtomicBoolean();

	final AtomicInteger failed = new AtomicInteger();

	@Bean
	DefaultKafkaConsumerFactoryCustomizer failingCommitsCustomizer() {
		return this::customize;
	}

	private <K, V> void customize(DefaultKafkaConsumerFactory<K, V> factory) {
		factory.addPostProcessor(this::wrap);
	}

	@SuppressWarnings({ "unchecked", "NullAway" })
	private <K, V> Consumer<K, V> wrap(Consumer<K, V> consumer) {
		return (Consumer<K, V>) Proxy.newProxyInstance(FailingCommits.class.getClassLoader(),
				new Class<?>[] { Consumer.class }, (proxy, method, arguments) -> {
					if (method.getName().equals("equals")) {
						return proxy == arguments[0];
					}
					if (method.getName().startsWith("commit") && !method.getName().equals("committed")
							&& this.failing.get()) {
						this.failed.incrementAndGet();
						throw new TimeoutException("No answer, on purpose");
					}
					try {
						return method.invoke(consumer, arguments);
					}
					catch (InvocationTargetException ex) {
						throw ex.getTargetException();
					}
				});
	}

}
