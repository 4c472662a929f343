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

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.function.BooleanSupplier;

import org.apache.kafka.common.KafkaException;

import io.kaffe.spring.test.simulation.Simulation;

/**
 * What goes wrong with an instance: it stops, is killed, stands still, starts its
 * container again, its executor rejects tasks, its clock jumps, its listener seeks.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class InstanceDisturbances {

	private static final long MILLI = 1_000_000;

	/** Instances whose container is being restarted. */
	private final Set<ServiceInstance> restarting = new HashSet<>();

	private final World world;

	private final Simulation simulation;

	InstanceDisturbances(World world) {
		this.world = world;
		this.simulation = world.simulation();
	}

	/**
	 * Disturb an instance.
	 */
	void happen(Happening happening, ServiceInstance instance) {
		int which = happening.which();
		int howMuch = happening.howMuch();
		long span = happening.spanNanos();
		switch (happening.kind()) {
			case STOP -> stop(instance);
			case OTHER_SETTINGS -> {
				this.world.rollOut();
				this.world.start();
				stop(instance);
			}
			case KILL -> instance.kill();
			case FREEZE -> {
				instance.process().freeze();
				this.simulation.after(span * 3, () -> instance.process().wake());
			}
			case RESTART_CONTAINER -> restart(instance, () -> {
			});
			case CONCURRENCY -> restart(instance, () -> instance.setConcurrency(1 + howMuch % 3));
			case REJECTED_TASKS -> {
				instance.process().reject(true);
				this.simulation.after(span, () -> instance.process().reject(false));
			}
			case CLOCK_JUMP -> instance.process().moveClock(Duration.ofMillis((howMuch - 500) * 100L));
			case LISTENER_SEEKS -> instance.application().seeks().seek(which, howMuch);
			default -> throw new IllegalStateException(happening.kind().toString());
		}
	}

	private void stop(ServiceInstance instance) {
		if (!this.restarting.contains(instance)) {
			instance.beginStop();
			this.world.aside("stop", instance::stop);
		}
	}

	/**
	 * Restart the container of an instance. Another restart meanwhile would start it
	 * before it has stopped.
	 */
	private void restart(ServiceInstance instance, Runnable meanwhile) {
		if (this.restarting.add(instance)) {
			this.world.aside("restart", () -> stopAndStart(instance, meanwhile));
		}
	}

	/**
	 * Restart the container of an instance that is up by a handler, which does not wait
	 * until it has stopped.
	 */
	void restartByHandler(ServiceInstance instance) {
		if (instance.isUp() && this.restarting.add(instance)) {
			this.simulation.record(() -> instance + ": a handler restarts the container");
			BooleanSupplier ended = instance.beginStopOfContainer();
			this.world.aside("restart", () -> {
				this.simulation.await(ended, World.PATIENCE);
				start(instance);
			});
		}
	}

	private void stopAndStart(ServiceInstance instance, Runnable meanwhile) {
		instance.stopContainer();
		meanwhile.run();
		start(instance);
	}

	private void start(ServiceInstance instance) {
		// A consumer takes longer to start than it takes the coordinator to hear that the
		// one before has left.
		this.simulation.elapse(5 * MILLI);
		if (instance.isUp()) {
			try {
				instance.start();
			}
			catch (KafkaException ex) {
				if (!instance.process().isKilled()) {
					throw ex;
				}
			}
		}
		this.restarting.remove(instance);
	}

}
