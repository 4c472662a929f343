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
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeoutException;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.Resource;
import org.springframework.kafka.listener.CommonContainerStoppingErrorHandler;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.ExceptionClassifier;
import org.springframework.kafka.listener.RetryListener;
import org.springframework.kafka.support.converter.ConversionException;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.RecordBackOff;
import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.delivery.BatchDelivery;
import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.listener.ConsumerSettings;
import io.kaffe.spring.engine.listener.ContainerFacts.Subscription;
import io.kaffe.spring.engine.listener.UnsuitableContainerException;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.RestartHistory;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.WorkerOwner;
import io.kaffe.spring.table.ConsumerProblem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

/**
 * Tests for the properties of consumers, from the text in a file to the settings in use.
 */
class ConsumerSettingsTests {

	private static final Subscription NOTHING = new Subscription(Set.of(), (topic) -> false, null);

	private static final int MAX_POLL_RECORDS = 1000;

	private static final FailureBeans NO_BEANS = new FailureBeans(new DefaultListableBeanFactory(), Runnable::run,
			new ManualExecution().runtime());

	private static final WorkerAllocationStrategy OWN = (topic, partition) -> "worker";

	@Test
	void nothingSetMeansDefaults() throws IOException {
		ConsumerSettings settings = settings("kaffe: {}");
		assertThat(settings.strategy()).isEqualTo(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION);
		assertThat(settings.strategyName()).isEqualTo("worker-per-topic-partition");
		assertThat(settings.maxConcurrency()).as("all workers").isNull();
		assertThat(settings.maxBufferedRecords()).isEqualTo(10_000);
		assertThat(settings.commitInterval()).isEqualTo(Duration.ofMillis(100));
		assertThat(settings.batchLimits()).isEqualTo(new BatchDelivery.Limits(500, Duration.ZERO));
		assertThat(settings.drainTimeout()).isEqualTo(Duration.ofSeconds(20));
		assertThat(backOff(settings).getInitialInterval()).isEqualTo(100);
		assertThat(backOff(settings).getMultiplier()).isEqualTo(2);
		assertThat(backOff(settings).getMaxInterval()).isEqualTo(30_000);
		assertThat(backOff(settings).share()).isEqualTo(0.1);
		assertThat(backOff(settings).getMaxAttempts()).isEqualTo(Long.MAX_VALUE);
	}

	@Test
	void nothingSetMeansThatRecordsAreParkedAfterTenAttempts() throws IOException {
		ConsumerSettings settings = settings("kaffe: {}");
		assertThat(settings.failurePolicy().maxAttempts()).isEqualTo(10);
		assertThat(settings.failurePolicy().then()).isEqualTo(FailureAction.PARK);
		assertThat(settings.failurePolicy().thenFor()).isEmpty();
		assertThat(settings.failurePolicy().retryable().types()).containsKey(ConversionException.class)
			.hasSameSizeAs(ExceptionClassifier.defaultFatalExceptionsList());
		assertThat(settings.failurePolicy().maxParked()).isEqualTo(100);
		assertThat(settings.failurePolicy().retentionWarning()).isEqualTo(Duration.ofHours(6));
		assertThat(settings.stallLimits()).isEqualTo(new WorkerOwner.StallLimits(Duration.ofMinutes(5), null));
		assertThat(settings.restartLimit()).isEqualTo(new RestartHistory.Limit(10, Duration.ofMinutes(5)));
	}

	@Test
	void errorHandlerDecidesWhereThePropertiesSayNothing() throws IOException {
		List<String> recovered = new ArrayList<>();
		RetryListener listener = (record, failure, attempt) -> {
		};
		BackOff backOff = new FixedBackOff(7, 3);
		DefaultErrorHandler handler = new DefaultErrorHandler(
				(record, failure) -> recovered.add(String.valueOf(record.value())), backOff);
		handler.addNotRetryableExceptions(IOException.class);
		handler.setRetryListeners(listener);
		ConsumerRecord<String, String> record = new ConsumerRecord<>("orders", 0, 0, "key", "value");
		FailurePolicy all = policy("kaffe: {}", handler);
		assertThat(all.maxAttempts()).isZero();
		assertThat(Objects.requireNonNull(all.recordBackOff()).backOff(record, new IOException())).isSameAs(backOff);
		assertThat(all.backOff()).as("between recoveries").isInstanceOf(ProportionalBackOff.class);
		assertThat(all.retryable().types()).containsEntry(IOException.class, false);
		assertThat(all.retryListeners()).containsExactly(listener);
		recover(all, record);
		assertThat(recovered).containsExactly("value");
		for (String attempts : List.of("max-attempts: 5", "backoff.jitter: 0", "backoff.initial-interval: 1s",
				"backoff.multiplier: 1", "backoff.max-interval: 1m")) {
			FailurePolicy own = policy("kaffe.failure." + attempts, handler);
			assertThat(own.maxAttempts()).as(attempts).isEqualTo(attempts.startsWith("max") ? 5 : 10);
			assertThat(own.recordBackOff()).as(attempts).isNull();
			assertThat(own.retryable().types()).as(attempts).containsEntry(IOException.class, false);
			assertThat(own.recoverer()).as(attempts).isNotNull();
		}
		FailurePolicy skipping = policy("kaffe.failure.then: skip", handler);
		assertThat(skipping.maxAttempts()).isZero();
		assertThat(skipping.recoverer()).isNull();
		assertThat(skipping.then()).isEqualTo(FailureAction.SKIP);
		assertThat(policy("kaffe.failure.then-for: {java.io.IOException: skip}", handler).recoverer()).isNull();
		assertThat(policy("kaffe.failure.not-retryable: java.lang.IllegalStateException", handler).retryable().types())
			.containsKey(IllegalStateException.class)
			.doesNotContainKey(IOException.class);
		assertThat(policy("kaffe: {}", new CommonContainerStoppingErrorHandler()).then()).isEqualTo(FailureAction.STOP);
	}

	@Test
	void backOffOfTheApplicationComesBeforeThatOfTheErrorHandler() throws IOException {
		BackOff own = new FixedBackOff(1, 1);
		BackOff common = new FixedBackOff(7, 3);
		DefaultListableBeanFactory beans = new DefaultListableBeanFactory();
		beans.registerSingleton("backOff",
				(RecordBackOff) (record, failure) -> (failure instanceof IOException) ? own : null);
		FailurePolicyResolver resolver = new FailurePolicyResolver(properties("kaffe: {}"), null,
				new FailureBeans(beans, Runnable::run, new ManualExecution().runtime()));
		RecordBackOff backOff = Objects
			.requireNonNull(resolver.resolve("orders", NOTHING, new DefaultErrorHandler(common)).recordBackOff());
		ConsumerRecord<String, String> record = new ConsumerRecord<>("orders", 0, 0, "key", "value");
		assertThat(backOff.backOff(record, new IOException())).isSameAs(own);
		assertThat(backOff.backOff(record, new IllegalStateException())).isSameAs(common);
	}

	private static FailurePolicy policy(String yaml, CommonErrorHandler handler) throws IOException {
		return resolver(yaml).resolve("orders", Duration.ofMinutes(5), MAX_POLL_RECORDS, NOTHING, handler)
			.failurePolicy();
	}

	private static void recover(FailurePolicy policy, ConsumerRecord<?, ?> record) {
		assertThatNoException().isThrownBy(() -> Objects.requireNonNull(policy.recoverer())
			.recover(record, new IllegalStateException("On purpose")));
	}

	@Test
	void failurePolicyOfAConsumerBeatsTheDefaultForConsumers() throws IOException {
		String yaml = """
				kaffe:
				  stall-threshold: 1m
				  stall-interrupt-threshold: 2m
				  supervision: {max-restarts: 3, window: 1m}
				  failure:
				    max-attempts: 3
				    then: skip
				    not-retryable: java.io.IOException
				    max-parked: 7
				    retention-warning: 0
				    then-for:
				      java.lang.IllegalStateException: stop
				  consumers:
				    orders:
				      stall-threshold: 10s
				      supervision.max-restarts: 0
				      failure:
				        max-attempts: 0
				        then: stop
				        not-retryable: [java.lang.IllegalArgumentException, java.util.concurrent.TimeoutException]
				        then-for:
				          "[java.io.IOException]": skip
				          java.lang.IllegalStateException: stop
				""";
		ConsumerSettings settings = settings(yaml);
		assertThat(settings.failurePolicy().maxAttempts()).isZero();
		assertThat(settings.failurePolicy().then()).isEqualTo(FailureAction.STOP);
		assertThat(settings.failurePolicy().thenFor()).containsOnly(Map.entry(IOException.class, FailureAction.SKIP),
				Map.entry(IllegalStateException.class, FailureAction.STOP));
		assertThat(settings.failurePolicy().retryable().types())
			.containsKeys(IllegalArgumentException.class, TimeoutException.class)
			.doesNotContainKey(IOException.class);
		assertThat(settings.failurePolicy().maxParked()).isEqualTo(7);
		assertThat(settings.failurePolicy().retentionWarning()).isZero();
		assertThat(settings.stallLimits())
			.isEqualTo(new WorkerOwner.StallLimits(Duration.ofSeconds(10), Duration.ofMinutes(2)));
		assertThat(settings.restartLimit()).isEqualTo(new RestartHistory.Limit(0, Duration.ofMinutes(1)));
		ConsumerSettings others = resolver(yaml).resolve("refunds", Duration.ofMinutes(5), MAX_POLL_RECORDS, NOTHING,
				null);
		assertThat(others.failurePolicy().maxAttempts()).isEqualTo(3);
		assertThat(others.failurePolicy().then()).isEqualTo(FailureAction.SKIP);
		assertThat(others.failurePolicy().retryable().types()).containsKey(IOException.class);
		assertThat(others.failurePolicy().thenFor())
			.containsOnly(Map.entry(IllegalStateException.class, FailureAction.STOP));
	}

	@Test
	void batchIsNoLargerThanAPollUnlessConfigured() throws IOException {
		assertThat(largestBatch("kaffe: {}", 501)).isEqualTo(500);
		assertThat(largestBatch("kaffe: {}", 499)).isEqualTo(499);
		assertThat(largestBatch("kaffe.batch.max-size: 1000", 5)).isEqualTo(1000);
		assertThat(largestBatch("kaffe.consumers.orders.batch.max-size: 3", 5)).isEqualTo(3);
	}

	@Test
	void valueBelowKaffeIsTheDefaultForConsumers() throws IOException {
		ConsumerSettings settings = settings("""
				kaffe:
				  worker-allocation-strategy: worker-per-partition
				  drain-timeout: 5s
				  buffer.max-records: 100
				  batch:
				    max-size: 50
				    max-wait: 100ms
				  commit.interval: 200ms
				  failure.backoff:
				    initial-interval: 1s
				    multiplier: 3
				    max-interval: 1m
				    jitter: 0.5
				""");
		assertThat(settings.strategy()).isEqualTo(StandardWorkerAllocationStrategy.WORKER_PER_PARTITION);
		assertThat(settings.maxBufferedRecords()).isEqualTo(100);
		assertThat(settings.batchLimits()).isEqualTo(new BatchDelivery.Limits(50, Duration.ofMillis(100)));
		assertThat(settings.commitInterval()).isEqualTo(Duration.ofMillis(200));
		assertThat(settings.drainTimeout()).isEqualTo(Duration.ofSeconds(5));
		assertThat(backOff(settings).getInitialInterval()).isEqualTo(1000);
		assertThat(backOff(settings).getMultiplier()).isEqualTo(3);
		assertThat(backOff(settings).getMaxInterval()).isEqualTo(60_000);
		assertThat(backOff(settings).share()).isEqualTo(0.5);
	}

	@Test
	void valueOfConsumerBeatsTheDefaultForConsumers() throws IOException {
		String yaml = """
				kaffe:
				  worker-allocation-strategy: worker-per-partition
				  drain-timeout: 5s
				  buffer.max-records: 100
				  commit.interval: 200ms
				  failure.backoff:
				    initial-interval: 1s
				    multiplier: 3
				    max-interval: 1m
				    jitter: 0.5
				  consumers:
				    orders:
				      worker-allocation-strategy: worker-per-topic-partition
				      drain-timeout: 6s
				      buffer.max-records: 101
				      commit.interval: 201ms
				      failure.backoff:
				        initial-interval: 2s
				        multiplier: 4
				        max-interval: 2m
				        jitter: 0
				""";
		ConsumerSettings settings = settings(yaml);
		assertThat(settings.strategy()).isEqualTo(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION);
		assertThat(settings.maxBufferedRecords()).isEqualTo(101);
		assertThat(settings.commitInterval()).isEqualTo(Duration.ofMillis(201));
		assertThat(settings.drainTimeout()).isEqualTo(Duration.ofSeconds(6));
		assertThat(backOff(settings).getInitialInterval()).isEqualTo(2000);
		assertThat(backOff(settings).getMultiplier()).isEqualTo(4);
		assertThat(backOff(settings).getMaxInterval()).isEqualTo(120_000);
		assertThat(backOff(settings).share()).isZero();
		assertThat(resolver(yaml).resolve("refunds", Duration.ofMinutes(5), MAX_POLL_RECORDS, NOTHING, null)
			.maxBufferedRecords()).isEqualTo(100);
	}

	@Test
	void partOfConsumersValuesMayBeLeftToTheDefaults() throws IOException {
		ConsumerSettings settings = settings("""
				kaffe:
				  buffer.max-records: 100
				  failure.backoff.multiplier: 3
				  consumers:
				    orders:
				      failure.backoff.initial-interval: 2s
				""");
		assertThat(settings.maxBufferedRecords()).isEqualTo(100);
		assertThat(backOff(settings).getMultiplier()).isEqualTo(3);
		assertThat(backOff(settings).getInitialInterval()).isEqualTo(2000);
		assertThat(backOff(settings).getMaxInterval()).isEqualTo(30_000);
	}

	@ParameterizedTest
	@ValueSource(strings = { "kaffe.consumers.orders: ''", "kaffe.consumers.orders:", "kaffe.consumers.orders: {}",
			"kaffe.consumers: {orders: {}}", "kaffe:\n  consumers:\n    orders: {}\n",
			"kaffe:\n  consumers:\n    orders:\n", "kaffe:\n  consumers:\n    orders:\n    refunds:\n",
			"kaffe:\n  consumers:\n    orders:\n      buffer:\n        max-records: 5\n" })
	void consumerIsNamedWithOrWithoutSettings(String yaml) throws IOException {
		assertThat(properties(yaml).getConsumers()).containsKey("orders");
	}

	@Test
	void nameOfConsumerMayHaveDotsAndCapitals() throws IOException {
		assertThat(properties("kaffe.consumers: {'[my.Orders_v2]': {drain-timeout: 3s}, myOrders: }").getConsumers())
			.containsOnlyKeys("my.Orders_v2", "myOrders");
	}

	@ParameterizedTest
	@ValueSource(
			strings = { "worker-per-partition", "WORKER_PER_PARTITION", "workerPerPartition", "worker_per_partition" })
	void strategyIsFoundByAnyFormOfItsName(String name) throws IOException {
		ConsumerSettings settings = settings("kaffe.consumers.orders.worker-allocation-strategy: " + name);
		assertThat(settings.strategy()).isEqualTo(StandardWorkerAllocationStrategy.WORKER_PER_PARTITION);
		assertThat(settings.strategyName()).isEqualTo("worker-per-partition");
	}

	@ParameterizedTest
	@ValueSource(strings = { "worker-per-key", "worker-per-record" })
	void workersOfRecordsAreLimitedByDefault(String name) throws IOException {
		String strategy = "kaffe.worker-allocation-strategy: " + name;
		assertThat(settings(strategy).maxConcurrency()).isEqualTo(16);
		assertThat(settings(strategy + "\nkaffe.consumers.orders.max-concurrency: 100").maxConcurrency())
			.isEqualTo(100);
	}

	@Test
	void workersOfPartitionsCanBeLimited() throws IOException {
		assertThat(settings("kaffe.max-concurrency: 2").maxConcurrency()).isEqualTo(2);
	}

	@Test
	void parkedRecordIsAWarningOfHealthUnlessItIsToBeDown() throws IOException {
		assertThat(settings("kaffe: {}").parkedSeverity()).isEqualTo(ConsumerProblem.Severity.WARNING);
		assertThat(settings("kaffe.health.parked: down").parkedSeverity()).isEqualTo(ConsumerProblem.Severity.DOWN);
		assertThat(
				settings("kaffe.health.parked: down\nkaffe.consumers.orders.health.parked: warning").parkedSeverity())
			.isEqualTo(ConsumerProblem.Severity.WARNING);
	}

	@Test
	void onlyStrategyBeanIsTheDefaultOfTheOnlyConsumerAndCanBeOverruled() throws IOException {
		Map<String, WorkerAllocationStrategy> beans = Map.of("own", OWN);
		ConsumerSettings settings = resolve(resolver("kaffe: {}", beans, OWN), "orders");
		assertThat(settings.strategy()).isSameAs(OWN);
		assertThat(settings.strategyName()).isEqualTo("own");
		String yaml = "kaffe.consumers.orders.worker-allocation-strategy: worker-per-key";
		assertThat(resolve(resolver(yaml, beans, OWN), "orders").strategy())
			.isEqualTo(StandardWorkerAllocationStrategy.WORKER_PER_KEY);
	}

	@Test
	void onlyStrategyBeanIsRefusedWhereSeveralConsumersMayBeMeant() throws IOException {
		ConsumerSettingsResolver resolver = resolver("kaffe: {}", Map.of("own", OWN), OWN);
		resolver.expect(Set.of("orders", "refunds"));
		assertThatExceptionOfType(UnsuitableContainerException.class).isThrownBy(() -> resolve(resolver, "orders"))
			.withMessageContaining("consumer 'orders'")
			.withMessageContaining("(orders, refunds)");
	}

	@Test
	void onlyStrategyBeanIsRefusedForAConsumerThatIsRegisteredLater() throws IOException {
		ConsumerSettingsResolver resolver = resolver("kaffe: {}", Map.of("own", OWN), OWN);
		assertThat(resolve(resolver, "orders").strategy()).isSameAs(OWN);
		assertThatExceptionOfType(UnsuitableContainerException.class).isThrownBy(() -> resolve(resolver, "refunds"))
			.withMessageContaining("consumer 'refunds'");
	}

	@Test
	void onlyStrategyBeanIsThatOfTheConsumerWithItsNameAlone() throws IOException {
		ConsumerSettingsResolver resolver = resolver("kaffe: {}", Map.of("orders", OWN), OWN);
		resolver.expect(Set.of("orders", "refunds"));
		assertThat(resolve(resolver, "orders").strategy()).isSameAs(OWN);
		assertThat(resolve(resolver, "refunds").strategy())
			.isEqualTo(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION);
	}

	@Test
	void onlyStrategyBeanIsThatOfTheConsumerThatNamesItAlone() throws IOException {
		ConsumerSettingsResolver resolver = resolver("kaffe.consumers.orders.worker-allocation-strategy: own",
				Map.of("own", OWN), OWN);
		resolver.expect(Set.of("orders", "refunds"));
		assertThat(resolve(resolver, "orders").strategy()).isSameAs(OWN);
		assertThat(resolve(resolver, "refunds").strategy())
			.isEqualTo(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION);
	}

	@Test
	void onlyStrategyBeanIsThatOfAllConsumersIfTheyAreSaidToHaveIt() throws IOException {
		ConsumerSettingsResolver resolver = resolver("kaffe.worker-allocation-strategy: own", Map.of("own", OWN), OWN);
		resolver.expect(Set.of("orders", "refunds"));
		assertThat(resolve(resolver, "orders").strategy()).isSameAs(OWN);
		assertThat(resolve(resolver, "refunds").strategy()).isSameAs(OWN);
	}

	@Test
	void primaryStrategyBeanOfSeveralIsTheDefault() throws IOException {
		Map<String, WorkerAllocationStrategy> beans = Map.of("own", OWN, "other", (topic, partition) -> "other");
		ConsumerSettingsResolver resolver = resolver("kaffe: {}", beans, OWN);
		resolver.expect(Set.of("orders", "refunds"));
		assertThat(resolve(resolver, "orders").strategy()).isSameAs(OWN);
		assertThat(resolve(resolver, "refunds").strategy()).isSameAs(OWN);
		assertThat(resolve(resolver("kaffe: {}", beans, null), "orders").strategy())
			.as("of several beans none is chosen")
			.isEqualTo(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION);
	}

	private static ConsumerSettings resolve(ConsumerSettingsResolver resolver, String consumer) {
		return resolver.resolve(consumer, Duration.ofMinutes(5), MAX_POLL_RECORDS, NOTHING, null);
	}

	private static ConsumerSettings settings(String yaml) throws IOException {
		return resolver(yaml).resolve("orders", Duration.ofMinutes(5), MAX_POLL_RECORDS, NOTHING, null);
	}

	private static int largestBatch(String yaml, int maxPollRecords) throws IOException {
		return resolver(yaml).resolve("orders", Duration.ofMinutes(5), maxPollRecords, NOTHING, null)
			.batchLimits()
			.maxSize();
	}

	private static ConsumerSettingsResolver resolver(String yaml) throws IOException {
		return resolver(yaml, Map.of(), null);
	}

	private static ConsumerSettingsResolver resolver(String yaml, Map<String, WorkerAllocationStrategy> strategies,
			@Nullable WorkerAllocationStrategy only) throws IOException {
		KaffeProperties properties = properties(yaml);
		return new ConsumerSettingsResolver(properties, new StrategyBeans(properties, strategies, only),
				new FailurePolicyResolver(properties, null, NO_BEANS));
	}

	private static KaffeProperties properties(String yaml) throws IOException {
		StandardEnvironment environment = new StandardEnvironment();
		Resource resource = new ByteArrayResource(yaml.getBytes(StandardCharsets.UTF_8));
		for (PropertySource<?> source : new YamlPropertySourceLoader().load("application.yml", resource)) {
			environment.getPropertySources().addFirst(source);
		}
		return Binder.get(environment).bindOrCreate("kaffe", KaffeProperties.class);
	}

	private static ProportionalBackOff backOff(ConsumerSettings settings) {
		assertThat(settings.failurePolicy().backOff()).isInstanceOf(ProportionalBackOff.class);
		return (ProportionalBackOff) settings.failurePolicy().backOff();
	}

}
