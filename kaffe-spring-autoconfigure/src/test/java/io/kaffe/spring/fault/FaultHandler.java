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

package io.kaffe.spring.fault;

import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongPredicate;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.springframework.kafka.support.Acknowledgment;

/**
 * A handler that takes random times, fails at random, hangs on demand, and writes a
 * journal of all that.
 * <p>
 * <b>Threading.</b> Called by workers; made to hang by the thread of a test.
 */
final class FaultHandler {

	private static final long SHORTEST_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

	private static final long LONGEST_NANOS = TimeUnit.MICROSECONDS.toNanos(3800);

	private static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

	private static final int SLOW_PER_MILLE = 3;

	private static final int FAILING_PER_MILLE = 5;

	private final Map<String, Integer> attempts = new ConcurrentHashMap<>();

	private final AtomicLong handled = new AtomicLong();

	private final AtomicInteger toHang = new AtomicInteger();

	private final Executor acknowledging = Executors.newFixedThreadPool(3, (task) -> {
		Thread thread = new Thread(task, "acknowledging");
		thread.setDaemon(true);
		return thread;
	});

	private final Journal journal;

	private final long seed;

	private final int slowness;

	private final long stalled;

	private final AtomicLong failed = new AtomicLong();

	private volatile CountDownLatch gate = new CountDownLatch(0);

	private volatile LongPredicate failing = (offset) -> false;

	private volatile Consumer<ConsumerRecord<String, String>> effect = (record) -> {
	};

	/**
	 * Create a handler.
	 * @param journal where to write
	 * @param seed of what takes how long and what fails
	 * @param slowness how many times as long as usual everything takes
	 * @param stalled the offset whose record, in each partition, is never completed, or
	 * -1
	 */
	FaultHandler(Journal journal, long seed, int slowness, long stalled) {
		this.journal = journal;
		this.seed = seed;
		this.slowness = slowness;
		this.stalled = stalled;
	}

	/**
	 * Have the effects, take a while, and never return from the record that is to stall.
	 */
	void handle(ConsumerRecord<String, String> record) {
		String coordinates = record.topic() + "-" + record.partition() + "@" + record.offset();
		int attempt = this.attempts.merge(coordinates, 1, Integer::sum);
		this.journal.start(record, attempt);
		try {
			this.effect.accept(record);
		}
		catch (RuntimeException ex) {
			this.journal.end(record, attempt, Entry.FAILED);
			throw ex;
		}
		SplittableRandom random = new SplittableRandom(this.seed ^ (coordinates.hashCode() * 31L + attempt));
		boolean slow = random.nextInt(1000) < SLOW_PER_MILLE;
		take((slow ? SLOW_NANOS : random.nextLong(SHORTEST_NANOS, LONGEST_NANOS)) * this.slowness);
		if (record.offset() == this.stalled) {
			await(new CountDownLatch(1));
		}
		awaitGate();
		if (random.nextInt(1000) < FAILING_PER_MILLE || this.failing.test(record.offset())) {
			this.journal.end(record, attempt, Entry.FAILED);
			this.failed.incrementAndGet();
			throw new IllegalStateException("Failing " + coordinates + " on purpose");
		}
		this.journal.end(record, attempt, Entry.HANDLED);
		this.handled.incrementAndGet();
	}

	/**
	 * Note that an attempt whose handler has returned has failed all the same: the
	 * transaction that it was in.
	 */
	void undone(ConsumerRecord<String, String> record) {
		Integer attempt = this.attempts.get(record.topic() + "-" + record.partition() + "@" + record.offset());
		if (attempt != null) {
			this.journal.end(record, attempt, Entry.FAILED);
		}
	}

	/**
	 * Return at once and acknowledge later, on other threads and out of order; never the
	 * record that is to stall.
	 */
	void handle(ConsumerRecord<String, String> record, Acknowledgment acknowledgment) {
		String coordinates = record.topic() + "-" + record.partition() + "@" + record.offset();
		int attempt = this.attempts.merge(coordinates, 1, Integer::sum);
		this.journal.start(record, attempt);
		this.journal.end(record, attempt, Entry.RETURNED);
		if (record.offset() != this.stalled) {
			this.acknowledging.execute(() -> {
				this.journal.acknowledged(record);
				acknowledgment.acknowledge();
			});
		}
	}

	/**
	 * Have every attempt do something more. Before the first record.
	 */
	void effect(Consumer<ConsumerRecord<String, String>> effect) {
		this.effect = this.effect.andThen(effect);
	}

	/**
	 * Return how many records were handled.
	 */
	long handled() {
		return this.handled.get();
	}

	/**
	 * Return how many attempts failed.
	 */
	long failed() {
		return this.failed.get();
	}

	/**
	 * Let every attempt at some records fail from now on.
	 * @param failing the offsets of these records, in each partition
	 */
	void fail(LongPredicate failing) {
		this.failing = failing;
	}

	/**
	 * Let handlers hang from now on, until they are let go.
	 * @param atMost how many of them
	 */
	void hang(int atMost) {
		this.toHang.set(atMost);
		this.gate = new CountDownLatch(1);
	}

	void letGo() {
		this.gate.countDown();
	}

	private void awaitGate() {
		CountDownLatch closed = this.gate;
		if (closed.getCount() > 0 && this.toHang.getAndDecrement() > 0) {
			await(closed);
		}
	}

	private static void await(CountDownLatch gate) {
		try {
			if (!gate.await(5, TimeUnit.MINUTES)) {
				throw new IllegalStateException("The handler was not released");
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	static void take(Duration time) {
		take(time.toNanos());
	}

	private static void take(long nanos) {
		long end = System.nanoTime() + nanos;
		long left = nanos;
		while (left > 0) {
			LockSupport.parkNanos(left);
			left = end - System.nanoTime();
		}
	}

}
