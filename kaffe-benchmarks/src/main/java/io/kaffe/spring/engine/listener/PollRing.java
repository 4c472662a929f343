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

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;

/**
 * What a consumer polls: always the same records with ever higher offsets, four
 * partitions in each poll. There are many more records than can be in flight, so that
 * those of a poll are most likely complete long before it is their turn again; whoever
 * polls has to make sure.
 * <p>
 * <b>Threading.</b> Belongs to the consumer thread.
 */
final class PollRing {

	static final int POLL = 500;

	static final List<TopicPartition> PARTITIONS = IntStream.range(0, 4)
		.mapToObj((number) -> new TopicPartition(ReplayedRecord.TOPIC, number))
		.toList();

	private static final int POLLS = 128;

	private static final int POLL_OF_PARTITION = POLL / PARTITIONS.size();

	private final List<Poll> polls = new ArrayList<>();

	private long polled;

	PollRing(Supplier<String> keys) {
		for (int number = 0; number < POLLS; number++) {
			this.polls.add(new Poll(keys));
		}
	}

	/**
	 * Return up to where each partition must be complete before {@link #next()}, since
	 * the records of the next poll are those of an earlier one.
	 */
	long neededComplete() {
		return (this.polled - POLLS + 1) * POLL_OF_PARTITION;
	}

	/**
	 * Return the next poll.
	 */
	ConsumerRecords<Object, Object> next() {
		Poll poll = this.polls.get((int) (this.polled % POLLS));
		poll.moveTo(nextOffset());
		this.polled++;
		return poll.records;
	}

	/**
	 * Return the offset of each partition with which the next poll begins.
	 */
	long nextOffset() {
		return this.polled * POLL_OF_PARTITION;
	}

	/**
	 * Make sure that each record was handled as often as it was polled, when all that was
	 * polled is complete.
	 */
	void check() {
		for (int number = 0; number < POLLS; number++) {
			long expected = this.polled / POLLS + ((number < this.polled % POLLS) ? 1 : 0);
			for (ReplayedRecord record : this.polls.get(number).all) {
				if (record.handled() != expected) {
					throw new IllegalStateException("Polled " + expected + " times, handled " + record.handled()
							+ " times: a record of partition " + record.partition());
				}
			}
		}
	}

	/**
	 * The records of one poll.
	 */
	private static final class Poll {

		private final List<ReplayedRecord> all = new ArrayList<>();

		private final ConsumerRecords<Object, Object> records;

		Poll(Supplier<String> keys) {
			Map<TopicPartition, List<ConsumerRecord<Object, Object>>> polled = new HashMap<>();
			for (TopicPartition partition : PARTITIONS) {
				List<ConsumerRecord<Object, Object>> records = new ArrayList<>();
				for (int number = 0; number < POLL_OF_PARTITION; number++) {
					ReplayedRecord record = new ReplayedRecord(partition.partition(), keys.get());
					this.all.add(record);
					records.add(record);
				}
				polled.put(partition, records);
			}
			this.records = new ConsumerRecords<>(polled, Map.of());
		}

		private void moveTo(long first) {
			int number = 0;
			for (ReplayedRecord record : this.all) {
				record.moveTo(first + number);
				number = (number + 1 < POLL_OF_PARTITION) ? number + 1 : 0;
			}
		}

	}

}
