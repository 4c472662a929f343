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

package io.kaffe.spring.interleaving;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Schedules}: a thread that spins does not keep the others from running,
 * and what stands still fails with the stacks of the threads.
 */
@ControlledThreads
class SchedulesFrayTests {

	@Test
	void threadThatSpinsLetsTheOthersGoOn() {
		Schedules.of(100).assertAllPass(new Awaiting(true, Thread::onSpinWait));
		Schedules.of(100).assertAllPass(new Awaiting(true, Thread::yield));
	}

	/**
	 * Of two threads that use a map at first, one creates the table, and the other one
	 * yields until it is there.
	 */
	@Test
	void mapMayBeUsedByTwoThreadsAtFirst() {
		Schedules.of(2_000).assertAllPass(new FirstUse());
	}

	@Test
	void raceThatSpinsForEverFailsWithTheStacks() {
		Schedules.Exploration exploration = Schedules.of(100).explore(new Awaiting(false, Thread::yield));
		assertThat(exploration.schedules()).isEqualTo(1);
		assertThat(exploration.failure()).isInstanceOf(AssertionError.class)
			.hasMessageStartingWith("Stands still after")
			.hasMessageContaining(Awaiting.class.getName() + ".run(");
		Schedules.of(100).assertAllPass(new FirstUse());
	}

	@Test
	void raceThatTakesNoStepsFailsWithTheStacks() {
		Schedules schedules = Schedules.of(2).lastingAtMost(Duration.ofSeconds(1));
		Busy busy = new Busy();
		assertThat(schedules.explore(busy).failure()).isInstanceOf(AssertionError.class)
			.hasMessageStartingWith("Stands still")
			.hasMessageContaining(Busy.class.getName() + ".run(");
		assertThat(schedules.explore(busy).failure()).hasMessageStartingWith("Stands still");
		busy.released = true;
		Schedules.of(2).assertAllPass(busy);
	}

	private static void join(Thread thread) {
		try {
			thread.join();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Spins until another thread has done something.
	 */
	private static final class Awaiting implements Runnable {

		private final boolean isDone;

		private final Runnable pause;

		private volatile boolean done;

		Awaiting(boolean isDone, Runnable pause) {
			this.isDone = isDone;
			this.pause = pause;
		}

		@Override
		public void run() {
			this.done = false;
			Thread other = new Thread(() -> this.done = this.isDone);
			other.start();
			while (!this.done) {
				this.pause.run();
			}
			join(other);
		}

	}

	/**
	 * Two threads use a map that is empty.
	 */
	private static final class FirstUse implements Runnable {

		@Override
		public void run() {
			Map<String, String> map = new ConcurrentHashMap<>();
			Thread other = new Thread(() -> map.put("other", ""));
			other.start();
			map.put("one", "");
			join(other);
			assertThat(map).hasSize(2);
		}

	}

	/**
	 * Takes no step that Fray would see, until it is released.
	 */
	private static final class Busy implements Runnable {

		private boolean released;

		@Override
		public void run() {
			long end = System.nanoTime() + Duration.ofMinutes(1).toNanos();
			while (!this.released && System.nanoTime() < end) {
				// Works.
			}
		}

	}

}
