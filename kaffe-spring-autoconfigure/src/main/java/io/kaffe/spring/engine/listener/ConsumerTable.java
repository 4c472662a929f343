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

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;

import io.kaffe.spring.FailingRecordFilter;
import io.kaffe.spring.engine.delivery.ConsumerFailingRecords;
import io.kaffe.spring.engine.delivery.Failures;
import io.kaffe.spring.engine.delivery.OnceDelivery;
import io.kaffe.spring.engine.worker.StalledRecord;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.ConsumerState;
import io.kaffe.spring.table.Evicted;
import io.kaffe.spring.table.Lag;
import io.kaffe.spring.table.PartitionSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerState;

/**
 * What is known of a consumer, for tables, health and meters. Reads only; nothing of the
 * engine calls it.
 * <p>
 * <b>Threading.</b> Any thread calls; a moment's view. Nothing blocks.
 */
final class ConsumerTable {

	private static final Comparator<PartitionSnapshot> PARTITION_ORDER = Comparator.comparing(PartitionSnapshot::topic)
		.thenComparingInt(PartitionSnapshot::partition);

	private static final int SHOWN_WORKERS = 100;

	private static final int SHOWN_FAILING = 100;

	private static final int SHOWN_GROUPS = 20;

	private static final int SHOWN_PROBLEMS = 20;

	private static final Comparator<WorkerSnapshot> WORKER_ORDER = Comparator
		.<WorkerSnapshot, String>comparing((worker) -> worker.name().replaceFirst("\\d+$", ""))
		.thenComparingInt((worker) -> worker.name().length())
		.thenComparing(WorkerSnapshot::name);

	private final ConsumerContext context;

	private final Collection<ConsumerSession> sessions;

	private final AbstractMessageListenerContainer<?, ?> container;

	private final ContainerSupervision supervision;

	private final TopicSubscription subscription;

	private final BrokerAnswers answers;

	private final ConsumerFailingRecords failingRecords;

	private final ConsumerHealth health;

	/**
	 * Create a table.
	 * @param context the consumer
	 * @param sessions its sessions, a live view
	 * @param supervision knows whether it was stopped
	 * @param subscription the topics that it subscribes to
	 * @param answers whether brokers answer
	 * @param failingRecords its failing records
	 */
	ConsumerTable(ConsumerContext context, Collection<ConsumerSession> sessions, ContainerSupervision supervision,
			TopicSubscription subscription, BrokerAnswers answers, ConsumerFailingRecords failingRecords) {
		this.context = context;
		this.sessions = sessions;
		this.container = context.facts().container();
		this.supervision = supervision;
		this.subscription = subscription;
		this.answers = answers;
		this.failingRecords = failingRecords;
		this.health = new ConsumerHealth(context, supervision, answers);
	}

	/**
	 * Return what is wrong, the worst first.
	 */
	List<ConsumerProblem> problems() {
		return this.health.problems(this.sessions, partitionSnapshots());
	}

	/**
	 * Describe the consumer.
	 * @param showValues whether with keys, values and messages of exceptions
	 */
	ConsumerSnapshot snapshot(boolean showValues) {
		List<PartitionSnapshot> partitions = partitionSnapshots();
		Map<Worker, Long> buffered = new HashMap<>();
		assignments().forEach((assignment) -> {
			Worker worker = assignment.worker();
			if (worker != null) {
				buffered.merge(worker, assignment.buffer().records(), Long::sum);
			}
		});
		PartitionBuffer.Room all = this.context.buffer().buffered();
		Collection<Worker> present = this.context.workers().all();
		Stream<WorkerSnapshot> workers = this.context.isPerRecord()
				? busiest(present).map((worker) -> worker.snapshot(worker.queued(), showValues))
				: present.stream().map((worker) -> describe(worker, buffered.getOrDefault(worker, 0L), showValues));
		Set<String> stalled = this.context.workers()
			.stalled()
			.stream()
			.map(StalledRecord::worker)
			.collect(Collectors.toSet());
		workers = workers
			.map((worker) -> stalled.contains(worker.name()) ? worker.withState(WorkerState.STALLED) : worker);
		int maxConcurrency = this.context.workers().maxConcurrency();
		Failures failures = this.context.delivery().failures();
		OnceDelivery once = this.context.delivery().once();
		ConsumerSnapshot.Settings settings = new ConsumerSnapshot.Settings(this.context.facts().groupId(),
				List.copyOf(topics()), this.context.settings().strategyName(),
				(maxConcurrency < Integer.MAX_VALUE) ? maxConcurrency : null, this.context.ignoredSettings().names());
		ConsumerSnapshot.Status status = new ConsumerSnapshot.Status(state(), this.container.isPauseRequested(),
				this.supervision.stopped(), this.answers.noneSince(), this.context.delivery().outages().snapshot(),
				this.health.problems(this.sessions, partitions).stream().limit(SHOWN_PROBLEMS).toList());
		Lag lag = new Lag(sum(known(partitions, (partition) -> partition.lag().records())),
				largest(known(partitions, (partition) -> partition.lag().seconds())));
		Evicted evicted = new Evicted(partitions.stream().mapToInt((partition) -> partition.evicted().keys()).sum(),
				partitions.stream().mapToLong((partition) -> partition.evicted().records()).sum());
		return new ConsumerSnapshot(settings, status,
				new ConsumerSnapshot.Load(new ConsumerSnapshot.Buffered(all.records(), all.bytes()),
						this.context.workers().inFlight(), lag, evicted),
				present.size(), this.context.isPerRecord() ? workers.toList() : workers.sorted(WORKER_ORDER).toList(),
				partitions,
				failures.counters(this.context.workers().handled(), this.context.lateCompletions().count(),
						this.context.commitOutcomes().confirmed(), this.context.commitOutcomes().failed(),
						this.context.losses().count(), (once != null) ? once.refused() : 0),
				new ConsumerSnapshot.Failures(failures.page(FailingRecordFilter.any(), 0, SHOWN_FAILING, showValues),
						failures.parkedBy(SHOWN_GROUPS), this.failingRecords.latestDecision(showValues),
						failures.recent(showValues)),
				this.context.assignmentLog().history());
	}

	private List<PartitionSnapshot> partitionSnapshots() {
		List<PartitionSnapshot> partitions = new ArrayList<>();
		for (ConsumerSession session : this.sessions) {
			for (PartitionAssignment assignment : session.assignments()) {
				partitions.add(assignment.snapshot(session.isPaused(assignment.partition())));
			}
		}
		partitions.sort(PARTITION_ORDER);
		return partitions;
	}

	private static List<Long> known(List<PartitionSnapshot> partitions,
			Function<PartitionSnapshot, @Nullable Long> value) {
		return partitions.stream().map(value).filter(Objects::nonNull).toList();
	}

	private static @Nullable Long sum(List<Long> values) {
		return values.isEmpty() ? null : (Long) values.stream().mapToLong(Long::longValue).sum();
	}

	private static @Nullable Long largest(List<Long> values) {
		return values.isEmpty() ? null : Collections.max(values);
	}

	private static WorkerSnapshot describe(Worker worker, long buffered, boolean showValues) {
		boolean busy = worker.currentRecord() != null;
		return worker.snapshot((int) Math.max(0, busy ? buffered - 1 : buffered), showValues);
	}

	/**
	 * Return those that have been handling a record for longest, then those with the
	 * longest queues.
	 */
	private static Stream<Worker> busiest(Collection<Worker> workers) {
		PriorityQueue<Load> busiest = new PriorityQueue<>(SHOWN_WORKERS + 1);
		for (Worker worker : workers) {
			busiest.add(Load.of(worker));
			if (busiest.size() > SHOWN_WORKERS) {
				busiest.remove();
			}
		}
		return busiest.stream().sorted(Comparator.reverseOrder()).map(Load::worker);
	}

	/**
	 * Return what the consumer is doing.
	 */
	ConsumerState state() {
		Collection<ConsumerSession> sessions = this.sessions;
		for (ConsumerState urgent : List.of(ConsumerState.DRAINING, ConsumerState.REBALANCING)) {
			if (sessions.stream().anyMatch((session) -> session.state() == urgent)) {
				return urgent;
			}
		}
		if (!this.container.isRunning()) {
			return ConsumerState.STOPPED;
		}
		if (this.container.isPauseRequested()) {
			return ConsumerState.PAUSED;
		}
		return sessions.stream().anyMatch((session) -> session.state() == ConsumerState.RUNNING) ? ConsumerState.RUNNING
				: ConsumerState.STARTING;
	}

	/**
	 * Return the topics that are subscribed to, or else those of which there are
	 * partitions.
	 * @return the topics, sorted
	 */
	SortedSet<String> topics() {
		Set<String> subscribed = this.subscription.topics();
		Set<String> manual = this.context.facts().assignsManually() ? this.context.facts().topics() : null;
		if (subscribed != null) {
			return new TreeSet<>(subscribed);
		}
		return new TreeSet<>(
				(manual != null) ? manual : assignments().map((assignment) -> assignment.partition().topic()).toList());
	}

	/**
	 * Return the partitions that are assigned now, sorted.
	 */
	List<TopicPartition> partitions() {
		return assignments().map(PartitionAssignment::partition)
			.sorted(Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition))
			.toList();
	}

	Stream<PartitionAssignment> assignments() {
		return this.sessions.stream().flatMap((session) -> session.assignments().stream());
	}

	/**
	 * How busy a worker was at one moment; the busiest is the greatest.
	 */
	private record Load(Worker worker, boolean busy, long since, int queued) implements Comparable<Load> {

		static Load of(Worker worker) {
			return new Load(worker, worker.currentRecord() != null, worker.recordSince(), worker.queued());
		}

		@Override
		public int compareTo(Load other) {
			if (this.busy != other.busy) {
				return this.busy ? 1 : -1;
			}
			if (this.busy && this.since != other.since) {
				return (this.since - other.since < 0) ? 1 : -1;
			}
			return Integer.compare(this.queued, other.queued);
		}

	}

}
