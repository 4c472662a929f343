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

package io.kaffe.spring.table;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Records of a partition, or of all partitions of a consumer, that are evicted from
 * memory because their keys are blocked: they are polled, and neither in memory nor
 * completed, and are read again when their keys are free.
 *
 * @param keys how many keys have records that were evicted and are not completed
 * @param records how many of these no worker has
 */
public record Evicted(@JsonProperty("evictedKeys") int keys, @JsonProperty("evictedRecords") long records) {

	/**
	 * No keys.
	 */
	public static final Evicted NONE = new Evicted(0, 0);

}
