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

package io.kaffe.spring.fault;

import java.time.Duration;
import java.util.Random;
import java.util.TreeSet;

import org.assertj.core.api.Assertions;

/**
 * Rounds of one kind of fault, judged by all oracles: some in the short form, as many as
 * there is time for in the long one.
 * <p>
 * The system property {@code fault.minutes} is the length of all scenarios together, 0
 * for the short form; {@code fault.seed} is the seed of each scenario's first round, the
 * next rounds count up from it.
 */
final class FaultScenario {

	private static final int SCENARIOS = 30;

	private static final long MINUTES = Long.getLong("fault.minutes", 0);

	private final String name;

	private final String servers;

	private FaultScenario(String name, String servers) {
		this.name = name;
		this.servers = servers;
	}

	static FaultScenario of(String name, String servers) {
		return new FaultScenario(name, servers);
	}

	/**
	 * Return how many times something is to happen.
	 */
	static int times(int inShortForm, int inLongForm) {
		return (MINUTES > 0) ? inLongForm : inShortForm;
	}

	/**
	 * Run rounds and judge them.
	 * @param shortRounds how many rounds the short form has
	 * @param body the fault, in a round that has neither topics nor instances yet
	 */
	void run(int shortRounds, Body body) {
		run(shortRounds, MINUTES, body);
	}

	private void run(int shortRounds, long minutes, Body body) {
		Long given = Long.getLong("fault.seed");
		long seed = (given != null) ? given : new Random().nextInt(1_000_000);
		long end = System.nanoTime() + Duration.ofMinutes(minutes).toNanos() / SCENARIOS;
		Judgement judgement = new Judgement();
		TreeSet<String> strategies = new TreeSet<>();
		TreeSet<String> protocols = new TreeSet<>();
		int rounds = 0;
		StringBuilder text = new StringBuilder();
		while (rounds < shortRounds || System.nanoTime() - end < 0) {
			try (FaultRound round = new FaultRound(this.servers, seed + rounds)) {
				rounds++;
				Judgement found = judge(round, body);
				strategies.add(round.strategy().configurationName());
				protocols.add(round.protocol().toString());
				judgement.add(found);
				if (!found.isClean()) {
					text.append("\n").append(round).append(" ").append(round.directory()).append(found.text());
					break;
				}
			}
		}
		System.out.println("FAULT " + this.name + " seed=" + seed + " strategy=" + String.join("+", strategies)
				+ " protocol=" + String.join("+", protocols) + " rounds=" + rounds + " " + judgement);
		Assertions.assertThat(text.toString()).as("Violations of " + this.name).isEmpty();
	}

	/**
	 * Run one round, however long the scenarios take together, and judge it.
	 */
	void once(Body body) {
		run(1, 0, body);
	}

	private Judgement judge(FaultRound round, Body body) {
		try {
			body.run(round);
			return round.finish();
		}
		catch (Exception | AssertionError ex) {
			round.keepJournals();
			throw new AssertionError(this.name + " broke down in a round with " + round + ": " + ex + "; see "
					+ round.directory() + round.lastWords(), ex);
		}
	}

	/**
	 * What happens in a round.
	 */
	@FunctionalInterface
	interface Body {

		/**
		 * Bring the fault about.
		 * @param round the round
		 * @throws Exception if the scenario cannot go on
		 */
		void run(FaultRound round) throws Exception;

	}

}
