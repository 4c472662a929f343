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
import java.util.OptionalInt;
import java.util.Set;

import org.apache.kafka.common.TopicPartition;

/**
 * The consumers of this service that have workers, by their names, and what can be
 * changed about them while they run. A bean of this type is there to be injected.
 * <p>
 * Consumers are known from the start of the application context on. A name that is not
 * among {@link #names()} is an {@link IllegalArgumentException}, whose message tells
 * which are.
 * <p>
 * Safe for concurrent use; no method blocks.
 */
public interface KaffeConsumers {

	/**
	 * Return the names of all consumers with workers.
	 * @return the names, sorted
	 */
	Set<String> names();

	/**
	 * Return how many workers of a consumer may run at once.
	 * @param consumer the consumer's name
	 * @return the limit, 1 or more; empty if all may
	 */
	OptionalInt maxConcurrency(String consumer);

	/**
	 * Change how many workers of a consumer may run at once. More are started at once;
	 * those too many end after the record they are at. Nothing is restarted, and no order
	 * is lost.
	 * @param consumer the consumer's name
	 * @param maxConcurrency the limit, 1 or more
	 * @throws IllegalArgumentException if the limit is below 1
	 */
	void setMaxConcurrency(String consumer, int maxConcurrency);

	/**
	 * Return the records of a consumer that have failed and are not final: those that are
	 * tried again, those on their way to the dead-letter topic, and those that are
	 * parked.
	 * @param consumer the consumer's name
	 * @return a snapshot, sorted by topic, partition and offset
	 */
	List<FailingRecord> failingRecords(String consumer);

	/**
	 * Have a failing record tried again now, with all its attempts before it.
	 * @param consumer the consumer's name
	 * @param partition where the record is
	 * @param offset its offset
	 * @return whether it is failing; if not, nothing happens. Its worker does what was
	 * asked for soon after, unless the partition goes before.
	 */
	boolean retry(String consumer, TopicPartition partition, long offset);

	/**
	 * Have a failing record taken for final as it is.
	 * @param consumer the consumer's name
	 * @param partition where the record is
	 * @param offset its offset
	 * @return whether it is failing; if not, nothing happens. Its worker does what was
	 * asked for soon after, unless the partition goes before.
	 */
	boolean skip(String consumer, TopicPartition partition, long offset);

	/**
	 * Have a failing record sent to the dead-letter topic; it is final when that is
	 * acknowledged.
	 * @param consumer the consumer's name
	 * @param partition where the record is
	 * @param offset its offset
	 * @return whether it is failing; if not, nothing happens. Its worker does what was
	 * asked for soon after, unless the partition goes before.
	 * @throws IllegalStateException if the consumer has nothing to send dead letters with
	 */
	boolean deadLetter(String consumer, TopicPartition partition, long offset);

}
