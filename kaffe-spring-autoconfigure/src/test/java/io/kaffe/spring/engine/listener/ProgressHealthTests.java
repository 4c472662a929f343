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
import java.util.List;
import java.util.stream.IntStream;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerProblem.Kind;
import io.kaffe.spring.table.Evicted;
import io.kaffe.spring.table.Lag;
import io.kaffe.spring.table.PartitionSnapshot;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ProgressHealth}.
 */
class ProgressHealthTests {

	private static final String BACK_PRESSURE = "back-pressure";

	private final ManualExecution execution = new ManualExecution();

	private final ProgressHealth health = new ProgressHealth(this.execution);

	@Test
	void partitionsThatStayPausedByBackPressureWhileTheLagGrowsAreHeldBack() {
		for (int second = 0; second < 70; second += 10) {
			assertThat(look(1000 + second, BACK_PRESSURE, BACK_PRESSURE)).as("after %d s", second)
				.hasSize((second < 60) ? 0 : 1);
			this.execution.advance(Duration.ofSeconds(10));
		}
		assertThat(look(100_000, BACK_PRESSURE, BACK_PRESSURE)).singleElement().satisfies((problem) -> {
			assertThat(problem.kind()).isEqualTo(Kind.HELD_BACK);
			assertThat(problem.meansDown()).isFalse();
			assertThat(problem.message())
				.isEqualTo("held back: 2 of 2 partitions have been paused by back-pressure for 70 s while the lag grew "
						+ "to 200000 records: handlers are too slow or too few");
		});
	}

	@Test
	void backlogThatIsWorkedOffIsNoProblem() {
		for (int second = 0; second < 600; second += 10) {
			assertThat(look(100_000 - second, BACK_PRESSURE, BACK_PRESSURE)).isEmpty();
			this.execution.advance(Duration.ofSeconds(10));
		}
	}

	@Test
	void growthThatIsOverIsNoProblemAnyMore() {
		look(1000, BACK_PRESSURE);
		this.execution.advance(Duration.ofMinutes(1));
		assertThat(look(5000, BACK_PRESSURE)).hasSize(1);
		this.execution.advance(Duration.ofMinutes(1));
		assertThat(look(4000, BACK_PRESSURE)).isEmpty();
	}

	@Test
	void lagThatStaysTheSameIsNoProblem() {
		look(1000, BACK_PRESSURE);
		this.execution.advance(Duration.ofMinutes(1));
		assertThat(look(1000, BACK_PRESSURE)).isEmpty();
	}

	@Test
	void lagIsComparedWithThatOfAMinuteAgo() {
		look(1000, BACK_PRESSURE);
		this.execution.advance(Duration.ofSeconds(10));
		look(5000, BACK_PRESSURE);
		this.execution.advance(Duration.ofMinutes(1));
		assertThat(look(4000, BACK_PRESSURE)).isEmpty();
	}

	@Test
	void lagBeforePartitionsWereResumedDoesNotCount() {
		look(1000, BACK_PRESSURE);
		look(1000, (String) null);
		look(5000, BACK_PRESSURE);
		this.execution.advance(Duration.ofMinutes(1));
		assertThat(look(4000, BACK_PRESSURE)).isEmpty();
	}

	@Test
	void lagBeforeTheConsumerStoppedDoesNotCount() {
		look(1000, BACK_PRESSURE);
		this.health.reset();
		look(5000, BACK_PRESSURE);
		this.execution.advance(Duration.ofMinutes(1));
		assertThat(look(4000, BACK_PRESSURE)).isEmpty();
	}

	@Test
	void halfOfThePartitionsAreEnough() {
		look(1000, BACK_PRESSURE, null);
		this.execution.advance(Duration.ofMinutes(1));
		assertThat(look(2000, BACK_PRESSURE, null)).singleElement()
			.asString()
			.contains("1 of 2 partitions have been paused");
	}

	@Test
	void partitionsThatArePausedByTurnsCountWhenMostOfThemAre() {
		look(1000, BACK_PRESSURE, BACK_PRESSURE, null);
		this.execution.advance(Duration.ofMinutes(1));
		assertThat(look(2000, null, BACK_PRESSURE, BACK_PRESSURE)).hasSize(1);
		this.execution.advance(Duration.ofSeconds(10));
		assertThat(look(3000, null, BACK_PRESSURE, null)).isEmpty();
		this.execution.advance(Duration.ofSeconds(10));
		assertThat(look(4000, BACK_PRESSURE, BACK_PRESSURE, null)).as("the time begins anew").isEmpty();
	}

	@Test
	void partitionsThatAnOperatorPausedAreNotHeldBack() {
		look(1000, "operator", "operator");
		this.execution.advance(Duration.ofMinutes(10));
		assertThat(look(2000, "operator", "operator")).isEmpty();
	}

	@Test
	void whatIsKeptIsBounded() {
		for (int look = 0; look < 100_000; look++) {
			look(look, BACK_PRESSURE);
			this.execution.advance(Duration.ofMillis(100));
		}
		assertThat(this.health).extracting("lags")
			.asInstanceOf(InstanceOfAssertFactories.collection(Object.class))
			.hasSizeLessThan(10);
	}

	@Test
	void consumerIsDownWhenEachOfItsPartitionsHasBeenHeldUpForAMinute() {
		List<PartitionSnapshot> partitions = List.of(partition(0, 5L, null), partition(1, 5L, null));
		assertThat(this.health.problems(partitions, true)).isEmpty();
		this.execution.advance(Duration.ofSeconds(59));
		assertThat(this.health.problems(partitions, true)).isEmpty();
		this.execution.advance(Duration.ofSeconds(1));
		assertThat(this.health.problems(partitions, true)).singleElement().satisfies((problem) -> {
			assertThat(problem.kind()).isEqualTo(Kind.BLOCKED);
			assertThat(problem.meansDown()).isTrue();
			assertThat(problem.since()).isEqualTo("2026-01-01T00:00:00Z");
			assertThat(problem.message()).startsWith("blocked: nothing has been handled since 2026-01-01T00:00:00Z, "
					+ "because each of 2 partitions is held up");
		});
		assertThat(this.health.problems(partitions, false)).isEmpty();
		assertThat(this.health.problems(partitions, true)).as("the time begins anew").isEmpty();
	}

	@Test
	void whatWasSeenIsForgottenWhenTheConsumerStops() {
		List<PartitionSnapshot> partitions = List.of(partition(0, 5L, null));
		this.health.problems(partitions, true);
		this.execution.advance(Duration.ofMinutes(2));
		this.health.reset();
		assertThat(this.health.problems(partitions, true)).isEmpty();
	}

	/**
	 * Look at partitions that have the same lag each.
	 */
	private List<ConsumerProblem> look(long lag, @Nullable String... paused) {
		return this.health.problems(
				IntStream.range(0, paused.length).mapToObj((number) -> partition(number, lag, paused[number])).toList(),
				false);
	}

	private static PartitionSnapshot partition(int number, Long lag, @Nullable String paused) {
		return new PartitionSnapshot("orders", number, "worker_" + number, 1,
				new PartitionSnapshot.Offsets(0L, 0L, 0, 0, 0L, lag), new Lag(lag, 0L), 0, Evicted.NONE, null, paused,
				null);
	}

}
