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

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.Ticker;

/**
 * Holds back the events of a container that one of its consumers, or one of its
 * partitions, is idle. The container publishes them when a consumer has received nothing
 * for an interval, though workers may still have records. They are published here when no
 * worker has any, and nothing was completed for the interval: at most once an interval,
 * and not later than the next poll begins.
 * <p>
 * A record that is parked waits for an operator, and one that its listener has left open
 * for an acknowledgment: neither keeps a consumer from being idle. When the last record
 * was completed is known to within a poll.
 * <p>
 * <b>Threading.</b> Belongs to the consumer thread, which publishes events.
 */
final class IdleEvents {

	private final Scope whole = new Scope();

	private final Map<TopicPartition, Scope> partitions = new HashMap<>();

	private final Assignments assignments;

	private final @Nullable ListenerSeeks seeks;

	private final ConsumerWakeup wakeup;

	private final ContainerFacts facts;

	private final Ticker ticker;

	/**
	 * Create events of one consumer.
	 * @param assignments its partitions
	 * @param seeks lets its listener seek when it is idle, or {@code null}
	 * @param wakeup what must not interrupt the application then
	 * @param facts its container's configuration
	 * @param ticker the time
	 */
	IdleEvents(Assignments assignments, @Nullable ListenerSeeks seeks, ConsumerWakeup wakeup, ContainerFacts facts,
			Ticker ticker) {
		this.assignments = assignments;
		this.seeks = seeks;
		this.wakeup = wakeup;
		this.facts = facts;
		this.ticker = ticker;
	}

	/**
	 * Publish that something is idle, and let the listener seek there: now, or before a
	 * later poll, unless a record is received before that.
	 * @param partition the partition; {@code null}: the consumer
	 * @param idleMillis for how long nothing was received
	 * @param publication publishes it; called with for how long it has been idle, in
	 * milliseconds
	 */
	void idle(@Nullable TopicPartition partition, long idleMillis, LongConsumer publication) {
		this.wakeup.notPolling();
		Scope scope = (partition != null) ? partition(partition) : this.whole;
		scope.held = new Held(receivedAt(idleMillis), (time) -> {
			publication.accept(time);
			if (this.seeks != null) {
				this.seeks.idle((partition != null) ? List.of(partition) : this.assignments.partitions());
			}
		});
		proceed();
	}

	/**
	 * Publish that something is not idle any more, if it was published that it was.
	 * @param partition the partition; {@code null}: the consumer
	 * @param idleMillis for how long nothing was received
	 * @param publication publishes it; called with for how long it was idle, in
	 * milliseconds
	 */
	void noLongerIdle(@Nullable TopicPartition partition, long idleMillis, LongConsumer publication) {
		Scope scope = (partition != null) ? partition(partition) : this.whole;
		scope.held = null;
		if (scope.publishedAt != null) {
			scope.publishedAt = null;
			publication.accept(scope.idleMillis(receivedAt(idleMillis), this.ticker.nanoTime()));
		}
	}

	private Scope partition(TopicPartition partition) {
		return this.partitions.computeIfAbsent(partition, (key) -> new Scope());
	}

	private long receivedAt(long idleMillis) {
		return this.ticker.nanoTime() - TimeUnit.MILLISECONDS.toNanos(idleMillis);
	}

	/**
	 * Publish what is due.
	 */
	void proceed() {
		Long interval = this.facts.idleEventInterval();
		Long partitionInterval = this.facts.idlePartitionEventInterval();
		if (interval == null && partitionInterval == null) {
			return;
		}
		long now = this.ticker.nanoTime();
		observe(now);
		this.whole.publishIfDue(interval, now);
		List.copyOf(this.partitions.values()).forEach((scope) -> scope.publishIfDue(partitionInterval, now));
	}

	private void observe(long now) {
		this.partitions.keySet().retainAll(this.assignments.partitions());
		boolean working = false;
		boolean active = false;
		for (PartitionAssignment assignment : this.assignments.all()) {
			Scope scope = partition(assignment.partition());
			// A record that is completed between the two is seen by the second.
			boolean own = assignment.isInProgress();
			long finished = assignment.buffer().finished();
			active |= scope.observe(own, finished != scope.finished, now);
			scope.finished = finished;
			working |= own;
		}
		this.whole.observe(working, active, now);
	}

	/**
	 * What is held back.
	 *
	 * @param receivedAt when a record was received last, a reading of the ticker
	 * @param publication publishes it
	 */
	private record Held(long receivedAt, LongConsumer publication) {
	}

	/**
	 * A consumer or a partition. Times are readings of the ticker.
	 */
	private static final class Scope {

		/** How many records of the partition were finished when it was looked at last. */
		private long finished;

		private boolean working;

		/** When it was last found that workers had something to do: now, if they have. */
		private @Nullable Long activeAt;

		/** When it was last published that it is idle, unless it is not any more. */
		private @Nullable Long publishedAt;

		private @Nullable Held held;

		/**
		 * Take note of what workers do.
		 * @param working whether they have records
		 * @param active whether they have had some since the last time
		 * @return whether they have, or have had, records since the last time
		 */
		boolean observe(boolean working, boolean active, long now) {
			boolean any = active || working || this.working;
			this.working = working;
			if (any) {
				this.activeAt = now;
			}
			return any;
		}

		void publishIfDue(@Nullable Long intervalMillis, long now) {
			Held held = this.held;
			if (held == null || intervalMillis == null) {
				return;
			}
			long since = now - TimeUnit.MILLISECONDS.toNanos(intervalMillis);
			if (!isBefore(this.activeAt, since) || !isBefore(this.publishedAt, since)) {
				return;
			}
			this.held = null;
			this.publishedAt = now;
			held.publication().accept(idleMillis(held.receivedAt(), now));
		}

		private static boolean isBefore(@Nullable Long time, long since) {
			return time == null || time - since < 0;
		}

		/**
		 * Return for how long nothing was received, and nothing was to be done.
		 */
		long idleMillis(long receivedAt, long now) {
			Long activeAt = this.activeAt;
			long since = (activeAt != null && activeAt - receivedAt > 0) ? activeAt : receivedAt;
			return TimeUnit.NANOSECONDS.toMillis(now - since);
		}

	}

}
