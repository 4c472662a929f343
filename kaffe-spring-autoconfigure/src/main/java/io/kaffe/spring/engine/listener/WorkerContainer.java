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
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.util.Assert;

import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.SeekResult;
import io.kaffe.spring.engine.delivery.ConsumerFailingRecords;
import io.kaffe.spring.engine.delivery.Delivery;
import io.kaffe.spring.engine.delivery.DeliveryTimer;
import io.kaffe.spring.engine.delivery.PollingConsumer;
import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.DetachedRecord;
import io.kaffe.spring.engine.worker.RestartHistory;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.WorkerOwner;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.ConsumerState;

/**
 * A listener container whose records are handled by workers, with a
 * {@link ConsumerSession session} for each Kafka consumer that it polls with.
 * <p>
 * <b>Threading.</b> Safe for concurrent use: each session is added and removed by its own
 * thread. Nothing blocks.
 */
final class WorkerContainer implements WorkerOwner {

	/** What part of the buffer may be taken by records of one key that is blocked. */
	private static final int BLOCKED_SHARE = 32;

	private static final int MAX_BLOCKED_RECORDS = 16;

	private final Map<Consumer<?, ?>, ConsumerSession> sessions = new ConcurrentHashMap<>();

	/** The id of the container that polls on this thread. */
	private final ThreadLocal<String> listenerId = ThreadLocal.withInitial(() -> container().getListenerId());

	private final ContainerFacts facts;

	private final ConsumerSettings settings;

	private final Delivery delivery;

	private final DeliveryTimer.@Nullable Factory timers;

	private final TopicSubscription subscription;

	private final ConsumerContext context;

	private final ContainerSupervision supervision;

	private final BrokerAnswers answers;

	private final ConsumerFailingRecords failingRecords;

	private final ConsumerTable table;

	private final ConsumerDeadLetters deadLetters;

	/**
	 * Create a container with workers.
	 * @param name the consumer's name
	 * @param facts the container's configuration
	 * @param settings how the consumer works
	 * @param seekAware the listener if that is seek-aware, or {@code null}
	 * @param delivery delivers records to the listener
	 * @param timers creates timers of deliveries; {@code null} if they are not timed
	 * @param runtime what its workers run on
	 * @param manager manages the workers
	 * @param clients makes clients other than those that poll
	 */
	WorkerContainer(String name, ContainerFacts facts, ConsumerSettings settings, @Nullable ConsumerSeekAware seekAware,
			Delivery delivery, DeliveryTimer.@Nullable Factory timers, WorkerRuntime runtime,
			DefaultWorkerManager manager, KafkaClients clients) {
		Ticker ticker = runtime.ticker();
		this.facts = facts;
		this.settings = settings;
		this.delivery = delivery;
		this.timers = timers;
		this.subscription = new TopicSubscription(name, facts.container());
		Integer maxConcurrency = settings.maxConcurrency();
		ConsumerWorkers workers = manager.register(name, (maxConcurrency != null) ? maxConcurrency : Integer.MAX_VALUE,
				this);
		this.context = new ConsumerContext(name, facts, settings, seekAware, delivery, workers, runtime,
				this::assignments, this::stopBecause, clients);
		PartitionTransactions.join(this.context);
		this.supervision = new ContainerSupervision(name, facts.container(), workers, settings.restartLimit(), ticker,
				runtime.threads(name + "-supervision-"));
		this.answers = new BrokerAnswers(ticker, this.context.commitOutcomes()::lastConfirmedAt);
		this.failingRecords = new ConsumerFailingRecords(name, delivery, runtime);
		this.table = new ConsumerTable(this.context, this.sessions.values(), this.supervision, this.subscription,
				this.answers, this.failingRecords);
		DeadLetterSource source = new DeadLetterSource(this.context, this.table::topics, this::assignments,
				clients.byteConsumers());
		this.deadLetters = new ConsumerDeadLetters(source, this.context, runtime.threads(name + "-dead-letters-"));
	}

	/**
	 * Note which container polls on this thread from now on: this one, or one of those
	 * that a concurrent container has for its consumers.
	 */
	void starting(MessageListenerContainer polling) {
		this.listenerId.set(polling.getListenerId());
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
		ConsumerSession session = new ConsumerSession(consumer, polledBy(consumer), this.context);
		this.sessions.put(consumer, session);
		return session;
	}

	private PollingConsumer polledBy(Consumer<?, ?> consumer) {
		String listenerId = this.listenerId.get();
		// Every metric has the client id as a tag.
		Iterator<MetricName> metrics = consumer.metrics().keySet().iterator();
		return new PollingConsumer(listenerId, metrics.hasNext() ? metrics.next().tags().get("client-id") : null,
				container().isChangeConsumerThreadName() ? Thread.currentThread().getName() : null,
				(this.timers != null) ? this.timers.timer(listenerId) : null, RejectingConsumer.of(toString()));
	}

	/**
	 * Abandon the sessions of threads that died without stopping them. Nothing else
	 * touches those any more.
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
	 * End the session of a consumer. Called by the thread that polls with it, for the
	 * last time.
	 * @param beforeCommit called before the last commit, when no record is being handled
	 * any more
	 */
	void stopping(Consumer<?, ?> consumer, Runnable beforeCommit) {
		ConsumerSession session = this.sessions.get(consumer);
		if (session != null) {
			Runnable logStopped = this.context.assignmentLog()
				.stopping(session.assignments(), this.delivery.failures().all());
			try {
				session.stopping(beforeCommit);
			}
			finally {
				this.sessions.remove(consumer);
				this.listenerId.remove();
				this.context.assignmentChanged();
				logStopped.run();
			}
		}
	}

	ConsumerContext context() {
		return this.context;
	}

	ContainerFacts facts() {
		return this.facts;
	}

	AbstractMessageListenerContainer<?, ?> container() {
		return this.facts.container();
	}

	TopicSubscription subscription() {
		return this.subscription;
	}

	/**
	 * Return what stops the container and restarts it.
	 */
	ContainerSupervision supervision() {
		return this.supervision;
	}

	/**
	 * Return where it is recorded whether brokers answer.
	 */
	BrokerAnswers answers() {
		return this.answers;
	}

	ConsumerFailingRecords failingRecords() {
		return this.failingRecords;
	}

	ConsumerTable table() {
		return this.table;
	}

	ConsumerDeadLetters deadLetters() {
		return this.deadLetters;
	}

	/**
	 * Return the partitions that are assigned to its consumers.
	 */
	Collection<PartitionAssignment> assignments() {
		List<PartitionAssignment> all = new ArrayList<>();
		for (ConsumerSession session : this.sessions.values()) {
			all.addAll(session.assignments());
		}
		return all;
	}

	/**
	 * Have the consumer threads check what is to be paused.
	 * @return complete when all of them have
	 */
	CompletableFuture<Void> regulate() {
		return CompletableFuture.allOf(
				this.sessions.values().stream().map(ConsumerSession::regulateSoon).toArray(CompletableFuture[]::new));
	}

	/**
	 * Read a partition on from another offset.
	 * @return what was done, when that is committed
	 * @throws IllegalStateException if the consumer does not run
	 * @throws IllegalArgumentException if the partition is not assigned to it
	 */
	CompletableFuture<SeekResult> seek(TopicPartition partition, SeekPosition to) {
		Assert.state(container().isRunning(), () -> "Consumer '" + this + "' is stopped; start it first");
		for (ConsumerSession session : this.sessions.values()) {
			if (session.isAssigned(partition)) {
				return session.seek(partition, to);
			}
		}
		throw new IllegalArgumentException(
				"Consumer '" + this + "' does not have " + partition + " here; it has " + this.table.partitions());
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
	public int maxBlockedRecords() {
		int share = this.settings.maxBufferedRecords() / BLOCKED_SHARE;
		return Math.max(1, Math.min(share, MAX_BLOCKED_RECORDS));
	}

	@Override
	public Collection<? extends DetachedRecord> detachedRecords() {
		return this.delivery.detachedRecords();
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
		return this.table.problems();
	}

	@Override
	public ConsumerSnapshot snapshot(boolean showValues) {
		return this.table.snapshot(showValues);
	}

	@Override
	public ConsumerState state() {
		return this.table.state();
	}

	@Override
	public String toString() {
		return this.context.toString();
	}

}
