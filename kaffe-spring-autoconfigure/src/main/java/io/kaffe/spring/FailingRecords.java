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

package io.kaffe.spring;

import java.util.List;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.table.BulkDecisionSnapshot;
import io.kaffe.spring.table.ConsumerSnapshot;

/**
 * The failing records of one consumer on this instance: those that have failed and are
 * not completed. They are listed, and decided about together.
 * <p>
 * Safe for concurrent use; no method blocks. Methods with a filter by key call
 * {@code toString} of keys.
 */
public interface FailingRecords {

	/**
	 * Return how many records match.
	 * @param filter which records
	 * @return the number, a moment's view
	 */
	int count(FailingRecordFilter filter);

	/**
	 * Return a part of the records that match, sorted by topic, partition and offset.
	 * @param filter which records
	 * @param from how many of them to pass over, 0 or more
	 * @param limit how many to return at most, 0 or more
	 * @return a snapshot
	 * @throws IllegalArgumentException if a number is negative
	 */
	List<FailingRecord> list(FailingRecordFilter filter, int from, int limit);

	/**
	 * Return a part of the records that match as the worker table shows them, those that
	 * have been failing for longest first.
	 * @param filter which records
	 * @param from how many of them to pass over, 0 or more
	 * @param limit how many to return at most, 0 or more
	 * @param showValues whether with keys, values and messages of exceptions, which are
	 * asked for their texts then
	 * @return a snapshot
	 * @throws IllegalArgumentException if a number is negative
	 */
	ConsumerSnapshot.FailingPage describe(FailingRecordFilter filter, int from, int limit, boolean showValues);

	/**
	 * Decide about all records that match now, as one operation. They are decided one
	 * after the other, by topic, partition and offset, at the rate of the request; their
	 * workers carry the decisions out as those about single records, in their order.
	 * Records that fail later, or again, are not decided by this operation. What is no
	 * longer in a state of the filter when it is its turn, or has another decision
	 * pending, is left as it is; so is what is not assigned to this instance any more.
	 * @param request the decision
	 * @return how it has begun; {@link #latestDecision()} says how it goes on
	 * @throws IllegalStateException if more records match than the request allows, if
	 * such an operation of this consumer is running already, or if there is no
	 * {@code KafkaTemplate} to send dead letters with
	 */
	BulkDecisionSnapshot decideAll(BulkDecisionRequest request);

	/**
	 * Return the last operation that {@link #decideAll} began, running or not.
	 * @return a snapshot, which does not show the key of the filter; {@code null} if
	 * there was none since the service was started
	 */
	@Nullable BulkDecisionSnapshot latestDecision();

	/**
	 * Cancel the operation that is running: about no more records is decided. Those that
	 * were decided about are still retried, skipped or dead-lettered.
	 * @return how it ended; {@code null} if none is running
	 */
	@Nullable BulkDecisionSnapshot cancelDecision();

}
