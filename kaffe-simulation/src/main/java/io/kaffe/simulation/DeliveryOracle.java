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

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.AssignmentEnd;

/**
 * The oracle of deliveries: a worker handles one record at a time and in order, an
 * instance handles only what is assigned to it, and a graceful history repeats nothing.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class DeliveryOracle {

	/** How long the consumer's thread stands still, at most, before the engine acts. */
	private static final long CONSUMER_PAUSES_NANOS = 300_000_000;

	/** What each worker of each instance handles. */
	private final Map<String, Fact> working = new HashMap<>();

	/** After which end of an assignment of its partition a worker last began. */
	private final Map<String, AssignmentEnd> ends = new HashMap<>();

	private final Simulation simulation;

	private final Journal journal;

	private final DeadLetterOracle deadLetters;

	private final OutageOracle outages;

	private final Violations violations;

	private final ListenerSetup setup;

	private final boolean graceful;

	private long deliveries;

	DeliveryOracle(Simulation simulation, Journal journal, DeadLetterOracle deadLetters, OutageOracle outages,
			Violations violations, Scenario scenario) {
		this.simulation = simulation;
		this.journal = journal;
		this.deadLetters = deadLetters;
		this.outages = outages;
		this.violations = violations;
		this.setup = scenario.service().setup();
		this.graceful = scenario.isGraceful();
	}

	/**
	 * A handler begins with a record.
	 * @param first whether it is the first one of its batch
	 * @param before records of the same batch that may be before it
	 */
	void begins(ServiceInstance instance, ConsumerRecord<?, ?> record, boolean first, List<Fact> before) {
		this.deadLetters.read();
		Fact fact = this.journal.fact(record);
		this.deliveries++;
		fact.deliveries++;
		fact.nacked = false;
		this.simulation
			.record(() -> "handles " + fact + ((fact.deliveries > 1) ? " for the " + fact.deliveries + ". time" : ""));
		if (record.offset() != fact.offset) {
			this.violations.add("%s was handled as offset %d".formatted(fact, record.offset()));
		}
		if (this.setup.isFiltered(fact.number()) || this.setup.isSkipped(fact.number())
				|| this.setup.isUnreadable(fact.number())) {
			this.violations.add("%s is handled although it is filtered, skipped or unreadable".formatted(fact));
		}
		String worker = instance + "/" + worker(instance.service(), fact);
		if (first) {
			this.outages.attempted(instance);
			checkBegin(instance, record, "handled");
			checkLastBegin(instance, fact, worker);
		}
		Fact other = first ? this.working.put(worker, fact) : null;
		boolean alone = isAlone(instance.service(), fact);
		if (other != null && (this.graceful || !alone)) {
			this.violations.add("%s is handled while the same worker, %s, handles %s".formatted(fact, worker, other));
		}
		boolean ordered = !alone && (!instance.service().isKeyed() || this.setup.keys().isOrdered());
		if (isReplayed(record)) {
			this.deadLetters.replayed(fact,
					ordered && instance.isReplayedAlone() && !instance.service().shape().isAcknowledged(), before);
		}
		else if (ordered) {
			checkOrder(instance.service(), fact, before);
		}
		instance.checkBounds();
	}

	/**
	 * Something of the application is called with a record: its partition has to be
	 * assigned, and in a graceful history the record must not be completed, unless it is
	 * replayed.
	 * @param what it does with it
	 */
	void checkBegin(ServiceInstance instance, ConsumerRecord<?, ?> record, String what) {
		Fact fact = this.journal.fact(record);
		checkAssigned(instance, fact, what);
		if (!isReplayed(record)) {
			checkUnfinished(fact, what);
		}
	}

	private static boolean isReplayed(ConsumerRecord<?, ?> record) {
		return DeadLetterOracle.replays(record.headers()) > 0;
	}

	/**
	 * The partition of a record has to be assigned, unless it was lost, or the drain
	 * could not wait for the record.
	 */
	private void checkAssigned(ServiceInstance instance, Fact fact, String what) {
		if (!instance.consumers().isAssigned(fact.partition())) {
			AssignmentEnd end = instance.consumers().lastEnd(fact.partition());
			if (end == null || end.isWithoutOpenWork(instance.service().drainMillis() * 1_000_000L)) {
				this.violations
					.add("%s is %s although its partition is not assigned to %s".formatted(fact, what, instance));
			}
		}
	}

	private void checkUnfinished(Fact fact, String what) {
		if (fact.doneAt >= 0 && this.graceful) {
			this.violations.add(
					"%s is %s again, after it was %s at %.3f ms".formatted(fact, what, fact.doneBy, fact.doneAt / 1e6));
		}
	}

	/**
	 * A worker may begin with one record, with which it was about to, when the assignment
	 * of a partition ends. The engine learns of that a little after the rebalance
	 * listener is called, since the consumer's thread may stand still.
	 */
	private void checkLastBegin(ServiceInstance instance, Fact fact, String worker) {
		AssignmentEnd end = instance.consumers().isAssigned(fact.partition()) ? null
				: instance.consumers().lastEnd(fact.partition());
		if (end == null || (end.isInProgress() && this.simulation.nanoTime() - end.beganAt() < CONSUMER_PAUSES_NANOS)) {
			return;
		}
		if (this.ends.put(worker + " " + fact.partition(), end) == end) {
			this.violations
				.add("%s is handled by a worker, %s, that has begun with another one since its partition was taken away"
					.formatted(fact, worker));
		}
	}

	/**
	 * What is before a record, for the same worker, has been handled. Records that an
	 * unclean election has lost, or that took their place, have no order.
	 */
	private void checkOrder(Scenario.Service service, Fact fact, List<Fact> before) {
		long truncated = this.journal.partition(fact.partition()).truncated();
		if (fact.offset < truncated || this.journal.isGone(fact)) {
			return;
		}
		boolean keyed = service.isKeyed();
		this.journal.forEachRecord(fact.partition(), (earlier) -> {
			if (earlier.offset < fact.offset && earlier.offset >= truncated && !earlier.isOver()
					&& (!keyed || haveSameKey(earlier, fact)) && !before.contains(earlier)
					&& (earlier.nacked || !(service.shape().isAcknowledged() && earlier.deliveries > 0))) {
				this.violations.add("%s is handled before %s".formatted(fact, earlier));
			}
		});
	}

	private boolean haveSameKey(Fact earlier, Fact fact) {
		// One whose key cannot be deserialized is not ordered.
		return earlier.key().equals(fact.key()) && !this.setup.hasUnreadableKey(earlier.number());
	}

	private String worker(Scenario.Service service, Fact fact) {
		return switch (service.strategy()) {
			case WORKER_PER_TOPIC_PARTITION -> fact.partition().toString();
			case WORKER_PER_PARTITION -> String.valueOf(fact.partition().partition());
			case WORKER_PER_KEY -> isAlone(service, fact) ? fact.toString() : fact.key();
			case WORKER_PER_RECORD -> fact.toString();
		};
	}

	/**
	 * Return whether each delivery of a record has a worker of its own: one of a record
	 * that was lost may still run when the record is delivered again.
	 */
	private boolean isAlone(Scenario.Service service, Fact fact) {
		return service.strategy() == StandardWorkerAllocationStrategy.WORKER_PER_RECORD
				|| (service.isKeyed() && (fact.key().equals(World.NO_KEY) || !this.setup.keys().shareWorker()));
	}

	/**
	 * A handler has ended with records.
	 */
	void ends(ServiceInstance instance, List<Fact> handled) {
		if (!handled.isEmpty()) {
			this.working.remove(instance + "/" + worker(instance.service(), handled.get(0)));
		}
	}

	/**
	 * An instance was killed.
	 */
	void killed(ServiceInstance instance) {
		this.working.keySet().removeIf((worker) -> worker.startsWith(instance + "/"));
	}

	long deliveries() {
		return this.deliveries;
	}

}
