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

package io.kaffe.spring.actuate;

import java.util.LinkedHashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * The arguments of an operation; each is {@code null} if it is absent.
 *
 * @param topic a topic
 * @param partition the number of a partition
 * @param offset an offset
 * @param maxConcurrency the maximum number of records handled concurrently
 * @param to the position to seek to
 * @param allPartitions whether to seek in all partitions of the topic
 * @param all whether to pause or resume the whole consumer, or to decide about all
 * records that match
 * @param preview whether only to say what matches
 * @param atMost how many records may match
 * @param maxPerSecond about how many records to decide in a second
 * @param filter what matches, with the same topic and partition
 */
record OperationArguments(@Nullable String topic, @Nullable Integer partition, @Nullable Long offset,
		@Nullable Integer maxConcurrency, @Nullable String to, @Nullable Boolean allPartitions, @Nullable Boolean all,
		@Nullable Boolean preview, @Nullable Integer atMost, @Nullable Integer maxPerSecond, FilterArguments filter) {

	/**
	 * Return the arguments that are present, by name.
	 */
	Map<String, Object> present() {
		Map<String, Object> present = new LinkedHashMap<>();
		put(present, "topic", this.topic);
		put(present, "partition", this.partition);
		put(present, "offset", this.offset);
		put(present, "maxConcurrency", this.maxConcurrency);
		put(present, "to", this.to);
		put(present, "allPartitions", this.allPartitions);
		put(present, "all", this.all);
		put(present, "preview", this.preview);
		put(present, "atMost", this.atMost);
		put(present, "maxPerSecond", this.maxPerSecond);
		put(present, "exception", this.filter.exception());
		put(present, "key", this.filter.key());
		put(present, "since", this.filter.since());
		put(present, "before", this.filter.before());
		put(present, "state", this.filter.state());
		return present;
	}

	private static void put(Map<String, Object> present, String name, @Nullable Object value) {
		if (value != null) {
			present.put(name, value);
		}
	}

}
