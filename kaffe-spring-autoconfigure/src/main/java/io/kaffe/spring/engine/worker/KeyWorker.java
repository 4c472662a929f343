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

package io.kaffe.spring.engine.worker;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The worker of a key, or of one record that is ordered with no other. It is named after
 * its first record, and there while records of the key are in flight.
 * <p>
 * There is one for each key in flight, so it is kept small: its name is put together when
 * it is asked for.
 * <p>
 * <b>Threading.</b> As {@link Worker}. It retires by closing its empty inbox; a submitter
 * that finds it closed makes a new worker.
 */
final class KeyWorker extends Worker {

	/** So many times more may wait for the next attempt, however soon that is. */
	private static final int SOON = 4;

	private static final long LONG_NANOS = TimeUnit.SECONDS.toNanos(1);

	/** Times are kept in units of 2^24 ns, or 17 ms, in 4 bytes. */
	private static final int TIME_SHIFT = 24;

	private final Object key;

	private final String topic;

	private final int partition;

	private final long offset;

	private final Consumer<KeyWorker> retirement;

	/** How many records it had handled when that was seen first: the lower bits. */
	private volatile int handledBefore = -1;

	private volatile int sameSince;

	/**
	 * Create a worker without work.
	 * @param key what stands for its key in the map
	 * @param first the first record
	 * @param slot where it stands in the run queue while it is ready
	 * @param context what the workers of its consumer share
	 * @param retirement forgets this worker. Called by the thread that ran it, when it
	 * has closed its inbox
	 */
	KeyWorker(Object key, ConsumerRecord<?, ?> first, int slot, Context context, Consumer<KeyWorker> retirement) {
		super(context, slot);
		this.key = key;
		this.topic = first.topic();
		this.partition = first.partition();
		this.offset = first.offset();
		this.retirement = retirement;
	}

	/**
	 * Return what stands for its key in the map.
	 */
	Object key() {
		return this.key;
	}

	@Override
	public String name() {
		return "worker_" + this.topic + "_" + this.partition + "_" + this.offset;
	}

	@Override
	List<String> served() {
		return List.of(this.topic + "-" + this.partition);
	}

	@Override
	boolean isNeeded() {
		return true;
	}

	/**
	 * Return whether so much waits behind a record that does not get on, that no more is
	 * to be queued. Called before a submission; what other threads do at the same time is
	 * seen then or the next time.
	 * @param now the reading of the ticker, which may be a moment old
	 * @param maxQueued how many records may be queued behind one that does not get on
	 * @param stalledAfter how many nanoseconds a handler may take
	 */
	boolean isBlocked(long now, int maxQueued, long stalledAfter) {
		int queued = queued();
		if (queued < maxQueued) {
			return false;
		}
		int handled = (int) handled();
		if (handled != this.handledBefore) {
			this.sameSince = (int) (now >> TIME_SHIFT);
			this.handledBefore = handled;
			return false;
		}
		long sameFor = (long) ((int) (now >> TIME_SHIFT) - this.sameSince) << TIME_SHIFT;
		if (isHeadWaiting()) {
			return queued >= SOON * maxQueued || sameFor >= LONG_NANOS;
		}
		return sameFor >= stalledAfter;
	}

	@Override
	boolean goIdle(Turn turn) {
		if (!close(null)) {
			return false;
		}
		turn.held(false);
		this.retirement.accept(this);
		return true;
	}

}
