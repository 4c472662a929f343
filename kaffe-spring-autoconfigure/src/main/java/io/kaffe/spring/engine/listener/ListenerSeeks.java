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
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.function.ObjLongConsumer;
import java.util.function.ToLongBiFunction;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.listener.ConsumerSeekAware.ConsumerSeekCallback;

import io.kaffe.spring.engine.worker.SafeLog;

/**
 * The seeks of a {@link ConsumerSeekAware} listener on one consumer: notifies the
 * listener which partitions are assigned and revoked, and does the seeks it requests. On
 * the consumer thread, within the listener's callbacks, a seek is done at once; on any
 * other thread, such as a worker, it is done before the next poll.
 * <p>
 * The container would do the same, but its calls of the consumer are not safe from the
 * {@linkplain Consumer#wakeup() wake-ups} by workers.
 * <p>
 * <b>Threading.</b> The listener's callbacks are called by the consumer thread; seeks are
 * requested by any thread, through a concurrent queue.
 */
final class ListenerSeeks implements ConsumerSeekCallback {

	private static final Log logger = LogFactory.getLog(ListenerSeeks.class);

	private final Queue<Runnable> requested = new ConcurrentLinkedQueue<>();

	private final Thread thread = Thread.currentThread();

	private final Consumer<?, ?> consumer;

	private final ConsumerSeekAware listener;

	private final ContainerFacts facts;

	private final ToLongBiFunction<TopicPartition, @Nullable Duration> position;

	private final ObjLongConsumer<TopicPartition> sought;

	private final Runnable wakeUp;

	private boolean polled;

	/**
	 * Create seeks. Called by the consumer thread.
	 * @param consumer the consumer
	 * @param listener who seeks
	 * @param facts the configuration of the consumer's container
	 * @param position returns the position of a partition, waiting for it at most so
	 * long; {@code null}: as long as the consumer waits by default
	 * @param sought called with a partition and its new position when that was moved
	 * @param wakeUp has the consumer thread {@link #perform()} what was requested
	 */
	ListenerSeeks(Consumer<?, ?> consumer, ConsumerSeekAware listener, ContainerFacts facts,
			ToLongBiFunction<TopicPartition, @Nullable Duration> position, ObjLongConsumer<TopicPartition> sought,
			Runnable wakeUp) {
		this.consumer = consumer;
		this.listener = listener;
		this.facts = facts;
		this.position = position;
		this.sought = sought;
		this.wakeUp = wakeUp;
	}

	/**
	 * Register the callback by which the listener requests seeks.
	 */
	void begin() {
		this.listener.registerSeekCallback(this);
	}

	/**
	 * Let the listener choose from where partitions that were assigned are read.
	 */
	void assigned(Collection<TopicPartition> partitions) {
		begin();
		this.listener.onPartitionsAssigned(positions(partitions), this);
	}

	/**
	 * Let the listener know once that positions are established.
	 */
	void polled() {
		if (!this.polled) {
			this.polled = true;
			this.listener.onFirstPoll();
		}
	}

	void idle(Collection<TopicPartition> partitions) {
		begin();
		this.listener.onIdleContainer(positions(partitions), this);
	}

	void revoked(Collection<TopicPartition> partitions) {
		this.listener.onPartitionsRevoked(partitions);
	}

	/**
	 * Let the listener forget this consumer, which is stopping. As by the container, it
	 * is notified of the partitions that its group takes from it, and once more, without
	 * partitions, in any case.
	 * @param partitions those that were assigned; may be empty
	 */
	void end(Collection<TopicPartition> partitions) {
		try {
			if (!partitions.isEmpty() && !this.facts.assignsManually()) {
				this.listener.onPartitionsRevoked(partitions);
			}
			this.listener.onPartitionsRevoked(List.of());
			this.listener.unregisterSeekCallback();
		}
		catch (Throwable ex) {
			SafeLog.log(logger::warn, "The listener failed to forget its partitions " + partitions, ex);
		}
	}

	/**
	 * Do the seeks that other threads have requested, as many as there are by now.
	 */
	void perform() {
		for (int left = this.requested.size(); left > 0; left--) {
			Objects.requireNonNull(this.requested.poll()).run();
		}
	}

	/**
	 * Return the positions that can be determined: one of a topic that is being deleted
	 * cannot, which is no reason to fail the callback: the listener would be notified of
	 * none of them. The consumer determines the positions of all its partitions at the
	 * same time, so that only one is waited for in vain.
	 */
	private Map<TopicPartition, Long> positions(Collection<TopicPartition> partitions) {
		Map<TopicPartition, Long> positions = new HashMap<>();
		List<TopicPartition> unknown = new ArrayList<>();
		TimeoutException failure = null;
		for (TopicPartition partition : partitions) {
			try {
				Duration timeout = (failure != null) ? Duration.ZERO : null;
				positions.put(partition, this.position.applyAsLong(partition, timeout));
			}
			catch (TimeoutException ex) {
				failure = (failure != null) ? failure : ex;
				unknown.add(partition);
			}
		}
		if (failure != null) {
			logger.warn("The listener is not notified of " + unknown + ": their positions are unknown", failure);
		}
		return positions;
	}

	private long position(TopicPartition partition) {
		return this.position.applyAsLong(partition, null);
	}

	@Override
	public void seek(String topic, int partition, long offset) {
		move(topic, partition, (of) -> offset);
	}

	@Override
	public void seek(String topic, int partition, Function<Long, Long> offsetComputeFunction) {
		move(topic, partition, (of) -> offsetComputeFunction.apply(position(of)));
	}

	@Override
	public void seekToBeginning(String topic, int partition) {
		move(topic, partition, this::beginning);
	}

	@Override
	public void seekToBeginning(Collection<TopicPartition> partitions) {
		partitions.forEach((partition) -> seekToBeginning(partition.topic(), partition.partition()));
	}

	@Override
	public void seekToEnd(String topic, int partition) {
		move(topic, partition, this::end);
	}

	@Override
	public void seekToEnd(Collection<TopicPartition> partitions) {
		partitions.forEach((partition) -> seekToEnd(partition.topic(), partition.partition()));
	}

	@Override
	public void seekRelative(String topic, int partition, long offset, boolean toCurrent) {
		move(topic, partition, (of) -> {
			long origin = toCurrent ? position(of) : ((offset >= 0) ? beginning(of) : end(of));
			return Math.max(0, origin + offset);
		});
	}

	@Override
	public void seekToTimestamp(String topic, int partition, long timestamp) {
		move(topic, partition, (of) -> {
			OffsetAndTimestamp found = CommitReader.awake(() -> this.consumer.offsetsForTimes(Map.of(of, timestamp)))
				.get(of);
			return (found != null) ? (Long) found.offset() : null;
		});
	}

	@Override
	public void seekToTimestamp(Collection<TopicPartition> topicPartitions, long timestamp) {
		topicPartitions.forEach((partition) -> seekToTimestamp(partition.topic(), partition.partition(), timestamp));
	}

	@Override
	public @Nullable String getGroupId() {
		return this.facts.groupId();
	}

	private long beginning(TopicPartition partition) {
		return Objects.requireNonNull(
				CommitReader.awake(() -> this.consumer.beginningOffsets(List.of(partition))).get(partition));
	}

	private long end(TopicPartition partition) {
		return Objects
			.requireNonNull(CommitReader.awake(() -> this.consumer.endOffsets(List.of(partition))).get(partition));
	}

	/**
	 * Move a position, now or before the next poll.
	 * @param target evaluated on the consumer thread; {@code null}: leave it where it is
	 */
	private void move(String topic, int number, Function<TopicPartition, @Nullable Long> target) {
		TopicPartition partition = new TopicPartition(topic, number);
		if (Thread.currentThread() == this.thread) {
			move(partition, target);
		}
		else {
			this.requested.add(() -> tryToMove(partition, target));
			this.wakeUp.run();
		}
	}

	private void tryToMove(TopicPartition partition, Function<TopicPartition, @Nullable Long> target) {
		try {
			if (this.consumer.assignment().contains(partition)) {
				move(partition, target);
			}
			else {
				logger.warn("Not seeking " + partition + ": it is not assigned any more");
			}
		}
		catch (Throwable ex) {
			SafeLog.log(logger::error, "Could not seek " + partition, ex);
		}
	}

	private void move(TopicPartition partition, Function<TopicPartition, @Nullable Long> target) {
		Long offset = target.apply(partition);
		if (offset != null) {
			this.consumer.seek(partition, offset);
			this.sought.accept(partition, offset);
		}
	}

}
