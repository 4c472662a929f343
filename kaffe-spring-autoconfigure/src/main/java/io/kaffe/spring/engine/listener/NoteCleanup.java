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

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.delivery.OnceDelivery;
import io.kaffe.spring.engine.delivery.OnceStore;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.PartitionSnapshot;

/**
 * Deletes notes about records that are committed. Their partition's floor is raised one
 * interval before: a statement that has not seen the new floor is over by then.
 * <p>
 * <b>Threading.</b> Used by tasks of {@link OnceDelivery#execute} only, one at a time.
 */
final class NoteCleanup {

	private static final Log logger = LogFactory.getLog(NoteCleanup.class);

	private static final Duration INTERVAL = Duration.ofSeconds(10);

	private final Map<PartitionAssignment, Floor> floors = new HashMap<>();

	private final OnceDelivery once;

	private final WorkerRuntime runtime;

	private final LimitedLog log;

	/**
	 * Create a cleanup.
	 * @param once has the notes
	 * @param runtime the time
	 * @param log limits how many failures are logged
	 */
	NoteCleanup(OnceDelivery once, WorkerRuntime runtime, LimitedLog log) {
		this.once = once;
		this.runtime = runtime;
		this.log = log;
	}

	/**
	 * Delete notes of a partition from now on, until its assignment ends.
	 * @param floor the floor that it has
	 * @param from where the assignment begins: an earlier owner may still raise the floor
	 * up to there
	 */
	void begin(PartitionAssignment assignment, OnceStore.Partition partition, long floor, long from) {
		if (this.floors.isEmpty()) {
			scheduleNext();
		}
		this.floors.put(assignment, new Floor(partition, from, floor, from));
	}

	private void scheduleNext() {
		this.runtime.after(INTERVAL, () -> this.once.execute(this::cleanUp));
	}

	private void cleanUp() {
		try {
			this.floors.entrySet().removeIf((each) -> each.getKey().isRevoked() || !cleanUp(each));
		}
		finally {
			if (!this.floors.isEmpty()) {
				scheduleNext();
			}
		}
	}

	/**
	 * Delete what is below the floor, and raise it.
	 * @return {@code false} if another has changed the floor meanwhile
	 */
	private boolean cleanUp(Map.Entry<PartitionAssignment, Floor> each) {
		Floor floor = each.getValue();
		try {
			this.once.store().deleteBelow(floor.partition(), floor.offset());
			long committed = committedUpTo(each.getKey(), floor.from());
			if (committed > floor.offset()) {
				// What is not answered may have been done.
				each.setValue(floor.at(floor.offset(), Math.max(committed, floor.highest())));
				Floor raised = raise(floor, committed);
				if (raised == null) {
					return false;
				}
				each.setValue(raised);
			}
		}
		catch (RuntimeException ex) {
			this.log.log(logger::warn, "failures to delete what is noted",
					"Could not delete what is noted about handled records of " + each.getKey()
							+ " that are committed; it is tried again",
					ex);
		}
		return true;
	}

	/**
	 * Raise a floor.
	 * @return the floor as it is now, or {@code null} if another has changed it
	 */
	private @Nullable Floor raise(Floor floor, long to) {
		OnceStore.Partition partition = floor.partition();
		if (this.once.store().raiseFloor(partition, floor.offset(), to)) {
			return floor.at(to, to);
		}
		OnceStore.Noted found = this.once.store().noted(Map.of(partition, Long.MAX_VALUE)).get(partition);
		long offset = Objects.requireNonNull(found).floor();
		return (offset > floor.offset() && offset <= floor.highest()) ? floor.at(offset, offset) : null;
	}

	/**
	 * Return what is committed and not to be handled again.
	 * @param from where the assignment begins
	 * @return the offset after that; 0 if that is unknown
	 */
	private static long committedUpTo(PartitionAssignment assignment, long from) {
		PartitionSnapshot.Offsets offsets = assignment.snapshot(false).offsets();
		Long completed = offsets.completed();
		Long committed = offsets.committed();
		return (committed != null) ? Math.min(committed, (completed != null) ? completed : from) : 0;
	}

	/**
	 * The floor of a partition as it was set last.
	 *
	 * @param partition the partition
	 * @param from where the assignment begins
	 * @param offset the floor
	 * @param highest up to where it may have been raised without another owner since
	 */
	private record Floor(OnceStore.Partition partition, long from, long offset, long highest) {

		Floor at(long offset, long highest) {
			return new Floor(this.partition, this.from, offset, highest);
		}

	}

}
