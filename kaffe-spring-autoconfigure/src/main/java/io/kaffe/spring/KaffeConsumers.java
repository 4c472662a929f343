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

import java.util.OptionalInt;
import java.util.Set;

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

}
