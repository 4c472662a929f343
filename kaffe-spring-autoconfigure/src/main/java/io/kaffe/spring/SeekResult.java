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

/**
 * The result of a seek.
 *
 * @param offset the offset from which the partition is read now
 * @param unfinished the number of polled, uncompleted records below that offset, which
 * will not be handled: 0 unless the seek skipped records; a few too many if it skipped
 * some of a blocked key whose records are not kept in memory
 * @param parked the offsets of the parked ones among them, in ascending order; at most
 * 100
 */
public record SeekResult(long offset, long unfinished, List<Long> parked) {

	/**
	 * Create a result.
	 */
	public SeekResult {
		parked = List.copyOf(parked);
	}

}
