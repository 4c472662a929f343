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

package io.kaffe.spring.benchmark.contender;

import java.util.concurrent.CountDownLatch;

/**
 * The record that hangs.
 * <p>
 * <b>Threading.</b> Awaited by the thread that measures, entered by the one that handles
 * the record.
 */
final class Stall {

	private final CountDownLatch begun = new CountDownLatch(1);

	private final CountDownLatch end = new CountDownLatch(1);

	private final int partition;

	private final long offset;

	Stall(int partition, long offset) {
		this.partition = partition;
		this.offset = offset;
	}

	/**
	 * Hang, if this is the record.
	 */
	void pass(int partition, long offset) {
		if (offset == this.offset && partition == this.partition) {
			this.begun.countDown();
			Latches.await(this.end);
		}
	}

	boolean hasBegun() {
		return this.begun.getCount() == 0;
	}

}
