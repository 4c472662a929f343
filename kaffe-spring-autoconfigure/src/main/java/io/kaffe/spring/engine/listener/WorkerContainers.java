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

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.common.TopicPartition;
import org.springframework.util.Assert;

import io.kaffe.spring.DeadLetterOperations;
import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.FailingRecords;
import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.SeekResult;
import io.kaffe.spring.engine.delivery.Failures;
import io.kaffe.spring.engine.worker.ConsumerWorkers;

/**
 * The listener containers that were given workers.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; only {@link #start} and {@link #stop} block.
 */
public final class WorkerContainers implements KaffeConsumers {

	private static final Log logger = LogFactory.getLog(WorkerContainers.class);

	private final Map<String, WorkerContainer> consumers = new ConcurrentHashMap<>();

	/**
	 * Create a registry without consumers.
	 */
	public WorkerContainers() {
	}

	void add(String name, WorkerContainer consumer) {
		this.consumers.put(name, consumer);
	}

	Collection<WorkerContainer> all() {
		return this.consumers.values();
	}

	@Override
	public Set<String> names() {
		return new TreeSet<>(this.consumers.keySet());
	}

	@Override
	public OptionalInt maxConcurrency(String consumer) {
		int limit = adopted(consumer).context().workers().maxConcurrency();
		return (limit < Integer.MAX_VALUE) ? OptionalInt.of(limit) : OptionalInt.empty();
	}

	@Override
	public void setMaxConcurrency(String consumer, int maxConcurrency) {
		ConsumerWorkers workers = adopted(consumer).context().workers();
		Assert.isTrue(maxConcurrency > 0,
				() -> "The max-concurrency of consumer '" + consumer + "' must be 1 or more, not " + maxConcurrency);
		int before = workers.maxConcurrency();
		workers.maxConcurrency(maxConcurrency);
		logger.info("Consumer '" + consumer + "' handles at most " + maxConcurrency + " records at once from now on"
				+ ((before < Integer.MAX_VALUE) ? ", before " + before : ""));
	}

	@Override
	public List<FailingRecord> failingRecords(String consumer) {
		return failures(consumer).all();
	}

	@Override
	public boolean retry(String consumer, TopicPartition partition, long offset) {
		return failures(consumer).retry(partition, offset);
	}

	@Override
	public boolean skip(String consumer, TopicPartition partition, long offset) {
		return failures(consumer).skip(partition, offset);
	}

	@Override
	public boolean deadLetter(String consumer, TopicPartition partition, long offset) {
		adopted(consumer).context().settings().failurePolicy().requireDeadLetters(consumer);
		return failures(consumer).deadLetter(partition, offset);
	}

	private Failures failures(String consumer) {
		return adopted(consumer).context().delivery().failures();
	}

	@Override
	public boolean beginOutage(String consumer) {
		return adopted(consumer).context().delivery().outages().begin(adopted(consumer).context().workers());
	}

	@Override
	public boolean endOutage(String consumer) {
		return adopted(consumer).context().delivery().outages().end();
	}

	@Override
	public FailingRecords failing(String consumer) {
		return adopted(consumer).failingRecords();
	}

	@Override
	public DeadLetterOperations deadLetters(String consumer) {
		return adopted(consumer).deadLetters();
	}

	@Override
	public Set<String> topics(String consumer) {
		return adopted(consumer).table().topics();
	}

	@Override
	public List<TopicPartition> partitions(String consumer) {
		return adopted(consumer).table().partitions();
	}

	@Override
	public Set<String> subscribe(String consumer, Collection<String> topics) {
		WorkerContainer adopted = adopted(consumer);
		Set<String> added = adopted.subscription().add(topics);
		if (!added.isEmpty()) {
			// Consumers subscribe before their next polls: now, rather than after those
			// that they are in.
			adopted.regulate();
		}
		return added;
	}

	@Override
	public void start(String consumer) {
		adopted(consumer).container().start();
	}

	@Override
	public void stop(String consumer) {
		WorkerContainer adopted = adopted(consumer);
		adopted.supervision().stayDown();
		adopted.container().stop();
	}

	@Override
	public boolean isRunning(String consumer) {
		return adopted(consumer).container().isRunning();
	}

	@Override
	public void pause(String consumer) {
		adopted(consumer).container().pause();
	}

	@Override
	public void resume(String consumer) {
		adopted(consumer).container().resume();
	}

	@Override
	public boolean isPaused(String consumer) {
		return adopted(consumer).container().isPauseRequested();
	}

	@Override
	public CompletableFuture<Void> pause(String consumer, String topic) {
		return change(consumer, (pauses) -> pauses.pause(topic));
	}

	@Override
	public CompletableFuture<Void> pause(String consumer, TopicPartition partition) {
		return change(consumer, (pauses) -> pauses.pause(partition));
	}

	@Override
	public CompletableFuture<Void> resume(String consumer, String topic) {
		return change(consumer, (pauses) -> pauses.resume(topic));
	}

	@Override
	public CompletableFuture<Void> resume(String consumer, TopicPartition partition) {
		return change(consumer, (pauses) -> pauses.resume(partition));
	}

	@Override
	public CompletableFuture<SeekResult> seek(String consumer, TopicPartition partition, SeekPosition to) {
		return adopted(consumer).seek(partition, to);
	}

	private CompletableFuture<Void> change(String consumer, Consumer<PauseRequests> change) {
		WorkerContainer adopted = adopted(consumer);
		change.accept(adopted.context().pauses());
		return adopted.regulate();
	}

	private WorkerContainer adopted(String consumer) {
		WorkerContainer adopted = this.consumers.get(consumer);
		if (adopted == null) {
			throw new IllegalArgumentException(
					"There is no consumer '" + consumer + "' with workers; there are " + names());
		}
		return adopted;
	}

}
