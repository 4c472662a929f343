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

import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.util.Assert;

import io.kaffe.spring.BatchResult;
import io.kaffe.spring.engine.worker.DetachedRecord;
import io.kaffe.spring.engine.worker.DisplayText;
import io.kaffe.spring.engine.worker.Worker;

/**
 * One delivery of a batch: what was passed to the listener, and which of the records are
 * completed.
 * <p>
 * <b>Threading.</b> The worker's, but for the acknowledgment, which may come from any
 * thread at any time, and the answer of a handler that answers later
 * ({@link AwaitedBatch}): each record has an atomic state, and the thread that changes it
 * completes the record.
 */
public final class BatchAttempt implements Acknowledgment, DetachedRecord {

	private static final int OPEN = 0;

	/** The listener has returned and is to acknowledge it later. */
	private static final int LEFT_OPEN = 1;

	private static final int COMPLETED = 2;

	private static final long ROLLED_BACK_MILLIS = 100;

	/** Where a filter reports its result. */
	private static final ThreadLocal<BatchAttempt> CURRENT = new ThreadLocal<>();

	private final List<BatchedRecord> records;

	private final AtomicIntegerArray states;

	private final Delivery delivery;

	private final long since;

	private volatile List<? extends ConsumerRecord<?, ?>> delivered;

	private @Nullable BatchResult result;

	/** How long to wait until the next delivery; negative if there is none. */
	private long sleepMillis = -1;

	/**
	 * Create an attempt.
	 * @param records the records, to be copied
	 * @param delivery delivers it
	 * @param now the reading of the ticker
	 */
	BatchAttempt(List<BatchedRecord> records, Delivery delivery, long now) {
		this.records = List.copyOf(records);
		this.states = new AtomicIntegerArray(records.size());
		this.delivery = delivery;
		this.since = now;
		this.delivered = this.records.stream().map(BatchedRecord::record).toList();
	}

	/**
	 * Return the attempt for which the calling thread calls the listener now.
	 * @return the attempt, or {@code null} if the calling thread does not call a listener
	 */
	public static @Nullable BatchAttempt current() {
		return CURRENT.get();
	}

	/**
	 * Call the listener.
	 */
	void within(Runnable call) {
		CURRENT.set(this);
		try {
			call.run();
		}
		finally {
			CURRENT.remove();
		}
	}

	List<BatchedRecord> records() {
		return this.records;
	}

	/**
	 * Note what is passed to the listener, in its order: without what an interceptor or a
	 * filter has removed.
	 * @param delivered the list, which the listener may change
	 */
	public void delivered(List<? extends ConsumerRecord<?, ?>> delivered) {
		this.delivered = List.copyOf(delivered);
	}

	/**
	 * Return the position of a record.
	 * @param expected its probable position
	 * @return its position in the batch, or -1 if it is not in the batch
	 */
	int positionOf(ConsumerRecord<?, ?> record, int expected) {
		int size = this.records.size();
		for (int i = 0; i < size; i++) {
			int position = (expected + i) % size;
			if (this.records.get(position).is(record)) {
				return position;
			}
		}
		return -1;
	}

	/**
	 * Return the position of the record that a listener reports to have failed.
	 * @return its position, or -1 if it reports none, or one that is not in the batch
	 */
	int positionOfFailure(Throwable thrown) {
		BatchListenerFailedException failure = ListenerFailure.batchFailure(thrown);
		return (failure != null) ? positionNamedBy(failure) : -1;
	}

	private int positionNamedBy(BatchListenerFailedException failure) {
		try {
			ConsumerRecord<?, ?> record = failure.getRecord();
			if (record == null) {
				List<? extends ConsumerRecord<?, ?>> delivered = this.delivered;
				int index = failure.getIndex();
				record = (index >= 0 && index < delivered.size()) ? delivered.get(index) : null;
			}
			return (record != null) ? positionOf(record, 0) : -1;
		}
		catch (Throwable ex) {
			// The methods of an exception are user code.
			return -1;
		}
	}

	Stream<AssignmentHandle> assignments() {
		return this.records.stream().map(BatchedRecord::assignment).distinct();
	}

	private boolean isOver(int position) {
		BatchedRecord record = this.records.get(position);
		return isCompleted(position) || record.assignment().isOver(record.record());
	}

	boolean isCompleted(int position) {
		return this.states.get(position) == COMPLETED;
	}

	/**
	 * Complete the records up to a position.
	 */
	void completeUpTo(int last) {
		for (int position = 0; position <= last; position++) {
			complete(position);
		}
	}

	private void complete(int position) {
		BatchedRecord record = this.records.get(position);
		// Otherwise a drain would not wait for it if the listener returns at this moment.
		record.assignment().hold();
		try {
			int before = this.states.getAndSet(position, COMPLETED);
			if (before == LEFT_OPEN) {
				record.acknowledge();
			}
			else if (before == OPEN) {
				record.complete();
			}
		}
		finally {
			record.assignment().exit();
		}
	}

	/**
	 * Complete all, since the listener does not acknowledge single ones.
	 */
	void completeAll() {
		completeUpTo(this.records.size() - 1);
	}

	/**
	 * Leave open what is not acknowledged, since the listener does that later, unless it
	 * is to be delivered again.
	 */
	void leaveOpen() {
		if (this.sleepMillis >= 0) {
			return;
		}
		boolean open = false;
		for (int position = 0; position < this.records.size(); position++) {
			if (this.states.compareAndSet(position, OPEN, LEFT_OPEN)) {
				this.records.get(position).assignment().held().leaveOpen();
				open = true;
			}
		}
		if (open) {
			this.delivery.detachedRecords().add(this);
			if (isOver()) {
				this.delivery.detachedRecords().remove(this);
			}
		}
	}

	/**
	 * Note what a handler returned.
	 * @param result the result; {@code null} is rejected
	 * @throws IllegalStateException if it does not fit this batch
	 */
	public void result(@Nullable BatchResult result) {
		if (result == null) {
			throw new IllegalStateException("The handler returned null instead of a BatchResult");
		}
		if (result.isForOnePartition() && assignments().count() > 1) {
			throw new IllegalStateException("The handler returned '" + result
					+ "' for a batch of several partitions: use BatchResult.commitUpTo with an offset for each");
		}
		for (TopicPartition partition : result.offsets().keySet()) {
			if (this.records.stream().noneMatch((record) -> record.partition().equals(partition))) {
				throw new IllegalStateException(
						"The handler returned '" + result + "' for a batch without a record of " + partition);
			}
		}
		if (this.delivery.transactions() != null && this.records.stream()
			.anyMatch((record) -> record.record().offset() > result.completedUpTo(record.partition()))) {
			throw new IllegalStateException("The handler returned '" + result
					+ "', but a Kafka transaction completes a whole batch: return BatchResult.commit(), or throw");
		}
		this.result = result;
	}

	/**
	 * Complete what is to be completed, and keep the rest open.
	 */
	void settle(Settlement settlement) {
		for (int position = 0; position < this.records.size(); position++) {
			if (settlement.completed().get(position)) {
				complete(position);
			}
			else {
				BatchedRecord record = this.records.get(position);
				record.assignment().held().keep(record.record());
			}
		}
		settlement.kept().forEach(BatchedRecord::completeKept);
	}

	/**
	 * Return what is to be completed: what the handler returned, if it was called;
	 * otherwise all. Called after the listener has returned.
	 */
	Settlement settlement() {
		BatchResult result = this.result;
		BitSet completed = new BitSet();
		completed.set(0, this.records.size());
		Map<AssignmentHandle, Long> keptUpTo = new LinkedHashMap<>();
		if (result != null) {
			int expected = 0;
			for (ConsumerRecord<?, ?> record : this.delivered) {
				int position = positionOf(record, expected);
				if (position >= 0) {
					completed.set(position,
							record.offset() <= result.completedUpTo(this.records.get(position).partition()));
					expected = position + 1;
				}
			}
			for (BatchedRecord record : this.records) {
				long upTo = result.completedUpTo(record.partition());
				keptUpTo.put(record.assignment(), (upTo == Long.MAX_VALUE) ? record.record().offset() : upTo);
			}
		}
		List<BatchedRecord> kept = new ArrayList<>();
		keptUpTo.forEach((assignment, offset) -> assignment.held()
			.keptUpTo(offset)
			.forEach((record) -> kept.add(new BatchedRecord(record, assignment))));
		return new Settlement(this.records, completed, kept);
	}

	/**
	 * Complete the records that were handled already, and have the rest delivered again:
	 * the transaction of this attempt was rolled back. If there are none, that is after a
	 * moment: a record that was kept open is being completed by another worker.
	 * @param settlement what was to be completed
	 * @param isHandled whether a record was handled already
	 */
	void rolledBack(Settlement settlement, Predicate<BatchedRecord> isHandled) {
		this.sleepMillis = ROLLED_BACK_MILLIS;
		for (int position = 0; position < this.records.size(); position++) {
			if (isHandled.test(this.records.get(position))) {
				this.sleepMillis = 0;
				complete(position);
			}
		}
		for (BatchedRecord kept : settlement.kept()) {
			if (isHandled.test(kept)) {
				this.sleepMillis = 0;
				kept.completeKept();
			}
		}
	}

	@Override
	public void acknowledge() {
		completeAll();
		this.delivery.detachedRecords().remove(this);
	}

	/**
	 * Complete the records up to an index, on any thread.
	 * @param index the index in the list that was passed to the listener
	 */
	@Override
	public void acknowledge(int index) {
		List<? extends ConsumerRecord<?, ?>> delivered = this.delivered;
		int last = positionOf(delivered.get(Objects.checkIndex(index, delivered.size())), index);
		completeUpTo(last);
		if (isOver()) {
			this.delivery.detachedRecords().remove(this);
		}
	}

	/**
	 * Complete the records before an index, and have those from there on delivered again
	 * after a while. Only on the thread that calls the listener, before it returns.
	 * @param index the index in the list that was passed to the listener
	 * @param sleep how long the worker waits
	 */
	@Override
	public void nack(int index, Duration sleep) {
		Assert.state(CURRENT.get() == this, "nack() can only be called on the thread that calls the listener");
		Assert.isTrue(!sleep.isNegative(), "sleep cannot be negative");
		List<? extends ConsumerRecord<?, ?>> delivered = this.delivered;
		Assert.isTrue(index >= 0 && index < delivered.size(), "index out of bounds");
		this.sleepMillis = sleep.toMillis();
		completeUpTo(positionOf(delivered.get(index), index) - 1);
	}

	/**
	 * Return how long to wait before what is not completed is delivered again, in
	 * milliseconds; negative if nobody has asked for that.
	 */
	long sleepMillis() {
		return this.sleepMillis;
	}

	/**
	 * Notify observers of what became of the records, each with its share of the time.
	 * @param handled how many were handled
	 * @param tried the same, and one more if that one failed; if it is the first, the
	 * batch has
	 * @param nanos how long the listener took
	 */
	void report(int handled, int tried, long nanos, Worker worker) {
		for (int position = 0; position < tried; position++) {
			worker.attempted(this.records.get(position).record().topic(), nanos / tried, position < handled);
		}
	}

	@Override
	public boolean isOutOfOrderCommit() {
		return true;
	}

	/**
	 * Return the first record that is not completed, or the last one if all are.
	 */
	@Override
	public ConsumerRecord<?, ?> record() {
		int position = 0;
		while (position < this.records.size() - 1 && isCompleted(position)) {
			position++;
		}
		return this.records.get(position).record();
	}

	@Override
	public List<? extends ConsumerRecord<?, ?>> unfinished() {
		return IntStream.range(0, this.records.size())
			.filter((position) -> !isOver(position))
			.mapToObj((position) -> this.records.get(position).record())
			.toList();
	}

	@Override
	public @Nullable String workerName() {
		return null;
	}

	@Override
	public long since() {
		return this.since;
	}

	@Override
	public boolean isOver() {
		for (int position = 0; position < this.records.size(); position++) {
			if (!isOver(position)) {
				return false;
			}
		}
		return true;
	}

	@Override
	public String toString() {
		return "Acknowledgment for " + this.records.size() + " records from "
				+ DisplayText.coordinatesOf(this.records.get(0).record());
	}

	/**
	 * A record of a batch, with the assignment that it was polled for.
	 *
	 * @param record the record
	 * @param assignment the assignment, where it is completed
	 */
	record BatchedRecord(ConsumerRecord<?, ?> record, AssignmentHandle assignment) {

		TopicPartition partition() {
			return new TopicPartition(this.record.topic(), this.record.partition());
		}

		/**
		 * Return whether this is the same record of the log.
		 */
		boolean is(ConsumerRecord<?, ?> other) {
			return this.record.offset() == other.offset() && this.record.partition() == other.partition()
					&& this.record.topic().equals(other.topic());
		}

		/**
		 * Return whether it is a batch of its own: it cannot be deserialized, or one
		 * attempt decides about it, which has to be its own.
		 */
		boolean isAlone() {
			return DeliveryHeaders.deserializationFailure(this.record) != null
					|| this.assignment.held().parkedHistory().at(this.record.offset()) != null;
		}

		void complete() {
			this.assignment.complete(this.record);
		}

		/**
		 * Complete it, if it is kept open and nobody else completes it.
		 */
		void completeKept() {
			if (this.assignment.held().release(this.record)) {
				complete();
			}
		}

		/**
		 * Complete it after it was left open.
		 */
		void acknowledge() {
			this.assignment.held().acknowledge();
			this.assignment.complete(this.record);
		}

	}

	/**
	 * What is to be completed of a batch whose listener has returned.
	 *
	 * @param records the records of the batch
	 * @param completed the positions of those that are
	 * @param kept records that were kept open before and are, too
	 */
	record Settlement(List<BatchedRecord> records, BitSet completed, List<BatchedRecord> kept) {

		/**
		 * Return all records that are to be completed.
		 */
		List<BatchedRecord> all() {
			List<BatchedRecord> all = new ArrayList<>(this.kept);
			this.completed.stream().forEach((position) -> all.add(this.records.get(position)));
			return all;
		}

	}

}
