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

import java.time.Instant;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.util.Assert;

/**
 * Which dead letters of a consumer an operation is about: those that match all that is
 * not {@code null}.
 *
 * @param topic the dead-letter topic
 * @param partition the number of a partition of it; needs the topic
 * @param offset the offset of a single dead letter; needs the partition
 * @param exception the fully qualified name of the class of what the handler threw, or of
 * its root cause
 * @param key the text of the key, as {@link DeadLetter#key()} shows it
 * @param since the earliest time at which it was dead-lettered
 * @param until the time at which it was dead-lettered is before this
 */
public record DeadLetterFilter(@Nullable String topic, @Nullable Integer partition, @Nullable Long offset,
		@Nullable String exception, @Nullable String key, @Nullable Instant since, @Nullable Instant until) {

	/**
	 * All dead letters.
	 */
	public static final DeadLetterFilter ALL = new DeadLetterFilter(null, null, null, null, null, null, null);

	/**
	 * Create a filter.
	 * @throws IllegalArgumentException if something is missing that is needed
	 */
	public DeadLetterFilter {
		Assert.isTrue(partition == null || topic != null, "A 'partition' needs the 'topic' that it is a partition of");
		Assert.isTrue(offset == null || partition != null, "An 'offset' needs the 'partition' that it is in");
	}

	/**
	 * Return the filter of a single dead letter.
	 * @param partition its partition of the dead-letter topic
	 * @param offset its offset there
	 * @return the filter
	 */
	public static DeadLetterFilter of(TopicPartition partition, long offset) {
		return new DeadLetterFilter(partition.topic(), partition.partition(), offset, null, null, null, null);
	}

	/**
	 * Return the filter of those that failed with an exception.
	 * @param exception the fully qualified name of its class
	 * @return the filter
	 */
	public static DeadLetterFilter ofException(String exception) {
		return new DeadLetterFilter(null, null, null, exception, null, null, null);
	}

	/**
	 * Return the filter of those of a key.
	 * @param key the text of the key
	 * @return the filter
	 */
	public static DeadLetterFilter ofKey(String key) {
		return new DeadLetterFilter(null, null, null, null, key, null, null);
	}

	/**
	 * Return whether a partition may have dead letters that match.
	 * @param partition a partition of a dead-letter topic
	 * @return whether it has to be read
	 */
	public boolean includes(TopicPartition partition) {
		return (this.topic == null || this.topic.equals(partition.topic()))
				&& (this.partition == null || this.partition == partition.partition());
	}

	/**
	 * Return whether a dead letter matches.
	 * @param letter the dead letter
	 * @return whether it matches all that is not {@code null}
	 */
	public boolean matches(DeadLetter letter) {
		DeadLetter.Failure failure = letter.failure();
		return includes(letter.partition()) && (this.offset == null || this.offset == letter.offset())
				&& (this.exception == null || (failure != null
						&& (this.exception.equals(failure.exception()) || this.exception.equals(failure.cause()))))
				&& (this.key == null || this.key.equals(letter.key()))
				&& (this.since == null || !letter.at().isBefore(this.since))
				&& (this.until == null || letter.at().isBefore(this.until));
	}

}
