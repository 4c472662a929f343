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

import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Questions of an application to the brokers, for whose answers its thread waits.
 */
final class Queries {

	private final ConsumerProcess process;

	private final SimulatedCluster cluster;

	private final ClientConfig config;

	private final CoordinatorLink link;

	Queries(ConsumerProcess process, ClientConfig config, CoordinatorLink link) {
		this.process = process;
		this.cluster = process.cluster();
		this.config = config;
		this.link = link;
	}

	@SuppressWarnings("NullAway")
	Map<TopicPartition, OffsetAndMetadata> committed(String group, Set<TopicPartition> partitions, Duration timeout) {
		return await(timeout, "the last committed offset for partitions " + partitions + " could be determined",
				(outcome) -> this.link.<Map<TopicPartition, OffsetAndMetadata>>send((answer) -> {
					Map<TopicPartition, OffsetAndMetadata> offsets = new LinkedHashMap<>();
					for (TopicPartition partition : partitions) {
						offsets.put(partition, this.cluster.coordinator().committed(group, partition));
					}
					answer.accept(offsets);
				}, outcome::answered, (error) -> outcome.answered(null)));
	}

	Map<TopicPartition, Long> offsets(Collection<TopicPartition> partitions, Function<PartitionLog, Long> offset,
			Duration timeout) {
		return ask(timeout, "offsets of " + partitions + " could be determined", () -> {
			Map<TopicPartition, Long> offsets = new LinkedHashMap<>();
			for (TopicPartition partition : partitions) {
				PartitionLog log = this.cluster.findLog(partition);
				if (log == null) {
					return null;
				}
				offsets.put(partition, offset.apply(log));
			}
			return offsets;
		});
	}

	@SuppressWarnings("NullAway")
	Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(Map<TopicPartition, Long> timestamps, Duration timeout) {
		return ask(timeout, "offsets by times could be determined", () -> {
			Map<TopicPartition, OffsetAndTimestamp> offsets = new LinkedHashMap<>();
			for (Map.Entry<TopicPartition, Long> entry : timestamps.entrySet()) {
				PartitionLog log = this.cluster.findLog(entry.getKey());
				if (log == null) {
					return null;
				}
				LogEntry found = log.firstNotBefore(entry.getValue());
				boolean readable = found != null && found.offset() < log.readableEnd(this.config.readCommitted());
				offsets.put(entry.getKey(), (found != null && readable)
						? new OffsetAndTimestamp(found.offset(), found.timestamp(), Optional.of(found.leaderEpoch()))
						: null);
			}
			return offsets;
		});
	}

	List<PartitionInfo> partitionsFor(String topic, Duration timeout) {
		return ask(timeout, "topic metadata could be fetched", () -> this.cluster.partitionInfos(topic));
	}

	Map<String, List<PartitionInfo>> listTopics(Duration timeout) {
		return ask(timeout, "topics could be listed", () -> {
			Map<String, List<PartitionInfo>> topics = new TreeMap<>();
			this.cluster.topics().forEach((topic) -> topics.put(topic, this.cluster.partitionInfos(topic)));
			return topics;
		});
	}

	private <R> R ask(Duration timeout, String what, Supplier<@Nullable R> question) {
		return await(timeout, what, (outcome) -> this.cluster.time().after(this.cluster.latency(), () -> {
			R answer = this.cluster.disturbances().areBrokersAway() ? null : question.get();
			this.cluster.time()
				.after(this.cluster.latency(), () -> this.process.deliver(() -> outcome.answered(answer)));
		}));
	}

	/**
	 * Send a question, again and again until it is answered or the time is up.
	 */
	private <R> R await(Duration timeout, String what, Consumer<Outcome<R>> question) {
		long deadline = this.process.deadline(timeout);
		while (true) {
			Outcome<R> outcome = new Outcome<>();
			question.accept(outcome);
			this.process.await(() -> outcome.done, deadline, true);
			R answer = outcome.answer;
			if (answer != null) {
				return answer;
			}
			this.process.await(() -> false, Math.min(deadline, this.process.now() + this.config.retryBackoff()), true);
			if (this.process.now() >= deadline) {
				throw new TimeoutException("Timeout of " + timeout.toMillis() + "ms expired before " + what);
			}
		}
	}

	private static final class Outcome<R> {

		private boolean done;

		private @Nullable R answer;

		private void answered(@Nullable R answer) {
			this.done = true;
			this.answer = answer;
		}

	}

}
