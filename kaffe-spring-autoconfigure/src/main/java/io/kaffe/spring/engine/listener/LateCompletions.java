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

import java.util.concurrent.atomic.LongAdder;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;

import io.kaffe.spring.engine.worker.DisplayText;
import io.kaffe.spring.engine.worker.LimitedLog;

/**
 * The records of a consumer that were completed after their assignment had ended. That
 * has no effect: the next owner of the partition is delivered them again.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; nothing blocks.
 */
final class LateCompletions {

	private static final Log logger = LogFactory.getLog(LateCompletions.class);

	private final LongAdder count = new LongAdder();

	private final LimitedLog log;

	/**
	 * Create a count of zero.
	 * @param log limits how many are logged
	 */
	LateCompletions(LimitedLog log) {
		this.log = log;
	}

	/**
	 * Report a completion.
	 * @param record the record
	 * @param assignment describes its assignment
	 */
	void add(ConsumerRecord<?, ?> record, Object assignment) {
		this.count.increment();
		this.log.log(logger::warn, "late completions",
				DisplayText.coordinatesOf(record) + " was completed after " + assignment
						+ " had been revoked; it is not committed, and is redelivered to the partition's next owner",
				null);
	}

	/**
	 * Return how many there were.
	 */
	long count() {
		return this.count.sum();
	}

}
