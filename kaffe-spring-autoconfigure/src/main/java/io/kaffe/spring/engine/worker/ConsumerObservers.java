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
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.PartitionSnapshot;

/**
 * The {@linkplain ConsumerObserver observers} of one consumer. What they throw is logged,
 * the first time as a warning.
 * <p>
 * <b>Threading.</b> Immutable but for whether it has warned; any thread may call, with no
 * lock held.
 */
public final class ConsumerObservers {

	private static final Log logger = LogFactory.getLog(ConsumerObservers.class);

	private final AtomicBoolean warned = new AtomicBoolean();

	private final String consumer;

	private final List<ConsumerObserver> observers;

	private final ConsumerObserver.HandlerTimer[] timers;

	/**
	 * Create the observers of a consumer.
	 * @param consumer the consumer's name
	 * @param observers who observes consumers
	 */
	public ConsumerObservers(String consumer, List<ConsumerObserver> observers) {
		this.consumer = consumer;
		this.observers = List.copyOf(observers);
		this.timers = this.observers.stream()
			.map((observer) -> observer.handlerTimer(consumer))
			.filter(Objects::nonNull)
			.toArray(ConsumerObserver.HandlerTimer[]::new);
	}

	/**
	 * Return the consumer's name.
	 * @return always the same
	 */
	public String consumer() {
		return this.consumer;
	}

	/**
	 * Notify that an attempt to handle a record has ended.
	 * @param topic the record's topic
	 * @param nanos how many nanoseconds it took
	 * @param handled whether it succeeded
	 */
	public void attempted(String topic, long nanos, boolean handled) {
		for (ConsumerObserver.HandlerTimer timer : this.timers) {
			try {
				timer.attempted(topic, nanos, handled);
			}
			catch (Throwable ex) {
				warn(timer, ex);
			}
		}
	}

	/**
	 * Notify how a commit ended.
	 * @param failure why it failed, or {@code null} if the broker has confirmed it
	 */
	public void committed(@Nullable Exception failure) {
		publish((observer) -> observer.committed(this.consumer, failure));
	}

	/**
	 * Notify that partitions were assigned, revoked or lost.
	 * @param rebalance which, and what became of their records
	 */
	public void rebalanced(ConsumerSnapshot.Rebalance rebalance) {
		publish((observer) -> observer.rebalanced(this.consumer, rebalance));
	}

	/**
	 * Notify that a record was parked.
	 * @param record the record
	 */
	public void parked(FailingRecord record) {
		publish((observer) -> observer.parked(this.consumer, record));
	}

	/**
	 * Notify that an outage of what the handlers depend on has begun.
	 * @param outage the outage
	 */
	public void outageBegan(ConsumerSnapshot.Outage outage) {
		publish((observer) -> observer.outageBegan(this.consumer, outage));
	}

	/**
	 * Notify that an outage is over.
	 * @param outage the outage
	 */
	public void outageEnded(ConsumerSnapshot.Outage outage) {
		publish((observer) -> observer.outageEnded(this.consumer, outage));
	}

	/**
	 * Notify that an unfinished record is expected to be deleted soon.
	 * @param partition the record's partition
	 * @param expected which record, and when
	 */
	public void deletionExpected(TopicPartition partition, PartitionSnapshot.DeletionExpected expected) {
		publish((observer) -> observer.deletionExpected(this.consumer, partition, expected));
	}

	/**
	 * Notify that records were deleted before they were handled.
	 * @param lost the records
	 */
	public void lost(LostRecords lost) {
		publish((observer) -> observer.lost(this.consumer, lost));
	}

	/**
	 * Notify that a record has been with its handler for too long.
	 * @param stalled the record
	 */
	public void stalled(StalledRecord stalled) {
		publish((observer) -> observer.stalled(this.consumer, stalled));
	}

	/**
	 * Notify that the consumer cannot go on.
	 * @param stop when and why
	 */
	public void stopped(ConsumerSnapshot.Stop stop) {
		publish((observer) -> observer.stopped(this.consumer, stop));
	}

	/**
	 * Notify that a worker or a polling thread has broken down.
	 */
	public void restarted() {
		publish((observer) -> observer.restarted(this.consumer));
	}

	/**
	 * Notify that an exception of the engine itself was contained.
	 */
	public void internalError() {
		publish((observer) -> observer.internalError(this.consumer));
	}

	private void publish(Consumer<ConsumerObserver> event) {
		for (ConsumerObserver observer : this.observers) {
			try {
				event.accept(observer);
			}
			catch (Throwable ex) {
				warn(observer, ex);
			}
		}
	}

	private void warn(Object observer, Throwable failure) {
		String message = "ConsumerObserver " + observer + " of consumer '" + this.consumer + "' threw an exception";
		SafeLog.log(this.warned.compareAndSet(false, true) ? logger::warn : logger::debug, message, failure);
	}

}
