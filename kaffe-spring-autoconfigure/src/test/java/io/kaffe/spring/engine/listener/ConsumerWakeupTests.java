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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

import org.apache.kafka.clients.consumer.MockConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConsumerWakeup}.
 */
@Timeout(30)
class ConsumerWakeupTests {

	private final ManualExecution time = new ManualExecution();

	private final CountingConsumer consumer = new CountingConsumer();

	private final ConsumerWakeup wakeup = new ConsumerWakeup(this.consumer, this.time);

	@Test
	void pollIsInterrupted() {
		this.wakeup.polling();
		assertThat(this.consumer.wakeups).hasValue(0);
		this.wakeup.wakeUp();
		assertThat(this.consumer.wakeups).hasValue(1);
	}

	@Test
	void otherCallsAreNotInterruptedButTheNextPollIs() {
		this.wakeup.polling();
		this.wakeup.notPolling();
		this.wakeup.wakeUp();
		assertThat(this.consumer.wakeups).hasValue(0);
		this.wakeup.polling();
		assertThat(this.consumer.wakeups).hasValue(1);
	}

	@Test
	void whatIsAboutToBeDoneInterruptsNoPoll() {
		this.wakeup.wakeUp();
		this.wakeup.reset();
		this.wakeup.polling();
		assertThat(this.consumer.wakeups).hasValue(0);
	}

	@Test
	void requestLetsTheNextPollReturn() {
		this.wakeup.request();
		assertThat(this.consumer.wakeups).hasValue(0);
		this.wakeup.polling();
		assertThat(this.consumer.wakeups).hasValue(1);
	}

	@Test
	void endOfADrainInterruptsAPollOnlyWhileTheSessionRuns() {
		this.wakeup.running(true);
		this.wakeup.polling();
		this.wakeup.drained();
		assertThat(this.consumer.wakeups).hasValue(1);
		this.wakeup.reset();
		this.wakeup.running(false);
		this.wakeup.drained();
		this.wakeup.polling();
		assertThat(this.consumer.wakeups).hasValue(1);
	}

	@Test
	void consumerThreadIsUnparked() throws Exception {
		assertUnparks(ConsumerWakeup::wakeUp);
		assertUnparks(ConsumerWakeup::freed);
		assertUnparks(ConsumerWakeup::drained);
	}

	private void assertUnparks(Consumer<ConsumerWakeup> call) throws Exception {
		CompletableFuture<ConsumerWakeup> created = new CompletableFuture<>();
		CompletableFuture<Void> unparked = CompletableFuture.runAsync(() -> {
			ConsumerWakeup fresh = new ConsumerWakeup(this.consumer, this.time);
			created.complete(fresh);
			// Also if it is called before: a permit is kept.
			LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(60));
		}, (task) -> new Thread(task).start());
		call.accept(created.get());
		unparked.get(10, TimeUnit.SECONDS);
	}

	@Test
	void waitEndsWhenEnoughIsFreed() {
		AtomicInteger asked = new AtomicInteger();
		this.wakeup.freed();
		assertThat(this.wakeup.await(() -> asked.incrementAndGet() == 1)).isTrue();
		this.wakeup.polling();
		assertThat(this.consumer.wakeups).as("it was used up").hasValue(0);
	}

	@Test
	void whatIsRequestedDuringAWaitInterruptsTheNextPoll() {
		this.wakeup.freed();
		assertThat(this.wakeup.await(() -> {
			this.wakeup.wakeUp();
			return true;
		})).isTrue();
		assertThat(this.consumer.wakeups).hasValue(0);
		this.wakeup.polling();
		assertThat(this.consumer.wakeups).hasValue(1);
	}

	@Test
	void freedSpaceInterruptsAPoll() {
		this.wakeup.polling();
		this.wakeup.freed();
		assertThat(this.consumer.wakeups).hasValue(1);
		this.wakeup.notPolling();
		this.wakeup.reset();
		this.wakeup.freed();
		this.wakeup.polling();
		assertThat(this.consumer.wakeups).hasValue(2);
	}

	@Test
	void waitLooksEachTimeThatSomethingIsFreed() {
		AtomicInteger asked = new AtomicInteger();
		this.wakeup.freed();
		assertThat(this.wakeup.await(() -> {
			this.time.advance(Duration.ofMillis(10));
			this.wakeup.freed();
			return asked.incrementAndGet() == 3;
		})).isTrue();
		assertThat(asked).hasValue(3);
	}

	@Test
	void waitEndsWhenItsTimeIsOver() {
		this.wakeup.freed();
		assertThat(this.wakeup.await(() -> {
			this.time.advance(Duration.ofMillis(50));
			return false;
		})).isFalse();
	}

	@Test
	void whatIsFreedWhenTheTimeIsOverIsFound() {
		AtomicInteger asked = new AtomicInteger();
		this.wakeup.freed();
		assertThat(this.wakeup.await(() -> {
			this.time.advance(Duration.ofMillis(50));
			return asked.incrementAndGet() == 2;
		})).isTrue();
	}

	@Test
	void threadThatIsInterruptedDoesNotWait() {
		AtomicInteger asked = new AtomicInteger();
		this.wakeup.freed();
		Thread.currentThread().interrupt();
		assertThat(this.wakeup.await(() -> {
			this.time.advance(Duration.ofMillis(50));
			return asked.incrementAndGet() > 1;
		})).isFalse();
		assertThat(asked).hasValue(1);
		assertThat(Thread.interrupted()).as("for the poll").isTrue();
	}

	/**
	 * Counts its wake-ups.
	 */
	private static final class CountingConsumer extends MockConsumer<Object, Object> {

		private final AtomicInteger wakeups = new AtomicInteger();

		CountingConsumer() {
			super("earliest");
		}

		@Override
		public synchronized void wakeup() {
			this.wakeups.incrementAndGet();
		}

	}

}
