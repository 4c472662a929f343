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
 * What completes a record, beside its failure policy.
 */
public enum Acknowledging {

	/**
	 * The return of the listener, or its answer if it is asynchronous.
	 */
	NONE,

	/**
	 * An acknowledgment of it, or of a later record of its partition. Needs a worker that
	 * handles the records of a partition one after the other.
	 */
	CUMULATIVE,

	/**
	 * An acknowledgment of it.
	 */
	SINGLE,

	/**
	 * The same, at the request of the application, which calls {@code nack} for none.
	 */
	OUT_OF_ORDER

}
