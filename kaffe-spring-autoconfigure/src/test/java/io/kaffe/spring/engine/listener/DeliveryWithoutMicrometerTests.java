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

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;

import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that records are delivered though Micrometer is not on the class path, which is
 * optional for Spring Kafka.
 */
class DeliveryWithoutMicrometerTests {

	@Test
	void recordsAreDelivered() throws Exception {
		assertThat(Deliveries.deliver()).isEqualTo("timed: true, handled: [0]");
		try (URLClassLoader loader = new URLClassLoader(classPathWithoutMicrometer(),
				ClassLoader.getPlatformClassLoader())) {
			Method deliver = loader.loadClass(Deliveries.class.getName()).getDeclaredMethod("deliver");
			deliver.setAccessible(true);
			assertThat(deliver.invoke(null)).isEqualTo("timed: false, handled: [0]");
		}
	}

	private static URL[] classPathWithoutMicrometer() throws IOException {
		List<URL> urls = new ArrayList<>();
		for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
			if (!new File(entry).getName().startsWith("micrometer-core")) {
				urls.add(new File(entry).toURI().toURL());
			}
		}
		return urls.toArray(URL[]::new);
	}

	/**
	 * Delivers a record without a broker.
	 */
	static final class Deliveries {

		private Deliveries() {
		}

		/**
		 * Return whether deliveries are timed, and the offsets of the records that the
		 * listener was called with.
		 */
		static String deliver() {
			TopicPartition partition = new TopicPartition("orders", 0);
			KafkaMessageListenerContainer<Object, Object> container = new KafkaMessageListenerContainer<>(
					new DefaultKafkaConsumerFactory<>(Map.of()), new ContainerProperties("orders"));
			List<Long> handled = new ArrayList<>();
			ManualExecution execution = new ManualExecution();
			WorkerContainer adopted = ContainerFixtures.adopted(container, execution,
					(record) -> handled.add(record.offset()));
			MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest");
			consumer.assign(List.of(partition));
			consumer.updateBeginningOffsets(Map.of(partition, 0L));
			ConsumerSession session = adopted.session(consumer);
			session.assigned(List.of(partition));
			session.dispatch(new ConsumerRecords<>(
					Map.of(partition, List.of(new ConsumerRecord<>("orders", 0, 0, null, "value"))), Map.of()));
			execution.runAll();
			return "timed: " + new ContainerFacts(container).isTimed() + ", handled: " + handled;
		}

	}

}
