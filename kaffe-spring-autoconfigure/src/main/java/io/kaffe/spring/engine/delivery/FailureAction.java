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

package io.kaffe.spring.engine.delivery;

/**
 * What happens to a record when it is not retried any more.
 */
public enum FailureAction {

	/**
	 * It is kept, and blocks its worker, until an operator decides about it. Other
	 * workers are not affected.
	 */
	PARK,

	/**
	 * It is sent to the dead-letter topic, and completed when that is acknowledged.
	 */
	DEAD_LETTER,

	/**
	 * It is logged and completed.
	 */
	SKIP,

	/**
	 * It stays unfinished, and its consumer is stopped.
	 */
	STOP

}
