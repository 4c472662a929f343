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

package io.kaffe.spring.test;

import java.time.Instant;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * A delivery of a record to its handler.
 *
 * @param consumer the consumer's name, which is the id of the listener
 * @param worker the name of the worker; {@code null} if the consumer has no workers
 * @param record the record
 * @param attempt the number of deliveries of the record up to this one, redeliveries
 * after a crash included
 * @param outcome how it ended
 * @param failure the exception with which it failed, or {@code null}
 * @param time when it ended
 */
public record HandledRecord(String consumer, @Nullable String worker, ConsumerRecord<?, ?> record, int attempt,
		Outcome outcome, @Nullable Exception failure, Instant time) {

	/**
	 * Return the key of the record.
	 * @return its key, or {@code null}
	 */
	public @Nullable Object key() {
		return this.record.key();
	}

	/**
	 * Return the value of the record.
	 * @return its value, or {@code null}
	 */
	public @Nullable Object value() {
		return this.record.value();
	}

	/**
	 * Return whether the handler has returned normally.
	 * @return whether the delivery succeeded
	 */
	public boolean isSuccessful() {
		return this.outcome == Outcome.SUCCEEDED;
	}

	/**
	 * How a delivery ended.
	 */
	public enum Outcome {

		/**
		 * The handler has returned normally.
		 */
		SUCCEEDED,

		/**
		 * The handler has thrown an exception.
		 */
		FAILED,

		/**
		 * The instance has crashed before the handler returned.
		 */
		CRASHED

	}

}
