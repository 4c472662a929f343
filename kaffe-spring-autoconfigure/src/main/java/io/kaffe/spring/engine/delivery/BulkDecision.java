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
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.BulkDecisionRequest;
import io.kaffe.spring.FailingRecordFilter;
import io.kaffe.spring.engine.delivery.OperatorDecision.Instruction;
import io.kaffe.spring.engine.delivery.OperatorDecision.Outcome;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.BulkDecisionSnapshot;
import io.kaffe.spring.table.BulkDecisionSnapshot.State;

/**
 * One decision about many failing records, which is left with one after the other, some
 * every tenth of a second.
 * <p>
 * <b>Threading.</b> One thread at a time goes on: the one that begins it, then the
 * scheduler. Any thread cancels and reads. Workers report the outcomes. Nothing blocks,
 * and no user code is called.
 */
final class BulkDecision {

	private static final Log logger = LogFactory.getLog(BulkDecision.class);

	private static final int SLICES_PER_SECOND = 10;

	private final AtomicReference<State> state = new AtomicReference<>(State.RUNNING);

	/** How many records have each outcome, by its ordinal. */
	private final AtomicIntegerArray outcomes = new AtomicIntegerArray(Outcome.values().length);

	private final String consumer;

	private final BulkDecisionRequest request;

	private final WorkerRuntime runtime;

	private final OperatorDecision decision;

	private final Instant since;

	private final int matched;

	private final int slice;

	/** What matched; emptied at the end, so that completed records are not kept. */
	private volatile List<Failures.Failing> records;

	/** How many of the records have had their turn; written by who goes on. */
	private volatile int next;

	private volatile @Nullable Instant until;

	/**
	 * Create a decision that has not begun.
	 * @param consumer the consumer's name
	 * @param request what to decide about which records, and how fast
	 * @param records what matches, in the order in which it is decided about
	 * @param runtime wakes it
	 */
	BulkDecision(String consumer, BulkDecisionRequest request, List<Failures.Failing> records, WorkerRuntime runtime) {
		this.consumer = consumer;
		this.request = request;
		this.records = records;
		this.runtime = runtime;
		this.decision = new OperatorDecision(Instruction.valueOf(request.decision().name()), true, this::count);
		this.since = runtime.ticker().instant();
		this.matched = records.size();
		this.slice = Math.max(1, request.maxPerSecond() / SLICES_PER_SECOND);
	}

	/**
	 * Begin: decide about the first records.
	 */
	void begin() {
		if (this.matched > 0) {
			logger.info("Consumer '" + this.consumer + "': '" + this.request.decision() + "' begins for " + this.matched
					+ " " + filter(false) + ", at most " + this.request.maxPerSecond() + " per second");
		}
		proceed();
	}

	private void proceed() {
		boolean proceeds = false;
		try {
			decideAboutSome();
			proceeds = isRunning() && this.runtime.after(pause(), this::proceed) != null;
		}
		finally {
			if (!proceeds) {
				end(State.CANCELED);
			}
		}
	}

	private void decideAboutSome() {
		List<Failures.Failing> records = this.records;
		int decided = 0;
		while (decided < this.slice && this.next < records.size() && isRunning()) {
			Failures.Failing record = records.get(this.next);
			this.next++;
			if (decide(record)) {
				decided++;
			}
		}
		if (this.next >= records.size()) {
			end(State.DONE);
		}
	}

	private Duration pause() {
		return Duration.ofNanos(TimeUnit.SECONDS.toNanos(this.slice) / this.request.maxPerSecond());
	}

	/**
	 * Decide about a record, unless something else was done about it since it matched.
	 * @return whether the decision was left with it
	 */
	private boolean decide(Failures.Failing record) {
		boolean matches = this.request.filter().states().contains(record.snapshot().state());
		OperatorDecision present = matches ? record.decide(this.decision) : null;
		if (!matches || (present != null && present != this.decision)) {
			count(Outcome.SUPERSEDED);
		}
		return present == this.decision;
	}

	private void count(Outcome outcome) {
		this.outcomes.incrementAndGet(outcome.ordinal());
	}

	/**
	 * Decide about no more records.
	 * @return whether it was running
	 */
	boolean cancel() {
		return end(State.CANCELED);
	}

	private boolean end(State state) {
		boolean ended = this.state.compareAndSet(State.RUNNING, state);
		if (ended) {
			this.until = this.runtime.ticker().instant();
			this.records = List.of();
			if (this.matched > 0) {
				logger.info("Consumer '" + this.consumer + "': '" + this.request.decision() + "' for " + this.matched
						+ " " + filter(false) + " is " + state + ": " + counts());
			}
		}
		return ended;
	}

	boolean isRunning() {
		return this.state.get() == State.RUNNING;
	}

	/**
	 * Describe it as it is now.
	 * @param showKey whether with the key of the filter
	 */
	BulkDecisionSnapshot snapshot(boolean showKey) {
		return new BulkDecisionSnapshot(this.request.decision().toString(), filter(showKey),
				this.request.maxPerSecond(), this.state.get(), this.since, this.until, counts());
	}

	private String filter(boolean showKey) {
		FailingRecordFilter filter = this.request.filter();
		return ((showKey || filter.key() == null) ? filter : filter.withKey("…")).toString();
	}

	private BulkDecisionSnapshot.Counts counts() {
		int completed = number(Outcome.COMPLETED);
		int failed = number(Outcome.FAILED);
		int revoked = number(Outcome.REVOKED);
		int superseded = number(Outcome.SUPERSEDED);
		// Read last, so that no outcome is counted of a record that is left.
		int next = this.next;
		return new BulkDecisionSnapshot.Counts(this.matched, this.matched - next,
				next - completed - failed - revoked - superseded, completed, failed, revoked, superseded);
	}

	private int number(Outcome outcome) {
		return this.outcomes.get(outcome.ordinal());
	}

}
