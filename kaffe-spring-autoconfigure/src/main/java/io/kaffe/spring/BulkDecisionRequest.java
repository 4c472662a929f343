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

import java.util.Locale;

import org.springframework.util.Assert;

/**
 * One decision about all failing records that match a filter.
 * <p>
 * Immutable.
 *
 * @param decision what to do with the records
 * @param filter which records
 * @param atMost how many records may match, 0 or more; if it are more, nothing is done.
 * This is for what a preview has shown: a filter that matches more than its author
 * expects must not decide about more
 * @param maxPerSecond about how many of them is decided in a second at most, from 1 to
 * {@value #HIGHEST_RATE}
 */
public record BulkDecisionRequest(Decision decision, FailingRecordFilter filter, int atMost, int maxPerSecond) {

	/** Records in a second, unless something else is requested. */
	public static final int DEFAULT_RATE = 100;

	/** The most records in a second that can be requested. */
	public static final int HIGHEST_RATE = 10_000;

	/**
	 * Create a request.
	 * @throws IllegalArgumentException if a number is out of its range
	 */
	public BulkDecisionRequest {
		Assert.isTrue(atMost >= 0, () -> "The number of records must not be negative: " + atMost);
		Assert.isTrue(maxPerSecond >= 1 && maxPerSecond <= HIGHEST_RATE,
				() -> "The records per second must be from 1 to " + HIGHEST_RATE + ", not " + maxPerSecond);
	}

	/**
	 * Retry records now, with all their attempts available again.
	 * @param filter which records
	 * @return the request, about any number of records, {@value #DEFAULT_RATE} per second
	 */
	public static BulkDecisionRequest retry(FailingRecordFilter filter) {
		return of(Decision.RETRY, filter);
	}

	/**
	 * Skip records: they are completed without being handled.
	 * @param filter which records
	 * @return the request, about any number of records, {@value #DEFAULT_RATE} per second
	 */
	public static BulkDecisionRequest skip(FailingRecordFilter filter) {
		return of(Decision.SKIP, filter);
	}

	/**
	 * Send records to the dead-letter topic; each is completed when its send is
	 * acknowledged.
	 * @param filter which records
	 * @return the request, about any number of records, {@value #DEFAULT_RATE} per second
	 */
	public static BulkDecisionRequest deadLetter(FailingRecordFilter filter) {
		return of(Decision.DEAD_LETTER, filter);
	}

	/**
	 * Decide about records.
	 * @param decision what to do with them
	 * @param filter which records
	 * @return the request, about any number of records, {@value #DEFAULT_RATE} per second
	 */
	public static BulkDecisionRequest of(Decision decision, FailingRecordFilter filter) {
		return new BulkDecisionRequest(decision, filter, Integer.MAX_VALUE, DEFAULT_RATE);
	}

	/**
	 * Return the same with a limit to the number of records.
	 * @param atMost how many records may match, 0 or more
	 * @return the request
	 */
	public BulkDecisionRequest withAtMost(int atMost) {
		return new BulkDecisionRequest(this.decision, this.filter, atMost, this.maxPerSecond);
	}

	/**
	 * Return the same at another rate.
	 * @param maxPerSecond about how many records is decided in a second at most
	 * @return the request
	 */
	public BulkDecisionRequest withMaxPerSecond(int maxPerSecond) {
		return new BulkDecisionRequest(this.decision, this.filter, this.atMost, maxPerSecond);
	}

	/**
	 * What can be decided about a failing record.
	 */
	public enum Decision {

		/** It is retried now, with all its attempts available again. */
		RETRY,

		/** It is completed without being handled. */
		SKIP,

		/** It is sent to the dead-letter topic. */
		DEAD_LETTER;

		@Override
		public String toString() {
			return name().toLowerCase(Locale.ROOT).replace('_', '-');
		}

	}

}
