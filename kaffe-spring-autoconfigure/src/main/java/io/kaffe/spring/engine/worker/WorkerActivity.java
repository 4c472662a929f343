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

package io.kaffe.spring.engine.worker;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Instant;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.table.WorkerSnapshot;

/**
 * What a worker is handling, and what it has handled, for tables and metrics.
 * <p>
 * This is the superclass of {@link Worker} rather than a part of it, because there is a
 * worker for each key in flight, and a part of its own would make each one larger.
 * <p>
 * <b>Threading.</b> Written by the thread that runs the worker, in release mode. Any
 * thread may read, and what it reads may be a moment old. There are no locks.
 */
public abstract class WorkerActivity {

	private static final VarHandle RECORD = field("record", ConsumerRecord.class);

	private static final VarHandle RECORD_SINCE = field("recordSince", long.class);

	private static final VarHandle HANDLED = field("handled", long.class);

	private volatile @Nullable ConsumerRecord<?, ?> record;

	private volatile long recordSince;

	private volatile long handled;

	private int attempt;

	private volatile int failed;

	private volatile @Nullable Failure lastFailure;

	WorkerActivity() {
		// For workers only.
	}

	private static VarHandle field(String name, Class<?> type) {
		try {
			return MethodHandles.lookup().findVarHandle(WorkerActivity.class, name, type);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	/**
	 * Note that the handling of a record begins. Called by work, while it is run.
	 * @param record the record
	 * @param attempt which attempt it is, from 1
	 * @param now the reading of the ticker
	 */
	public void beginRecord(ConsumerRecord<?, ?> record, int attempt, long now) {
		this.attempt = attempt;
		RECORD_SINCE.setRelease(this, now);
		RECORD.setRelease(this, record);
	}

	/**
	 * Note that the current record is finished. Called by work, while it is run.
	 */
	public void recordHandled() {
		recordsHandled(1);
	}

	/**
	 * Note that the current record, and others that were handled with it, are finished.
	 * Called by work, while it is run.
	 * @param count how many records that are
	 */
	public void recordsHandled(int count) {
		HANDLED.setRelease(this, (long) HANDLED.get(this) + count);
		RECORD.setRelease(this, (@Nullable ConsumerRecord<?, ?>) null);
	}

	/**
	 * Note that an attempt failed; the record stays the current one. Called by work,
	 * while it is run.
	 * @param at when it failed
	 * @param record the record
	 * @param failure what was thrown
	 */
	public void recordFailed(Instant at, ConsumerRecord<?, ?> record, Throwable failure) {
		this.lastFailure = new Failure(at, record, failure);
		this.failed++;
	}

	/**
	 * Note that the current record is abandoned without an outcome, because its partition
	 * was revoked or lost. Called by work, while it is run.
	 */
	public void recordDropped() {
		RECORD.setRelease(this, (@Nullable ConsumerRecord<?, ?>) null);
	}

	/**
	 * Return the record that is with the handler or waits for its next attempt.
	 * @return the record, or {@code null} if there is none
	 */
	public @Nullable ConsumerRecord<?, ?> currentRecord() {
		return this.record;
	}

	/**
	 * Return when the current attempt to handle the {@link #currentRecord()} began.
	 * @return the reading of {@link Ticker#nanoTime()}; without a current record, of no
	 * meaning
	 */
	public long recordSince() {
		return this.recordSince;
	}

	/**
	 * Return how many records it has finished. Any thread; a moment's view.
	 * @return the number, which never decreases
	 */
	public long handled() {
		return this.handled;
	}

	int failed() {
		return this.failed;
	}

	WorkerSnapshot.@Nullable LastFailure lastFailure() {
		Failure failure = this.lastFailure;
		return (failure != null) ? failure.snapshot() : null;
	}

	WorkerSnapshot.CurrentRecord describe(ConsumerRecord<?, ?> record, Ticker ticker, boolean showValues) {
		Instant since = ticker.instant().minusNanos(ticker.nanoTime() - this.recordSince);
		return new WorkerSnapshot.CurrentRecord(record.topic() + "-" + record.partition(), record.offset(),
				this.attempt, since, showValues ? DisplayText.of(record.key()) : null);
	}

	/**
	 * An attempt that failed.
	 *
	 * @param at when it failed
	 * @param record the record
	 * @param exception what was thrown
	 */
	private record Failure(Instant at, ConsumerRecord<?, ?> record, Throwable exception) {

		/**
		 * Return what a table may show: coordinates and type, no user data.
		 */
		WorkerSnapshot.LastFailure snapshot() {
			return new WorkerSnapshot.LastFailure(this.at, DisplayText.coordinatesOf(this.record),
					this.exception.getClass().getName());
		}

	}

}
