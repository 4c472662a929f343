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

package io.kaffe.spring.engine.delivery;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.jspecify.annotations.Nullable;

/**
 * The Kafka consumer that polled records: the names under which timers and observations
 * report their deliveries, whichever worker they are made by, and what listeners are
 * given in its place.
 * <p>
 * <b>Threading.</b> Immutable; the timer may be closed by the consumer thread.
 *
 * @param listenerId the id of the container that polls with it: that of the listener, and
 * its number among the consumers of the listener
 * @param clientId its client id, or {@code null} if that is not known
 * @param threadName the name of threads while they deliver records that it has polled, or
 * {@code null} if they keep their own
 * @param timer times deliveries, or {@code null}
 * @param consumer what listeners are given as the consumer; safe on any thread
 * @param membership knows how it is a member of its group, if its offsets are committed
 * in the transactions of attempts; {@code null}: the consumer thread commits them
 */
public record PollingConsumer(String listenerId, @Nullable String clientId, @Nullable String threadName,
		@Nullable DeliveryTimer timer, Consumer<Object, Object> consumer, @Nullable Membership membership) {

	/**
	 * Create a consumer whose offsets the consumer thread commits.
	 */
	public PollingConsumer(String listenerId, @Nullable String clientId, @Nullable String threadName,
			@Nullable DeliveryTimer timer, Consumer<Object, Object> consumer) {
		this(listenerId, clientId, threadName, timer, consumer, null);
	}

	/**
	 * Return the same, with offsets that are committed in the transactions of attempts.
	 * @param membership knows how it is a member of its group; any thread
	 * @return the consumer
	 */
	public PollingConsumer transactional(Membership membership) {
		return new PollingConsumer(this.listenerId, this.clientId, this.threadName, this.timer, this.consumer,
				membership);
	}

	/**
	 * Return whether its offsets are committed in the transactions of attempts, rather
	 * than by the consumer thread.
	 */
	public boolean isTransactional() {
		return this.membership != null;
	}

	/**
	 * Return how it is a member of its group, by which the broker knows commits of an
	 * earlier owner of a partition. Any thread.
	 * @return the membership as of the last poll or rebalance; {@code null} if it is not
	 * known
	 */
	public @Nullable ConsumerGroupMetadata groupMetadata() {
		return (this.membership != null) ? this.membership.current() : null;
	}

	/**
	 * Note that the broker refuses that membership: there is a later one, or none. Any
	 * thread.
	 */
	public void membershipRefused() {
		if (this.membership != null) {
			this.membership.refused();
		}
	}

	/**
	 * Return the same, with something else that listeners are given.
	 * @param consumer safe on any thread
	 * @return the consumer
	 */
	public PollingConsumer givenAs(Consumer<Object, Object> consumer) {
		return new PollingConsumer(this.listenerId, this.clientId, this.threadName, this.timer, consumer,
				this.membership);
	}

	/**
	 * Name the calling thread, which is about to deliver records, if it is to be named.
	 * @return the name that it had, for {@link #leaveThread}; {@code null} if it keeps it
	 */
	@Nullable String enterThread() {
		if (this.threadName == null) {
			return null;
		}
		Thread thread = Thread.currentThread();
		String before = thread.getName();
		thread.setName(this.threadName);
		return before;
	}

	/**
	 * Give the calling thread the name back that it had.
	 */
	static void leaveThread(@Nullable String before) {
		if (before != null) {
			Thread.currentThread().setName(before);
		}
	}

	/**
	 * Remove the meters of the consumer, which polls no more.
	 */
	public void close() {
		if (this.timer != null) {
			this.timer.close();
		}
	}

	/**
	 * How a consumer is a member of its group. Called by any thread.
	 */
	@FunctionalInterface
	public interface Membership {

		/**
		 * Return it as of the last poll or rebalance.
		 * @return the membership, or {@code null} if it is not known
		 */
		@Nullable ConsumerGroupMetadata current();

		/**
		 * Note that the broker refuses it.
		 */
		default void refused() {
		}

	}

}
