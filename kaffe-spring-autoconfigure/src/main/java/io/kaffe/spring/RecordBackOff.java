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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOff;

/**
 * Determines the back-off between the delivery attempts of a record. A bean of this type
 * replaces the properties {@code failure.backoff.*} for the records for which it returns
 * one.
 * <p>
 * Called by workers, concurrently, when the first attempt of a record has failed. If it
 * throws, the worker is restarted and retries the record.
 */
@FunctionalInterface
public interface RecordBackOff {

	/**
	 * Return the back-off for a record.
	 * @param record the failed record
	 * @param failure the exception; an {@link Error} is wrapped
	 * @return the back-off, of which a new execution is started; when it stops, the
	 * attempts are exhausted; {@code null} to use the properties
	 */
	@Nullable BackOff backOff(ConsumerRecord<?, ?> record, Exception failure);

}
