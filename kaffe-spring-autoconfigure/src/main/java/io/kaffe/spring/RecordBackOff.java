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
 * Decides how long to wait before a failed record is tried again. A bean of this type
 * takes the place of the properties {@code failure.backoff.*} for the records it has an
 * answer for.
 * <p>
 * Called by workers, by many of them at once, when the first attempt at a record has
 * failed. If it throws, the worker has broken down, and the record is tried again when it
 * is restarted.
 */
@FunctionalInterface
public interface RecordBackOff {

	/**
	 * Return the back-off for a record.
	 * @param record the record that failed
	 * @param failure what was thrown; an {@link Error} is wrapped
	 * @return the back-off, of which a new execution is started; when it ends, the record
	 * is not tried again; {@code null}: as the properties say
	 */
	@Nullable BackOff backOff(ConsumerRecord<?, ?> record, Exception failure);

}
