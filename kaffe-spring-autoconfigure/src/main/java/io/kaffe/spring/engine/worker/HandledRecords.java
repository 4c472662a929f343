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

package io.kaffe.spring.engine.worker;

import java.util.Collection;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many records the workers of a consumer have finished. Each worker counts its own,
 * so that finishing a record costs no shared write; what those had that are gone is kept
 * here.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; nothing blocks. A worker leaves the table
 * first and is added here then, and {@link #sum()} looks here first and at the table
 * then: it may miss a worker that goes at this moment, but counts none twice. That it
 * missed one is not seen, since it never returns less than before.
 */
final class HandledRecords {

	private final LongAdder gone = new LongAdder();

	private final AtomicLong highest = new AtomicLong();

	private final Collection<Worker> present;

	/**
	 * Create a count.
	 * @param present a live view of the workers that are there
	 */
	HandledRecords(Collection<Worker> present) {
		this.present = present;
	}

	/**
	 * Keep what a worker has counted. Called once, when it has left the table and runs no
	 * more.
	 */
	void gone(Worker worker) {
		this.gone.add(worker.handled());
	}

	/**
	 * Return the number of all workers, also of those that are gone.
	 */
	long sum() {
		long sum = this.gone.sum();
		for (Worker worker : this.present) {
			sum += worker.handled();
		}
		return this.highest.accumulateAndGet(sum, Math::max);
	}

}
