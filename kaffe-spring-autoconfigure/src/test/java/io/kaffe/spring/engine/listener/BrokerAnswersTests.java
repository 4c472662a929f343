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

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link BrokerAnswers}: commits that brokers confirm are answers, too.
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

	private void confirmCommit() {
		this.commitAt = this.time.nanoTime();
	}

	private void unansweredFor(Duration duration) {
		for (long left = duration.toSeconds(); left > 0; left -= 10) {
			Instant asked = this.time.instant();
			this.time.advance(Duration.ofSeconds(10));
			this.answers.unanswered(2, 2, asked);
		}
	}

}
