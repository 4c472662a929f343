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

import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.engine.delivery.RetryingRecord.Instruction;
import io.kaffe.spring.table.ConsumerSnapshot;

/**
 * The records of a consumer that have failed and are not final.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; nothing blocks. Workers enter and remove
 * their heads; whoever decides about a record only notes what is to be done, and its
 * worker does it.
 */
public final class FailingRecords {

	private static final Comparator<FailingRecord> ORDER = Comparator
		.comparing((FailingRecord record) -> record.partition().topic())
		.thenComparing((record) -> record.partition().partition())
		.thenComparing(FailingRecord::offset);

	private final Set<RetryingRecord> records = ConcurrentHashMap.newKeySet();

	/**
	 * Create a registry without records.
	 */
	public FailingRecords() {
	}

	void add(RetryingRecord record) {
		this.records.add(record);
	}

	void remove(RetryingRecord record) {
		this.records.remove(record);
	}

	/**
	 * Describe all of them.
	 * @return a snapshot, sorted by topic, partition and offset
	 */
	public List<FailingRecord> all() {
		return this.records.stream().map(RetryingRecord::snapshot).sorted(ORDER).toList();
	}

	/**
	 * Return how many there are.
	 * @return the number, a moment's view
	 */
	public int count() {
		return this.records.size();
	}

	/**
	 * Describe those that have failed for longest.
	 * @param limit how many at most
	 * @param showValues whether with keys, values and messages of exceptions, which are
	 * asked for their texts then
	 * @return a snapshot, oldest first
	 */
	public List<ConsumerSnapshot.Failing> oldest(int limit, boolean showValues) {
		return this.records.stream()
			.sorted(Comparator.comparing(RetryingRecord::failingSince)
				.thenComparing((record) -> record.record().topic())
				.thenComparing((record) -> record.record().partition())
				.thenComparing((record) -> record.record().offset()))
			.limit(limit)
			.map((record) -> record.describe(showValues))
			.toList();
	}

	/**
	 * Have a record tried again now, with all its attempts before it.
	 * @param partition where it is
	 * @param offset its offset
	 * @return whether it is failing; if not, nothing happens
	 * @throws IllegalStateException if something else is going to be done about it
	 */
	public boolean retry(TopicPartition partition, long offset) {
		return instruct(partition, offset, Instruction.RETRY);
	}

	/**
	 * Have a record taken for final as it is.
	 * @param partition where it is
	 * @param offset its offset
	 * @return whether it is failing; if not, nothing happens
	 * @throws IllegalStateException if something else is going to be done about it
	 */
	public boolean skip(TopicPartition partition, long offset) {
		return instruct(partition, offset, Instruction.SKIP);
	}

	/**
	 * Have a record sent to the dead-letter topic.
	 * @param partition where it is
	 * @param offset its offset
	 * @return whether it is failing; if not, nothing happens
	 * @throws IllegalStateException if something else is going to be done about it
	 */
	public boolean deadLetter(TopicPartition partition, long offset) {
		return instruct(partition, offset, Instruction.DEAD_LETTER);
	}

	private boolean instruct(TopicPartition partition, long offset, Instruction instruction) {
		boolean found = false;
		for (RetryingRecord record : this.records) {
			if (record.is(partition, offset)) {
				Instruction noted = record.instruct(instruction);
				if (noted != instruction) {
					throw new IllegalStateException("Somebody has decided about " + partition + "@" + offset
							+ " already, which is not done yet: " + noted);
				}
				found = true;
			}
		}
		return found;
	}

}
