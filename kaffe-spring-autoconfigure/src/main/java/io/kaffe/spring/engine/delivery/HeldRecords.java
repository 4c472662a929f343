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

import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The records of an assignment that handlers of batches have left open, for a later
 * record to be made final with them. There are as many as the buffer holds, at most.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; nothing blocks. A record is made final by
 * whoever takes it out.
 */
public final class HeldRecords {

	private final NavigableMap<Long, ConsumerRecord<?, ?>> records = new ConcurrentSkipListMap<>();

	/**
	 * Create a registry without records.
	 */
	public HeldRecords() {
	}

	/**
	 * Keep a record open.
	 */
	void keep(ConsumerRecord<?, ?> record) {
		this.records.put(record.offset(), record);
	}

	/**
	 * Return how many there are, which takes as long as there are many.
	 * @return a moment's view
	 */
	public int size() {
		return this.records.size();
	}

	/**
	 * Make final what is kept open up to an offset. What other workers are at is not
	 * here, so it is left alone.
	 */
	void completeUpTo(long offset, AssignmentHandle source) {
		for (Map.Entry<Long, ConsumerRecord<?, ?>> kept : this.records.headMap(offset, true).entrySet()) {
			if (this.records.remove(kept.getKey(), kept.getValue())) {
				source.complete(kept.getValue());
			}
		}
	}

}
