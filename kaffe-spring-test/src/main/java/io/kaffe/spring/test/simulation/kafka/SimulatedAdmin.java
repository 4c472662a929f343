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

package io.kaffe.spring.test.simulation.kafka;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

import org.apache.kafka.clients.admin.AbstractOptions;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.DescribeConfigsResult;
import org.apache.kafka.clients.admin.DescribeTopicsResult;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsResult;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.internals.CoordinatorKey;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.jspecify.annotations.Nullable;

/**
 * An admin client of a simulated cluster, for what consumers with workers ask: where logs
 * begin and end, what topics delete (nothing, by their configuration), which ids they
 * have, what a group has committed, and whether any broker answers. All other requests
 * are refused.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 * Answers are given on the executor that was handed in.
 */
final class SimulatedAdmin implements InvocationHandler {

	private static final long RETRY_NANOS = Duration.ofMillis(100).toNanos();

	private static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(1);

	private final SimulatedCluster cluster;

	private final Executor answers;

	private SimulatedAdmin(SimulatedCluster cluster, Executor answers) {
		this.cluster = cluster;
		this.answers = answers;
	}

	static Admin create(SimulatedCluster cluster, Executor answers) {
		return (Admin) Proxy.newProxyInstance(SimulatedAdmin.class.getClassLoader(), new Class<?>[] { Admin.class },
				new SimulatedAdmin(cluster, answers));
	}

	@Override
	@SuppressWarnings("unchecked")
	public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) {
		Object first = (arguments != null && arguments.length > 0) ? arguments[0] : null;
		AbstractOptions<?> options = (arguments != null
				&& arguments[arguments.length - 1] instanceof AbstractOptions<?> last) ? last : null;
		return switch (method.getName()) {
			case "listOffsets" -> listOffsets((Map<TopicPartition, OffsetSpec>) require(first), options);
			case "describeConfigs" -> describeConfigs((Collection<ConfigResource>) require(first), options);
			case "describeTopics" -> describeTopics((Collection<String>) require(first), options);
			case "listConsumerGroupOffsets" ->
				listConsumerGroupOffsets((Map<String, ListConsumerGroupOffsetsSpec>) require(first), options);
			case "describeCluster" -> describeCluster(options);
			case "close" -> null;
			case "hashCode" -> System.identityHashCode(proxy);
			case "equals" -> proxy == first;
			case "toString" -> "simulated admin client";
			default -> throw new UnsupportedOperationException(method.toString());
		};
	}

	private static Object require(@Nullable Object argument) {
		if (argument == null) {
			throw new IllegalArgumentException("An argument is missing");
		}
		return argument;
	}

	private ListOffsetsResult listOffsets(Map<TopicPartition, OffsetSpec> specs, @Nullable AbstractOptions<?> options) {
		boolean readCommitted = options instanceof ListOffsetsOptions list
				&& list.isolationLevel() == IsolationLevel.READ_COMMITTED;
		Map<TopicPartition, KafkaFuture<ListOffsetsResultInfo>> results = new HashMap<>();
		specs.forEach((partition, spec) -> results.put(partition, ask(options, () -> {
			PartitionLog log = this.cluster.findLog(partition);
			return (log != null) ? offset(log, spec, readCommitted) : null;
		})));
		return new ListOffsetsResult(results);
	}

	/**
	 * Return an offset. A time stamp is taken for one before all records.
	 */
	private static ListOffsetsResultInfo offset(PartitionLog log, OffsetSpec spec, boolean readCommitted) {
		Optional<Integer> epoch = Optional.of(log.leaderEpoch());
		if (spec instanceof OffsetSpec.LatestSpec) {
			return new ListOffsetsResultInfo(log.readableEnd(readCommitted), -1, epoch);
		}
		if (spec instanceof OffsetSpec.EarliestSpec) {
			return new ListOffsetsResultInfo(log.logStart(), -1, epoch);
		}
		LogEntry entry = log.firstNotBefore(0);
		return (entry != null) ? new ListOffsetsResultInfo(entry.offset(), entry.timestamp(), epoch)
				: new ListOffsetsResultInfo(-1, -1, Optional.empty());
	}

	private DescribeConfigsResult describeConfigs(Collection<ConfigResource> resources,
			@Nullable AbstractOptions<?> options) {
		Map<ConfigResource, KafkaFuture<Config>> results = new HashMap<>();
		resources
			.forEach(
					(resource) -> results.put(resource,
							ask(options,
									() -> new Config(List.of(new ConfigEntry("cleanup.policy", "delete"),
											new ConfigEntry("retention.ms", "-1"),
											new ConfigEntry("retention.bytes", "-1"))))));
		return new ConfigsResult(results);
	}

	private DescribeTopicsResult describeTopics(Collection<String> topics, @Nullable AbstractOptions<?> options) {
		Map<String, KafkaFuture<TopicDescription>> results = new HashMap<>();
		topics.forEach((topic) -> results.put(topic, ask(options, () -> {
			Uuid id = this.cluster.topicId(topic);
			if (id == null) {
				throw new UnknownTopicOrPartitionException("There is no topic " + topic);
			}
			return new TopicDescription(topic, false, List.of(), Set.of(), id);
		})));
		return new TopicsResult(results);
	}

	private ListConsumerGroupOffsetsResult listConsumerGroupOffsets(Map<String, ListConsumerGroupOffsetsSpec> groups,
			@Nullable AbstractOptions<?> options) {
		Map<CoordinatorKey, KafkaFuture<Map<TopicPartition, @Nullable OffsetAndMetadata>>> offsets = new HashMap<>();
		groups.forEach((group, spec) -> offsets.put(CoordinatorKey.byGroupId(group),
				ask(options, () -> committed(group, spec))));
		try {
			Constructor<ListConsumerGroupOffsetsResult> constructor = ListConsumerGroupOffsetsResult.class
				.getDeclaredConstructor(Map.class);
			constructor.setAccessible(true);
			return constructor.newInstance(offsets);
		}
		catch (ReflectiveOperationException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Return what is committed of the requested partitions, {@code null} for nothing.
	 */
	private Map<TopicPartition, @Nullable OffsetAndMetadata> committed(String group,
			ListConsumerGroupOffsetsSpec spec) {
		Map<TopicPartition, OffsetAndMetadata> committed = this.cluster.coordinator().committed(group);
		Map<TopicPartition, @Nullable OffsetAndMetadata> requested = new HashMap<>();
		for (TopicPartition partition : (spec.topicPartitions() != null) ? spec.topicPartitions()
				: committed.keySet()) {
			requested.put(partition, committed.get(partition));
		}
		return requested;
	}

	private DescribeClusterResult describeCluster(@Nullable AbstractOptions<?> options) {
		KafkaFuture<Collection<Node>> nodes = ask(options, () -> List.of(new Node(0, "broker-0", 9092)));
		try {
			Constructor<DescribeClusterResult> constructor = DescribeClusterResult.class
				.getDeclaredConstructor(KafkaFuture.class, KafkaFuture.class, KafkaFuture.class, KafkaFuture.class);
			constructor.setAccessible(true);
			KafkaFuture<?> none = KafkaFuture.completedFuture(null);
			return constructor.newInstance(nodes, none, none, none);
		}
		catch (ReflectiveOperationException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private <T> KafkaFuture<T> ask(@Nullable AbstractOptions<?> options, Supplier<@Nullable T> question) {
		Integer millis = (options != null) ? options.timeoutMs() : null;
		long timeout = ((millis != null) ? Duration.ofMillis(millis) : DEFAULT_TIMEOUT).toNanos();
		KafkaFutureImpl<T> answer = new KafkaFutureImpl<>();
		ask(question, this.cluster.time().nanoTime() + timeout, answer);
		return answer;
	}

	/**
	 * Ask, again and again until there is an answer or the time is up.
	 */
	private <T> void ask(Supplier<@Nullable T> question, long deadline, KafkaFutureImpl<T> answer) {
		this.cluster.time().after(this.cluster.latency(), () -> {
			T value;
			try {
				value = this.cluster.disturbances().areBrokersAway() ? null : question.get();
			}
			catch (ApiException ex) {
				this.answers.execute(() -> answer.completeExceptionally(ex));
				return;
			}
			if (value != null) {
				this.cluster.time()
					.after(this.cluster.latency(), () -> this.answers.execute(() -> answer.complete(value)));
			}
			else if (this.cluster.time().nanoTime() + RETRY_NANOS < deadline) {
				this.cluster.time().after(RETRY_NANOS, () -> ask(question, deadline, answer));
			}
			else {
				this.answers
					.execute(() -> answer.completeExceptionally(new TimeoutException("The brokers do not answer")));
			}
		});
	}

	/**
	 * The answers to a request for topics.
	 */
	private static final class TopicsResult extends DescribeTopicsResult {

		TopicsResult(Map<String, KafkaFuture<TopicDescription>> results) {
			super(null, results);
		}

	}

	/**
	 * The answers to a request for configurations.
	 */
	private static final class ConfigsResult extends DescribeConfigsResult {

		ConfigsResult(Map<ConfigResource, KafkaFuture<Config>> results) {
			super(results);
		}

	}

}
