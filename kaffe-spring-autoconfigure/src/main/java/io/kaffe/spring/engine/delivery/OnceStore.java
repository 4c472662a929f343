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

package io.kaffe.spring.engine.delivery;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import org.apache.kafka.common.Uuid;

import io.kaffe.spring.engine.offset.CompletedOffsets;

/**
 * Notes which records are handled, in the transaction of their handler: both are
 * committed, or none is. No record is noted twice.
 * <p>
 * Of each partition it knows a floor besides: below it, notes are deleted, and no record
 * is noted any more. The floor is raised to committed offsets, a while before the notes
 * below it are deleted. So a record is refused also if its note was deleted meanwhile.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; called by workers and by threads of the
 * engine that may block, never by a consumer thread. Every method waits for the database
 * and throws what that fails with.
 */
public interface OnceStore {

	/**
	 * Run a delivery in a transaction, and note records in it.
	 * @param delivery calls the handler
	 * @param notes called after that, in the transaction: returns what to note, which may
	 * be nothing
	 * @return {@code false} if one of them is noted already or below the floor: then the
	 * transaction was rolled back
	 * @throws Throwable what the delivery throws, after which the transaction was rolled
	 * back; or what the transaction fails with
	 */
	boolean deliver(Call delivery, Supplier<List<Note>> notes) throws Throwable;

	/**
	 * Read what is noted.
	 * @param from of each partition, the smallest offset of interest
	 * @return of each of these partitions, what is noted at or above that offset, and the
	 * floor
	 */
	Map<Partition, Noted> noted(Map<Partition, Long> from);

	/**
	 * Delete the notes of a partition at and above an offset, and lower its floor to that
	 * offset, since its records are to be handled again from there on.
	 * @param partition the partition
	 * @param from the offset
	 */
	void forget(Partition partition, long from);

	/**
	 * Raise the floor of a partition.
	 * @param partition the partition
	 * @param from the floor as the caller knows it
	 * @param to the new floor, a committed offset
	 * @return {@code false} if the floor is another one, which is left as it is
	 */
	boolean raiseFloor(Partition partition, long from, long to);

	/**
	 * Delete the notes of a partition below its floor, in steps of bounded size.
	 * @param partition the partition
	 * @param floor its floor as the caller knows it; if it is another one, nothing is
	 * deleted
	 */
	void deleteBelow(Partition partition, long floor);

	/**
	 * What calls a handler.
	 */
	@FunctionalInterface
	interface Call {

		/**
		 * Call it.
		 * @throws Throwable what it throws
		 */
		void run() throws Throwable;

	}

	/**
	 * A partition whose records are noted for a group.
	 *
	 * @param group the consumer group
	 * @param topic the name of the topic
	 * @param topicId its id; {@link Uuid#ZERO_UUID} if that cannot be known
	 * @param number the number of the partition
	 */
	record Partition(String group, String topic, Uuid topicId, int number) {

	}

	/**
	 * That a record is handled.
	 *
	 * @param partition its partition
	 * @param offset its offset
	 */
	record Note(Partition partition, long offset) {

	}

	/**
	 * What is noted of a partition.
	 *
	 * @param offsets the offsets of records that are handled
	 * @param floor below it, all records are
	 */
	record Noted(CompletedOffsets offsets, long floor) {

		/**
		 * Return whether a record is handled.
		 * @param offset its offset
		 * @return {@code true} if it is noted or below the floor
		 */
		public boolean contains(long offset) {
			return offset < this.floor || this.offsets.contains(offset);
		}

	}

}
