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
 * How long the metadata of a commit may be: what is configured, or less if the broker's
 * own limit ({@code offset.metadata.max.bytes}), which no client can ask for, turns out
 * to be smaller.
 * <p>
 * <b>Threading.</b> Shared by the consumer threads of a container; one atomic number.
 */
final class MetadataLimit {

	private static final Log logger = LogFactory.getLog(MetadataLimit.class);

	/** Below this, next to nothing can be told. */
	private static final int SMALLEST = 32;

	private final AtomicInteger length;

	private final String consumerName;

	MetadataLimit(String consumerName, int length) {
		this.consumerName = consumerName;
		this.length = new AtomicInteger(length);
	}

	int length() {
		return this.length.get();
	}

	/**
	 * Note that the broker refused metadata, and take half of its length from now on.
	 * @param refused how long it was
	 */
	void tooLarge(int refused) {
		int lowered = (refused / 2 >= SMALLEST) ? refused / 2 : 0;
		int before = this.length.getAndUpdate((current) -> Math.min(current, lowered));
		if (lowered < before) {
			logger.warn("The broker takes less than " + refused + " bytes of commit metadata (its setting "
					+ "'offset.metadata.max.bytes'); '" + this.consumerName + "' tells completed offsets in at most "
					+ lowered + " from now on. More records may be repeated after a crash");
		}
	}

}
