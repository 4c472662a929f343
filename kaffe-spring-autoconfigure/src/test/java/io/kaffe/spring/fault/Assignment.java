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
 * A partition while an instance has it.
 *
 * @param instance the instance
 * @param partition the partition
 * @param from when it was assigned, in microseconds
 * @param outOfTouch when the instance fell out of touch with its group meanwhile, or
 * {@link Long#MAX_VALUE}
 * @param drained when nothing of it was being handled any more, or it was lost, or the
 * instance died; {@link Long#MAX_VALUE} if none of this happened
 * @param to when it was over, after the last commit
 * @param end how it ended: {@link Entry.Kind#REVOKED}, {@link Entry.Kind#LOST},
 * {@link Entry.Kind#KILLED}, or {@link Entry.Kind#ASSIGNED} if it did not end
 */
record Assignment(String instance, TopicPartition partition, long from, long outOfTouch, long drained, long to,
		Entry.Kind end) {

	/** Before all times. */
	static final long UNKNOWN = Long.MIN_VALUE;

	boolean contains(long micros) {
		return micros >= this.from && micros <= this.to;
	}

}
