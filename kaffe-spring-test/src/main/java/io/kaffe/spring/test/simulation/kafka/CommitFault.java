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

package io.kaffe.spring.test.simulation.kafka;

/**
 * What goes wrong with a commit.
 *
 * @param kind what it is
 * @param nanos how late it is, in nanoseconds, if it is late
 */
public record CommitFault(Kind kind, long nanos) {

	/**
	 * What can go wrong with a commit.
	 */
	public enum Kind {

		/**
		 * The coordinator answers that it cannot store it now, which can be retried.
		 */
		RETRIABLE,

		/**
		 * The coordinator refuses it.
		 */
		REFUSED,

		/**
		 * The connection breaks before the coordinator gets it: it is not stored, and the
		 * consumer does not know.
		 */
		LOST,

		/**
		 * The connection breaks after the coordinator got it: it is stored, and the
		 * consumer does not know.
		 */
		ANSWER_LOST,

		/**
		 * It arrives late, and all later requests behind it.
		 */
		LATE,

		/**
		 * Its answer returns late, and all later ones behind it.
		 */
		ANSWER_LATE,

		/**
		 * The connection breaks, and what was sent over it is stored late, possibly after
		 * later commits.
		 */
		OVERTAKEN

	}

}
