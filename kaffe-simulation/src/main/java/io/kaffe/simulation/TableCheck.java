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
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerProblem.Kind;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.PartitionSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.table.WorkerState;
import io.kaffe.spring.test.simulation.kafka.PartitionLog;

/**
 * Looks whether the table and the health of an instance that is at rest tell the truth.
 * <p>
 * <b>Threading.</b> Used by one simulated thread.
 */
final class TableCheck {

	/** What is reported for ten minutes after it has happened. */
	private static final Set<Kind> REMEMBERED = Set.of(Kind.INTERNAL_ERROR);

	private final List<String> wrong = new ArrayList<>();

	private final String name;

	private final Collection<TopicPartition> assigned;

	private final Map<TopicPartition, OffsetAndMetadata> committed;

	private final Predicate<TopicPartition> known;

	private final Predicate<TopicPartition> deleted;

	/**
	 * Create a check.
	 * @param name the name of the instance
	 * @param assigned what is assigned to it
	 * @param committed what its group has committed
	 * @param known whether the client knows what the partition is: not if its topic was
	 * deleted without its notice
	 * @param deleted whether all that was to be read was deleted: then the position, and
	 * the lag, follow when the next poll ends
	 */
	TableCheck(String name, Collection<TopicPartition> assigned, Map<TopicPartition, OffsetAndMetadata> committed,
			Predicate<TopicPartition> known, Predicate<TopicPartition> deleted) {
		this.name = name;
		this.assigned = assigned;
		this.committed = committed;
		this.known = known;
		this.deleted = deleted;
	}

	/**
	 * Return what is wrong.
	 */
	static List<String> wrong(World world, ServiceInstance instance) {
		return new TableCheck(instance.toString(), instance.consumers().assigned(),
				world.cluster().coordinator().committed(World.GROUP),
				(partition) -> world.cluster().findLog(partition) != null
						&& !world.journal().partition(partition).isRecreatedWhileAssigned(),
				(partition) -> isDeleted(world, partition))
			.wrong(instance.engine().table());
	}

	private static boolean isDeleted(World world, TopicPartition partition) {
		PartitionLog log = world.cluster().findLog(partition);
		OffsetAndMetadata committed = world.cluster().committed(World.GROUP, partition);
		return log != null && ((committed != null) ? committed.offset() : 0) < log.logStart();
	}

	/**
	 * Return what is wrong.
	 * @param table what the table shows
	 */
	List<String> wrong(@Nullable ConsumerSnapshot table) {
		if (table == null) {
			this.wrong.add(this.name + " has no table");
			return this.wrong;
		}
		for (ConsumerProblem problem : table.status().problems()) {
			if (!REMEMBERED.contains(problem.kind())) {
				this.wrong.add(this.name + " reports " + problem);
			}
		}
		expect("paused", false, table.status().paused());
		expect("in flight", 0, table.load().inFlight());
		expect("buffered records", 0L, table.load().buffered().records());
		expect("buffered bytes", 0L, table.load().buffered().bytes());
		expect("failing", 0, table.failures().failingCount());
		Set<String> partitions = new TreeSet<>();
		table.partitions().forEach((partition) -> partitions.add(partition.topic() + "-" + partition.partition()));
		Set<String> expected = new TreeSet<>();
		this.assigned.forEach((partition) -> expected.add(partition.toString()));
		expect("partitions", expected, partitions);
		table.partitions().forEach(this::check);
		table.workers().forEach(this::check);
		return this.wrong;
	}

	private void check(PartitionSnapshot snapshot) {
		TopicPartition partition = new TopicPartition(snapshot.topic(), snapshot.partition());
		if (!this.known.test(partition)) {
			return;
		}
		PartitionSnapshot.Offsets offsets = snapshot.offsets();
		OffsetAndMetadata offset = this.committed.get(partition);
		expect(partition + "'s committed offset", (offset != null) ? (Long) offset.offset() : null,
				offsets.committed());
		expect(partition + "'s completed offsets above", 0L, offsets.completedAhead());
		expect(partition + "'s parked records", 0, snapshot.parked());
		expect(partition + "'s oldest unfinished record", null, snapshot.oldestUnfinished());
		expect(partition + "'s pause", null, snapshot.paused());
		Long lag = snapshot.lag().records();
		if (lag != null && lag != 0 && !this.deleted.test(partition)) {
			this.wrong.add("%s shows a lag of %d for %s".formatted(this.name, lag, partition));
		}
	}

	private void check(WorkerSnapshot worker) {
		String name = "worker " + worker.name();
		expect("state of " + name, WorkerState.IDLE, worker.state());
		expect("queue of " + name, 0, worker.queued());
		expect("records of " + name, List.of(), worker.current());
	}

	private void expect(String what, @Nullable Object expected, @Nullable Object shown) {
		if ((expected != null) ? !expected.equals(shown) : shown != null) {
			this.wrong.add("%s shows %s: %s instead of %s".formatted(this.name, what, shown, expected));
		}
	}

}
