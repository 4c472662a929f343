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

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.adapter.ReplyHeadersConfigurer;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.support.serializer.ToStringSerializer;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageHeaders;
import org.springframework.messaging.converter.AbstractMessageConverter;
import org.springframework.messaging.converter.SmartMessageConverter;
import org.springframework.messaging.handler.annotation.SendTo;
import org.springframework.util.MimeType;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what settings of a container factory, and those attributes of
 * {@link KafkaListener} that are about replies and converters, do when the listener has
 * workers.
 */
class FactorySettingsIntegrationTests {

	private static final ListenerApplication application = ListenerApplication.of(Service.class);

	@SuppressWarnings("NullAway.Init")
	private static ConfigurableApplicationContext context;

	@SuppressWarnings("NullAway.Init")
	private static Seen seen;

	@BeforeAll
	static void start() {
		List.of("replying", "whole", "split", "replies", "numbers", "named", "adapted", "discarding")
			.forEach((topic) -> application.topic(topic, 1));
		context = application.start("--kaffe.adopt=all", "--kaffe.commit.interval=50ms");
		seen = context.getBean(Seen.class);
	}

	@AfterAll
	static void stop() {
		application.close();
	}

	@Test
	void repliesHaveTheHeadersOfTheFactory() {
		ProducerRecord<String, String> request = new ProducerRecord<>(application.topic("replying"), 0, "key", "one");
		request.headers().add("request-number", bytes("7"));
		ListenerApplication.send(List.of(request));
		ConsumerRecord<String, String> reply = reply("re: one");
		assertThat(reply.headers().lastHeader("request-number").value()).as("correlation").isEqualTo(bytes("7"));
		assertThat(reply.headers().lastHeader("colour").value()).isEqualTo(bytes("red"));
	}

	@Test
	void repliesAreSplitIfTheAttributeSaysSo() {
		application.send("split", 0, 1, 2);
		reply("1a");
		reply("1b");
		application.send("whole", 0, 2, 3);
		reply("[2a, 2b]");
	}

	@Test
	void payloadIsConvertedByContentType() {
		ProducerRecord<String, String> number = new ProducerRecord<>(application.topic("numbers"), 0, "key", "42");
		number.headers().add(MessageHeaders.CONTENT_TYPE, bytes("text/number"));
		ListenerApplication.send(List.of(number));
		expect("number -42");
	}

	@Test
	void beanOfTheListenerHasTheNameOfTheAttribute() {
		application.send("named", 0, 3, 4);
		expect("named 3");
	}

	@Test
	void batchIsPassedOnRecordByRecord() {
		application.send("adapted", 0, 4, 6);
		expect("adapted 4", "adapted 5");
		await("both are committed").until(() -> Long.valueOf(2).equals(application.committed("adapted", 0)));
	}

	@Test
	void filteredRecordIsCompletedWhateverTheFactorySays() {
		application.send("discarding", 0, 6, 8);
		expect("discarding 6");
		await("both are committed").until(() -> Long.valueOf(2).equals(application.committed("discarding", 0)));
	}

	@Test
	void phaseIsThatOfTheFactory() {
		assertThat(ListenerApplication.container(context, "replying").getPhase()).isEqualTo(7);
	}

	private static ConsumerRecord<String, String> reply(String value) {
		await("the reply").until(() -> seen.replies.stream().anyMatch((reply) -> reply.value().equals(value)));
		return seen.replies.stream().filter((reply) -> reply.value().equals(value)).findFirst().orElseThrow();
	}

	private static void expect(String... notes) {
		await("the notes").untilAsserted(() -> assertThat(seen.notes).contains(notes));
		assertThat(seen.notes).allSatisfy((note) -> assertThat(note).doesNotContain("7"));
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	/**
	 * What the listeners and the factory have seen.
	 */
	static class Seen {

		final Collection<String> notes = new ConcurrentLinkedQueue<>();

		final Collection<ConsumerRecord<String, String>> replies = new ConcurrentLinkedQueue<>();

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ Seen.class, Factories.class })
	static class Service implements Supplier<String> {

		private final Seen seen;

		Service(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(id = "replying", topics = "replying-${test.id}", containerFactory = "settingsFactory")
		@SendTo("replies-${test.id}")
		String replying(String value) {
			return "re: " + value;
		}

		@KafkaListener(id = "split", topics = "split-${test.id}", containerFactory = "settingsFactory")
		@SendTo("replies-${test.id}")
		List<String> split(String value) {
			return List.of(value + "a", value + "b");
		}

		@KafkaListener(id = "whole", topics = "whole-${test.id}", containerFactory = "settingsFactory",
				splitIterables = false)
		@SendTo("replies-${test.id}")
		List<String> whole(String value) {
			return List.of(value + "a", value + "b");
		}

		@KafkaListener(id = "replies", topics = "replies-${test.id}")
		void reply(ConsumerRecord<String, String> reply) {
			this.seen.replies.add(reply);
		}

		@KafkaListener(id = "numbers", topics = "numbers-${test.id}", contentTypeConverter = "numbersConverter")
		void number(Integer number) {
			this.seen.notes.add("number " + number);
		}

		@KafkaListener(id = "named", topics = "#{__me.get()}-${test.id}", beanRef = "__me")
		void named(String value) {
			this.seen.notes.add("named " + value);
		}

		@Override
		public String get() {
			return "named";
		}

		@KafkaListener(id = "adapted", idIsGroup = false, topics = "adapted-${test.id}",
				containerFactory = "settingsFactory", batch = "true")
		void adapted(String value) {
			this.seen.notes.add("adapted " + value);
		}

		@KafkaListener(id = "discarding", idIsGroup = false, topics = "discarding-${test.id}",
				containerFactory = "settingsFactory", ackMode = "MANUAL")
		void discarding(String value, Acknowledgment acknowledgment) {
			this.seen.notes.add("discarding " + value);
			acknowledgment.acknowledge();
		}

	}

	/**
	 * Has a container factory with all its settings.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Factories {

		@Bean
		ConcurrentKafkaListenerContainerFactory<Object, Object> settingsFactory(
				ConsumerFactory<Object, Object> consumers, Seen seen) {
			ConcurrentKafkaListenerContainerFactory<Object, Object> factory = new ConcurrentKafkaListenerContainerFactory<>();
			factory.setConsumerFactory(consumers);
			factory.setPhase(7);
			factory.setCorrelationHeaderName("request-number");
			factory.setReplyHeadersConfigurer(new ReplyHeadersConfigurer() {

				@Override
				public boolean shouldCopy(String headerName, Object headerValue) {
					return false;
				}

				@Override
				public Map<String, Object> additionalHeaders() {
					return Map.of("colour", bytes("red"));
				}

			});
			factory.setReplyTemplate(new KafkaTemplate<>(new DefaultKafkaProducerFactory<>(
					Map.of("bootstrap.servers", consumers.getConfigurationProperties().get("bootstrap.servers")),
					new ToStringSerializer<>(), new ToStringSerializer<>())));
			factory.setAckDiscarded(false);
			factory.setRecordFilterStrategy((record) -> record.value().equals("7"));
			factory.setBatchToRecordAdapter((messages, records, acknowledgment, consumer, callback) -> {
				for (int index = 0; index < records.size(); index++) {
					callback.invoke(records.get(index), acknowledgment, consumer, messages.get(index));
				}
			});
			return factory;
		}

		@Bean
		SmartMessageConverter numbersConverter() {
			return new AbstractMessageConverter(MimeType.valueOf("text/number")) {

				@Override
				protected boolean supports(Class<?> type) {
					return type == Integer.class;
				}

				@Override
				protected Object convertFromInternal(Message<?> message, Class<?> type, @Nullable Object hint) {
					// Not what another converter would make of it.
					return -Integer.valueOf(message.getPayload().toString());
				}

			};
		}

	}

}
