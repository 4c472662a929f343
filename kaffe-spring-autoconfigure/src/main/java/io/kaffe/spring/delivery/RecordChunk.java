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

package io.kaffe.spring.delivery;

import java.time.Duration;
import java.util.List;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.util.backoff.BackOffExecution;

import io.kaffe.spring.worker.RecordFailure;
import io.kaffe.spring.worker.Ticker;
import io.kaffe.spring.worker.Work;
import io.kaffe.spring.worker.Worker;

/**
 * The records of one partition from one poll, handled one after the other. A record that
 * fails is tried again, in its place, after a back-off during which no thread is held.
 * When the partition is revoked, the record being handled is finished and the rest is
 * dropped: whoever gets the partition next reads it again.
 * <p>
 * <b>Threading.</b> Owned by the worker: its fields are touched only while it runs this
 * work, and handed on with it. {@code nextAttemptAt} is volatile because
 * {@link #isReady()} may read it while another thread runs.
 */
public final class RecordChunk implements Work {

	private static final Log logger = LogFactory.getLog(RecordChunk.class);

	private static final long NOW = Long.MIN_VALUE;

	private final List<? extends ConsumerRecord<?, ?>> records;

	private final RecordSource source;

	private final RecordDelivery delivery;

	private final Ticker ticker;

	private int index;

	private int attempts;

	private @Nullable BackOffExecution backOff;

	private volatile long nextAttemptAt = NOW;

	/**
	 * Create a chunk.
	 * @param records the records in offset order, not to be changed any more
	 * @param source where they came from
	 * @param delivery calls the user's listener
	 * @param ticker the time
	 */
	public RecordChunk(List<? extends ConsumerRecord<?, ?>> records, RecordSource source, RecordDelivery delivery,
			Ticker ticker) {
		this.records = records;
		this.source = source;
		this.delivery = delivery;
		this.ticker = ticker;
	}

	@Override
	public Progress proceed(Worker worker, long turnEnd) {
		if (!this.source.enter()) {
			return drop(worker);
		}
		this.delivery.bind();
		try {
			return handle(worker, turnEnd);
		}
		finally {
			this.delivery.unbind();
			this.source.exit();
		}
	}

	@Override
	public boolean isReady() {
		return this.source.isRevoked() || remainingBackOff() <= 0;
	}

	private Progress handle(Worker worker, long turnEnd) {
		long remaining = remainingBackOff();
		if (remaining > 0) {
			worker.wakeAfter(Duration.ofNanos(remaining));
			return Progress.WAITING;
		}
		while (this.index < this.records.size()) {
			if (this.source.isRevoked()) {
				return drop(worker);
			}
			if (!attempt(worker, this.records.get(this.index))) {
				return Progress.WAITING;
			}
			if (this.ticker.nanoTime() - turnEnd > 0 && this.index < this.records.size()) {
				return Progress.TURN_OVER;
			}
		}
		return Progress.DONE;
	}

	private boolean attempt(Worker worker, ConsumerRecord<?, ?> record) {
		this.attempts++;
		worker.beginRecord(record, this.attempts);
		try {
			this.delivery.deliver(record, this.source);
		}
		catch (Throwable ex) {
			backOff(worker, record, ex);
			return false;
		}
		finally {
			// An interrupt meant for this record must not hit the next one.
			Thread.interrupted();
		}
		this.index++;
		this.attempts = 0;
		this.backOff = null;
		this.nextAttemptAt = NOW;
		worker.recordHandled();
		return true;
	}

	private void backOff(Worker worker, ConsumerRecord<?, ?> record, Throwable failure) {
		BackOffExecution execution = this.backOff;
		if (execution == null) {
			execution = this.delivery.backOff().start();
			this.backOff = execution;
		}
		Duration delay = Duration.ofMillis(execution.nextBackOff());
		worker.recordFailed(new RecordFailure(this.ticker.instant(), record, causeOf(failure)));
		logger.warn("Attempt " + this.attempts + " to handle " + record.topic() + "-" + record.partition() + "@"
				+ record.offset() + " failed; next attempt in " + delay.toMillis() + " ms", failure);
		this.nextAttemptAt = this.ticker.nanoTime() + delay.toNanos();
		worker.wakeAfter(delay);
	}

	private Progress drop(Worker worker) {
		worker.recordDropped();
		return Progress.DONE;
	}

	private long remainingBackOff() {
		long at = this.nextAttemptAt;
		return (at != NOW) ? at - this.ticker.nanoTime() : 0;
	}

	private static Throwable causeOf(Throwable failure) {
		Throwable cause = failure.getCause();
		return (failure instanceof ListenerExecutionFailedException && cause != null) ? cause : failure;
	}

}
