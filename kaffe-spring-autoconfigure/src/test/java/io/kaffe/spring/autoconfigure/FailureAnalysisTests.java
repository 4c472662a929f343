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

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadPoolExecutor;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.SyncTaskExecutor;
import org.springframework.core.task.TaskExecutor;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.RetryableTopic;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

import io.kaffe.spring.RecordHandler;
import io.kaffe.spring.worker.WorkerAllocationStrategy;
import io.kaffe.spring.worker.WorkerManager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * Tests for what users read when an application does not start because of Kaffe.
 */
@ExtendWith(OutputCaptureExtension.class)
class FailureAnalysisTests {

	private static final String HEADING = "APPLICATION FAILED TO START";

	private static final String ORDERS = "--kaffe.consumers.orders=";

	private static final String DECLARED = "--kaffe.consumers.orders.topics=orders";

	private final CapturedOutput output;

	FailureAnalysisTests(CapturedOutput output) {
		this.output = output;
	}

	@Test
	void applicationStartsWhenNothingContradicts() {
		try (ConfigurableApplicationContext context = start(Listening.class, ORDERS)) {
			assertThat(context.getBean(WorkerManager.class).table("orders")).isNotNull();
		}
		assertThat(this.output).doesNotContain(HEADING);
	}

	@Test
	void unknownStrategyIsExplainedWithItsOriginAndAllChoices(@TempDir Path directory) throws IOException {
		Path file = directory.resolve("application.properties");
		Files.writeString(file, "\nkaffe.consumers.orders.worker-allocation-strategy=worker-per-planet\n");
		assertThat(failure(ListeningWithStrategies.class, "--spring.config.location=" + file.toUri()))
			.contains("Invalid value 'worker-per-planet' for configuration property "
					+ "'kaffe.consumers.orders.worker-allocation-strategy'")
			.contains("application.properties")
			.contains("2:51")
			.contains("There is no worker allocation strategy of that name")
			.contains("Valid are: worker-per-topic-partition, worker-per-partition, worker-per-key, "
					+ "worker-per-record, byCountry, oneForAll");
	}

	@Test
	void unknownStrategyForAllIsExplainedByThePropertyItIsSetWith() {
		assertThat(failure(Listening.class, ORDERS, "--kaffe.worker-allocation-strategy=worker-per-planet"))
			.contains("Invalid value 'worker-per-planet' for configuration property "
					+ "'kaffe.worker-allocation-strategy'")
			.contains("Valid are: worker-per-topic-partition, worker-per-partition, worker-per-key, "
					+ "worker-per-record, or the name of a " + "WorkerAllocationStrategy bean");
	}

	@Test
	void consumerThatNamesNoListenerIsExplainedWithTheListenersThereAre() {
		assertThat(failure(Listening.class, "--kaffe.consumers.order="))
			.contains("'kaffe.consumers.order' names no listener: there is no @KafkaListener with id = \"order\"")
			.contains("Name one of the listeners there are: orders, refunds");
	}

	@Test
	void consumerThatNamesNoListenerIsExplainedWhenThereAreNone() {
		assertThat(failure(Nothing.class, ORDERS)).contains("'kaffe.consumers.orders' names no listener")
			.contains("Add a @KafkaListener(id = \"orders\"");
	}

	@Test
	void listenerIdWithDotsIsFoundInBrackets() {
		start(ListeningWithOddId.class, "--kaffe.consumers.[shop.orders_v2]=").close();
		assertThat(failure(ListeningWithOddId.class, "--kaffe.consumers.[shop.orders_v2].drain-timeout=-1500ms"))
			.contains("Invalid value '-1500ms' for configuration property "
					+ "'kaffe.consumers.shop.orders_v2.drain-timeout'");
	}

	@ParameterizedTest
	@ValueSource(strings = { "kaffe.consumers.orders.drain-timout", "kaffe.drain-timout",
			"kaffe.consumers.shop.orders.drain-timeout" })
	void unknownPropertyIsExplainedBySpringBoot(String property) {
		assertThat(failure(Listening.class, "--" + property + "=5s")).contains("Property: " + property)
			.contains("Value: \"5s\"")
			.contains("The elements [" + property + "] were left unbound");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					sync    | org.springframework.core.task.SyncTaskExecutor        | runs tasks in the thread that submits them.
					limited | org.springframework.core.task.SimpleAsyncTaskExecutor | has a concurrency limit, at which it blocks.
					discard | org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor | discards tasks when it is full.
					""")
	void executorThatDoesNotFitIsExplained(String kind, String type, String reason) {
		assertThat(failure(WithExecutor.class, "--test.executor=" + kind))
			.contains("The executor of workers, bean 'kaffeTaskExecutor' of type " + type + ", " + reason)
			.contains("such as ThreadPoolTaskExecutor or SimpleAsyncTaskExecutor");
	}

	@Test
	void autoCommitIsExplained() {
		assertThat(failure(Listening.class, ORDERS, "--spring.kafka.consumer.enable-auto-commit=true"))
			.contains("Listener container 'orders' cannot be given Kaffe workers")
			.contains("auto-commit switched on, which commits records that are not handled")
			.contains("'spring.kafka.consumer.enable-auto-commit'");
	}

	@Test
	void autoCommitOfOneListenerIsExplained() {
		assertThat(failure(ListeningWithAutoCommit.class, ORDERS))
			.contains("Listener container 'orders' cannot be given Kaffe workers")
			.contains("auto-commit switched on");
	}

	@ParameterizedTest
	@ValueSource(strings = { "RECORD", "TIME", "COUNT", "COUNT_TIME" })
	void ackModeIsExplained(String ackMode) {
		assertThat(failure(Listening.class, ORDERS, "--spring.kafka.listener.ack-mode=" + ackMode,
				"--spring.kafka.listener.ack-count=1", "--spring.kafka.listener.ack-time=1s"))
			.contains("Listener container 'orders' cannot be given Kaffe workers")
			.contains("its AckMode is " + ackMode + ", which makes the container commit")
			.contains("Leave 'spring.kafka.listener.ack-mode' out (BATCH)")
			.contains("'kaffe.consumers.orders.commit.interval'")
			.contains("MANUAL or MANUAL_IMMEDIATE");
	}

	@ParameterizedTest
	@ValueSource(strings = { "BATCH", "MANUAL", "MANUAL_IMMEDIATE" })
	void applicationStartsWithOtherAckModes(String ackMode) {
		start(Listening.class, ORDERS, "--spring.kafka.listener.ack-mode=" + ackMode).close();
		assertThat(this.output).doesNotContain(HEADING);
	}

	@Test
	void transactionManagerIsExplained() {
		assertThat(failure(Listening.class, ORDERS, "--spring.kafka.producer.transaction-id-prefix=tx-"))
			.contains("Listener container 'orders' cannot be given Kaffe workers")
			.contains("it has a Kafka transaction manager")
			.contains("containerFactory = \"kaffeListenerContainerFactory\"")
			.contains("'spring.kafka.producer.transaction-id-prefix'");
	}

	@Test
	void applicationWithTransactionManagerStartsWithKaffesContainerFactory() {
		try (ConfigurableApplicationContext context = start(ListeningByFactory.class, ORDERS,
				"--spring.kafka.producer.transaction-id-prefix=tx-")) {
			assertThat(context.getBean(WorkerManager.class).table("orders")).isNotNull();
		}
		assertThat(this.output).doesNotContain(HEADING);
	}

	@Test
	void retryableTopicIsExplained() {
		assertThat(failure(RetryableListening.class, ORDERS))
			.contains("Listener container 'orders' cannot be given Kaffe workers")
			.contains("its listener is annotated with @RetryableTopic")
			.contains("Remove @RetryableTopic");
	}

	@Test
	void retryableTopicWithKaffesContainerFactoryIsExplained() {
		assertThat(failure(RetryableListeningByFactory.class))
			.contains("Listener container 'orders' cannot be given Kaffe workers")
			.contains("its listener is annotated with @RetryableTopic")
			.contains("Remove @RetryableTopic")
			.contains("containerFactory");
	}

	@Test
	void drainTimeoutThatIsNotBelowMaxPollIntervalIsExplained() {
		assertThat(failure(Listening.class, "--kaffe.consumers.orders.drain-timeout=5m"))
			.contains("Invalid value '5m' for configuration property 'kaffe.consumers.orders.drain-timeout'")
			.contains("Must be below max.poll.interval.ms, which is 300000 for this consumer");
	}

	@Test
	void drainTimeoutForAllThatIsNotBelowMaxPollIntervalIsExplained() {
		assertThat(failure(Listening.class, ORDERS, "--kaffe.drain-timeout=7s",
				"--spring.kafka.consumer.properties.max.poll.interval.ms=7000"))
			.contains("Invalid value '7s' for configuration property 'kaffe.drain-timeout'")
			.contains("Must be below max.poll.interval.ms, which is 7000 for this consumer");
	}

	@Test
	void defaultDrainTimeoutThatIsNotBelowMaxPollIntervalIsExplained() {
		assertThat(failure(Listening.class, ORDERS, "--spring.kafka.consumer.properties.max.poll.interval.ms=15000"))
			.contains("The default of 'kaffe.consumers.orders.drain-timeout', 20s, does not fit the listener "
					+ "container 'orders'")
			.contains("Must be below max.poll.interval.ms, which is 15000 for this consumer")
			.contains("Set 'kaffe.consumers.orders.drain-timeout' to a value that fits");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			max-concurrency                  | 0    | Must be 1 or more records at once.
			max-concurrency                  | -1   | Must be 1 or more records at once.
			buffer.max-records               | 0    | Must be 1 or more records.
			buffer.max-records               | -1   | Must be 1 or more records.
			commit.interval                  | 0    | Must be 1 ms or more.
			commit.interval                  | -1s  | Must be 1 ms or more.
			drain-timeout                    | 0s   | Must be 1 ms or more.
			drain-timeout                    | -5s  | Must be 1 ms or more.
			failure.max-attempts             | -1   | Must be 0, which means without limit, or more.
			failure.max-parked               | 0    | Must be 1 record or more.
			stall-threshold                  | 0s   | Must be 1 ms or more.
			stall-interrupt-threshold        | 4m   | Must not be below the stall threshold, which is 300000 ms.
			supervision.max-restarts         | -1   | Must be 0, which means none, or more.
			supervision.window               | 0s   | Must be 1 ms or more.
			failure.backoff.initial-interval | 0ms  | Must be 1 ms or more.
			failure.backoff.initial-interval | -1ms | Must be 1 ms or more.
			failure.backoff.initial-interval | 999us | Must be 1 ms or more.
			failure.backoff.multiplier       | 0.9  | Must be 1 or more; 1 keeps the wait the same.
			failure.backoff.multiplier       | NaN  | Must be 1 or more; 1 keeps the wait the same.
			failure.backoff.max-interval     | 99ms | Must not be below the initial interval, which is 100 ms.
			failure.backoff.jitter           | -0.1 | Must be from 0 to 1, a share of each wait.
			failure.backoff.jitter           | 1.1  | Must be from 0 to 1, a share of each wait.
			""")
	void valueThatMakesNoSenseIsExplained(String property, String value, String reason) {
		String own = "kaffe.consumers.orders." + property;
		assertThat(failure(Listening.class, "--" + own + "=" + value))
			.contains("Invalid value '" + value + "' for configuration property '" + own + "'")
			.contains(reason);
		String common = "kaffe." + property;
		assertThat(failure(Listening.class, ORDERS, "--" + common + "=" + value))
			.contains("Invalid value '" + value + "' for configuration property '" + common + "'")
			.contains(reason);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			java.io.NoException    | There is no class java.io.NoException on the class path.
			java.util.Map.Entry.No | There is no class java.util.Map.Entry.No on the class path.
			IOException            | Write its full name, with $ before the name of a nested class.
			java.lang.String       | java.lang.String is not an exception type.
			""")
	void exceptionTypeThatDoesNotExistIsExplained(String type, String reason) {
		assertThat(
				failure(Listening.class, "--kaffe.consumers.orders.failure.not-retryable=java.io.IOException," + type))
			.contains("for configuration property 'kaffe.consumers.orders.failure.not-retryable'")
			.contains(reason);
		assertThat(failure(Listening.class, ORDERS, "--kaffe.failure.then-for[" + type + "]=skip"))
			.contains("for configuration property 'kaffe.failure.then-for'")
			.contains(reason);
	}

	@Test
	void unknownFailureActionIsExplainedBySpringBoot() {
		assertThat(failure(Listening.class, "--kaffe.consumers.orders.failure.then=explode"))
			.contains("kaffe.consumers.orders.failure.then")
			.contains("Value: \"explode\"")
			.contains("DEAD_LETTER")
			.contains("PARK");
	}

	@Test
	void initialIntervalAboveTheDefaultMaxIntervalIsExplained() {
		assertThat(failure(Listening.class, "--kaffe.consumers.orders.failure.backoff.initial-interval=1m"))
			.contains("The default of 'kaffe.consumers.orders.failure.backoff.max-interval', 30s, does not fit")
			.contains("Must not be below the initial interval, which is 60000 ms.");
	}

	@Test
	void valueOfAnotherTypeIsExplainedBySpringBoot() {
		assertThat(failure(Listening.class, "--kaffe.consumers.orders.buffer.max-records=many"))
			.contains("kaffe.consumers.orders.buffer.max-records")
			.contains("Value: \"many\"")
			.contains("Origin: \"kaffe.consumers.orders.buffer.max-records\" from property source")
			.contains("java.lang.Integer");
	}

	@Test
	void valueInPlaceOfSettingsIsExplained() {
		assertThat(failure(Listening.class, "--kaffe.consumers.orders=worker-per-partition"))
			.contains("kaffe.consumers.orders")
			.contains("worker-per-partition")
			.contains("Expected settings such as 'worker-allocation-strategy' below the consumer's name, or nothing");
	}

	@Test
	void asynchronousBatchListenerIsExplained() {
		assertThat(failure(AsynchronousBatchListening.class, ORDERS))
			.contains("Listener container 'orders' cannot be given Kaffe workers")
			.contains("its listener takes batches and is asynchronous")
			.contains("Return when the batch is handled");
	}

	@Test
	void deadLettersWithoutATemplateAreExplained() {
		assertThat(failure(TwoTemplates.class, "--kaffe.consumers.orders.failure.then=dead-letter"))
			.contains("kaffe.consumers.orders.failure.then")
			.contains("Dead letters need a KafkaTemplate");
	}

	@ParameterizedTest
	@ValueSource(strings = { "{topic}", "orders" })
	void deadLettersThatWouldComeBackAreExplained(String topic) {
		assertThat(failure(Listening.class, ORDERS, "--kaffe.failure.then=dead-letter",
				"--kaffe.failure.dead-letter-topic=" + topic))
			.contains("kaffe.failure.dead-letter-topic")
			.contains("which the consumer consumes itself");
	}

	@Test
	void deadLetterTopicWithAnUnknownPlaceholderIsExplained() {
		assertThat(failure(Listening.class, ORDERS, "--kaffe.failure.then=dead-letter",
				"--kaffe.failure.dead-letter-topic={name}-dlt"))
			.contains("kaffe.failure.dead-letter-topic")
			.contains("the only placeholder is {topic}");
	}

	@Test
	void listenerThatCannotHaveWorkersIsExplainedWithHowToLeaveItOut() {
		assertThat(failure(AsynchronousBatchListening.class, "--kaffe.adopt=all"))
			.contains("Listener container 'orders' cannot be given Kaffe workers: its listener takes batches")
			.contains("Or set 'kaffe.consumers.orders.enabled' to false to leave it without workers.");
	}

	@Test
	void listenerWithoutIdThatCannotHaveWorkersIsExplainedWithHowToLeaveItOut() {
		String property = "kaffe.consumers.[org.springframework.kafka.KafkaListenerEndpointContainer#0].enabled";
		assertThat(failure(BatchListeningWithoutId.class, "--kaffe.adopt=all"))
			.contains("Or set '" + property + "' to false to leave it without workers.");
		start(BatchListeningWithoutId.class, "--kaffe.adopt=all", "--" + property + "=false").close();
	}

	@Test
	void declaredConsumerWithoutHandlerIsExplained() {
		assertThat(failure(Nothing.class, DECLARED)).contains(
				"Consumer 'orders' is declared, but nothing handles its records: there is no RecordHandler or BatchRecordHandler bean.")
			.contains("Define a RecordHandler or BatchRecordHandler bean named 'orders'.");
	}

	@Test
	void declaredConsumerWithSeveralHandlersIsExplained() {
		assertThat(failure(Handling.class, DECLARED)).contains("which bean handles its records is not clear")
			.contains("there are bookkeeping, shipping.")
			.contains("Name one of them with 'kaffe.consumers.orders.handler', or give one the name 'orders'.");
	}

	@Test
	void unknownHandlerIsExplained() {
		assertThat(failure(Handling.class, DECLARED, "--kaffe.consumers.orders.handler=bookeeping"))
			.contains("'kaffe.consumers.orders.handler' names the handler 'bookeeping', but there is no bean of that")
			.contains("Name one of the handlers there are: bookkeeping, shipping.");
	}

	@Test
	void unknownHandlerIsExplainedWhenThereAreNone() {
		assertThat(failure(Nothing.class, DECLARED, "--kaffe.consumers.orders.handler=bookkeeping"))
			.contains("Define a RecordHandler or BatchRecordHandler bean named 'bookkeeping'.");
	}

	@Test
	void handlerOfAnotherTypeIsExplained() {
		assertThat(failure(Handling.class, DECLARED, "--kaffe.consumers.orders.handler=accounts")).contains(
				"names the bean 'accounts', which is no RecordHandler or BatchRecordHandler but a java.lang.String.")
			.contains("Let it implement one of them, or name a bean that does.");
	}

	@Test
	void topicsTogetherWithTopicPatternAreExplained() {
		assertThat(failure(Handling.class, DECLARED, "--kaffe.consumers.orders.topic-pattern=orders.*"))
			.contains("kaffe.consumers.orders.topics")
			.contains("kaffe.consumers.orders.topic-pattern")
			.contains("mutually exclusive");
	}

	@Test
	void topicsOfAListenerAreExplained() {
		assertThat(failure(Listening.class, DECLARED))
			.contains("'kaffe.consumers.orders' declares a consumer with topics, but there is a listener container of "
					+ "that name already")
			.contains("Remove the topics to give that listener workers, or declare the consumer under another name.");
	}

	@ParameterizedTest
	@CsvSource({ "handler,bookkeeping", "group-id,mine", "concurrency,2", "auto-startup,false",
			"properties.max.poll.records,5" })
	void propertyOfDeclaredConsumersIsExplainedWithoutTopics(String property, String value) {
		String name = property.startsWith("properties") ? "properties" : property;
		assertThat(failure(Handling.class, "--kaffe.consumers.orders." + property + "=" + value))
			.contains("'kaffe.consumers.orders." + name + "' is set, but consumer 'orders' is not declared")
			.contains("Set 'kaffe.consumers.orders.topics' or 'kaffe.consumers.orders.topic-pattern' to declare it.");
	}

	@Test
	void declaredConsumerWithSeveralConsumerFactoriesIsExplained() {
		assertThat(failure(WithConsumerFactories.class, DECLARED))
			.contains("'kaffeListenerContainerFactory' cannot make the listener container 'orders': there are several "
					+ "ConsumerFactory beans")
			.contains("Mark one of them with @Primary.");
	}

	@Test
	void emptyTopicIsExplained() {
		assertThat(failure(Handling.class, "--kaffe.consumers.orders.topics=orders,"))
			.contains("kaffe.consumers.orders.topics")
			.contains("A topic must have a name.");
	}

	@Test
	void concurrencyOfNoConsumersIsExplained() {
		assertThat(failure(Handling.class, DECLARED, "--kaffe.consumers.orders.concurrency=0"))
			.contains("Invalid value '0' for configuration property 'kaffe.consumers.orders.concurrency'")
			.contains("Must be 1 or more Kafka consumers.");
	}

	@Test
	void patternThatIsNoneIsExplainedBySpringBoot() {
		assertThat(failure(Handling.class, "--kaffe.consumers.orders.topic-pattern=(orders"))
			.contains("kaffe.consumers.orders.topic-pattern")
			.contains("Value: \"(orders\"");
	}

	@Test
	void disabledConsumerThatNamesNoListenerIsExplained() {
		assertThat(failure(Listening.class, "--kaffe.consumers.order.enabled=false"))
			.contains("'kaffe.consumers.order' names no listener");
	}

	@Test
	void batchesOfNoSizeAreExplained() {
		assertThat(failure(Listening.class, "--kaffe.consumers.orders.batch.max-size=0"))
			.contains("kaffe.consumers.orders.batch.max-size")
			.contains("Must be 1 or more records.");
		assertThat(failure(Listening.class, ORDERS, "--kaffe.batch.max-wait=-1s")).contains("kaffe.batch.max-wait")
			.contains("Must be 0, which means not to wait, or more.");
	}

	/**
	 * Return what users read about an application that does not start.
	 */
	private String failure(Class<?> configuration, String... arguments) {
		int before = this.output.getAll().length();
		assertThatException().isThrownBy(() -> start(configuration, arguments).close());
		String text = this.output.getAll().substring(before);
		assertThat(text).containsOnlyOnce(HEADING).contains("Description:").contains("Action:");
		return text.substring(text.indexOf(HEADING));
	}

	private static ConfigurableApplicationContext start(Class<?> configuration, String... arguments) {
		SpringApplication application = new SpringApplication(TestApplication.class, configuration);
		application.setWebApplicationType(WebApplicationType.NONE);
		List<String> all = new ArrayList<>(List.of("--spring.main.banner-mode=off",
				"--spring.kafka.listener.auto-startup=false", "--spring.main.register-shutdown-hook=false"));
		all.addAll(List.of(arguments));
		return application.run(all.toArray(String[]::new));
	}

	/**
	 * A service under test.
	 */
	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class TestApplication {

	}

	/**
	 * Has no listener.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Nothing {

	}

	/**
	 * Has a handler, two consumer factories, and a container factory for one of them.
	 */
	@Configuration(proxyBeanMethods = false)
	static class WithConsumerFactories {

		@Bean
		ConsumerFactory<Object, Object> first() {
			return new DefaultKafkaConsumerFactory<>(Map.of());
		}

		@Bean
		ConsumerFactory<Object, Object> second() {
			return new DefaultKafkaConsumerFactory<>(Map.of());
		}

		@Bean
		ConcurrentKafkaListenerContainerFactory<Object, Object> kafkaListenerContainerFactory() {
			return new ConcurrentKafkaListenerContainerFactory<>();
		}

		@Bean
		RecordHandler<Object, Object> handler() {
			return (record) -> {
			};
		}

	}

	/**
	 * Has two handlers, and a bean that is none.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Handling {

		@Bean
		RecordHandler<String, String> bookkeeping() {
			return (record) -> {
			};
		}

		@Bean
		RecordHandler<String, String> shipping() {
			return (record) -> {
			};
		}

		@Bean
		String accounts() {
			return "accounts";
		}

	}

	/**
	 * Has two listeners.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Listening {

		@KafkaListener(id = "orders", topics = "orders")
		void handleOrder(ConsumerRecord<String, String> record) {
		}

		@KafkaListener(id = "refunds", topics = "refunds")
		void handleRefund(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Has a listener and strategies.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ListeningWithStrategies {

		@Bean
		WorkerAllocationStrategy oneForAll() {
			return (topic, partition) -> "worker";
		}

		@Bean
		WorkerAllocationStrategy byCountry() {
			return (topic, partition) -> topic.substring(0, 2);
		}

		@KafkaListener(id = "orders", topics = "orders")
		void handle(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Has an executor that workers cannot run on.
	 */
	@Configuration(proxyBeanMethods = false)
	static class WithExecutor {

		@Bean
		TaskExecutor kaffeTaskExecutor(@Value("${test.executor}") String kind) {
			if (kind.equals("sync")) {
				return new SyncTaskExecutor();
			}
			if (kind.equals("limited")) {
				SimpleAsyncTaskExecutor limited = new SimpleAsyncTaskExecutor();
				limited.setConcurrencyLimit(4);
				return limited;
			}
			ThreadPoolTaskExecutor discarding = new ThreadPoolTaskExecutor();
			discarding.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
			return discarding;
		}

	}

	/**
	 * Has a listener whose id has characters that property names do not have.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ListeningWithOddId {

		@KafkaListener(id = "shop.orders_v2", topics = "orders")
		void handle(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Has a listener that switches auto-commit on.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ListeningWithAutoCommit {

		@KafkaListener(id = "orders", topics = "orders", properties = "enable.auto.commit=true")
		void handle(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Has a listener that names Kaffe's container factory.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ListeningByFactory {

		@KafkaListener(id = "orders", topics = "orders", containerFactory = "kaffeListenerContainerFactory")
		void handle(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Has a listener with retry topics.
	 */
	@Configuration(proxyBeanMethods = false)
	static class RetryableListening {

		@RetryableTopic(autoCreateTopics = "false")
		@KafkaListener(id = "orders", topics = "orders")
		void handle(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Has a listener with retry topics that names Kaffe's container factory.
	 */
	@Configuration(proxyBeanMethods = false)
	static class RetryableListeningByFactory {

		@RetryableTopic(autoCreateTopics = "false")
		@KafkaListener(id = "orders", topics = "orders", containerFactory = "kaffeListenerContainerFactory")
		void handle(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Has a listener that returns before its batch is handled.
	 */
	@Configuration(proxyBeanMethods = false)
	static class AsynchronousBatchListening {

		@KafkaListener(id = "orders", topics = "orders", batch = "true")
		CompletableFuture<Void> handle(List<ConsumerRecord<String, String>> records) {
			return new CompletableFuture<>();
		}

	}

	/**
	 * Has a listener for batches that is not named.
	 */
	@Configuration(proxyBeanMethods = false)
	static class BatchListeningWithoutId {

		@KafkaListener(topics = "orders", groupId = "orders", batch = "true")
		CompletableFuture<Void> handle(List<ConsumerRecord<String, String>> records) {
			return new CompletableFuture<>();
		}

	}

	/**
	 * Nobody knows which of the templates is meant.
	 */
	@Configuration(proxyBeanMethods = false)
	static class TwoTemplates extends Listening {

		@Bean
		KafkaTemplate<Object, Object> one(ProducerFactory<Object, Object> factory) {
			return new KafkaTemplate<>(factory);
		}

		@Bean
		KafkaTemplate<Object, Object> two(ProducerFactory<Object, Object> factory) {
			return new KafkaTemplate<>(factory);
		}

	}

}
