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

import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

/**
 * Warns, once, if the group has assigned partitions that share a worker to different
 * instances: then nothing can process them in sequence. Range assignment of topics with
 * the same number of partitions keeps them together; sticky assignment and the
 * {@code consumer} group protocol do not promise it.
 * <p>
 * <b>Threading.</b> Called by all consumer threads of a container; whoever sets
 * {@code checked} checks. No locks, and nothing but the consumer's cached metadata is
 * read.
 */
final class PartitionSplitWarning {

	private static final Log logger = LogFactory.getLog(PartitionSplitWarning.class);

	/** Rebalances take several steps; what one of them separates the next may reunite. */
	private static final long SETTLED_AFTER_NANOS = Duration.ofSeconds(5).toNanos();

	private final String consumerName;

	private final WorkerAllocationStrategy strategy;

	private final AtomicBoolean checked = new AtomicBoolean(true);

	private final AtomicBoolean warned = new AtomicBoolean();

	private volatile long changedAt;

	PartitionSplitWarning(String consumerName, WorkerAllocationStrategy strategy) {
		this.consumerName = consumerName;
		this.strategy = strategy;
		// Others must not be called on a consumer thread, or not about partitions.
		this.warned.set(strategy != StandardWorkerAllocationStrategy.WORKER_PER_PARTITION);
	}

	void assignmentChanged(long now) {
		this.changedAt = now;
		this.checked.set(false);
	}

	/**
	 * Check, if the assignment has settled and has not been checked since.
	 * @param consumer a consumer of the calling thread
	 * @param assigned all partitions of this instance
	 * @param now the reading of the ticker
	 */
	void warn(Consumer<?, ?> consumer, Collection<TopicPartition> assigned, long now) {
		boolean due = !this.warned.get() && now - this.changedAt >= SETTLED_AFTER_NANOS
				&& this.checked.compareAndSet(false, true);
		if (!due) {
			return;
		}
		TreeMap<String, Set<String>> missing = missing(consumer, assigned);
		if (!missing.isEmpty() && this.warned.compareAndSet(false, true)) {
			logger.warn("Partitions that share a worker of '" + this.consumerName + "' are assigned to different "
					+ "instances, so they are not processed in sequence: "
					+ missing.entrySet()
						.stream()
						.map((entry) -> entry.getKey() + " lacks " + entry.getValue())
						.collect(Collectors.joining(", "))
					+ ". Use the range assignor with topics of equal partition counts");
		}
	}

	private TreeMap<String, Set<String>> missing(Consumer<?, ?> consumer, Collection<TopicPartition> assigned) {
		Set<TopicPartition> here = Set.copyOf(assigned);
		Set<String> workers = here.stream().map(this::workerOf).collect(Collectors.toSet());
		TreeMap<String, Set<String>> missing = new TreeMap<>();
		for (String topic : here.stream().map(TopicPartition::topic).distinct().toList()) {
			for (TopicPartition partition : partitionsOf(topic, consumer)) {
				String worker = workerOf(partition);
				if (!here.contains(partition) && workers.contains(worker)) {
					missing.computeIfAbsent(worker, (key) -> new TreeSet<>()).add(partition.toString());
				}
			}
		}
		return missing;
	}

	private Collection<TopicPartition> partitionsOf(String topic, Consumer<?, ?> consumer) {
		try {
			return consumer.partitionsFor(topic, Duration.ZERO)
				.stream()
				.map((info) -> new TopicPartition(info.topic(), info.partition()))
				.toList();
		}
		catch (KafkaException ex) {
			logger.debug("The partitions of " + topic + " are not known yet", ex);
			return Set.of();
		}
	}

	private String workerOf(TopicPartition partition) {
		return this.strategy.workerName(partition.topic(), partition.partition());
	}

}
