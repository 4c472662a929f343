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

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

import io.kaffe.simulation.Happening.Kind;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.test.simulation.Carriers;
import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.CommitFault;
import io.kaffe.spring.test.simulation.kafka.SimulatedCluster;
import io.kaffe.spring.test.simulation.kafka.SimulatedConsumer;
import io.kaffe.spring.test.simulation.kafka.SimulatedTransaction;

/**
 * One history: a cluster, instances of a service, what happens to them, and in the end a
 * calm in which everything must come to an end.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class World {

	static final String GROUP = "orders";

	static final List<String> TOPICS = List.of("orders", "refunds");

	static final Comparator<TopicPartition> ORDER = Comparator.comparing(TopicPartition::topic)
		.thenComparingInt(TopicPartition::partition);

	/** How long anything may take once it is calm. */
	static final long PATIENCE = Duration.ofSeconds(120).toNanos();

	private static final long MILLI = 1_000_000;

	/** When even what was under way for long has arrived. */
	private static final long LAST_COMMITS = 250 * MILLI;

	private static final int KEYS = 6;

	private static final int MOST_INSTANCES = 5;

	private final List<ServiceInstance> instances = new ArrayList<>();

	/** Instances whose container is being restarted. */
	private final Set<ServiceInstance> restarting = new HashSet<>();

	private final Set<String> failingKeys = new HashSet<>();

	private final List<SimulatedTransaction> transactions = new ArrayList<>();

	private final Scenario scenario;

	private final Simulation simulation;

	private final SimulatedCluster cluster;

	private final Journal journal;

	private long slowUntil;

	private long noDeadLettersUntil;

	private int hangs;

	private boolean calm;

	World(Scenario scenario, Carriers carriers) {
		this.scenario = scenario;
		this.simulation = Simulation.interleaving(scenario.seed(), carriers);
		this.simulation.slowness(scenario.slowness());
		this.cluster = new SimulatedCluster(this.simulation);
		this.journal = new Journal(this.simulation, this.cluster, scenario, scenario.isGraceful());
		this.cluster.addCommitListener(this.journal);
		this.cluster.coordinator().setConsumerGroupTimes(200 * MILLI, 1000 * MILLI);
	}

	/**
	 * Let the history happen.
	 * @throws ViolationException if it breaks what is promised
	 */
	void run() {
		try {
			this.simulation.run(this::live);
		}
		catch (ViolationException ex) {
			throw ex;
		}
		catch (RuntimeException ex) {
			this.journal.check();
			throw new ViolationException(String.valueOf((ex.getCause() != null) ? ex.getCause() : ex), ex);
		}
	}

	private void live() {
		TOPICS.forEach((topic) -> this.cluster.createTopic(topic, this.scenario.partitions()));
		for (int i = 0; i < this.scenario.instances(); i++) {
			start();
		}
		for (Happening happening : this.scenario.happenings()) {
			long wait = happening.millis() * MILLI - this.simulation.nanoTime();
			if (wait > 0) {
				this.simulation.elapse(wait);
			}
			this.journal.check();
			this.simulation.record(() -> "* " + happening.kind());
			happen(happening);
		}
		comeToRest();
	}

	private void happen(Happening happening) {
		int which = happening.which();
		int howMuch = happening.howMuch();
		switch (happening.kind()) {
			case PRODUCE -> produce(which, howMuch);
			case TRICKLE -> this.simulation.outside().thread("producer", () -> {
				for (int i = 0; i < howMuch; i++) {
					produce(which + i * 7, 1);
					this.simulation.elapse((1 + this.simulation.choose(40)) * MILLI);
				}
			});
			case COMPACT -> {
				TopicPartition partition = partition(which);
				long end = this.cluster.log(partition).logEnd();
				if (end > 1) {
					long from = howMuch % end;
					this.cluster.compact(partition, from, Math.min(end - 1, from + 1 + howMuch % 4));
				}
			}
			case TRANSACTION, ABORTED_TRANSACTION -> transaction(which, howMuch, happening.kind() == Kind.TRANSACTION);
			case RETENTION -> {
				TopicPartition partition = partition(which);
				long end = this.cluster.log(partition).logEnd();
				this.cluster.deleteBefore(partition, howMuch % (end + 1));
				this.journal.logChanged(partition);
			}
			case TRUNCATION -> {
				TopicPartition partition = partition(which);
				long end = this.cluster.log(partition).logEnd();
				this.cluster.truncate(partition, Math.max(0, end - 1 - howMuch % 5));
				this.journal.truncated(partition, end);
			}
			case ELECTION -> this.cluster.electLeader(partition(which));
			case MORE_PARTITIONS -> this.cluster.addPartitions(TOPICS.get(which % TOPICS.size()), 1);
			case RETRY, SKIP, DEAD_LETTER, SEEK, PAUSE_PARTITION, PAUSE, MAX_CONCURRENCY -> operate(happening);
			default -> disturb(happening.kind(), which, howMuch);
		}
	}

	private void disturb(Kind kind, int which, int howMuch) {
		long span = (10 + howMuch % 600) * MILLI;
		switch (kind) {
			case START -> start();
			case FAILING_KEY -> this.failingKeys.add(key(which));
			case MENDED_KEY -> this.failingKeys.remove(key(which));
			case HANG -> {
				this.hangs = 1;
			}
			case SLOW_HANDLERS -> {
				this.slowUntil = this.simulation.nanoTime() + span;
			}
			case NO_DEAD_LETTERS -> {
				this.noDeadLettersUntil = this.simulation.nanoTime() + span;
			}
			case NO_COORDINATOR -> this.cluster.disturbances().coordinatorUnavailable(span);
			case NO_BROKERS -> this.cluster.disturbances().brokersUnavailable(span);
			default -> {
				List<ServiceInstance> up = up();
				if (!up.isEmpty()) {
					disturb(kind, up.get(which % up.size()), which, howMuch, span);
				}
			}
		}
	}

	private void disturb(Kind kind, ServiceInstance instance, int which, int howMuch, long span) {
		switch (kind) {
			case STOP -> {
				if (this.restarting.contains(instance)) {
					return;
				}
				instance.beginStop();
				aside("stop", instance::stop);
			}
			case KILL -> instance.kill();
			case FREEZE -> {
				instance.process().freeze();
				this.simulation.after(span * 3, () -> instance.process().wake());
			}
			case RESTART_CONTAINER -> {
				if (this.restarting.add(instance)) {
					aside("restart", () -> restart(instance));
				}
			}
			case REBALANCE -> this.cluster.disturbances().rebalance(GROUP);
			case EXPIRE, FENCE -> {
				List<String> members = this.cluster.coordinator().members(GROUP);
				if (!members.isEmpty()) {
					String member = members.get(which % members.size());
					if (kind == Kind.FENCE) {
						this.cluster.disturbances().fence(GROUP, member);
					}
					else {
						this.cluster.disturbances().expireSession(GROUP, member);
					}
				}
			}
			case FAIL_COMMITS -> commits(instance, which, howMuch,
					List.of(CommitFault.Kind.RETRIABLE, CommitFault.Kind.REFUSED, CommitFault.Kind.LOST));
			case LOSE_ANSWERS -> commits(instance, which, howMuch, List.of(CommitFault.Kind.ANSWER_LOST));
			case DELAY_COMMITS -> {
				TOPICS.forEach((topic) -> {
					for (int number = 0; number < this.cluster.partitions(topic); number++) {
						this.journal.sought(new TopicPartition(topic, number), 0, 0, false);
					}
				});
				commits(instance, which, howMuch,
						List.of(CommitFault.Kind.LATE, CommitFault.Kind.ANSWER_LATE, CommitFault.Kind.OVERTAKEN));
			}
			case FAIL_FETCHES ->
				anyConsumer(instance, which, (client) -> this.cluster.disturbances().failFetches(client, span));
			case SLOW_FETCHES -> anyConsumer(instance, which, (client) -> {
				this.cluster.disturbances().slowFetches(client, span / 4);
				this.simulation.after(span, () -> this.cluster.disturbances().slowFetches(client, 0));
			});
			case REJECTED_TASKS -> {
				instance.process().reject(true);
				this.simulation.after(span, () -> instance.process().reject(false));
			}
			case CLOCK_JUMP -> instance.process().moveClock(Duration.ofMillis((howMuch - 500) * 100L));
			case LISTENER_SEEKS -> instance.application().seek(which, howMuch);
			default -> throw new IllegalStateException(kind.toString());
		}
	}

	/**
	 * Restart the container of an instance. Another restart meanwhile would start it
	 * before it has stopped.
	 */
	private void restart(ServiceInstance instance) {
		instance.stopContainer();
		// A consumer takes longer to start than it takes the coordinator to hear that the
		// one before has left.
		this.simulation.elapse(5 * MILLI);
		if (instance.isUp()) {
			instance.start();
		}
		this.restarting.remove(instance);
	}

	private void operate(Happening happening) {
		List<ServiceInstance> up = up();
		if (up.isEmpty()) {
			return;
		}
		int which = happening.which();
		ServiceInstance instance = up.get(which % up.size());
		KaffeConsumers operations = instance.engine().operations();
		List<TopicPartition> assigned = instance.assigned();
		switch (happening.kind()) {
			case RETRY, SKIP, DEAD_LETTER -> decide(instance, which, happening.kind());
			case SEEK -> {
				if (!assigned.isEmpty()) {
					TopicPartition partition = assigned.get(which % assigned.size());
					long target = happening.howMuch() % (this.cluster.log(partition).logEnd() + 1);
					this.journal.sought(partition, 0, target, true);
					attempt(() -> operations.seek(GROUP, partition, SeekPosition.offset(target)));
				}
			}
			case PAUSE_PARTITION -> {
				TopicPartition partition = partition(which);
				attempt(() -> operations.pause(GROUP, partition));
				this.simulation.after(happening.howMuch() * MILLI,
						() -> aside("operator", () -> attempt(() -> operations.resume(GROUP, partition))));
			}
			case PAUSE -> {
				operations.pause(GROUP);
				this.simulation.after(happening.howMuch() * MILLI, () -> operations.resume(GROUP));
			}
			default -> operations.setMaxConcurrency(GROUP, 1 + happening.howMuch() % 4);
		}
	}

	private void decide(ServiceInstance instance, int which, Kind kind) {
		KaffeConsumers operations = instance.engine().operations();
		List<FailingRecord> failing = operations.failingRecords(GROUP);
		if (failing.isEmpty()) {
			return;
		}
		FailingRecord record = failing.get(which % failing.size());
		attempt(() -> {
			switch (kind) {
				case RETRY -> operations.retry(GROUP, record.partition(), record.offset());
				case DEAD_LETTER -> operations.deadLetter(GROUP, record.partition(), record.offset());
				default -> {
					// Its worker may go on before this returns.
					this.journal.skipped(record.partition(), record.offset());
					operations.skip(GROUP, record.partition(), record.offset());
				}
			}
		});
	}

	/**
	 * Do what may be refused.
	 */
	private void attempt(Runnable operation) {
		try {
			operation.run();
		}
		catch (IllegalStateException | IllegalArgumentException ex) {
			this.simulation.record(() -> "refused: " + ex.getMessage());
		}
	}

	private void aside(String thread, Runnable task) {
		this.simulation.outside().thread(thread, task);
	}

	private void commits(ServiceInstance instance, int which, int howMuch, List<CommitFault.Kind> kinds) {
		anyConsumer(instance, which, (client) -> this.cluster.disturbances()
			.commits(client, 1 + howMuch % 4, kinds.get(which % kinds.size()), (1 + howMuch % 200) * MILLI));
	}

	private void anyConsumer(ServiceInstance instance, int which, Consumer<String> action) {
		List<SimulatedConsumer<Object, Object>> consumers = instance.consumers();
		if (!consumers.isEmpty()) {
			action.accept(consumers.get(consumers.size() - 1 - which % Math.min(2, consumers.size())).clientId());
		}
	}

	private void produce(int which, int count) {
		for (int i = 0; i < count; i++) {
			produce(partition(which + i * 3), key(which + i * 5));
		}
	}

	private void produce(TopicPartition partition, String key) {
		Fact fact = this.journal.produced(partition, key);
		fact.offset = this.cluster.produce(partition.topic(), partition.partition(), bytes(key),
				bytes(String.valueOf(fact.number())), new RecordHeaders(), this.simulation.instant().toEpochMilli());
		this.journal.stands(fact);
	}

	private void transaction(int which, int howMuch, boolean commits) {
		SimulatedTransaction transaction = this.cluster.beginTransaction();
		this.transactions.add(transaction);
		for (int i = 0; i < 1 + howMuch % 3; i++) {
			TopicPartition partition = partition(which + i);
			Fact fact = this.journal.produced(partition, key(which + i));
			fact.offset = transaction.produce(partition, bytes(fact.key()), bytes(String.valueOf(fact.number())),
					new RecordHeaders());
			this.journal.stands(fact);
		}
		this.simulation.after((1 + howMuch % 300) * MILLI, () -> {
			if (commits) {
				transaction.commit();
			}
			else {
				transaction.abort();
			}
			this.transactions.remove(transaction);
		});
	}

	private void start() {
		if (up().size() < MOST_INSTANCES) {
			ServiceInstance instance = new ServiceInstance(this, this.scenario.service(), this.instances.size());
			this.instances.add(instance);
			this.simulation.record(() -> instance + " is started");
			instance.start();
		}
	}

	/**
	 * End all disturbances, and see that everything comes to its end.
	 */
	private void comeToRest() {
		this.simulation.record(() -> "* calm");
		this.calm = true;
		this.failingKeys.clear();
		this.slowUntil = 0;
		this.hangs = 0;
		this.noDeadLettersUntil = 0;
		this.cluster.disturbances().clear();
		this.instances.forEach((instance) -> {
			instance.process().wake();
			instance.process().reject(false);
		});
		if (up().isEmpty()) {
			start();
		}
		if (this.scenario.service().staticMembers()) {
			// A static leader that restarts misses partitions that were added meanwhile
			// (KIP-814). What restarts has joined by then.
			this.simulation.elapse(LAST_COMMITS);
			this.cluster.disturbances().rebalance(GROUP);
		}
		boolean counts = this.scenario.happenings().stream().noneMatch((each) -> each.kind() == Kind.DELAY_COMMITS);
		if (counts) {
			// What waits to be woken has to be: no new work does it.
			requireRest();
		}
		else {
			this.simulation.elapse(LAST_COMMITS);
		}
		for (String topic : TOPICS) {
			for (int number = 0; number < this.cluster.partitions(topic); number++) {
				produce(new TopicPartition(topic, number), key(number));
			}
		}
		requireRest();
		for (ServiceInstance instance : up()) {
			instance.beginStop();
			instance.stop();
		}
		this.simulation.await(() -> leftAfterTheEnd().isEmpty(), PATIENCE);
		this.journal.check();
		List<String> left = leftAfterTheEnd();
		if (!left.isEmpty()) {
			throw new ViolationException("Left after the end: " + left);
		}
	}

	private void requireRest() {
		if (!awaitRest()) {
			this.journal.check();
			this.simulation.stacks().forEach((stack) -> this.simulation.record(() -> "at " + stack));
			throw new ViolationException("Not at rest after %d s: not completed %s; not committed %s; left %s"
				.formatted(PATIENCE / 1_000_000_000, this.journal.unfinished(), this.journal.behind(), left()));
		}
		this.journal.check();
	}

	private List<String> leftAfterTheEnd() {
		List<String> left = new ArrayList<>();
		for (ServiceInstance instance : this.instances) {
			if (!instance.process().isKilled()) {
				instance.engine().leftovers().forEach((what) -> left.add(instance + ": " + what));
				if (instance.engine().assignments() > 0) {
					left.add(instance + ": partitions");
				}
				if (this.scenario.isGraceful() && instance.engine().internalErrors() > 0) {
					left.add(instance + ": internal errors");
				}
			}
		}
		return left;
	}

	private boolean awaitRest() {
		long end = this.simulation.nanoTime() + PATIENCE;
		for (long pause = 5 * MILLI; this.simulation.nanoTime() < end; pause = Math.min(2 * pause, 160 * MILLI)) {
			if (this.journal.isViolated()) {
				return false;
			}
			up().forEach((instance) -> instance.engine()
				.operations()
				.failingRecords(GROUP)
				.stream()
				.filter((failing) -> failing.state() == FailingRecord.State.PARKED)
				.forEach((failing) -> attempt(
						() -> instance.engine().operations().retry(GROUP, failing.partition(), failing.offset()))));
			if (this.transactions.isEmpty() && this.journal.behind().isEmpty() && this.journal.unfinished().isEmpty()
					&& left().isEmpty()) {
				return true;
			}
			this.simulation.elapse(pause);
		}
		return false;
	}

	private List<String> left() {
		List<String> left = new ArrayList<>();
		up().forEach((instance) -> instance.engine().leftovers().forEach((what) -> left.add(instance + ": " + what)));
		return left;
	}

	private List<ServiceInstance> up() {
		return this.instances.stream().filter(ServiceInstance::isUp).toList();
	}

	private TopicPartition partition(int which) {
		String topic = TOPICS.get(which % TOPICS.size());
		return new TopicPartition(topic, which / TOPICS.size() % this.cluster.partitions(topic));
	}

	private static String key(int which) {
		return "key" + which % KEYS;
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	boolean isCalm() {
		return this.calm;
	}

	boolean isSlow() {
		return this.simulation.nanoTime() < this.slowUntil;
	}

	boolean isFailing(String key) {
		return this.failingKeys.contains(key);
	}

	boolean refusesDeadLetters() {
		return this.simulation.nanoTime() < this.noDeadLettersUntil;
	}

	/**
	 * Return whether the next handler is to hang, once.
	 */
	boolean takesHang() {
		return this.hangs > 0 && this.hangs-- > 0;
	}

	int partitions() {
		int partitions = 0;
		for (String topic : TOPICS) {
			partitions += this.cluster.partitions(topic);
		}
		return partitions;
	}

	Scenario scenario() {
		return this.scenario;
	}

	Simulation simulation() {
		return this.simulation;
	}

	SimulatedCluster cluster() {
		return this.cluster;
	}

	Journal journal() {
		return this.journal;
	}

}
