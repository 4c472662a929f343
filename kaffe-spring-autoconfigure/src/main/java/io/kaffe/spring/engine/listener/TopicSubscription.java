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
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.ContainerProperties;

/**
 * The topics that the consumers of one listener container subscribe to: those it was set
 * up with, and those that were added since. Added ones are subscribed to by each consumer
 * before its next poll, on its own thread, so that the group assigns their partitions
 * while the others go on as in any rebalance.
 * <p>
 * <b>Threading.</b> Topics are added by any thread, under the monitor of this; consumer
 * threads read {@code topics}, an immutable set that is replaced.
 */
final class TopicSubscription {

	private static final Log logger = LogFactory.getLog(TopicSubscription.class);

	private static final Pattern NAME = Pattern.compile("(?!\\.{1,2}$)[a-zA-Z0-9._-]{1,249}");

	private final String consumer;

	private final @Nullable Set<String> initial;

	private volatile @Nullable Set<String> topics;

	private boolean resubscribable;

	/**
	 * Create a subscription.
	 * @param consumer the consumer's name
	 * @param properties where the container's topics are
	 */
	TopicSubscription(String consumer, ContainerProperties properties) {
		this.consumer = consumer;
		String[] topics = properties.getTopics();
		this.initial = (topics != null) ? Set.copyOf(List.of(topics)) : null;
		this.topics = this.initial;
	}

	/**
	 * Return the topics.
	 * @return an immutable set, or {@code null} if it is not by name that they are
	 * subscribed to
	 */
	@Nullable Set<String> topics() {
		return this.topics;
	}

	/**
	 * Note that the container's consumers are {@link ResubscribableConsumer
	 * resubscribable}.
	 */
	synchronized void allowMore() {
		this.resubscribable = true;
	}

	/**
	 * Add topics.
	 * @return those that were not there yet
	 */
	synchronized Set<String> add(Collection<String> added) {
		Set<String> present = this.topics;
		if (present == null) {
			throw new IllegalStateException("Consumer '" + this.consumer
					+ "' has a topic pattern or partitions of its own, so it cannot subscribe to topics by name");
		}
		if (!this.resubscribable) {
			throw new IllegalStateException("Consumer '" + this.consumer + "' cannot subscribe to more topics: its "
					+ "ConsumerFactory does not support post-processors");
		}
		for (String topic : added) {
			if (!NAME.matcher(topic).matches()) {
				// Polls fail from then on if one such topic is subscribed to.
				throw new IllegalArgumentException("'" + topic + "' is no valid name of a topic");
			}
		}
		Set<String> fresh = new TreeSet<>(added);
		fresh.removeAll(present);
		if (!fresh.isEmpty()) {
			this.topics = Stream.concat(present.stream(), fresh.stream()).collect(Collectors.toUnmodifiableSet());
			logger.info("Consumer '" + this.consumer + "' subscribes to " + fresh + " from now on, besides "
					+ new TreeSet<>(present));
		}
		return fresh;
	}

	/**
	 * Let a consumer subscribe to what was added. Called by the consumer's thread before
	 * each poll.
	 */
	void renew(Consumer<?, ?> consumer) {
		Set<String> wanted = this.topics;
		if (wanted == null || wanted == this.initial || wanted.equals(consumer.subscription())) {
			return;
		}
		try {
			consumer.subscribe(wanted);
		}
		catch (WakeupException ex) {
			logger.debug("Woken up while subscribing; tried again before the next poll", ex);
		}
	}

}
