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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * A record that throws while it is dispatched.
 */
final class UndispatchableRecord extends ConsumerRecord<Object, Object> {

	private final int answers;

	boolean undispatchable = true;

	private int asked;

	/**
	 * Create a record.
	 * @param answers how often it tells its size before it throws: the first time, it is
	 * looked whether there is room
	 */
	UndispatchableRecord(TopicPartition partition, long offset, int answers) {
		super(partition.topic(), partition.partition(), offset, "key" + offset, "value");
		this.answers = answers;
	}

	@Override
	public int serializedValueSize() {
		if (this.undispatchable && this.asked++ >= this.answers) {
			throw new IllegalStateException("cannot be dispatched");
		}
		return 1;
	}

}
