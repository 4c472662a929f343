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

package io.kaffe.spring.fault;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.fault.Entry.Kind;

/**
 * A made-up history to try oracles with: each call adds an entry, a millisecond after the
 * one before.
 */
final class Story {

	private static final String TOPIC = "orders";

	private final List<Entry> entries = new ArrayList<>();

	private String topic = TOPIC;

	private String key = "";

	private String thread = "";

	private long now;

	static TopicPartition partition(int partition) {
		return new TopicPartition(TOPIC, partition);
	}

	/**
	 * Continue with another topic from now on.
	 */
	Story inTopic(String topic) {
		this.topic = topic;
		return this;
	}

	/**
	 * Continue with records with a key from now on; without, if it is empty.
	 */
	Story withKey(String key) {
		this.key = key;
		return this;
	}

	/**
	 * Continue with another thread from now on.
	 */
	Story onThread(String thread) {
		this.thread = thread;
		return this;
	}

	Story assigned(String instance, int partition) {
		return add(Kind.ASSIGNED, instance, partition, -1, 0, "");
	}

	/**
	 * Give a partition to another consumer of an instance.
	 */
	Story assignedTo(String consumer, String instance, int partition) {
		this.now += 1000;
		this.entries.add(new Entry(Kind.ASSIGNED, this.now, instance, this.topic, partition, -1, "", consumer, 0, ""));
		return this;
	}

	Story revoked(String instance, int partition) {
		return add(Kind.DRAINED, instance, partition, -1, 0, "").add(Kind.REVOKED, instance, partition, -1, 0, "");
	}

	Story lost(String instance, int partition) {
		return add(Kind.LOST, instance, partition, -1, 0, "");
	}

	Story killed(String instance) {
		return add(Kind.KILLED, instance, -1, -1, 0, "");
	}

	Story outOfTouch(String instance) {
		return add(Kind.OUT_OF_TOUCH, instance, -1, -1, 0, "");
	}

	Story back(String instance) {
		return add(Kind.BACK, instance, -1, -1, 0, "");
	}

	Story moved(int partition, long offset) {
		return add(Kind.MOVED, "scenario", partition, offset, 0, "");
	}

	Story start(String instance, int partition, long offset) {
		return start(instance, partition, offset, 1);
	}

	Story start(String instance, int partition, long offset, int attempt) {
		return add(Kind.START, instance, partition, offset, attempt, "");
	}

	Story end(String instance, int partition, long offset) {
		return end(instance, partition, offset, 1, Entry.HANDLED);
	}

	Story end(String instance, int partition, long offset, int attempt, String outcome) {
		return add(Kind.END, instance, partition, offset, attempt, outcome);
	}

	Story handled(String instance, int partition, long... offsets) {
		for (long offset : offsets) {
			start(instance, partition, offset).end(instance, partition, offset);
		}
		return this;
	}

	Story acknowledged(String instance, int partition, long offset) {
		return add(Kind.ACKNOWLEDGED, instance, partition, offset, 0, "");
	}

	Story committing(String instance, int partition, long offset, String metadata) {
		return add(Kind.COMMITTING, instance, partition, offset, 0, metadata);
	}

	Story confirmed(String instance, int partition, long offset) {
		return add(Kind.COMMITTED, instance, partition, offset, 0, "");
	}

	Story committed(String instance, int partition, long offset) {
		return committing(instance, partition, offset, "").confirmed(instance, partition, offset);
	}

	Story later(long seconds) {
		this.now += seconds * 1_000_000;
		return this;
	}

	private Story add(Kind kind, String instance, int partition, long offset, int attempt, String detail) {
		this.now += 1000;
		boolean ofRecord = kind == Kind.START || kind == Kind.END || kind == Kind.ACKNOWLEDGED;
		this.entries.add(new Entry(kind, this.now, instance, (partition >= 0) ? this.topic : "", partition, offset,
				ofRecord ? this.key : "", ofRecord ? this.thread : instance, attempt, detail));
		return this;
	}

	/**
	 * Return the history, with as many records in partitions 0 and 1.
	 */
	History of(int records) {
		List<Long> offsets = LongStream.range(0, records).boxed().toList();
		return new History(this.entries, Map.of(partition(0), offsets, partition(1), offsets));
	}

}
