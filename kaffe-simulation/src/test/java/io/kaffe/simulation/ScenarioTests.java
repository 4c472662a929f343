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

package io.kaffe.simulation;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.LongStream;

import io.kaffe.simulation.Happening.Kind;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ScenarioTests {

	@Test
	void eachHasFiftyRecordsAndThreeDisturbancesAtLeast() {
		LongStream.range(0, 1000).mapToObj(Scenario::of).forEach((scenario) -> {
			assertThat(scenario.happenings()
				.stream()
				.filter((happening) -> !happening.disturbs())
				.mapToInt(Happening::howMuch)
				.sum()).isGreaterThanOrEqualTo(50);
			assertThat(scenario.happenings().stream().filter(Happening::disturbs)).hasSizeGreaterThanOrEqualTo(3);
		});
	}

	@Test
	void everythingHappens() {
		Set<Kind> seen = EnumSet.noneOf(Kind.class);
		LongStream.range(0, 1000)
			.mapToObj(Scenario::of)
			.forEach((scenario) -> scenario.happenings().forEach((happening) -> seen.add(happening.kind())));
		assertThat(seen).containsExactlyInAnyOrder(Kind.values());
	}

	@Test
	void mostApplicationsArePlainAndEachSetupIsThere() {
		List<ListenerSetup> setups = LongStream.range(0, 1000)
			.mapToObj((seed) -> Scenario.of(seed).service().setup())
			.toList();
		assertThat(setups).filteredOn(Set.of(ListenerSetup.PLAIN, ListenerSetup.PUBLISHING)::contains)
			.hasSizeGreaterThan(500);
		assertThat(setups.stream().map(ListenerSetup::keys)).contains(ListenerSetup.Keys.values());
		assertThat(setups.stream().map(ListenerSetup::unreadable)).contains(ListenerSetup.Unreadable.values());
		List<Predicate<ListenerSetup>> properties = List.of(ListenerSetup::filters, ListenerSetup::intercepts,
				ListenerSetup::wrapsDeserializers, ListenerSetup::publishesDeadLetters, ListenerSetup::oddAnswers,
				ListenerSetup::oddBackOff, ListenerSetup::topicPattern, ListenerSetup::controlsContainer);
		assertThat(properties).allSatisfy((property) -> assertThat(setups).anyMatch(property));
	}

	@Test
	void seedDecides() {
		assertThat(Scenario.of(7)).isEqualTo(Scenario.of(7)).isNotEqualTo(Scenario.of(8));
	}

	@Test
	void someAreGraceful() {
		assertThat(LongStream.range(0, 1000).mapToObj(Scenario::of).filter(Scenario::isGraceful).count()).isBetween(80L,
				400L);
	}

}
