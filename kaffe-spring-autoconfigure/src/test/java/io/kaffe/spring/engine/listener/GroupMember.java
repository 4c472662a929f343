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

package io.kaffe.spring.engine.listener;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A plain consumer in the group of a service under test, which polls, or fails to, as it
 * is asked to. Handles and commits nothing.
 * <p>
 * <b>Threading.</b> Called by the thread of the test; polls with a thread of its own,
 * since the common pool may have no more than one.
 */
final class GroupMember implements AutoCloseable {

	private final KafkaConsumer<byte[], byte[]> consumer;

	private final ExecutorService thread = Executors.newSingleThreadExecutor();

	private volatile boolean polling;

	private volatile Set<TopicPartition> assignment = Set.of();

	private CompletableFuture<Void> loop = CompletableFuture.completedFuture(null);

	GroupMember(String group, String topic) {
		this.consumer = new KafkaConsumer<>(
				Map.of("bootstrap.servers", System.getProperty("spring.kafka.bootstrap-servers"), "group.id", group,
						"enable.auto.commit", false, "heartbeat.interval.ms", 200, "partition.assignment.strategy",
						CooperativeStickyAssignor.class.getName()),
				new ByteArrayDeserializer(), new ByteArrayDeserializer());
		this.consumer.subscribe(List.of(topic));
	}

	/**
	 * Poll from now on.
	 */
	void poll() {
		this.polling = true;
		this.loop = CompletableFuture.runAsync(() -> {
			while (this.polling) {
				this.consumer.poll(Duration.ofMillis(100));
				this.assignment = this.consumer.assignment();
			}
		}, this.thread);
	}

	/**
	 * Poll no more, but go on sending heartbeats.
	 */
	void stopPolling() {
		this.polling = false;
		this.loop.join();
	}

	Set<TopicPartition> assignment() {
		return this.assignment;
	}

	@Override
	public void close() {
		stopPolling();
		this.thread.shutdown();
		this.consumer.close();
	}

}
