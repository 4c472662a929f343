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

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import io.kaffe.spring.fault.Entry.Kind;

/**
 * Of what a killed instance has completed, little comes again: what it has completed
 * since its last commit, which with an interval of 100 ms is meant to be the work of 150
 * ms. That is printed for each kill; a busy machine is allowed much more.
 */
final class FewRepeatedAfterKills implements Oracle {

	private static final long MEANT_MICROS = 150_000;

	private static final long RATED_MICROS = 1_000_000;

	private static final int GENEROSITY = 10;

	private static final int FEW = 100;

	@Override
	public List<String> violations(History history) {
		List<String> violations = new ArrayList<>();
		for (Entry kill : history.entries()) {
			if (kill.kind() == Kind.KILLED) {
				long repeated = repeated(history, kill);
				long meant = completedBefore(history, kill, RATED_MICROS) * MEANT_MICROS / RATED_MICROS;
				String found = "killed " + kill.instance() + ": " + repeated + " completed records came again, "
						+ inFlight(history, kill) + " were in flight, 150 ms of its work are " + meant;
				System.out.println("KILL " + found);
				if (repeated > Math.max(FEW, GENEROSITY * meant)) {
					violations.add(found);
				}
			}
		}
		return violations;
	}

	private static long repeated(History history, Entry kill) {
		Set<List<Object>> again = new HashSet<>();
		for (Entry entry : history.entries()) {
			if (entry.isCompletion() && entry.micros() > kill.micros()) {
				again.add(record(entry));
			}
		}
		return history.entries()
			.stream()
			.filter((entry) -> isCompletionBefore(entry, kill))
			.map(FewRepeatedAfterKills::record)
			.distinct()
			.filter(again::contains)
			.count();
	}

	private static long completedBefore(History history, Entry kill, long micros) {
		return history.entries()
			.stream()
			.filter((entry) -> isCompletionBefore(entry, kill) && kill.micros() - entry.micros() < micros)
			.count();
	}

	private static long inFlight(History history, Entry kill) {
		return history.deliveries()
			.stream()
			.filter((delivery) -> delivery.instance().equals(kill.instance()) && delivery.outcome().isEmpty())
			.count();
	}

	private static boolean isCompletionBefore(Entry entry, Entry kill) {
		return entry.isCompletion() && entry.instance().equals(kill.instance()) && entry.micros() <= kill.micros();
	}

	private static List<Object> record(Entry entry) {
		return List.of(entry.topicPartition(), entry.offset());
	}

}
