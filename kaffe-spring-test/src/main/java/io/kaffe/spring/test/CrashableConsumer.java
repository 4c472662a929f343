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

package io.kaffe.spring.test;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.SimulatedConsumer;

/**
 * A simulated consumer that can be killed. After that it has no effect on the cluster any
 * more, but lets the container that polls it come to its end: its partitions are lost
 * when it is closed.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class CrashableConsumer implements InvocationHandler {

	private static final long POLL_NANOS = 10_000_000;

	private final Simulation simulation;

	private final @Nullable String group;

	private final SimulatedConsumer<?, ?> target;

	private @Nullable ConsumerRebalanceListener listener;

	private Set<TopicPartition> lost = Set.of();

	private boolean crashed;

	CrashableConsumer(Simulation simulation, @Nullable String group, SimulatedConsumer<?, ?> target) {
		this.simulation = simulation;
		this.group = group;
		this.target = target;
	}

	@SuppressWarnings("unchecked")
	<K, V> Consumer<K, V> proxy() {
		return (Consumer<K, V>) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { Consumer.class },
				this);
	}

	@Nullable String group() {
		return this.group;
	}

	String clientId() {
		return this.target.clientId();
	}

	Set<TopicPartition> assigned() {
		return this.crashed ? Set.of() : this.target.assignedNow();
	}

	void crash() {
		this.lost = this.target.assignedNow();
		this.crashed = true;
		this.target.kill();
	}

	@Override
	public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) throws Throwable {
		if (method.getDeclaringClass() == Object.class) {
			return switch (method.getName()) {
				case "equals" -> arguments != null && proxy == arguments[0];
				case "hashCode" -> System.identityHashCode(this);
				default -> "simulated consumer " + clientId();
			};
		}
		if (this.crashed) {
			return afterCrash(method);
		}
		if (method.getName().equals("subscribe") && arguments != null
				&& arguments[arguments.length - 1] instanceof ConsumerRebalanceListener rebalances) {
			this.listener = rebalances;
		}
		try {
			return method.invoke(this.target, arguments);
		}
		catch (InvocationTargetException ex) {
			if (this.crashed && ex.getTargetException() instanceof KafkaException) {
				return afterCrash(method);
			}
			throw ex.getTargetException();
		}
	}

	private @Nullable Object afterCrash(Method method) {
		if (method.getName().equals("poll")) {
			this.simulation.elapse(POLL_NANOS);
			return ConsumerRecords.empty();
		}
		if (method.getName().equals("close") || method.getName().equals("unsubscribe")) {
			lose();
		}
		Class<?> type = method.getReturnType();
		if (type == Set.class || type == Collection.class) {
			return Set.of();
		}
		if (type == Map.class) {
			return Map.of();
		}
		if (type == List.class) {
			return List.of();
		}
		return (type == long.class) ? (Object) 0L : null;
	}

	private void lose() {
		ConsumerRebalanceListener present = this.listener;
		Set<TopicPartition> partitions = this.lost;
		this.lost = Set.of();
		if (present != null && !partitions.isEmpty()) {
			present.onPartitionsLost(partitions);
		}
	}

}
