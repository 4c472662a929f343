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
import java.util.Set;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeConfigsResult;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.apache.kafka.common.record.TimestampType;
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
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.delivery.FailurePolicy.Retryable;
import io.kaffe.spring.engine.delivery.OutageSettings;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.PartitionSnapshot;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LogStarts}, as {@link EndOffsets} uses it, with brokers that answer as
 * a test requires. The record at offset 42 is parked; its topic keeps records for two
 * hours.
 */
@ExtendWith(OutputCaptureExtension.class)
class LogStartsTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final String WARNING = "Consumer 'orders': orders-0@42 is unfinished and is expected to be deleted "
			+ "by the log's retention at 2026-01-01T02:00:00Z. Retry, skip or dead-letter it if it is parked, or have "
			+ "the topic keep its records for longer";

	private final ManualExecution execution = new ManualExecution();

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest");

	private final WorkerContainer adopted = adopted();

	private final WorkerContainers consumers = new WorkerContainers();

	private final EndOffsets ends = new EndOffsets(this.consumers, (configuration) -> admin(), Duration.ofSeconds(10),
			this.execution, this.execution);

	private final List<String> requests = new ArrayList<>();

	private long start;

	/** After what was polled. */
	private long end;

	private Map<String, String> topic = Map.of("cleanup.policy", "delete", "retention.ms", "7200000");

	/** Which requests fail. */
	private Set<String> failing = Set.of();

	/** Which requests cannot be sent. */
	private Set<String> unsendable = Set.of();

	/** Which requests are not answered, yet. */
	private Set<String> unanswered = Set.of();

	private final List<Runnable> outstanding = new ArrayList<>();

	private WorkerContainer adopted() {
		ContainerProperties properties = new ContainerProperties("orders");
		properties.setGroupId("shop");
		FailurePolicy policy = new FailurePolicy(0, new FixedBackOff(), null, Retryable.allBut(Set.of()),
				FailureAction.PARK, Map.of(), null, null, 100, List.of(), true, OutageSettings.DISABLED,
				Duration.ofHours(6));
		return ContainerFixtures.adopted(
				new KafkaMessageListenerContainer<>(
						new DefaultKafkaConsumerFactory<>(Map.of("bootstrap.servers", "localhost:1")), properties),
				ContainerFixtures.settings(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION, 10_000, policy,
						ConsumerProblem.Severity.WARNING),
				(record) -> {
					if (record.offset() == 42) {
						// Not tried again.
						throw new ClassCastException("On purpose");
					}
				}, null, this.execution);
	}

	@BeforeEach
	void assign() {
		this.consumers.add("orders", this.adopted);
		this.adopted.supervision().onEvent(new ConsumerStartingEvent(this, this.adopted.container()));
		this.consumer.assign(List.of(PARTITION));
		this.consumer.updateBeginningOffsets(Map.of(PARTITION, 0L));
		this.consumer.updateEndOffsets(Map.of(PARTITION, 50L));
		this.consumer.commitSync(Map.of(PARTITION, new OffsetAndMetadata(40)));
		session().assigned(List.of(PARTITION));
		session().tick();
		session().positioned(List.of(PARTITION));
	}

	@Test
	void consumerThatKeepsUpAsksForNothing() {
		poll(40, 41);
		for (int minute = 0; minute < 60; minute++) {
			this.execution.advance(Duration.ofMinutes(1));
			session().tick();
			this.ends.refresh();
		}
		assertThat(this.requests).hasSize(60).containsOnly("latest");
	}

	@Test
	void recordThatIsOldIsAskedAboutAndWarnedOfOnce(CapturedOutput output) {
		poll(40, 41, 42, 43);
		this.ends.refresh();
		assertThat(this.requests).containsExactly("latest");
		assertThat(deletion()).isNull();
		this.execution.advance(Duration.ofSeconds(61));
		this.ends.refresh();
		assertThat(this.requests).containsExactly("latest", "latest", "earliest", "first", "topic");
		assertThat(deletion()).isEqualTo(
				new PartitionSnapshot.DeletionExpected(42, this.execution.instant().plusSeconds(2 * 60 * 60 - 61)));
		assertThat(output).containsOnlyOnce(WARNING);
		assertThat(this.adopted.problems()).extracting(ConsumerProblem::message)
			.containsExactly(
					"retention: orders-0@42 is unfinished and is expected to be deleted from 2026-01-01T02:00:00Z on",
					"parked: orders-0@42, java.lang.ClassCastException since 2026-01-01T00:00:00Z");
		assertThat(this.adopted.problems()).extracting(ConsumerProblem::severity)
			.containsOnly(ConsumerProblem.Severity.WARNING);
		refreshFor(Duration.ofMinutes(20));
		assertThat(output).containsOnlyOnce(WARNING);
		assertThat(this.requests.stream().filter("topic"::equals)).as("every ten minutes").hasSize(2 + 1);
		assertThat(this.adopted.context().delivery().failures().skip(PARTITION, 42)).isTrue();
		this.execution.runAll();
		session().tick();
		assertThat(deletion()).as("it is handled").isNull();
		assertThat(this.adopted.problems()).isEmpty();
	}

	@Test
	void whatIsDueMayBeDeletedAtAnyTime(CapturedOutput output) {
		poll(42);
		this.execution.advance(Duration.ofHours(3));
		this.ends.refresh();
		assertThat(output).contains("orders-0@42 is unfinished and is expected to be deleted by the log's retention "
				+ "at any time. Retry");
	}

	@Test
	void topicThatMayNotBeDescribedIsDoneWithout() {
		this.failing = Set.of("topic");
		this.topic = Map.of();
		poll(42);
		refreshFor(Duration.ofMinutes(5));
		assertThat(deletion()).isNull();
		this.start = 10;
		this.execution.advance(Duration.ofSeconds(10));
		this.ends.refresh();
		assertThat(deletion()).as("its log has moved").isNotNull();
		assertThat(this.requests.stream().filter("topic"::equals)).hasSize(1);
	}

	@Test
	void whatWasKnownOfATopicIsKept() {
		poll(42);
		refreshFor(Duration.ofMinutes(2));
		this.failing = Set.of("topic");
		refreshFor(Duration.ofMinutes(20));
		assertThat(deletion()).isNotNull();
	}

	@Test
	void brokersThatDoNotSayWhereALogBeginsAreAskedAgain(CapturedOutput output) {
		poll(42);
		this.execution.advance(Duration.ofMinutes(2));
		this.failing = Set.of("earliest");
		this.ends.refresh();
		assertThat(deletion()).isNull();
		this.failing = Set.of();
		this.unsendable = Set.of("first");
		this.ends.refresh();
		assertThat(deletion()).isNull();
		this.unsendable = Set.of();
		this.ends.refresh();
		assertThat(deletion()).isNotNull();
		assertThat(output).as("the lag is known").doesNotContain("Could not ask brokers for the end offsets");
	}

	@Test
	void oneRequestIsInFlightAtMost() {
		poll(42);
		this.execution.advance(Duration.ofMinutes(2));
		this.unanswered = Set.of("first");
		this.ends.refresh();
		this.ends.refresh();
		assertThat(this.requests.stream().filter("first"::equals)).hasSize(1);
		assertThat(deletion()).isNull();
		this.outstanding.forEach(Runnable::run);
		assertThat(deletion()).isNotNull();
		this.unanswered = Set.of();
		this.ends.refresh();
		assertThat(this.requests.stream().filter("first"::equals)).hasSize(2);
	}

	@Test
	void recordsThatAreDeletedWhileTheConsumerIsDownAreLost(CapturedOutput output) {
		this.start = 45;
		poll(47);
		this.ends.refresh();
		assertThat(output).containsOnlyOnce("Consumer 'orders' has lost records: orders-0 from offset 40 to 44 "
				+ "(5 unfinished offsets) were deleted before they were handled, as its log begins at 45");
		assertThat(this.adopted.snapshot(false).counters().lost()).isEqualTo(5);
		this.ends.refresh();
		assertThat(this.adopted.snapshot(false).counters().lost()).isEqualTo(5);
		assertThat(this.requests.stream().filter("earliest"::equals)).hasSize(1);
	}

	@Test
	void offsetsWithoutRecordsAreNotLost(CapturedOutput output) {
		poll(41, 44);
		poll(48);
		this.ends.refresh();
		assertThat(this.requests).contains("earliest");
		assertThat(output).doesNotContain("has lost records");
		assertThat(this.adopted.snapshot(false).counters().lost()).isZero();
	}

	private void refreshFor(Duration duration) {
		for (long second = 0; second < duration.toSeconds(); second += 10) {
			this.execution.advance(Duration.ofSeconds(10));
			session().tick();
			this.ends.refresh();
		}
	}

	private PartitionSnapshot.@Nullable DeletionExpected deletion() {
		return this.adopted.snapshot(false).partitions().get(0).deletionExpected();
	}

	private ConsumerSession session() {
		return this.adopted.session(this.consumer);
	}

	private void poll(long... offsets) {
		List<ConsumerRecord<Object, Object>> records = new ArrayList<>();
		for (long offset : offsets) {
			records.add(new ConsumerRecord<>(PARTITION.topic(), PARTITION.partition(), offset,
					this.execution.instant().toEpochMilli(), TimestampType.CREATE_TIME, 3, 5, "key", "value",
					new RecordHeaders(), Optional.empty()));
			this.end = offset + 1;
		}
		session().dispatch(new ConsumerRecords<>(Map.of(PARTITION, records), Map.of()));
		this.execution.runAll();
		session().tick();
	}

	private Admin admin() {
		return (Admin) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { Admin.class },
				(proxy, method, arguments) -> switch (method.getName()) {
					case "listOffsets" -> offsets((Map<?, ?>) arguments[0]);
					case "describeConfigs" -> topics((Collection<?>) arguments[0]);
					default -> throw new UnsupportedOperationException(method.toString());
				});
	}

	private ListOffsetsResult offsets(Map<?, ?> partitions) {
		Map<TopicPartition, KafkaFuture<ListOffsetsResultInfo>> answers = new HashMap<>();
		Object spec = partitions.values().iterator().next();
		if (spec instanceof OffsetSpec.LatestSpec) {
			answers.put(PARTITION, answer("latest", new ListOffsetsResultInfo(this.end, -1, Optional.empty())));
		}
		else if (spec instanceof OffsetSpec.EarliestSpec) {
			answers.put(PARTITION, answer("earliest", new ListOffsetsResultInfo(this.start, -1, Optional.empty())));
		}
		else {
			answers.put(PARTITION, answer("first",
					new ListOffsetsResultInfo(this.start, this.execution.instant().toEpochMilli(), Optional.empty())));
		}
		return new ListOffsetsResult(answers);
	}

	private DescribeConfigsResult topics(Collection<?> resources) throws NoSuchMethodException {
		assertThat(resources).hasSize(1);
		List<ConfigEntry> entries = this.topic.entrySet()
			.stream()
			.map((setting) -> new ConfigEntry(setting.getKey(), setting.getValue()))
			.toList();
		return BeanUtils.instantiateClass(DescribeConfigsResult.class.getDeclaredConstructor(Map.class),
				Map.of(new ConfigResource(ConfigResource.Type.TOPIC, "orders"), answer("topic", new Config(entries))));
	}

	private <T> KafkaFuture<T> answer(String request, T answer) {
		this.requests.add(request);
		if (this.unsendable.contains(request)) {
			throw new KafkaException("On purpose");
		}
		KafkaFutureImpl<T> future = new KafkaFutureImpl<>();
		if (this.failing.contains(request)) {
			future.completeExceptionally(new TopicAuthorizationException("On purpose"));
		}
		else if (this.unanswered.contains(request)) {
			this.outstanding.add(() -> future.complete(answer));
		}
		else {
			future.complete(answer);
		}
		return future;
	}

}
