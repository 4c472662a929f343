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
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.support.Acknowledgment;

import io.kaffe.spring.BatchResult;
import io.kaffe.spring.engine.worker.DetachedRecord;
import io.kaffe.spring.engine.worker.DisplayText;
import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * One delivery of a batch: what the listener was given, and which of the records it has
 * made final.
 * <p>
 * <b>Threading.</b> The worker's, but for the acknowledgment, which any thread may give
 * at any time: each record has an atomic state, and is made final by whoever changes it.
 */
public final class BatchAttempt implements Acknowledgment, DetachedRecord {

	private static final int OPEN = 0;

	/** The listener has returned and is to acknowledge it later. */
	private static final int LEFT_OPEN = 1;

	private static final int FINAL = 2;

	private static final int LONGEST_CAUSE_CHAIN = 100;

	/** What a filter tells its result to. */
	private static final ThreadLocal<BatchAttempt> CURRENT = new ThreadLocal<>();

	private final List<BatchedRecord> records;

	private final AtomicIntegerArray states;

	private final Delivery delivery;

	private final long since;

	private volatile List<? extends ConsumerRecord<?, ?>> told;

	private @Nullable BatchResult result;

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
		this.told = this.records.stream().map(BatchedRecord::record).toList();
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
	 * Note what the listener is given, in its order: without what an interceptor or a
	 * filter has taken out.
	 * @param told the list, which the listener may change
	 */
	public void told(List<? extends ConsumerRecord<?, ?>> told) {
		this.told = List.copyOf(told);
	}

	/**
	 * Return where a record is.
	 * @param expected where it is probably
	 * @return its position in the batch, or -1 if it is not there
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
	 * Return where the record is that a listener says to have failed at.
	 * @return its position, or -1 if it does not say, or names one that is not there
	 */
	int positionOfFailure(Throwable thrown) {
		BatchListenerFailedException failure = find(thrown);
		return (failure != null) ? positionNamedBy(failure) : -1;
	}

	private int positionNamedBy(BatchListenerFailedException failure) {
		try {
			ConsumerRecord<?, ?> record = failure.getRecord();
			if (record == null) {
				List<? extends ConsumerRecord<?, ?>> told = this.told;
				int index = failure.getIndex();
				record = (index >= 0 && index < told.size()) ? told.get(index) : null;
			}
			return (record != null) ? positionOf(record, 0) : -1;
		}
		catch (Throwable ex) {
			// The methods of an exception are user code.
			return -1;
		}
	}

	/**
	 * Return why a record or the batch failed.
	 */
	static Throwable reasonOf(Throwable thrown) {
		BatchListenerFailedException failure = find(thrown);
		if (failure == null) {
			return thrown;
		}
		Throwable cause = WorkerRuntime.causeOf(failure);
		return (cause != null) ? cause : failure;
	}

	private static @Nullable BatchListenerFailedException find(Throwable thrown) {
		Throwable cause = thrown;
		for (int depth = 0; cause != null && depth < LONGEST_CAUSE_CHAIN; depth++) {
			if (cause instanceof BatchListenerFailedException failure) {
				return failure;
			}
			cause = WorkerRuntime.causeOf(cause);
		}
		return null;
	}

	private boolean isOver(int position) {
		BatchedRecord record = this.records.get(position);
		return isFinal(position) || record.source().isOver(record.record());
	}

	boolean isFinal(int position) {
		return this.states.get(position) == FINAL;
	}

	/**
	 * Make the records up to a position final.
	 */
	void completeUpTo(int last) {
		for (int position = 0; position <= last; position++) {
			complete(position);
		}
	}

	private void complete(int position) {
		BatchedRecord record = this.records.get(position);
		// Or a drain would not wait for it if the listener returns at this moment.
		record.source().stay();
		try {
			int before = this.states.getAndSet(position, FINAL);
			if (before == LEFT_OPEN) {
				record.acknowledge();
			}
			else if (before == OPEN) {
				record.complete();
			}
		}
		finally {
			record.source().exit();
		}
	}

	/**
	 * Make all final, since nobody is to say which ones are.
	 */
	void completeAll() {
		completeUpTo(this.records.size() - 1);
	}

	/**
	 * Leave open what is not acknowledged, since the listener does that later.
	 */
	void leaveOpen() {
		boolean open = false;
		for (int position = 0; position < this.records.size(); position++) {
			if (this.states.compareAndSet(position, OPEN, LEFT_OPEN)) {
				this.records.get(position).source().leftOpen();
				open = true;
			}
		}
		if (open) {
			this.delivery.unattended().add(this);
			if (isOver()) {
				this.delivery.unattended().remove(this);
			}
		}
	}

	/**
	 * Note what a handler returned.
	 * @param result the result; {@code null} is refused
	 * @throws IllegalStateException if that makes no sense for this batch
	 */
	public void result(@Nullable BatchResult result) {
		if (result == null) {
			throw new IllegalStateException("The handler returned null instead of a BatchResult");
		}
		if (result.isForOnePartition() && this.records.stream().map(BatchedRecord::source).distinct().count() > 1) {
			throw new IllegalStateException("The handler returned '" + result
					+ "' for a batch of several partitions: it has to name them in BatchResult.commitUpTo");
		}
		for (TopicPartition partition : result.offsets().keySet()) {
			if (this.records.stream().noneMatch((record) -> record.partition().equals(partition))) {
				throw new IllegalStateException(
						"The handler returned '" + result + "' for a batch without a record of " + partition);
			}
		}
		this.result = result;
	}

	/**
	 * Do what the handler wanted, if it was called; else make all final.
	 */
	void settle() {
		BatchResult result = this.result;
		if (result == null) {
			completeAll();
			return;
		}
		int expected = 0;
		boolean[] handled = new boolean[this.records.size()];
		for (ConsumerRecord<?, ?> record : this.told) {
			int position = positionOf(record, expected);
			if (position >= 0) {
				handled[position] = true;
				expected = position + 1;
			}
		}
		for (int position = 0; position < handled.length; position++) {
			BatchedRecord record = this.records.get(position);
			if (!handled[position] || record.record().offset() <= result.completedUpTo(record.partition())) {
				complete(position);
			}
			else {
				record.source().kept().keep(record.record());
			}
		}
		completeEarlier(result);
	}

	/**
	 * Make final what was kept open before, up to the last record that is final now.
	 */
	private void completeEarlier(BatchResult result) {
		Set<AssignmentHandle> seen = new HashSet<>();
		for (int position = this.records.size() - 1; position >= 0; position--) {
			BatchedRecord record = this.records.get(position);
			if (seen.add(record.source())) {
				long upTo = result.completedUpTo(record.partition());
				boolean all = upTo == Long.MAX_VALUE;
				record.source().kept().completeUpTo(all ? record.record().offset() : upTo, record.source());
			}
		}
	}

	@Override
	public void acknowledge() {
		completeAll();
		this.delivery.unattended().remove(this);
	}

	/**
	 * Make the records up to an index final, on any thread.
	 * @param index the index in the list that the listener was given
	 */
	@Override
	public void acknowledge(int index) {
		List<? extends ConsumerRecord<?, ?>> told = this.told;
		int last = positionOf(told.get(Objects.checkIndex(index, told.size())), index);
		completeUpTo(last);
		if (isOver()) {
			this.delivery.unattended().remove(this);
		}
	}

	@Override
	public void nack(Duration sleep) {
		nack(0, sleep);
	}

	@Override
	public void nack(int index, Duration sleep) {
		throw new UnsupportedOperationException("nack is for the thread that polls, which workers are not: throw a "
				+ "BatchListenerFailedException with index " + index
				+ ", and the records from there on are tried again after the back-off");
	}

	@Override
	public boolean isOutOfOrderCommit() {
		return true;
	}

	/**
	 * Return the first record that is not final, else the last one.
	 */
	@Override
	public ConsumerRecord<?, ?> record() {
		int position = 0;
		while (position < this.records.size() - 1 && isFinal(position)) {
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

}
