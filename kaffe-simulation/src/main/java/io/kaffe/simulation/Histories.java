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

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.Carriers;

/**
 * Lets histories happen, one after the other, and shortens those that break a promise.
 * <p>
 * <b>Threading.</b> Used by one thread; one in a virtual machine at a time.
 */
final class Histories {

	private static final int MOST_TRIES = 400;

	private final Carriers carriers;

	Histories(Carriers carriers) {
		this.carriers = carriers;
	}

	/**
	 * Let a history happen.
	 * @param scenario what it is about
	 * @param withStory whether to keep its story
	 */
	Outcome of(Scenario scenario, boolean withStory) {
		World world = new World(scenario, this.carriers);
		if (withStory) {
			world.simulation().keepStory();
		}
		ViolationException violation = null;
		try {
			world.run();
		}
		catch (ViolationException ex) {
			violation = ex;
		}
		return new Outcome(scenario, violation, world.simulation().story(), world.journal().records(),
				world.deliveries().deliveries(), world.commits().commits(), world.simulation().points(),
				world.simulation().nanoTime() / 1_000_000);
	}

	/**
	 * Leave out of a history what it does not need to break a promise.
	 * @param found the history
	 * @return a shorter one that breaks one, too, with its story
	 */
	Outcome shorten(Outcome found) {
		Scenario shortest = found.scenario();
		int tries = 0;
		for (int size = Math.max(1, shortest.happenings().size() / 2); size > 0; size = size / 2) {
			for (int from = 0; from < shortest.happenings().size() && tries < MOST_TRIES;) {
				tries++;
				Scenario shorter = without(shortest, from, size);
				if (of(shorter, false).isViolatedAs(found)) {
					shortest = shorter;
				}
				else {
					from += size;
				}
			}
		}
		for (int index = 0; index < shortest.happenings().size() && tries < MOST_TRIES; index++) {
			for (Scenario smaller = smaller(shortest, index); smaller != null
					&& tries < MOST_TRIES; smaller = smaller(shortest, index)) {
				tries++;
				if (!of(smaller, false).isViolatedAs(found)) {
					break;
				}
				shortest = smaller;
			}
		}
		return of(shortest, true);
	}

	private static Scenario without(Scenario scenario, int from, int size) {
		List<Happening> less = new ArrayList<>(scenario.happenings());
		less.subList(from, Math.min(less.size(), from + size)).clear();
		return scenario.with(less);
	}

	private static @Nullable Scenario smaller(Scenario scenario, int index) {
		Happening happening = scenario.happenings().get(index);
		if (happening.disturbs() || happening.howMuch() <= 1) {
			return null;
		}
		List<Happening> less = new ArrayList<>(scenario.happenings());
		less.set(index,
				new Happening(happening.millis(), happening.kind(), happening.which(), happening.howMuch() / 2));
		return scenario.with(less);
	}

}
