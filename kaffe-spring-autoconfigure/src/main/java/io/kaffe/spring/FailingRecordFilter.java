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
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.util.Assert;

/**
 * Which failing records of a consumer are meant: those that match all that is set.
 * <p>
 * Immutable.
 *
 * @param topic their topic; {@code null}: any
 * @param partition the number of their partition, only with a topic; {@code null}: any
 * @param exception the name of the class of their last exception or of one of its causes;
 * {@code null}: any. The name is that of {@link Class#getName()}, such as
 * {@code com.example.Orders$RefusedException}, or the same without the package, such as
 * {@code Orders$RefusedException}. Superclasses do not match
 * @param key the text of their key, as the worker table shows it: at most 200 characters;
 * {@code null}: any
 * @param since their first attempt failed then or later; {@code null}: at any time
 * @param before their first attempt failed earlier than that; {@code null}: at any time
 * @param states what is done about them, at least one state
 */
public record FailingRecordFilter(@Nullable String topic, @Nullable Integer partition, @Nullable String exception,
		@Nullable String key, @Nullable Instant since, @Nullable Instant before, Set<FailingRecord.State> states) {

	private static final FailingRecordFilter ANY = new FailingRecordFilter(null, null, null, null, null, null,
			EnumSet.allOf(FailingRecord.State.class));

	/**
	 * Create a filter.
	 * @throws IllegalArgumentException if there is a partition without a topic, or no
	 * state
	 */
	public FailingRecordFilter {
		Assert.isTrue(partition == null || topic != null,
				() -> "Partition " + partition + " needs a topic: each topic has its own");
		Assert.isTrue(!states.isEmpty(), "A filter of failing records needs at least one state");
		states = Set.copyOf(states);
	}

	/**
	 * All failing records.
	 * @return a filter that all of them match
	 */
	public static FailingRecordFilter any() {
		return ANY;
	}

	/**
	 * The parked records, which wait for a decision.
	 * @return a filter that all of them match, and no others
	 */
	public static FailingRecordFilter parked() {
		return ANY.withStates(Set.of(FailingRecord.State.PARKED));
	}

	/**
	 * Return those of this filter that are of one topic.
	 * @param topic the topic
	 * @return the filter, of any partition
	 */
	public FailingRecordFilter withTopic(String topic) {
		return new FailingRecordFilter(topic, null, this.exception, this.key, this.since, this.before, this.states);
	}

	/**
	 * Return those of this filter that are of one partition.
	 * @param partition the partition
	 * @return the filter
	 */
	public FailingRecordFilter withPartition(TopicPartition partition) {
		return new FailingRecordFilter(partition.topic(), partition.partition(), this.exception, this.key, this.since,
				this.before, this.states);
	}

	/**
	 * Return those of this filter that have an exception.
	 * @param exception the name of its class, with or without the package
	 * @return the filter
	 */
	public FailingRecordFilter withException(String exception) {
		return new FailingRecordFilter(this.topic, this.partition, exception, this.key, this.since, this.before,
				this.states);
	}

	/**
	 * Return those of this filter that have a key.
	 * @param key the text of the key
	 * @return the filter
	 */
	public FailingRecordFilter withKey(String key) {
		return new FailingRecordFilter(this.topic, this.partition, this.exception, key, this.since, this.before,
				this.states);
	}

	/**
	 * Return those of this filter whose first attempt failed at a time or later.
	 * @param since the time
	 * @return the filter
	 */
	public FailingRecordFilter withSince(Instant since) {
		return new FailingRecordFilter(this.topic, this.partition, this.exception, this.key, since, this.before,
				this.states);
	}

	/**
	 * Return those of this filter whose first attempt failed earlier than a time.
	 * @param before the time
	 * @return the filter
	 */
	public FailingRecordFilter withBefore(Instant before) {
		return new FailingRecordFilter(this.topic, this.partition, this.exception, this.key, this.since, before,
				this.states);
	}

	/**
	 * Return the same for records in other states.
	 * @param states the states, at least one
	 * @return the filter
	 */
	public FailingRecordFilter withStates(Set<FailingRecord.State> states) {
		return new FailingRecordFilter(this.topic, this.partition, this.exception, this.key, this.since, this.before,
				states);
	}

	/**
	 * Say in words which records match, such as {@code parked records of orders-0 with
	 * IllegalStateException}.
	 */
	@Override
	public String toString() {
		List<String> words = new ArrayList<>();
		words.add(this.states.equals(ANY.states) ? "failing records"
				: new TreeSet<>(this.states).stream()
					.map((state) -> state.name().toLowerCase(Locale.ROOT))
					.collect(Collectors.joining(" and ")) + " records");
		if (this.topic != null) {
			words.add("of " + ((this.partition != null) ? this.topic + "-" + this.partition : "topic " + this.topic));
		}
		if (this.exception != null) {
			words.add("with " + this.exception);
		}
		if (this.key != null) {
			words.add("with key '" + this.key + "'");
		}
		if (this.since != null) {
			words.add("that first failed at " + this.since + " or later");
		}
		if (this.before != null) {
			words.add("that first failed before " + this.before);
		}
		return String.join(" ", words);
	}

}
