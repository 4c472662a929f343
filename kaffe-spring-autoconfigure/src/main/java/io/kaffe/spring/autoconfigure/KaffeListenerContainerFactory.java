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

package io.kaffe.spring.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.config.KafkaListenerEndpoint;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;

import io.kaffe.spring.engine.listener.UnsuitableContainerException;

/**
 * Creates listener containers with workers, whether or not they are named below
 * {@code kaffe.consumers}.
 * <p>
 * <b>Threading.</b> Containers are created by the thread that starts the application, and
 * later by threads that register an endpoint; guarded by the monitor of {@code created}.
 */
final class KaffeListenerContainerFactory extends ConcurrentKafkaListenerContainerFactory<Object, Object> {

	private final List<ConcurrentMessageListenerContainer<?, ?>> created = new ArrayList<>();

	private final boolean usable;

	private @Nullable Consumer<AbstractMessageListenerContainer<?, ?>> adoption;

	/**
	 * Create a factory.
	 * @param usable whether there is a consumer factory for it. A service with several of
	 * them and its own container factories need not choose one, as long as this factory
	 * is not used
	 */
	KaffeListenerContainerFactory(boolean usable) {
		this.usable = usable;
	}

	/**
	 * Give workers to all containers created so far, and to each one created from now on.
	 * @param adoption gives a container workers
	 */
	void adoptWith(Consumer<AbstractMessageListenerContainer<?, ?>> adoption) {
		List<ConcurrentMessageListenerContainer<?, ?>> waiting;
		synchronized (this.created) {
			this.adoption = adoption;
			waiting = List.copyOf(this.created);
			this.created.clear();
		}
		waiting.forEach(adoption);
	}

	/**
	 * Return the containers created so far that are still without workers.
	 */
	List<ConcurrentMessageListenerContainer<?, ?>> created() {
		synchronized (this.created) {
			return List.copyOf(this.created);
		}
	}

	@Override
	protected ConcurrentMessageListenerContainer<Object, Object> createContainerInstance(
			KafkaListenerEndpoint endpoint) {
		if (!this.usable) {
			throw new UnsuitableContainerException(
					"'kaffeListenerContainerFactory' cannot create the listener container '" + endpoint.getId()
							+ "': there are several ConsumerFactory beans, and none of them is primary.",
					"Mark one of them with @Primary. Or give workers to a listener with its own container factory by its "
							+ "id, below 'kaffe.consumers'.");
		}
		return super.createContainerInstance(endpoint);
	}

	@Override
	protected void customizeContainer(ConcurrentMessageListenerContainer<Object, Object> instance,
			KafkaListenerEndpoint endpoint) {
		super.customizeContainer(instance, endpoint);
		Consumer<AbstractMessageListenerContainer<?, ?>> adoption;
		synchronized (this.created) {
			adoption = this.adoption;
			if (adoption == null) {
				this.created.add(instance);
			}
		}
		if (adoption != null) {
			adoption.accept(instance);
		}
	}

}
