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

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.test.simulation.Simulation;

/**
 * The oracle of outages: while a consumer takes failures for an outage, handlers are
 * tried once a probe, and no record counts as exhausted.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class OutageOracle {

	/** How long workers may go on with what they had begun: threads may stand still. */
	private static final long LATE_NANOS = 300_000_000;

	/**
	 * How long a record may be parked after an outage has begun that it is no part of.
	 */
	private static final long PARKED_LATE_NANOS = 150_000_000;

	private final Map<ServiceInstance, Holding> holding = new HashMap<>();

	private final Simulation simulation;

	private final Violations violations;

	OutageOracle(Simulation simulation, Violations violations) {
		this.simulation = simulation;
		this.violations = violations;
	}

	/**
	 * A consumer takes failures for an outage.
	 */
	void began(ServiceInstance instance, ConsumerSnapshot.Outage outage) {
		this.simulation.record(() -> instance + " has an " + outage.message());
		this.holding.put(instance, new Holding(outage.since(), this.simulation.nanoTime(), outage.probes()));
	}

	/**
	 * A handler is called, with a record or a batch.
	 */
	void attempted(ServiceInstance instance) {
		ConsumerSnapshot.Outage outage = instance.engine().outage();
		Holding known = this.holding.get(instance);
		if (outage == null || outage.state().equals("resuming")) {
			this.holding.remove(instance);
		}
		else if (known == null || !known.since.equals(outage.since())) {
			this.holding.put(instance, new Holding(outage.since(), this.simulation.nanoTime(), outage.probes()));
		}
		else if (this.simulation.nanoTime() - known.at > LATE_NANOS) {
			known.attempts++;
			// One that races with the answer of a probe may be let through with it.
			if (known.attempts > 2 * (outage.probes() - known.probes) + 1) {
				this.violations.add("%s has made %d attempts with %d probes in an %s".formatted(instance,
						known.attempts, outage.probes() - known.probes, outage.message()));
			}
		}
	}

	/**
	 * A record is not tried again because it has failed too often.
	 * @param what which one, and what becomes of it
	 */
	void exhausted(ServiceInstance instance, String what) {
		ConsumerSnapshot.Outage outage = instance.engine().outage();
		Holding known = this.holding.get(instance);
		if (outage != null && known != null && known.since.equals(outage.since())
				&& this.simulation.nanoTime() - known.at > PARKED_LATE_NANOS) {
			this.violations.add("%s in an %s".formatted(what, outage.message()));
		}
	}

	/**
	 * A time in which attempts are held back.
	 */
	private static final class Holding {

		private final Instant since;

		private final long at;

		private final int probes;

		private int attempts;

		/**
		 * Create it.
		 * @param since when the outage began
		 * @param at when that was seen, in nanoseconds
		 * @param probes how many probes there were by then
		 */
		Holding(Instant since, long at, int probes) {
			this.since = since;
			this.at = at;
			this.probes = probes;
		}

	}

}
