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

import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.pastalab.fray.core.ThreadContext;
import org.pastalab.fray.core.randomness.Randomness;
import org.pastalab.fray.core.scheduler.PCTScheduler;
import org.pastalab.fray.core.scheduler.Scheduler;
import org.pastalab.fray.rmi.ThreadState;

/**
 * One of Fray's schedulers, kept from standing still.
 * <p>
 * With priorities (PCT), the first thread runs until it waits. If it spins instead, until
 * another thread has done something, it would do so for ever, as in
 * {@link java.util.concurrent.ConcurrentHashMap} while another thread creates the table:
 * {@link Thread#yield()} does not change its priority. So a thread that takes
 * {@value #MOST_STEPS_IN_A_ROW} steps in a row, more than any race has, goes behind the
 * others. The scheduler of random priorities (POS) does not need that, since each step
 * gives a thread another one.
 * <p>
 * A schedule of {@value #MOST_STEPS} steps fails with the stacks of all threads.
 */
final class BoundedScheduler extends Scheduler {

	private static final int MOST_STEPS = 50_000;

	private static final int MOST_STEPS_IN_A_ROW = 2_000;

	private final Scheduler scheduler;

	private int steps;

	private @Nullable ThreadContext last;

	private int stepsInARow;

	private boolean spun;

	BoundedScheduler(Scheduler scheduler) {
		super(scheduler.getRand());
		this.scheduler = scheduler;
	}

	@Override
	public ThreadContext scheduleNextOperation(List<ThreadContext> threads, Collection<ThreadContext> allThreads) {
		if (++this.steps == MOST_STEPS) {
			throw new AssertionError("Stands still after " + MOST_STEPS + " steps" + stacks(allThreads));
		}
		ThreadContext next = this.scheduler.scheduleNextOperation(threads, allThreads);
		boolean again = next == this.last && threads.size() > 1;
		this.stepsInARow = again ? this.stepsInARow + 1 : 0;
		this.last = next;
		if (this.stepsInARow >= MOST_STEPS_IN_A_ROW && this.scheduler instanceof PCTScheduler priorities) {
			this.spun = true;
			priorities.getThreadPriorityQueue().remove(next);
			priorities.getThreadPriorityQueue().add(next);
		}
		return next;
	}

	@Override
	public Scheduler nextIteration(Randomness randomness) {
		if (this.spun && this.scheduler instanceof PCTScheduler priorities) {
			// Priorities change at random steps of the longest schedule so far, of which
			// one with a thread that spun is none.
			return new BoundedScheduler(
					new PCTScheduler(randomness, priorities.getNumSwitchPoints(), priorities.getMaxStep()));
		}
		return new BoundedScheduler(this.scheduler.nextIteration(randomness));
	}

	private static String stacks(Collection<ThreadContext> threads) {
		return threads.stream()
			.filter((thread) -> thread.getState() != ThreadState.Completed)
			.map((thread) -> stack(thread.getThread(), thread.getThread().getStackTrace()))
			.collect(Collectors.joining());
	}

	/**
	 * Return where all threads of this JVM are.
	 */
	static String stacks() {
		return Thread.getAllStackTraces()
			.entrySet()
			.stream()
			.map((entry) -> stack(entry.getKey(), entry.getValue()))
			.collect(Collectors.joining());
	}

	private static String stack(Thread thread, StackTraceElement[] frames) {
		return Stream.of(frames)
			.filter((frame) -> !frame.getClassName().startsWith("org.pastalab.fray"))
			.map((frame) -> "\n\tat " + frame)
			.collect(Collectors.joining("", "\n" + thread, ""));
	}

}
