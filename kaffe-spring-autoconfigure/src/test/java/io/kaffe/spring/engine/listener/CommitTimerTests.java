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

import org.apache.kafka.clients.consumer.MockConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CommitTimer}, in a poll that lasts for ever.
 */
class CommitTimerTests {

	private static final Duration INTERVAL = Duration.ofMillis(100);

	private final ManualExecution execution = new ManualExecution();

	private final ConsumerWakeup wakeup = new ConsumerWakeup(new MockConsumer<>("earliest") {
		@Override
		public synchronized void wakeup() {
			CommitTimerTests.this.wakeUps++;
		}
	}, this.execution);

	private final CommitTimer timer = new CommitTimer(this.wakeup, INTERVAL, this.execution.runtime());

	private int wakeUps;

	@BeforeEach
	void poll() {
		this.wakeup.polling();
	}

	@Test
	void consumerIsWokenOnceWhenTheIntervalIsOver() {
		for (int completed = 0; completed < 3; completed++) {
			this.timer.arm();
			this.execution.advance(Duration.ofMillis(33));
		}
		assertThat(this.wakeUps).isZero();
		assertThat(this.execution.timers()).isOne();
		assertThat(this.timer.isIntervalOver()).isFalse();
		this.execution.advance(Duration.ofMillis(1));
		assertThat(this.wakeUps).isOne();
		assertThat(this.timer.isIntervalOver()).isTrue();
		this.timer.arm();
		this.execution.advance(INTERVAL);
		assertThat(this.wakeUps).as("it has not looked yet").isOne();
	}

	@Test
	void consumerIsWokenAtOnceIfTheIntervalIsOver() {
		this.execution.advance(INTERVAL);
		assertThat(this.wakeUps).as("nothing is completed").isZero();
		this.timer.arm();
		assertThat(this.wakeUps).isOne();
		assertThat(this.execution.timers()).isZero();
	}

	@Test
	void nextIntervalBeginsWithALook() {
		this.execution.advance(Duration.ofMillis(90));
		this.timer.arm();
		this.timer.look();
		this.execution.advance(Duration.ofMillis(10));
		assertThat(this.wakeUps).as("it has looked since").isZero();
		this.timer.arm();
		this.execution.advance(Duration.ofMillis(89));
		assertThat(this.wakeUps).isZero();
		this.execution.advance(Duration.ofMillis(1));
		assertThat(this.wakeUps).isOne();
	}

	@Test
	void alarmOfAnEarlierIntervalDoesNotCount() {
		this.timer.arm();
		this.timer.look();
		this.timer.arm();
		assertThat(this.execution.timers()).isEqualTo(2);
		this.execution.advance(INTERVAL);
		assertThat(this.wakeUps).isOne();
	}

	@Test
	void alarmThatGoesOffEarlyIsSetAgain() {
		this.timer.arm();
		this.execution.advance(Duration.ofMillis(99));
		this.execution.fireTimers();
		assertThat(this.wakeUps).isZero();
		this.execution.advance(Duration.ofMillis(1));
		assertThat(this.wakeUps).isOne();
	}

	@Test
	void whatIsCompletedWhileACommitIsNotAnsweredWakesTheConsumerWithTheAnswer() {
		this.timer.look();
		this.timer.sent();
		this.timer.arm();
		this.execution.advance(INTERVAL.multipliedBy(10));
		assertThat(this.timer.isOnItsWay()).isTrue();
		assertThat(this.wakeUps).as("it could not commit").isZero();
		this.timer.answered();
		assertThat(this.timer.isOnItsWay()).isFalse();
		assertThat(this.wakeUps).isOne();
	}

	@Test
	void answerInTimeWakesNobodyBeforeTheIntervalIsOver() {
		this.timer.look();
		this.timer.sent();
		this.timer.arm();
		this.execution.advance(Duration.ofMillis(5));
		this.timer.answered();
		assertThat(this.wakeUps).isZero();
		this.execution.advance(Duration.ofMillis(95));
		assertThat(this.wakeUps).isOne();
	}

	@Test
	void answerWakesNobodyIfNothingIsCompleted() {
		this.timer.look();
		this.timer.sent();
		this.execution.advance(INTERVAL.multipliedBy(10));
		this.timer.answered();
		assertThat(this.wakeUps).isZero();
	}

	@Test
	void lackOfMemoryForAnAlarmDoesNotFailACompletion() {
		this.execution.failToSchedule((alarm) -> alarm == 0);
		this.timer.arm();
		assertThat(this.execution.timers()).isZero();
		this.timer.arm();
		this.execution.advance(INTERVAL);
		assertThat(this.wakeUps).isOne();
	}

}
