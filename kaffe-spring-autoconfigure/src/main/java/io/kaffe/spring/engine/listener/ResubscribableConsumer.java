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

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.ConsumerPostProcessor;

/**
 * A Kafka consumer whose {@link Consumer#subscribe(Collection)}, the one without a
 * rebalance listener, keeps the listener that it has. The one that matters is the
 * listener container's, which nobody else can get hold of: without it, a subscription to
 * more topics would take the container's ear.
 * <p>
 * <b>Threading.</b> That of the consumer; {@code listener} is set by the first
 * subscription, which is made before the consumer is handed to its thread.
 */
final class ResubscribableConsumer implements InvocationHandler {

	private final Consumer<?, ?> consumer;

	private volatile @Nullable ConsumerRebalanceListener listener;

	private ResubscribableConsumer(Consumer<?, ?> consumer) {
		this.consumer = consumer;
	}

	/**
	 * Let a factory make such consumers from now on. What the application wraps consumers
	 * in stays around them.
	 * @return whether the factory does: a factory of the application's own need not
	 */
	static <K, V> boolean madeBy(ConsumerFactory<K, V> factory) {
		List<ConsumerPostProcessor<K, V>> others = List.copyOf(factory.getPostProcessors());
		if (others.stream().anyMatch(Innermost.class::isInstance)) {
			return true;
		}
		others.forEach(factory::removePostProcessor);
		factory.addPostProcessor(new Innermost<>());
		others.forEach(factory::addPostProcessor);
		return factory.getPostProcessors().stream().anyMatch(Innermost.class::isInstance);
	}

	@SuppressWarnings("unchecked")
	static <K, V> Consumer<K, V> of(Consumer<K, V> consumer) {
		return (Consumer<K, V>) Proxy.newProxyInstance(ResubscribableConsumer.class.getClassLoader(),
				new Class<?>[] { Consumer.class }, new ResubscribableConsumer(consumer));
	}

	@Override
	public @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] args) throws Throwable {
		if (args == null) {
			return call(method, args);
		}
		if (method.getName().equals("equals")) {
			return proxy == args[0];
		}
		if (method.getName().equals("subscribe") && args[0] instanceof Collection<?> topics) {
			return subscribe(method, topics, args);
		}
		return call(method, args);
	}

	@SuppressWarnings("unchecked")
	private @Nullable Object subscribe(Method method, Collection<?> topics, @Nullable Object[] args) throws Throwable {
		ConsumerRebalanceListener kept = this.listener;
		if (args.length == 1 && kept != null) {
			this.consumer.subscribe((Collection<String>) topics, kept);
			return null;
		}
		this.listener = (args.length > 1) ? (ConsumerRebalanceListener) args[1] : null;
		return call(method, args);
	}

	private @Nullable Object call(Method method, @Nullable Object @Nullable [] args) throws Throwable {
		try {
			return method.invoke(this.consumer, args);
		}
		catch (InvocationTargetException ex) {
			throw ex.getTargetException();
		}
	}

	/**
	 * Wraps consumers when they are made, before all else that does.
	 */
	private static final class Innermost<K, V> implements ConsumerPostProcessor<K, V> {

		@Override
		public Consumer<K, V> apply(Consumer<K, V> consumer) {
			return of(consumer);
		}

	}

}
