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

package io.kaffe.spring.engine.worker;

import java.util.List;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * A record that is being handled while no worker runs: its handler has returned and
 * completes the record later.
 * <p>
 * May be called by any thread; no method blocks.
 */
public interface DetachedRecord {

	/**
	 * Return the record.
	 * @return the record
	 */
	ConsumerRecord<?, ?> record();

	/**
	 * Return all records that still matter, if there are several.
	 * @return what {@link #record()} returns, unless it stands for a batch
	 */
	default List<? extends ConsumerRecord<?, ?>> unfinished() {
		return List.of(record());
	}

	/**
	 * Return the name of the worker that waits for it.
	 * @return the name, or {@code null} if none does
	 */
	@Nullable String workerName();

	/**
	 * Return when it was handed to the handler.
	 * @return the reading of {@link Ticker#nanoTime()}
	 */
	long since();

	/**
	 * Return whether it does not matter any more: it is completed, or its partition was
	 * revoked or lost.
	 * @return {@code true} once and for all
	 */
	boolean isOver();

	/**
	 * Check whether its partition is among those that were just revoked or lost.
	 */
	default void partitionsRevoked() {
	}

}
