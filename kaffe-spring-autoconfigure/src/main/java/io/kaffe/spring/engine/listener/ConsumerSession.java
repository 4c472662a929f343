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
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.util.ReflectionUtils;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.SeekResult;
import io.kaffe.spring.engine.delivery.Delivery;
import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.ConsumerState;

/**
 * One Kafka consumer of a listener container, from its first poll to its end: hands
 * polled records to workers, commits, pauses and resumes partitions, and lets partitions
 * go.
 * <p>
 * <b>Threading.</b> Every method that takes part in polling belongs to the consumer
 * thread, the one that called first. Workers call {@link #roomAvailable()},
 * {@link #lateCompletion}, {@link #stopConsumer} and {@link #thread()}; tables call
 * {@link #assignments()}, {@link #state()} and {@link #isPaused}, and health
 * {@link #sinceLastPoll()} and {@link #commitProblem()}. The consumer's {@code wakeup()},
 * the one method any thread may call, is called by workers only while {@code polling}
 * says that the next blocking call is a poll; a wake-up that still hits something else is
 * used up there.
 */
final class ConsumerSession {

	private static final Log logger = LogFactory.getLog(ConsumerSession.class);

	private static final Duration LARGEST_COMMIT_RESERVE = Duration.ofSeconds(5);

	/**
	 * How long to wait for room before the broker is asked for partitions that have
	 * nothing: long enough for fast handlers, and not more than another record may be
	 * late.
	 */
	private static final Duration ROOM_PATIENCE = Duration.ofMillis(50);

	private static final int SHOWN_GIVEN_UP = 100;

	private static final Duration REBALANCE_POLL = Duration.ofMillis(100);

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

	private final Map<TopicPartition, PartitionAssignment> assignments = new ConcurrentHashMap<>();

	private final Consumer<?, ?> consumer;

	private final WorkerContainer owner;

	private final OffsetCommits commits;

	private final boolean inGroup;

	private final FlowControl flow;

	private final PartitionDrain drain;

	private final Thread thread;

	private final WorkerAllocation allocation;

	private final ConsumerCommands commands = new ConsumerCommands();

	private final Repositioning repositioning = new Repositioning(this);

	private final InternalErrors errors;

	/** Replaced although handlers were still at their records. */
	private final Set<PartitionAssignment> outlasting = new HashSet<>();

	/** Assigned by Kafka, and not taken on yet because that failed. */
	private final Set<TopicPartition> notTakenOn = new HashSet<>();

	private final CommitReader positions;

	private final @Nullable ListenerSeeks seeks;

	private volatile long lastPollAt;

	private long stopDeadline;

	private boolean started;

	private volatile ConsumerState state = ConsumerState.STARTING;

	private volatile boolean polling;

	private volatile boolean roomAvailable;

	ConsumerSession(Consumer<?, ?> consumer, WorkerContainer owner) {
		this.consumer = consumer;
		this.owner = owner;
		this.errors = owner.internalErrors();
		this.inGroup = owner.commits();
		this.commits = new OffsetCommits(consumer, this.inGroup, owner.settings().commitInterval(),
				owner.metadataLimit(), owner.refusalPatience(), owner.commitOutcomes(), this.errors, owner.ticker());
		this.flow = new FlowControl(consumer, owner, ContainerAdopter.maxPollRecords(owner.container()),
				this::awaitRoom);
		this.drain = new PartitionDrain(owner.workers(), owner.detachedRecords(), owner.ticker());
		this.thread = Thread.currentThread();
		this.positions = new CommitReader(consumer, owner.toString(), owner.settings().metadataLength() > 0,
				owner.ticker());
		this.allocation = new WorkerAllocation(owner.settings().strategy(), owner.isPerRecord(), owner.workers());
		ConsumerSeekAware seekAware = owner.seekAware();
		this.seeks = (seekAware != null)
				? new ListenerSeeks(consumer, seekAware, owner.container().getGroupId(), this::position, this::sought)
				: null;
		this.lastPollAt = owner.ticker().nanoTime();
	}

	/**
	 * Do what is due before a poll. What throws keeps the rest neither from being done
	 * nor the consumer from polling; only what the listener throws, who chooses
	 * positions, is thrown in the end.
	 */
	void tick() {
		this.polling = false;
		this.roomAvailable = false;
		Throwable ofListener = null;
		try {
			letListenerSeek();
		}
		catch (Throwable ex) {
			ofListener = ex;
		}
		this.errors.contain("take on assigned partitions", this::takeOnTheRest);
		Collection<PartitionAssignment> assigned = this.assignments.values();
		this.errors.contain("commit", () -> commitIfDue(assigned));
		this.errors.contain("allocate workers", () -> assigned.forEach(this.allocation::allocateIfNamed));
		this.errors.contain("pause and resume partitions", () -> this.flow.regulate(assigned, true));
		this.errors.contain("move positions and carry out operations", this::proceedWithPositions);
		this.lastPollAt = this.owner.ticker().nanoTime();
		if (ofListener != null) {
			ReflectionUtils.rethrowRuntimeException(ofListener);
		}
		backToPolling();
	}

	private void letListenerSeek() {
		if (!this.started) {
			begin();
		}
		else if (this.seeks != null) {
			if (this.owner.assignsManually()) {
				this.seeks.polled();
			}
			this.seeks.perform();
		}
	}

	private void commitIfDue(Collection<PartitionAssignment> assigned) {
		if (!this.commits.commitIfDue(assigned)) {
			return;
		}
		assigned.stream()
			.filter((assignment) -> !assignment.isRevoked())
			.forEach(this.positions::passWhatHoldsNoRecord);
		assigned.stream().filter((assignment) -> !isPaused(assignment.partition())).forEach(this.positions::refreshEnd);
		if (this.inGroup) {
			this.owner.warnOfSeparatedPartitions(this.consumer);
		}
	}

	private void proceedWithPositions() {
		boolean moved = this.repositioning.proceed();
		boolean commanded = this.commands.proceed();
		if (moved || commanded) {
			// A partition that is sought is paused; one that was may be fetched. A wait
			// could miss that nothing of a sought one is being handled any more.
			this.flow.regulate(this.assignments.values(), false);
		}
		if (this.commands.isWaiting()) {
			// Set, never cleared here: a worker may set it at the same time.
			this.roomAvailable = true;
		}
	}

	private void begin() {
		this.started = true;
		if (this.owner.assignsManually()) {
			assigned(this.consumer.assignment());
			seekAssigned(this.consumer.assignment());
			positioned(this.consumer.assignment());
		}
		else if (this.seeks != null) {
			this.seeks.begin();
		}
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
		SharedBuffer.Admission admission = this.owner.buffer().admission();
		for (TopicPartition partition : records.partitions()) {
			List<? extends ConsumerRecord<?, ?>> polled = records.records(partition);
			try {
				handOver(partition, polled, records.nextOffsets().get(partition), admission);
			}
			catch (Throwable ex) {
				pollAgain(partition, polled.get(0).offset(), ex);
			}
		}
	}

	/**
	 * Poll records once more that could not be dispatched, with what else is unfinished.
	 * To throw instead would leave them to the container's error handler, which may take
	 * them for handled.
	 */
	private void pollAgain(TopicPartition partition, long offset, Throwable failure) {
		this.errors.add(
				"dispatch records of " + partition + " from offset " + offset + "; seeking back to poll them again",
				failure);
		this.errors.contain("seek back to " + partition + "@" + offset, () -> {
			PartitionAssignment assignment = this.assignments.get(partition);
			if (assignment != null && !assignment.isRevoked() && !assignment.progress().isBehind(offset)) {
				this.repositioning.readAgain(assignment);
			}
			else if (assignment == null || !assignment.isRevoked()) {
				this.consumer.seek(partition, offset);
			}
		});
	}

	private void handOver(TopicPartition partition, List<? extends ConsumerRecord<?, ?>> polled,
			@Nullable OffsetAndMetadata next, SharedBuffer.Admission admission) {
		PartitionAssignment assignment = this.assignments.get(partition);
		if (assignment == null) {
			dropUnassigned(partition, polled.get(0).offset());
			return;
		}
		if (assignment.isRevoked()) {
			// It is about to be read from elsewhere, and they are polled again if need
			// be.
			return;
		}
		if (!assignment.progress().continuesWith(polled.get(0))) {
			logger.info("The position of " + assignment + " went back to " + polled.get(0).offset());
			this.repositioning.moved(assignment, polled.get(0).offset());
			return;
		}
		if (assignment.naming() != null) {
			this.consumer.seek(partition, polled.get(0).offset());
			return;
		}
		int admitted = admission.admit(assignment.buffer(), polled);
		if (admitted == polled.size()) {
			append(polled, next, assignment);
			return;
		}
		this.consumer.seek(partition, polled.get(admitted).offset());
		if (admitted > 0) {
			// A copy, since a view would keep the rest.
			append(List.copyOf(polled.subList(0, admitted)), null, assignment);
		}
		assignment.buffer().refuse();
	}

	private void append(List<? extends ConsumerRecord<?, ?>> records, @Nullable OffsetAndMetadata next,
			PartitionAssignment assignment) {
		List<? extends ConsumerRecord<?, ?>> open = assignment.append(records, next);
		if (!open.isEmpty()) {
			try {
				this.allocation.handOver(open, assignment);
			}
			catch (Throwable ex) {
				// No worker has them.
				open.forEach(assignment::drop);
				throw ex;
			}
		}
	}

	/**
	 * Drop records of a partition that was lost in the same poll: the client may still
	 * return what it had fetched of it, and by now it belongs to another member. One that
	 * could not be taken on is polled again when it was.
	 */
	private void dropUnassigned(TopicPartition partition, long offset) {
		if (this.notTakenOn.contains(partition)) {
			this.consumer.seek(partition, offset);
			return;
		}
		logger.warn("Dropping records of " + partition + " that were polled although it is not assigned; "
				+ "they were not committed and are delivered to its owner");
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
		List<PartitionAssignment> added = new ArrayList<>();
		for (TopicPartition partition : partitions) {
			if (!this.assignments.containsKey(partition)
					&& !this.errors.contain("take on " + partition, () -> added.add(takeOn(partition)))) {
				// Paused until another try succeeds, before the next poll.
				this.notTakenOn.add(partition);
				this.errors.contain("pause " + partition, () -> this.consumer.pause(List.of(partition)));
			}
		}
		if (!added.isEmpty()) {
			rebalanced("assigned", added, null, List.of());
		}
		this.errors.contain("pause partitions", () -> this.flow.begin(added));
		if (this.inGroup) {
			this.errors.contain("read the commits of assigned partitions",
					() -> this.positions.continueFromCommits(added));
		}
		this.owner.assignmentChanged();
		this.errors.contain("look for dead-letter topics",
				() -> this.owner.settings()
					.failurePolicy()
					.expect(added.stream().map((assignment) -> assignment.partition().topic()).distinct().toList()));
		if (!this.assignments.isEmpty() || this.state != ConsumerState.STARTING) {
			this.state = ConsumerState.RUNNING;
		}
	}

	private PartitionAssignment takeOn(TopicPartition partition) {
		PartitionAssignment assignment = assign(partition);
		this.assignments.put(partition, assignment);
		return assignment;
	}

	/**
	 * Take on partitions for which that failed when they were assigned.
	 */
	private void takeOnTheRest() {
		if (!this.notTakenOn.isEmpty()) {
			List<TopicPartition> again = List.copyOf(this.notTakenOn);
			this.notTakenOn.clear();
			again.forEach(this.flow::remember);
			assigned(again);
			this.positions.compareWithCommits(present(again));
		}
	}

	/**
	 * Let the listener choose from where partitions that were assigned are read.
	 */
	void seekAssigned(Collection<TopicPartition> partitions) {
		if (this.seeks != null && this.state != ConsumerState.DRAINING) {
			this.seeks.assigned(partitions);
			if (!this.owner.assignsManually()) {
				this.seeks.polled();
			}
		}
	}

	/**
	 * Let the listener seek in partitions of which nothing came for a while.
	 */
	void idle(Collection<TopicPartition> partitions) {
		if (this.seeks != null) {
			this.polling = false;
			this.seeks.idle(partitions);
		}
	}

	/**
	 * Let the listener forget partitions that went.
	 */
	void seekNoMore(Collection<TopicPartition> partitions) {
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
	 * Return the position of a partition as its listener has moved it, though what is
	 * unfinished below may have to be read first.
	 */
	private long position(TopicPartition partition) {
		Long moved = this.repositioning.position(partition);
		if (moved != null) {
			return moved;
		}
		long position = CommitReader.awake(() -> this.consumer.position(partition));
		PartitionAssignment assignment = this.assignments.get(partition);
		return (assignment != null) ? assignment.progress().position(position) : position;
	}

	/**
	 * Look from where partitions that were assigned are going to be read. If that is not
	 * the committed offset, somebody wants to read them from there, whatever was handled
	 * before.
	 */
	void positioned(Collection<TopicPartition> partitions) {
		if (this.state != ConsumerState.DRAINING) {
			this.errors.contain("compare positions with commits",
					() -> this.positions.compareWithCommits(present(partitions)));
			hastenCommands();
			backToPolling();
		}
	}

	/**
	 * Let partitions go: stop starting their records, wait for those being handled,
	 * commit. Does nothing for partitions that are gone already.
	 * @param partitions the partitions
	 * @param beforeCommit run when nothing of them is being handled any more
	 */
	void revoked(Collection<TopicPartition> partitions, Runnable beforeCommit) {
		this.notTakenOn.removeAll(partitions);
		if (this.state == ConsumerState.DRAINING) {
			letGo(present(partitions), this.stopDeadline, beforeCommit, () -> false);
			return;
		}
		this.state = ConsumerState.REBALANCING;
		try {
			letGo(present(partitions), deadline(), beforeCommit, () -> false);
		}
		finally {
			this.state = ConsumerState.RUNNING;
			hastenCommands();
			backToPolling();
		}
	}

	/**
	 * Let all partitions go, because the consumer stops.
	 * @param beforeCommit called when nothing is being handled any more
	 */
	void stopping(Runnable beforeCommit) {
		this.notTakenOn.clear();
		this.state = ConsumerState.DRAINING;
		this.stopDeadline = deadline();
		List<TopicPartition> leaving = List.copyOf(this.assignments.keySet());
		try {
			letGo(this.assignments.values(), this.stopDeadline, beforeCommit, this::takePartInRebalance);
		}
		finally {
			this.commands.close();
			if (this.seeks != null) {
				this.seeks.end(leaving);
			}
		}
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
	 * Stop starting records of a partition, to read it from another offset. Consumer
	 * thread.
	 * @return until when to wait for what runs
	 */
	long beginSeek(PartitionAssignment assignment) {
		assignment.revoke();
		this.owner.workers().wakeAll();
		return deadlineIn(this.owner.settings().drainTimeout());
	}

	/**
	 * Return the reading of the ticker when a time is over.
	 */
	long deadlineIn(Duration time) {
		return this.owner.ticker().nanoTime() + time.toNanos();
	}

	boolean isOver(long deadline) {
		return deadline - this.owner.ticker().nanoTime() <= 0;
	}

	/**
	 * Return whether nothing of a partition that is to be read from another offset is
	 * being handled any more, or the time for that is over. Consumer thread.
	 */
	boolean isDrained(PartitionAssignment leaving, long deadline) {
		if (leaving.isRunning()) {
			if (!isOver(deadline)) {
				return false;
			}
			this.drain.warnOfRunning(leaving);
		}
		return true;
	}

	/**
	 * Read a partition from another offset, in a new assignment, which takes the place of
	 * the one before in the end: if anything throws, that one is still there, revoked, to
	 * be replaced by another call. Consumer thread.
	 * @param beginning called with the progress of the new assignment
	 * @return the new assignment
	 */
	PartitionAssignment replace(PartitionAssignment leaving, long offset,
			java.util.function.Consumer<PartitionProgress> beginning) {
		TopicPartition partition = leaving.partition();
		this.consumer.seek(partition, offset);
		PartitionAssignment next = assign(partition);
		beginning.accept(next.progress());
		leaving.fence();
		this.assignments.put(partition, next);
		this.outlasting.removeIf((replaced) -> !replaced.isRunning());
		if (leaving.isRunning()) {
			this.outlasting.add(leaving);
		}
		this.errors.contain("wake workers", this.owner.workers()::wakeAll);
		this.errors.contain("release " + leaving, () -> {
			this.allocation.release(leaving);
			this.owner.buffer().left(leaving);
		});
		this.flow.forget(partition);
		this.flow.remember(partition);
		this.owner.assignmentChanged();
		return next;
	}

	InternalErrors errors() {
		return this.errors;
	}

	/**
	 * Go on with a partition that could not be read from another offset.
	 */
	void readAgain(PartitionAssignment revoked) {
		if (this.assignments.get(revoked.partition()) == revoked) {
			this.repositioning.readAgain(revoked);
		}
	}

	/**
	 * Return which records of a partition are parked below an offset. Consumer thread.
	 */
	List<Long> parkedBelow(TopicPartition partition, long offset, int most) {
		return this.owner.delivery()
			.failingRecords()
			.all()
			.stream()
			.filter((failing) -> failing.state() == FailingRecord.State.PARKED && failing.partition().equals(partition)
					&& failing.offset() < offset)
			.map(FailingRecord::offset)
			.limit(most)
			.toList();
	}

	OffsetCommits commits() {
		return this.commits;
	}

	/**
	 * Have a partition read from another offset. Any thread.
	 */
	CompletableFuture<SeekResult> seek(TopicPartition partition, SeekPosition to) {
		return soon(new PartitionSeek(partition, to, this));
	}

	/**
	 * Have what is to be paused looked at. Any thread.
	 */
	CompletableFuture<Boolean> regulateSoon() {
		return soon(new ConsumerCommands.Command<>() {

			@Override
			boolean tryToProceed() {
				// It was, before commands.
				answer(true);
				return true;
			}

		});
	}

	private <T> CompletableFuture<T> soon(ConsumerCommands.Command<T> command) {
		CompletableFuture<T> answer = this.commands.submit(command);
		roomAvailable();
		return answer;
	}

	Consumer<?, ?> consumer() {
		return this.consumer;
	}

	@Nullable PartitionAssignment assignment(TopicPartition partition) {
		return this.assignments.get(partition);
	}

	/**
	 * Forget partitions that belong to another consumer already: nothing is waited for or
	 * committed.
	 */
	void lost(Collection<TopicPartition> partitions) {
		this.notTakenOn.removeAll(partitions);
		List<PartitionAssignment> lost = present(partitions);
		lost.forEach(PartitionAssignment::fence);
		this.owner.workers().wakeAll();
		lost.forEach(this::remove);
		if (!lost.isEmpty()) {
			rebalanced("lost", lost, null, List.of());
		}
		hastenCommands();
	}

	/**
	 * Let commands that wait for what just came or went be looked at now, rather than
	 * after a poll that may find nothing for long.
	 */
	private void hastenCommands() {
		if (this.commands.isUnderWay() || this.repositioning.isUnderWay()) {
			roomAvailable();
		}
	}

	private void rebalanced(String kind, Collection<PartitionAssignment> assignments, @Nullable Long drainMillis,
			List<String> givenUp) {
		List<String> partitions = assignments.stream()
			.map(PartitionAssignment::partition)
			.sorted(Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition))
			.map(TopicPartition::toString)
			.toList();
		this.owner.rebalanced(new ConsumerSnapshot.Rebalance(now(), kind, partitions, drainMillis, givenUp));
	}

	/**
	 * Forget all partitions, and close the consumer, since the thread that polled with it
	 * is dead. Called by another one.
	 */
	void abandon() {
		List<TopicPartition> left = List.copyOf(this.assignments.keySet());
		lost(left);
		this.commands.close();
		if (this.seeks != null) {
			this.seeks.end(left);
		}
		this.state = ConsumerState.STOPPED;
		try {
			this.consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
		}
		catch (RuntimeException ex) {
			logger.warn("Could not close the consumer that a dead thread has left behind", ex);
		}
	}

	private void letGo(Collection<PartitionAssignment> leaving, long deadline, Runnable beforeCommit,
			BooleanSupplier takePartInRebalance) {
		this.polling = false;
		// An interrupt must not keep the last commit from being made.
		boolean interrupted = Thread.interrupted();
		long beginning = this.owner.ticker().nanoTime();
		long drainDeadline = deadline - commitReserve();
		try {
			leaving.forEach(PartitionAssignment::revoke);
			this.owner.workers().wakeAll();
			List<PartitionAssignment> running = withOutlasting(leaving);
			this.errors.contain("wait for handlers", () -> this.drain.awaitHandlers(running, drainDeadline));
			interrupted |= Thread.interrupted();
			// In which the user may acknowledge what was kept until now.
			beforeCommit.run();
		}
		finally {
			this.errors.contain("wait for acknowledgments",
					() -> this.drain.awaitAcknowledgments(leaving, drainDeadline));
			interrupted |= Thread.interrupted();
			this.errors.contain("note a drain", () -> noteDrain(leaving, this.owner.ticker().nanoTime() - beginning));
			leaving.forEach(PartitionAssignment::fence);
			this.owner.workers().wakeAll();
			if (this.inGroup) {
				this.errors.contain("commit revoked partitions",
						() -> this.commits.commitFinally(leaving, deadline, takePartInRebalance));
			}
			List.copyOf(leaving)
				.forEach((assignment) -> this.errors.contain("release " + assignment, () -> remove(assignment)));
			if (interrupted) {
				Thread.currentThread().interrupt();
			}
		}
	}

	/**
	 * Return assignments, and those of the same partitions that they have taken the place
	 * of while handlers were at their records.
	 */
	private List<PartitionAssignment> withOutlasting(Collection<PartitionAssignment> leaving) {
		this.outlasting.removeIf((replaced) -> !replaced.isRunning());
		List<PartitionAssignment> all = new ArrayList<>(leaving);
		for (PartitionAssignment replaced : this.outlasting) {
			if (leaving.stream().anyMatch((assignment) -> assignment.partition().equals(replaced.partition()))) {
				all.add(replaced);
			}
		}
		return all;
	}

	private void noteDrain(Collection<PartitionAssignment> leaving, long nanos) {
		if (!leaving.isEmpty()) {
			rebalanced("revoked", leaving, TimeUnit.NANOSECONDS.toMillis(nanos),
					this.drain.unfinished(leaving, SHOWN_GIVEN_UP));
		}
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
		this.repositioning.forget(assignment);
		this.flow.forget(assignment.partition());
		this.allocation.release(assignment);
		this.owner.buffer().left(assignment);
		this.owner.assignmentChanged();
	}

	private PartitionAssignment assign(TopicPartition partition) {
		return this.allocation.assign(new AssignedPartition(partition, this.owner.nextEpoch()), this);
	}

	/**
	 * Notice that nothing of a partition that goes is being handled any more. Any thread.
	 */
	void drained() {
		if (this.state == ConsumerState.RUNNING) {
			roomAvailable();
		}
		else {
			LockSupport.unpark(this.thread);
		}
	}

	/**
	 * Wait until workers have made room, but not for long.
	 * @param enough looks whether they have made it where it is wanted; asked each time
	 * that one made some
	 * @return what was looked at last
	 */
	private boolean awaitRoom(BooleanSupplier enough) {
		long deadline = this.owner.ticker().nanoTime() + ROOM_PATIENCE.toNanos();
		long left = ROOM_PATIENCE.toNanos();
		while (left > 0 && !Thread.currentThread().isInterrupted()) {
			if (this.roomAvailable) {
				this.roomAvailable = false;
				if (enough.getAsBoolean()) {
					return true;
				}
			}
			else {
				LockSupport.parkNanos(this, left);
			}
			left = deadline - this.owner.ticker().nanoTime();
		}
		this.roomAvailable = false;
		return enough.getAsBoolean();
	}

	void roomAvailable() {
		this.roomAvailable = true;
		LockSupport.unpark(this.thread);
		if (this.polling) {
			this.consumer.wakeup();
		}
	}

	void lateCompletion(PartitionAssignment assignment, ConsumerRecord<?, ?> record) {
		this.owner.lateCompletion(assignment, record);
	}

	void stopConsumer(String reason, Throwable failure) {
		this.owner.stopBecause(reason, failure);
	}

	int maxParked() {
		return this.owner.settings().failurePolicy().maxParked();
	}

	Thread thread() {
		return this.thread;
	}

	Delivery delivery() {
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

	/**
	 * Return how long ago the last poll began. Any thread.
	 */
	Duration sinceLastPoll() {
		return Duration.ofNanos(this.owner.ticker().nanoTime() - this.lastPollAt);
	}

	/**
	 * Return what is wrong with commits, or {@code null} if nothing is. Any thread.
	 */
	@Nullable String commitProblem() {
		return this.commits.problem();
	}

	boolean isPaused(TopicPartition partition) {
		return this.flow.isPaused(partition);
	}

}
