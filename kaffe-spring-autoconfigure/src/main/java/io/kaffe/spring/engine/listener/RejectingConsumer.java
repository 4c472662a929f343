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

import org.apache.kafka.clients.consumer.Consumer;

/**
 * What listeners and interceptors on workers are given as their consumer. The real one
 * belongs to the thread that polls, so every call is refused with an explanation.
 */
public final class RejectingConsumer {

	private RejectingConsumer() {
	}

	/**
	 * Return what takes a consumer's place.
	 * @param name the consumer's name
	 * @return the same as any other for that name; safe on any thread
	 */
	@SuppressWarnings("unchecked")
	public static Consumer<Object, Object> of(String name) {
		return (Consumer<Object, Object>) Proxy.newProxyInstance(RejectingConsumer.class.getClassLoader(),
				new Class<?>[] { Consumer.class }, (proxy, method, args) -> call(name, proxy, method, args));
	}

	private static Object call(String name, Object proxy, Method method, Object[] args) {
		return switch (method.getName()) {
			case "equals" -> proxy == args[0];
			case "hashCode" -> System.identityHashCode(proxy);
			case "toString" -> "guarded consumer of '" + name + "'";
			default -> throw new IllegalStateException("Consumer." + method.getName() + "() was called on a worker of '"
					+ name + "': a Kafka consumer may be used by the thread that polls it only");
		};
	}

}
