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
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.LogEntry;
import io.kaffe.spring.test.simulation.kafka.PartitionLog;
import io.kaffe.spring.test.simulation.kafka.SimulatedCluster;

/**
 * What happens to each record: where it stands, by what it is completed, and what lets it
 * be passed over.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class Journal {

	private final Map<Long, Fact> facts = new LinkedHashMap<>();

	private final Map<Long, Fact> entries = new HashMap<>();

	private final Map<TopicPartition, PartitionFact> partitions = new HashMap<>();

	private final Simulation simulation;

	private final SimulatedCluster cluster;

	private final boolean readCommitted;

	/** The settings, and those that are rolled out. */
	private final List<Scenario.Service> versions;

	private final ListenerSetup setup;

	private final boolean once;

	Journal(Simulation simulation, SimulatedCluster cluster, Scenario scenario) {
		this.simulation = simulation;
		this.cluster = cluster;
		this.readCommitted = scenario.service().readCommitted();
		this.versions = List.of(scenario.service(), scenario.other());
		this.setup = scenario.service().setup();
		this.once = scenario.once();
	}

	/**
	 * Enter a record that is about to be produced.
	 * @return the value by which it is found again
	 */
	Fact produced(TopicPartition partition, String key) {
		Fact fact = new Fact(this.facts.size(), partition, key);
		this.facts.put(fact.number(), fact);
		return fact;
	}

	/**
	 * A record stands in its log. If it takes the place of one that was lost by an
	 * unclean election, it may be below the committed offset, as without workers
	 * (docs/guide/guarantees.md), or that one may be noted (docs/guide/once.md).
	 */
	void stands(Fact fact) {
		this.simulation.record(() -> "produced " + fact);
		LogEntry entry = Objects.requireNonNull(this.cluster.log(fact.partition()).at(fact.offset));
		this.entries.put(entry.id(), fact);
		PartitionFact partition = partition(fact.partition());
		if (partition.mayPassOver(fact.offset) || (this.once && fact.offset < partition.truncated())
				|| maySkipUnhandled(fact)) {
			fact.passedOver = true;
		}
	}

	/**
	 * Return whether a record may be skipped before a handler fails with it: since it
	 * cannot be deserialized, or since it may fail for its key.
	 */
	private boolean maySkipUnhandled(Fact fact) {
		return this.versions.stream()
			.anyMatch((service) -> service.then() == FailureAction.SKIP
					&& (this.setup.isUnreadable(fact.number()) || (service.isKeyed()
							&& this.setup.keys() == ListenerSetup.Keys.THROWING && service.maxAttempts() > 0)));
	}

	/**
	 * Return what is known of a partition.
	 */
	PartitionFact partition(TopicPartition partition) {
		return this.partitions.computeIfAbsent(partition, (each) -> new PartitionFact());
	}

	Fact fact(ConsumerRecord<?, ?> record) {
		return fact(Payloads.number(record));
	}

	Fact fact(long number) {
		return Objects.requireNonNull(this.facts.get(number));
	}

	Fact fact(LogEntry entry) {
		return Objects.requireNonNull(this.entries.get(entry.id()));
	}

	/**
	 * Return the record that stands in a log at an offset, or {@code null} if none does.
	 */
	@Nullable Fact at(TopicPartition partition, long offset) {
		PartitionLog log = this.cluster.findLog(partition);
		LogEntry entry = (log != null) ? log.at(offset) : null;
		return (entry != null) ? this.entries.get(entry.id()) : null;
	}

	/**
	 * A record was published to its dead-letter topic.
	 */
	void deadLettered(Fact fact) {
		complete(fact, "dead-lettered");
	}

	/**
	 * A handler, or what is before it, is done with a record, which completes it: if
	 * there is a transaction of the database, when that is committed.
	 */
	void done(Fact fact, String how) {
		DatabaseTransaction.afterCommit(() -> {
			fact.handledAt = this.simulation.nanoTime();
			complete(fact, how);
		});
	}

	private void complete(Fact fact, String how) {
		if (fact.doneAt < 0) {
			fact.doneAt = this.simulation.nanoTime();
			fact.doneBy = how;
		}
		this.simulation.record(() -> how + " " + fact);
	}

	/**
	 * A handler fails with a record, which completes it if it may be skipped then.
	 */
	void failed(Scenario.Service service, Fact fact) {
		this.simulation.record(() -> "fails with " + fact);
		fact.failures++;
		if (isSkippedAfter(service, fact)) {
			fact.passedOver = true;
		}
	}

	/**
	 * A handler wants to have a record again.
	 * @param delivery which delivery of it that is: if another one has begun since, on
	 * another instance, that one counts
	 */
	void nacked(Fact fact, int delivery) {
		this.simulation.record(() -> "nacks " + fact);
		if (fact.deliveries == delivery) {
			fact.nacked = true;
		}
	}

	/**
	 * A batch fails as a whole: the attempts are those of its first record, and all are
	 * skipped after the last one.
	 */
	void failedTogether(Scenario.Service service, List<Fact> batch) {
		Fact first = batch.get(0);
		failed(service, first);
		if (isSkippedAfter(service, first)) {
			batch.forEach((fact) -> fact.passedOver = true);
		}
	}

	private boolean isSkippedAfter(Scenario.Service service, Fact failed) {
		// A negative interval of the back-off ends the attempts. One of the next owner
		// decides about what was parked.
		return service.then() == FailureAction.SKIP && (failed.parked || this.setup.oddBackOff()
				|| (service.maxAttempts() > 0 && failed.failures >= service.maxAttempts()));
	}

	/**
	 * The position of a partition is set, and what is before may be passed over.
	 */
	void sought(TopicPartition partition, long from, long to, boolean passing) {
		partition(partition).sought(to);
		if (passing) {
			passOver(partition, from, to);
		}
	}

	/**
	 * An operator skips a record. If it is replayed, it may be deleted from its log.
	 */
	void skipped(TopicPartition partition, long offset) {
		all().filter((fact) -> fact.offset == offset && fact.partition().equals(partition))
			.forEach((fact) -> fact.passedOver = true);
	}

	/**
	 * An operator has a record retried.
	 */
	void retried(TopicPartition partition, long offset) {
		Fact fact = at(partition, offset);
		if (fact != null) {
			fact.retried = true;
		}
	}

	/**
	 * Let records be passed over, also those that cannot be read yet.
	 */
	void passOver(TopicPartition partition, long from, long to) {
		PartitionLog log = this.cluster.findLog(partition);
		for (long offset = from; log != null && offset < to; offset++) {
			LogEntry entry = log.at(offset);
			if (entry != null && !entry.isMarker()) {
				fact(entry).passedOver = true;
			}
		}
	}

	/**
	 * Return whether a record stands in the log no more.
	 */
	boolean isGone(Fact fact) {
		PartitionLog log = this.cluster.findLog(fact.partition());
		LogEntry entry = (log != null) ? log.at(fact.offset) : null;
		return entry == null || this.entries.get(entry.id()) != fact;
	}

	/**
	 * Return all records that were produced.
	 */
	Stream<Fact> all() {
		return this.facts.values().stream();
	}

	void forEachRecord(TopicPartition partition, Consumer<Fact> action) {
		PartitionLog log = this.cluster.findLog(partition);
		if (log != null) {
			log.forEachRecord(this.readCommitted, (entry) -> action.accept(fact(entry)));
		}
	}

	/**
	 * Return what is in the logs and not completed.
	 */
	List<Fact> unfinished() {
		List<Fact> unfinished = new ArrayList<>();
		for (String topic : World.TOPICS) {
			for (int partition = 0; partition < this.cluster.partitions(topic); partition++) {
				forEachRecord(new TopicPartition(topic, partition), (fact) -> {
					if (!fact.isOver()) {
						unfinished.add(fact);
					}
				});
			}
		}
		return unfinished;
	}

	int records() {
		return this.facts.size();
	}

}
