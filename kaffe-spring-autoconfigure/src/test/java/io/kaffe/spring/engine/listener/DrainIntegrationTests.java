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

import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.listener.ConsumerAwareRebalanceListener;
import org.springframework.kafka.support.Acknowledgment;

import io.kaffe.spring.table.ConsumerState;
import io.kaffe.spring.table.WorkerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for letting partitions go: on a stop and in a rebalance.
 */
@ExtendWith(OutputCaptureExtension.class)
class DrainIntegrationTests {

	@ParameterizedTest
	@EnumSource
	void stopFinishesTheRunningRecordCommitsAndDropsWhatIsQueued(Protocol protocol) throws Exception {
		try (ListenerApplication application = application(protocol).topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			await("the record is being handled").until(() -> gate.started.contains("0:3"));
			CompletableFuture<Void> stopped = CompletableFuture
				.runAsync(() -> ListenerApplication.container(context, "orders").stop());
			await("the drain has begun").until(() -> !ListenerApplication.container(context, "orders").isRunning());
			gate.open();
			stopped.get(30, TimeUnit.SECONDS);
			assertThat(gate.finished).containsExactly("0:0", "0:1", "0:2", "0:3");
			assertThat(application.committed("orders", 0)).isEqualTo(4);
			assertThat(ListenerApplication.table(context, "orders").workers()).isEmpty();
			ListenerApplication.container(context, "orders").start();
			await("the rest is handled").until(() -> gate.finished.size() == 10);
			assertThat(gate.finished).doesNotHaveDuplicates();
		}
	}

	@Test
	void stopOfManuallyAssignedPartitionsDrainsAndCommitsToo() throws Exception {
		try (ListenerApplication application = ListenerApplication.of(ManuallyAssigned.class)
			.with("kaffe.consumers.orders", "")
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			await("the record is being handled").until(() -> gate.started.contains("0:3"));
			assertThat(ListenerApplication.table(context, "orders").workers()).hasSize(1);
			CompletableFuture<Void> stopped = CompletableFuture
				.runAsync(() -> ListenerApplication.container(context, "orders").stop());
			await("the drain has begun").until(() -> !ListenerApplication.container(context, "orders").isRunning());
			gate.open();
			stopped.get(30, TimeUnit.SECONDS);
			assertThat(application.committed("orders", 0)).isEqualTo(4);
		}
	}

	@Test
	void stopOfAStaticMemberDrainsAndCommitsToo() {
		try (ListenerApplication application = application(Protocol.CLASSIC)
			.with("spring.kafka.consumer.properties.group.instance.id", "one")
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			await("the record is being handled").until(() -> gate.started.contains("0:3"));
			CompletableFuture<Void> stopped = CompletableFuture
				.runAsync(() -> ListenerApplication.container(context, "orders").stop());
			await("the drain has begun").until(() -> !ListenerApplication.container(context, "orders").isRunning());
			gate.open();
			assertThat(stopped).succeedsWithin(30, TimeUnit.SECONDS);
			assertThat(application.committed("orders", 0)).isEqualTo(4);
			ListenerApplication.container(context, "orders").start();
			await("the rest is handled").until(() -> gate.finished.size() == 10);
			assertThat(gate.finished).doesNotHaveDuplicates();
		}
	}

	@Test
	void stopInTheMidstOfARebalanceCommitsToo() throws Exception {
		try (ListenerApplication application = application(Protocol.COOPERATIVE)
			.with("spring.kafka.consumer.heartbeat-interval", "200ms")
			.topic("orders", 2); GroupMember slow = member(application); GroupMember joining = member(application)) {
			ConfigurableApplicationContext context = application.start("--test.stop=none");
			Gate gate = context.getBean(Gate.class);
			ListenerApplication.awaitAssigned(context, "orders", 2);
			slow.poll();
			ListenerApplication.awaitAssigned(context, "orders", 1);
			int partition = ListenerApplication.table(context, "orders").partitions().get(0).partition();
			await("the other member has its partition").until(() -> !slow.assignment().isEmpty());
			slow.stopPolling();
			joining.poll();
			await("a rebalance begins").until(() -> application.groupState() == GroupState.PREPARING_REBALANCE);
			application.send("orders", partition, 0, 10);
			await("all are handled").until(() -> gate.finished.size() == 10);
			CompletableFuture<Void> stopped = CompletableFuture
				.runAsync(() -> ListenerApplication.container(context, "orders").stop());
			assertThat(stopped).as("the rebalance cannot end").failsWithin(500, TimeUnit.MILLISECONDS);
			slow.poll();
			assertThat(stopped).succeedsWithin(20, TimeUnit.SECONDS);
			assertThat(application.committed("orders", partition)).isEqualTo(10);
		}
	}

	private static GroupMember member(ListenerApplication application) {
		return new GroupMember(application.group(), application.topic("orders"));
	}

	@Test
	void topicsOfAPatternHaveWorkersWhenTheyAppear() {
		try (ListenerApplication application = ListenerApplication.of(ByPattern.class)
			.with("kaffe.consumers.orders", "")
			.with("spring.kafka.consumer.properties.metadata.max.age.ms", 500)
			.topic("orders-a", 1)) {
			application.send("orders-a", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			await("the first topic is handled").until(() -> gate.finished.size() == 10);
			application.topic("orders-b", 2);
			application.send("orders-b", 1, 10, 20);
			await("the second topic is handled").until(() -> gate.finished.size() == 20);
			ListenerApplication.awaitAssigned(context, "orders", 3);
			assertThat(ListenerApplication.table(context, "orders").settings().topics())
				.containsExactly(application.topic("orders-a"), application.topic("orders-b"));
			assertThat(gate.finished).doesNotHaveDuplicates();
			await("all is committed").until(() -> Long.valueOf(10).equals(application.committed("orders-a", 0))
					&& Long.valueOf(10).equals(application.committed("orders-b", 1)));
		}
	}

	@Test
	void closingContextDrainsBeforeItsExecutorGoes() {
		try (ListenerApplication application = application(Protocol.CLASSIC).topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			await("the record is being handled").until(() -> gate.started.contains("0:3"));
			CompletableFuture<Void> closed = CompletableFuture.runAsync(context::close);
			await("the drain has begun").until(() -> !ListenerApplication.container(context, "orders").isRunning());
			gate.open();
			assertThat(closed).succeedsWithin(30, TimeUnit.SECONDS);
			assertThat(gate.finished).containsExactly("0:0", "0:1", "0:2", "0:3");
			assertThat(application.committed("orders", 0)).isEqualTo(4);
		}
	}

	@ParameterizedTest
	@EnumSource
	void revokedPartitionIsHandedOverWithoutRepeatingAnything(Protocol protocol) {
		try (ListenerApplication application = application(protocol).topic("orders", 2)) {
			application.send("orders", 0, 0, 50);
			application.send("orders", 1, 0, 50);
			ConfigurableApplicationContext first = application.start();
			Gate firstGate = first.getBean(Gate.class);
			await("partition 0 is being handled").until(() -> firstGate.started.contains("0:3"));
			await("partition 1 is finished").until(() -> Long.valueOf(50).equals(application.committed("orders", 1)));
			firstGate.stopAt("1:50");
			application.send("orders", 1, 50, 51);
			await("partition 1 is being handled").until(() -> firstGate.started.contains("1:50"));
			ConfigurableApplicationContext second = application.start("--test.stop=none");
			Gate secondGate = second.getBean(Gate.class);
			await("one partition is being drained").until(() -> ListenerApplication.table(first, "orders")
				.workers()
				.stream()
				.anyMatch((worker) -> worker.state().name().equals("DRAINING")) || !secondGate.started.isEmpty()
					|| ListenerApplication.table(first, "orders").status().state().name().equals("REBALANCING"));
			firstGate.open();
			await("all are handled").until(() -> firstGate.finished.size() + secondGate.finished.size() >= 101);
			ListenerApplication.awaitAssigned(second, "orders", 1);
			assertThat(Stream.concat(firstGate.started.stream(), secondGate.started.stream())).hasSize(101)
				.doesNotHaveDuplicates();
			await("worker of the revoked partition is retired")
				.untilAsserted(() -> assertThat(ListenerApplication.table(first, "orders").workers()).hasSize(1));
			await("all is committed").until(() -> Long.valueOf(50).equals(application.committed("orders", 0))
					&& Long.valueOf(51).equals(application.committed("orders", 1)));
		}
	}

	@ParameterizedTest
	@EnumSource
	void recordThatOutlastsTheDrainIsRepeatedByTheNextOwnerAndItsCompletionChangesNothing(Protocol protocol,
			CapturedOutput output) {
		try (ListenerApplication application = application(protocol).with("kaffe.drain-timeout", "300ms")
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			await("the record is being handled").until(() -> gate.started.contains("0:3"));
			ListenerApplication.container(context, "orders").stop();
			assertThat(output).containsPattern("WARN .*Consumer 'orders': revoked 1 partition: "
					+ application.topic("orders") + "-0 after a drain of \\d+ ms; abandoned 1 record in progress, "
					+ "to be redelivered to the next owner: " + application.topic("orders") + "-0@3");
			assertThat(application.committed("orders", 0)).isEqualTo(3);
			assertThat(ListenerApplication.table(context, "orders").workers()).extracting(WorkerSnapshot::name)
				.hasSize(1);
			ListenerApplication.container(context, "orders").start();
			ListenerApplication.awaitAssigned(context, "orders", 1);
			assertThat(gate.started).as("the worker still runs the old record").hasSize(4);
			gate.open();
			await("the rest is handled").until(() -> gate.finished.size() == 11);
			assertThat(output).contains(application.topic("orders") + "-0@3 was completed after ");
			assertThat(gate.finished).containsExactly("0:0", "0:1", "0:2", "0:3", "0:3", "0:4", "0:5", "0:6", "0:7",
					"0:8", "0:9");
			await("all is committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
		}
	}

	@Test
	void rebalanceListenerOfTheUserIsNotifiedWhenNothingIsBeingHandled() {
		try (ListenerApplication application = ListenerApplication.of(WithRebalanceListener.class)
			.with("kaffe.consumers.orders", "")
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			Queue<String> notifications = context.getBean(WithRebalanceListener.class).notifications;
			await("the record is being handled").until(() -> gate.started.contains("0:3"));
			assertThat(notifications).containsExactly("assigned 1");
			CompletableFuture<Void> stopped = CompletableFuture
				.runAsync(() -> ListenerApplication.container(context, "orders").stop());
			await("the drain has begun").until(() -> !ListenerApplication.container(context, "orders").isRunning());
			gate.open();
			assertThat(stopped).succeedsWithin(30, TimeUnit.SECONDS);
			assertThat(notifications).containsExactly("assigned 1", "before commit, finished 4", "after commit");
		}
	}

	@ParameterizedTest
	@EnumSource
	void stopWaitsForAcknowledgmentsOfWhatTheListenerHasReturnedFrom(Protocol protocol) {
		try (ListenerApplication application = application(Acknowledging.class, protocol).topic("orders", 1)) {
			assertStopWaitsForAcknowledgments(application);
		}
	}

	@Test
	void stopWaitsForAcknowledgmentsOfBatchesToo() {
		try (ListenerApplication application = application(AcknowledgingBatches.class, Protocol.CLASSIC).topic("orders",
				1)) {
			assertStopWaitsForAcknowledgments(application);
		}
	}

	private static void assertStopWaitsForAcknowledgments(ListenerApplication application) {
		application.send("orders", 0, 0, 10);
		ConfigurableApplicationContext context = application.start();
		Acknowledgments open = context.getBean(Acknowledgments.class);
		await("all were dispatched").until(() -> open.records.get() == 10);
		CompletableFuture<Void> stopped = CompletableFuture
			.runAsync(() -> ListenerApplication.container(context, "orders").stop());
		await("the drain has begun")
			.until(() -> ListenerApplication.table(context, "orders").status().state() == ConsumerState.DRAINING);
		Acknowledgment last = open.acknowledgments.pollLast();
		open.acknowledgeAll();
		assertThat(stopped).as("one is open").failsWithin(300, TimeUnit.MILLISECONDS);
		last.acknowledge();
		assertThat(stopped).succeedsWithin(10, TimeUnit.SECONDS);
		assertThat(application.committed("orders", 0)).isEqualTo(10);
		assertThat(ListenerApplication.table(context, "orders").rebalances())
			.allSatisfy((rebalance) -> assertThat(rebalance.givenUp()).isEmpty());
	}

	@ParameterizedTest
	@EnumSource
	void whatTheListenerKeepsIsCommittedIfItIsAcknowledgedWhenItsPartitionIsRevoked(Protocol protocol) {
		try (ListenerApplication application = application(AcknowledgingOnRevocation.class, protocol).topic("orders",
				2)) {
			application.send("orders", 0, 0, 10);
			application.send("orders", 1, 0, 10);
			ConfigurableApplicationContext first = application.start();
			Acknowledgments open = first.getBean(Acknowledgments.class);
			await("all were dispatched").until(() -> open.records.get() == 20);
			ConfigurableApplicationContext second = application.start();
			ListenerApplication.awaitAssigned(second, "orders", 1);
			int partition = ListenerApplication.table(second, "orders").partitions().get(0).partition();
			assertThat(application.committed("orders", partition)).isEqualTo(10);
			assertThat(ListenerApplication.table(first, "orders").rebalances())
				.filteredOn((rebalance) -> rebalance.kind().equals("revoked"))
				.isNotEmpty()
				.allSatisfy((rebalance) -> {
					assertThat(rebalance.givenUp()).isEmpty();
					assertThat(rebalance.drainMillis()).as("nothing is waited for in vain").isLessThan(10_000);
				});
		}
	}

	@Test
	void whatTheListenerKeepsIsCommittedIfItIsAcknowledgedWhenTheContextCloses() {
		try (ListenerApplication application = application(AcknowledgingOnRevocation.class, Protocol.CLASSIC)
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			Acknowledgments open = context.getBean(Acknowledgments.class);
			await("all were dispatched").until(() -> open.records.get() == 10);
			assertThat(CompletableFuture.runAsync(context::close)).as("nothing is waited for in vain")
				.succeedsWithin(10, TimeUnit.SECONDS);
			assertThat(application.committed("orders", 0)).isEqualTo(10);
		}
	}

	@ParameterizedTest
	@EnumSource
	void whatTheListenerKeepsIsCommittedIfItIsAcknowledgedWhenItHearsOfAStop(Protocol protocol) {
		try (ListenerApplication application = application(AcknowledgingOnRevocation.class, protocol).topic("orders",
				1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			Acknowledgments open = context.getBean(Acknowledgments.class);
			await("all were dispatched").until(() -> open.records.get() == 10);
			assertThat(CompletableFuture.runAsync(() -> ListenerApplication.container(context, "orders").stop()))
				.as("nothing is waited for in vain")
				.succeedsWithin(10, TimeUnit.SECONDS);
			assertThat(application.committed("orders", 0)).isEqualTo(10);
			assertThat(context.getBean(AcknowledgingOnRevocation.class).revocations).hasValue(1);
		}
	}

	@Test
	void recordCompletedByTheAcknowledgmentOfAFailedAttemptIsNotWaitedFor() {
		try (ListenerApplication application = application(FailingAfterwards.class, Protocol.CLASSIC).topic("orders",
				1)) {
			application.send("orders", 0, 0, 1);
			ConfigurableApplicationContext context = application.start();
			Acknowledgments open = context.getBean(Acknowledgments.class);
			await("both attempts were made").until(() -> open.records.get() == 2);
			await("the second one has returned")
				.untilAsserted(() -> assertThat(ListenerApplication.table(context, "orders").workers())
					.allSatisfy((worker) -> assertThat(worker.state().name()).isEqualTo("IDLE")));
			open.acknowledgments.getFirst().acknowledge();
			assertThat(CompletableFuture.runAsync(() -> ListenerApplication.container(context, "orders").stop()))
				.as("nothing is waited for in vain")
				.succeedsWithin(10, TimeUnit.SECONDS);
			assertThat(application.committed("orders", 0)).isEqualTo(1);
		}
	}

	@Test
	void acknowledgmentsThatOutlastTheDrainAreAbandoned(CapturedOutput output) {
		try (ListenerApplication application = application(Acknowledging.class, Protocol.CLASSIC)
			.with("kaffe.drain-timeout", "300ms")
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext context = application.start();
			Acknowledgments open = context.getBean(Acknowledgments.class);
			await("all were dispatched").until(() -> open.records.get() == 3);
			open.acknowledgments.remove().acknowledge();
			ListenerApplication.container(context, "orders").stop();
			String topic = application.topic("orders");
			assertThat(output).contains("abandoned 2 records in progress, to be redelivered to the next owner: " + topic
					+ "-0@1, " + topic + "-0@2");
			assertThat(ListenerApplication.table(context, "orders").rebalances())
				.filteredOn((rebalance) -> rebalance.kind().equals("revoked"))
				.singleElement()
				.satisfies(
						(rebalance) -> assertThat(rebalance.givenUp()).containsExactly(topic + "-0@1", topic + "-0@2"));
			assertThat(application.committed("orders", 0)).isEqualTo(1);
			open.acknowledgeAll();
			assertThat(output).as("one line a second, and a count").contains(topic + "-0@1 was completed after ");
		}
	}

	private static ListenerApplication application(Protocol protocol) {
		return application(Listening.class, protocol);
	}

	private static ListenerApplication application(Class<?> configuration, Protocol protocol) {
		ListenerApplication application = ListenerApplication.of(configuration).with("kaffe.consumers.orders", "");
		protocol.properties.forEach((property) -> {
			String[] nameAndValue = property.split("=");
			application.with("spring.kafka.consumer.properties." + nameAndValue[0], nameAndValue[1]);
		});
		return application;
	}

	/**
	 * How the group is kept together.
	 */
	enum Protocol {

		CLASSIC,

		COOPERATIVE("partition.assignment.strategy=org.apache.kafka.clients.consumer.CooperativeStickyAssignor"),

		CONSUMER("group.protocol=consumer");

		private final List<String> properties;

		Protocol(String... properties) {
			this.properties = List.of(properties);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Listening {

		@Bean
		Gate gate(@Value("${test.stop:0:3}") String stop) {
			Gate gate = new Gate();
			gate.stopAt(stop);
			return gate;
		}

		@Bean
		Listener listener(Gate gate) {
			return new Listener(gate);
		}

	}

	/**
	 * Handles records.
	 */
	static class Listener {

		private final Gate gate;

		Listener(Gate gate) {
			this.gate = gate;
		}

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			this.gate.handle(record);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ByPattern {

		@Bean
		Gate gate() {
			return new Gate();
		}

		@Bean
		PatternListener patternListener(Gate gate) {
			return new PatternListener(gate);
		}

	}

	/**
	 * Handles records of every topic of this test.
	 */
	static class PatternListener {

		private final Gate gate;

		PatternListener(Gate gate) {
			this.gate = gate;
		}

		@KafkaListener(id = "orders", idIsGroup = false, topicPattern = "orders-.*-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			this.gate.handle(record);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ManuallyAssigned {

		@Bean
		Gate gate() {
			Gate gate = new Gate();
			gate.stopAt("0:3");
			return gate;
		}

		@Bean
		ManualListener manualListener(Gate gate) {
			return new ManualListener(gate);
		}

	}

	/**
	 * Handles records of a partition it chose itself.
	 */
	static class ManualListener {

		private final Gate gate;

		ManualListener(Gate gate) {
			this.gate = gate;
		}

		@KafkaListener(id = "orders", idIsGroup = false,
				topicPartitions = @org.springframework.kafka.annotation.TopicPartition(topic = "orders-${test.id}",
						partitions = "0"))
		void handle(ConsumerRecord<String, String> record) {
			this.gate.handle(record);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class WithRebalanceListener extends Listening {

		final Queue<String> notifications = new ConcurrentLinkedQueue<>();

		@Bean
		ConsumerAwareRebalanceListener rebalanceListener(Gate gate) {
			Queue<String> notifications = this.notifications;
			return new ConsumerAwareRebalanceListener() {

				@Override
				public void onPartitionsAssigned(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
					notifications.add("assigned " + partitions.size());
				}

				@Override
				public void onPartitionsRevokedBeforeCommit(Consumer<?, ?> consumer,
						Collection<TopicPartition> partitions) {
					notifications.add("before commit, finished " + gate.finished.size());
				}

				@Override
				public void onPartitionsRevokedAfterCommit(Consumer<?, ?> consumer,
						Collection<TopicPartition> partitions) {
					notifications.add("after commit");
				}

			};
		}

	}

	/**
	 * What was dispatched to be acknowledged later.
	 */
	static class Acknowledgments {

		private final Deque<Acknowledgment> acknowledgments = new ConcurrentLinkedDeque<>();

		private final AtomicInteger records = new AtomicInteger();

		void add(Acknowledgment acknowledgment, int records) {
			this.acknowledgments.add(acknowledgment);
			this.records.addAndGet(records);
		}

		void acknowledgeAll() {
			for (Acknowledgment next = this.acknowledgments.poll(); next != null; next = this.acknowledgments.poll()) {
				next.acknowledge();
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Acknowledging {

		final Acknowledgments open = new Acknowledgments();

		@Bean
		Acknowledgments acknowledgments() {
			return this.open;
		}

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}", ackMode = "MANUAL")
		void handle(ConsumerRecord<String, String> record, Acknowledgment acknowledgment) {
			this.open.add(acknowledgment, 1);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FailingAfterwards extends Acknowledging {

		@Override
		void handle(ConsumerRecord<String, String> record, Acknowledgment acknowledgment) {
			super.handle(record, acknowledgment);
			if (this.open.records.get() == 1) {
				throw new IllegalStateException("The first attempt fails on purpose");
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class AcknowledgingBatches {

		private final Acknowledgments open = new Acknowledgments();

		@Bean
		Acknowledgments acknowledgments() {
			return this.open;
		}

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}", ackMode = "MANUAL",
				batch = "true")
		void handle(List<ConsumerRecord<String, String>> records, Acknowledgment acknowledgment) {
			this.open.add(acknowledgment, records.size());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class AcknowledgingOnRevocation extends Acknowledging {

		private final AtomicInteger revocations = new AtomicInteger();

		@Bean
		ConsumerAwareRebalanceListener rebalanceListener(Acknowledgments open) {
			return new ConsumerAwareRebalanceListener() {

				@Override
				public void onPartitionsRevokedBeforeCommit(Consumer<?, ?> consumer,
						Collection<TopicPartition> partitions) {
					AcknowledgingOnRevocation.this.revocations.incrementAndGet();
					open.acknowledgeAll();
				}

			};
		}

		@EventListener
		void closed(ContextClosedEvent event) {
			this.open.acknowledgeAll();
		}

	}

}
