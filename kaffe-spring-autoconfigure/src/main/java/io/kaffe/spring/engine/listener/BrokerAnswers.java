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
 * <b>Threading.</b> Any thread. Answers are reported one at a time. That none answers is
 * read first and written last, so that a silence of all that becomes one of some is never
 * missed in between.
 */
final class BrokerAnswers {

	/** A broker that is restarted is back sooner. */
	private static final Duration TOLERATED = Duration.ofSeconds(30);

	private final Ticker ticker;

	private final LongSupplier lastCommitAt;

	private volatile @Nullable SomeSilent someSilent;

	private volatile @Nullable AllSilent allSilent;

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
		this.someSilent = null;
		this.allSilent = null;
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
		Instant noneSince = noneSince();
		if (unanswered < asked) {
			SomeSilent some = this.someSilent;
			// When none answered, those that do not answer now did not either.
			Instant before = (some != null) ? some.since() : noneSince;
			this.someSilent = new SomeSilent((before != null) ? before : askedAt, unanswered, asked);
			this.allSilent = null;
		}
		else if (noneSince == null) {
			this.allSilent = new AllSilent(later(askedAt, instantOf(commitAt)), commitAt);
		}
	}

	/**
	 * Return since when no broker has answered at all, or {@code null} if one has: when a
	 * commit was confirmed since, brokers that answer nothing more are silent from a
	 * later request on.
	 */
	@Nullable Instant noneSince() {
		AllSilent all = this.allSilent;
		return (all != null && all.commitAt() == this.lastCommitAt.getAsLong()) ? all.since() : null;
	}

	/**
	 * Return what is wrong if brokers have not answered for longer than it takes to start
	 * one again, else {@code null}.
	 */
	@Nullable ConsumerProblem problem() {
		Instant now = this.ticker.instant();
		Instant noneSince = noneSince();
		if (noneSince != null && isLong(noneSince, now)) {
			return new ConsumerProblem(Kind.NO_ANSWER, noneSince,
					"no answer: no broker has answered" + since(noneSince, now));
		}
		SomeSilent some = this.someSilent;
		if (some != null && isLong(some.since(), now)) {
			return new ConsumerProblem(Kind.NO_ANSWER, Severity.WARNING, some.since(),
					"no answer: the brokers of " + some.unanswered() + " of " + some.asked()
							+ " partitions have not answered" + since(some.since(), now));
		}
		return null;
	}

	private static boolean isLong(Instant since, Instant now) {
		return Duration.between(since, now).compareTo(TOLERATED) >= 0;
	}

	private static String since(Instant since, Instant now) {
		return " since " + since + ", for " + Duration.between(since, now).toSeconds() + " s";
	}

	private Instant instantOf(long nanos) {
		return this.ticker.instant().minusNanos(this.ticker.nanoTime() - nanos);
	}

	private static Instant later(Instant one, Instant other) {
		return one.isAfter(other) ? one : other;
	}

	/**
	 * That no broker answers.
	 *
	 * @param since when the first unanswered request was sent, or when a commit was
	 * confirmed after that
	 * @param commitAt when the last commit had been confirmed at the end of that request,
	 * as a reading of the ticker in nanoseconds; this is over when another one is
	 */
	private record AllSilent(Instant since, long commitAt) {
	}

	/**
	 * That some answers are missing, whether or not others were missing at times, too.
	 *
	 * @param since when the first unanswered request was sent
	 * @param unanswered for how many partitions at the last request that was answered for
	 * others
	 * @param asked for how many partitions end offsets were requested then
	 */
	private record SomeSilent(Instant since, int unanswered, int asked) {
	}

}
