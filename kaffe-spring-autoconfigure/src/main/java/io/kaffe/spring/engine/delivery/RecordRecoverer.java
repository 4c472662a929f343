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

import java.util.Collection;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Recovers a record whose attempts are exhausted.
 * <p>
 * Called by workers, by many of them at once; must not block for long.
 */
@FunctionalInterface
public interface RecordRecoverer {

	/**
	 * Does nothing: the record is skipped.
	 */
	RecordRecoverer NOTHING = (record, failure) -> null;

	/**
	 * Recover a record.
	 * @param record the record
	 * @param failure what was thrown last; an {@link Error} is wrapped
	 * @return {@code null} if the record is completed now; a future if it is when that
	 * completes normally. A record whose recovery fails is recovered again later.
	 * @throws Exception if the recovery fails
	 */
	@Nullable CompletableFuture<?> recover(ConsumerRecord<?, ?> record, Exception failure) throws Exception;

	/**
	 * Recover a record on the thread of the caller, as far as possible, so that what is
	 * sent is part of the caller's Kafka transaction. May block.
	 * @param record the record
	 * @param failure what was thrown last; an {@link Error} is wrapped
	 * @return {@code null} if the record is recovered now; a future if it is when that
	 * completes normally
	 * @throws Exception if the recovery fails
	 */
	default @Nullable CompletableFuture<?> recoverHere(ConsumerRecord<?, ?> record, Exception failure)
			throws Exception {
		return recover(record, failure);
	}

	/**
	 * Note that records of some topics may have to be recovered from now on. Returns at
	 * once.
	 * @param topics the names of the topics
	 */
	default void expect(Collection<String> topics) {
	}

}
