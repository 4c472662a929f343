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

import java.util.concurrent.atomic.AtomicBoolean;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;

import io.kaffe.spring.engine.worker.LimitedLog;

/**
 * Logs that records of blocked keys are evicted: of the first such key of each partition
 * assignment, and once for a consumer if its keys have no stable hash. Never names a key.
 * <p>
 * <b>Threading.</b> Safe for concurrent use by the workers that allocate workers.
 */
final class EvictionLog {

	private static final Log logger = LogFactory.getLog(EvictionLog.class);

	private final AtomicBoolean withoutHash = new AtomicBoolean();

	/**
	 * Report that the records of a key are evicted from one on.
	 * @param key the key
	 * @param first whether it is the first key of its partition assignment
	 * @param named what the strategy returned
	 * @param record the record
	 * @param log where to log what may happen in many partitions at once
	 */
	void began(EvictedKey key, boolean first, Object named, ConsumerRecord<?, ?> record, LimitedLog log) {
		if (first) {
			log.log(logger::info, "partitions with blocked keys",
					"Records of " + key.partition() + " from offset " + record.offset()
							+ " on that have a certain key are evicted from memory, since the key is blocked; they are"
							+ " read again when it is free. What else is evicted in this partition is not logged",
					null);
		}
		if (!key.isHashed() && this.withoutHash.compareAndSet(false, true)) {
			log.log(logger::info, "keys without a stable hash",
					"Keys of type " + named.getClass().getName()
							+ " have no stable hash with this worker allocation strategy: commits report unfinished"
							+ " records of blocked keys by their offsets, as many as there is room for",
					null);
		}
	}

}
