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

package io.kaffe.spring.engine.adapter;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.MessagingMessageListenerAdapter;

/**
 * Keeps Spring Kafka's adapters from stopping an observation that the worker stops: a
 * registry without a current observation.
 * <p>
 * <b>Threading.</b> Immutable.
 */
public final class SuppressedObservationRegistry implements ObservationRegistry {

	private final ObservationConfig config = new ObservationConfig();

	private SuppressedObservationRegistry() {
	}

	/**
	 * Hide observations from a listener and from what it delegates to.
	 * @param listener the listener
	 */
	public static void from(Object listener) {
		SuppressedObservationRegistry hidden = new SuppressedObservationRegistry();
		for (Object target = listener; target != null; target = ListenerChain.delegateOf(target)) {
			if (target instanceof FilteringMessageListenerAdapter<?, ?> filtering) {
				filtering.setObservationRegistry(hidden);
			}
			else if (target instanceof MessagingMessageListenerAdapter<?, ?> adapter) {
				adapter.setObservationRegistry(hidden);
			}
		}
	}

	@Override
	public @Nullable Observation getCurrentObservation() {
		return null;
	}

	@Override
	public Observation.@Nullable Scope getCurrentObservationScope() {
		return null;
	}

	@Override
	public void setCurrentObservationScope(Observation.@Nullable Scope current) {
		// Adapters set none.
	}

	@Override
	public ObservationConfig observationConfig() {
		return this.config;
	}

}
