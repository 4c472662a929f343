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

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * What all partitions of a consumer may have buffered together: polled and not completed.
 * Each has a fair share, and is paused when it has used it up. Since a poll may return
 * more than the buffer can hold, what exceeds one and a half times the whole is not
 * admitted, but for half of each partition's share, or one record: so a partition that
 * has nothing gets its turn, whatever the others hold, and the whole has a ceiling.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; nothing blocks. Consumer threads that
 * dispatch at the same time do not see what the others admit.
 */
final class SharedBuffer {

	private final Set<PartitionAssignment> leftovers = ConcurrentHashMap.newKeySet();

	private final PartitionBuffer.Room whole;

	private final Supplier<Collection<PartitionAssignment>> assignments;

	private volatile PartitionBuffer.Room share;

	/**
	 * Create a buffer.
	 * @param whole what all partitions may have buffered together
	 * @param assignments returns the partitions that are assigned
	 */
	SharedBuffer(PartitionBuffer.Room whole, Supplier<Collection<PartitionAssignment>> assignments) {
		this.whole = whole;
		this.assignments = assignments;
		this.share = whole;
	}

	/**
	 * Return what each partition may have buffered.
	 */
	PartitionBuffer.Room share() {
		return this.share;
	}

	/**
	 * Share anew, since partitions were assigned or revoked.
	 */
	void assignmentChanged() {
		this.share = this.whole.share(this.assignments.get().size());
	}

	/**
	 * Return whether all partitions together have buffered what they may.
	 */
	boolean isFull() {
		return buffered().reaches(this.whole);
	}

	/**
	 * Return whether so much is left of partitions that were revoked, in the queues of
	 * workers that are stuck, that nothing more may be fetched.
	 */
	boolean isOverloaded() {
		this.leftovers.removeIf((assignment) -> !assignment.isWithWorkers());
		return !this.leftovers.isEmpty() && sum(this.leftovers).reaches(this.whole.share(2));
	}

	/**
	 * Record that a partition was revoked. What its workers have not dropped yet counts
	 * as buffered.
	 */
	void left(PartitionAssignment assignment) {
		if (assignment.isWithWorkers()) {
			this.leftovers.add(assignment);
		}
	}

	PartitionBuffer.Room buffered() {
		return sum(this.leftovers).plus(sum(this.assignments.get()));
	}

	/**
	 * Begin to admit what one poll returned.
	 */
	Admission admission() {
		return new Admission(buffered());
	}

	private static PartitionBuffer.Room sum(Collection<PartitionAssignment> assignments) {
		long records = 0;
		long bytes = 0;
		for (PartitionAssignment assignment : assignments) {
			records += assignment.buffer().records();
			bytes += assignment.buffer().bytes();
		}
		return new PartitionBuffer.Room(records, bytes);
	}

	/**
	 * What is admitted of one poll. Belongs to the consumer thread.
	 */
	final class Admission {

		private final PartitionBuffer.Room twice = SharedBuffer.this.whole.plus(SharedBuffer.this.whole);

		private final PartitionBuffer.Room ceiling = SharedBuffer.this.whole.plus(SharedBuffer.this.whole.share(2));

		private PartitionBuffer.Room total;

		private Admission(PartitionBuffer.Room total) {
			this.total = total;
		}

		/**
		 * Return how many of a partition's records are admitted.
		 * @param buffer what the partition has buffered
		 * @param polled what was polled of it, not empty
		 * @return the number of records from the first one on
		 */
		int admit(PartitionBuffer buffer, List<? extends ConsumerRecord<?, ?>> polled) {
			PartitionBuffer.Room present = buffer.room();
			PartitionBuffer.Room entitled = SharedBuffer.this.share.share(2);
			int admitted = 0;
			for (ConsumerRecord<?, ?> record : polled) {
				PartitionBuffer.Room one = PartitionBuffer.Room.of(record);
				PartitionBuffer.Room more = this.total.plus(one);
				boolean fits = more.isWithin(this.ceiling) || present.records() == 0
						|| (present.plus(one).isWithin(entitled) && more.isWithin(this.twice));
				if (!fits) {
					break;
				}
				present = present.plus(one);
				this.total = this.total.plus(one);
				admitted++;
			}
			return admitted;
		}

	}

}
