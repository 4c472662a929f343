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

import java.util.concurrent.atomic.AtomicInteger;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Maximum length of the metadata of a commit: the default of the broker's setting
 * {@code offset.metadata.max.bytes}, or less if the broker turns out to have a smaller
 * limit, which no client can query.
 * <p>
 * <b>Threading.</b> Shared by the consumer threads of a container; one atomic number.
 */
final class MetadataLimit {

	private static final Log logger = LogFactory.getLog(MetadataLimit.class);

	private static final int BROKER_DEFAULT = 4096;

	/** Shorter metadata has room for next to nothing. */
	private static final int SMALLEST = 32;

	private final AtomicInteger length;

	private final String consumerName;

	/**
	 * Create a limit.
	 * @param consumerName the consumer's name
	 * @param completedOffsets whether commits have metadata
	 */
	MetadataLimit(String consumerName, boolean completedOffsets) {
		this.consumerName = consumerName;
		this.length = new AtomicInteger(completedOffsets ? BROKER_DEFAULT : 0);
	}

	/**
	 * Return the maximum length; 0 if commits have no metadata.
	 */
	int length() {
		return this.length.get();
	}

	/**
	 * Record that the broker rejected metadata, and allow half of its length from now on.
	 * @param rejected the length of the rejected metadata
	 */
	void tooLarge(int rejected) {
		int lowered = (rejected / 2 >= SMALLEST) ? rejected / 2 : 0;
		int before = this.length.getAndUpdate((current) -> Math.min(current, lowered));
		if (lowered < before) {
			logger.warn("Consumer '" + this.consumerName + "': the broker rejected " + rejected
					+ " bytes of commit metadata (its setting 'offset.metadata.max.bytes'); completed offsets are stored "
					+ "in at most " + lowered + " bytes from now on, so more records may be redelivered after a crash");
		}
	}

}
