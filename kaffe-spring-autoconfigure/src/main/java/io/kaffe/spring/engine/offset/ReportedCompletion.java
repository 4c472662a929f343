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

package io.kaffe.spring.engine.offset;

import org.jspecify.annotations.Nullable;

/**
 * What an earlier commit reports as completed, but for the records of blocked keys.
 * <p>
 * Immutable.
 *
 * @param offsets the completed offsets, among them those of blocked keys
 * @param blocked the keys whose records are not completed
 */
public record ReportedCompletion(CompletedOffsets offsets, BlockedKeys blocked) {

	/**
	 * Return whether a record is completed.
	 * @param hash the hash of its key; {@code null} if that has none
	 * @param offset its offset
	 * @return {@code true} if it is reported as completed and its key is not blocked
	 */
	public boolean isComplete(@Nullable Integer hash, long offset) {
		return this.offsets.contains(offset) && !this.blocked.isBlocked(hash, offset);
	}

}
