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

import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

/**
 * The dead letters of one consumer: the records that it has sent to its dead-letter
 * topics, and what can be done with them while it runs. What was replayed or abandoned is
 * remembered in a consumer group of its own, that of the consumer with
 * {@code .dead-letters} appended, and not offered again.
 * <p>
 * Methods throw an {@link IllegalStateException} if the consumer is stopped, has no group
 * or nothing to send dead letters with.
 * <p>
 * Safe for concurrent use; no method blocks. Topics are read by threads of their own.
 */
public interface DeadLetterOperations {

	/**
	 * The most dead letters that a page holds.
	 */
	int MAX_PAGE_SIZE = 500;

	/**
	 * The rate of a replay unless another one is requested: dead letters per second.
	 */
	int DEFAULT_RATE = 100;

	/**
	 * The highest rate of a replay: dead letters per second.
	 */
	int MAX_RATE = 10_000;

	/**
	 * List dead letters, as many as can be read within 10 seconds.
	 * @param filter which
	 * @param from where to begin, {@link DeadLetterPage#next()} of the page before;
	 * {@code null}: at the beginning
	 * @param limit the most letters to list, from 1 to {@value #MAX_PAGE_SIZE}
	 * @return the dead letters; failed with the error of the broker
	 * @throws IllegalArgumentException if the limit or the beginning is not valid
	 * @throws IllegalStateException if the consumer cannot read dead letters now, or does
	 * so for too many callers
	 */
	CompletableFuture<DeadLetterPage> list(DeadLetterFilter filter, @Nullable String from, int limit);

	/**
	 * Count dead letters, as many as can be read within 10 seconds.
	 * @param filter which
	 * @return the count; failed with the error of the broker
	 * @throws IllegalStateException if the consumer cannot read dead letters now, or does
	 * so for too many callers
	 */
	CompletableFuture<DeadLetterCount> count(DeadLetterFilter filter);

	/**
	 * Replay dead letters that are in the topics now and whose original partitions are
	 * assigned to this instance: each is handled by the worker of its key, or of its
	 * original partition, after what that worker has queued, as the record that it was
	 * before. One that fails is retried as any record, and then becomes a new dead
	 * letter.
	 * @param filter which
	 * @param maxPerSecond the most dead letters to replay per second, from 1 to
	 * {@value #MAX_RATE}
	 * @return the replay, which has just begun
	 * @throws IllegalArgumentException if the rate is not valid
	 * @throws IllegalStateException if the consumer cannot replay now, or another replay
	 * or abandonment is in progress
	 */
	DeadLetterRun replay(DeadLetterFilter filter, int maxPerSecond);

	/**
	 * Abandon dead letters that are in the topics now, of all instances: they are not
	 * offered any more, and stay in the topics. Records that are no dead letters of this
	 * consumer are abandoned only if the filter names one by its offset.
	 * @param filter which
	 * @return the abandonment, which has just begun
	 * @throws IllegalStateException if the consumer cannot do that now, or another replay
	 * or abandonment is in progress
	 */
	DeadLetterRun abandon(DeadLetterFilter filter);

	/**
	 * Return how far the current replay or abandonment has come.
	 * @return a snapshot of it, or of the last one; {@code null} if there was none
	 */
	@Nullable DeadLetterRun run();

	/**
	 * Cancel the current replay or abandonment. Records with their handlers are waited
	 * for; all others stay dead letters.
	 * @return whether one was in progress
	 */
	boolean cancel();

}
