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

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;

import io.kaffe.spring.engine.delivery.BatchAttempt.BatchedRecord;

/**
 * What is completed of a batch whose listener has returned.
 *
 * @param records the records of the batch
 * @param completed the positions of those that are completed
 * @param keptUpTo up to which offset records are completed that were kept open before
 */
record BatchSettlement(List<BatchedRecord> records, BitSet completed, Map<AssignmentHandle, Long> keptUpTo) {

	boolean isCompleted(int position) {
		return this.completed.get(position);
	}

	/**
	 * Return all records that are completed.
	 */
	List<BatchedRecord> all() {
		List<BatchedRecord> all = new ArrayList<>();
		this.completed.stream().forEach((position) -> all.add(this.records.get(position)));
		this.keptUpTo.forEach((assignment, offset) -> assignment.held()
			.keptUpTo(offset)
			.forEach((record) -> all.add(new BatchedRecord(record, assignment))));
		return all;
	}

}
