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

package io.kaffe.spring.delivery;

import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a record whose attempts are used up: decides its outcome in place of
 * the listener.
 */
@FunctionalInterface
public interface RecordRecoverer {

	/**
	 * Decide the outcome of a record. Called on its worker, which waits for the outcome;
	 * must not block for long.
	 * @param record the record
	 * @param failure what its last attempt failed with
	 * @return {@code null} if the outcome is final when this returns; else a future that
	 * is completed, by any thread, when the outcome is final, or completed exceptionally
	 * if recovery is to be tried again later
	 * @throws Exception if recovery is to be tried again later
	 */
	@Nullable CompletableFuture<?> recover(ConsumerRecord<?, ?> record, Exception failure) throws Exception;

}
