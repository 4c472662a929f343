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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConsumerCommands}.
 */
class ConsumerCommandsTests {

	private final ConsumerCommands commands = new ConsumerCommands();

	@Test
	void commandIsCarriedOutInTurns() {
		assertThat(this.commands.proceed()).isFalse();
		CompletableFuture<Integer> answer = this.commands.submit(new Counting(3));
		assertThat(this.commands.proceed()).isTrue();
		assertThat(this.commands.proceed()).isTrue();
		assertThat(answer).isNotDone();
		assertThat(this.commands.proceed()).isTrue();
		assertThat(answer).isCompletedWithValue(3);
		assertThat(this.commands.proceed()).isFalse();
	}

	@Test
	void failureIsTheAnswerAndOthersGoOn() {
		CompletableFuture<Integer> failing = this.commands.submit(new Counting(-1));
		CompletableFuture<Integer> other = this.commands.submit(new Counting(1));
		this.commands.proceed();
		assertThat(failing).isCompletedExceptionally();
		assertThat(other).isCompletedWithValue(1);
		assertThat(this.commands.isUnderWay()).as("to be tried again").isFalse();
	}

	@Test
	void whatIsLeftAtTheEndIsAnswered() {
		CompletableFuture<Integer> underWay = this.commands.submit(new Counting(3));
		this.commands.proceed();
		CompletableFuture<Integer> waiting = this.commands.submit(new Counting(1));
		this.commands.close();
		assertThat(underWay).isCompletedExceptionally();
		assertThat(waiting).isCompletedExceptionally();
		assertThat(this.commands.isUnderWay()).isFalse();
		assertThat(this.commands.proceed()).as("nothing is left").isFalse();
		CompletableFuture<Integer> late = this.commands.submit(new Counting(1));
		for (CompletableFuture<Integer> answer : List.of(underWay, waiting, late)) {
			assertThat(answer).failsWithin(Duration.ZERO)
				.withThrowableThat()
				.withCauseInstanceOf(IllegalStateException.class)
				.withMessageContaining("stopped before");
		}
	}

	@Test
	void fiveAreBegunAtOnceAndTheOthersWait() {
		List<CompletableFuture<Integer>> answers = new ArrayList<>();
		assertThat(this.commands.isWaiting()).isFalse();
		for (int number = 0; number < 7; number++) {
			answers.add(this.commands.submit(new Counting(2)));
		}
		this.commands.proceed();
		assertThat(this.commands.isWaiting()).isTrue();
		assertThat(this.commands.isUnderWay()).isTrue();
		this.commands.proceed();
		assertThat(answers.stream().filter(CompletableFuture::isDone)).hasSize(5);
		assertThat(this.commands.isWaiting()).isFalse();
		this.commands.proceed();
		assertThat(answers).allMatch(CompletableFuture::isDone);
		assertThat(this.commands.isUnderWay()).isFalse();
	}

	@Test
	void tooManyAreRefused() {
		for (int number = 0; number < 100; number++) {
			assertThat(this.commands.submit(new Counting(1))).isNotDone();
		}
		assertThat(this.commands.submit(new Counting(1))).isCompletedExceptionally();
	}

	/**
	 * Takes a number of turns.
	 */
	private static final class Counting extends ConsumerCommands.Command<Integer> {

		private final int turns;

		private int turn;

		Counting(int turns) {
			this.turns = turns;
		}

		@Override
		boolean tryToProceed() {
			if (this.turns < 0) {
				throw new IllegalArgumentException("On purpose");
			}
			this.turn++;
			if (this.turn < this.turns) {
				return false;
			}
			answer(this.turn);
			return true;
		}

	}

}
