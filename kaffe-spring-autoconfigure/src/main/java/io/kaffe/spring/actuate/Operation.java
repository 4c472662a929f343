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

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

import io.kaffe.spring.actuate.OperationRefusedException.Reason;

/**
 * The operations of the endpoint, with the arguments they take.
 */
enum Operation {

	/** Stop fetching from a consumer's topics. */
	PAUSE(List.of(), List.of("topic", "partition", "all")),

	/** Fetch again. */
	RESUME(List.of(), List.of("topic", "partition", "all")),

	/** Start the listener container. */
	START(List.of(), List.of()),

	/** Stop the listener container. */
	STOP(List.of(), List.of()),

	/** Change the maximum concurrency. */
	MAX_CONCURRENCY(List.of("maxConcurrency"), List.of()),

	/** Make no attempts until the outage is ended. */
	BEGIN_OUTAGE(List.of(), List.of()),

	/** Make attempts again. */
	END_OUTAGE(List.of(), List.of()),

	/** Retry a failing record now, or all that match. */
	RETRY(List.of("topic", "partition", "offset"), List.of(), true),

	/** Skip a failing record, or all that match. */
	SKIP(List.of("topic", "partition", "offset"), List.of(), true),

	/** Send a failing record to the dead-letter topic, or all that match. */
	DEAD_LETTER(List.of("topic", "partition", "offset"), List.of(), true),

	/** Cancel the decision about all records that match. */
	CANCEL(List.of(), List.of()),

	/** Change the position of partitions. */
	SEEK(List.of("topic", "to"), List.of("partition", "allPartitions"));

	private static final List<String> OPTIONAL_FOR_ALL = List.of("preview", "atMost", "maxPerSecond", "topic",
			"partition", "exception", "key", "since", "before", "state");

	private final List<String> required;

	private final List<String> optional;

	private final boolean decidesAboutAll;

	Operation(List<String> required, List<String> optional) {
		this(required, optional, false);
	}

	Operation(List<String> required, List<String> optional, boolean decidesAboutAll) {
		this.required = required;
		this.optional = optional;
		this.decidesAboutAll = decidesAboutAll;
	}

	static Operation named(String name) {
		return Arrays.stream(values())
			.filter((operation) -> operation.toString().equals(name))
			.findFirst()
			.orElseThrow(() -> new OperationRefusedException(Reason.BAD_REQUEST,
					"Unknown operation '" + name + "'; the operations are " + Arrays.toString(values())));
	}

	/**
	 * Return whether it is requested for all records that match, rather than for one.
	 * @param arguments the arguments
	 */
	boolean isForAll(OperationArguments arguments) {
		return this.decidesAboutAll && Boolean.TRUE.equals(arguments.all());
	}

	/**
	 * Check that all required arguments are present and no others than the optional ones.
	 * @param arguments the arguments
	 * @throws OperationRefusedException if they are not
	 */
	void check(OperationArguments arguments) {
		boolean all = isForAll(arguments);
		List<String> required = all ? List.of("all") : this.required;
		List<String> optional = all ? OPTIONAL_FOR_ALL : this.optional;
		List<String> missing = required.stream()
			.filter((argument) -> !arguments.present().containsKey(argument))
			.toList();
		List<String> unsupported = arguments.present()
			.keySet()
			.stream()
			.filter((argument) -> !required.contains(argument) && !optional.contains(argument))
			.toList();
		if (!missing.isEmpty() || !unsupported.isEmpty()) {
			throw new OperationRefusedException(Reason.BAD_REQUEST, "'" + this + "' requires " + required
					+ " and accepts " + optional + "; missing " + missing + ", not supported " + unsupported
					+ ((this.decidesAboutAll && !all) ? "; '\"all\": true' is for all records that match" : ""));
		}
	}

	@Override
	public String toString() {
		return name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

}
