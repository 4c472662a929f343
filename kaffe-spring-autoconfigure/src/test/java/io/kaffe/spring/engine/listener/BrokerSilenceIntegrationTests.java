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

import java.time.Duration;
import java.util.Map;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;

import io.kaffe.spring.actuate.KaffeHealthIndicator;
import io.kaffe.spring.support.BrokerProcess;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what is seen of a consumer whose broker is away while it has nothing to do.
 */
class BrokerSilenceIntegrationTests {

	@Test
	void idleConsumerIsDownWhileItsBrokerIsAwayAndItsLagIsUnknown() {
		try (BrokerProcess broker = BrokerProcess.start();
				ListenerApplication application = ListenerApplication.of(Handler.class)
					.with("spring.kafka.bootstrap-servers", broker.bootstrapServers())
					.with("kaffe.consumers.orders", "")
					.with("kaffe.commit.interval", "100ms")
					.with("kaffe.lag.interval", "1s")) {
			broker.createTopic(application.topic("orders"), 1);
			send(broker, application.topic("orders"));
			ConfigurableApplicationContext context = application.start();
			KaffeHealthIndicator health = context.getBean(KaffeHealthIndicator.class);
			await("all is handled and committed").untilAsserted(() -> {
				assertThat(table(context).counters().commits()).isPositive();
				assertThat(table(context).load().lag().records()).isZero();
			});
			broker.kill();
			await("it is noticed").atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
				assertThat(table(context).status().noAnswerSince()).isNotNull();
				assertThat(table(context).load().lag().records()).isNull();
			});
			await("it is down").atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
				assertThat(health.health().getStatus()).isEqualTo(Status.DOWN);
				assertThat(table(context).status().problems()).first()
					.extracting(ConsumerProblem::message)
					.asString()
					.startsWith("no answer: no broker has answered since ");
			});
			broker.restart();
			await("it is up").atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
				assertThat(health.health().getStatus()).isEqualTo(Status.UP);
				assertThat(table(context).status().noAnswerSince()).isNull();
				assertThat(table(context).load().lag().records()).isZero();
			});
		}
	}

	private static ConsumerSnapshot table(ConfigurableApplicationContext context) {
		return ListenerApplication.table(context, "orders");
	}

	private static void send(BrokerProcess broker, String topic) {
		try (KafkaProducer<String, String> producer = new KafkaProducer<>(
				Map.of("bootstrap.servers", broker.bootstrapServers()), new StringSerializer(),
				new StringSerializer())) {
			producer.send(new ProducerRecord<>(topic, 0, "key", "value"));
		}
	}

	/**
	 * Handles everything.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Handler {

		@KafkaListener(id = "orders", topics = "orders-${test.id}", idIsGroup = false)
		void handle(ConsumerRecord<String, String> record) {
		}

	}

}
