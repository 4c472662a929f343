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

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.BeanUtils;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.event.ConsumerStartingEvent;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;

import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link EndOffsets} with brokers that answer as a test requires.
 */
@ExtendWith(OutputCaptureExtension.class)
class EndOffsetsTests {

	private static final TopicPartition FIRST = new TopicPartition("orders", 0);

	private static final TopicPartition SECOND = new TopicPartition("orders", 1);

	private static final Set<TopicPartition> ALL = Set.of(FIRST, SECOND);

	private final ManualExecution execution = new ManualExecution();

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest");

	private final AnsweredContainer container = new AnsweredContainer();

	private final WorkerContainer adopted = ContainerFixtures.adopted(this.container, this.execution);

	private final WorkerContainers consumers = new WorkerContainers();

	/** With what clients were made, and how often one was closed. */
	private final List<Map<String, Object>> configurations = new ArrayList<>();

	private final List<Object> isolations = new ArrayList<>();

	private int closed;

	private final EndOffsets ends = new EndOffsets(this.consumers, (configuration) -> {
		this.configurations.add(configuration);
		this.whileMade.run();
		return admin();
	}, Duration.ofSeconds(10), this.execution, this.execution);

	/** What they do not answer about. */
	private Set<TopicPartition> unanswered = Set.of();

	private int requests;

	/** Why no request can be sent. */
	private @Nullable RuntimeException unsendable;

	/** Done while a client is made. */
	private Runnable whileMade = () -> {
	};

	private @Nullable Exception failure = new TimeoutException("On purpose");

	@BeforeEach
	void start() {
		this.consumers.add("orders", this.adopted);
		this.adopted.supervision().onEvent(new ConsumerStartingEvent(this, this.container));
		this.consumer.assign(ALL);
		this.consumer.updateBeginningOffsets(Map.of(FIRST, 0L, SECOND, 0L));
		this.consumer.updateEndOffsets(Map.of(FIRST, 1L, SECOND, 1L));
	}

	@Test
	void brokersThatDoNotAnswerAreNoticedThoughNothingIsGoingOn() {
		assign();
		poll(FIRST);
		poll(SECOND);
		this.ends.refresh();
		assertThat(table().load().lag().records()).isZero();
		this.unanswered = ALL;
		for (int second = 0; second < 40; second += 10) {
			this.execution.advance(Duration.ofSeconds(10));
			tick();
			this.ends.refresh();
			assertThat(table().load().lag().records()).as("lag after %d s", second).isNull();
			assertThat(table().partitions()).allSatisfy((partition) -> assertThat(partition.offsets().end()).isNull());
			assertThat(table().status().noAnswerSince()).isEqualTo("2026-01-01T00:00:10Z");
			assertThat(table().status().problems()).hasSize((second < 30) ? 0 : 1);
		}
		assertThat(table().status().problems()).singleElement()
			.extracting(ConsumerProblem::message)
			.isEqualTo("no answer: no broker has answered since 2026-01-01T00:00:10Z, for 30 s");
		this.unanswered = Set.of();
		this.ends.refresh();
		assertThat(table().status().problems()).isEmpty();
		assertThat(table().status().noAnswerSince()).isNull();
		assertThat(table().load().lag().records()).isZero();
	}

	@Test
	void brokerOfOnePartitionThatDoesNotAnswerIsNoticed() {
		assign();
		this.unanswered = Set.of(SECOND);
		this.ends.refresh();
		this.execution.advance(Duration.ofSeconds(30));
		tick();
		assertThat(table().status().noAnswerSince()).isNull();
		assertThat(table().status().problems()).singleElement()
			.extracting(ConsumerProblem::message)
			.asString()
			.startsWith("no answer: the brokers of 1 of 2 partitions have not answered");
	}

	@Test
	void refusalIsAnAnswer() {
		assign();
		this.unanswered = ALL;
		this.failure = new TopicAuthorizationException("orders");
		this.ends.refresh();
		assertThat(table().status().noAnswerSince()).isNull();
		assertThat(table().load().lag().records()).isNull();
	}

	@Test
	void brokersAreAskedForAConsumerThatHasNoPartitionsToo() {
		this.unanswered = ALL;
		this.ends.refresh();
		assertThat(table().status().noAnswerSince()).isEqualTo("2026-01-01T00:00:00Z");
		this.unanswered = Set.of();
		this.ends.refresh();
		assertThat(table().status().noAnswerSince()).isNull();
	}

	@Test
	void brokerIsNotAskedForAConsumerThatDoesNotRun() {
		this.unanswered = ALL;
		this.ends.refresh();
		this.container.running = false;
		this.ends.refresh();
		assertThat(table().status().noAnswerSince()).isNull();
	}

	@Test
	void brokersAreAskedOnTheIntervalUntilItIsStopped() {
		this.ends.start();
		assertThat(this.ends.isRunning()).isTrue();
		this.execution.advance(Duration.ZERO);
		assertThat(this.requests).isEqualTo(1);
		this.execution.advance(Duration.ofMillis(9_999));
		assertThat(this.requests).isEqualTo(1);
		this.execution.advance(Duration.ofMillis(1));
		assertThat(this.requests).isEqualTo(2);
		this.ends.stop();
		assertThat(this.ends.isRunning()).isFalse();
		assertThat(this.execution.timers()).as("that of the supervision").isEqualTo(1);
		this.ends.start();
		this.execution.advance(Duration.ZERO);
		assertThat(this.requests).isEqualTo(3);
	}

	@Test
	void brokersAreAskedSoonAfterPartitionsAreAssigned() {
		this.ends.start();
		this.execution.advance(Duration.ofSeconds(5));
		assertThat(this.requests).isEqualTo(1);
		rebalanced("assigned");
		rebalanced("assigned");
		rebalanced("revoked");
		this.execution.advance(Duration.ofSeconds(1));
		assertThat(this.requests).isEqualTo(2);
		rebalanced("assigned");
		this.ends.stop();
		assertThat(this.execution.timers()).as("that of the supervision").isEqualTo(1);
		rebalanced("assigned");
		assertThat(this.execution.timers()).as("that of the supervision").isEqualTo(1);
	}

	@Test
	void clientHasWhatTheConsumerNeedsToConnectAndNothingElse() {
		Properties overrides = this.container.getContainerProperties().getKafkaConsumerProperties();
		overrides.setProperty("client.id", "orders-consumer");
		overrides.setProperty("max.poll.records", "7");
		overrides.setProperty("sasl.of.a.provider", "a");
		overrides.setProperty("ssl.of.a.provider", "b");
		overrides.setProperty("config.providers.of.one", "c");
		overrides.setProperty("isolation.level", "READ_COMMITTED");
		assign();
		this.ends.refresh();
		assertThat(this.configurations).singleElement()
			.satisfies((configuration) -> assertThat(configuration)
				.containsOnlyKeys("bootstrap.servers", "client.id", "sasl.of.a.provider", "ssl.of.a.provider",
						"config.providers.of.one")
				.doesNotContainEntry("client.id", "orders-consumer"));
		assertThat(this.isolations).containsOnly(IsolationLevel.READ_COMMITTED);
	}

	@Test
	void endIsThatOfAllTransactionsUnlessTheConsumerReadsCommittedOnesOnly() {
		assign();
		this.ends.refresh();
		assertThat(this.isolations).containsOnly(IsolationLevel.READ_UNCOMMITTED);
	}

	@Test
	void clientIsKeptUntilItIsStopped() {
		assign();
		this.ends.start();
		this.execution.advance(Duration.ZERO);
		this.execution.advance(Duration.ofSeconds(10));
		assertThat(this.configurations).hasSize(1);
		assertThat(this.closed).isZero();
		this.ends.stop();
		assertThat(this.closed).isEqualTo(1);
		this.ends.start();
		this.execution.advance(Duration.ZERO);
		assertThat(this.configurations).hasSize(2);
	}

	@Test
	void brokersThatDoNotAnswerAreAWarningOnceAndSoIsThatTheyDoAgain(CapturedOutput output) {
		assign();
		this.ends.start();
		this.unanswered = ALL;
		this.execution.advance(Duration.ZERO);
		this.execution.advance(Duration.ofSeconds(10));
		assertThat(output)
			.containsOnlyOnce("Could not ask brokers for the end offsets of all partitions of 'orders': their "
					+ "lag may be unknown until they answer");
		this.unanswered = Set.of();
		this.execution.advance(Duration.ofSeconds(10));
		this.execution.advance(Duration.ofSeconds(10));
		assertThat(output).containsOnlyOnce("End offsets are available again for all partitions of 'orders'");
	}

	@Test
	void brokersAreAskedSoonAgainAfterTheNextAssignment() {
		this.ends.start();
		this.execution.advance(Duration.ofSeconds(5));
		for (int asked = 1; asked < 4; asked++) {
			assertThat(this.requests).isEqualTo(asked);
			rebalanced("assigned");
			this.execution.advance(Duration.ofSeconds(1));
		}
		rebalanced("assigned");
		this.ends.stop();
		this.ends.start();
		this.execution.advance(Duration.ZERO);
		int before = this.requests;
		rebalanced("assigned");
		this.execution.advance(Duration.ofSeconds(1));
		assertThat(this.requests).as("after it was started again").isEqualTo(before + 1);
	}

	@Test
	void brokersThatAnswerAreNoProblem() {
		assign();
		this.ends.refresh();
		this.execution.advance(Duration.ofMinutes(1));
		tick();
		assertThat(table().status().problems()).isEmpty();
	}

	@Test
	void requestThatCannotBeSentLeavesTheLagUnknownUntilOneCan(CapturedOutput output) {
		assign();
		poll(FIRST);
		poll(SECOND);
		this.ends.start();
		this.execution.advance(Duration.ZERO);
		assertThat(table().load().lag().records()).isZero();
		this.unsendable = new KafkaException("no memory");
		this.execution.advance(Duration.ofSeconds(10));
		assertThat(table().load().lag().records()).isNull();
		assertThat(output).containsOnlyOnce("Could not ask brokers for the end offsets of all partitions of 'orders'");
		this.unsendable = null;
		this.execution.advance(Duration.ofSeconds(10));
		assertThat(table().load().lag().records()).isZero();
	}

	@Test
	void clientIsClosedWhenNoConsumerConnectsAsItDoes() {
		assign();
		this.ends.refresh();
		Properties overrides = this.container.getContainerProperties().getKafkaConsumerProperties();
		overrides.setProperty("bootstrap.servers", "localhost:2");
		this.ends.refresh();
		assertThat(this.closed).isEqualTo(1);
		assertThat(this.configurations).extracting((configuration) -> configuration.get("bootstrap.servers"))
			.containsExactly("localhost:1", "localhost:2");
	}

	@Test
	void clientThatIsMadeDuringAStopIsClosed() {
		assign();
		this.whileMade = this.ends::stop;
		this.ends.refresh();
		assertThat(this.closed).isEqualTo(1);
	}

	@Test
	void intervalMustNotBeNegative() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new EndOffsets(this.consumers, (configuration) -> admin(), Duration.ofSeconds(-1),
					this.execution, this.execution))
			.withMessage("'kaffe.lag.interval' must not be negative; 0 switches it off");
	}

	private void rebalanced(String kind) {
		this.ends.rebalanced("orders",
				new ConsumerSnapshot.Rebalance(this.execution.instant(), kind, List.of("orders-0"), null, List.of()));
	}

	private void assign() {
		this.adopted.session(this.consumer).assigned(List.of(FIRST, SECOND));
		tick();
		this.adopted.session(this.consumer).positioned(List.of(FIRST, SECOND));
	}

	private void poll(TopicPartition partition) {
		this.adopted.session(this.consumer)
			.dispatch(new ConsumerRecords<>(
					Map.of(partition,
							List.of(new ConsumerRecord<>(partition.topic(), partition.partition(), 0, "key", "value"))),
					Map.of()));
		this.execution.runAll();
	}

	private void tick() {
		this.adopted.session(this.consumer).tick();
	}

	private ConsumerSnapshot table() {
		return this.adopted.snapshot(false);
	}

	private Object counted(Object answer) {
		this.requests++;
		return answer;
	}

	private Admin admin() {
		return (Admin) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { Admin.class },
				(proxy, method, arguments) -> switch (method.getName()) {
					case "listOffsets" -> {
						this.isolations.add(((ListOffsetsOptions) arguments[1]).isolationLevel());
						RuntimeException unsendable = this.unsendable;
						if (unsendable != null) {
							throw unsendable;
						}
						yield counted(endOffsets(((Map<?, ?>) arguments[0]).keySet()));
					}
					case "describeCluster" -> cluster();
					case "close" -> {
						this.closed++;
						yield null;
					}
					default -> throw new UnsupportedOperationException(method.toString());
				});
	}

	private ListOffsetsResult endOffsets(Collection<?> partitions) {
		Map<TopicPartition, KafkaFuture<ListOffsetsResultInfo>> ends = new HashMap<>();
		for (Object partition : partitions) {
			ends.put((TopicPartition) partition,
					answer(this.unanswered.contains(partition), new ListOffsetsResultInfo(1, -1, Optional.empty())));
		}
		return new ListOffsetsResult(ends);
	}

	private DescribeClusterResult cluster() throws NoSuchMethodException {
		return BeanUtils.instantiateClass(
				DescribeClusterResult.class.getDeclaredConstructor(KafkaFuture.class, KafkaFuture.class,
						KafkaFuture.class, KafkaFuture.class),
				answer(!this.unanswered.isEmpty(), List.of()), null, null, null);
	}

	private <T> KafkaFuture<T> answer(boolean fails, T answer) {
		KafkaFutureImpl<T> future = new KafkaFutureImpl<>();
		if (fails) {
			future.completeExceptionally(this.failure);
		}
		else {
			future.complete(answer);
		}
		return future;
	}

	/**
	 * Says where its brokers are, and whether it runs.
	 */
	private static final class AnsweredContainer extends KafkaMessageListenerContainer<Object, Object> {

		private boolean running = true;

		AnsweredContainer() {
			super(new DefaultKafkaConsumerFactory<>(Map.of("bootstrap.servers", "localhost:1")), properties());
		}

		private static ContainerProperties properties() {
			ContainerProperties properties = new ContainerProperties("orders");
			properties.setGroupId("shop");
			return properties;
		}

		@Override
		public boolean isRunning() {
			return this.running;
		}

	}

}
