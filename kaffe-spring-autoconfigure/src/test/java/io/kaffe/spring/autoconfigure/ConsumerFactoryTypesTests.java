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

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;

import io.kaffe.spring.KaffeConsumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;

/**
 * Tests for listeners whose consumer factory is a mock or a proxy: they have workers, and
 * the factory is called as without.
 */
class ConsumerFactoryTypesTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest");

	private final DefaultKafkaConsumerFactory<Object, Object> factory = new DefaultKafkaConsumerFactory<>(Map.of()) {

		@Override
		protected Consumer<Object, Object> createRawConsumer(Map<String, Object> configuration) {
			return ConsumerFactoryTypesTests.this.consumer;
		}

	};

	ConsumerFactoryTypesTests() {
		this.consumer.updateBeginningOffsets(Map.of(PARTITION, 0L));
		this.consumer.updateEndOffsets(Map.of(PARTITION, 1L));
		this.consumer.schedulePollTask(() -> {
			this.consumer.rebalance(List.of(PARTITION));
			this.consumer.addRecord(new ConsumerRecord<>("orders", 0, 0, "key", "value"));
		});
	}

	@Test
	@SuppressWarnings("unchecked")
	void mockIsCalledAsWithoutWorkers() {
		ConsumerFactory<Object, Object> mock = mock(ConsumerFactory.class);
		given(mock.createConsumer(any(), any(), any(), any())).willReturn(this.consumer);
		handlesARecordWith(mock);
		Properties properties = new Properties();
		properties.setProperty(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
		verify(mock).createConsumer("orders", "", "-0", properties);
	}

	@Test
	void proxyOfTheInterfaceIsCalled() {
		ProxyFactory proxy = new ProxyFactory();
		proxy.setInterfaces(ConsumerFactory.class);
		proxy.setTarget(this.factory);
		handlesARecordWith((ConsumerFactory<?, ?>) proxy.getProxy());
	}

	@Test
	void proxyOfTheClassIsCalled() {
		ProxyFactory proxy = new ProxyFactory(this.factory);
		proxy.setProxyTargetClass(true);
		handlesARecordWith((ConsumerFactory<?, ?>) proxy.getProxy());
	}

	private void handlesARecordWith(ConsumerFactory<?, ?> factory) {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, KaffeAutoConfiguration.class))
			.withBean(ConsumerFactory.class, () -> factory)
			.withUserConfiguration(Listening.class)
			.withPropertyValues("kaffe.adopt=all", "kaffe.commit.interval=10ms")
			.run((context) -> {
				assertThat(context.getBean(KaffeConsumers.class).names()).containsExactly("orders");
				assertThat(context.getBean(Listening.class).handled).succeedsWithin(TIMEOUT).isEqualTo("value");
				await().atMost(TIMEOUT)
					.untilAsserted(() -> assertThat(this.consumer.committed(Set.of(PARTITION))).containsEntry(PARTITION,
							new OffsetAndMetadata(1)));
			});
	}

	/**
	 * Has a listener.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Listening {

		final CompletableFuture<Object> handled = new CompletableFuture<>();

		@KafkaListener(id = "orders", topics = "orders")
		void handle(ConsumerRecord<Object, Object> record) {
			this.handled.complete(record.value());
		}

	}

}
