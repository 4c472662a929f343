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
 * Operations on the consumers with workers of this service, by name, while they run. A
 * bean of this type is auto-configured.
 * <p>
 * Consumers are registered when the application context starts. Methods throw an
 * {@link IllegalArgumentException} for a name that is not among {@link #names()}; its
 * message lists the names.
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
	 * Return the maximum number of records, or batches, of a consumer that are handled
	 * concurrently.
	 * @param consumer the consumer's name
	 * @return the maximum, 1 or more; empty if it is unlimited
	 */
	OptionalInt maxConcurrency(String consumer);

	/**
	 * Change the maximum number of records, or batches, of a consumer that are handled
	 * concurrently, on a thread or until a future completes. A higher maximum takes
	 * effect at once; a lower one does when records in progress are completed. Nothing is
	 * restarted, and order is kept.
	 * @param consumer the consumer's name
	 * @param maxConcurrency the maximum, 1 or more
	 * @throws IllegalArgumentException if the maximum is below 1
	 */
	void setMaxConcurrency(String consumer, int maxConcurrency);

	/**
	 * Return the records of a consumer that have failed and are not completed: those that
	 * are retried, those that are sent to the dead-letter topic, and those that are
	 * parked.
	 * @param consumer the consumer's name
	 * @return a snapshot, sorted by topic, partition and offset
	 */
	List<FailingRecord> failingRecords(String consumer);

	/**
	 * Retry a failing record now, with all its attempts available again.
	 * @param consumer the consumer's name
	 * @param partition the partition of the record
	 * @param offset the offset of the record
	 * @return whether the record is failing; if not, nothing happens. Its worker performs
	 * the operation soon after, unless the partition is revoked before.
	 * @throws IllegalStateException if another operation on the record is pending
	 */
	boolean retry(String consumer, TopicPartition partition, long offset);

	/**
	 * Skip a failing record: it is completed without being handled.
	 * @param consumer the consumer's name
	 * @param partition the partition of the record
	 * @param offset the offset of the record
	 * @return whether the record is failing; if not, nothing happens. Its worker performs
	 * the operation soon after, unless the partition is revoked before.
	 * @throws IllegalStateException if another operation on the record is pending
	 */
	boolean skip(String consumer, TopicPartition partition, long offset);

	/**
	 * Send a failing record to the dead-letter topic; it is completed when the send is
	 * acknowledged.
	 * @param consumer the consumer's name
	 * @param partition the partition of the record
	 * @param offset the offset of the record
	 * @return whether the record is failing; if not, nothing happens. Its worker performs
	 * the operation soon after, unless the partition is revoked before.
	 * @throws IllegalStateException if there is no {@code KafkaTemplate} to send dead
	 * letters with, or if another operation on the record is pending
	 */
	boolean deadLetter(String consumer, TopicPartition partition, long offset);

	/**
	 * Begin an outage of what the handlers of a consumer depend on, such as before a
	 * database is shut down: no more attempts are made until {@link #endOutage} is
	 * called. Attempts in progress are finished, records are still polled until the
	 * buffer is full, and what waits counts as no attempt. An outage that was detected
	 * ends by itself, one that was begun here does not.
	 * @param consumer the consumer's name
	 * @return whether there was none
	 */
	boolean beginOutage(String consumer);

	/**
	 * End an outage, whether it was detected or begun: attempts are made again, one at a
	 * time at first, and then more with each that succeeds. If most of them fail, the
	 * outage is detected again.
	 * @param consumer the consumer's name
	 * @return whether there was one
	 */
	boolean endOutage(String consumer);

	/**
	 * Return the failing records of a consumer, to list those that match a filter, and to
	 * decide about all of them at once.
	 * @param consumer the consumer's name
	 * @return a live view
	 */
	FailingRecords failing(String consumer);

	/**
	 * Return the operations on the dead letters of a consumer.
	 * @param consumer the consumer's name
	 * @return the operations, always the same
	 */
	DeadLetterOperations deadLetters(String consumer);

	/**
	 * Return the topics of a consumer.
	 * @param consumer the consumer's name
	 * @return the topics it subscribes to by name, sorted, whether or not it is running;
	 * if it has a pattern instead, the topics of its assigned partitions
	 */
	Set<String> topics(String consumer);

	/**
	 * Return the partitions that are assigned to a consumer.
	 * @param consumer the consumer's name
	 * @return the partitions, sorted by topic and number
	 */
	List<TopicPartition> partitions(String consumer);

	/**
	 * Subscribe a consumer to more topics. Its group assigns their partitions in a
	 * rebalance, which starts before the consumer's next poll; records in progress are
	 * completed and committed as in any rebalance. The topics are kept when the consumer
	 * is stopped and started, but not when the service is restarted. For the partitions
	 * to be shared, call this on each instance of the service.
	 * @param consumer the consumer's name; it need not run
	 * @param topics the topics to add; a topic need not exist yet
	 * @return the topics it did not subscribe to before, sorted
	 * @throws IllegalArgumentException if a topic name is not valid
	 * @throws IllegalStateException if the consumer has a topic pattern or manually
	 * assigned partitions instead of topics, or if the consumer factory of its listener
	 * container could not be replaced
	 */
	Set<String> subscribe(String consumer, Collection<String> topics);

	/**
	 * Start a consumer that was not started with the application or was stopped. Does
	 * nothing if it is running. Blocks until its threads run, not until partitions are
	 * assigned.
	 * @param consumer the consumer's name
	 */
	void start(String consumer);

	/**
	 * Stop a consumer: no more records are started, records that are in progress or not
	 * yet acknowledged are waited for, completed offsets are committed, and the consumer
	 * leaves its group. Does nothing if it is not running. Blocks until that is done, at
	 * most for {@code drain-timeout} and 10 seconds, or for the {@code shutdownTimeout}
	 * of {@code ContainerProperties} if that is longer. A handler that stops its own
	 * consumer would wait for itself, so call this on another thread.
	 * @param consumer the consumer's name
	 */
	void stop(String consumer);

	/**
	 * Return whether a consumer is running.
	 * @param consumer the consumer's name
	 * @return whether it was started and not stopped since, paused or not
	 */
	boolean isRunning(String consumer);

	/**
	 * Pause a consumer: from its next poll on, it fetches nothing, but stays in its group
	 * and keeps its partitions. Records already fetched are still handled. A consumer
	 * that is not running will start paused.
	 * @param consumer the consumer's name
	 */
	void pause(String consumer);

	/**
	 * Resume a paused consumer, from its next poll on. Topics and partitions that were
	 * paused individually stay paused.
	 * @param consumer the consumer's name
	 */
	void resume(String consumer);

	/**
	 * Pause a topic of a consumer: nothing more of it is fetched, including partitions
	 * that are assigned later. Records already fetched are still handled.
	 * @param consumer the consumer's name
	 * @param topic the topic; the consumer need not have it
	 * @return completed when its consumer threads no longer fetch the topic; failed with
	 * an {@link IllegalStateException} if one of them stops before. The topic stays
	 * paused in either case.
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
	 * Resume a topic of a consumer, including its individually paused partitions.
	 * @param consumer the consumer's name
	 * @param topic the topic
	 * @return completed when its consumer threads fetch the topic; otherwise as
	 * {@link #pause(String, String)}
	 */
	CompletableFuture<Void> resume(String consumer, String topic);

	/**
	 * Resume an individually paused partition of a consumer.
	 * @param consumer the consumer's name
	 * @param partition the partition
	 * @return as {@link #resume(String, String)}
	 * @throws IllegalStateException if the whole topic is paused
	 */
	CompletableFuture<Void> resume(String consumer, TopicPartition partition);

	/**
	 * Seek a partition to another position. No more of its records are started, records
	 * in progress are waited for, at most for {@code drain-timeout}, and records already
	 * polled are dropped. Then the partition is read from the new position, which is
	 * committed. Other partitions are not affected. Records between the old and the new
	 * position are skipped, including uncompleted ones, or redelivered.
	 * @param consumer the consumer's name
	 * @param partition the partition, assigned to this consumer
	 * @param to the position to seek to
	 * @return the result, when the new position is committed; failed with an
	 * {@link IllegalArgumentException} if the partition does not have the position, with
	 * an {@link IllegalStateException} if the partition is revoked before, is being
	 * sought already, or the consumer stops, or if the partition is read from the new
	 * position but that could not be committed within 5 seconds (the next commit includes
	 * it), with the error of the broker otherwise
	 * @throws IllegalStateException if the consumer is not running
	 * @throws IllegalArgumentException if the partition is not assigned to this consumer
	 */
	CompletableFuture<SeekResult> seek(String consumer, TopicPartition partition, SeekPosition to);

	/**
	 * Return whether a consumer is paused.
	 * @param consumer the consumer's name
	 * @return whether it was paused and not resumed since, rather than by back-pressure
	 */
	boolean isPaused(String consumer);

}
