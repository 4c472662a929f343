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

import java.time.Duration;
import java.time.Instant;
import java.util.List;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.FailingRecord;

/**
 * The simulated world of a {@link KaffeTest}: its cluster, its time, and what its
 * listeners have done. May be used while a test method runs, by the method and by what
 * the listeners call.
 */
public interface SimulatedKafka {

	/**
	 * Send a record, to the partition of its key, with the application's serializers.
	 * @param topic the topic, which is created if it does not exist
	 * @param key the key, or {@code null}
	 * @param value the value, or {@code null}
	 */
	void send(String topic, @Nullable Object key, @Nullable Object value);

	/**
	 * Send a record to a partition, with the application's serializers.
	 * @param topic the topic, which is created if it does not exist
	 * @param partition the partition
	 * @param key the key, or {@code null}
	 * @param value the value, or {@code null}
	 */
	void send(String topic, int partition, @Nullable Object key, @Nullable Object value);

	/**
	 * Let time pass. Called by a handler, it makes the handler take that long.
	 * @param duration how much time
	 */
	void advance(Duration duration);

	/**
	 * Let time pass until all records are handled and their offsets are committed, or
	 * until nothing happens any more, for instance since a record is parked.
	 * @throws AssertionError if there is no end of it
	 */
	void awaitIdle();

	/**
	 * Return the time of the simulated world.
	 * @return the current instant
	 */
	Instant time();

	/**
	 * Return all deliveries that have ended, retries included.
	 * @return the deliveries, in the order in which they ended
	 */
	List<HandledRecord> handled();

	/**
	 * Return the deliveries of one topic that succeeded.
	 * @param topic the topic
	 * @return the deliveries, in the order in which they ended
	 */
	default List<HandledRecord> handled(String topic) {
		return handled().stream()
			.filter((handled) -> handled.isSuccessful() && handled.record().topic().equals(topic))
			.toList();
	}

	/**
	 * Return the records that have failed and are not completed, those that are parked
	 * among them, of all consumers with workers.
	 * @return the failing records
	 */
	List<FailingRecord> failing();

	/**
	 * Return the committed offset of a partition. Of several groups that consume it, the
	 * one that is the furthest behind counts.
	 * @param topic the topic
	 * @param partition the partition
	 * @return the offset of the next record to read; 0 if nothing is committed
	 */
	long committed(String topic, int partition);

	/**
	 * Return the records of a topic, for instance dead letters, read with the
	 * application's deserializers.
	 * @param topic the topic
	 * @param <K> the type of the keys
	 * @param <V> the type of the values
	 * @return the records, by partition and offset; empty if the topic does not exist
	 */
	<K, V> List<ConsumerRecord<K, V>> records(String topic);

	/**
	 * Return the topics and partitions that exist.
	 * @return all partitions
	 */
	List<TopicPartition> partitions();

	/**
	 * Rebalance all groups, and wait until all partitions are assigned again.
	 */
	void rebalance();

	/**
	 * Let the application crash: nothing of it is committed from now on, and handlers in
	 * progress are cut off where they let time pass. Then start its listeners again, and
	 * wait until their partitions are assigned, for which the sessions of the crashed
	 * consumers have to expire.
	 */
	void crashAndRestart();

	/**
	 * Let the next commits of each consumer thread fail.
	 * @param count how many of them
	 */
	void failNextCommits(int count);

	/**
	 * Let no broker answer for a while. Returns at once.
	 * @param duration how long
	 */
	void brokersUnavailable(Duration duration);

}
