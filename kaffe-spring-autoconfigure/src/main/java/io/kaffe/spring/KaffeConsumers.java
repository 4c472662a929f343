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

import java.util.Collection;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.common.TopicPartition;

/**
 * The consumers of this service that have workers, by their names, and what can be
 * changed about them while they run. A bean of this type is there to be injected.
 * <p>
 * Consumers are known from the start of the application context on. A name that is not
 * among {@link #names()} is an {@link IllegalArgumentException}, whose message tells
 * which are.
 * <p>
 * Safe for concurrent use; no method blocks, except {@link #start} and {@link #stop}.
 */
public interface KaffeConsumers {

	/**
	 * Return the names of all consumers with workers.
	 * @return the names, sorted
	 */
	Set<String> names();

	/**
	 * Return how many records, or batches, of a consumer may be with their handlers at
	 * once.
	 * @param consumer the consumer's name
	 * @return the limit, 1 or more; empty if there is none
	 */
	OptionalInt maxConcurrency(String consumer);

	/**
	 * Change how many records, or batches, of a consumer may be with their handlers at
	 * once, on a thread or until a future completes. More are started at once; what is
	 * being handled is finished. Nothing is restarted, and no order is lost.
	 * @param consumer the consumer's name
	 * @param maxConcurrency the limit, 1 or more
	 * @throws IllegalArgumentException if the limit is below 1
	 */
	void setMaxConcurrency(String consumer, int maxConcurrency);

	/**
	 * Return the records of a consumer that have failed and are not final: those that are
	 * tried again, those on their way to the dead-letter topic, and those that are
	 * parked.
	 * @param consumer the consumer's name
	 * @return a snapshot, sorted by topic, partition and offset
	 */
	List<FailingRecord> failingRecords(String consumer);

	/**
	 * Have a failing record tried again now, with all its attempts before it.
	 * @param consumer the consumer's name
	 * @param partition where the record is
	 * @param offset its offset
	 * @return whether it is failing; if not, nothing happens. Its worker does what was
	 * asked for soon after, unless the partition goes before.
	 * @throws IllegalStateException if something else was asked for and is not done yet
	 */
	boolean retry(String consumer, TopicPartition partition, long offset);

	/**
	 * Have a failing record taken for final as it is.
	 * @param consumer the consumer's name
	 * @param partition where the record is
	 * @param offset its offset
	 * @return whether it is failing; if not, nothing happens. Its worker does what was
	 * asked for soon after, unless the partition goes before.
	 * @throws IllegalStateException if something else was asked for and is not done yet
	 */
	boolean skip(String consumer, TopicPartition partition, long offset);

	/**
	 * Have a failing record sent to the dead-letter topic; it is final when that is
	 * acknowledged.
	 * @param consumer the consumer's name
	 * @param partition where the record is
	 * @param offset its offset
	 * @return whether it is failing; if not, nothing happens. Its worker does what was
	 * asked for soon after, unless the partition goes before.
	 * @throws IllegalStateException if the consumer has nothing to send dead letters
	 * with, or if something else was asked for and is not done yet
	 */
	boolean deadLetter(String consumer, TopicPartition partition, long offset);

	/**
	 * Return the topics of a consumer.
	 * @param consumer the consumer's name
	 * @return those it subscribes to by name, sorted, whether or not it is running; if it
	 * has a pattern instead, those of which it has partitions at the moment
	 */
	Set<String> topics(String consumer);

	/**
	 * Return the partitions that are assigned to a consumer at the moment.
	 * @param consumer the consumer's name
	 * @return the partitions, sorted by topic and number
	 */
	List<TopicPartition> partitions(String consumer);

	/**
	 * Subscribe a consumer to more topics. Its group assigns their partitions in a
	 * rebalance, which begins before the consumer's next poll; records that are being
	 * handled are finished and committed as in every rebalance. The topics are kept when
	 * the consumer is stopped and started, but not when the service is. To let all
	 * instances of a service have their share, tell all of them.
	 * @param consumer the consumer's name; it need not run
	 * @param topics the topics to add to those it has; a topic that does not exist is
	 * waited for
	 * @return those it did not have yet, sorted
	 * @throws IllegalArgumentException if a topic cannot have such a name
	 * @throws IllegalStateException if the consumer has a topic pattern or partitions
	 * instead of topics, or if its {@code ConsumerFactory} does not support
	 * post-processors
	 */
	Set<String> subscribe(String consumer, Collection<String> topics);

	/**
	 * Start a consumer that was not started with the application or was stopped. Does
	 * nothing if it is running. Blocks until its threads run, not until it has
	 * partitions.
	 * @param consumer the consumer's name
	 */
	void start(String consumer);

	/**
	 * Stop a consumer: nothing is started any more, records that are being handled, or to
	 * be acknowledged, are waited for, what is complete is committed, and the consumer
	 * leaves its group. Does nothing if it is not running. Blocks until that is done, at
	 * most for {@code drain-timeout} and 10 seconds, or {@code ContainerProperties}'
	 * {@code shutdownTimeout} if that is longer. A handler that stops its own consumer
	 * waits for itself, so do that on another thread.
	 * @param consumer the consumer's name
	 */
	void stop(String consumer);

	/**
	 * Return whether a consumer was started and not stopped since.
	 * @param consumer the consumer's name
	 * @return whether it is running, paused or not
	 */
	boolean isRunning(String consumer);

	/**
	 * Pause a consumer: from its next poll on, it fetches nothing, but stays in its group
	 * and keeps its partitions. What is fetched already is still handled. A consumer that
	 * does not run starts paused.
	 * @param consumer the consumer's name
	 */
	void pause(String consumer);

	/**
	 * Let a consumer that was paused go on with its next poll.
	 * @param consumer the consumer's name
	 */
	void resume(String consumer);

	/**
	 * Pause a topic of a consumer: nothing more of it is fetched, also of partitions that
	 * the consumer is assigned later. What is fetched already is still handled.
	 * @param consumer the consumer's name
	 * @param topic the topic; the consumer need not have it
	 * @return complete when its consumer threads fetch no more of it; failed with an
	 * {@link IllegalStateException} if one stops before. The topic is to be paused in any
	 * case.
	 */
	CompletableFuture<Void> pause(String consumer, String topic);

	/**
	 * Pause a partition of a consumer, as {@link #pause(String, String)} does with all
	 * partitions of a topic.
	 * @param consumer the consumer's name
	 * @param partition the partition; the consumer need not have it
	 * @return as {@link #pause(String, String)}
	 */
	CompletableFuture<Void> pause(String consumer, TopicPartition partition);

	/**
	 * Let a consumer go on with a topic that was paused, and with all its partitions that
	 * were paused for themselves.
	 * @param consumer the consumer's name
	 * @param topic the topic
	 * @return complete when its consumer threads know; as with
	 * {@link #pause(String, String)}
	 */
	CompletableFuture<Void> resume(String consumer, String topic);

	/**
	 * Let a consumer go on with a partition that was paused for itself.
	 * @param consumer the consumer's name
	 * @param partition the partition
	 * @return as {@link #resume(String, String)}
	 * @throws IllegalStateException if the whole topic is paused
	 */
	CompletableFuture<Void> resume(String consumer, TopicPartition partition);

	/**
	 * Go on reading a partition from another offset. No more records of it are started,
	 * those that are being handled are waited for, at most for {@code drain-timeout};
	 * what was polled is dropped. Then it is read from the offset, which is committed.
	 * Other partitions go on meanwhile. Records between the old and the new position are
	 * skipped, unfinished ones below it among them, or handled again.
	 * @param consumer the consumer's name
	 * @param partition the partition, assigned to this consumer
	 * @param to where to go on
	 * @return the offset, when it is committed, and what it leaves unfinished; failed
	 * with an {@link IllegalArgumentException} if the partition does not have it, with an
	 * {@link IllegalStateException} if the partition is taken from the consumer before,
	 * is being sought already, or the consumer stops, or if the partition is read from
	 * the offset but that could not be committed within 5 seconds (the next commit tells
	 * it), with what the broker answered otherwise
	 * @throws IllegalStateException if the consumer does not run
	 * @throws IllegalArgumentException if the partition is not assigned to this consumer
	 */
	CompletableFuture<SeekResult> seek(String consumer, TopicPartition partition, SeekPosition to);

	/**
	 * Return whether a consumer was paused and not resumed since.
	 * @param consumer the consumer's name
	 * @return whether somebody paused it; not whether it waits for room in its buffer
	 */
	boolean isPaused(String consumer);

}
