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
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.AcknowledgingMessageListener;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.engine.delivery.Acknowledging;
import io.kaffe.spring.engine.delivery.BatchDelivery;
import io.kaffe.spring.engine.delivery.DeliverySettings;
import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.delivery.Failures;
import io.kaffe.spring.engine.delivery.KeyHashes;
import io.kaffe.spring.engine.delivery.LogContext;
import io.kaffe.spring.engine.delivery.RecordDelivery;
import io.kaffe.spring.engine.offset.BlockedKeys;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.offset.ParkedRecord;
import io.kaffe.spring.engine.offset.ParkedRecords;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.RestartHistory;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.WorkerOwner;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.ConsumerProblem;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A random walk through the life of one instance of a service, by a seed: its consumer
 * polls a steady trickle or a backlog, workers run, handlers succeed, fail, acknowledge
 * late or twice, dead letters are answered late, operators decide, positions are moved
 * back and forth, records cannot be dispatched, partitions are assigned, revoked and
 * lost, commits fail, the consumer stops and starts again, the instance crashes. Some of
 * it happens while a handler is at its record. The session and everything behind it are
 * real; one thread does everything, so that a seed always leads the same way.
 * <p>
 * It is checked all the time that nothing is committed early, that what a commit reports
 * is complete and exists, that an assignment makes one attempt at most at what an earlier
 * one has parked and reports it as long as it is not complete, unless an operator or a
 * seek has it handled anew, that committed offsets go back only with a seek, that a
 * worker handles one record at a time and that the buffer keeps its ceiling; and in the
 * end, when all is quiet, that nothing was lost, everything is committed and nothing is
 * left in any counter.
 */
final class SessionWalk {

	private static final Log logger = LogFactory.getLog(SessionWalk.class);

	private static final int MAX_BUFFERED = 40;

	private static final int SMALL_METADATA = 40;

	private static final int MAX_POLLED = 30;

	private static final List<TopicPartition> PARTITIONS = List.of(new TopicPartition("orders", 0),
			new TopicPartition("orders", 1), new TopicPartition("refunds", 0));

	private final Map<TopicPartition, SimulatedConsumer.Partition> cluster = new LinkedHashMap<>();

	/**
	 * Offsets whose records are completed, however that happened, or skipped on purpose.
	 */
	private final Map<TopicPartition, Set<Long>> done = new HashMap<>();

	/** To where commits may lead back since the consumer was started. */
	private final Map<TopicPartition, Long> sought = new HashMap<>();

	/** Up to where records were polled since a partition was assigned. */
	private final Map<TopicPartition, Long> polledUntil = new HashMap<>();

	private final Map<TopicPartition, Long> lastCommitted = new HashMap<>();

	/** Offsets whose records were not handled at an attempt. */
	private final Map<TopicPartition, Set<Long>> failed = new HashMap<>();

	/**
	 * Of what was parked when a partition was assigned, how often an attempt has failed
	 * since.
	 */
	private final Map<TopicPartition, Map<Long, Integer>> parkedBefore = new HashMap<>();

	private final Set<Object> busy = new HashSet<>();

	private final List<Open> open = new ArrayList<>();

	private final List<Recovery> recoveries = new ArrayList<>();

	private final Set<Object> failingKeys = new HashSet<>();

	private final Random random;

	private final StandardWorkerAllocationStrategy strategy;

	private final Acknowledging acknowledging;

	private final boolean deadLetters;

	private final Duration drainTimeout;

	private final boolean trickle;

	private final boolean mayFailToDispatch;

	private final SeekingListener seeking = new SeekingListener();

	private ManualExecution execution = new ManualExecution();

	private WorkerContainer adopted;

	private SimulatedConsumer consumer;

	private ConsumerSession session;

	private boolean dispatching;

	private boolean calm;

	private int depth;

	private String last = "";

	private @Nullable AssertionError violation;

	/**
	 * Begin a walk.
	 * @param seed decides everything
	 */
	SessionWalk(long seed) {
		this.random = new Random(seed);
		this.strategy = pick(List.of(StandardWorkerAllocationStrategy.values()));
		Acknowledging inOrder = this.strategy.isPerRecord() ? Acknowledging.SINGLE : Acknowledging.CUMULATIVE;
		this.acknowledging = chance(0.3) ? pick(List.of(inOrder, Acknowledging.OUT_OF_ORDER)) : Acknowledging.NONE;
		this.deadLetters = chance(0.5);
		this.drainTimeout = chance(0.5) ? Duration.ZERO : Duration.ofSeconds(20);
		this.trickle = chance(0.5);
		this.mayFailToDispatch = chance(0.3);
		for (TopicPartition partition : PARTITIONS) {
			this.cluster.put(partition, new SimulatedConsumer.Partition());
			this.done.put(partition, new HashSet<>());
			this.failed.put(partition, new HashSet<>());
			this.parkedBefore.put(partition, new HashMap<>());
		}
		this.adopted = adopted();
		this.consumer = new SimulatedConsumer(this.cluster, this::check);
		this.session = this.adopted.session(this.consumer);
	}

	private WorkerContainer adopted() {
		FailurePolicy policy = new FailurePolicy(3, new FixedBackOff(100, Long.MAX_VALUE), null, Set.of(),
				this.deadLetters ? FailureAction.DEAD_LETTER : FailureAction.PARK, Map.of(), this::recover, null, 3);
		ConsumerSettings settings = new ConsumerSettings(this.strategy.configurationName(), this.strategy, null,
				MAX_BUFFERED, 64L << 20, true, Duration.ofMillis(100), this.drainTimeout,
				new BatchDelivery.Limits(500, Duration.ZERO), policy,
				new WorkerOwner.StallLimits(Duration.ofHours(10), null),
				new RestartHistory.Limit(1000, Duration.ofMillis(1)), ConsumerProblem.Severity.WARNING, false);
		RecordDelivery delivery = new RecordDelivery((AcknowledgingMessageListener<Object, Object>) this::handle,
				ListenerType.ACKNOWLEDGING, null, this.acknowledging, false,
				new DeliverySettings("orders", false, policy, null, new LogContext("orders", false), this.execution));
		ContainerProperties properties = new ContainerProperties("orders", "refunds");
		properties.setGroupId("orders");
		WorkerRuntime runtime = this.execution.runtime();
		WorkerContainer container = new WorkerContainer("orders",
				new ContainerFacts(new KafkaMessageListenerContainer<>(consumers(), properties)), settings,
				this.seeking, delivery, null, runtime, new DefaultWorkerManager(runtime), ContainerFixtures.NO_CLIENTS);
		if (chance(0.1)) {
			container.context().metadataLimit().tooLarge(2 * SMALL_METADATA);
		}
		return container;
	}

	/**
	 * Return a factory of consumers that read evicted records.
	 */
	private ConsumerFactory<Object, Object> consumers() {
		return new DefaultKafkaConsumerFactory<>(Map.of()) {

			@Override
			public Consumer<Object, Object> createConsumer(@Nullable String groupId, @Nullable String clientIdPrefix,
					@Nullable String clientIdSuffix, @Nullable Properties properties) {
				return new SimulatedConsumer(SessionWalk.this.cluster, (offsets) -> {
					throw new AssertionError("It commits " + offsets);
				});
			}

		};
	}

	/**
	 * Walk, come to rest, and see what is there.
	 * @param steps how many steps to walk
	 */
	void walk(int steps) {
		try {
			for (int step = 0; step < steps; step++) {
				step();
			}
			comeToRest();
		}
		catch (Throwable ex) {
			throw new AssertionError("after '" + this.last + "': " + ex.getMessage(), ex);
		}
	}

	private void step() {
		switch (this.random.nextInt(22)) {
			case 0, 1, 2 ->
				doing("produce", () -> produce(pick(PARTITIONS), this.trickle ? 1 : 1 + this.random.nextInt(20)));
			case 3, 4, 5, 6 -> doing("poll", this::poll);
			case 7, 8, 9 -> doing("run", () -> run(1 + this.random.nextInt(5)));
			case 10 -> doing("advance", () -> this.execution.advance(Duration.ofMillis(this.random.nextInt(300))));
			case 11, 12 -> doing("answer commit", () -> this.consumer.answer(chance(0.8), chance(0.8)));
			case 13 -> doing("acknowledge", this::acknowledgeOne);
			case 14 -> doing("answer dead letter", this::answerDeadLetter);
			case 15 -> doing("decide", this::decide);
			case 16 -> doing("assign", () -> assign(some(PARTITIONS)));
			case 17 -> unlikely(0.3, "revoke", () -> revoke(some(PARTITIONS)));
			case 18 -> unlikely(0.5, "listener seeks", this::listenerSeeks);
			case 19 -> unlikely(0.1, "operator seeks", this::operatorSeeks);
			case 20 -> unlikely(0.2, "lose", () -> lose(some(PARTITIONS)));
			default -> unlikely(0.1, "stop", chance(0.5) ? this::stop : this::crash);
		}
		assertThat(this.adopted.context().buffer().buffered().records()).as("ceiling of the buffer")
			.isLessThanOrEqualTo(2 * MAX_BUFFERED + PARTITIONS.size());
	}

	private void unlikely(double probability, String what, Runnable action) {
		if (chance(probability)) {
			doing(what, action);
		}
	}

	private void doing(String what, Runnable action) {
		this.last = what;
		logger.debug(what);
		action.run();
		if (this.violation != null) {
			throw this.violation;
		}
	}

	private void produce(TopicPartition partition, int count) {
		SimulatedConsumer.Partition log = log(partition);
		for (int i = 0; i < count; i++) {
			if (chance(0.1)) {
				log.appendGap(chance(0.1) ? 10_000 : 1 + this.random.nextInt(3));
			}
			log.append(new UnsteadyRecord(partition, log.end(), "key" + this.random.nextInt(10)));
		}
	}

	/**
	 * Do what the container does: tick, poll, dispatch.
	 */
	private void poll() {
		this.session.tick();
		Map<TopicPartition, List<ConsumerRecord<Object, Object>>> polled = new LinkedHashMap<>();
		Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
		int left = 1 + this.random.nextInt(MAX_POLLED);
		for (TopicPartition partition : some(PARTITIONS)) {
			if (left > 0 && this.consumer.isFetchable(partition)) {
				List<ConsumerRecord<Object, Object>> records = this.consumer.fetch(partition, left);
				long position = this.consumer.position(partition);
				if (!records.isEmpty()) {
					polled.put(partition, records);
					next.put(partition, new OffsetAndMetadata(position));
					left -= records.size();
				}
			}
		}
		if (!polled.isEmpty()) {
			logger.debug("Polled: " + polled.values()
				.stream()
				.map((records) -> partition(records.get(0)) + "@"
						+ records.stream().map(ConsumerRecord::offset).toList())
				.toList());
			this.dispatching = true;
			this.session.dispatch(new ConsumerRecords<>(polled, next));
			this.dispatching = false;
		}
	}

	private void run(int count) {
		for (int i = 0; i < count; i++) {
			this.execution.runOne();
		}
	}

	private void handle(ConsumerRecord<Object, Object> record, @Nullable Acknowledgment acknowledgment) {
		Object worker = switch (this.strategy) {
			case WORKER_PER_TOPIC_PARTITION -> partition(record);
			case WORKER_PER_PARTITION -> record.partition();
			case WORKER_PER_KEY -> record.key();
			case WORKER_PER_RECORD -> record;
		};
		logger.debug("Handled: " + partition(record) + "@" + record.offset());
		assertThat(this.busy.add(worker)).as("one record at a time: %s", worker).isTrue();
		Map<Long, Integer> parkedBefore = parkedBefore(partition(record));
		try {
			if (!this.calm && this.depth < 2 && chance(0.1)) {
				this.depth++;
				for (int i = this.random.nextInt(4); i >= 0; i--) {
					step();
				}
				this.depth--;
			}
			if (!this.calm && (this.failingKeys.contains(record.key()) || chance(0.05))) {
				Objects.requireNonNull(this.failed.get(partition(record))).add(record.offset());
				Integer attempts = parkedBefore.computeIfPresent(record.offset(), (offset, before) -> before + 1);
				if (attempts != null && attempts > 1) {
					this.violation = new AssertionError("Attempt " + attempts + " at " + partition(record) + "@"
							+ record.offset() + ", which an earlier assignment has parked");
				}
				throw new IllegalStateException("refused");
			}
			if (this.acknowledging == Acknowledging.NONE) {
				done(record);
			}
			else if (!this.calm && this.acknowledging != Acknowledging.OUT_OF_ORDER && chance(0.1)) {
				Objects.requireNonNull(acknowledgment).nack(Duration.ofMillis(this.random.nextInt(300)));
				return;
			}
			else if (this.calm || chance(0.6)) {
				acknowledge(new Open(record, Objects.requireNonNull(acknowledgment)));
			}
			else {
				this.open.add(new Open(record, Objects.requireNonNull(acknowledgment)));
			}
			if (!this.calm && this.acknowledging != Acknowledging.NONE && chance(0.05)) {
				throw new IllegalStateException("failed after it was acknowledged, or will be");
			}
		}
		finally {
			this.busy.remove(worker);
		}
	}

	private void acknowledge(Open open) {
		done(open.record());
		if (this.acknowledging == Acknowledging.CUMULATIVE) {
			this.open.stream()
				.map(Open::record)
				.filter((record) -> isBefore(record, open.record()))
				.forEach(this::done);
		}
		open.acknowledgment().acknowledge();
		if (chance(0.1)) {
			open.acknowledgment().acknowledge();
		}
	}

	private static boolean isBefore(ConsumerRecord<?, ?> record, ConsumerRecord<?, ?> other) {
		return record.offset() < other.offset() && partition(record).equals(partition(other));
	}

	private void acknowledgeOne() {
		if (!this.open.isEmpty()) {
			acknowledge(this.open.remove(this.random.nextInt(this.open.size())));
		}
		if (chance(0.2)) {
			String key = "key" + this.random.nextInt(10);
			if (!this.failingKeys.remove(key)) {
				this.failingKeys.add(key);
			}
		}
	}

	private @Nullable CompletableFuture<?> recover(ConsumerRecord<?, ?> record, Exception failure) {
		if (this.calm || chance(0.3)) {
			done(record);
			return null;
		}
		if (chance(0.2)) {
			throw new IllegalStateException("The dead letter cannot be sent");
		}
		Recovery recovery = new Recovery(record, new CompletableFuture<>());
		this.recoveries.add(recovery);
		return recovery.outcome();
	}

	private void answerDeadLetter() {
		if (!this.recoveries.isEmpty()) {
			answer(this.recoveries.remove(this.random.nextInt(this.recoveries.size())), chance(0.7));
		}
	}

	private void answer(Recovery recovery, boolean sent) {
		if (sent) {
			done(recovery.record());
			recovery.outcome().complete("sent");
		}
		else {
			recovery.outcome().completeExceptionally(new IllegalStateException("not sent"));
		}
	}

	private void decide() {
		List<FailingRecord> failing = this.adopted.context().delivery().failures().all();
		if (failing.isEmpty()) {
			return;
		}
		FailingRecord record = pick(failing);
		Failures records = this.adopted.context().delivery().failures();
		try {
			switch (this.random.nextInt(3)) {
				case 0 -> {
					if (records.retry(record.partition(), record.offset())) {
						parkedBefore(record.partition()).remove(record.offset());
					}
				}
				case 1 -> records.deadLetter(record.partition(), record.offset());
				default -> {
					if (records.skip(record.partition(), record.offset())) {
						done(record.partition()).add(record.offset());
					}
				}
			}
		}
		catch (IllegalStateException ex) {
			// An operator has decided otherwise.
		}
	}

	private void assign(Collection<TopicPartition> wanted) {
		List<TopicPartition> added = wanted.stream()
			.filter((each) -> !this.consumer.assignment().contains(each))
			.toList();
		this.consumer.take(added);
		for (TopicPartition partition : added) {
			this.polledUntil.remove(partition);
			this.lastCommitted.remove(partition);
			this.parkedBefore.put(partition, parked(partition));
		}
		this.session.assigned(added);
		this.session.positioned(added);
	}

	private void revoke(Collection<TopicPartition> wanted) {
		if (settle()) {
			List<TopicPartition> revoked = wanted.stream().filter(this.consumer.assignment()::contains).toList();
			this.consumer.refuse(!this.calm && chance(0.3));
			this.session.revoked(revoked, () -> {
			});
			this.consumer.refuse(false);
			this.consumer.letGo(revoked);
		}
	}

	/**
	 * See to it that a drain has nothing to wait for, since nobody would end its wait.
	 * @return whether nothing is with a handler
	 */
	private boolean settle() {
		if (!this.drainTimeout.isZero()) {
			if (this.depth > 0) {
				return false;
			}
			while (!this.open.isEmpty()) {
				acknowledge(this.open.remove(0));
			}
			while (!this.recoveries.isEmpty()) {
				answer(this.recoveries.remove(0), true);
			}
		}
		return true;
	}

	private void lose(Collection<TopicPartition> wanted) {
		List<TopicPartition> lost = wanted.stream().filter(this.consumer.assignment()::contains).toList();
		this.session.lost(lost);
		this.consumer.letGo(lost);
	}

	private void stop() {
		if (this.depth == 0 && settle()) {
			this.adopted.stopping(this.consumer, () -> {
			});
			startAnew();
		}
	}

	private void crash() {
		if (this.depth == 0) {
			this.open.clear();
			this.recoveries.clear();
			this.execution = new ManualExecution();
			this.adopted = adopted();
			startAnew();
		}
	}

	private void startAnew() {
		this.seeking.callback = null;
		this.sought.clear();
		this.consumer = new SimulatedConsumer(this.cluster, this::check);
		this.session = this.adopted.session(this.consumer);
	}

	private void listenerSeeks() {
		ConsumerSeekAware.ConsumerSeekCallback callback = this.seeking.callback;
		List<TopicPartition> assigned = List
			.copyOf(new TreeSet<>(this.consumer.assignment().stream().map(PARTITIONS::indexOf).toList()))
			.stream()
			.map(PARTITIONS::get)
			.toList();
		if (callback == null || assigned.isEmpty()) {
			return;
		}
		TopicPartition partition = pick(assigned);
		parkedBefore(partition).clear();
		callback.seek(partition.topic(), partition.partition(), (position) -> {
			long end = log(partition).end();
			long target = chance(0.8) ? Math.max(0, position - this.random.nextInt(15))
					: Math.min(end, position + this.random.nextInt(5));
			logger.debug("From " + position + " to " + partition + "@" + target);
			long polled = this.polledUntil.merge(partition, position, Math::max);
			log(partition).offsets()
				.stream()
				.filter((offset) -> offset >= polled && offset < target)
				.forEach(done(partition)::add);
			this.sought.merge(partition, Math.min(position, target), Math::min);
			return target;
		});
	}

	private void operatorSeeks() {
		List<TopicPartition> assigned = PARTITIONS.stream().filter(this.consumer.assignment()::contains).toList();
		if (assigned.isEmpty()) {
			return;
		}
		TopicPartition partition = pick(assigned);
		parkedBefore(partition).clear();
		long target = this.random.nextLong(log(partition).end() + 1);
		log(partition).offsets().headSet(target, false).forEach(done(partition)::add);
		this.sought.merge(partition, target, Math::min);
		this.session.seek(partition, SeekPosition.offset(target))
			.whenComplete((result, failure) -> this.polledUntil.remove(partition));
	}

	/**
	 * Check a commit that is sent. What is wrong must not be taken for a failure of the
	 * consumer.
	 */
	private void check(Map<TopicPartition, OffsetAndMetadata> offsets) {
		try {
			checkNow(offsets);
		}
		catch (AssertionError ex) {
			this.violation = ex;
		}
	}

	private void checkNow(Map<TopicPartition, OffsetAndMetadata> offsets) {
		logger.debug("Commit: " + offsets);
		offsets.forEach((partition, commit) -> {
			Set<Long> done = done(partition);
			Set<Long> records = log(partition).offsets();
			assertThat(records.stream().filter((offset) -> offset < commit.offset() && !done.contains(offset)))
				.as("committed early, with %s@%s", partition, commit.offset())
				.isEmpty();
			ParkedRecords parked = read(commit).parked();
			assertThat(Objects.requireNonNull(this.failed.get(partition))).as("reported as parked")
				.containsAll(parked.all().stream().map(ParkedRecord::offset).toList());
			if (this.adopted.context().metadataLimit().length() > SMALL_METADATA) {
				assertThat(parkedBefore(partition).keySet()
					.stream()
					.filter((offset) -> offset >= commit.offset() && !done.contains(offset))).as("parked before")
					.allMatch((offset) -> parked.at(offset) != null);
			}
			CompletedOffsets reported = read(commit).completed();
			if (!reported.isEmpty()) {
				assertThat(reported.contains(commit.offset())).as("reported at the committed offset").isFalse();
				assertThat(reported.end()).as("reported above the end").isLessThanOrEqualTo(log(partition).end());
				BlockedKeys blocked = read(commit).blocked();
				assertThat(records.stream()
					.filter((offset) -> reported.contains(offset) && !done.contains(offset)
							&& !blocked.isBlocked(KeyHashes.of(log(partition).key(offset)), offset)))
					.as("reported early, with %s@%s", partition, commit.offset())
					.isEmpty();
			}
			Long before = this.lastCommitted.put(partition, commit.offset());
			if (before != null) {
				assertThat(commit.offset()).as("%s leads back", partition)
					.isGreaterThanOrEqualTo(Math.min(before, this.sought.getOrDefault(partition, before)));
			}
		});
	}

	private static CommitMetadata read(OffsetAndMetadata commit) {
		try {
			return CommitMetadata.read(commit.metadata(), commit.offset());
		}
		catch (CommitMetadata.UnreadableMetadataException ex) {
			throw new AssertionError(ex);
		}
	}

	/**
	 * Return the offsets that the last commit reports as parked, without attempts. After
	 * a dispatch that fails, records are read again as by another owner.
	 */
	private Map<Long, Integer> parked(TopicPartition partition) {
		OffsetAndMetadata commit = log(partition).committed();
		Map<Long, Integer> parked = new HashMap<>();
		if (commit != null && !this.mayFailToDispatch) {
			read(commit).parked().all().forEach((record) -> parked.put(record.offset(), 0));
		}
		return parked;
	}

	private Map<Long, Integer> parkedBefore(TopicPartition partition) {
		return Objects.requireNonNull(this.parkedBefore.get(partition));
	}

	private void comeToRest() {
		this.last = "come to rest";
		this.calm = true;
		for (int round = 0; round < 200 && !isAtRest(); round++) {
			this.open.forEach(this::acknowledge);
			this.open.clear();
			this.recoveries.forEach((recovery) -> answer(recovery, true));
			this.recoveries.clear();
			this.adopted.context().delivery().failures().all().forEach((failing) -> {
				try {
					this.adopted.context().delivery().failures().retry(failing.partition(), failing.offset());
				}
				catch (IllegalStateException ex) {
					// Another decision is still to be carried out.
				}
			});
			assign(PARTITIONS);
			this.execution.advance(Duration.ofSeconds(1));
			this.execution.runAll();
			doing("come to rest", () -> {
				this.consumer.answer(true, true);
				poll();
			});
		}
		this.execution.runAll();
		this.cluster.forEach((partition, log) -> {
			assertThat(log.offsets()).as("records of %s that are completed", partition).isSubsetOf(done(partition));
			assertThat(committed(log)).as("committed of %s", partition).isEqualTo(log.end());
		});
		assertThat(this.adopted.context().buffer().buffered()).as("buffered").isEqualTo(new PartitionBuffer.Room(0, 0));
		assertThat(this.adopted.context().workers().inFlight()).as("in flight").isZero();
		assertThat(this.adopted.context().delivery().failures().all()).as("failing").isEmpty();
		assertThat(this.adopted.context().delivery().detachedRecords()).as("open").isEmpty();
		if (!this.mayFailToDispatch) {
			assertThat(this.adopted.context().internalErrors().count()).as("internal errors").isZero();
		}
	}

	private boolean isAtRest() {
		return this.cluster.values().stream().allMatch((log) -> committed(log) == log.end())
				&& this.adopted.context().buffer().buffered().records() == 0;
	}

	private static long committed(SimulatedConsumer.Partition log) {
		OffsetAndMetadata committed = log.committed();
		return (committed != null) ? committed.offset() : 0;
	}

	private void done(ConsumerRecord<?, ?> record) {
		logger.debug("Final: " + partition(record) + "@" + record.offset());
		done(partition(record)).add(record.offset());
	}

	private SimulatedConsumer.Partition log(TopicPartition partition) {
		return Objects.requireNonNull(this.cluster.get(partition));
	}

	private Set<Long> done(TopicPartition partition) {
		return Objects.requireNonNull(this.done.get(partition));
	}

	private static TopicPartition partition(ConsumerRecord<?, ?> record) {
		return new TopicPartition(record.topic(), record.partition());
	}

	private boolean chance(double probability) {
		return this.random.nextDouble() < probability;
	}

	private <T> T pick(List<T> from) {
		return from.get(this.random.nextInt(from.size()));
	}

	private List<TopicPartition> some(List<TopicPartition> from) {
		return from.stream().filter((each) -> chance(0.7)).toList();
	}

	/**
	 * A record that is left open by its listener.
	 */
	private record Open(ConsumerRecord<?, ?> record, Acknowledgment acknowledgment) {
	}

	/**
	 * A dead letter that is not answered yet.
	 */
	private record Recovery(ConsumerRecord<?, ?> record, CompletableFuture<Object> outcome) {
	}

	/**
	 * Remembers by what it can seek.
	 */
	private static final class SeekingListener implements ConsumerSeekAware {

		private @Nullable ConsumerSeekCallback callback;

		@Override
		public void registerSeekCallback(ConsumerSeekCallback callback) {
			this.callback = callback;
		}

	}

	/**
	 * A record whose dispatch may fail at any point at which it is looked at.
	 */
	private final class UnsteadyRecord extends ConsumerRecord<Object, Object> {

		UnsteadyRecord(TopicPartition partition, long offset, Object key) {
			super(partition.topic(), partition.partition(), offset, key, "value");
		}

		@Override
		public int serializedValueSize() {
			if (SessionWalk.this.dispatching && SessionWalk.this.mayFailToDispatch && !SessionWalk.this.calm
					&& chance(0.01)) {
				throw new IllegalStateException("cannot be dispatched");
			}
			return 1;
		}

	}

}
