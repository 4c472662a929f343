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

package io.kaffe.spring.benchmark;

import java.util.Random;
import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Group;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Control;

import io.kaffe.spring.engine.offset.OffsetWindow;

/**
 * What tracking costs a record: its share of an append and an advance per poll of 500
 * records, and its own completion.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(OffsetWindowBenchmark.POLL)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 2)
@Fork(3)
public class OffsetWindowBenchmark {

	static final int POLL = 500;

	/**
	 * Records are complete before the next poll, in order.
	 * @param poll the window
	 * @return the watermark
	 */
	@Benchmark
	public long inOrder(InOrder poll) {
		OffsetWindow window = poll.window;
		long first = window.next();
		window.append(first, first + POLL - 1);
		for (long offset = first; offset < first + POLL; offset++) {
			window.complete(offset);
		}
		return window.advance();
	}

	/**
	 * Records are complete in random order, between {@code reach} and twice as many
	 * records after they were polled.
	 * @param poll the window
	 * @return the watermark
	 */
	@Benchmark
	public long randomOrder(RandomOrder poll) {
		OffsetWindow window = poll.window;
		long first = window.next();
		window.append(first, first + POLL - 1);
		long base = poll.base;
		int from = poll.position;
		for (int position = from; position < from + POLL; position++) {
			window.complete(base + poll.order[position]);
		}
		poll.moveOn();
		return window.advance();
	}

	/**
	 * The consumer thread's half, while another thread completes: append and advance.
	 * @param handOver the window, and what was handed over
	 * @param control tells when to give up waiting
	 * @return the watermark
	 */
	@Benchmark
	@Group("twoThreads")
	public long twoThreadsAppend(HandOver handOver, Control control) {
		OffsetWindow window = handOver.window;
		long first = window.next();
		while (first - handOver.completed > HandOver.ROOM) {
			if (control.stopMeasurement) {
				return first;
			}
			Thread.yield();
		}
		window.append(first, first + POLL - 1);
		handOver.handedOver = first + POLL;
		return window.advance();
	}

	/**
	 * The worker's half: complete in order what was handed over.
	 * @param handOver the window, and what was handed over
	 * @param control tells when to give up waiting
	 * @return the offset after the last one completed
	 */
	@Benchmark
	@Group("twoThreads")
	public long twoThreadsComplete(HandOver handOver, Control control) {
		long first = handOver.completed;
		while (handOver.handedOver == first) {
			if (control.stopMeasurement) {
				return first;
			}
			Thread.yield();
		}
		for (long offset = first; offset < first + POLL; offset++) {
			handOver.window.complete(offset);
		}
		handOver.completed = first + POLL;
		return first;
	}

	/**
	 * A window that is empty before each poll.
	 */
	@State(Scope.Thread)
	public static class InOrder {

		private final OffsetWindow window = new OffsetWindow(0);

	}

	/**
	 * A window of which the next block of offsets to complete is fully appended.
	 */
	@State(Scope.Thread)
	public static class RandomOrder {

		private final OffsetWindow window = new OffsetWindow(0);

		/**
		 * The number of offsets that are shuffled as one block, a multiple of the poll.
		 */
		@Param({ "10000", "1000000" })
		int reach;

		private int[] order = new int[0];

		private long base;

		private int position;

		/**
		 * Shuffle, and append the first block.
		 */
		@Setup
		public void fill() {
			Random random = new Random(42);
			this.order = new int[this.reach];
			for (int at = 0; at < this.reach; at++) {
				int other = random.nextInt(at + 1);
				this.order[at] = this.order[other];
				this.order[other] = at;
			}
			this.window.append(0, this.reach - 1);
		}

		private void moveOn() {
			this.position += POLL;
			if (this.position == this.reach) {
				this.position = 0;
				this.base += this.reach;
			}
		}

	}

	/**
	 * A window whose owner is held back when a second thread does not keep pace.
	 */
	@State(Scope.Group)
	public static class HandOver {

		static final int ROOM = 10_000;

		private final OffsetWindow window = new OffsetWindow(0);

		private volatile long handedOver;

		private volatile long completed;

	}

}
