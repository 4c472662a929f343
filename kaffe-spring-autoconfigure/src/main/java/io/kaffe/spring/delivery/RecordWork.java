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

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.util.backoff.BackOffExecution;

import io.kaffe.spring.worker.RecordFailure;
import io.kaffe.spring.worker.Ticker;
import io.kaffe.spring.worker.Turn;
import io.kaffe.spring.worker.Work;
import io.kaffe.spring.worker.Worker;

/**
 * Work on records of one partition. A record that fails is tried again, in its place,
 * after a back-off during which no thread is held. When the partition is revoked, the
 * record being handled is finished and the rest is dropped: whoever gets the partition
 * next reads it again.
 * <p>
 * <b>Threading.</b> Owned by the worker: its fields are touched only while it runs this
 * work, and handed on with it. {@link #isReady} may look while another thread runs: what
 * it sees then may be old, and a worker that is woken in vain waits again.
 */
abstract class RecordWork extends Work {

	private static final Log logger = LogFactory.getLog(RecordWork.class);

	private final RecordSource source;

	/** Only while a record fails, since most never do. */
	private @Nullable Retries retries;

	RecordWork(RecordSource source) {
		this.source = source;
	}

	RecordSource source() {
		return this.source;
	}

	@Override
	public final Progress proceed(Worker worker, Turn turn) {
		if (!this.source.enter()) {
			return drop(worker);
		}
		try {
			long remaining = remainingBackOff(turn.now());
			if (remaining > 0) {
				worker.wakeAfter(Duration.ofNanos(remaining));
				return Progress.WAITING;
			}
			return handle(worker, turn);
		}
		finally {
			this.source.exit();
		}
	}

	@Override
	public final boolean isReady(long now) {
		return this.source.isRevoked() || remainingBackOff(now) <= 0;
	}

	/**
	 * Handle what is left.
	 */
	abstract Progress handle(Worker worker, Turn turn);

	/**
	 * Do what has to be done with a record. Failures are thrown.
	 */
	abstract void deliver(ConsumerRecord<?, ?> record) throws Throwable;

	/**
	 * Try to handle a record once.
	 * @return whether that succeeded; if not, it is to be tried again
	 */
	final boolean attempt(ConsumerRecord<?, ?> record, Worker worker, Turn turn) {
		Retries retries = this.retries;
		int attempt = (retries != null) ? retries.attempts + 1 : 1;
		worker.beginRecord(record, attempt, turn.now());
		try {
			deliver(record);
		}
		catch (Throwable ex) {
			backOff(record, attempt, ex, worker, turn);
			return false;
		}
		finally {
			// An interrupt meant for this record must not hit the next one.
			Thread.interrupted();
			turn.readClock();
		}
		this.retries = null;
		worker.recordHandled();
		return true;
	}

	private void backOff(ConsumerRecord<?, ?> record, int attempt, Throwable failure, Worker worker, Turn turn) {
		Retries retries = this.retries;
		if (retries == null) {
			retries = new Retries(this.source.delivery().backOff().start());
			this.retries = retries;
		}
		Ticker ticker = this.source.delivery().ticker();
		Duration delay = Duration.ofMillis(retries.backOff.nextBackOff());
		retries.attempts = attempt;
		retries.nextAt = turn.readClock() + delay.toNanos();
		worker.recordFailed(new RecordFailure(ticker.instant(), record, causeOf(failure)));
		worker.wakeAfter(delay);
		logger.warn("Attempt " + attempt + " to handle " + record.topic() + "-" + record.partition() + "@"
				+ record.offset() + " failed; next attempt in " + delay.toMillis() + " ms", failure);
	}

	final Progress drop(Worker worker) {
		dropRest();
		worker.recordDropped();
		return Progress.DONE;
	}

	/**
	 * Give up what is left, which the source is told.
	 */
	abstract void dropRest();

	private long remainingBackOff(long now) {
		Retries retries = this.retries;
		return (retries != null) ? retries.nextAt - now : 0;
	}

	private static Throwable causeOf(Throwable failure) {
		Throwable cause = failure.getCause();
		return (failure instanceof ListenerExecutionFailedException && cause != null) ? cause : failure;
	}

	/**
	 * How often a record failed, and when it is tried again.
	 */
	private static final class Retries {

		private final BackOffExecution backOff;

		private int attempts;

		private volatile long nextAt;

		Retries(BackOffExecution backOff) {
			this.backOff = backOff;
		}

	}

}
