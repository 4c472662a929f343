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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.kaffe.simulation.Happening.Kind;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;

import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.SimulatedCluster;
import io.kaffe.spring.test.simulation.kafka.SimulatedTransaction;

/**
 * What is produced, and what happens to the logs of the topics: compaction, transactions,
 * retention, elections, more partitions, deleted topics.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class Topics {

	private static final long MILLI = 1_000_000;

	private static final List<String> KEYS = List.of("key0", "key1", "key2", "key3", "key4", World.NO_KEY);

	private final List<SimulatedTransaction> transactions = new ArrayList<>();

	private final World world;

	private int producers;

	private final Simulation simulation;

	private final SimulatedCluster cluster;

	private final Journal journal;

	private final ListenerSetup setup;

	/** How many deleted topics are going to be created again. */
	private int recreations;

	Topics(World world) {
		this.world = world;
		this.simulation = world.simulation();
		this.cluster = world.cluster();
		this.journal = world.journal();
		this.setup = world.scenario().service().setup();
	}

	void happen(Happening happening) {
		int which = happening.which();
		int howMuch = happening.howMuch();
		switch (happening.kind()) {
			case PRODUCE -> produce(which, howMuch);
			case TRICKLE -> {
				this.producers++;
				this.simulation.outside().thread("producer", () -> trickle(which, howMuch));
			}
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
				this.world.losses().deletes(partition, howMuch % (end + 1));
				this.cluster.deleteBefore(partition, howMuch % (end + 1));
				this.journal.partition(partition).logChanged();
			}
			case TRUNCATION -> {
				TopicPartition partition = partition(which);
				long end = this.cluster.log(partition).logEnd();
				this.cluster.truncate(partition, Math.max(0, end - 1 - howMuch % 5));
				this.journal.partition(partition).truncated(end);
			}
			case ELECTION -> this.cluster.electLeader(partition(which));
			case MORE_PARTITIONS -> this.cluster.addPartitions(topic(which), 1);
			case DELETED_TOPIC -> delete(World.TOPICS.get(which % World.TOPICS.size()), howMuch);
			default -> throw new IllegalStateException(happening.kind().toString());
		}
	}

	private void trickle(int which, int count) {
		for (int i = 0; i < count; i++) {
			produce(which + i * 7, 1);
			this.simulation.elapse((1 + this.simulation.choose(40)) * MILLI);
		}
		this.producers--;
	}

	private void produce(int which, int count) {
		for (int i = 0; i < count; i++) {
			produce(partition(which + i * 3), key(which + i * 5));
			if (i >= 3 && this.simulation.choose(30) == 0) {
				// So that a poll may return records of two leader epochs.
				this.cluster.electLeader(partition(which + i * 3));
			}
		}
	}

	private void produce(TopicPartition partition, String key) {
		Fact fact = this.journal.produced(partition, key);
		fact.offset = this.cluster.produce(partition.topic(), partition.partition(), Payloads.key(this.setup, fact),
				Payloads.value(fact), new RecordHeaders(), this.simulation.instant().toEpochMilli());
		this.journal.stands(fact);
	}

	private void transaction(int which, int howMuch, boolean commits) {
		SimulatedTransaction transaction = this.cluster.beginTransaction();
		this.transactions.add(transaction);
		for (int i = 0; i < 1 + howMuch % 3; i++) {
			TopicPartition partition = partition(which + i);
			Fact fact = this.journal.produced(partition, key(which + i));
			fact.offset = transaction.produce(partition, Payloads.key(this.setup, fact), Payloads.value(fact),
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

	/**
	 * Delete a topic, but not the last one, and in most cases create it again.
	 */
	private void delete(String topic, int howMuch) {
		if (!this.cluster.topics().containsAll(World.TOPICS)) {
			return;
		}
		List<TopicPartition> partitions = partitions().stream()
			.filter((partition) -> partition.topic().equals(topic))
			.toList();
		Map<TopicPartition, Long> ends = new LinkedHashMap<>();
		partitions.forEach((partition) -> ends.put(partition, this.cluster.log(partition).logEnd()));
		this.cluster.deleteTopic(topic);
		partitions.forEach((partition) -> this.journal.partition(partition).deleted());
		if (howMuch % 4 > 0) {
			this.recreations++;
			this.simulation.after((howMuch % 4 - 1) * howMuch * MILLI, () -> {
				this.recreations--;
				recreate(topic, ends);
			});
		}
	}

	/**
	 * Create a topic again. If it is still assigned, its records may be taken for those
	 * that were there before, as without workers (docs/guide/guarantees.md).
	 */
	private void recreate(String topic, Map<TopicPartition, Long> ends) {
		boolean assigned = this.world.instances()
			.stream()
			.filter((instance) -> !instance.process().isKilled())
			.flatMap((instance) -> instance.consumers().assigned().stream())
			.anyMatch((partition) -> partition.topic().equals(topic));
		this.simulation.record(() -> topic + " is created again" + (assigned ? ", while it is assigned" : ""));
		this.cluster.createTopic(topic, this.world.scenario().partitions());
		boolean delayed = this.world.scenario()
			.happenings()
			.stream()
			.anyMatch((happening) -> happening.kind() == Kind.DELAY_COMMITS);
		ends.forEach((partition, end) -> {
			if (assigned) {
				this.journal.partition(partition).recreatedWhileAssigned(end);
			}
			else {
				this.journal.partition(partition).recreated(delayed);
			}
		});
	}

	/**
	 * Produce a record to each partition.
	 */
	void produceToAll() {
		for (TopicPartition partition : partitions()) {
			produce(partition, key(partition.partition()));
		}
	}

	/**
	 * Return whether nothing is being produced, no transaction is open, and no topic is
	 * about to be created.
	 */
	boolean areSettled() {
		return this.producers == 0 && this.transactions.isEmpty() && this.recreations == 0;
	}

	/**
	 * Return all partitions that there are now.
	 */
	List<TopicPartition> partitions() {
		List<TopicPartition> partitions = new ArrayList<>();
		for (String topic : World.TOPICS) {
			for (int number = 0; number < this.cluster.partitions(topic); number++) {
				partitions.add(new TopicPartition(topic, number));
			}
		}
		return partitions;
	}

	/**
	 * Return one of the topics that there are now.
	 */
	private String topic(int which) {
		String topic = World.TOPICS.get(which % World.TOPICS.size());
		return (this.cluster.partitions(topic) > 0) ? topic : World.TOPICS.get((which + 1) % World.TOPICS.size());
	}

	TopicPartition partition(int which) {
		String topic = topic(which);
		return new TopicPartition(topic, which / World.TOPICS.size() % this.cluster.partitions(topic));
	}

	static String key(int which) {
		return KEYS.get(which % KEYS.size());
	}

}
