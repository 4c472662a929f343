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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.BooleanSupplier;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.DeadLetter;
import io.kaffe.spring.DeadLetterFilter;
import io.kaffe.spring.DeadLetterRun;
import io.kaffe.spring.DeadLetterRun.Operation;
import io.kaffe.spring.DeadLetterRun.State;
import io.kaffe.spring.engine.deadletter.HandledLetters;
import io.kaffe.spring.engine.listener.DeadLetterSource.Described;
import io.kaffe.spring.engine.listener.ReplayedPartition.Outcome;
import io.kaffe.spring.engine.listener.ReplayedPartition.ReplayedLetter;
import io.kaffe.spring.engine.worker.Ticker;

/**
 * Replays or abandons the dead letters of a consumer that match a filter, in the order of
 * their topics, partitions and offsets, up to what was the end of each partition when
 * this began: what fails again is behind that, so nothing is replayed twice. When one was
 * left as it is, since its original partition was not assigned here, or was revoked, all
 * behind it of that partition are left, too: they would overtake it. What was handled is
 * stored every second, and at the end.
 * <p>
 * <b>Threading.</b> Runs on a thread of its own, which reads, submits to workers, and
 * waits. Threads that complete records leave their outcomes in a queue and wake it; any
 * thread may cancel it or take a snapshot.
 */
final class DeadLetterTask implements Runnable, DeadLetterReader.Visitor, ReplayedPartition.Replay {

	private static final Log logger = LogFactory.getLog(DeadLetterTask.class);

	static final int MAX_IN_FLIGHT = 100;

	private static final long MAX_BYTES_IN_FLIGHT = 16 << 20;

	private static final long STORE_INTERVAL_NANOS = Duration.ofSeconds(1).toNanos();

	private static final long LONGEST_WAIT_NANOS = Duration.ofMillis(100).toNanos();

	private final AtomicLongArray counts = new AtomicLongArray(Count.values().length);

	private final Queue<Ended> ended = new ConcurrentLinkedQueue<>();

	private final Map<TopicPartition, HandledLetters> handled = new HashMap<>();

	private final Set<TopicPartition> toBeStored = new HashSet<>();

	private final Map<TopicPartition, ReplayedPartition> replayed = new HashMap<>();

	/** Original partitions of which a dead letter was left as it is. */
	private final Set<TopicPartition> interrupted = new HashSet<>();

	private final DeadLetterSource source;

	private final ReplayDispatcher dispatcher;

	private final Operation operation;

	private final DeadLetterFilter filter;

	private final RateLimit rate;

	private final Duration cancelTimeout;

	private final String consumer;

	private final Ticker ticker;

	private final Instant startedAt;

	private volatile State state = State.RUNNING;

	private volatile @Nullable Instant endedAt;

	private volatile @Nullable String message;

	private volatile boolean canceled;

	private volatile @Nullable Thread thread;

	private @Nullable DeadLetterReader reader;

	private @Nullable TopicPartition scanned;

	private long bytesInFlight;

	private long storedAt;

	/**
	 * Create a task.
	 * @param operation what to do
	 * @param filter with which dead letters
	 * @param maxPerSecond the most to replay per second
	 * @param source where they are
	 * @param dispatcher submits them to workers
	 * @param context the consumer
	 */
	DeadLetterTask(Operation operation, DeadLetterFilter filter, int maxPerSecond, DeadLetterSource source,
			ReplayDispatcher dispatcher, ConsumerContext context) {
		this.operation = operation;
		this.filter = filter;
		this.source = source;
		this.dispatcher = dispatcher;
		this.cancelTimeout = context.settings().drainTimeout();
		this.consumer = context.toString();
		this.ticker = context.ticker();
		this.rate = new RateLimit(maxPerSecond, this.ticker.nanoTime());
		this.startedAt = this.ticker.instant();
		this.storedAt = this.ticker.nanoTime();
	}

	@Override
	public void run() {
		this.thread = Thread.currentThread();
		State result = State.FAILED;
		try {
			logger.info("Consumer '" + this.consumer + "' begins to " + name() + " dead letters");
			try (DeadLetterReader opened = this.source.open()) {
				this.reader = opened;
				try {
					readAll(opened);
				}
				finally {
					finish(opened);
				}
			}
			result = isOver() ? State.CANCELED : (this.message != null) ? State.FAILED : State.DONE;
			if (result == State.CANCELED && !this.canceled) {
				this.message = "The consumer was stopped";
			}
		}
		catch (Throwable ex) {
			logger.warn("Consumer '" + this.consumer + "' could not " + name() + " all dead letters", ex);
			this.message = ex.getClass().getName() + ": " + ex.getMessage();
		}
		finally {
			this.endedAt = this.ticker.instant();
			this.state = result;
		}
		logger.info("Consumer '" + this.consumer + "' has ended to " + name() + " dead letters, " + result + ": "
				+ snapshot().progress());
	}

	private String name() {
		return (this.operation == Operation.REPLAY) ? "replay" : "abandon";
	}

	private void readAll(DeadLetterReader reader) {
		TreeSet<String> missing = new TreeSet<>();
		List<TopicPartition> partitions = reader.partitions(this.source.deadLetterTopics(), missing)
			.stream()
			.filter(this.filter::includes)
			.toList();
		Map<TopicPartition, DeadLetterReader.Bounds> bounds = reader.bounds(partitions);
		for (TopicPartition partition : partitions) {
			if (!isToContinue()) {
				return;
			}
			DeadLetterReader.Bounds all = Objects.requireNonNull(bounds.get(partition));
			HandledLetters handled = reader.handled(partition, all);
			this.handled.put(partition, handled);
			this.scanned = partition;
			Long only = this.filter.offset();
			long from = (only != null) ? Math.max(only, all.beginning()) : handled.watermark();
			reader.scan(partition, from, (only != null) ? Math.min(only + 1, all.end()) : all.end(), this);
		}
	}

	@Override
	public boolean isToContinue() {
		return !isOver() && this.message == null;
	}

	@Override
	public void skipped(long from, long to) {
		handledBy().add(from, to);
	}

	private HandledLetters handledBy() {
		return Objects.requireNonNull(this.handled.get(this.scanned));
	}

	@Override
	public boolean visit(ConsumerRecord<byte[], byte[]> record, long from) {
		HandledLetters handled = handledBy();
		handled.add(from, record.offset());
		if (handled.contains(record.offset())) {
			return isToContinue();
		}
		Described described = this.source.describe(record);
		if (this.filter.matches(described.letter())) {
			process(described);
		}
		settle();
		return isToContinue();
	}

	private void process(Described described) {
		DeadLetter letter = described.letter();
		boolean foreign = letter.state() == DeadLetter.State.FOREIGN;
		if (this.operation == Operation.ABANDON && (!foreign || this.filter.offset() != null)) {
			count(Count.ABANDONED, 1);
			handled(letter.partition(), letter.offset());
		}
		else if (foreign) {
			count(Count.FOREIGN, 1);
		}
		else {
			replay(letter, Objects.requireNonNull(described.record()));
		}
	}

	private void replay(DeadLetter letter, ConsumerRecord<?, ?> record) {
		TopicPartition original = new TopicPartition(record.topic(), record.partition());
		int bytes = Math.max(0, record.serializedKeySize()) + Math.max(0, record.serializedValueSize());
		await(() -> hasRoom(bytes) && !isInFlight(original, record.offset()));
		awaitTurn();
		PartitionAssignment assignment = this.source.assignment(original);
		if (assignment != null) {
			await(() -> assignment.isRevoked() || this.dispatcher.isReady(assignment));
		}
		if (isOver()) {
			return;
		}
		if (assignment == null || assignment.isRevoked()) {
			this.interrupted.add(original);
			count(Count.ELSEWHERE, 1);
			return;
		}
		ReplayedPartition replayed = replayed(original, assignment);
		if (this.interrupted.contains(original)) {
			count(Count.RETURNED, 1);
			return;
		}
		this.rate.taken(this.ticker.nanoTime());
		replayed.add(record.offset(), new ReplayedLetter(letter.partition(), letter.offset(), original, bytes));
		this.bytesInFlight += bytes;
		count(Count.IN_FLIGHT, 1);
		try {
			this.dispatcher.submit(record, replayed);
		}
		catch (Throwable ex) {
			replayed.drop(record);
			throw ex;
		}
	}

	private void awaitTurn() {
		settle();
		for (long left = left(); left > 0 && !isOver(); left = left()) {
			this.ticker.park(this, Math.min(left, LONGEST_WAIT_NANOS));
			settle();
		}
	}

	private long left() {
		return this.rate.left(this.ticker.nanoTime());
	}

	private boolean hasRoom(int bytes) {
		long inFlight = count(Count.IN_FLIGHT);
		return inFlight == 0 || (inFlight < MAX_IN_FLIGHT && this.bytesInFlight + bytes <= MAX_BYTES_IN_FLIGHT);
	}

	private boolean isInFlight(TopicPartition original, long offset) {
		ReplayedPartition replayed = this.replayed.get(original);
		return replayed != null && replayed.isInFlight(offset);
	}

	private ReplayedPartition replayed(TopicPartition original, PartitionAssignment assignment) {
		ReplayedPartition present = this.replayed.get(original);
		if (present != null && present.assignment() == assignment) {
			return present;
		}
		if (present != null) {
			present.returnAll();
			settle();
		}
		ReplayedPartition replayed = this.dispatcher.partition(assignment, this.source.sender(), this);
		this.replayed.put(original, replayed);
		return replayed;
	}

	/**
	 * Wait until something is so, or nothing more is to be started.
	 */
	private void await(BooleanSupplier condition) {
		settle();
		while (!isOver() && !condition.getAsBoolean()) {
			this.ticker.park(this, LONGEST_WAIT_NANOS);
			settle();
		}
	}

	/**
	 * Take the outcomes there are, and store them from time to time.
	 */
	private void settle() {
		this.replayed.values().forEach(ReplayedPartition::returnIfEnded);
		for (Ended next = this.ended.poll(); next != null; next = this.ended.poll()) {
			count(Count.IN_FLIGHT, -1);
			this.bytesInFlight -= next.letter().bytes();
			count(Count.of(next.outcome()), 1);
			if (next.outcome() != Outcome.RETURNED) {
				handled(next.letter().partition(), next.letter().offset());
			}
			else {
				this.interrupted.add(next.letter().original());
			}
		}
		if (!this.toBeStored.isEmpty() && this.ticker.nanoTime() - this.storedAt >= STORE_INTERVAL_NANOS) {
			try {
				store(Objects.requireNonNull(this.reader));
			}
			catch (KafkaException ex) {
				logger.info("Consumer '" + this.consumer + "' could not store which dead letters were handled: " + ex);
			}
			this.storedAt = this.ticker.nanoTime();
		}
	}

	private void handled(TopicPartition partition, long offset) {
		Objects.requireNonNull(this.handled.get(partition)).add(offset, offset + 1);
		this.toBeStored.add(partition);
	}

	private void store(DeadLetterReader reader) {
		for (TopicPartition partition : List.copyOf(this.toBeStored)) {
			if (!reader.store(partition, Objects.requireNonNull(this.handled.get(partition)))) {
				this.message = "Not all of what was handled of " + partition + " can be stored, since too many others "
						+ "between are left: it is offered again. Replay or abandon the oldest ones first";
			}
			this.toBeStored.remove(partition);
		}
	}

	/**
	 * Wait for what is in progress, and store what was handled. If this was canceled, the
	 * wait is limited.
	 */
	private void finish(DeadLetterReader reader) {
		settle();
		long waitedSince = this.ticker.nanoTime();
		while (count(Count.IN_FLIGHT) > 0) {
			if (!isOver()) {
				waitedSince = this.ticker.nanoTime();
			}
			else if (this.ticker.nanoTime() - waitedSince > this.cancelTimeout.toNanos()) {
				this.replayed.values().forEach(ReplayedPartition::returnAll);
			}
			this.ticker.park(this, LONGEST_WAIT_NANOS);
			settle();
		}
		store(reader);
	}

	private void count(Count what, long more) {
		this.counts.addAndGet(what.ordinal(), more);
	}

	private long count(Count what) {
		return this.counts.get(what.ordinal());
	}

	@Override
	public boolean isOver() {
		return this.canceled || !this.source.isRunning();
	}

	@Override
	public void ended(ReplayedLetter letter, Outcome outcome) {
		this.ended.add(new Ended(letter, outcome));
		wake();
	}

	private void wake() {
		Thread thread = this.thread;
		if (thread != null) {
			this.ticker.unpark(thread);
		}
	}

	/**
	 * Start nothing more. Any thread.
	 * @return whether it was in progress
	 */
	boolean cancel() {
		boolean running = isRunning();
		if (running) {
			this.canceled = true;
			this.dispatcher.wakeAll();
			wake();
		}
		return running;
	}

	boolean isRunning() {
		return this.state == State.RUNNING;
	}

	/**
	 * Note that there is no thread for it. Called instead of {@link #run()}.
	 */
	void rejected(Throwable failure) {
		this.message = failure.toString();
		this.endedAt = this.ticker.instant();
		this.state = State.FAILED;
	}

	/**
	 * Describe it as it is now. Any thread.
	 */
	DeadLetterRun snapshot() {
		State state = this.state;
		return new DeadLetterRun(this.operation, this.filter, state, this.startedAt, this.endedAt,
				new DeadLetterRun.Progress(count(Count.REPLAYED), count(Count.FAILED), count(Count.ABANDONED),
						count(Count.IN_FLIGHT), count(Count.RETURNED), count(Count.ELSEWHERE), count(Count.FOREIGN)),
				this.message);
	}

	/**
	 * What is counted.
	 */
	private enum Count {

		REPLAYED, FAILED, ABANDONED, IN_FLIGHT, RETURNED, ELSEWHERE, FOREIGN;

		static Count of(Outcome outcome) {
			return valueOf(outcome.name());
		}

	}

	/**
	 * A dead letter that is not in progress any more.
	 */
	private record Ended(ReplayedLetter letter, Outcome outcome) {
	}

	/**
	 * How many may be taken in a second. A pause is not made up for, but for a few
	 * milliseconds, which threads that wait are late by.
	 */
	static final class RateLimit {

		private static final long LATE_NANOS = Duration.ofMillis(5).toNanos();

		private final long interval;

		private long nextAt;

		RateLimit(int perSecond, long now) {
			this.interval = Duration.ofSeconds(1).toNanos() / perSecond;
			this.nextAt = now;
		}

		void taken(long now) {
			this.nextAt = Math.max(this.nextAt, now - LATE_NANOS) + this.interval;
		}

		/**
		 * Return how long to wait until the next may be taken.
		 * @return nanoseconds, not more than 0 if it may be taken now
		 */
		long left(long now) {
			return this.nextAt - now;
		}

	}

}
