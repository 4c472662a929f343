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
import java.util.function.LongSupplier;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerProblem.Kind;
import io.kaffe.spring.table.ConsumerProblem.Severity;

/**
 * Whether brokers answer requests for the end offsets of a consumer's partitions. They
 * are requested whether or not there is something to fetch or to commit, so silence is
 * detected on an idle consumer, too.
 * <p>
 * A confirmed commit is an answer, too: the requests have a connection of their own,
 * which may fail alone.
 * <p>
 * <b>Threading.</b> Any thread. Answers are reported one at a time.
 */
final class BrokerAnswers {

	/** A broker that is restarted is back sooner. */
	private static final Duration TOLERATED = Duration.ofSeconds(30);

	private final Ticker ticker;

	private final LongSupplier lastCommitAt;

	private volatile @Nullable Silence silence;

	/**
	 * Create it.
	 * @param ticker the time
	 * @param lastCommitAt returns when a broker confirmed the last commit, as a reading
	 * of the ticker in nanoseconds; when the consumer was created if there is none
	 */
	BrokerAnswers(Ticker ticker, LongSupplier lastCommitAt) {
		this.ticker = ticker;
		this.lastCommitAt = lastCommitAt;
	}

	/**
	 * Record that there was an answer, or that nothing was requested.
	 */
	void answered() {
		this.silence = null;
	}

	/**
	 * Record that an answer is missing.
	 * @param unanswered for how many partitions
	 * @param asked for how many partitions end offsets were requested; 0 if there are
	 * none, and the request only checked whether a broker answers
	 * @param askedAt when they were requested
	 */
	void unanswered(int unanswered, int asked, Instant askedAt) {
		long commitAt = this.lastCommitAt.getAsLong();
		Silence before = current(commitAt);
		boolean all = unanswered == asked;
		boolean goesOn = before != null && before.all() == all;
		Instant begin = all ? later(askedAt, instantOf(commitAt)) : askedAt;
		this.silence = new Silence((before != null && goesOn) ? before.since() : begin, all, unanswered, asked,
				commitAt);
	}

	/**
	 * Return since when no broker has answered at all, or {@code null} if one has.
	 */
	@Nullable Instant noneSince() {
		Silence silence = current(this.lastCommitAt.getAsLong());
		return (silence != null && silence.all()) ? silence.since() : null;
	}

	/**
	 * Return what is wrong if brokers have not answered for longer than it takes to start
	 * one again, else {@code null}.
	 */
	@Nullable ConsumerProblem problem() {
		Silence silence = current(this.lastCommitAt.getAsLong());
		if (silence == null) {
			return null;
		}
		Duration duration = Duration.between(silence.since(), this.ticker.instant());
		if (duration.compareTo(TOLERATED) < 0) {
			return null;
		}
		String since = " since " + silence.since() + ", for " + duration.toSeconds() + " s";
		return silence.all()
				? new ConsumerProblem(Kind.NO_ANSWER, silence.since(), "no answer: no broker has answered" + since)
				: new ConsumerProblem(Kind.NO_ANSWER, Severity.WARNING, silence.since(), "no answer: the brokers of "
						+ silence.unanswered() + " of " + silence.asked() + " partitions have not answered" + since);
	}

	/**
	 * Return which answers are missing, unless a commit was confirmed since the last
	 * request: then brokers that answer nothing more are silent from a later request on.
	 */
	private @Nullable Silence current(long commitAt) {
		Silence silence = this.silence;
		return (silence != null && silence.all() && commitAt != silence.commitAt()) ? null : silence;
	}

	private Instant instantOf(long nanos) {
		return this.ticker.instant().minusNanos(this.ticker.nanoTime() - nanos);
	}

	private static Instant later(Instant one, Instant other) {
		return one.isAfter(other) ? one : other;
	}

	/**
	 * Missing answers.
	 *
	 * @param since when the first unanswered request was sent; if all answers are missing
	 * and a commit was confirmed later, when that was
	 * @param all whether all answers are missing
	 * @param unanswered for how many partitions
	 * @param asked for how many partitions end offsets were requested
	 * @param commitAt when the last commit had been confirmed when the last answer was
	 * missing, as a reading of the ticker in nanoseconds
	 */
	private record Silence(Instant since, boolean all, int unanswered, int asked, long commitAt) {
	}

}
