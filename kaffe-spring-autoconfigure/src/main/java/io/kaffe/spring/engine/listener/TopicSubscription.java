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

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
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
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.BeansException;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;

import io.kaffe.spring.engine.adapter.SpringKafkaFields;

/**
 * The topics that the consumers of one listener container subscribe to: those the
 * container was created with, and those that were added later. Each consumer subscribes
 * to added topics before its next poll, on its own thread, so that the group assigns
 * their partitions as in any rebalance while the other partitions are processed.
 * <p>
 * A second subscription must keep the rebalance listener of the first, which Spring Kafka
 * creates inside the container and which {@link Consumer#subscribe(Collection)} would
 * drop. So the container is given a consumer factory of its own, which delegates to the
 * application's and returns consumers that remember their listener. The application's
 * factory is left unchanged: consumers that it creates for others are not wrapped.
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
	 * @param container the container, before it starts
	 */
	TopicSubscription(String consumer, AbstractMessageListenerContainer<?, ?> container) {
		this.consumer = consumer;
		String[] topics = container.getContainerProperties().getTopics();
		this.initial = (topics != null) ? Set.copyOf(List.of(topics)) : null;
		this.topics = this.initial;
	}

	/**
	 * Let the consumers of the container remember their rebalance listener, unless it
	 * does not subscribe to topics by name.
	 * @param container the container, before it starts
	 */
	synchronized void installIn(AbstractMessageListenerContainer<?, ?> container) {
		if (this.initial == null) {
			return;
		}
		try {
			ConsumerFactory<?, ?> factory = SpringKafkaFields.consumerFactory(container);
			SpringKafkaFields.consumerFactory(container, ListenerKeepingConsumer.factory(factory));
			this.resubscribable = true;
		}
		catch (BeansException ex) {
			logger.debug("Consumer '" + this.consumer + "' cannot subscribe to more topics", ex);
		}
	}

	/**
	 * Return the consumer that the application's factory has created, for callbacks of
	 * the application: they are given what they would be given without workers.
	 * @param consumer a consumer of the container
	 */
	static Consumer<?, ?> unwrap(Consumer<?, ?> consumer) {
		return (Proxy.isProxyClass(consumer.getClass())
				&& Proxy.getInvocationHandler(consumer) instanceof ListenerKeepingConsumer keeping) ? keeping.consumer
						: consumer;
	}

	/**
	 * Return the topics.
	 * @return an immutable set, or {@code null} if the container does not subscribe to
	 * topics by name
	 */
	@Nullable Set<String> topics() {
		return this.topics;
	}

	/**
	 * Add topics.
	 * @return those that were not subscribed to yet
	 */
	synchronized Set<String> add(Collection<String> added) {
		Set<String> present = this.topics;
		if (present == null) {
			throw new IllegalStateException("Consumer '" + this.consumer
					+ "' has a topic pattern or manually assigned partitions, so it cannot subscribe to topics by name");
		}
		if (!this.resubscribable) {
			throw new IllegalStateException("Consumer '" + this.consumer + "' cannot subscribe to more topics: the "
					+ "consumer factory of its listener container could not be replaced");
		}
		for (String topic : added) {
			if (!NAME.matcher(topic).matches()) {
				// Every poll fails once an invalid topic is subscribed to.
				throw new IllegalArgumentException("'" + topic + "' is not a valid topic name");
			}
		}
		Set<String> fresh = new TreeSet<>(added);
		fresh.removeAll(present);
		if (!fresh.isEmpty()) {
			this.topics = Stream.concat(present.stream(), fresh.stream()).collect(Collectors.toUnmodifiableSet());
			logger.info("Consumer '" + this.consumer + "' subscribes to " + fresh + " in addition to "
					+ new TreeSet<>(present));
		}
		return fresh;
	}

	/**
	 * Subscribe a consumer to added topics. Called by the consumer's thread before each
	 * poll.
	 */
	void renew(Consumer<?, ?> consumer) {
		Set<String> current = this.topics;
		if (current == null || current == this.initial || current.equals(consumer.subscription())) {
			return;
		}
		try {
			consumer.subscribe(current);
		}
		catch (WakeupException ex) {
			logger.debug("Subscribing was interrupted by a wakeup and is tried again before the next poll", ex);
		}
	}

	/**
	 * A consumer whose {@link Consumer#subscribe(Collection)}, the one without a
	 * rebalance listener, keeps the rebalance listener of the subscription before.
	 * <p>
	 * <b>Threading.</b> That of the consumer; {@code listener} is set by the first
	 * subscription, which precedes the start of the consumer's thread.
	 */
	static final class ListenerKeepingConsumer implements InvocationHandler {

		private final Consumer<?, ?> consumer;

		private volatile @Nullable ConsumerRebalanceListener listener;

		private ListenerKeepingConsumer(Consumer<?, ?> consumer) {
			this.consumer = consumer;
		}

		/**
		 * Return a factory that creates such consumers. Everything else is answered by
		 * the factory it delegates to, at the time of the call.
		 */
		@SuppressWarnings("unchecked")
		static <K, V> ConsumerFactory<K, V> factory(ConsumerFactory<K, V> delegate) {
			return (ConsumerFactory<K, V>) proxy(ConsumerFactory.class, (proxy, method, args) -> {
				if (isEquals(method)) {
					return proxy == args[0];
				}
				Object result = call(delegate, method, args);
				return (result instanceof Consumer<?, ?> consumer) ? of(consumer) : result;
			});
		}

		@SuppressWarnings("unchecked")
		static <K, V> Consumer<K, V> of(Consumer<K, V> consumer) {
			return (Consumer<K, V>) proxy(Consumer.class, new ListenerKeepingConsumer(consumer));
		}

		private static Object proxy(Class<?> type, InvocationHandler handler) {
			return Proxy.newProxyInstance(TopicSubscription.class.getClassLoader(), new Class<?>[] { type }, handler);
		}

		@Override
		public @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] args)
				throws Throwable {
			if (args == null) {
				return call(this.consumer, method, args);
			}
			if (isEquals(method)) {
				return proxy == args[0];
			}
			if (method.getName().equals("subscribe") && args[0] instanceof Collection<?> names) {
				return subscribe(method, names, args);
			}
			return call(this.consumer, method, args);
		}

		@SuppressWarnings("unchecked")
		private @Nullable Object subscribe(Method method, Collection<?> names, @Nullable Object[] args)
				throws Throwable {
			ConsumerRebalanceListener kept = this.listener;
			if (args.length == 1 && kept != null) {
				this.consumer.subscribe((Collection<String>) names, kept);
				return null;
			}
			this.listener = (args.length > 1) ? (ConsumerRebalanceListener) args[1] : null;
			return call(this.consumer, method, args);
		}

		private static boolean isEquals(Method method) {
			return method.getName().equals("equals") && method.getParameterCount() == 1;
		}

		private static @Nullable Object call(Object target, Method method, @Nullable Object @Nullable [] args)
				throws Throwable {
			try {
				return method.invoke(target, args);
			}
			catch (InvocationTargetException ex) {
				throw ex.getTargetException();
			}
		}

	}

}
