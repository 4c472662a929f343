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

package io.kaffe.spring.actuate;

import java.util.List;
import java.util.stream.IntStream;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.health.actuate.endpoint.SimpleHttpCodeStatusMapper;
import org.springframework.boot.health.actuate.endpoint.SimpleStatusAggregator;
import org.springframework.boot.health.actuate.endpoint.StatusAggregator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.TestWorkerOwner;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerProblem.Kind;
import io.kaffe.spring.table.ConsumerState;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KaffeHealthIndicator}.
 */
class KaffeHealthIndicatorTests {

	private final DefaultWorkerManager manager = SnapshotFixtures.manager();

	private final KaffeHealthIndicator indicator = new KaffeHealthIndicator(this.manager);

	@Test
	void nothingIsWrongWithoutConsumers() {
		assertThat(this.indicator.health()).isEqualTo(Health.up().build());
	}

	@Test
	void consumersWithoutProblemsAreUp() {
		SnapshotFixtures.register(this.manager);
		assertThat(this.indicator.health())
			.isEqualTo(Health.up().withDetail("orders", "up").withDetail("refunds", "up").build());
	}

	@Test
	void consumerThatIsDownMakesAllOfItDown() {
		SnapshotFixtures.register(this.manager);
		register("aching", List.of(new ConsumerProblem(Kind.PARKED, null, "parked: orders-0@7")));
		register("sick", List.of(new ConsumerProblem(Kind.COMMITS_FAILING, null, "commits failing: none"),
				new ConsumerProblem(Kind.PARKED, null, "parked: orders-0@7")));
		Health health = this.indicator.health();
		assertThat(health.getStatus()).isEqualTo(Status.DOWN);
		assertThat(health.getDetails()).containsEntry("orders", "up")
			.containsEntry("aching", List.of("parked: orders-0@7"))
			.containsEntry("sick", List.of("commits failing: none", "parked: orders-0@7"));
	}

	@Test
	void warningsAloneAreAStatusOfTheirOwn() {
		SnapshotFixtures.register(this.manager);
		register("aching", List.of(new ConsumerProblem(Kind.PARKED, null, "parked: orders-0@7")));
		Health health = this.indicator.health();
		assertThat(health.getStatus()).isEqualTo(KaffeHealthIndicator.WARNING);
		assertThat(health.getDetails()).containsEntry("aching", List.of("parked: orders-0@7"));
	}

	@Test
	void warningDoesNotCountWhereSpringBootAggregatesAndIsAnsweredWith200() {
		StatusAggregator aggregator = new SimpleStatusAggregator();
		assertThat(aggregator.getAggregateStatus(Status.UP, KaffeHealthIndicator.WARNING)).isEqualTo(Status.UP);
		assertThat(aggregator.getAggregateStatus(Status.DOWN, KaffeHealthIndicator.WARNING)).isEqualTo(Status.DOWN);
		assertThat(new SimpleHttpCodeStatusMapper().getStatusCode(KaffeHealthIndicator.WARNING)).isEqualTo(200);
	}

	@Test
	void manyProblemsAreCutShort() {
		register("sick",
				IntStream.range(0, 25)
					.mapToObj((number) -> new ConsumerProblem(Kind.PARKED, null, "problem " + number))
					.toList());
		assertThat(this.indicator.health().getDetails()).extractingByKey("sick")
			.asInstanceOf(InstanceOfAssertFactories.list(String.class))
			.hasSize(21)
			.startsWith("problem 0")
			.endsWith("problem 19", "and 5 more");
	}

	@ParameterizedTest
	@CsvSource({ "STARTING, up", "RUNNING, up", "REBALANCING, up", "DRAINING, up", "PAUSED, paused",
			"STOPPED, stopped" })
	void consumerWithoutProblemsIsUpUnlessSomebodyWantsOtherwise(ConsumerState state, String shown) {
		register("well", List.of(), state);
		assertThat(this.indicator.health()).isEqualTo(Health.up().withDetail("well", shown).build());
	}

	private void register(String name, List<ConsumerProblem> problems) {
		register(name, problems, ConsumerState.STOPPED);
	}

	private void register(String name, List<ConsumerProblem> problems, ConsumerState state) {
		this.manager.register(name, 1, new TestWorkerOwner() {

			@Override
			public ConsumerState state() {
				return state;
			}

			@Override
			public List<ConsumerProblem> problems() {
				return problems;
			}

		});
	}

}
