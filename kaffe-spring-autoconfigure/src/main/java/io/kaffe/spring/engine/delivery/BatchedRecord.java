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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * A record of a batch, with the assignment it came from.
 *
 * @param record the record
 * @param source where it came from
 */
record BatchedRecord(ConsumerRecord<?, ?> record, AssignmentHandle source) {

	TopicPartition partition() {
		return new TopicPartition(this.record.topic(), this.record.partition());
	}

	/**
	 * Return whether this is the same record of the log.
	 */
	boolean is(ConsumerRecord<?, ?> other) {
		return this.record.offset() == other.offset() && this.record.partition() == other.partition()
				&& this.record.topic().equals(other.topic());
	}

	/**
	 * Make it final.
	 */
	void complete() {
		this.source.complete(this.record);
	}

	/**
	 * Complete it after it was left open.
	 */
	void acknowledge() {
		this.source.held().acknowledge();
		this.source.complete(this.record);
	}

}
