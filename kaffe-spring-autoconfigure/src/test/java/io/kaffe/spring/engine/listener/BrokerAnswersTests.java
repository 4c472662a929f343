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

import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerProblem.Kind;
import io.kaffe.spring.table.ConsumerProblem.Severity;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link BrokerAnswers}: commits that brokers confirm are answers, too, and
 * brokers of some partitions may answer while others do not.
 */
class BrokerAnswersTests {

	private final ManualExecution time = new ManualExecution();

	private long commitAt = this.time.nanoTime();

	private final BrokerAnswers answers = new BrokerAnswers(this.time, () -> this.commitAt);

	@Test
	void silenceIsAProblemAfterAWhile() {
		Instant begin = this.time.instant();
		unansweredFor(Duration.ofSeconds(20));
		assertThat(this.answers.noneSince()).isEqualTo(begin);
		assertThat(this.answers.problem()).isNull();
		unansweredFor(Duration.ofSeconds(10));
		assertThat(this.answers.noneSince()).isEqualTo(begin);
		assertThat(this.answers.problem()).asString().contains("no broker has answered since " + begin + ", for 30 s");
		this.answers.answered();
		assertThat(this.answers.noneSince()).isNull();
		assertThat(this.answers.problem()).isNull();
	}

	@Test
	void requestsThatFailAloneAreNoProblemWhileCommitsAreConfirmed() {
		for (int request = 0; request < 10; request++) {
			unansweredFor(Duration.ofSeconds(10));
			assertThat(this.answers.problem()).as("after request %d", request).isNull();
			confirmCommit();
			assertThat(this.answers.noneSince()).isNull();
		}
	}

	@Test
	void silenceThatFollowsACommitIsAProblemToo() {
		unansweredFor(Duration.ofSeconds(20));
		confirmCommit();
		assertThat(this.answers.noneSince()).isNull();
		Instant begin = this.time.instant();
		unansweredFor(Duration.ofSeconds(30));
		assertThat(this.answers.noneSince()).isEqualTo(begin);
		assertThat(this.answers.problem()).asString().contains("no broker has answered since " + begin + ", for 30 s");
	}

	@Test
	void silenceBeginsWithACommitThatIsConfirmedDuringARequest() {
		for (int commit = 0; commit < 10; commit++) {
			Instant asked = this.time.instant();
			this.time.advance(Duration.ofSeconds(9));
			confirmCommit();
			Instant confirmed = this.time.instant();
			this.time.advance(Duration.ofSeconds(1));
			this.answers.unanswered(2, 2, asked);
			assertThat(this.answers.noneSince()).isEqualTo(confirmed);
			this.time.advance(Duration.ofSeconds(10));
			unansweredFor(Duration.ofSeconds(10));
			assertThat(this.answers.problem()).as("21 s after commit %d", commit).isNull();
			assertThat(this.answers.noneSince()).isEqualTo(confirmed);
		}
		Instant begin = this.time.instant().minusSeconds(21);
		this.time.advance(Duration.ofSeconds(9));
		assertThat(this.answers.problem()).asString().contains("no broker has answered since " + begin + ", for 30 s");
	}

	@Test
	void someThatDoNotAnswerAreAProblemThoughAtTimesNoneDoes() {
		Instant begin = this.time.instant();
		for (int seconds = 20; seconds <= 600; seconds += 20) {
			unansweredFor(Duration.ofSeconds(10), 2);
			assertProblemOfSome(begin, seconds - 10);
			unansweredFor(Duration.ofSeconds(10), 1);
			assertProblemOfSome(begin, seconds);
		}
	}

	private void assertProblemOfSome(Instant begin, int seconds) {
		if (seconds < 30) {
			assertThat(this.answers.problem()).isNull();
		}
		else {
			assertThat(this.answers.problem()).isEqualTo(new ConsumerProblem(Kind.NO_ANSWER, Severity.WARNING, begin,
					"no answer: the brokers of 1 of 2 partitions have not answered since " + begin + ", for " + seconds
							+ " s"));
		}
	}

	@Test
	void silenceOfAllBeginsWhenTheLastOnesStopToAnswer() {
		Instant someBegin = this.time.instant();
		unansweredFor(Duration.ofSeconds(30), 1);
		assertThat(this.answers.noneSince()).isNull();
		Instant allBegin = this.time.instant();
		unansweredFor(Duration.ofSeconds(20), 2);
		assertThat(this.answers.noneSince()).isEqualTo(allBegin);
		assertProblemOfSome(someBegin, 50);
		unansweredFor(Duration.ofSeconds(10), 2);
		assertThat(this.answers.problem()).isEqualTo(new ConsumerProblem(Kind.NO_ANSWER, allBegin,
				"no answer: no broker has answered since " + allBegin + ", for 30 s"));
		unansweredFor(Duration.ofSeconds(10), 1);
		assertThat(this.answers.noneSince()).isNull();
		assertProblemOfSome(someBegin, 70);
		this.answers.answered();
		assertThat(this.answers.problem()).isNull();
	}

	@Test
	void silenceOfSomeGoesOnThoughACommitIsConfirmed() {
		Instant begin = this.time.instant();
		unansweredFor(Duration.ofSeconds(10), 1);
		unansweredFor(Duration.ofSeconds(20), 2);
		confirmCommit();
		assertThat(this.answers.noneSince()).isNull();
		assertProblemOfSome(begin, 30);
	}

	@Test
	void silenceOfSomeBeginsAfterACommitIfNoneAnsweredBefore() {
		unansweredFor(Duration.ofSeconds(20), 2);
		confirmCommit();
		Instant begin = this.time.instant();
		unansweredFor(Duration.ofSeconds(20), 1);
		assertProblemOfSome(begin, 20);
		unansweredFor(Duration.ofSeconds(10), 1);
		assertProblemOfSome(begin, 30);
	}

	private void confirmCommit() {
		this.commitAt = this.time.nanoTime();
	}

	private void unansweredFor(Duration duration) {
		unansweredFor(duration, 2);
	}

	/**
	 * Have requests for two partitions time out one after the other.
	 * @param unanswered for how many of them
	 */
	private void unansweredFor(Duration duration, int unanswered) {
		for (long left = duration.toSeconds(); left > 0; left -= 10) {
			Instant asked = this.time.instant();
			this.time.advance(Duration.ofSeconds(10));
			this.answers.unanswered(unanswered, 2, asked);
		}
	}

}
