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
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

import org.apache.kafka.clients.consumer.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.ConsumerSeekAware;

import io.kaffe.spring.engine.delivery.Delivery;
import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * What the sessions of a consumer share: its configuration, and what counts, limits and
 * logs for all of its threads.
 * <p>
 * <b>Threading.</b> Immutable; what it refers to is safe for concurrent use.
 */
final class ConsumerContext {

	private final AtomicLong epochs = new AtomicLong();

	private final PauseRequests pauses = new PauseRequests();

	private final String name;

	private final ContainerFacts facts;

	private final ConsumerSettings settings;

	private final @Nullable ConsumerSeekAware seekAware;

	private final Delivery delivery;

	private final ConsumerWorkers workers;

	private final WorkerRuntime runtime;

	private final Ticker ticker;

	private final boolean perRecord;

	private final Supplier<Collection<PartitionAssignment>> assignments;

	private final SharedBuffer buffer;

	private final OffsetCommits.Outcomes commitOutcomes;

	private final OffsetCommits.MetadataLimit metadataLimit;

	private final CommitHooks commitHooks;

	private final IgnoredSettings ignoredSettings;

	private final LateCompletions lateCompletions;

	private final Losses losses;

	private final AssignmentLog assignmentLog;

	private final PartitionSplitWarning splitWarning;

	private final InternalErrors internalErrors;

	private final @Nullable PassedOffsets passedOffsets;

	private final KafkaClients clients;

	/**
	 * Create a context.
	 * @param name the consumer's name
	 * @param facts its container's configuration
	 * @param settings how it works
	 * @param seekAware its listener if that wants to seek, or {@code null}
	 * @param delivery delivers records to its listener
	 * @param workers its workers
	 * @param runtime what its workers run on
	 * @param assignments returns the partitions that are assigned to all of its threads
	 * @param stopper stops it
	 * @param clients makes clients other than those that poll
	 */
	ConsumerContext(String name, ContainerFacts facts, ConsumerSettings settings, @Nullable ConsumerSeekAware seekAware,
			Delivery delivery, ConsumerWorkers workers, WorkerRuntime runtime,
			Supplier<Collection<PartitionAssignment>> assignments, InternalErrors.Stopper stopper,
			KafkaClients clients) {
		this.name = name;
		this.facts = facts;
		this.settings = settings;
		this.seekAware = seekAware;
		this.delivery = delivery;
		this.workers = workers;
		this.runtime = runtime;
		this.ticker = runtime.ticker();
		this.perRecord = settings.strategy().isPerRecord();
		this.assignments = assignments;
		this.buffer = new SharedBuffer(
				new PartitionBuffer.Room(settings.maxBufferedRecords(), settings.maxBufferedBytes()), assignments);
		this.commitOutcomes = new OffsetCommits.Outcomes(workers.observers(), this.ticker);
		this.metadataLimit = new OffsetCommits.MetadataLimit(name, settings.completedOffsets());
		this.commitHooks = new CommitHooks(facts.container(), settings.completedOffsets(), workers.failureLog());
		this.ignoredSettings = IgnoredSettings.of(facts, settings.completedOffsets());
		this.lateCompletions = new LateCompletions(workers.failureLog());
		this.losses = new Losses(name, workers.observers());
		this.assignmentLog = new AssignmentLog(name, workers.observers());
		this.splitWarning = new PartitionSplitWarning(name, settings.strategy());
		this.passedOffsets = PassedOffsets.of(delivery.transactions(), facts.isInGroup(),
				runtime.threads(name + "-transactions-"));
		this.clients = clients;
		this.internalErrors = new InternalErrors(name, this.ticker, workers.observers()::internalError, stopper);
	}

	ContainerFacts facts() {
		return this.facts;
	}

	ConsumerSettings settings() {
		return this.settings;
	}

	@Nullable ConsumerSeekAware seekAware() {
		return this.seekAware;
	}

	Delivery delivery() {
		return this.delivery;
	}

	ConsumerWorkers workers() {
		return this.workers;
	}

	WorkerRuntime runtime() {
		return this.runtime;
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

	/**
	 * Return which pauses of topics and partitions operators have requested.
	 */
	PauseRequests pauses() {
		return this.pauses;
	}

	/**
	 * Return what all partitions may have buffered.
	 */
	SharedBuffer buffer() {
		return this.buffer;
	}

	OffsetCommits.Outcomes commitOutcomes() {
		return this.commitOutcomes;
	}

	OffsetCommits.MetadataLimit metadataLimit() {
		return this.metadataLimit;
	}

	CommitHooks commitHooks() {
		return this.commitHooks;
	}

	/**
	 * Return which settings of its container have no effect.
	 */
	IgnoredSettings ignoredSettings() {
		return this.ignoredSettings;
	}

	LateCompletions lateCompletions() {
		return this.lateCompletions;
	}

	/**
	 * Return which records were deleted before they were handled.
	 */
	Losses losses() {
		return this.losses;
	}

	AssignmentLog assignmentLog() {
		return this.assignmentLog;
	}

	/**
	 * Return where the engine's own exceptions on consumer threads are contained.
	 */
	InternalErrors internalErrors() {
		return this.internalErrors;
	}

	/**
	 * Return what commits offsets that hold no record, if offsets are committed in
	 * transactions; {@code null} if not.
	 */
	@Nullable PassedOffsets passedOffsets() {
		return this.passedOffsets;
	}

	/**
	 * Return what makes clients other than those that poll.
	 */
	KafkaClients clients() {
		return this.clients;
	}

	/**
	 * Return the number of the next assignment, which is greater than all before.
	 */
	long nextEpoch() {
		return this.epochs.incrementAndGet();
	}

	/**
	 * Note that partitions were assigned or revoked.
	 */
	void assignmentChanged() {
		this.buffer.assignmentChanged();
		this.splitWarning.assignmentChanged(this.ticker.nanoTime());
	}

	/**
	 * Warn if the group has assigned partitions that share a worker to several instances.
	 * Called by consumer threads.
	 * @param consumer the consumer of the calling thread
	 */
	void warnOfSplitPartitions(Consumer<?, ?> consumer) {
		this.splitWarning.warn(consumer, this.assignments.get().stream().map(PartitionAssignment::partition).toList(),
				this.ticker.nanoTime());
	}

	@Override
	public String toString() {
		return this.name;
	}

}
