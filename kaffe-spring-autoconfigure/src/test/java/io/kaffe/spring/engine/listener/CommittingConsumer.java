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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A consumer that keeps commits and answers them as the test says.
 */
final class CommittingConsumer extends MockConsumer<Object, Object> {

	final List<OffsetAndMetadata> commits = new ArrayList<>();

	/** How long the broker was waited for. */
	final List<Duration> timeouts = new ArrayList<>();

	final Deque<KafkaException> syncFailures = new ArrayDeque<>();

	private final Deque<OffsetCommitCallback> callbacks = new ArrayDeque<>();

	private @Nullable RuntimeException unsendable;

	CommittingConsumer() {
		super("earliest");
	}

	List<Long> offsets() {
		return this.commits.stream().map(OffsetAndMetadata::offset).toList();
	}

	void answer(@Nullable Exception failure) {
		this.callbacks.remove().onComplete(Map.of(), failure);
	}

	/**
	 * Throw when the next commit is to be sent that is not waited for.
	 */
	void failToSend(RuntimeException failure) {
		this.unsendable = failure;
	}

	@Override
	public synchronized void commitAsync(Map<TopicPartition, OffsetAndMetadata> offsets,
			OffsetCommitCallback callback) {
		RuntimeException failure = this.unsendable;
		if (failure != null) {
			this.unsendable = null;
			throw failure;
		}
		this.commits.addAll(offsets.values());
		this.callbacks.add(callback);
	}

	@Override
	public synchronized void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
		this.commits.addAll(offsets.values());
		this.timeouts.add(timeout);
		KafkaException failure = this.syncFailures.poll();
		if (failure != null) {
			throw failure;
		}
	}

}
