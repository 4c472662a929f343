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

/**
 * Thrown when an operation is rejected. The message says how to correct the request.
 */
final class OperationRefusedException extends RuntimeException {

	private final Reason reason;

	OperationRefusedException(Reason reason, String message) {
		super(message);
		this.reason = reason;
	}

	Reason reason() {
		return this.reason;
	}

	/**
	 * The reason.
	 */
	enum Reason {

		/** The request is not valid. */
		BAD_REQUEST(400, "Bad Request"),

		/** There is no such consumer, topic, partition or failing record. */
		NOT_FOUND(404, "Not Found"),

		/** The operation is not possible in the present state. */
		CONFLICT(409, "Conflict");

		private final int status;

		private final String phrase;

		Reason(int status, String phrase) {
			this.status = status;
			this.phrase = phrase;
		}

		/**
		 * Return the HTTP status.
		 */
		int status() {
			return this.status;
		}

		/**
		 * Return the reason phrase of the status.
		 */
		String phrase() {
			return this.phrase;
		}

	}

}
