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

import java.time.Instant;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import io.kaffe.spring.table.WorkerSnapshot;

/**
 * An attempt to handle a record that failed.
 *
 * @param at when it failed
 * @param record the record
 * @param exception what was thrown
 */
public record RecordFailure(Instant at, ConsumerRecord<?, ?> record, Throwable exception) {

	/**
	 * Return what a table may show: coordinates and type, no user data.
	 * @return the snapshot
	 */
	WorkerSnapshot.LastFailure snapshot() {
		return new WorkerSnapshot.LastFailure(this.at, DisplayText.coordinatesOf(this.record),
				this.exception.getClass().getName());
	}

}
