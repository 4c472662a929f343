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
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.util.ReflectionUtils;

import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.SeekResult;
import io.kaffe.spring.engine.delivery.PollingConsumer;
import io.kaffe.spring.table.ConsumerState;

/**
 * One Kafka consumer of a listener container, from its first poll to its end: what is due
 * before each poll, the records that a poll returned, and the partitions that are
 * assigned and revoked.
 * <p>
 * <b>Threading.</b> Every method that takes part in polling belongs to the consumer
 * thread, the one that called first. Tables call {@link #assignments()}, {@link #state()}
 * and {@link #isPaused}, health {@link #sinceLastPoll()} and {@link #commitProblem()},
 * operators {@link #seek} and {@link #regulateSoon()}.
 */
final class ConsumerSession {

	private static final Log logger = LogFactory.getLog(ConsumerSession.class);

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

	/** How often to ask the consumer for ends: some hand that to another thread. */
	private static final Duration SIGHT_OF_ENDS = Duration.ofSeconds(1);

	private final Assignments assignments = new Assignments();

	private final ConsumerCommands commands = new ConsumerCommands();

	/** Assigned by Kafka, and not among the assignments yet because that failed. */
	private final Set<TopicPartition> toBeAssigned = new HashSet<>();

	private final Consumer<?, ?> consumer;

	private final PollingConsumer polledBy;

	private final ConsumerContext context;

	private final InternalErrors errors;

	private final ConsumerView view;

	private final ConsumerWakeup wakeup;

	private final WorkerAllocation allocation;

	private final CommitTimer commitTimer;

	private final OffsetCommits commits;

	private final CommitReader commitReader;

	/** {@code null} if records are handled at least once. */
	private final @Nullable HandledLookup handled;

	private final FlowControl flow;

	private final AssignmentReplacement replacement;

	private final Repositioning repositioning;

	private final PartitionRevocation revocation;

	private final RecordDispatcher dispatcher;

	private final @Nullable ListenerSeeks seeks;

	private final IdleEvents idleEvents;

	private long endsSeenAt;

	private volatile long lastPollAt;

	private volatile ConsumerState state = ConsumerState.STARTING;

	private long stopDeadline;

	private boolean started;

	/**
	 * Create a session. Called by the consumer thread.
	 * @param consumer the consumer
	 * @param polledBy its names
	 * @param context what it shares with other threads of its container
	 */
	ConsumerSession(Consumer<?, ?> consumer, PollingConsumer polledBy, ConsumerContext context) {
		this.consumer = consumer;
		this.context = context;
		this.errors = context.internalErrors();
		this.view = new ConsumerView(this.assignments, context.facts().isInGroup());
		this.wakeup = new ConsumerWakeup(consumer, context.ticker());
		this.polledBy = NotedMembership.of(polledBy, context, this.view, this.wakeup);
		this.commitTimer = new CommitTimer(this.wakeup, context.settings().commitInterval(), context.runtime());
		this.allocation = new WorkerAllocation(context, this.wakeup, this.commitTimer, this.polledBy,
				EvictedRecordReader.of(context, consumer, polledBy.clientId()));
		this.commits = new OffsetCommits(consumer, context.facts().isInGroup(), this.commitTimer,
				context.metadataLimit(), context.facts().refusalPatience(), context.commitOutcomes(),
				context.commitHooks(), this.errors, context.ticker());
		this.commitReader = new CommitReader(consumer, context.toString(), context.settings().completedOffsets(),
				context.passedOffsets(), context.ticker());
		this.handled = HandledLookup.of(context, this.commitReader::currentPosition, this.wakeup::wakeUp);
		this.flow = new FlowControl(consumer, context, this.wakeup::await);
		PartitionDrain drain = new PartitionDrain(context.workers(), context.delivery().detachedRecords(),
				context.ticker());
		this.replacement = new AssignmentReplacement(consumer, this.assignments, this.allocation, this.flow, drain,
				context);
		this.repositioning = new Repositioning(consumer, this.assignments, this.replacement, this.errors);
		this.revocation = new PartitionRevocation(consumer, this.replacement, drain, this.commits, context);
		this.dispatcher = new RecordDispatcher(consumer, this.assignments, this.toBeAssigned::contains, this.allocation,
				this.repositioning, context);
		ConsumerSeekAware seekAware = context.seekAware();
		this.seeks = (seekAware != null) ? new ListenerSeeks(consumer, seekAware, context.facts(), this::position,
				this::sought, this.wakeup::wakeUp) : null;
		this.idleEvents = new IdleEvents(this.assignments, this.seeks, this.wakeup, context.facts(), context.ticker());
		this.lastPollAt = context.ticker().nanoTime();
		this.endsSeenAt = this.lastPollAt;
	}

	/**
	 * Do what is due before a poll. What throws keeps neither the rest from being done
	 * nor the consumer from polling; only what the application throws, which chooses
	 * positions and is notified that the consumer is idle, is thrown in the end.
	 */
	void tick() {
		this.wakeup.notPolling();
		this.wakeup.reset();
		Throwable ofApplication = null;
		try {
			letListenerSeek();
			this.idleEvents.proceed();
		}
		catch (Throwable ex) {
			ofApplication = ex;
		}
		this.errors.contain("note the membership", () -> this.view.polled(this.consumer));
		this.errors.contain("add assigned partitions", this::assignTheRest);
		Collection<PartitionAssignment> assigned = this.assignments.all();
		this.errors.contain("commit", () -> commitIfDue(assigned));
		this.errors.contain("allocate workers", () -> assigned.forEach(this.allocation::allocateIfNamed));
		this.errors.contain("look up what is handled", () -> HandledLookup.proceed(this.handled, assigned));
		this.errors.contain("pause and resume partitions", () -> this.flow.regulate(assigned, true));
		this.errors.contain("move positions and carry out operations", this::proceedWithPositions);
		if (this.flow.isAwaitingOthers() || !this.toBeAssigned.isEmpty()) {
			this.commitTimer.arm();
		}
		this.lastPollAt = this.context.ticker().nanoTime();
		if (ofApplication != null) {
			ReflectionUtils.rethrowRuntimeException(ofApplication);
		}
		this.wakeup.polling();
	}

	private void letListenerSeek() {
		if (!this.started) {
			this.started = true;
			if (this.context.facts().assignsManually()) {
				assigned(this.consumer.assignment());
				seekAssigned(this.consumer.assignment());
				positioned(this.consumer.assignment());
			}
			else if (this.seeks != null) {
				this.seeks.begin();
			}
		}
		else if (this.seeks != null) {
			if (this.context.facts().assignsManually()) {
				this.seeks.polled();
			}
			this.seeks.perform();
		}
	}

	private void commitIfDue(Collection<PartitionAssignment> assigned) {
		if (this.commits.commitIfDue(assigned)) {
			for (PartitionAssignment assignment : assigned) {
				if (!assignment.isRevoked() && this.commitReader.passWhatHoldsNoRecord(assignment)) {
					this.commitTimer.arm();
				}
			}
		}
		long now = this.context.ticker().nanoTime();
		if (now - this.endsSeenAt < SIGHT_OF_ENDS.toNanos()) {
			return;
		}
		this.endsSeenAt = now;
		assigned.stream()
			.filter((assignment) -> !isPaused(assignment.partition()))
			.forEach(this.commitReader::refreshEnd);
		if (this.context.facts().isInGroup()) {
			this.context.warnOfSplitPartitions(this.consumer);
		}
	}

	private void proceedWithPositions() {
		boolean moved = this.repositioning.proceed();
		boolean commanded = this.commands.proceed();
		if (moved || commanded) {
			// A partition that is sought is paused; one that was may be fetched. A wait
			// could miss that nothing of a sought one is being handled any more.
			this.flow.regulate(this.assignments.all(), false);
			this.commitTimer.arm();
		}
		if (this.commands.isWaiting()) {
			// Set, never cleared here: a worker may set it at the same time.
			this.wakeup.request();
		}
	}

	/**
	 * Dispatch polled records to their workers.
	 */
	void dispatch(ConsumerRecords<?, ?> records) {
		this.wakeup.notPolling();
		this.errors.contain("note the membership", () -> this.view.polled(this.consumer));
		this.dispatcher.dispatch(records);
	}

	/**
	 * Add partitions that were assigned. Those that are there already stay as they are.
	 */
	void assigned(Collection<TopicPartition> partitions) {
		this.wakeup.notPolling();
		if (this.state == ConsumerState.DRAINING) {
			this.consumer.pause(partitions);
			return;
		}
		List<PartitionAssignment> added = new ArrayList<>();
		for (TopicPartition partition : partitions) {
			if (this.assignments.get(partition) == null
					&& !this.errors.contain("add " + partition, () -> added.add(assign(partition)))) {
				// Paused until another try succeeds, before the next poll.
				this.toBeAssigned.add(partition);
				this.errors.contain("pause " + partition, () -> this.consumer.pause(List.of(partition)));
			}
		}
		if (!added.isEmpty()) {
			this.context.assignmentLog().assigned(added, this.context.ticker().instant());
		}
		this.errors.contain("note the membership", () -> this.view.assigned(this.consumer, added));
		this.errors.contain("pause partitions", () -> this.flow.start(added));
		if (this.context.facts().isInGroup()) {
			this.errors.contain("read the commits of assigned partitions", () -> this.replacement
				.postpone(this.commitReader.continueFromCommits(added, this.view::uncommitted), this.toBeAssigned));
		}
		this.context.assignmentChanged();
		// They may be paused for a reason that is over soon.
		this.commitTimer.arm();
		this.errors.contain("look for dead-letter topics",
				() -> this.context.settings()
					.failurePolicy()
					.expect(added.stream().map((assignment) -> assignment.partition().topic()).distinct().toList()));
		if (!this.assignments.all().isEmpty() || this.state != ConsumerState.STARTING) {
			enter(ConsumerState.RUNNING);
		}
	}

	private PartitionAssignment assign(TopicPartition partition) {
		PartitionAssignment assignment = this.allocation.assign(partition);
		this.assignments.put(assignment);
		return assignment;
	}

	/**
	 * Add partitions for which that failed when they were assigned.
	 */
	private void assignTheRest() {
		if (!this.toBeAssigned.isEmpty()) {
			List<TopicPartition> again = List.copyOf(this.toBeAssigned);
			this.toBeAssigned.clear();
			again.forEach(this.flow::remember);
			assigned(again);
			this.replacement.postpone(this.commitReader.compareWithCommits(this.assignments.of(again)),
					this.toBeAssigned);
		}
	}

	/**
	 * Let the listener choose from where partitions that were assigned are read.
	 */
	void seekAssigned(Collection<TopicPartition> partitions) {
		if (this.seeks != null && this.state != ConsumerState.DRAINING) {
			this.seeks.assigned(partitions);
			if (!this.context.facts().assignsManually()) {
				this.seeks.polled();
			}
		}
	}

	/**
	 * Return what holds back the container's events that this consumer is idle.
	 */
	IdleEvents idleEvents() {
		return this.idleEvents;
	}

	/**
	 * Let the listener forget the seek callbacks of revoked partitions.
	 */
	void forgetSeeks(Collection<TopicPartition> partitions) {
		if (this.seeks != null) {
			this.seeks.revoked(partitions);
		}
	}

	private void sought(TopicPartition partition, long target) {
		PartitionAssignment assignment = this.assignments.get(partition);
		if (assignment != null) {
			this.repositioning.moved(assignment, target);
		}
	}

	/**
	 * Return the position of a partition as its listener has moved it, though unfinished
	 * records below it may have to be read first.
	 * @param timeout how long to wait for it; {@code null}: as long as the consumer does
	 * by default
	 */
	private long position(TopicPartition partition, @Nullable Duration timeout) {
		Long moved = this.repositioning.position(partition);
		if (moved != null) {
			return moved;
		}
		long position = CommitReader.awake(() -> (timeout != null) ? this.consumer.position(partition, timeout)
				: this.consumer.position(partition));
		PartitionAssignment assignment = this.assignments.get(partition);
		return (assignment != null) ? assignment.progress().position(position) : position;
	}

	/**
	 * Look from where partitions that were assigned are going to be read. If that is not
	 * the committed offset, they are to be read from there, whatever was handled before.
	 */
	void positioned(Collection<TopicPartition> partitions) {
		if (this.state != ConsumerState.DRAINING) {
			this.errors.contain("compare positions with commits", () -> this.replacement
				.postpone(this.commitReader.compareWithCommits(this.assignments.of(partitions)), this.toBeAssigned));
			this.errors.contain("look up what is handled",
					() -> HandledLookup.proceed(this.handled, this.assignments.all()));
			wakeForCommands();
			this.wakeup.polling();
		}
	}

	/**
	 * End the assignment of revoked partitions: start nothing more of them, wait for what
	 * is being handled, commit. Does nothing for partitions that are not assigned.
	 * @param partitions the partitions
	 * @param beforeCommit run when no record of them is being handled any more
	 */
	void revoked(Collection<TopicPartition> partitions, Runnable beforeCommit) {
		this.toBeAssigned.removeAll(partitions);
		this.wakeup.notPolling();
		this.errors.contain("note the membership", () -> this.view.polled(this.consumer));
		if (this.state == ConsumerState.DRAINING) {
			this.revocation.revoke(this.assignments.of(partitions), this.stopDeadline, beforeCommit, false);
			return;
		}
		enter(ConsumerState.REBALANCING);
		try {
			this.revocation.revoke(this.assignments.of(partitions), this.revocation.deadline(this.lastPollAt),
					beforeCommit, false);
		}
		finally {
			enter(ConsumerState.RUNNING);
			wakeForCommands();
			this.wakeup.polling();
		}
	}

	/**
	 * End the assignment of all partitions, because the consumer stops.
	 * @param beforeCommit run when no record is being handled any more
	 */
	void stopping(Runnable beforeCommit) {
		this.toBeAssigned.clear();
		this.wakeup.notPolling();
		enter(ConsumerState.DRAINING);
		this.stopDeadline = this.revocation.deadline(this.lastPollAt);
		List<TopicPartition> leaving = List.copyOf(this.assignments.partitions());
		try {
			this.revocation.revoke(this.assignments.all(), this.stopDeadline, beforeCommit, true);
		}
		finally {
			this.commands.close();
			if (this.seeks != null) {
				this.seeks.end(leaving);
			}
			this.polledBy.close();
			this.allocation.close();
		}
		enter(ConsumerState.STOPPED);
	}

	/**
	 * End the assignment of partitions that another consumer has already: nothing is
	 * waited for or committed.
	 */
	void lost(Collection<TopicPartition> partitions) {
		this.toBeAssigned.removeAll(partitions);
		List<PartitionAssignment> lost = this.assignments.of(partitions);
		lost.forEach(PartitionAssignment::fence);
		this.context.workers().wakeAll();
		lost.forEach(this.replacement::remove);
		if (!lost.isEmpty()) {
			this.context.assignmentLog().lost(lost, this.context.ticker().instant());
		}
		wakeForCommands();
	}

	/**
	 * End the assignment of all partitions, and close the consumer, since the thread that
	 * polled with it is dead. Called by another thread.
	 */
	void abandon() {
		List<TopicPartition> left = List.copyOf(this.assignments.partitions());
		lost(left);
		this.commands.close();
		if (this.seeks != null) {
			this.seeks.end(left);
		}
		this.polledBy.close();
		this.allocation.close();
		enter(ConsumerState.STOPPED);
		try {
			this.consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
		}
		catch (RuntimeException ex) {
			logger.warn("Could not close the consumer of a thread that died; consumer '" + this.context + "'", ex);
		}
	}

	/**
	 * Have a partition read from another offset. Any thread.
	 */
	CompletableFuture<SeekResult> seek(TopicPartition partition, SeekPosition to) {
		return submit(new PartitionSeek(partition, to, this.consumer, this.assignments, this.replacement,
				this.repositioning, this.commits, this.context.delivery()));
	}

	/**
	 * Have the consumer thread look at what is to be paused. Any thread.
	 */
	CompletableFuture<Boolean> regulateSoon() {
		return submit(new ConsumerCommands.Command<>() {

			@Override
			boolean tryToProceed() {
				// It did, before commands.
				answer(true);
				return true;
			}

		});
	}

	private <T> CompletableFuture<T> submit(ConsumerCommands.Command<T> command) {
		CompletableFuture<T> answer = this.commands.submit(command);
		this.wakeup.wakeUp();
		return answer;
	}

	/**
	 * Let commands that wait for what was just assigned or revoked be looked at now,
	 * rather than after a poll that may find nothing for long.
	 */
	private void wakeForCommands() {
		if (this.commands.isUnderWay() || this.repositioning.isUnderWay()) {
			this.wakeup.wakeUp();
		}
	}

	private void enter(ConsumerState state) {
		this.state = state;
		this.wakeup.running(state == ConsumerState.RUNNING);
	}

	ConsumerState state() {
		return this.state;
	}

	Thread thread() {
		return this.wakeup.thread();
	}

	Collection<PartitionAssignment> assignments() {
		return this.assignments.all();
	}

	/**
	 * Return how long ago the last poll began. Any thread.
	 */
	Duration sinceLastPoll() {
		return Duration.ofNanos(this.context.ticker().nanoTime() - this.lastPollAt);
	}

	/**
	 * Return what is wrong with commits, or {@code null} if nothing is. Any thread.
	 */
	@Nullable String commitProblem() {
		return this.commits.problem();
	}

	boolean isAssigned(TopicPartition partition) {
		return this.assignments.get(partition) != null;
	}

	boolean isPaused(TopicPartition partition) {
		return this.flow.isPaused(partition);
	}

}
