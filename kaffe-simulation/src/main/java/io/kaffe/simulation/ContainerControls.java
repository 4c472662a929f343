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

package io.kaffe.simulation;

import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;

import io.kaffe.spring.test.simulation.Simulation;

/**
 * What handlers do to their own container: they pause it, resume it, or stop it, after
 * which it is started again.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class ContainerControls {

	private static final long MILLI = 1_000_000;

	private final World world;

	private final Simulation simulation;

	private final ServiceInstance instance;

	private final boolean used;

	ContainerControls(World world, ServiceInstance instance) {
		this.world = world;
		this.simulation = world.simulation();
		this.instance = instance;
		this.used = world.scenario().service().setup().controlsContainer();
	}

	/**
	 * Maybe control the container, from within a handler.
	 */
	void use() {
		if (!this.used || this.world.isCalm() || this.simulation.choose(20) > 0) {
			return;
		}
		if (this.simulation.choose(4) == 0) {
			this.world.instanceDisturbances().restartByHandler(this.instance);
		}
		else {
			ConcurrentMessageListenerContainer<Object, Object> container = this.instance.engine().container();
			this.simulation.record(() -> "pauses its container");
			container.pause();
			this.instance.later((1 + this.simulation.choose(100)) * MILLI, container::resume);
		}
	}

}
