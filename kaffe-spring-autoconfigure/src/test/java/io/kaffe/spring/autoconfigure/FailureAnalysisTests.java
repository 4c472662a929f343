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
import org.springframework.boot.kafka.autoconfigure.KafkaProperties;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.SyncTaskExecutor;
import org.springframework.core.task.TaskExecutor;
import org.springframework.kafka.annotation.KafkaHandler;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.RetryableTopic;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.listener.AcknowledgingMessageListener;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ConsumerRecordRecoverer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.adapter.DefaultBatchToRecordAdapter;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.retrytopic.RetryTopicConfiguration;
import org.springframework.kafka.retrytopic.RetryTopicConfigurationBuilder;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageHeaders;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.Headers;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

import io.kaffe.spring.RecordHandler;
import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * Tests for what users read when an application does not start because of Kaffe.
 */
@ExtendWith(OutputCaptureExtension.class)
class FailureAnalysisTests {

	private static final String HEADING = "APPLICATION FAILED TO START";

	private static final String ORDERS = "--kaffe.consumers.orders=";

	private static final String REFUNDS = "--kaffe.consumers.refunds=";

	private static final String STARTED = "--spring.kafka.listener.auto-startup=true";

	private static final String DECLARED = "--kaffe.consumers.orders.topics=orders";

	private final CapturedOutput output;

	FailureAnalysisTests(CapturedOutput output) {
		this.output = output;
	}

	@Test
	void applicationStartsWhenNothingContradicts() {
		try (ConfigurableApplicationContext context = start(Listening.class, ORDERS)) {
			assertThat(context.getBean(DefaultWorkerManager.class).table("orders")).isNotNull();
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
			.contains("There is no worker allocation strategy with this name")
			.contains("Valid names are: worker-per-topic-partition, worker-per-partition, worker-per-key, "
					+ "worker-per-record, byCountry, oneForAll");
	}

	@Test
	void unknownStrategyForAllIsExplainedByThePropertyItIsSetWith() {
		assertThat(failure(Listening.class, ORDERS, "--kaffe.worker-allocation-strategy=worker-per-planet"))
			.contains("Invalid value 'worker-per-planet' for configuration property "
					+ "'kaffe.worker-allocation-strategy'")
			.contains("Valid names are: worker-per-topic-partition, worker-per-partition, worker-per-key, "
					+ "worker-per-record, or the name of a " + "WorkerAllocationStrategy bean");
	}

	@Test
	void unknownListenerIsExplainedWithTheExistingListeners() {
		assertThat(failure(Listening.class, "--kaffe.consumers.order="))
			.contains(
					"'kaffe.consumers.order' does not match a listener: there is no @KafkaListener with id = \"order\"")
			.contains("Use one of the existing listeners: orders, refunds");
	}

	@Test
	void unknownListenerIsExplainedWithoutAnyListener() {
		assertThat(failure(Nothing.class, ORDERS)).contains("'kaffe.consumers.orders' does not match a listener")
			.contains("Add a @KafkaListener(id = \"orders\"");
	}

	@Test
	void unknownListenerIsExplainedAlsoWhenListenersAreInitializedLazily() {
		assertThat(failure(Listening.class, "--spring.main.lazy-initialization=true", "--kaffe.consumers.order="))
			.contains("'kaffe.consumers.order' does not match a listener");
		start(Listening.class, "--spring.main.lazy-initialization=true", ORDERS).close();
		assertThat(this.output).contains("Consumer 'orders' starts when bean '");
	}

	@Test
	void containerWithoutAListenerIsExplainedIfItIsNamed() {
		assertThat(failure(WithoutListener.class, ORDERS))
			.contains("Listener container 'orders' cannot be given Kaffe workers: its listener is none for records or "
					+ "batches of records, but missing")
			.contains("Give it a MessageListener or a BatchMessageListener, before the application context starts.");
		start(WithoutListener.class, "--kaffe.adopt=all").close();
		assertThat(this.output)
			.containsOnlyOnce("Listener container 'orders' is left without workers, since it has no listener yet");
	}

	@Test
	void listenerIdWithDotsIsFoundInBrackets() {
		start(ListeningWithOddId.class, "--kaffe.consumers.[shop.orders_v2]=").close();
		assertThat(failure(ListeningWithOddId.class, "--kaffe.consumers.[shop.orders_v2].drain-timeout=-1500ms"))
			.contains("Invalid value '-1500ms' for configuration property "
					+ "'kaffe.consumers.shop.orders_v2.drain-timeout'");
	}

	@ParameterizedTest
	@ValueSource(strings = { "kaffe.consumers.orders.parallelism", "kaffe.parallelism", "kaffe.failure.parallelism",
			"kaffe.orders.drain-timeout" })
	void unknownPropertyThatResemblesNothingIsExplainedBySpringBoot(String property) {
		assertThat(failure(Listening.class, "--" + property + "=5s")).contains("Property: " + property)
			.contains("Value: \"5s\"")
			.contains("The elements [" + property + "] were left unbound")
			.doesNotContain("Did you mean");
	}

	@ParameterizedTest
	@CsvSource({ "kaffe.consumers.orders.drain-timout, kaffe.consumers.orders.drain-timeout",
			"kaffe.consumers.orders.max-concurency, kaffe.consumers.orders.max-concurrency",
			"kaffe.consumers.orders.maxConcurrnecy, kaffe.consumers.orders.max-concurrency",
			"kaffe.consumers.orders.topic, kaffe.consumers.orders.topics",
			"kaffe.consumers.orders.bufer.max-records, kaffe.consumers.orders.buffer.max-records",
			"kaffe.consumers.orders.bufer.max-recrods, kaffe.consumers.orders.buffer.max-records",
			"kaffe.consumers.orders.failure.bakcoff.jitter, kaffe.consumers.orders.failure.backoff.jitter",
			"kaffe.consumers.orders.failure.backoff.multiplyer, kaffe.consumers.orders.failure.backoff.multiplier",
			"kaffe.consumers.orders.backoff.initial-interval, kaffe.consumers.orders.failure.backoff.initial-interval",
			"kaffe.consumers.orders.max-attempts, kaffe.consumers.orders.failure.max-attempts",
			"'kaffe.consumers.[shop.Orders].drain-timout', 'kaffe.consumers.[shop.Orders].drain-timeout'",
			"kaffe.consumers.shop.Orders.drain-timeout, 'kaffe.consumers.[shop.Orders].drain-timeout'",
			"kaffe.consumer.orders.drain-timeout, kaffe.consumers.orders.drain-timeout",
			"kaffe.drain-timout, kaffe.drain-timeout", "kaffe.adapt, kaffe.adopt",
			"kaffe.lag.intervall, kaffe.lag.interval", "kaffe.dead-letter-topic, kaffe.failure.dead-letter-topic" })
	void unknownPropertyIsExplainedWithTheOneThatWasMeant(String property, String meant) {
		assertThat(failure(Listening.class, "--" + property + "=5s")).contains("Property: kaffe.")
			.contains("Value: \"5s\"")
			.contains("were left unbound. Did you mean '" + meant + "'?")
			.contains("Update your application's configuration");
	}

	@Test
	void allUnknownPropertiesAreExplained() {
		assertThat(failure(Listening.class, "--kaffe.drain-timout=5s", "--kaffe.parallelism=4"))
			.contains("Property: kaffe.drain-timout")
			.contains("Property: kaffe.parallelism")
			.containsOnlyOnce("Did you mean 'kaffe.drain-timeout'?");
	}

	@Test
	void ambiguousSingleStrategyIsExplained() {
		assertThat(failure(ListeningWithStrategy.class, "--kaffe.consumers.orders.mdc=true",
				"--kaffe.consumers.refunds.worker-allocation-strategy=worker-per-key"))
			.contains(
					"It is ambiguous whether consumer 'orders' uses the WorkerAllocationStrategy bean " + "'byCountry'")
			.contains("there are several consumers (orders, refunds), and none of them names it")
			.contains("Set 'kaffe.consumers.orders.worker-allocation-strategy' to byCountry for this consumer, or "
					+ "'kaffe.worker-allocation-strategy' for all of them: to byCountry, or to "
					+ "worker-per-topic-partition if it is not intended.");
		assertThat(failure(ListeningWithStrategy.class, "--kaffe.adopt=all"))
			.contains("several consumers (orders, refunds)");
	}

	@Test
	void onlyHandlerIsExplainedWhereItMayBeThatOfAnother() {
		assertThat(failure(OneHandler.class, DECLARED, "--kaffe.consumers.refunds.topics=refunds"))
			.contains("Consumer 'refunds' is declared, but it is ambiguous which bean handles its records: there is "
					+ "orders, which may be intended for another of the consumers orders, refunds.")
			.contains("Name it with 'kaffe.consumers.refunds.handler', or give the right one the name 'refunds'.");
	}

	@Test
	void primaryHandlerIsExplainedWhereItMayBeThatOfAnother() {
		assertThat(failure(PrimaryHandler.class, "--kaffe.consumers.bookkeeping.topics=orders",
				"--kaffe.consumers.refunds.topics=refunds"))
			.contains("Consumer 'refunds' is declared, but it is ambiguous which bean handles its records: there are "
					+ "bookkeeping, shipping.");
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
	void autoCommitThatMayStayOnIsExplained() {
		assertThat(failure(WithOwnConsumerFactory.class, ORDERS, "--spring.kafka.consumer.enable-auto-commit=true"))
			.contains("Listener container 'orders' cannot be given Kaffe workers")
			.contains("auto-commit switched on, which commits records that are not handled")
			.contains("'spring.kafka.consumer.enable-auto-commit'");
	}

	@ParameterizedTest
	@ValueSource(strings = { "TIME", "COUNT", "COUNT_TIME" })
	void ackModeIsExplained(String ackMode) {
		assertThat(failure(Listening.class, ORDERS, "--spring.kafka.listener.ack-mode=" + ackMode,
				"--spring.kafka.listener.ack-count=1", "--spring.kafka.listener.ack-time=1s"))
			.contains("Listener container 'orders' cannot be given Kaffe workers")
			.contains("its AckMode is " + ackMode + ", which makes the container commit")
			.contains("Leave 'spring.kafka.listener.ack-mode' out (BATCH)")
			.contains("'kaffe.consumers.orders.commit.interval'")
			.contains("MANUAL or MANUAL_IMMEDIATE");
	}

	@Test
	void errorHandlerThatWorkersCannotFollowIsExplained() {
		assertThat(failure(OwnErrorHandler.class, ORDERS))
			.contains("Listener container 'orders' cannot be given Kaffe workers")
			.contains("workers do not call its error handler, a " + FailureAnalysisTests.class.getName()
					+ "$OwnErrorHandler$1")
			.contains("Set 'kaffe.consumers.orders.failure.then'")
			.contains("Or use a DefaultErrorHandler");
		start(OwnErrorHandler.class, ORDERS, "--kaffe.failure.then=skip").close();
		assertThat(this.output).contains("Failed records of consumer 'orders' are attempted up to 10 times (default), "
				+ "then skipped (kaffe.failure.then)");
	}

	@ParameterizedTest
	@ValueSource(strings = { "BATCH", "RECORD", "MANUAL", "MANUAL_IMMEDIATE" })
	void applicationStartsWithOtherAckModes(String ackMode) {
		start(Acknowledging.class, "--kaffe.adopt=all", "--spring.kafka.listener.ack-mode=" + ackMode).close();
		assertThat(this.output).doesNotContain(HEADING);
	}

	@ParameterizedTest
	@CsvSource({ "MANUAL, Listening, Listening.handleOrder", "MANUAL_IMMEDIATE, Listening, Listening.handleOrder",
			"MANUAL, ListeningByPayload, PayloadHandlers.handleNumber",
			"MANUAL, FilteredListening, FilteredListening.handle", "MANUAL, BatchListening, BatchListening.handle",
			"MANUAL, ListenerBean, ListenerBean$$Lambda" })
	void manualAckModeIsExplainedWithAListenerThatCannotAcknowledge(String ackMode, String configuration,
			String listener) throws ClassNotFoundException {
		Class<?> type = Class.forName(FailureAnalysisTests.class.getName() + "$" + configuration);
		assertThat(failure(type, ORDERS, "--spring.kafka.listener.ack-mode=" + ackMode))
			.contains("Listener container 'orders' cannot be given Kaffe workers: its AckMode is " + ackMode + ", but ")
			.contains(listener)
			.contains("is given no Acknowledgment, so that nothing would ever be committed")
			.contains("Let it take an Acknowledgment, and acknowledge each record.");
	}

	@Test
	void transactionManagerIsExplainedIfCommitsDoNotSayWhatIsComplete() {
		assertThat(failure(Listening.class, ORDERS, "--spring.kafka.producer.transaction-id-prefix=tx-",
				"--kaffe.commit.completed-offsets=false"))
			.contains("Listener container 'orders' cannot be given Kaffe workers")
			.contains(
					"it has a Kafka transaction manager, and 'kaffe.consumers.orders.commit.completed-offsets' is false")
			.contains("containerFactory = \"kaffeListenerContainerFactory\"")
			.contains("'spring.kafka.producer.transaction-id-prefix'");
	}

	@Test
	void applicationWithTransactionManagerStartsWithKaffesContainerFactory() {
		try (ConfigurableApplicationContext context = start(ListeningByFactory.class, ORDERS,
				"--spring.kafka.producer.transaction-id-prefix=tx-")) {
			assertThat(context.getBean(DefaultWorkerManager.class).table("orders")).isNotNull();
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
	void retryableTopicIsExplainedWithTheListenerRatherThanARetryTopicOfIt() {
		assertThat(failure(RetryableListening.class, "--kaffe.adopt=all"))
			.contains("Listener container 'orders' cannot be given Kaffe workers: its listener is annotated with "
					+ "@RetryableTopic")
			.contains("Or set 'kaffe.consumers.orders.enabled' to false to exclude it.");
		assertThat(failure(RetryableListening.class, "--kaffe.consumers.orders-retry="))
			.contains("Listener container 'orders-retry' cannot be given Kaffe workers: it is for a retry topic of "
					+ "listener 'orders'")
			.contains("Remove @RetryableTopic from that listener");
	}

	@Test
	void retryTopicConfigurationIsExplained() {
		assertThat(failure(RetryConfigured.class, ORDERS))
			.contains(
					"Listener container 'orders' cannot be given Kaffe workers: a RetryTopicConfiguration bean is for "
							+ "its topics [orders]")
			.contains("Exclude these topics from the RetryTopicConfiguration bean, or remove that bean")
			.doesNotContain("@RetryableTopic");
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
			.contains("The default of 'kaffe.consumers.orders.drain-timeout', 20s, is not valid for the listener "
					+ "container 'orders'")
			.contains("Must be below max.poll.interval.ms, which is 15000 for this consumer")
			.contains("Set 'kaffe.consumers.orders.drain-timeout' to a valid value");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					max-concurrency                  | 0    | Must be 1 or more records.
					max-concurrency                  | -1   | Must be 1 or more records.
					buffer.max-records               | 0    | Must be 1 or more records.
					buffer.max-records               | -1   | Must be 1 or more records.
					commit.interval                  | 0    | Must be 10 ms or more.
					commit.interval                  | -1s  | Must be 10 ms or more.
					commit.interval                  | 5    | A number without a unit is in milliseconds: write 5s for 5 seconds.
					drain-timeout                    | 0s   | Must be 100 ms or more.
					drain-timeout                    | -5s  | Must be 100 ms or more.
					drain-timeout                    | 20   | A number without a unit is in milliseconds: write 5s for 5 seconds.
					failure.max-attempts             | -1   | Must be 0, which means unlimited, or more.
					failure.max-parked               | 0    | Must be 1 or more records.
					failure.retention-warning        | -1h  | Must be 0, which means no warning, or 1 minute or more.
					failure.retention-warning        | 6    | A number without a unit is in milliseconds: write 6h for 6 hours.
					stall-threshold                  | 0s   | Must be 100 ms or more.
					stall-threshold                  | 5    | A number without a unit is in milliseconds: write 5s for 5 seconds.
					stall-interrupt-threshold        | 4m   | Must not be below the stall threshold, which is 300000 ms.
					supervision.max-restarts         | -1   | Must be 0, which means none, or more.
					supervision.window               | 0s   | Must be 100 ms or more.
					supervision.window               | 60   | A number without a unit is in milliseconds: write 5s for 5 seconds.
					failure.backoff.initial-interval | 0ms  | Must be 1 ms or more.
					failure.backoff.initial-interval | -1ms | Must be 1 ms or more.
					failure.backoff.initial-interval | 999us | Must be 1 ms or more.
					failure.backoff.multiplier       | 0.9  | Must be 1 or more; 1 keeps the interval constant.
					failure.backoff.multiplier       | NaN  | Must be 1 or more; 1 keeps the interval constant.
					failure.backoff.max-interval     | 99ms | Must not be below the initial interval, which is 100 ms.
					failure.backoff.jitter           | -0.1 | Must be from 0 to 1, a fraction of each interval.
					failure.outage.failure-rate      | 0    | Must be above 0 and at most 1, a fraction of all attempts.
					failure.outage.failure-rate      | 1.1  | Must be above 0 and at most 1, a fraction of all attempts.
					failure.outage.minimum-attempts  | 0    | Must be 1 or more attempts.
					failure.outage.window            | 999ms | Must be 1000 ms or more.
					failure.outage.window            | 10   | A number without a unit is in milliseconds: write 5s for 5 seconds.
					failure.outage.window            | 1500ms | Must be whole seconds.
					failure.outage.window            | 61m  | Must be 1 hour or less.
					failure.outage.probe-interval    | 999ms | Must be 1000 ms or more.
					failure.backoff.jitter           | 1.1  | Must be from 0 to 1, a fraction of each interval.
					""")
	void invalidValueIsExplained(String property, String value, String reason) {
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
	@ValueSource(strings = { "10", "-1s" })
	void invalidLagIntervalIsExplained(String interval) {
		assertThat(failure(Listening.class, ORDERS, "--kaffe.lag.interval=" + interval))
			.contains("for configuration property 'kaffe.lag.interval'")
			.contains("Must be 100 ms or more. A number without a unit is in milliseconds: write 5s for 5 seconds. "
					+ "0 disables it.");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			java.io.NoException    | Class java.io.NoException was not found.
			java.util.Map.Entry.No | Class java.util.Map.Entry.No was not found.
			IOException            | Use its fully qualified name, with $ before the name of a nested class.
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
			.contains("The default of 'kaffe.consumers.orders.failure.backoff.max-interval', 30s, is not valid for")
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
			.contains(
					"Expected properties such as 'worker-allocation-strategy' below the consumer's name, or an empty value");
	}

	@Test
	void asynchronousListenerForSingleRecordsOfABatchIsExplained() {
		assertThat(failure(AsynchronousRecordsOfABatch.class, ORDERS))
			.contains("Listener container 'orders' cannot be given Kaffe workers")
			.contains("a BatchToRecordAdapter calls its listener for each record of a batch, and the listener is "
					+ "asynchronous")
			.contains("Use a listener for single records, or for whole batches");
	}

	@Test
	void deadLettersWithoutATemplateAreExplained() {
		assertThat(failure(TwoTemplates.class, "--kaffe.consumers.orders.failure.then=dead-letter"))
			.contains("kaffe.consumers.orders.failure.then")
			.contains("Sending dead letters requires a KafkaTemplate");
	}

	@ParameterizedTest
	@ValueSource(strings = { "{topic}", "orders" })
	void deadLettersThatWouldComeBackAreExplained(String topic) {
		assertThat(failure(Listening.class, ORDERS, "--kaffe.failure.then=dead-letter",
				"--kaffe.failure.dead-letter-topic=" + topic))
			.contains("kaffe.failure.dead-letter-topic")
			.contains("which the consumer itself consumes");
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
		assertThat(failure(AsynchronousRecordsOfABatch.class, "--kaffe.adopt=all"))
			.contains("Listener container 'orders' cannot be given Kaffe workers: a BatchToRecordAdapter calls")
			.contains("Or set 'kaffe.consumers.orders.enabled' to false to exclude it.");
	}

	@Test
	void listenerWithoutIdThatCannotHaveWorkersIsExplainedWithHowToLeaveItOut() {
		String property = "kaffe.consumers.[org.springframework.kafka.KafkaListenerEndpointContainer#0].enabled";
		assertThat(failure(ListeningWithoutId.class, "--kaffe.adopt=all"))
			.contains("Or set '" + property + "' to false to exclude it.");
		start(ListeningWithoutId.class, "--kaffe.adopt=all", "--" + property + "=false").close();
	}

	@Test
	void declaredConsumerWithoutHandlerIsExplained() {
		assertThat(failure(Nothing.class, DECLARED)).contains(
				"Consumer 'orders' is declared without a handler: there is no RecordHandler or BatchRecordHandler bean.")
			.contains("Define a RecordHandler or BatchRecordHandler bean named 'orders'.");
	}

	@Test
	void declaredConsumerWithSeveralHandlersIsExplained() {
		assertThat(failure(Handling.class, DECLARED)).contains("it is ambiguous which bean handles its records")
			.contains("there are bookkeeping, shipping.")
			.contains("Name one of them with 'kaffe.consumers.orders.handler', or give one the name 'orders'.");
	}

	@Test
	void unknownHandlerIsExplained() {
		assertThat(failure(Handling.class, DECLARED, "--kaffe.consumers.orders.handler=bookeeping"))
			.contains("'kaffe.consumers.orders.handler' names the handler 'bookeeping', but there is no bean with that")
			.contains("Use one of the existing handlers: bookkeeping, shipping.");
	}

	@Test
	void unknownHandlerIsExplainedWhenThereAreNone() {
		assertThat(failure(Nothing.class, DECLARED, "--kaffe.consumers.orders.handler=bookkeeping"))
			.contains("Define a RecordHandler or BatchRecordHandler bean named 'bookkeeping'.");
	}

	@Test
	void handlerOfAnotherTypeIsExplained() {
		assertThat(failure(Handling.class, DECLARED, "--kaffe.consumers.orders.handler=accounts")).contains(
				"names the bean 'accounts', which is not a RecordHandler or BatchRecordHandler but a java.lang.String.")
			.contains("Implement one of them, or name a bean that does.");
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
			.contains("'kaffe.consumers.orders' declares a consumer with topics, but a listener container with "
					+ "that name already exists")
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
			.contains(
					"'kaffeListenerContainerFactory' cannot create the listener container 'orders': there are several "
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
	void disabledConsumerWithoutListenerIsExplained() {
		assertThat(failure(Listening.class, "--kaffe.consumers.order.enabled=false"))
			.contains("'kaffe.consumers.order' does not match a listener");
	}

	@Test
	void batchesOfNoSizeAreExplained() {
		assertThat(failure(BatchListening.class, "--kaffe.consumers.orders.batch.max-size=0"))
			.contains("kaffe.consumers.orders.batch.max-size")
			.contains("Must be 1 or more records.");
		assertThat(failure(Listening.class, ORDERS, "--kaffe.batch.max-wait=-1s")).contains("kaffe.batch.max-wait")
			.contains("Must be 0, which does not wait, or more.");
	}

	@ParameterizedTest
	@CsvSource({ "batch.max-size, 50", "batch.max-wait, 1s" })
	void limitOfBatchesIsExplainedForAListenerWithout(String limit, String value) {
		String property = "kaffe.consumers.orders." + limit;
		assertThat(failure(Listening.class, "--" + property + "=" + value))
			.contains("'" + property + "' is set, but the listener of consumer 'orders' takes single records.")
			.contains("make the listener a batch listener: with batch = \"true\" on its @KafkaListener, or as a "
					+ "BatchRecordHandler.");
		start(BatchListening.class, "--" + property + "=" + value).close();
		start(Listening.class, ORDERS, "--kaffe." + limit + "=" + value).close();
	}

	@ParameterizedTest
	@CsvSource({ "auto-offset-reset, earlist, auto.offset.reset", "max-poll-records, 0, max.poll.records",
			"properties.max.poll.interval.ms, five, max.poll.interval.ms" })
	void clientSettingThatKafkaRefusesIsExplainedWithItsConsumer(String property, String value, String setting) {
		assertThat(failure(Listening.class, ORDERS, "--spring.kafka.consumer." + property + "=" + value))
			.contains("Kafka refuses the setting '" + setting + "' of consumer 'orders': Invalid value " + value)
			.contains("Correct it where it is set: below 'spring.kafka.consumer'");
	}

	@Test
	void deserializerThatDoesNotExistIsExplainedWithItsConsumer() {
		assertThat(failure(Handling.class, DECLARED, "--kaffe.consumers.orders.handler=shipping",
				"--kaffe.consumers.orders.properties.value.deserializer=com.example.No"))
			.contains(
					"Kafka refuses the setting 'value.deserializer' of consumer 'orders': Invalid value com.example.No")
			.contains("could not be found");
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 3 })
	void consumerThatCannotBeCreatedIsExplainedWithKafkasOwnCauseFirst(int concurrency) {
		assertThat(
				failure(Listening.class, STARTED, ORDERS, REFUNDS, "--spring.kafka.listener.concurrency=" + concurrency,
						"--spring.kafka.consumer.security.protocol=SASL_PLAINTEXT"))
			.containsSubsequence(
					"Kafka could not create the consumer of a listener container (consumers with workers "
							+ "are orders, refunds):",
					"java.lang.IllegalArgumentException: Could not find a 'KafkaClient' entry", "Action:",
					"Correct 'sasl.jaas.config'");
	}

	@Test
	void settingThatKafkaNamesIsNamed() {
		assertThat(failure(Listening.class, STARTED, ORDERS, "--spring.kafka.consumer.bootstrap-servers=nowhere"))
			.contains("(the consumer with workers is orders)")
			.contains("Invalid url in bootstrap.servers: nowhere")
			.contains("Correct 'bootstrap.servers'");
	}

	@Test
	void consumerThatCannotBeCreatedIsLeftToOthersWithoutWorkers() {
		int before = this.output.getAll().length();
		assertThatException().isThrownBy(
				() -> start(Listening.class, STARTED, "--spring.kafka.consumer.bootstrap-servers=nowhere").close());
		assertThat(this.output.getAll().substring(before)).doesNotContain(HEADING)
			.contains("Invalid url in bootstrap.servers: nowhere");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"',
			textBlock = """
					--kaffe.consumers.orders.failure.dead-letter-topic=bad |                                            | kaffe.consumers.orders.failure.dead-letter-topic | 'failure.then' is park, not dead-letter
					--kaffe.consumers.orders.failure.dead-letter-topic=bad | --kaffe.failure.then=skip                  | kaffe.consumers.orders.failure.dead-letter-topic | 'failure.then' is skip, not dead-letter
					--kaffe.failure.dead-letter-topic=bad                  | --kaffe.consumers.orders.failure.then=park | kaffe.failure.dead-letter-topic                  | 'failure.then' is park, not dead-letter
					""")
	void deadLetterTopicThatNothingIsSentToIsWarnedOfOnce(String topic, String then, String property, String reason) {
		start(Listening.class, REFUNDS, topic, (then != null) ? then : "--kaffe.consumers.orders.mdc=true").close();
		assertThat(this.output).containsOnlyOnce("'" + property + "' is set, but " + reason
				+ ": no record is sent to that topic unless an operator dead-letters it");
	}

	@Test
	void deadLetterTopicThatIsNotUsedSinceTheApplicationRecoversIsWarnedOf() {
		start(Recovering.class, "--kaffe.consumers.orders.failure.then=dead-letter",
				"--kaffe.consumers.orders.failure.dead-letter-topic=bad")
			.close();
		assertThat(this.output).contains("a ConsumerRecordRecoverer recovers the records whose attempts are exhausted");
	}

	@ParameterizedTest
	@ValueSource(strings = { "--kaffe.failure.then=dead-letter", "--kaffe.consumers.refunds.failure.then=dead-letter",
			"--kaffe.consumers.refunds.failure.then-for[java.io.IOException]=dead-letter" })
	void deadLetterTopicThatSomeConsumerUsesIsNotWarnedOf(String then) {
		start(Listening.class, ORDERS, "--kaffe.failure.dead-letter-topic=bad", then).close();
		assertThat(this.output).doesNotContain("dead-letter-topic' is set, but");
	}

	@Test
	void consumersWithoutWorkersAreWarnedOfWhenKaffeIsSwitchedOff() {
		start(Listening.class, ORDERS, "--kaffe.consumers.refunds.failure.then=skip", "--kaffe.enabled=false").close();
		assertThat(this.output)
			.containsOnlyOnce("'kaffe.enabled' is false: none of the consumers orders, refunds has workers.");
	}

	@Test
	void nothingIsSaidWhenKaffeIsSwitchedOffWithoutConsumers() {
		start(Listening.class, "--kaffe.enabled=false").close();
		assertThat(this.output).doesNotContain("'kaffe.enabled' is false");
	}

	@Test
	void groupThatIsTheIdOfTheListenerIsWarnedOf() {
		start(Listening.class, ORDERS, "--spring.kafka.consumer.group-id=shop").close();
		assertThat(this.output)
			.containsOnlyOnce("Consumer 'orders' is in the group 'orders', since that is the id of its @KafkaListener, "
					+ "and not in 'shop'")
			.contains("Set idIsGroup = false to be in 'shop', or groupId = \"orders\" to stay in 'orders'")
			.doesNotContain("group 'refunds'");
	}

	@Test
	void groupThatIsTheIdOfAClassOfHandlersIsWarnedOf() {
		start(ListeningByPayload.class, ORDERS, "--spring.kafka.consumer.group-id=shop").close();
		assertThat(this.output).containsOnlyOnce("Consumer 'orders' is in the group 'orders'");
	}

	@Test
	void groupThatIsMeantIsNotWarnedOf() {
		start(Listening.class, ORDERS).close();
		start(Listening.class, ORDERS, "--spring.kafka.consumer.group-id=orders").close();
		start(Grouped.class, ORDERS, REFUNDS, "--spring.kafka.consumer.group-id=shop").close();
		start(Listening.class, "--kaffe.adopt=all", "--spring.kafka.consumer.group-id=shop").close();
		start(Handling.class, DECLARED, "--kaffe.consumers.orders.handler=shipping",
				"--kaffe.consumers.orders.group-id=orders", "--spring.kafka.consumer.group-id=shop")
			.close();
		assertThat(this.output).doesNotContain("is in the group");
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
		List<String> all = new ArrayList<>(
				List.of("--spring.main.banner-mode=off", "--spring.main.register-shutdown-hook=false"));
		all.addAll(List.of(arguments));
		if (!all.contains(STARTED)) {
			all.add("--spring.kafka.listener.auto-startup=false");
		}
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
	 * Has a listener, and an error handler of its own.
	 */
	@Configuration(proxyBeanMethods = false)
	static class OwnErrorHandler extends Listening {

		@Bean
		CommonErrorHandler errorHandler() {
			return new CommonErrorHandler() {
			};
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
	 * Has a listener, and a consumer factory of its own.
	 */
	@Configuration(proxyBeanMethods = false)
	static class WithOwnConsumerFactory extends Listening {

		@Bean
		ConsumerFactory<Object, Object> consumerFactory(KafkaProperties properties) {
			return new DefaultKafkaConsumerFactory<>(properties.buildConsumerProperties()) {
			};
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
	 * Has a listener whose retry topics are configured by a bean.
	 */
	@Configuration(proxyBeanMethods = false)
	static class RetryConfigured {

		@Bean
		static RetryTopicConfiguration retries(KafkaTemplate<?, ?> template) {
			return RetryTopicConfigurationBuilder.newInstance()
				.includeTopic("orders")
				.doNotAutoCreateRetryTopics()
				.create(template);
		}

		@KafkaListener(id = "orders", topics = "orders")
		void handle(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Has a listener container without a listener.
	 */
	@Configuration(proxyBeanMethods = false)
	static class WithoutListener {

		@Bean
		ConcurrentMessageListenerContainer<Object, Object> orders(ConsumerFactory<Object, Object> consumerFactory) {
			ConcurrentMessageListenerContainer<Object, Object> container = new ConcurrentMessageListenerContainer<>(
					consumerFactory, new ContainerProperties("orders"));
			container.setAutoStartup(false);
			return container;
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
	 * Has a listener that is called with each record of a batch and returns before it is
	 * handled.
	 */
	@Configuration(proxyBeanMethods = false)
	static class AsynchronousRecordsOfABatch {

		@KafkaListener(id = "orders", topics = "orders", batch = "true")
		CompletableFuture<Void> handle(String value) {
			return new CompletableFuture<>();
		}

		@Bean
		ConcurrentKafkaListenerContainerFactory<Object, Object> kafkaListenerContainerFactory(
				ConsumerFactory<Object, Object> consumers) {
			ConcurrentKafkaListenerContainerFactory<Object, Object> factory = new ConcurrentKafkaListenerContainerFactory<>();
			factory.setConsumerFactory(consumers);
			factory.setBatchToRecordAdapter(new DefaultBatchToRecordAdapter<>());
			return factory;
		}

	}

	/**
	 * Has a listener whose container commits, and which is not named.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ListeningWithoutId {

		@KafkaListener(topics = "orders", groupId = "orders", ackMode = "COUNT")
		void handle(String value) {
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

	/**
	 * Has two listeners and a strategy.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ListeningWithStrategy extends Listening {

		@Bean
		WorkerAllocationStrategy byCountry() {
			return (topic, partition) -> topic.substring(0, 2);
		}

	}

	/**
	 * Has one handler.
	 */
	@Configuration(proxyBeanMethods = false)
	static class OneHandler {

		@Bean
		RecordHandler<String, String> orders() {
			return (record) -> {
			};
		}

	}

	/**
	 * Has a primary handler and another.
	 */
	@Configuration(proxyBeanMethods = false)
	static class PrimaryHandler {

		@Bean
		@Primary
		RecordHandler<String, String> bookkeeping() {
			return (record) -> {
			};
		}

		@Bean
		RecordHandler<String, String> shipping() {
			return (record) -> {
			};
		}

	}

	/**
	 * Has listeners that acknowledge, each in another way.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Acknowledging {

		@KafkaListener(id = "parameter", topics = "orders")
		void parameter(String value, Acknowledgment acknowledgment) {
		}

		@KafkaListener(id = "message", topics = "orders")
		void message(Message<String> message) {
		}

		@KafkaListener(id = "header", topics = "orders")
		void header(String value, @Header(KafkaHeaders.ACKNOWLEDGMENT) Object acknowledgment) {
		}

		@KafkaListener(id = "headers", topics = "orders")
		void headers(String value, @Headers Map<String, Object> headers) {
		}

		@KafkaListener(id = "messageHeaders", topics = "orders")
		void messageHeaders(String value, MessageHeaders headers) {
		}

		@KafkaListener(id = "batch", topics = "orders", batch = "true")
		void batch(List<String> values, Acknowledgment acknowledgment) {
		}

		@KafkaListener(id = "messages", topics = "orders", batch = "true")
		void messages(List<Message<String>> messages) {
		}

		@KafkaListener(id = "future", topics = "orders")
		CompletableFuture<Void> future(String value) {
			return CompletableFuture.completedFuture(null);
		}

		@Bean
		ConcurrentMessageListenerContainer<Object, Object> bean(
				ConcurrentKafkaListenerContainerFactory<Object, Object> factory) {
			ConcurrentMessageListenerContainer<Object, Object> container = factory.createContainer("orders");
			AcknowledgingMessageListener<Object, Object> listener = (record, acknowledgment) -> {
			};
			container.setupMessageListener(new FilteringMessageListenerAdapter<>(listener, (record) -> false));
			container.getContainerProperties().setGroupId("bean");
			return container;
		}

	}

	/**
	 * Has a class of handlers, of which one has no acknowledgment.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ListeningByPayload {

		@Bean
		PayloadHandlers handlers() {
			return new PayloadHandlers();
		}

	}

	/**
	 * Handles payloads of two types.
	 */
	@KafkaListener(id = "orders", topics = "orders")
	static class PayloadHandlers {

		@KafkaHandler
		void handleText(String text, Acknowledgment acknowledgment) {
		}

		@KafkaHandler
		void handleNumber(Integer number) {
		}

	}

	/**
	 * Has a listener behind a filter.
	 */
	@Configuration(proxyBeanMethods = false)
	static class FilteredListening {

		@KafkaListener(id = "orders", topics = "orders", filter = "none")
		void handle(String value) {
		}

		@Bean
		static RecordFilterStrategy<Object, Object> none() {
			return (record) -> false;
		}

	}

	/**
	 * Has a listener for batches.
	 */
	@Configuration(proxyBeanMethods = false)
	static class BatchListening {

		@KafkaListener(id = "orders", topics = "orders", batch = "true")
		void handle(List<ConsumerRecord<String, String>> records) {
		}

	}

	/**
	 * Has a container whose listener is none of a method.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ListenerBean {

		@Bean
		ConcurrentMessageListenerContainer<Object, Object> orders(
				ConcurrentKafkaListenerContainerFactory<Object, Object> factory) {
			ConcurrentMessageListenerContainer<Object, Object> container = factory.createContainer("orders");
			MessageListener<Object, Object> listener = (record) -> {
			};
			container.setupMessageListener(listener);
			container.getContainerProperties().setGroupId("orders");
			return container;
		}

	}

	/**
	 * Has listeners that say which group they are in.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Grouped {

		@KafkaListener(id = "orders", groupId = "orders", topics = "orders")
		void handleOrder(ConsumerRecord<String, String> record) {
		}

		@KafkaListener(id = "refunds", idIsGroup = false, topics = "refunds")
		void handleRefund(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Recovers records itself.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Recovering extends Listening {

		@Bean
		ConsumerRecordRecoverer recoverer() {
			return (record, failure) -> {
			};
		}

	}

}
