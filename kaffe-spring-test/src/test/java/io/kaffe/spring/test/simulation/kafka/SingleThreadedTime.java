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

package io.kaffe.spring.test.simulation.kafka;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

import io.kaffe.spring.test.simulation.SimulatedTime;

/**
 * Time of a simulation of one thread: events run while that waits.
 */
final class SingleThreadedTime implements SimulatedTime {

	private final PriorityQueue<Event> events = new PriorityQueue<>(
			Comparator.comparingLong(Event::at).thenComparingLong(Event::number));

	private final List<String> story = new ArrayList<>();

	private final Random choices;

	private long now;

	private long number;

	private boolean storyKept;

	SingleThreadedTime(long seed) {
		this.choices = new Random(seed);
	}

	void keepStory() {
		this.storyKept = true;
	}

	List<String> story() {
		return this.story;
	}

	long eventCount() {
		return this.number;
	}

	@Override
	public long nanoTime() {
		return this.now;
	}

	@Override
	public void after(long nanos, Runnable event) {
		this.events.add(new Event(this.now + Math.max(nanos, 0), this.number++, event));
	}

	@Override
	public boolean await(BooleanSupplier condition, long nanos) {
		long end = (nanos > Long.MAX_VALUE - this.now) ? Long.MAX_VALUE : this.now + nanos;
		while (!condition.getAsBoolean()) {
			Event next = this.events.peek();
			if (next == null || next.at() > end) {
				this.now = end;
				return condition.getAsBoolean();
			}
			this.events.poll();
			this.now = next.at();
			next.event().run();
		}
		return true;
	}

	@Override
	public int choose(int bound) {
		return this.choices.nextInt(bound);
	}

	@Override
	public void record(Supplier<String> line) {
		if (this.storyKept) {
			this.story.add(this.now / 1_000_000 + " " + line.get());
		}
	}

	private record Event(long at, long number, Runnable event) {

	}

}
