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

package io.kaffe.spring.table;

import java.util.Locale;

/**
 * What a worker is doing.
 */
public enum WorkerState {

	/**
	 * Its queue is empty.
	 */
	IDLE,

	/**
	 * It is handling a record, or is about to.
	 */
	RUNNING,

	/**
	 * It has been with one record for longer than the stall threshold.
	 */
	STALLED,

	/**
	 * It waits before it tries a failed record, or what its listener has not acknowledged
	 * ({@code nack}), again. No thread is held.
	 */
	BACKING_OFF,

	/**
	 * Its record has exhausted its retries and is kept until an operator decides about
	 * it. No thread is held.
	 */
	PARKED,

	/**
	 * It finishes a record of a partition that is being revoked, or was revoked or lost.
	 */
	DRAINING,

	/**
	 * No partition needs it any more.
	 */
	STOPPED;

	@Override
	public String toString() {
		return name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

}
