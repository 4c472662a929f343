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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOffExecution;

import io.kaffe.spring.engine.worker.DisplayText;
import io.kaffe.spring.engine.worker.Turn;
import io.kaffe.spring.engine.worker.Worker;

/**
 * The attempts to handle one record: how many of them count, and whether and when there
 * is another one after a failure.
 * <p>
 * <b>Threading.</b> Owned by the worker whose head the record is. Others read what is
 * volatile.
 */
final class RecordAttempts {

	/** How long to wait after an attempt that decides nothing. */
	private static final long UNDECIDED_MILLIS = 100;

	private final ConsumerRecord<?, ?> record;

	private final FailurePolicy policy;

	private final Outages outages;

	private @Nullable BackOffExecution backOff;

	/** Only since it has failed. */
	private Outages.@Nullable Evidence evidence;

	/** Whether the last one counts. */
	private boolean counts;

	private volatile int count;

	RecordAttempts(ConsumerRecord<?, ?> record, FailurePolicy policy, Outages outages) {
		this.record = record;
		this.policy = policy;
		this.outages = outages;
	}

	/**
	 * Note that an attempt has failed. It counts unless there is an outage.
	 */
	void failed(Throwable failure, Worker worker, Turn turn) {
		Outages.Evidence evidence = this.evidence;
		if (evidence == null) {
			evidence = this.outages.evidence();
			this.evidence = evidence;
		}
		this.counts = !this.policy.isRetryable(failure) || evidence.failed(failure, worker, turn);
		this.count += this.counts ? 1 : 0;
	}

	/**
	 * Return how long to wait until the next attempt, in milliseconds, or
	 * {@link BackOffExecution#STOP} if there is none. May call user code.
	 * @param last whether there is none, unless the last one does not count
	 * @throws HookFailedException if the back-off throws
	 */
	long delayAfter(Throwable failure, boolean last, Turn turn) {
		if (!this.counts) {
			return UNDECIDED_MILLIS;
		}
		long delay = (!last && this.policy.isRetryable(failure, this.count)) ? nextBackOff(failure, turn)
				: BackOffExecution.STOP;
		boolean undecided = delay == BackOffExecution.STOP && this.policy.isRetryable(failure) && this.evidence != null
				&& this.evidence.isInconclusive(turn.now());
		return undecided ? UNDECIDED_MILLIS : delay;
	}

	private long nextBackOff(Throwable failure, Turn turn) {
		try {
			BackOffExecution execution = this.backOff;
			if (execution == null) {
				execution = this.policy.backOffFor(this.record, ListenerFailure.asException(failure)).start();
				this.backOff = execution;
			}
			return execution.nextBackOff();
		}
		catch (Throwable ex) {
			throw new HookFailedException(
					"The back-off failed after a failed attempt to handle " + DisplayText.coordinatesOf(this.record),
					ex);
		}
		finally {
			turn.handlerReturned();
		}
	}

	/**
	 * Note that there are so many without that they were counted here.
	 */
	void count(int attempts) {
		this.count = attempts;
	}

	/**
	 * Return whether the last one counts.
	 */
	boolean lastCounts() {
		return this.counts;
	}

	/**
	 * Return how many count. Any thread.
	 */
	int count() {
		return this.count;
	}

	/**
	 * Begin with the first interval of the back-off.
	 */
	void resetBackOff() {
		this.backOff = null;
	}

	/**
	 * Note that there are no more for now: the record is completed, dropped, recovered or
	 * parked.
	 */
	void end() {
		if (this.evidence != null) {
			this.evidence.forget();
		}
	}

}
