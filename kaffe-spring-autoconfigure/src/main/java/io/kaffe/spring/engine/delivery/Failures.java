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

package io.kaffe.spring.engine.delivery;

import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.FailingRecordFilter;
import io.kaffe.spring.engine.delivery.OperatorDecision.Instruction;
import io.kaffe.spring.engine.worker.DisplayText;
import io.kaffe.spring.engine.worker.RecentEntries;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.ConsumerSnapshot;

/**
 * The failures of one consumer: its records that have failed and are not completed, and a
 * journal of what failed and what was done about it.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; nothing blocks. Workers write, and only when
 * something fails: they add and remove their heads. A decision about a record is only
 * left with it, and its worker follows it. Exceptions are asked for their messages on the
 * worker for the journal, which does not keep them, and by tables for the records that
 * are failing.
 */
public final class Failures {

	private static final int SHOWN_FAILURES = 50;

	private static final Comparator<Failing> POSITION = Comparator
		.comparing((Failing failing) -> failing.record().topic())
		.thenComparing((failing) -> failing.record().partition())
		.thenComparing((failing) -> failing.record().offset());

	private static final Comparator<Failing> OLDEST_FIRST = Comparator.comparing(Failing::since)
		.thenComparing(POSITION);

	private static final Comparator<ConsumerSnapshot.ParkedBy> MOST_FIRST = Comparator
		.comparing(ConsumerSnapshot.ParkedBy::records)
		.reversed()
		.thenComparing(ConsumerSnapshot.ParkedBy::exception);

	private final Set<Failing> failing = ConcurrentHashMap.newKeySet();

	private final LongAdder failed = new LongAdder();

	private final LongAdder retried = new LongAdder();

	private final LongAdder skipped = new LongAdder();

	private final LongAdder deadLettered = new LongAdder();

	private final RecentEntries<ConsumerSnapshot.Failure> journal = new RecentEntries<>(SHOWN_FAILURES);

	/**
	 * Create failures of a consumer of which nothing has failed.
	 */
	public Failures() {
	}

	void add(Failing record) {
		this.failing.add(record);
	}

	void remove(Failing record) {
		this.failing.remove(record);
	}

	/**
	 * Describe all records that are failing.
	 * @return a snapshot, sorted by topic, partition and offset
	 */
	public List<FailingRecord> all() {
		return this.failing.stream().sorted(POSITION).map(Failing::snapshot).toList();
	}

	/**
	 * Return the records that match a filter.
	 * @return a new list, sorted by topic, partition and offset
	 */
	List<Failing> matching(FailingRecordFilter filter) {
		return matching(filter, POSITION);
	}

	private List<Failing> matching(FailingRecordFilter filter, Comparator<Failing> order) {
		FailingRecordMatcher matcher = new FailingRecordMatcher(filter);
		return this.failing.stream()
			.filter((failing) -> matcher.matches(failing.record(), failing.snapshot()))
			.sorted(order)
			.toList();
	}

	/**
	 * Describe a part of the records that match a filter, those first that have been
	 * failing for longest.
	 * @param filter which records
	 * @param from how many of them to pass over
	 * @param limit how many at most
	 * @param showValues whether with keys, values and messages of exceptions, which are
	 * asked for their texts then
	 * @return a snapshot, with the number of all that match
	 */
	public ConsumerSnapshot.FailingPage page(FailingRecordFilter filter, int from, int limit, boolean showValues) {
		List<Failing> matching = matching(filter, OLDEST_FIRST);
		return new ConsumerSnapshot.FailingPage(matching.size(),
				matching.stream().skip(from).limit(limit).map((failing) -> describe(failing, showValues)).toList());
	}

	/**
	 * Return the exceptions by which most records are parked.
	 * @param limit how many at most
	 * @return a snapshot, most records first
	 */
	public List<ConsumerSnapshot.ParkedBy> parkedBy(int limit) {
		Map<String, Integer> records = new HashMap<>();
		Set<String> roots = new HashSet<>();
		for (Failing failing : this.failing) {
			FailingRecord now = failing.snapshot();
			if (now.state() == FailingRecord.State.PARKED) {
				Throwable cause = WorkerRuntime.rootCauseOf(now.failure());
				roots.add(((cause != null) ? cause : now.failure()).getClass().getName());
				FailingRecordMatcher.namesOf(now.failure()).forEach((name) -> records.merge(name, 1, Integer::sum));
			}
		}
		return roots.stream()
			.map((root) -> new ConsumerSnapshot.ParkedBy(root, records.getOrDefault(root, 0)))
			.sorted(MOST_FIRST)
			.limit(limit)
			.toList();
	}

	/**
	 * Have a record retried now, with all its attempts.
	 * @param partition its partition
	 * @param offset its offset
	 * @return whether it is failing; if not, nothing happens
	 * @throws IllegalStateException if another decision about it is not carried out yet
	 */
	public boolean retry(TopicPartition partition, long offset) {
		return instruct(partition, offset, Instruction.RETRY);
	}

	/**
	 * Have a record completed as it is.
	 * @param partition its partition
	 * @param offset its offset
	 * @return whether it is failing; if not, nothing happens
	 * @throws IllegalStateException if another decision about it is not carried out yet
	 */
	public boolean skip(TopicPartition partition, long offset) {
		return instruct(partition, offset, Instruction.SKIP);
	}

	/**
	 * Have a record sent to the dead-letter topic.
	 * @param partition its partition
	 * @param offset its offset
	 * @return whether it is failing; if not, nothing happens
	 * @throws IllegalStateException if another decision about it is not carried out yet
	 */
	public boolean deadLetter(TopicPartition partition, long offset) {
		return instruct(partition, offset, Instruction.DEAD_LETTER);
	}

	private boolean instruct(TopicPartition partition, long offset, Instruction instruction) {
		boolean found = false;
		for (Failing failing : this.failing) {
			if (isAt(partition, offset, failing.record())) {
				OperatorDecision pending = failing.decide(OperatorDecision.of(instruction));
				if (pending != null && pending.instruction() != instruction) {
					throw new IllegalStateException("Operator requested '" + pending.instruction() + "' for "
							+ partition + "@" + offset + " already, which is not done yet");
				}
				found = found || pending != null;
			}
		}
		return found;
	}

	private static boolean isAt(TopicPartition partition, long offset, ConsumerRecord<?, ?> record) {
		return record.offset() == offset && record.partition() == partition.partition()
				&& record.topic().equals(partition.topic());
	}

	/**
	 * Record that an attempt failed.
	 * @param action what is done about the record now, as tables show it
	 */
	void failed(Instant at, ConsumerRecord<?, ?> record, int attempt, Throwable failure, String action) {
		this.failed.increment();
		Throwable cause = WorkerRuntime.rootCauseOf(failure);
		this.journal.add(new ConsumerSnapshot.Failure(at, DisplayText.coordinatesOf(record), attempt,
				failure.getClass().getName(), action, DisplayText.messageOf(failure),
				(cause != null) ? cause.getClass().getName() : null,
				(cause != null) ? DisplayText.messageOf(cause) : null));
	}

	void retried() {
		this.retried.increment();
	}

	void skipped() {
		this.skipped.increment();
	}

	void deadLettered() {
		this.deadLettered.increment();
	}

	/**
	 * Return how often what happened so far.
	 * @param handled how many records were completed
	 * @param lateCompletions how many were completed after their assignment had ended
	 * @param commits how many commits the broker confirmed
	 * @param commitFailures how many commits failed
	 * @param lost how many offsets were deleted before they were handled
	 * @param alreadyHandled how many records others had handled
	 * @return all counters
	 */
	public ConsumerSnapshot.Counters counters(long handled, long lateCompletions, long commits, long commitFailures,
			long lost, long alreadyHandled) {
		return new ConsumerSnapshot.Counters(handled, this.failed.sum(), this.retried.sum(), this.skipped.sum(),
				this.deadLettered.sum(), lateCompletions, commits, commitFailures, lost, alreadyHandled);
	}

	/**
	 * Return the last 50 failed attempts.
	 * @param showMessages whether with the messages of exceptions
	 * @return a snapshot, newest first
	 */
	public List<ConsumerSnapshot.Failure> recent(boolean showMessages) {
		List<ConsumerSnapshot.Failure> failures = this.journal.newestFirst();
		return showMessages ? failures : failures.stream().map(ConsumerSnapshot.Failure::withoutMessage).toList();
	}

	private static ConsumerSnapshot.Failing describe(Failing failing, boolean showValues) {
		ConsumerRecord<?, ?> record = failing.record();
		FailingRecord now = failing.snapshot();
		Throwable failure = now.failure();
		Throwable cause = WorkerRuntime.rootCauseOf(failure);
		return new ConsumerSnapshot.Failing(record.topic() + "-" + record.partition(), record.offset(),
				now.state().name().toLowerCase(Locale.ROOT).replace('_', '-'), now.attempts(), now.since(),
				failing.nextAttemptAt(now.state()), failure.getClass().getName(),
				showValues ? RecordText.of(record, true, failure) : null,
				showValues ? RecordText.of(record, false, failure) : null,
				showValues ? DisplayText.messageOf(failure) : null, (cause != null) ? cause.getClass().getName() : null,
				(showValues && cause != null) ? DisplayText.messageOf(cause) : null, size(record.serializedKeySize()),
				size(record.serializedValueSize()), now.parkedSince(), now.owners());
	}

	private static @Nullable Integer size(int bytes) {
		return (bytes != ConsumerRecord.NULL_SIZE) ? bytes : null;
	}

	/**
	 * A record that has failed and is not completed. May be called by any thread.
	 */
	interface Failing {

		ConsumerRecord<?, ?> record();

		/**
		 * Return when the first attempt failed.
		 */
		Instant since();

		/**
		 * Describe it as it is now.
		 */
		FailingRecord snapshot();

		/**
		 * Return when the next attempt begins.
		 * @param state its state in the snapshot
		 * @return {@code null} if it does not wait for that
		 */
		@Nullable Instant nextAttemptAt(FailingRecord.State state);

		/**
		 * Leave a decision about it, unless there is one already.
		 * @return the decision that there is now; {@code null} if the record is completed
		 * or its partition was revoked
		 */
		@Nullable OperatorDecision decide(OperatorDecision decision);

	}

}
