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

import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import io.kaffe.spring.engine.worker.DisplayText;
import io.kaffe.spring.engine.worker.RecentEntries;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.ConsumerSnapshot;

/**
 * What went wrong with a consumer's records, and what was done about it: how often, and
 * the last failed attempts.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; nothing blocks. Workers write, and only when
 * something fails. Exceptions are asked for their messages on the worker, and are not
 * kept.
 */
public final class FailureJournal {

	private static final int SHOWN_FAILURES = 50;

	private final LongAdder failed = new LongAdder();

	private final LongAdder retries = new LongAdder();

	private final LongAdder skipped = new LongAdder();

	private final LongAdder deadLettered = new LongAdder();

	private final RecentEntries<ConsumerSnapshot.Failure> failures = new RecentEntries<>(SHOWN_FAILURES);

	FailureJournal() {
	}

	/**
	 * Note that an attempt failed.
	 * @param action what is done about the record now, as tables show it
	 */
	void failed(Instant at, ConsumerRecord<?, ?> record, int attempt, Throwable failure, String action) {
		this.failed.increment();
		Throwable cause = WorkerRuntime.rootCauseOf(failure);
		this.failures.add(new ConsumerSnapshot.Failure(at, DisplayText.coordinatesOf(record), attempt,
				failure.getClass().getName(), action, DisplayText.messageOf(failure),
				(cause != null) ? cause.getClass().getName() : null,
				(cause != null) ? DisplayText.messageOf(cause) : null));
	}

	void retried() {
		this.retries.increment();
	}

	void skipped() {
		this.skipped.increment();
	}

	void deadLettered() {
		this.deadLettered.increment();
	}

	/**
	 * Return the numbers.
	 * @param handled how many records were finished
	 * @param lateCompletions how many were finished after their assignment had ended
	 * @param commits how many commits the broker confirmed
	 * @param commitFailures how many commits failed
	 * @return all together
	 */
	public ConsumerSnapshot.Counters counters(long handled, long lateCompletions, long commits, long commitFailures) {
		return new ConsumerSnapshot.Counters(handled, this.failed.sum(), this.retries.sum(), this.skipped.sum(),
				this.deadLettered.sum(), lateCompletions, commits, commitFailures);
	}

	/**
	 * Return the last 50 failed attempts.
	 * @param showMessages whether with the messages of exceptions
	 * @return a snapshot, newest first
	 */
	public List<ConsumerSnapshot.Failure> failures(boolean showMessages) {
		List<ConsumerSnapshot.Failure> failures = this.failures.newestFirst();
		return showMessages ? failures : failures.stream().map(ConsumerSnapshot.Failure::withoutMessage).toList();
	}

}
