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

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.function.BiFunction;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * What listeners and interceptors on workers are given as their consumer. The real one
 * belongs to the thread that polls: what is known without calling it is answered, every
 * other call is refused with an explanation.
 */
public final class RejectingConsumer {

	private RejectingConsumer() {
	}

	/**
	 * Return what takes a consumer's place and answers nothing.
	 * @param name the consumer's name
	 * @return the same as any other for that name; safe on any thread
	 */
	public static Consumer<Object, Object> of(String name) {
		return of(name, (method, argument) -> null);
	}

	/**
	 * Return what takes the place of the consumer that has polled a record.
	 * @param name the consumer's name
	 * @param view what is known of it
	 * @return the consumer, safe on any thread
	 */
	static Consumer<Object, Object> of(String name, ConsumerView view) {
		return of(name, (method, argument) -> answer(view, method, argument));
	}

	@SuppressWarnings("unchecked")
	private static Consumer<Object, Object> of(String name,
			BiFunction<String, @Nullable Object, @Nullable Object> known) {
		return (Consumer<Object, Object>) Proxy.newProxyInstance(RejectingConsumer.class.getClassLoader(),
				new Class<?>[] { Consumer.class }, (proxy, method, args) -> call(name, known, proxy, method, args));
	}

	@SuppressWarnings("unchecked")
	private static @Nullable Object answer(ConsumerView view, String method, @Nullable Object argument) {
		return switch (method) {
			case "assignment" -> view.assignment();
			case "subscription" -> view.subscription();
			case "groupMetadata" -> view.groupMetadata();
			case "committed" -> (argument != null) ? view.committed((Set<TopicPartition>) argument) : null;
			default -> null;
		};
	}

	private static Object call(String name, BiFunction<String, @Nullable Object, @Nullable Object> known, Object proxy,
			Method method, Object @Nullable [] args) {
		Object argument = (args != null && args.length > 0) ? args[0] : null;
		return switch (method.getName()) {
			case "equals" -> proxy == argument;
			case "hashCode" -> System.identityHashCode(proxy);
			case "toString" -> "guarded consumer of '" + name + "'";
			default -> {
				Object answer = known.apply(method.getName(), argument);
				if (answer == null) {
					throw new IllegalStateException("Consumer." + method.getName() + "() was called on a worker of '"
							+ name + "': a Kafka consumer may be used by the thread that polls it only");
				}
				yield answer;
			}
		};
	}

}
