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
 * Whether brokers answer when they are asked where the partitions of a consumer end: it
 * is asked whether or not there is something to fetch or to commit, so silence is noticed
 * also while nothing is going on.
 * <p>
 * A commit that is confirmed is an answer, too: what asks has a connection of its own,
 * and that one may fail alone.
 * <p>
 * <b>Threading.</b> Any thread. Answers come one after the other.
 */
final class BrokerAnswers {

	/** A broker that is restarted is back sooner. */
	private static final Duration TOLERATED = Duration.ofSeconds(30);

	private final Ticker ticker;

	private final LongSupplier confirmedCommits;

	private volatile @Nullable Silence silence;

	/**
	 * Create it.
	 * @param ticker the time
	 * @param confirmedCommits how many commits brokers have confirmed
	 */
	BrokerAnswers(Ticker ticker, LongSupplier confirmedCommits) {
		this.ticker = ticker;
		this.confirmedCommits = confirmedCommits;
	}

	/**
	 * Note that there was an answer, or that nothing was asked.
	 */
	void answered() {
		this.silence = null;
	}

	/**
	 * Note that an answer has not come.
	 * @param unanswered for how many partitions
	 * @param asked for how many partitions it was asked; 0 if it has none, and it was
	 * only asked whether there is anybody
	 * @param askedAt when it was asked
	 */
	void unanswered(int unanswered, int asked, Instant askedAt) {
		Silence before = this.silence;
		boolean all = unanswered == asked;
		boolean goesOn = before != null && before.all() == all;
		this.silence = new Silence((before != null && goesOn) ? before.since() : askedAt, all, unanswered, asked,
				(before != null && goesOn) ? before.commits() : this.confirmedCommits.getAsLong());
	}

	/**
	 * Return since when no broker has answered at all, or {@code null} if one has.
	 */
	@Nullable Instant noneSince() {
		Silence silence = current();
		return (silence != null && silence.all()) ? silence.since() : null;
	}

	/**
	 * Return what is wrong if brokers have not answered for longer than it takes to start
	 * one again, else {@code null}.
	 */
	@Nullable ConsumerProblem problem() {
		Silence silence = current();
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

	private @Nullable Silence current() {
		Silence silence = this.silence;
		return (silence != null && silence.all() && this.confirmedCommits.getAsLong() != silence.commits()) ? null
				: silence;
	}

	/**
	 * That answers do not come.
	 *
	 * @param since when the first question was asked that has not been answered
	 * @param all whether none has come
	 * @param unanswered for how many partitions
	 * @param asked for how many partitions it was asked
	 * @param commits how many commits had been confirmed at that time
	 */
	private record Silence(Instant since, boolean all, int unanswered, int asked, long commits) {
	}

}
