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

package io.kaffe.spring.listener;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.delivery.RecordAllocation;
import io.kaffe.spring.delivery.RecordChunk;
import io.kaffe.spring.delivery.RecordDelivery;
import io.kaffe.spring.offset.CommitMetadata;
import io.kaffe.spring.offset.CompletedOffsets;
import io.kaffe.spring.worker.AssignedPartition;
import io.kaffe.spring.worker.ConsumerState;
import io.kaffe.spring.worker.ConsumerWorkers;
import io.kaffe.spring.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.worker.Worker;
import io.kaffe.spring.worker.WorkerAllocationStrategy;

/**
 * One Kafka consumer of a listener container, from its first poll to its end: hands
 * polled records to workers, commits, pauses and resumes partitions, and lets partitions
 * go.
 * <p>
 * <b>Threading.</b> Every method that takes part in polling belongs to the consumer
 * thread, the one that called first. Workers call {@link #roomAvailable()},
 * {@link #lateCompletion} and {@link #thread()}; tables call {@link #assignments()},
 * {@link #state()} and {@link #isPaused}. The consumer's {@code wakeup()}, the one method
 * any thread may call, is called by workers only while {@code polling} says that the next
 * blocking call is a poll; a wake-up that still hits something else is used up there.
 */
final class ConsumerSession {

	private static final Log logger = LogFactory.getLog(ConsumerSession.class);

	private static final Duration LARGEST_COMMIT_RESERVE = Duration.ofSeconds(5);

	private static final Duration COMMITTED_TIMEOUT = Duration.ofSeconds(10);

	private static final Duration REBALANCE_POLL = Duration.ofMillis(100);

	private final Map<TopicPartition, PartitionAssignment> assignments = new ConcurrentHashMap<>();

	private final Consumer<?, ?> consumer;

	private final AdoptedConsumer owner;

	private final OffsetCommits commits;

	private final FlowControl flow;

	private final Thread thread;

	private final Worker allocating;

	private long lastPollAt;

	private long stopDeadline;

	private boolean started;

	private volatile ConsumerState state = ConsumerState.STARTING;

	private volatile boolean polling;

	private volatile boolean roomAvailable;

	ConsumerSession(Consumer<?, ?> consumer, AdoptedConsumer owner) {
		this.consumer = consumer;
		this.owner = owner;
		this.commits = new OffsetCommits(consumer, owner.settings().commitInterval(), owner.metadataLimit(),
				owner.refusalPatience(), owner.ticker());
		this.flow = new FlowControl(consumer, owner);
		this.thread = Thread.currentThread();
		this.allocating = owner.workers().internal("allocation for " + this.thread.getName());
		this.lastPollAt = owner.ticker().nanoTime();
	}

	/**
	 * Do what is due before a poll.
	 */
	void tick() {
		this.polling = false;
		this.roomAvailable = false;
		if (!this.started) {
			this.started = true;
			if (this.owner.assignsManually()) {
				assigned(this.consumer.assignment());
				positioned(this.consumer.assignment());
			}
		}
		Collection<PartitionAssignment> assigned = this.assignments.values();
		if (this.owner.commits() && this.commits.commitIfDue(assigned)) {
			assigned.forEach(this::passWhatHoldsNoRecord);
			assigned.forEach(this::refreshEnd);
			this.owner.warnOfSeparatedPartitions(this.consumer);
		}
		assigned.forEach(this::allocateIfNamed);
		this.flow.regulate(assigned);
		this.lastPollAt = this.owner.ticker().nanoTime();
		backToPolling();
	}

	/**
	 * Let workers wake the consumer up from now on, and do so for those that wanted to
	 * meanwhile.
	 */
	private void backToPolling() {
		this.polling = true;
		if (this.roomAvailable) {
			this.consumer.wakeup();
		}
	}

	/**
	 * Hand polled records to their workers.
	 */
	void dispatch(ConsumerRecords<?, ?> records) {
		this.polling = false;
		for (TopicPartition partition : records.partitions()) {
			List<? extends ConsumerRecord<?, ?>> polled = records.records(partition);
			try {
				handOver(partition, polled, records.nextOffsets().get(partition));
			}
			catch (Throwable ex) {
				pollAgain(partition, polled.get(0).offset(), ex);
			}
		}
	}

	/**
	 * Go back to records that could not be handed over. To throw instead would leave them
	 * to the container's error handler, which may take them for handled.
	 */
	private void pollAgain(TopicPartition partition, long offset, Throwable failure) {
		logger.error("Could not hand over what was polled of " + partition + " from " + offset + "; polling it again",
				failure);
		this.consumer.seek(partition, offset);
	}

	private void handOver(TopicPartition partition, List<? extends ConsumerRecord<?, ?>> polled,
			@Nullable OffsetAndMetadata next) {
		PartitionAssignment assignment = assignmentFor(partition, polled.get(0));
		if (assignment == null) {
			logger.warn("Dropping records of " + partition + " that were polled although it is not assigned; "
					+ "they were not committed and are delivered to its owner");
			return;
		}
		if (assignment.naming() != null) {
			this.consumer.seek(partition, polled.get(0).offset());
			return;
		}
		List<? extends ConsumerRecord<?, ?>> open = assignment.append(polled, next);
		if (!open.isEmpty()) {
			Worker worker = assignment.worker();
			if (worker != null) {
				worker.submit(new RecordChunk(open, assignment));
			}
			else {
				this.allocating.submit(new RecordAllocation(open, assignment, this.owner.allocator()));
			}
		}
	}

	/**
	 * Take partitions on. Those that are here already stay as they are.
	 */
	void assigned(Collection<TopicPartition> partitions) {
		this.polling = false;
		if (this.state == ConsumerState.DRAINING) {
			this.consumer.pause(partitions);
			return;
		}
		List<TopicPartition> added = partitions.stream()
			.filter((partition) -> !this.assignments.containsKey(partition))
			.toList();
		added.forEach((partition) -> this.assignments.put(partition, assign(partition)));
		this.flow
			.pause(added.stream().filter((partition) -> this.assignments.get(partition).naming() != null).toList());
		if (!added.isEmpty() && this.owner.commits()) {
			continueFromCommits(added);
		}
		this.owner.assignmentChanged();
		if (!this.assignments.isEmpty() || this.state != ConsumerState.STARTING) {
			this.state = ConsumerState.RUNNING;
		}
	}

	/**
	 * Learn from the last commits what is complete above their offsets. Without an answer
	 * of the broker, nothing is: then records are handled again that need not be.
	 */
	private void continueFromCommits(List<TopicPartition> partitions) {
		try {
			Set<TopicPartition> asked = Set.copyOf(partitions);
			awake(() -> this.consumer.committed(asked, COMMITTED_TIMEOUT)).forEach((partition, commit) -> {
				PartitionAssignment assignment = this.assignments.get(partition);
				if (assignment != null && commit != null) {
					assignment.progress().continueFrom(commit, completedAbove(partition, commit));
				}
			});
		}
		catch (KafkaException ex) {
			logger.warn("Could not ask which offsets of " + partitions + " are complete above the committed ones; "
					+ "their records are handled again", ex);
		}
	}

	private CompletedOffsets completedAbove(TopicPartition partition, OffsetAndMetadata commit) {
		if (this.owner.settings().metadataLength() == 0) {
			return CompletedOffsets.NONE;
		}
		try {
			return CommitMetadata.read(commit.metadata(), commit.offset());
		}
		catch (CommitMetadata.UnreadableMetadataException ex) {
			logger.info("Ignoring the metadata of the commit of " + partition + "@" + commit.offset() + ": "
					+ ex.getMessage());
			return CompletedOffsets.NONE;
		}
	}

	/**
	 * Look from where partitions that were assigned are going to be read. If that is not
	 * the committed offset, somebody wants to read them from there, whatever was handled
	 * before.
	 */
	void positioned(Collection<TopicPartition> partitions) {
		if (this.state == ConsumerState.DRAINING) {
			return;
		}
		for (PartitionAssignment assignment : present(partitions)) {
			PartitionProgress progress = assignment.progress();
			OffsetAndMetadata commit = progress.committed();
			CompletedOffsets completed = progress.completedBefore();
			if (commit == null || completed.isEmpty()) {
				continue;
			}
			Long position = position(assignment.partition(), COMMITTED_TIMEOUT);
			if (position != null && position == commit.offset()) {
				logger.info("Of " + assignment + ", " + completed.count() + " offsets above " + commit.offset()
						+ " are complete and not handled again");
			}
			else {
				logger.info("Ignoring which offsets of " + assignment + " are complete above " + commit.offset()
						+ ", since it is read from " + position);
				progress.forgetCompletedBefore();
			}
		}
		backToPolling();
	}

	/**
	 * Call the consumer again if a wake-up that was meant for a poll ended the call.
	 */
	private static <T> T awake(Supplier<T> call) {
		try {
			return call.get();
		}
		catch (WakeupException ex) {
			return call.get();
		}
	}

	private @Nullable Long position(TopicPartition partition, Duration timeout) {
		try {
			return awake(() -> this.consumer.position(partition, timeout));
		}
		catch (KafkaException | IllegalStateException ex) {
			logger.debug("The position of " + partition + " is unknown", ex);
			return null;
		}
	}

	/**
	 * Let partitions go: stop starting their records, wait for those being handled,
	 * commit. Does nothing for partitions that are gone already.
	 * @param partitions the partitions
	 * @param beforeCommit run when nothing of them is being handled any more
	 */
	void revoked(Collection<TopicPartition> partitions, Runnable beforeCommit) {
		if (this.state == ConsumerState.DRAINING) {
			letGo(present(partitions), this.stopDeadline, beforeCommit, () -> false);
			return;
		}
		this.state = ConsumerState.REBALANCING;
		letGo(present(partitions), deadline(), beforeCommit, () -> false);
		this.state = ConsumerState.RUNNING;
		backToPolling();
	}

	/**
	 * Let all partitions go, because the consumer stops.
	 */
	void stopping() {
		this.state = ConsumerState.DRAINING;
		this.stopDeadline = deadline();
		letGo(this.assignments.values(), this.stopDeadline, () -> {
		}, this::takePartInRebalance);
		this.state = ConsumerState.STOPPED;
	}

	/**
	 * Poll while a rebalance is in progress, without fetching, so that it ends: before,
	 * the client commits nothing. What is revoked meanwhile is let go there and then;
	 * what is assigned is left alone.
	 * @return whether it is worth trying to commit again
	 */
	private boolean takePartInRebalance() {
		try {
			this.consumer.pause(this.consumer.assignment());
			this.consumer.poll(REBALANCE_POLL);
			return true;
		}
		catch (WakeupException ex) {
			return true;
		}
		catch (KafkaException | IllegalStateException ex) {
			logger.debug("Could not take part in the rebalance while stopping", ex);
			return false;
		}
	}

	/**
	 * Forget partitions that belong to another consumer already: nothing is waited for or
	 * committed.
	 */
	void lost(Collection<TopicPartition> partitions) {
		for (PartitionAssignment assignment : present(partitions)) {
			assignment.fence();
			this.owner.workers().wakeAll();
			logger.warn("Lost " + assignment + "; what is not committed is delivered to its next owner");
			remove(assignment);
		}
	}

	private void letGo(Collection<PartitionAssignment> leaving, long deadline, Runnable beforeCommit,
			BooleanSupplier takePartInRebalance) {
		this.polling = false;
		try {
			leaving.forEach(PartitionAssignment::revoke);
			this.owner.workers().wakeAll();
			awaitRunning(leaving, deadline - commitReserve());
			beforeCommit.run();
		}
		finally {
			leaving.forEach(PartitionAssignment::fence);
			this.owner.workers().wakeAll();
			try {
				if (this.owner.commits()) {
					this.commits.commitFinally(leaving, deadline, takePartInRebalance);
				}
			}
			finally {
				leaving.forEach(this::remove);
			}
		}
	}

	private void awaitRunning(Collection<PartitionAssignment> leaving, long deadline) {
		boolean interrupted = false;
		List<PartitionAssignment> running = running(leaving);
		long left = deadline - this.owner.ticker().nanoTime();
		while (!running.isEmpty() && left > 0) {
			LockSupport.parkNanos(this, left);
			interrupted |= Thread.interrupted();
			running = running(leaving);
			left = deadline - this.owner.ticker().nanoTime();
		}
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
		running.forEach(this::warnOfRunning);
	}

	private void warnOfRunning(PartitionAssignment assignment) {
		for (Worker worker : this.owner.workers().all()) {
			ConsumerRecord<?, ?> record = worker.currentRecord();
			if (record != null && isOf(record, assignment.partition())) {
				logger.warn("Gave up waiting for " + worker + " to finish " + assignment.partition() + "@"
						+ record.offset() + ": " + assignment
						+ " goes while it is being handled, so its next owner gets it again");
			}
		}
	}

	private static boolean isOf(ConsumerRecord<?, ?> record, TopicPartition partition) {
		return record.partition() == partition.partition() && record.topic().equals(partition.topic());
	}

	private static List<PartitionAssignment> running(Collection<PartitionAssignment> assignments) {
		return assignments.stream().filter(PartitionAssignment::isRunning).toList();
	}

	/**
	 * Return when everything about partitions that go has to be done: after the drain
	 * timeout, but in any case before the group takes this consumer for dead.
	 */
	private long deadline() {
		long now = this.owner.ticker().nanoTime();
		long drain = now + this.owner.settings().drainTimeout().toNanos() + commitReserve();
		long poll = this.lastPollAt + this.owner.maxPollInterval().toNanos() - commitReserve();
		return (drain - poll < 0) ? drain : poll;
	}

	private long commitReserve() {
		return Math.min(LARGEST_COMMIT_RESERVE.toNanos(), this.owner.maxPollInterval().toNanos() / 10);
	}

	private List<PartitionAssignment> present(Collection<TopicPartition> partitions) {
		List<PartitionAssignment> present = new ArrayList<>(partitions.size());
		for (TopicPartition partition : partitions) {
			PartitionAssignment assignment = this.assignments.get(partition);
			if (assignment != null) {
				present.add(assignment);
			}
		}
		return present;
	}

	private void remove(PartitionAssignment assignment) {
		this.assignments.remove(assignment.partition(), assignment);
		this.flow.forget(assignment.partition());
		Worker worker = assignment.worker();
		if (worker != null) {
			this.owner.workers().release(worker, assignment.assigned());
		}
		if (assignment.slot() != 0) {
			this.owner.workers().closeSlot(assignment.slot());
		}
		this.owner.assignmentChanged();
	}

	/**
	 * Return the assignment that polled records belong to, a new one if the position went
	 * back. There is none for a partition that was lost in the same poll: the client may
	 * still return what it had fetched of it, and by now it belongs to somebody else.
	 */
	private @Nullable PartitionAssignment assignmentFor(TopicPartition partition, ConsumerRecord<?, ?> first) {
		PartitionAssignment assignment = this.assignments.get(partition);
		if (assignment != null && !assignment.progress().continuesWith(first)) {
			logger.info("The position of " + assignment + " went back to " + first.offset()
					+ "; what was polled before and not handled yet is dropped");
			assignment.fence();
			this.owner.workers().wakeAll();
			remove(assignment);
			assignment = assign(partition);
			this.assignments.put(partition, assignment);
			this.owner.assignmentChanged();
		}
		return assignment;
	}

	private PartitionAssignment assign(TopicPartition partition) {
		AssignedPartition assigned = new AssignedPartition(partition, this.owner.nextEpoch());
		ConsumerWorkers workers = this.owner.workers();
		WorkerAllocationStrategy strategy = this.owner.settings().strategy();
		if (strategy.isPerRecord()) {
			return new PartitionAssignment(assigned, workers.openSlot(), this);
		}
		PartitionAssignment assignment = new PartitionAssignment(assigned, 0, this);
		if (strategy instanceof StandardWorkerAllocationStrategy) {
			String name = strategy.workerName(partition.topic(), partition.partition());
			assignment.worker(workers.allocate(name, assigned));
		}
		else {
			WorkerNaming naming = new WorkerNaming(strategy, assignment, this::roomAvailable);
			assignment.naming(naming);
			workers.internal("naming of " + assignment).submit(naming);
		}
		return assignment;
	}

	/**
	 * Give a partition its worker, if the strategy has named it meanwhile.
	 */
	private void allocateIfNamed(PartitionAssignment assignment) {
		WorkerNaming naming = assignment.naming();
		String name = (naming != null) ? naming.name() : null;
		if (name != null) {
			assignment.worker(this.owner.workers().allocate(name, assignment.assigned()));
		}
	}

	/**
	 * Follow the consumer's position where nothing is open: what it passed without giving
	 * us records, such as the markers and the records of aborted transactions, is
	 * complete.
	 */
	private void passWhatHoldsNoRecord(PartitionAssignment assignment) {
		if (assignment.progress().isAllComplete()) {
			Long position = position(assignment.partition(), Duration.ZERO);
			if (position != null) {
				assignment.progress().passTo(position);
			}
		}
	}

	private void refreshEnd(PartitionAssignment assignment) {
		try {
			assignment.progress().refreshEnd(this.consumer.currentLag(assignment.partition()));
		}
		catch (KafkaException | IllegalStateException ex) {
			assignment.progress().refreshEnd(OptionalLong.empty());
		}
	}

	void roomAvailable() {
		this.roomAvailable = true;
		if (this.polling) {
			this.consumer.wakeup();
		}
	}

	void lateCompletion(PartitionAssignment assignment, ConsumerRecord<?, ?> record) {
		this.owner.lateCompletion(assignment, record);
	}

	Thread thread() {
		return this.thread;
	}

	RecordDelivery delivery() {
		return this.owner.delivery();
	}

	Instant now() {
		return this.owner.ticker().instant();
	}

	Collection<PartitionAssignment> assignments() {
		return this.assignments.values();
	}

	ConsumerState state() {
		return this.state;
	}

	boolean isPaused(TopicPartition partition) {
		return this.flow.isPaused(partition);
	}

}
