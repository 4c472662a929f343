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

import org.apache.kafka.common.TopicPartition;

/**
 * One call of a handler with one record.
 *
 * @param instance the instance it was in
 * @param partition the partition
 * @param offset the record's offset
 * @param key the record's key, or empty if it has none
 * @param start when it began, in microseconds
 * @param end when it ended, the death of its instance included, or {@link Long#MAX_VALUE}
 * @param outcome the detail of its {@link Entry.Kind#END}, or empty if there is none
 * @param assigned when the instance was given the partition, or
 * {@link Assignment#UNKNOWN}
 */
record Delivery(String instance, TopicPartition partition, long offset, String key, long start, long end,
		String outcome, long assigned) {

	boolean failed() {
		return this.outcome.equals(Entry.FAILED);
	}

	@Override
	public String toString() {
		return this.partition + "@" + this.offset + (this.key.isEmpty() ? "" : " (" + this.key + ")") + " in "
				+ this.instance + " at " + this.start + ((this.end != Long.MAX_VALUE) ? " to " + this.end : "");
	}

}
