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

package io.kaffe.spring.starter;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.support.serializer.JacksonJsonDeserializer;

import io.kaffe.spring.RecordHandler;
import io.kaffe.spring.WorkerManager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for services that have the starter: plain, on servlets and reactive, with JSON
 * and with a format of their own.
 */
class StarterIntegrationTests {

	private static final String SERVERS = System.getProperty("spring.kafka.bootstrap-servers");

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private final String topic = "orders-" + UUID.randomUUID();

	@BeforeEach
	void createTopic() throws Exception {
		try (Admin admin = Admin.create(Map.of("bootstrap.servers", SERVERS))) {
			admin.createTopics(List.of(new NewTopic(this.topic, 1, (short) 1))).all().get();
		}
	}

	@ParameterizedTest
	@EnumSource(WebApplicationType.class)
	void listenersAndHandlersAreGivenJsonInServicesOfEachKind(WebApplicationType type) {
		send("{\"number\": 1}".getBytes(StandardCharsets.UTF_8), "{\"number\": 2}".getBytes(StandardCharsets.UTF_8));
		try (ConfigurableApplicationContext context = start(type,
				"spring.kafka.consumer.value-deserializer=" + JacksonJsonDeserializer.class.getName(),
				"spring.kafka.consumer.properties.spring.json.value.default.type=" + Order.class.getName())) {
			Service service = context.getBean(Service.class);
			await("both have both").atMost(PATIENCE)
				.untilAsserted(() -> assertThat(service.orders).containsExactlyInAnyOrder("declared 1", "declared 2",
						"listening 1", "listening 2"));
			assertThat(service.threads).allMatch((thread) -> thread.startsWith("kaffe-"));
			assertThat(context.getBean(WorkerManager.class).table().consumers()).containsOnlyKeys("declared",
					"listening");
		}
	}

	@Test
	void deserializerOfTheServiceIsConfiguredWithTheConsumersProperties() {
		send(ByteBuffer.allocate(9).put((byte) 0).putInt(7).putInt(3).array());
		try (ConfigurableApplicationContext context = start(WebApplicationType.NONE, "test.listening=false",
				"kaffe.consumers.declared.properties.value.deserializer=" + SchemaDeserializer.class.getName(),
				"kaffe.consumers.declared.properties.schema.id=7")) {
			Service service = context.getBean(Service.class);
			await("it is handled").atMost(PATIENCE)
				.untilAsserted(() -> assertThat(service.orders).containsExactly("declared 3"));
		}
	}

	private ConfigurableApplicationContext start(WebApplicationType type, String... properties) {
		List<String> arguments = new ArrayList<>(
				List.of("--test.topic=" + this.topic, "--test.listening=true", "--server.port=0",
						"--spring.main.banner-mode=off", "--spring.kafka.consumer.auto-offset-reset=earliest",
						"--kaffe.consumers.listening=", "--kaffe.consumers.declared.topics=" + this.topic));
		for (String property : properties) {
			arguments.removeIf((argument) -> argument.startsWith("--" + property.substring(0, property.indexOf('='))));
			arguments.add("--" + property);
		}
		return new SpringApplicationBuilder(Service.class).web(type)
			.registerShutdownHook(false)
			.run(arguments.toArray(String[]::new));
	}

	private void send(byte[]... values) {
		try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(Map.of("bootstrap.servers", SERVERS),
				new StringSerializer(), new ByteArraySerializer())) {
			for (byte[] value : values) {
				producer.send(new ProducerRecord<>(this.topic, "key", value));
			}
		}
	}

	/**
	 * A service under test, with a listener and a handler.
	 */
	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Service {

		private final Queue<String> orders = new ConcurrentLinkedQueue<>();

		private final Queue<String> threads = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "listening", topics = "${test.topic}", autoStartup = "${test.listening}")
		void listen(Order order) {
			handled("listening", order);
		}

		@Bean
		RecordHandler<String, Order> handler() {
			return (ConsumerRecord<String, Order> record) -> handled("declared", record.value());
		}

		private void handled(String by, Order order) {
			this.threads.add(Thread.currentThread().getName());
			this.orders.add(by + " " + order.number());
		}

	}

	/**
	 * What is sent.
	 */
	record Order(int number) {

	}

	/**
	 * Reads a format as registries of schemas have it: a zero, the schema's id, the data.
	 */
	public static final class SchemaDeserializer implements Deserializer<Order> {

		private int schema;

		@Override
		public void configure(Map<String, ?> configs, boolean isKey) {
			this.schema = Integer.parseInt(String.valueOf(Objects.requireNonNull(configs.get("schema.id"))));
		}

		@Override
		public Order deserialize(String topic, byte[] data) {
			ByteBuffer buffer = ByteBuffer.wrap(data);
			if (buffer.get() != 0 || buffer.getInt() != this.schema) {
				throw new IllegalArgumentException("Not of schema " + this.schema);
			}
			return new Order(buffer.getInt());
		}

	}

}
