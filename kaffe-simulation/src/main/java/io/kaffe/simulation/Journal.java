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
import java.util.TreeMap;
import java.util.function.Consumer;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.AssignmentEnd;
import io.kaffe.spring.test.simulation.kafka.CommitListener;
import io.kaffe.spring.test.simulation.kafka.LogEntry;
import io.kaffe.spring.test.simulation.kafka.PartitionLog;
import io.kaffe.spring.test.simulation.kafka.SimulatedCluster;

/**
 * What happens to each record, and the oracles that look at it as it happens: nothing is
 * committed or reported early or beyond the log, committed offsets lead back only after a
 * seek or a truncation, a worker handles one record at a time and in order, an instance
 * handles only what is assigned to it, and a graceful history repeats nothing.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class Journal implements CommitListener {

	private final Map<Long, Fact> facts = new LinkedHashMap<>();

	private final Map<Long, Fact> entries = new HashMap<>();

	private final Map<TopicPartition, Long> committed = new TreeMap<>(World.ORDER);

	/** To where the committed offset may lead back. */
	private final Map<TopicPartition, Long> back = new HashMap<>();

	/** Whether commits may arrive after later ones. */
	private boolean late;

	/** Up to where all records were found completed at a commit. */
	private final Map<TopicPartition, Long> checked = new HashMap<>();

	/** Where logs ended before an unclean election. */
	private final Map<TopicPartition, Long> truncated = new HashMap<>();

	/** After which end of an assignment of its partition a worker last began. */
	private final Map<String, AssignmentEnd> ends = new HashMap<>();

	/** Where logs ended that were deleted and created again while they were assigned. */
	private final Map<TopicPartition, Long> recreated = new HashMap<>();

	/** What each worker of each instance handles. */
	private final Map<String, Fact> working = new HashMap<>();

	private final Simulation simulation;

	private final SimulatedCluster cluster;

	private final boolean readCommitted;

	/** The settings, and those that are rolled out. */
	private final List<Scenario.Service> versions;

	private final ListenerSetup setup;

	private final boolean graceful;

	private final @Nullable DeadLetterLog deadLetters;

	private long repetitions;

	private long commits;

	private long deliveries;

	private @Nullable ViolationException violation;

	Journal(Simulation simulation, SimulatedCluster cluster, Scenario scenario, boolean graceful) {
		this.simulation = simulation;
		this.cluster = cluster;
		this.readCommitted = scenario.service().readCommitted();
		this.graceful = graceful;
		this.versions = List.of(scenario.service(), scenario.other());
		this.setup = scenario.service().setup();
		this.deadLetters = this.setup.publishesDeadLetters() ? new DeadLetterLog(cluster) : null;
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
	 * (docs/guide/guarantees.md).
	 */
	void stands(Fact fact) {
		this.simulation.record(() -> "produced " + fact);
		LogEntry entry = Objects.requireNonNull(this.cluster.log(fact.partition()).at(fact.offset));
		this.entries.put(entry.id(), fact);
		if (fact.offset < this.committed.getOrDefault(fact.partition(), 0L)
				|| fact.offset < this.recreated.getOrDefault(fact.partition(), 0L) || maySkipUnhandled(fact)) {
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
					&& (this.setup.isUnreadable(fact.number()) || (isKeyed(service)
							&& this.setup.keys() == ListenerSetup.Keys.THROWING && service.maxAttempts() > 0)));
	}

	/**
	 * Read what was published to dead-letter topics since the last time: that completes
	 * records.
	 */
	private void readDeadLetters() {
		if (this.deadLetters != null) {
			this.deadLetters.read(this::published);
		}
	}

	private void published(long number, long offset) {
		Fact fact = Objects.requireNonNull(this.facts.get(number));
		fact.deadLetters++;
		if (offset != fact.offset) {
			violated("%s is dead-lettered as offset %d".formatted(fact, offset));
		}
		if (this.graceful && fact.deadLetters > 1) {
			violated("%s is dead-lettered for the %d. time".formatted(fact, fact.deadLetters));
		}
		if (this.graceful && fact.doneAt >= 0) {
			violated("%s is dead-lettered after it was %s".formatted(fact, fact.doneBy));
		}
		done(fact, "dead-lettered");
	}

	Fact fact(ConsumerRecord<?, ?> record) {
		return Objects.requireNonNull(this.facts.get(Payloads.number(record)));
	}

	private Fact fact(LogEntry entry) {
		return Objects.requireNonNull(this.entries.get(entry.id()));
	}

	/**
	 * A handler begins with a record.
	 * @param first whether it is the first one of its batch
	 * @param before records of the same batch that may be before it
	 */
	void begins(ServiceInstance instance, ConsumerRecord<?, ?> record, boolean first, List<Fact> before) {
		readDeadLetters();
		Fact fact = fact(record);
		this.deliveries++;
		fact.deliveries++;
		this.simulation
			.record(() -> "handles " + fact + ((fact.deliveries > 1) ? " for the " + fact.deliveries + ". time" : ""));
		if (record.offset() != fact.offset) {
			violated("%s was handled as offset %d".formatted(fact, record.offset()));
		}
		if (this.setup.isFiltered(fact.number()) || this.setup.isSkipped(fact.number())
				|| this.setup.isUnreadable(fact.number())) {
			violated("%s is handled although it is filtered, skipped or unreadable".formatted(fact));
		}
		String worker = instance + "/" + worker(instance.service(), fact);
		if (first) {
			checkBegin(instance, fact, "handled");
			checkLastBegin(instance, fact, worker);
		}
		Fact other = first ? this.working.put(worker, fact) : null;
		boolean alone = isAlone(instance.service(), fact);
		if (other != null && (this.graceful || !alone)) {
			violated("%s is handled while the same worker, %s, handles %s".formatted(fact, worker, other));
		}
		if (!alone && (!isKeyed(instance.service()) || this.setup.keys().isOrdered())) {
			checkOrder(instance.service(), fact, before);
		}
		if (fact.doneAt >= 0) {
			this.repetitions++;
		}
		fact.with = instance;
		instance.checkBounds();
	}

	/**
	 * Something of the application is called with a record: its partition has to be
	 * assigned, unless it was lost, or the drain could not wait for the record. And in a
	 * graceful history the record must not be completed.
	 * @param what it does with it
	 */
	void checkBegin(ServiceInstance instance, Fact fact, String what) {
		if (!instance.isAssigned(fact.partition())) {
			AssignmentEnd end = instance.lastEnd(fact.partition());
			if (end == null || end.isWithoutOpenWork(instance.service().drainMillis() * 1_000_000L)) {
				violated("%s is %s although its partition is not assigned to %s".formatted(fact, what, instance));
			}
		}
		if (fact.doneAt >= 0 && this.graceful) {
			violated(
					"%s is %s again, after it was %s at %.3f ms".formatted(fact, what, fact.doneBy, fact.doneAt / 1e6));
		}
	}

	/**
	 * A worker may begin with one record, with which it was about to, when the assignment
	 * of a partition ends.
	 */
	private void checkLastBegin(ServiceInstance instance, Fact fact, String worker) {
		AssignmentEnd end = instance.isAssigned(fact.partition()) ? null : instance.lastEnd(fact.partition());
		if (end != null && this.ends.put(worker + " " + fact.partition(), end) == end) {
			violated("%s is handled by a worker, %s, that has begun with another one since its partition was taken away"
				.formatted(fact, worker));
		}
	}

	/**
	 * Return whether each delivery of a record has a worker of its own: one of a record
	 * that was lost may still run when the record is delivered again.
	 */
	private boolean isAlone(Scenario.Service service, Fact fact) {
		return service.strategy() == StandardWorkerAllocationStrategy.WORKER_PER_RECORD
				|| (isKeyed(service) && (fact.key().equals(World.NO_KEY) || !this.setup.keys().shareWorker()));
	}

	private static boolean isKeyed(Scenario.Service service) {
		return service.strategy() == StandardWorkerAllocationStrategy.WORKER_PER_KEY;
	}

	/**
	 * A handler has ended with records.
	 */
	void ends(ServiceInstance instance, List<Fact> handled) {
		if (!handled.isEmpty()) {
			handled.forEach((fact) -> fact.with = null);
			this.working.remove(instance + "/" + worker(instance.service(), handled.get(0)));
		}
	}

	/**
	 * An instance was killed.
	 */
	void killed(ServiceInstance instance) {
		this.working.keySet().removeIf((worker) -> worker.startsWith(instance + "/"));
		this.facts.values().stream().filter((fact) -> fact.with == instance).forEach((fact) -> fact.with = null);
	}

	/**
	 * A record is completed.
	 */
	void done(Fact fact, String how) {
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
		// A negative interval of the back-off ends the attempts.
		return service.then() == FailureAction.SKIP
				&& (this.setup.oddBackOff() || (service.maxAttempts() > 0 && failed.failures >= service.maxAttempts()));
	}

	/**
	 * The position of a partition is set, and what is before may be passed over.
	 */
	void sought(TopicPartition partition, long from, long to, boolean passing) {
		this.back.merge(partition, to, Math::min);
		if (passing) {
			passOver(partition, from, to);
		}
	}

	/**
	 * Let records be passed over, also those that cannot be read yet.
	 */
	private void passOver(TopicPartition partition, long from, long to) {
		PartitionLog log = this.cluster.findLog(partition);
		for (long offset = from; log != null && offset < to; offset++) {
			LogEntry entry = log.at(offset);
			if (entry != null && !entry.isMarker()) {
				fact(entry).passedOver = true;
			}
		}
	}

	/**
	 * From now on, commits may arrive after later ones.
	 */
	void commitsMayBeLate() {
		this.late = true;
	}

	private boolean mayLeadBack(TopicPartition partition) {
		return this.late || this.back.containsKey(partition);
	}

	/**
	 * An operator skips a record.
	 */
	void skipped(TopicPartition partition, long offset) {
		passOver(partition, offset, offset + 1);
	}

	/**
	 * The log has lost its last records.
	 * @param end where it ended before
	 */
	void truncated(TopicPartition partition, long end) {
		logChanged(partition);
		this.truncated.merge(partition, end, Math::max);
	}

	/**
	 * A topic is deleted, with the committed offsets of its partitions.
	 */
	void deleted(TopicPartition partition) {
		logChanged(partition);
		this.committed.remove(partition);
	}

	/**
	 * A topic that was deleted is created again, while one of its partitions is still
	 * assigned: what stands where there were records before may be taken for these, as
	 * without workers (docs/guide/guarantees.md).
	 * @param end where the log ended before
	 */
	void recreatedWhileAssigned(TopicPartition partition, long end) {
		truncated(partition, end);
		this.recreated.put(partition, this.truncated.getOrDefault(partition, end));
	}

	/**
	 * Return whether members may take a partition for the one that was there before.
	 */
	boolean isRecreatedWhileAssigned(TopicPartition partition) {
		return this.recreated.containsKey(partition);
	}

	/**
	 * A topic that was deleted is created again when none of its partitions is assigned
	 * any more: it begins anew, and nothing leads its committed offsets back.
	 * @param late whether a commit of the one before may still arrive
	 */
	void recreated(TopicPartition partition, boolean late) {
		this.truncated.remove(partition);
		this.recreated.remove(partition);
		if (!late) {
			this.back.remove(partition);
		}
	}

	/**
	 * The log ends, or begins, elsewhere.
	 */
	void logChanged(TopicPartition partition) {
		this.back.put(partition, 0L);
		this.checked.remove(partition);
	}

	@Override
	public void committed(String group, String member, TopicPartition partition, OffsetAndMetadata offset) {
		if (!group.equals(World.GROUP)) {
			return;
		}
		this.commits++;
		readDeadLetters();
		this.simulation.record(() -> "committed " + partition + "@" + offset.offset()
				+ offset.leaderEpoch().map((epoch) -> " of epoch " + epoch).orElse("") + describe(offset));
		PartitionLog log = this.cluster.findLog(partition);
		if (log == null) {
			return;
		}
		long end = log.readableEnd(this.readCommitted);
		if (offset.offset() > end && !mayLeadBack(partition)) {
			violated("%s@%d is committed beyond the end, %d".formatted(partition, offset.offset(), end));
		}
		long from = Math.max(log.logStart(), this.checked.getOrDefault(partition, 0L));
		// What took the place of records that were lost.
		passOver(partition, from, Math.min(offset.offset(), this.truncated.getOrDefault(partition, 0L)));
		for (long each = from; each < Math.min(offset.offset(), end); each++) {
			if (log.isRecord(each, this.readCommitted)) {
				Fact fact = fact(Objects.requireNonNull(log.at(each)));
				if (!fact.isOver()) {
					violated("%s is not completed, and %s@%d is committed".formatted(fact, partition, offset.offset()));
				}
			}
		}
		this.checked.merge(partition, offset.offset(), Math::max);
		checkReported(partition, offset, log, end);
		Long before = this.committed.put(partition, offset.offset());
		if (before != null && offset.offset() < before && !this.late
				&& offset.offset() < this.back.getOrDefault(partition, Long.MAX_VALUE)) {
			violated("The committed offset of %s leads back from %d to %d".formatted(partition, before,
					offset.offset()));
		}
	}

	private void checkReported(TopicPartition partition, OffsetAndMetadata offset, PartitionLog log, long end) {
		CommitMetadata report;
		try {
			report = CommitMetadata.read(offset.metadata(), offset.offset());
		}
		catch (CommitMetadata.UnreadableMetadataException ex) {
			violated("%s@%d has metadata that cannot be read: %s".formatted(partition, offset.offset(), ex));
			return;
		}
		CompletedOffsets reported = report.completed();
		if (reported.isEmpty()) {
			return;
		}
		if (reported.contains(offset.offset())) {
			violated("%s@%d is committed and reported as completed".formatted(partition, offset.offset()));
		}
		if (reported.end() > end && !mayLeadBack(partition)) {
			violated("%s is reported as completed up to %d, beyond the end, %d".formatted(partition, reported.end(),
					end));
		}
		for (long each = offset.offset(); each < Math.min(reported.end(), end); each++) {
			if (reported.contains(each) && log.isRecord(each, this.readCommitted)) {
				LogEntry entry = Objects.requireNonNull(log.at(each));
				Fact fact = fact(entry);
				if (!fact.isOver() && entry.leaderEpoch() <= report.leaderEpoch()) {
					violated("%s is not completed, but reported as such with %s@%d".formatted(fact, partition,
							offset.offset()));
				}
			}
		}
	}

	private static String describe(OffsetAndMetadata offset) {
		try {
			CompletedOffsets reported = CommitMetadata.read(offset.metadata(), offset.offset()).completed();
			return reported.isEmpty() ? "" : " reporting " + reported;
		}
		catch (CommitMetadata.UnreadableMetadataException ex) {
			return " with " + offset.metadata();
		}
	}

	/**
	 * What is before a record, for the same worker, has been handled. Records that an
	 * unclean election has lost, or that took their place, have no order.
	 */
	private void checkOrder(Scenario.Service service, Fact fact, List<Fact> before) {
		if (fact.offset < this.truncated.getOrDefault(fact.partition(), 0L) || isGone(fact)) {
			return;
		}
		boolean keyed = isKeyed(service);
		forEachRecord(fact.partition(), (earlier) -> {
			if (earlier.offset < fact.offset && !earlier.isOver() && (!keyed || haveSameKey(earlier, fact))
					&& !before.contains(earlier) && !(service.shape().isAcknowledged() && earlier.deliveries > 0)) {
				violated("%s is handled before %s".formatted(fact, earlier));
			}
		});
	}

	/**
	 * Return whether a record stands in the log no more.
	 */
	private boolean isGone(Fact fact) {
		PartitionLog log = this.cluster.findLog(fact.partition());
		LogEntry entry = (log != null) ? log.at(fact.offset) : null;
		return entry == null || this.entries.get(entry.id()) != fact;
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

	private void forEachRecord(TopicPartition partition, Consumer<Fact> action) {
		PartitionLog log = this.cluster.findLog(partition);
		if (log != null) {
			log.forEachRecord(this.readCommitted, (entry) -> action.accept(fact(entry)));
		}
	}

	/**
	 * Return what is in the logs and not completed.
	 */
	List<Fact> unfinished() {
		readDeadLetters();
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

	/**
	 * Return the partitions whose committed offset is not where their records end.
	 */
	List<TopicPartition> behind() {
		List<TopicPartition> behind = new ArrayList<>();
		for (String topic : World.TOPICS) {
			for (int number = 0; number < this.cluster.partitions(topic); number++) {
				TopicPartition partition = new TopicPartition(topic, number);
				OffsetAndMetadata offset = this.cluster.committed(World.GROUP, partition);
				long end = this.cluster.log(partition).readableEnd(this.readCommitted);
				if (((offset != null) ? offset.offset() : 0) < lastRecord(partition, end)) {
					behind.add(partition);
				}
			}
		}
		return behind;
	}

	/**
	 * Return the offset after the last record, to where a commit comes in any case.
	 */
	private long lastRecord(TopicPartition partition, long end) {
		PartitionLog log = this.cluster.log(partition);
		for (long offset = end - 1; offset >= log.logStart(); offset--) {
			if (log.isRecord(offset, this.readCommitted)) {
				return offset + 1;
			}
		}
		return 0;
	}

	void violated(String what) {
		this.simulation.record(() -> "VIOLATION: " + what);
		if (this.violation == null) {
			this.violation = new ViolationException(what);
		}
	}

	/**
	 * Throw the first violation, if there is one.
	 */
	void check() {
		if (this.violation != null) {
			throw this.violation;
		}
	}

	boolean isViolated() {
		return this.violation != null;
	}

	int records() {
		return this.facts.size();
	}

	long repetitions() {
		return this.repetitions;
	}

	long commits() {
		return this.commits;
	}

	long deliveries() {
		return this.deliveries;
	}

}
