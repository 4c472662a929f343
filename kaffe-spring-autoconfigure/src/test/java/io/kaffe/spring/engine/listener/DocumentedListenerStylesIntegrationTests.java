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

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.annotation.AliasFor;
import org.springframework.kafka.annotation.KafkaHandler;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.KafkaListenerConfigurer;
import org.springframework.kafka.annotation.KafkaListeners;
import org.springframework.kafka.annotation.PartitionOffset;
import org.springframework.kafka.annotation.TopicPartition;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.config.ContainerPostProcessor;
import org.springframework.kafka.config.KafkaListenerEndpointRegistrar;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.AcknowledgingConsumerAwareMessageListener;
import org.springframework.kafka.listener.AcknowledgingMessageListener;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ConsumerAwareMessageListener;
import org.springframework.kafka.listener.ContainerGroup;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ContainerProperties.AckMode;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.GenericMessageListener;
import org.springframework.kafka.listener.KafkaListenerErrorHandler;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.adapter.ConsumerRecordMetadata;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.KafkaUtils;
import org.springframework.kafka.support.converter.StringJacksonJsonMessageConverter;
import org.springframework.kafka.support.mapping.JacksonJavaTypeMapper.TypePrecedence;
import org.springframework.messaging.Message;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.Headers;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.messaging.handler.annotation.SendTo;
import org.springframework.messaging.handler.invocation.MethodArgumentResolutionException;
import org.springframework.messaging.support.MessageBuilder;
import org.springframework.util.backoff.FixedBackOff;
import org.springframework.validation.Errors;
import org.springframework.validation.Validator;
import org.springframework.validation.annotation.Validated;
import reactor.core.publisher.Mono;

import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.table.PartitionSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the styles in which Spring Kafka's reference manual has listeners written:
 * one service that has them all and sets {@code kaffe.adopt} to {@code all}.
 * <p>
 * Each listener is named like its topic. What it says is noted, and that it was on a
 * worker.
 */
class DocumentedListenerStylesIntegrationTests {

	private static final ListenerApplication application = ListenerApplication.of(Service.class);

	@SuppressWarnings("NullAway.Init")
	private static ConfigurableApplicationContext context;

	@SuppressWarnings("NullAway.Init")
	private static Notes notes;

	@BeforeAll
	static void start() {
		for (String topic : List.of("payload", "headers", "record", "nullable", "metadata", "message", "manual",
				"immediate", "nacking", "single", "replies", "replying", "replying-later", "replying-mono",
				"replying-many", "answering", "answers", "handlers", "handlers-later", "json", "validated",
				"recovering", "retrying", "filtered", "processed", "pattern-one", "grouped", "informed", "tuned",
				"started", "both-a", "both-b", "twice-a", "twice-b", "annotated", "reference", "simple",
				"acknowledging", "aware", "all")) {
			application.topic(topic, 1);
		}
		application.topic("concurrent", 2).topic("assigned", 2);
		application.send("assigned", 0, 0, 3);
		application.send("assigned", 1, 10, 13);
		context = application.start("--kaffe.adopt=all", "--kaffe.commit.interval=100ms",
				"--kaffe.failure.backoff.initial-interval=10ms", "--kaffe.failure.max-attempts=2",
				"--kaffe.consumers.answers.enabled=false", "--note.prefix=noted");
		notes = context.getBean(Notes.class);
	}

	@AfterAll
	static void stop() {
		application.close();
	}

	@Test
	void everyListenerButTheOneThatIsLeftOutHasWorkers() {
		assertThat(context.getBean(DefaultWorkerManager.class).table().consumers().keySet()).hasSizeGreaterThan(30)
			.contains("payload", "both", "twice-a", "twice-b", "simple", "all")
			.doesNotContain("answers");
	}

	@Test
	void payload() {
		send("payload", "one", "two");
		expect("payload", "one", "two");
	}

	@Test
	void headers() {
		send(new ProducerRecord<>(application.topic("headers"), 0, "key", "one"), "colour", "red");
		expect("headers", "one key " + application.topic("headers") + "-0@0 red red");
	}

	@Test
	void consumerRecord() {
		send("record", "one");
		expect("record", "one @0");
	}

	@Test
	void recordsWithoutValue() {
		send(new ProducerRecord<>(application.topic("nullable"), 0, "key", null), "colour", "red");
		expect("nullable", "null of key");
	}

	@Test
	void recordMetadata() {
		send("metadata", "one");
		expect("metadata", "one at " + application.topic("metadata") + "-0@0");
	}

	@Test
	void messageWithItsHeaders() {
		send("message", "one");
		expect("message", "one 0");
	}

	@Test
	void acknowledgmentFromAnotherThread() {
		send("manual", "one", "two");
		expect("manual", "one", "two");
		send("immediate", "one", "two");
		expect("immediate", "one", "two");
	}

	@Test
	void nackedRecordIsDeliveredAgain() {
		send("nacking", "one", "two");
		expect("nacking", "one", "one", "two");
	}

	@Test
	void acknowledgedByTheContainerOneByOne() {
		send("single", "one", "two");
		expect("single", "one", "two");
	}

	@Test
	void repliesAreSent() {
		send("replying", "one");
		committed("replying", 0, 1);
		send("replying-later", "two");
		committed("replying-later", 0, 1);
		send("replying-mono", "three");
		committed("replying-mono", 0, 1);
		send("replying-many", "four");
		expect("replies", "re: one", "later: two", "mono: three", "four", "four again");
	}

	@Test
	void requestsAreAnswered() throws Exception {
		@SuppressWarnings("unchecked")
		ReplyingKafkaTemplate<String, String, String> template = context.getBean(ReplyingKafkaTemplate.class);
		assertThat(template.waitForAssignment(Duration.ofSeconds(30))).isTrue();
		ConsumerRecord<String, String> answer = template
			.sendAndReceive(new ProducerRecord<>(application.topic("answering"), "one"), Duration.ofSeconds(30))
			.get(30, TimeUnit.SECONDS);
		assertThat(answer.value()).isEqualTo("ONE");
		expect("answering", "one");
	}

	@Test
	void handlersOfAClassByPayloadType() {
		sendTyped("handlers", Order.class, "{\"id\":7}");
		sendTyped("handlers", Refund.class, "{\"reason\":\"late\"}");
		sendTyped("handlers", String.class, "\"else\"");
		expect("handlers", "order 7", "refund late", "default else");
	}

	@Test
	void asynchronousHandlersOfAClass() {
		send("handlers-later", "one", "two");
		expect("handlers-later", "one", "two");
	}

	@Test
	void payloadIsConverted() {
		send("json", "{\"id\":7}");
		expect("json", "order 7");
	}

	@Test
	void payloadIsValidated() {
		send("validated", "{\"id\":7}", "{\"id\":-1}", "{\"id\":8}");
		expect("validated", "order 7", "invalid", "order 8");
	}

	@Test
	void errorHandlerOfTheListenerRepliesInstead() {
		send("recovering", "one", "fails");
		expect("recovering", "one", "recovered fails");
	}

	@Test
	void errorHandlerOfTheContainerIsNotAsked() {
		send("retrying", "one");
		expect("retrying", "one fails", "one");
	}

	@Test
	void recordsAreFiltered() {
		send("filtered", "one", "not", "two");
		expect("filtered", "one", "two");
		committed("filtered", 0, 3);
	}

	@Test
	void containerIsPostProcessed() {
		send("processed", "one");
		expect("processed", "one");
		assertThat(ListenerApplication.container(context, "processed").getContainerProperties().getClientId())
			.isEqualTo("post-processed");
	}

	@Test
	void concurrency() {
		send(new ProducerRecord<>(application.topic("concurrent"), 0, "key", "one"), "colour", "red");
		send(new ProducerRecord<>(application.topic("concurrent"), 1, "key", "two"), "colour", "red");
		await("both are handled")
			.untilAsserted(() -> assertThat(notes.of("concurrent")).containsExactlyInAnyOrder("one", "two"));
		committed("concurrent", 0, 1);
		committed("concurrent", 1, 1);
		assertThat(ListenerApplication.container(context, "concurrent")).isInstanceOfSatisfying(
				ConcurrentMessageListenerContainer.class,
				(container) -> assertThat(container.getContainers()).hasSize(2));
	}

	@Test
	void partitionsAreAssignedByTheListener() {
		await("the requested ones are handled")
			.untilAsserted(() -> assertThat(notes.of("assigned")).containsExactlyInAnyOrder("0", "1", "2", "12"));
		committed("assigned", 0, 3);
		committed("assigned", 1, 3);
	}

	@Test
	void topicPattern() {
		send("pattern-one", "one");
		expect("pattern", "pattern-one", 0, "one");
	}

	@Test
	void groupOfTheListener() {
		send("grouped", "one");
		expect("grouped", "one in grouped-" + application.group());
	}

	@Test
	void infoAboutTheListener() {
		send("informed", "one");
		expect("informed", "one for information");
	}

	@Test
	void clientIdAndPropertiesOfTheListener() {
		send("tuned", "one");
		expect("tuned", "one");
		AbstractMessageListenerContainer<?, ?> container = ListenerApplication.container(context, "tuned");
		assertThat(container.metrics().keySet()).singleElement().asString().startsWith("tuned-client");
		assertThat(new ContainerFacts(container).maxPollInterval()).isEqualTo(Duration.ofSeconds(61));
	}

	@Test
	void listenerThatIsStartedLater() {
		send("started", "one");
		assertThat(ListenerApplication.container(context, "started").isRunning()).isFalse();
		assertThat(notes.of("started")).isEmpty();
		ListenerApplication.container(context, "started").start();
		expect("started", "one");
	}

	@Test
	void severalTopicsOfAListener() {
		send("both-a", "one");
		expect("both", "both-a", 0, "one");
		send("both-b", "two");
		expect("both", "both-b", 0, "one", "two");
	}

	@Test
	void severalListenersOfAMethod() {
		send("twice-a", "one");
		expect("twice-a", "one");
		send("twice-b", "two");
		expect("twice-b", "two");
	}

	@Test
	void annotationOfTheApplication() {
		send("annotated", "one");
		expect("annotated", "one");
	}

	@Test
	void propertiesOfTheBeanInExpressions() {
		send("reference", "one");
		expect("reference", "noted one");
	}

	@Test
	void listenersOfContainersThatAreBeans() {
		send("simple", "one");
		expect("simple", "one");
		send("acknowledging", "one");
		expect("acknowledging", "one");
		send("aware", "one");
		expect("aware", "one with guarded consumer of 'aware'");
		send("all", "one");
		expect("all", "one with guarded consumer of 'all'");
	}

	@Test
	void containersOfAGroup() {
		assertThat(context.getBean("documented.group", ContainerGroup.class).getListenerIds()).contains("grouped");
		assertThat(ListenerApplication.container(context, "grouped").isRunning()).isTrue();
	}

	private static void send(String topic, String... values) {
		for (String value : values) {
			send(new ProducerRecord<>(application.topic(topic), 0, "key", value), "colour", "red");
		}
	}

	private static void sendTyped(String topic, Class<?> type, String json) {
		send(new ProducerRecord<>(application.topic(topic), 0, "key", json), "__TypeId__", type.getName());
	}

	@SuppressWarnings("unchecked")
	private static void send(ProducerRecord<String, @Nullable String> record, String header, String value) {
		record.headers().add(header, value.getBytes(StandardCharsets.UTF_8));
		context.getBean("kafkaTemplate", KafkaTemplate.class).send(record).join();
	}

	private static void expect(String listener, String... said) {
		expect(listener, listener, 0, said);
	}

	/**
	 * Wait for what a listener says, all of it on workers, and for the commit.
	 */
	private static void expect(String listener, String topic, int partition, String... said) {
		await(listener).untilAsserted(() -> assertThat(notes.of(listener)).containsExactly(said));
		assertThat(notes.threads(listener)).allMatch((thread) -> thread.startsWith("kaffe-"));
		await("commit of " + listener).untilAsserted(() -> {
			PartitionSnapshot snapshot = application.partition(context, listener, topic, partition);
			assertThat(snapshot.offsets().committed()).isNotNull().isEqualTo(snapshot.offsets().nextFetch());
		});
	}

	private static void committed(String listener, int partition, long offset) {
		await("commit of " + listener)
			.untilAsserted(() -> assertThat(application.partition(context, listener, listener, partition))
				.extracting((snapshot) -> snapshot.offsets().committed())
				.isEqualTo(offset));
	}

	/**
	 * What listeners said, and on which threads.
	 */
	static class Notes {

		private final Map<String, Queue<String>> said = new ConcurrentHashMap<>();

		private final Map<String, Queue<String>> threads = new ConcurrentHashMap<>();

		void add(String listener, @Nullable Object said) {
			this.threads.computeIfAbsent(listener, (key) -> new ConcurrentLinkedQueue<>())
				.add(Thread.currentThread().getName());
			this.said.computeIfAbsent(listener, (key) -> new ConcurrentLinkedQueue<>()).add(String.valueOf(said));
		}

		Collection<String> of(String listener) {
			return this.said.getOrDefault(listener, new ConcurrentLinkedQueue<>());
		}

		Collection<String> threads(String listener) {
			return this.threads.getOrDefault(listener, new ConcurrentLinkedQueue<>());
		}

	}

	record Order(int id) {

	}

	record Refund(String reason) {

	}

	/**
	 * What an application may make of the annotation.
	 */
	@Target(ElementType.METHOD)
	@Retention(RetentionPolicy.RUNTIME)
	@KafkaListener
	@interface OrdersListener {

		@AliasFor(annotation = KafkaListener.class, attribute = "id")
		String id();

		@AliasFor(annotation = KafkaListener.class, attribute = "topics")
		String[] topics();

	}

	/**
	 * Parameters, and what methods return.
	 */
	static class Methods {

		private final Set<String> nacked = ConcurrentHashMap.newKeySet();

		private final Notes notes;

		Methods(Notes notes) {
			this.notes = notes;
		}

		@KafkaListener(id = "payload", topics = "payload-${test.id}")
		void payload(String value) {
			this.notes.add("payload", value);
		}

		@KafkaListener(id = "headers", topics = "headers-${test.id}")
		void headers(@Payload String value, @Header(KafkaHeaders.RECEIVED_KEY) String key,
				@Header(KafkaHeaders.RECEIVED_TOPIC) String topic,
				@Header(KafkaHeaders.RECEIVED_PARTITION) int partition, @Header(KafkaHeaders.OFFSET) long offset,
				@Header("colour") byte[] colour, @Headers Map<String, Object> all) {
			this.notes.add("headers",
					value + " " + key + " " + topic + "-" + partition + "@" + offset + " "
							+ new String(colour, StandardCharsets.UTF_8) + " "
							+ new String((byte[]) Objects.requireNonNull(all.get("colour")), StandardCharsets.UTF_8));
		}

		@KafkaListener(id = "record", topics = "record-${test.id}")
		void record(ConsumerRecord<String, String> record) {
			this.notes.add("record", record.value() + " @" + record.offset());
		}

		@KafkaListener(id = "nullable", topics = "nullable-${test.id}")
		void nullable(@Payload(required = false) @Nullable String value,
				@Header(KafkaHeaders.RECEIVED_KEY) String key) {
			this.notes.add("nullable", value + " of " + key);
		}

		@KafkaListener(id = "metadata", topics = "metadata-${test.id}")
		void metadata(String value, ConsumerRecordMetadata metadata) {
			this.notes.add("metadata",
					value + " at " + metadata.topic() + "-" + metadata.partition() + "@" + metadata.offset());
		}

		@KafkaListener(id = "message", topics = "message-${test.id}")
		void message(Message<String> message) {
			this.notes.add("message", message.getPayload() + " " + message.getHeaders().get(KafkaHeaders.OFFSET));
		}

		@KafkaListener(id = "manual", topics = "manual-${test.id}", ackMode = "MANUAL")
		void manual(String value, Acknowledgment acknowledgment) {
			this.notes.add("manual", value);
			CompletableFuture.runAsync(acknowledgment::acknowledge);
		}

		@KafkaListener(id = "immediate", topics = "immediate-${test.id}", ackMode = "MANUAL_IMMEDIATE")
		void immediate(String value, Acknowledgment acknowledgment) {
			this.notes.add("immediate", value);
			acknowledgment.acknowledge();
		}

		@KafkaListener(id = "nacking", topics = "nacking-${test.id}", ackMode = "MANUAL")
		void nacking(String value, Acknowledgment acknowledgment) {
			this.notes.add("nacking", value);
			if (this.nacked.add(value) && value.equals("one")) {
				acknowledgment.nack(Duration.ofMillis(100));
			}
			else {
				acknowledgment.acknowledge();
			}
		}

		@KafkaListener(id = "single", topics = "single-${test.id}", ackMode = "RECORD")
		void single(String value) {
			this.notes.add("single", value);
		}

		@KafkaListener(id = "replies", topics = "replies-${test.id}")
		void reply(String value) {
			this.notes.add("replies", value);
		}

		@KafkaListener(id = "replying", topics = "replying-${test.id}")
		@SendTo("replies-${test.id}")
		Message<String> replying(String value) {
			return MessageBuilder.withPayload("re: " + value).build();
		}

		@KafkaListener(id = "replying-later", topics = "replying-later-${test.id}")
		@SendTo("!{'replies-' + request.topic().substring(request.topic().lastIndexOf('-') + 1)}")
		CompletableFuture<String> replyingLater(String value) {
			return CompletableFuture.supplyAsync(() -> "later: " + value);
		}

		@KafkaListener(id = "replying-mono", topics = "replying-mono-${test.id}")
		@SendTo("#{environment.resolvePlaceholders('replies-${test.id}')}")
		Mono<String> replyingMono(String value) {
			return Mono.delay(Duration.ofMillis(10)).map((tick) -> "mono: " + value);
		}

		@KafkaListener(id = "replying-many", topics = "replying-many-${test.id}")
		@SendTo("replies-${test.id}")
		List<String> replyingMany(String value) {
			return List.of(value, value + " again");
		}

		@KafkaListener(id = "answering", topics = "answering-${test.id}")
		@SendTo
		String answer(String value) {
			this.notes.add("answering", value);
			return value.toUpperCase(Locale.ROOT);
		}

		@KafkaListener(id = "json", topics = "json-${test.id}", containerFactory = "convertingFactory")
		void json(Order order) {
			this.notes.add("json", "order " + order.id());
		}

		@KafkaListener(id = "validated", topics = "validated-${test.id}", containerFactory = "convertingFactory",
				errorHandler = "invalid")
		void validated(@Payload @Validated Order order) {
			this.notes.add("validated", "order " + order.id());
		}

		@KafkaListener(id = "retrying", topics = "retrying-${test.id}", containerFactory = "errorHandlingFactory")
		void retrying(String value, @Header(KafkaHeaders.DELIVERY_ATTEMPT) int attempt) {
			if (attempt == 1) {
				this.notes.add("retrying", value + " fails");
				throw new IllegalStateException("Failing on purpose");
			}
			this.notes.add("retrying", value);
		}

		@KafkaListener(id = "recovering", topics = "recovering-${test.id}", errorHandler = "recovering")
		void recovering(String value) {
			if (value.equals("fails")) {
				throw new IllegalStateException("Failing on purpose");
			}
			this.notes.add("recovering", value);
		}

	}

	/**
	 * Attributes of the annotation. Supplies the topic of one of its listeners.
	 */
	static class Attributes implements Supplier<String> {

		private final Notes notes;

		private final String prefix;

		Attributes(Notes notes, @Value("${note.prefix}") String prefix) {
			this.notes = notes;
			this.prefix = prefix;
		}

		@Override
		public String get() {
			return application.topic("reference");
		}

		@KafkaListener(id = "filtered", topics = "filtered-${test.id}", filter = "noNots")
		void filtered(String value) {
			this.notes.add("filtered", value);
		}

		@KafkaListener(id = "processed", topics = "processed-${test.id}", containerPostProcessor = "naming")
		void processed(String value) {
			this.notes.add("processed", value);
		}

		@KafkaListener(id = "concurrent", topics = "concurrent-${test.id}", concurrency = "2")
		void concurrent(String value) {
			this.notes.add("concurrent", value);
		}

		@KafkaListener(id = "assigned", topicPartitions = @TopicPartition(topic = "assigned-${test.id}",
				partitions = "0", partitionOffsets = @PartitionOffset(partition = "1", initialOffset = "2")))
		void assigned(String value) {
			this.notes.add("assigned", value);
		}

		@KafkaListener(id = "pattern", topicPattern = "pattern-.*-${test.id}")
		void pattern(String value) {
			this.notes.add("pattern", value);
		}

		@KafkaListener(id = "grouped", groupId = "grouped-${spring.kafka.consumer.group-id}",
				topics = "grouped-${test.id}", containerGroup = "documented")
		void grouped(String value) {
			this.notes.add("grouped", value + " in " + KafkaUtils.getConsumerGroupId());
		}

		@KafkaListener(id = "informed", topics = "informed-${test.id}", info = "information")
		void informed(String value, @Header(KafkaHeaders.LISTENER_INFO) String info) {
			this.notes.add("informed", value + " for " + info);
		}

		@KafkaListener(id = "tuned", topics = "tuned-${test.id}", clientIdPrefix = "tuned-client",
				properties = "max.poll.interval.ms:61000")
		void tuned(String value) {
			this.notes.add("tuned", value);
		}

		@KafkaListener(id = "started", topics = "started-${test.id}", autoStartup = "false")
		void started(String value) {
			this.notes.add("started", value);
		}

		@KafkaListener(id = "both", topics = { "both-a-${test.id}", "both-b-${test.id}" })
		void both(String value) {
			this.notes.add("both", value);
		}

		@KafkaListeners({ @KafkaListener(id = "twice-a", topics = "twice-a-${test.id}"),
				@KafkaListener(id = "twice-b", topics = "twice-b-${test.id}") })
		void twice(ConsumerRecord<String, String> record) {
			this.notes.add(record.topic().substring(0, "twice-a".length()), record.value());
		}

		@OrdersListener(id = "annotated", topics = "annotated-${test.id}")
		void annotated(String value) {
			this.notes.add("annotated", value);
		}

		@KafkaListener(id = "reference", topics = "#{__listener.get()}")
		void reference(String value) {
			this.notes.add("reference", this.prefix + " " + value);
		}

	}

	@KafkaListener(id = "handlers", topics = "handlers-${test.id}", containerFactory = "convertingFactory")
	static class Handlers {

		private final Notes notes;

		Handlers(Notes notes) {
			this.notes = notes;
		}

		@KafkaHandler
		void handle(Order order) {
			this.notes.add("handlers", "order " + order.id());
		}

		@KafkaHandler
		void handle(Refund refund) {
			this.notes.add("handlers", "refund " + refund.reason());
		}

		@KafkaHandler(isDefault = true)
		void handle(Object other) {
			this.notes.add("handlers", "default " + other);
		}

	}

	@KafkaListener(id = "handlers-later", topics = "handlers-later-${test.id}")
	static class LaterHandlers {

		private final Notes notes;

		LaterHandlers(Notes notes) {
			this.notes = notes;
		}

		@KafkaHandler
		CompletableFuture<Void> handle(String value) {
			this.notes.add("handlers-later", value);
			return CompletableFuture.runAsync(() -> {
			}, CompletableFuture.delayedExecutor(10, TimeUnit.MILLISECONDS));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ Notes.class, Methods.class, Attributes.class, Handlers.class, LaterHandlers.class, Containers.class })
	static class Service implements KafkaListenerConfigurer {

		@Override
		public void configureKafkaListeners(KafkaListenerEndpointRegistrar registrar) {
			registrar.setValidator(new Validator() {

				@Override
				public boolean supports(Class<?> type) {
					return type == Order.class;
				}

				@Override
				public void validate(Object target, Errors errors) {
					if (((Order) target).id() < 0) {
						errors.reject("negative");
					}
				}

			});
		}

		@Bean
		ConcurrentKafkaListenerContainerFactory<Object, Object> convertingFactory(
				ConsumerFactory<Object, Object> consumerFactory) {
			ConcurrentKafkaListenerContainerFactory<Object, Object> factory = new ConcurrentKafkaListenerContainerFactory<>();
			factory.setConsumerFactory(consumerFactory);
			StringJacksonJsonMessageConverter converter = new StringJacksonJsonMessageConverter();
			converter.getTypeMapper().addTrustedPackages("*");
			converter.getTypeMapper().setTypePrecedence(TypePrecedence.TYPE_ID);
			factory.setRecordMessageConverter(converter);
			return factory;
		}

		@Bean
		ConcurrentKafkaListenerContainerFactory<Object, Object> errorHandlingFactory(
				ConsumerFactory<Object, Object> consumerFactory, Notes notes) {
			ConcurrentKafkaListenerContainerFactory<Object, Object> factory = new ConcurrentKafkaListenerContainerFactory<>();
			factory.setConsumerFactory(consumerFactory);
			factory.setCommonErrorHandler(new DefaultErrorHandler(
					(record, failure) -> notes.add("retrying", "recovered"), new FixedBackOff(0, 0)));
			return factory;
		}

		@Bean
		KafkaListenerErrorHandler invalid(Notes notes) {
			return (message, failure) -> {
				assertThat(failure).hasCauseInstanceOf(MethodArgumentResolutionException.class);
				notes.add("validated", "invalid");
				return "";
			};
		}

		@Bean
		KafkaListenerErrorHandler recovering(Notes notes) {
			return new KafkaListenerErrorHandler() {

				@Override
				public Object handleError(Message<?> message, ListenerExecutionFailedException exception) {
					throw exception;
				}

				@Override
				public Object handleError(Message<?> message, ListenerExecutionFailedException exception,
						@Nullable Consumer<?, ?> consumer) {
					notes.add("recovering", "recovered " + message.getPayload());
					return "";
				}

			};
		}

		@Bean
		RecordFilterStrategy<Object, Object> noNots() {
			return (record) -> "not".equals(record.value());
		}

		@Bean
		ContainerPostProcessor<Object, Object, AbstractMessageListenerContainer<Object, Object>> naming() {
			return (container) -> container.getContainerProperties().setClientId("post-processed");
		}

	}

	/**
	 * Containers that are beans, with listeners of all kinds.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Containers {

		@Bean
		KafkaMessageListenerContainer<Object, Object> simple(ConsumerFactory<Object, Object> factory, Notes notes) {
			MessageListener<Object, Object> listener = (record) -> notes.add("simple", record.value());
			return new KafkaMessageListenerContainer<>(factory, properties("simple", listener));
		}

		@Bean
		ConcurrentMessageListenerContainer<Object, Object> acknowledging(ConsumerFactory<Object, Object> factory,
				Notes notes) {
			AcknowledgingMessageListener<Object, Object> listener = (record, acknowledgment) -> {
				notes.add("acknowledging", record.value());
				Objects.requireNonNull(acknowledgment).acknowledge();
			};
			ContainerProperties properties = properties("acknowledging", listener);
			properties.setAckMode(AckMode.MANUAL);
			return new ConcurrentMessageListenerContainer<>(factory, properties);
		}

		@Bean
		ConcurrentMessageListenerContainer<Object, Object> aware(ConsumerFactory<Object, Object> factory, Notes notes) {
			ConsumerAwareMessageListener<Object, Object> listener = (record, consumer) -> notes.add("aware",
					record.value() + " with " + consumer);
			return new ConcurrentMessageListenerContainer<>(factory, properties("aware", listener));
		}

		@Bean
		ConcurrentMessageListenerContainer<Object, Object> all(ConsumerFactory<Object, Object> factory, Notes notes) {
			AcknowledgingConsumerAwareMessageListener<Object, Object> listener = (record, acknowledgment, consumer) -> {
				notes.add("all", record.value() + " with " + consumer);
				Objects.requireNonNull(acknowledgment).acknowledge();
			};
			ContainerProperties properties = properties("all", listener);
			properties.setAckMode(AckMode.MANUAL_IMMEDIATE);
			return new ConcurrentMessageListenerContainer<>(factory, properties);
		}

		@Bean
		ConcurrentMessageListenerContainer<String, String> answers(ConsumerFactory<String, String> factory) {
			ContainerProperties properties = new ContainerProperties(application.topic("answers"));
			properties.setGroupId("answers");
			return new ConcurrentMessageListenerContainer<>(factory, properties);
		}

		@Bean
		ReplyingKafkaTemplate<String, String, String> requests(ProducerFactory<String, String> factory,
				ConcurrentMessageListenerContainer<String, String> answers) {
			return new ReplyingKafkaTemplate<>(factory, answers);
		}

		@Bean
		KafkaTemplate<?, ?> kafkaTemplate(ProducerFactory<Object, Object> factory) {
			return new KafkaTemplate<>(factory);
		}

		private static ContainerProperties properties(String name, GenericMessageListener<?> listener) {
			ContainerProperties properties = new ContainerProperties(application.topic(name));
			properties.setGroupId(name);
			properties.setMessageListener(listener);
			return properties;
		}

	}

}
