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

package io.kaffe.spring.autoconfigure;

import java.time.Duration;
import java.time.Instant;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.event.ConsumerEscalatedEvent;
import io.kaffe.spring.table.ConsumerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link EventPublication} with listeners that misbehave.
 */
@ExtendWith(OutputCaptureExtension.class)
class EventPublicationTests {

	private final Queue<String> published = new ConcurrentLinkedQueue<>();

	private final CountDownLatch entered = new CountDownLatch(1);

	private final CountDownLatch letGo = new CountDownLatch(1);

	private final EventPublication publication = new EventPublication(this::publish, Duration.ofMillis(200),
			EngineThreads.single("test-events-", EventPublication.MAX_WAITING), Ticker.system());

	@AfterEach
	void close() {
		this.letGo.countDown();
		this.publication.destroy();
	}

	@Test
	void eventsArePublishedInOrderThoughAListenerThrows(CapturedOutput output) {
		tell("one");
		tell("throw");
		tell("two");
		await("the others are published").untilAsserted(() -> assertThat(this.published).containsExactly("one", "two"));
		assertThat(output).contains("An event listener of ConsumerEscalatedEvent threw an exception");
	}

	@Test
	void listenerThatHangsHoldsUpNobodyButLaterEvents(CapturedOutput output) throws InterruptedException {
		tell("hang");
		assertThat(this.entered.await(10, TimeUnit.SECONDS)).isTrue();
		IntStream.range(0, 1010).forEach((number) -> tell("event " + number));
		assertThat(this.published).isEmpty();
		assertThat(this.publication.dropped()).isEqualTo(10);
		assertThat(output.getOut().split("Dropping events", -1)).as("one line").hasSize(2);
		this.letGo.countDown();
		await("what was kept is published").untilAsserted(() -> assertThat(this.published).hasSize(1001));
		assertThat(this.published).last().isEqualTo("event 999");
		tell("later");
		await("so is what comes later").until(() -> this.published.contains("later"));
	}

	@Test
	void stopWaitsForWhatWasTold() {
		this.publication.start();
		IntStream.range(0, 500).forEach((number) -> tell("event " + number));
		this.publication.stop();
		assertThat(this.publication.isRunning()).isFalse();
		assertThat(this.published).hasSize(500);
	}

	@Test
	void stopDoesNotWaitForLong(CapturedOutput output) throws InterruptedException {
		this.publication.start();
		tell("hang");
		assertThat(this.entered.await(10, TimeUnit.SECONDS)).isTrue();
		tell("never");
		this.publication.stop();
		assertThat(output).contains("Some events may be lost");
		this.publication.destroy();
		this.publication.stopped("orders", new ConsumerSnapshot.Stop(Instant.EPOCH, "after the end"));
		await("its thread is interrupted").until(() -> this.published.contains("interrupted"));
		assertThat(this.published).doesNotContain("never", "after the end");
	}

	@Test
	void interruptedStopDoesNotWait(CapturedOutput output) throws InterruptedException {
		tell("hang");
		assertThat(this.entered.await(10, TimeUnit.SECONDS)).isTrue();
		Thread.currentThread().interrupt();
		this.publication.stop();
		assertThat(Thread.interrupted()).isTrue();
		assertThat(output).doesNotContain("Some events may be lost");
	}

	private void tell(String reason) {
		this.publication.stopped("orders", new ConsumerSnapshot.Stop(Instant.EPOCH, reason));
	}

	private void publish(Object event) {
		String reason = ((ConsumerEscalatedEvent) event).reason();
		if (reason.equals("throw")) {
			throw new IllegalStateException("On purpose");
		}
		if (reason.equals("hang")) {
			this.entered.countDown();
			try {
				this.letGo.await();
			}
			catch (InterruptedException ex) {
				this.published.add("interrupted");
			}
		}
		this.published.add(reason);
	}

}
