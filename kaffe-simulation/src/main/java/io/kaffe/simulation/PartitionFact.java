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

package io.kaffe.simulation;

import java.util.ArrayList;
import java.util.List;

import io.kaffe.spring.engine.offset.ParkedRecords;

/**
 * What is known of one partition, besides its records.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class PartitionFact {

	private static final long NEVER = Long.MAX_VALUE;

	/** What is committed; -1: nothing. */
	private long committed = -1;

	/** Up to where all records were found completed at a commit. */
	private long checked;

	/** To where the committed offset may lead back. */
	private long back = NEVER;

	/** Where seeks have led. */
	private final List<Long> sought = new ArrayList<>();

	/** Where the log ended before it lost its last records. */
	private long truncated;

	/**
	 * Where the log ended before it was deleted and created again while it was assigned;
	 * -1: it was not.
	 */
	private long recreated = -1;

	/** What the last commit reports as parked. */
	private ParkedRecords parked = ParkedRecords.NONE;

	/**
	 * The log ends, or begins, elsewhere.
	 */
	void logChanged() {
		this.back = 0;
		this.checked = 0;
	}

	/**
	 * The log has lost its last records.
	 * @param end where it ended before
	 */
	void truncated(long end) {
		logChanged();
		this.truncated = Math.max(this.truncated, end);
	}

	/**
	 * The topic is deleted, with its committed offsets.
	 */
	void deleted() {
		logChanged();
		this.committed = -1;
	}

	/**
	 * The topic that was deleted is created again, while one of its partitions is still
	 * assigned: what stands where there were records before may be taken for these, as
	 * without workers (docs/guide/guarantees.md).
	 * @param end where the log ended before
	 */
	void recreatedWhileAssigned(long end) {
		truncated(end);
		this.recreated = this.truncated;
	}

	/**
	 * The topic that was deleted is created again when none of its partitions is assigned
	 * any more: it begins anew, and nothing leads its committed offsets back.
	 * @param late whether a commit of the one before may still arrive
	 */
	void recreated(boolean late) {
		this.truncated = 0;
		this.recreated = -1;
		if (!late) {
			this.back = NEVER;
		}
	}

	/**
	 * Return whether members may take it for the one that was there before.
	 */
	boolean isRecreatedWhileAssigned() {
		return this.recreated >= 0;
	}

	/**
	 * Return up to where there may be records that took the place of others.
	 */
	long truncated() {
		return this.truncated;
	}

	/**
	 * Return whether members may pass over a record that is produced now.
	 */
	boolean mayPassOver(long offset) {
		return offset < this.committed || mayBeTakenForAnother(offset);
	}

	/**
	 * Return whether members may take a record for one of the topic that was there
	 * before, with which they have done.
	 */
	boolean mayBeTakenForAnother(long offset) {
		return offset < this.recreated;
	}

	/**
	 * The position is set, so that the committed offset may lead back.
	 * @param offset to where
	 */
	void sought(long offset) {
		this.back = Math.min(this.back, offset);
		this.sought.add(offset);
	}

	/**
	 * Return how many seeks want a record to be handled, perhaps once more.
	 */
	int timesSoughtTo(long offset) {
		return (int) this.sought.stream().filter((target) -> target <= offset).count();
	}

	/**
	 * Return whether the committed offset may lead back.
	 */
	boolean mayLeadBack() {
		return this.back < NEVER;
	}

	/**
	 * Return whether the committed offset may lead back to an offset.
	 */
	boolean mayLeadBackTo(long offset) {
		return offset >= this.back;
	}

	/**
	 * Return up to where all records were found completed at a commit.
	 */
	long checked() {
		return this.checked;
	}

	void checked(long offset) {
		this.checked = Math.max(this.checked, offset);
	}

	/**
	 * Records are reported as parked.
	 * @return those that the last commit has reported
	 */
	ParkedRecords parked(ParkedRecords reported) {
		ParkedRecords before = this.parked;
		this.parked = reported;
		return before;
	}

	/**
	 * Return what is committed; -1: nothing.
	 */
	long committed() {
		return this.committed;
	}

	/**
	 * An offset is committed.
	 * @return the one before; -1 if there is none
	 */
	long committed(long offset) {
		long before = this.committed;
		this.committed = offset;
		return before;
	}

}
