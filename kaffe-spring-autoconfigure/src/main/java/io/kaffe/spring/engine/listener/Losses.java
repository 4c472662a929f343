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

import io.kaffe.spring.engine.worker.ConsumerObservers;
import io.kaffe.spring.engine.worker.LostRecords;

/**
 * The records of a consumer that were deleted before they were handled.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; observers are called by the reporting
 * thread.
 */
final class Losses {

	private static final Log logger = LogFactory.getLog(Losses.class);

	private final LongAdder count = new LongAdder();

	private final String consumer;

	private final ConsumerObservers observers;

	/**
	 * Create it without losses.
	 * @param consumer the consumer's name
	 * @param observers are notified of losses
	 */
	Losses(String consumer, ConsumerObservers observers) {
		this.consumer = consumer;
		this.observers = observers;
	}

	/**
	 * Report a loss.
	 * @param lost what was lost
	 * @param log where the log begins and ends, as a clause
	 */
	void add(LostRecords lost, String log) {
		this.count.add(lost.count());
		logger.error("Consumer '" + this.consumer + "' has lost records: " + lost.partition() + " from offset "
				+ lost.first() + " to " + lost.last() + " (" + lost.count()
				+ " unfinished offsets) were deleted before " + "they were handled, as its log " + log);
		this.observers.lost(lost);
	}

	/**
	 * Return how many offsets were lost.
	 */
	long count() {
		return this.count.sum();
	}

}
