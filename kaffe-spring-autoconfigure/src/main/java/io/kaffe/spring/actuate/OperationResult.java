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

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * The result of an operation.
 *
 * @param consumer the consumer's name
 * @param operation the operation's name
 * @param done whether the operation is done; if not, it was accepted and is still carried
 * out, unless the consumer stops before
 * @param message what was done, or what the operation waits for
 * @param matched how many records match, if the operation is about all that match, else
 * {@code null}
 */
public record OperationResult(String consumer, String operation, boolean done, String message,
		@JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Integer matched) {

	/**
	 * Create a result of an operation that is not about all records that match.
	 * @param consumer the consumer's name
	 * @param operation the operation's name
	 * @param done whether the operation is done
	 * @param message what was done, or what the operation waits for
	 */
	public OperationResult(String consumer, String operation, boolean done, String message) {
		this(consumer, operation, done, message, null);
	}

}
