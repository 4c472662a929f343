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

package io.kaffe.spring.engine.listener;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

import org.apache.kafka.clients.consumer.MockConsumer;

import io.kaffe.spring.engine.worker.RacedExecution;

/**
 * What may happen to a {@link ConsumerWakeup}, or a {@link CommitTimer}, at a time. The
 * consumer thread is the one that runs a race; it waits for ever if a wake-up is lost.
 */
final class WakeupRaces {

	private WakeupRaces() {
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
	 * The consumer thread is woken up while it begins to poll.
	 */
	static final class WokenWhileItBeginsToPoll implements Runnable {

		@Override
		public void run() {
			PolledConsumer consumer = new PolledConsumer();
			ConsumerWakeup wakeup = new ConsumerWakeup(consumer, new RacedExecution());
			Thread waker = new Thread(wakeup::wakeUp);
			waker.start();
			wakeup.polling();
			consumer.awaitWakeup();
			join(waker);
		}

	}

	/**
	 * Buffer space is freed, not enough at first, while the consumer thread begins to
	 * wait for it.
	 */
	static final class FreedWhileItBeginsToWait implements Runnable {

		@Override
		public void run() {
			ConsumerWakeup wakeup = new ConsumerWakeup(new PolledConsumer(), new RacedExecution());
			AtomicBoolean enough = new AtomicBoolean();
			Thread worker = new Thread(() -> {
				wakeup.freed();
				enough.set(true);
				wakeup.freed();
			});
			worker.start();
			if (!wakeup.await(enough::get)) {
				throw new AssertionError("Not woken");
			}
			join(worker);
		}

	}

	/**
	 * A record is completed while the consumer thread looks at what is complete, which it
	 * was to do.
	 */
	static final class CompletedWhileItLooks implements Runnable {

		@Override
		public void run() {
			PolledConsumer consumer = new PolledConsumer();
			RacedExecution execution = new RacedExecution();
			ConsumerWakeup wakeup = new ConsumerWakeup(consumer, execution);
			CommitTimer timer = new CommitTimer(wakeup, Duration.ZERO, execution.runtime());
			timer.arm();
			wakeup.reset();
			AtomicBoolean complete = new AtomicBoolean();
			Thread worker = new Thread(() -> {
				complete.set(true);
				timer.completed(false);
			});
			worker.start();
			timer.look();
			if (!complete.get()) {
				wakeup.polling();
				consumer.awaitWakeup();
			}
			join(worker);
		}

	}

	/**
	 * A record is completed while the consumer thread gets the answer to a commit.
	 */
	static final class CompletedWhileACommitIsAnswered implements Runnable {

		@Override
		public void run() {
			PolledConsumer consumer = new PolledConsumer();
			RacedExecution execution = new RacedExecution();
			ConsumerWakeup wakeup = new ConsumerWakeup(consumer, execution);
			CommitTimer timer = new CommitTimer(wakeup, Duration.ZERO, execution.runtime());
			timer.look();
			timer.sent();
			Thread worker = new Thread(() -> timer.completed(false));
			worker.start();
			wakeup.polling();
			timer.answered();
			consumer.awaitWakeup();
			join(worker);
		}

	}

	/**
	 * Waits in a poll until it is woken up.
	 */
	private static final class PolledConsumer extends MockConsumer<Object, Object> {

		private final CountDownLatch wokenUp = new CountDownLatch(1);

		PolledConsumer() {
			super("earliest");
		}

		@Override
		public void wakeup() {
			this.wokenUp.countDown();
		}

		void awaitWakeup() {
			try {
				this.wokenUp.await();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}

	}

}
