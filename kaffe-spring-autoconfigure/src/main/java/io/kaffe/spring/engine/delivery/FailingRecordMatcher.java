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

import java.util.LinkedHashSet;
import java.util.Set;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.FailingRecordFilter;
import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * Whether failing records match a filter. Asks exceptions for their causes, and keys for
 * their texts, which is user code.
 * <p>
 * <b>Threading.</b> Immutable.
 */
final class FailingRecordMatcher {

	private static final int LONGEST_CAUSE_CHAIN = 100;

	private final FailingRecordFilter filter;

	FailingRecordMatcher(FailingRecordFilter filter) {
		this.filter = filter;
	}

	/**
	 * Return whether a record matches.
	 * @param record the record
	 * @param now how it fails now
	 */
	boolean matches(ConsumerRecord<?, ?> record, FailingRecord now) {
		// What calls the user's code comes last.
		return this.filter.states().contains(now.state())
				&& (this.filter.topic() == null || record.topic().equals(this.filter.topic()))
				&& (this.filter.partition() == null || record.partition() == this.filter.partition())
				&& (this.filter.since() == null || !now.since().isBefore(this.filter.since()))
				&& (this.filter.before() == null || now.since().isBefore(this.filter.before()))
				&& hasException(now.failure()) && hasKey(record, now.failure());
	}

	private boolean hasException(Throwable failure) {
		String name = this.filter.exception();
		return name == null
				|| namesOf(failure).stream().anyMatch((each) -> each.equals(name) || withoutPackage(each).equals(name));
	}

	private static String withoutPackage(String name) {
		return name.substring(name.lastIndexOf('.') + 1);
	}

	private boolean hasKey(ConsumerRecord<?, ?> record, Throwable failure) {
		return this.filter.key() == null || this.filter.key().equals(RecordText.of(record, true, failure));
	}

	/**
	 * Return the names of the classes of a failure and its causes, each once, that of the
	 * root cause last unless it is also one of the others.
	 */
	static Set<String> namesOf(Throwable failure) {
		Set<String> names = new LinkedHashSet<>();
		@Nullable Throwable cause = failure;
		for (int depth = 0; cause != null && depth <= LONGEST_CAUSE_CHAIN; depth++) {
			names.add(cause.getClass().getName());
			cause = WorkerRuntime.causeOf(cause);
		}
		return names;
	}

}
