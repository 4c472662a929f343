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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.support.TopicPartitionOffset;
import org.springframework.util.Assert;

import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.SeekResult;
import io.kaffe.spring.engine.delivery.Delivery;
import io.kaffe.spring.engine.delivery.FailingRecords;
import io.kaffe.spring.engine.delivery.FailureJournal;
import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.DetachedRecord;
import io.kaffe.spring.engine.worker.DisplayText;
import io.kaffe.spring.engine.worker.RecentEntries;
import io.kaffe.spring.engine.worker.RestartHistory;
import io.kaffe.spring.engine.worker.StalledRecord;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.engine.worker.WorkerOwner;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.ConsumerState;
import io.kaffe.spring.table.Lag;
import io.kaffe.spring.table.PartitionSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerState;

/**
 * A listener container that was given workers, with a {@link ConsumerSession session} for
 * each Kafka consumer it polls with.
 * <p>
 * <b>Threading.</b> What is shared by the container's consumer threads is here and is
 * safe for concurrent use: the sessions (each entered and removed by its own thread), the
 * epochs, the counters. Nothing blocks.
 */
final class WorkerContainer implements WorkerOwner {

	private static final Log logger = LogFactory.getLog(WorkerContainer.class);

	/** The broker's default, {@code group.consumer.heartbeat.interval.ms}, and some. */
	private static final Duration CONSUMER_PROTOCOL_HEARTBEAT = Duration.ofSeconds(6);

	private static final Comparator<PartitionSnapshot> PARTITION_ORDER = Comparator.comparing(PartitionSnapshot::topic)
		.thenComparingInt(PartitionSnapshot::partition);

	private static final int SHOWN_WORKERS = 100;

	private static final int SHOWN_FAILING = 100;

	private static final int SHOWN_REBALANCES = 20;

	private static final int SHOWN_PROBLEMS = 20;

	private static final Comparator<WorkerSnapshot> WORKER_ORDER = Comparator
		.<WorkerSnapshot, String>comparing((worker) -> worker.name().replaceFirst("\\d+$", ""))
		.thenComparingInt((worker) -> worker.name().length())
		.thenComparing(WorkerSnapshot::name);

	private final String name;

	private final AbstractMessageListenerContainer<?, ?> container;

	private final TopicSubscription subscription;

	private final ConsumerSettings settings;

	private final @Nullable ConsumerSeekAware seekAware;

	private final Delivery delivery;

	private final Duration maxPollInterval;

	private final Ticker ticker;

	private final boolean perRecord;

	private final ConsumerWorkers workers;

	private final PartitionSplitWarning separatedPartitions;

	private final MetadataLimit metadataLimit;

	private final ContainerSupervision supervision;

	private final AssignmentLog assignmentLog;

	private final BrokerAnswers answers;

	private final ConsumerHealth health;

	private final PauseRequests pauses = new PauseRequests();

	private final Map<Consumer<?, ?>, ConsumerSession> sessions = new ConcurrentHashMap<>();

	private final AtomicLong epochs = new AtomicLong();

	private final CommitOutcomes commitOutcomes;

	private final InternalErrors internalErrors;

	private final LongAdder lateCompletions = new LongAdder();

	private final RecentEntries<ConsumerSnapshot.Rebalance> rebalances = new RecentEntries<>(SHOWN_REBALANCES);

	private final SharedBuffer buffer;

	WorkerContainer(String name, AbstractMessageListenerContainer<?, ?> container, ConsumerSettings settings,
			@Nullable ConsumerSeekAware seekAware, Delivery delivery, Duration maxPollInterval, Ticker ticker,
			DefaultWorkerManager manager) {
		this.name = name;
		this.container = container;
		this.subscription = new TopicSubscription(name, container.getContainerProperties());
		this.settings = settings;
		this.seekAware = seekAware;
		this.delivery = delivery;
		this.maxPollInterval = maxPollInterval;
		this.ticker = ticker;
		this.metadataLimit = new MetadataLimit(name, settings.metadataLength());
		this.buffer = new SharedBuffer(
				new PartitionBuffer.Room(settings.maxBufferedRecords(), settings.maxBufferedBytes()),
				this::assignments);
		this.separatedPartitions = new PartitionSplitWarning(name, settings.strategy());
		this.perRecord = settings.strategy().isPerRecord();
		Integer maxConcurrency = settings.maxConcurrency();
		this.workers = manager.register(name, (maxConcurrency != null) ? maxConcurrency : Integer.MAX_VALUE, this);
		this.commitOutcomes = new CommitOutcomes(this.workers.observers());
		this.supervision = new ContainerSupervision(name, container, this.workers, settings.restartLimit(), ticker,
				new SimpleAsyncTaskExecutor(name + "-supervision-"));
		this.internalErrors = new InternalErrors(name, ticker, this.workers.observers()::internalError,
				this::stopBecause);
		this.assignmentLog = new AssignmentLog(name);
		this.answers = new BrokerAnswers(ticker, this.commitOutcomes::confirmed);
		this.health = new ConsumerHealth(container, this.supervision, this.workers, delivery, settings,
				new PollHealth(container, this.supervision, maxPollInterval, ticker), this.answers, this.internalErrors,
				ticker);
	}

	/**
	 * Return the session of a consumer, a new one if it has none. Called by the thread
	 * that polls with it.
	 */
	ConsumerSession session(Consumer<?, ?> consumer) {
		ConsumerSession present = this.sessions.get(consumer);
		if (present != null) {
			return present;
		}
		abandonTheDead();
		ConsumerSession session = new ConsumerSession(consumer, this);
		this.sessions.put(consumer, session);
		return session;
	}

	/**
	 * Let go what threads have left behind that died without letting it go. Nobody else
	 * touches it any more.
	 */
	private void abandonTheDead() {
		this.sessions.forEach((consumer, session) -> {
			if (!session.thread().isAlive() && this.sessions.remove(consumer, session)) {
				session.abandon();
			}
		});
	}

	/**
	 * Return the session of a consumer that may have ended.
	 */
	@Nullable ConsumerSession presentSession(Consumer<?, ?> consumer) {
		return this.sessions.get(consumer);
	}

	/**
	 * Let everything of a consumer go. Called by the thread that polls with it, for the
	 * last time.
	 * @param beforeCommit called before the last commit, when nothing is being handled
	 * any more
	 */
	void stopping(Consumer<?, ?> consumer, Runnable beforeCommit) {
		ConsumerSession session = this.sessions.get(consumer);
		if (session != null) {
			Runnable logStopped = this.assignmentLog.stopping(session.assignments(),
					this.delivery.failingRecords().all());
			try {
				session.stopping(beforeCommit);
			}
			finally {
				this.sessions.remove(consumer);
				assignmentChanged();
				logStopped.run();
			}
		}
	}

	AbstractMessageListenerContainer<?, ?> container() {
		return this.container;
	}

	TopicSubscription subscription() {
		return this.subscription;
	}

	ConsumerSettings settings() {
		return this.settings;
	}

	/**
	 * Return what somebody wants paused.
	 */
	PauseRequests pauses() {
		return this.pauses;
	}

	/**
	 * Have the consumer threads look at what is to be paused.
	 * @return complete when all of them have
	 */
	CompletableFuture<Void> regulate() {
		return CompletableFuture.allOf(
				this.sessions.values().stream().map(ConsumerSession::regulateSoon).toArray(CompletableFuture[]::new));
	}

	/**
	 * Go on reading a partition from another offset.
	 * @return what was done, when that is committed
	 * @throws IllegalStateException if the consumer does not run
	 * @throws IllegalArgumentException if it does not have the partition
	 */
	CompletableFuture<SeekResult> seek(TopicPartition partition, SeekPosition to) {
		Assert.state(this.container.isRunning(), () -> "Consumer '" + this.name + "' is stopped; start it first");
		for (ConsumerSession session : this.sessions.values()) {
			if (session.assignment(partition) != null) {
				return session.seek(partition, to);
			}
		}
		throw new IllegalArgumentException(
				"Consumer '" + this.name + "' does not have " + partition + " here; it has " + partitions());
	}

	/**
	 * Return what stops the container and starts it again.
	 */
	ContainerSupervision supervision() {
		return this.supervision;
	}

	@Override
	public WorkerOwner.ThreadScope threadScope() {
		return this.delivery;
	}

	@Override
	public WorkerOwner.StallLimits stallLimits() {
		return this.settings.stallLimits();
	}

	@Override
	public Collection<? extends DetachedRecord> detachedRecords() {
		return this.delivery.unattended();
	}

	@Override
	public RestartHistory.Limit restartLimit() {
		return this.settings.restartLimit();
	}

	@Override
	public void stopBecause(String reason, @Nullable Throwable failure) {
		this.supervision.stopBecause(reason, failure);
	}

	@Override
	public List<ConsumerProblem> problems() {
		return this.health.problems(this.sessions.values(), partitionSnapshots());
	}

	/**
	 * See how it gets on. Somebody has to look periodically, for what lasts to be a
	 * problem.
	 */
	void look() {
		problems();
	}

	/**
	 * Return where it is noted whether brokers answer.
	 */
	BrokerAnswers answers() {
		return this.answers;
	}

	/**
	 * Return the listener if it wants to seek, or {@code null}.
	 */
	@Nullable ConsumerSeekAware seekAware() {
		return this.seekAware;
	}

	Delivery delivery() {
		return this.delivery;
	}

	Duration maxPollInterval() {
		return this.maxPollInterval;
	}

	Ticker ticker() {
		return this.ticker;
	}

	/**
	 * Return whether workers are allocated for each record.
	 */
	boolean isPerRecord() {
		return this.perRecord;
	}

	ConsumerWorkers workers() {
		return this.workers;
	}

	long nextEpoch() {
		return this.epochs.incrementAndGet();
	}

	/**
	 * Return whether there is a group to commit for.
	 */
	boolean commits() {
		return this.container.getGroupId() != null;
	}

	/**
	 * Return whether partitions are assigned by the user instead of the group, so that no
	 * rebalance tells of them.
	 */
	boolean assignsManually() {
		return this.container.getContainerProperties().getTopicPartitions() != null;
	}

	boolean isPauseRequested(TopicPartition partition) {
		return this.container.isPauseRequested() || this.container.isPartitionPauseRequested(partition);
	}

	/**
	 * Return how long a final commit is tried again though the broker refuses it: one
	 * heartbeat under the {@code consumer} group protocol.
	 */
	Duration refusalPatience() {
		Object protocol = ContainerAdopter.consumerConfiguration(this.container)
			.get(ConsumerConfig.GROUP_PROTOCOL_CONFIG);
		return "consumer".equalsIgnoreCase(String.valueOf(protocol)) ? CONSUMER_PROTOCOL_HEARTBEAT : Duration.ZERO;
	}

	MetadataLimit metadataLimit() {
		return this.metadataLimit;
	}

	/**
	 * Return what all partitions may have buffered.
	 */
	SharedBuffer buffer() {
		return this.buffer;
	}

	/**
	 * Note that partitions were assigned or revoked.
	 */
	void assignmentChanged() {
		this.buffer.assignmentChanged();
		this.separatedPartitions.assignmentChanged(this.ticker.nanoTime());
	}

	void warnOfSeparatedPartitions(Consumer<?, ?> consumer) {
		this.separatedPartitions.warn(consumer, assignments().map(PartitionAssignment::partition).toList(),
				this.ticker.nanoTime());
	}

	void lateCompletion(PartitionAssignment assignment, ConsumerRecord<?, ?> record) {
		this.lateCompletions.increment();
		this.workers.failureLog()
			.log(logger::warn, "late completions",
					"a worker finished " + DisplayText.coordinatesOf(record) + " after " + assignment
							+ " was gone; this changes nothing, and the partition's next owner gets the record again",
					null);
	}

	/**
	 * Return how many records were finished after their assignment had ended.
	 */
	long lateCompletions() {
		return this.lateCompletions.sum();
	}

	/**
	 * Return where it is counted what becomes of commits.
	 */
	CommitOutcomes commitOutcomes() {
		return this.commitOutcomes;
	}

	/**
	 * Return where the engine's own exceptions on consumer threads are counted.
	 */
	InternalErrors internalErrors() {
		return this.internalErrors;
	}

	/**
	 * Note that partitions came or went.
	 */
	void rebalanced(ConsumerSnapshot.Rebalance rebalance) {
		this.rebalances.add(rebalance);
		this.assignmentLog.rebalanced(rebalance);
		this.workers.observers().rebalanced(rebalance);
	}

	@Override
	public ConsumerSnapshot snapshot(boolean showValues) {
		List<PartitionSnapshot> partitions = partitionSnapshots();
		Map<Worker, Long> buffered = new HashMap<>();
		assignments().forEach((assignment) -> {
			Worker worker = assignment.worker();
			if (worker != null) {
				buffered.merge(worker, assignment.buffer().records(), Long::sum);
			}
		});
		PartitionBuffer.Room all = this.buffer.buffered();
		Collection<Worker> present = this.workers.all();
		Stream<WorkerSnapshot> workers = this.perRecord
				? busiest(present).map((worker) -> worker.snapshot(worker.queued(), showValues))
				: present.stream().map((worker) -> describe(worker, buffered.getOrDefault(worker, 0L), showValues));
		Set<String> stalled = this.workers.stalled().stream().map(StalledRecord::worker).collect(Collectors.toSet());
		workers = workers
			.map((worker) -> stalled.contains(worker.name()) ? worker.withState(WorkerState.STALLED) : worker);
		int maxConcurrency = this.workers.maxConcurrency();
		FailingRecords failing = this.delivery.failingRecords();
		FailureJournal journal = this.delivery.failureJournal();
		return new ConsumerSnapshot(
				new ConsumerSnapshot.Settings(this.container.getGroupId(), List.copyOf(topics()),
						this.settings.strategyName(), (maxConcurrency < Integer.MAX_VALUE) ? maxConcurrency : null),
				new ConsumerSnapshot.Status(state(), this.container.isPauseRequested(), this.supervision.stopped(),
						this.answers.noneSince(),
						this.health.problems(this.sessions.values(), partitions)
							.stream()
							.limit(SHOWN_PROBLEMS)
							.toList()),
				new ConsumerSnapshot.Load(new ConsumerSnapshot.Buffered(all.records(), all.bytes()),
						this.workers.inFlight(),
						new Lag(sum(known(partitions, (snapshot) -> snapshot.lag().records())),
								largest(known(partitions, (snapshot) -> snapshot.lag().seconds())))),
				present.size(), this.perRecord ? workers.toList() : workers.sorted(WORKER_ORDER).toList(), partitions,
				journal.counters(this.workers.handled(), lateCompletions(), this.commitOutcomes.confirmed(),
						this.commitOutcomes.failed()),
				new ConsumerSnapshot.Failures(failing.count(), failing.oldest(SHOWN_FAILING, showValues),
						journal.failures(showValues)),
				this.rebalances.newestFirst());
	}

	private List<PartitionSnapshot> partitionSnapshots() {
		List<PartitionSnapshot> partitions = new ArrayList<>();
		for (ConsumerSession session : this.sessions.values()) {
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
	 * Return those that have been at a record for longest, then those with the longest
	 * queues.
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

	@Override
	public ConsumerState state() {
		Collection<ConsumerSession> sessions = this.sessions.values();
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
		TopicPartitionOffset[] manual = this.container.getContainerProperties().getTopicPartitions();
		if (subscribed != null) {
			return new TreeSet<>(subscribed);
		}
		Stream<String> topics = (manual != null) ? Stream.of(manual).map(TopicPartitionOffset::getTopic)
				: assignments().map((assignment) -> assignment.partition().topic());
		return new TreeSet<>(topics.toList());
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
		return this.sessions.values().stream().flatMap((session) -> session.assignments().stream());
	}

	@Override
	public String toString() {
		return this.name;
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
