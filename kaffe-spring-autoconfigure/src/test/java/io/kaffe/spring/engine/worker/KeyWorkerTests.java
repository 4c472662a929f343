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

import java.time.Duration;
import java.util.List;
import java.util.Objects;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.table.WorkerState;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for when a {@link KeyWorker} is blocked: 4 records may wait behind one that does
 * not get on, and a handler may take 10 seconds.
 */
class KeyWorkerTests {

	private static final String KEY = "customer";

	private final ManualExecution execution = new ManualExecution();

	private final ConsumerWorkers workers = new ConsumerWorkers(this.execution.runtime(), new TestWorkerOwner() {

		@Override
		public int maxBlockedRecords() {
			return 4;
		}

		@Override
		public StallLimits stallLimits() {
			return new StallLimits(Duration.ofSeconds(10), null);
		}

	}, Integer.MAX_VALUE, new ConsumerObservers("orders", List.of()));

	private final Head head = new Head();

	private long offset;

	@Test
	void headThatWaitsForASecondBlocksItsKey() {
		submitBehindHead(4);
		assertThat(isBlocked()).as("looked at for the first time").isFalse();
		this.execution.advance(Duration.ofMillis(980));
		assertThat(isBlocked()).isFalse();
		this.execution.advance(Duration.ofMillis(40));
		assertThat(isBlocked()).isTrue();
		assertThat(this.workers.isBlocked("other", this.execution.nanoTime())).as("a key without worker").isFalse();
	}

	@Test
	void fewRecordsBehindItDoNot() {
		submitBehindHead(3);
		assertThat(isBlocked()).isFalse();
		this.execution.advance(Duration.ofHours(1));
		assertThat(isBlocked()).isFalse();
	}

	@Test
	void manyRecordsBehindAHeadThatWaitsBlockAtOnce() {
		submitBehindHead(15);
		assertThat(isBlocked()).isFalse();
		assertThat(isBlocked()).isFalse();
		submit(1);
		assertThat(isBlocked()).isTrue();
	}

	@Test
	void recordThatIsHandledBeginsTheSecondAnew() {
		submitBehindHead(6);
		assertThat(isBlocked()).isFalse();
		this.execution.advance(Duration.ofMillis(900));
		this.head.handledOne = true;
		this.head.wake();
		this.execution.runAll();
		assertThat(isBlocked()).isFalse();
		this.execution.advance(Duration.ofMillis(900));
		assertThat(isBlocked()).isFalse();
		this.execution.advance(Duration.ofMillis(120));
		assertThat(isBlocked()).isTrue();
	}

	@Test
	void handlerThatAnswersLaterBlocksWhenItIsStalled() {
		this.head.withHandler = true;
		submitBehindHead(100);
		assertThat(isBlocked()).isFalse();
		this.execution.advance(Duration.ofMillis(9980));
		assertThat(isBlocked()).isFalse();
		this.execution.advance(Duration.ofMillis(40));
		assertThat(isBlocked()).isTrue();
	}

	@Test
	void handlerThatRunsBlocksWhenItIsStalled() {
		// Not run: scheduled, as a worker is that waits for a thread.
		this.workers.submit(KEY, record(), 0, this.head);
		submit(100);
		assertThat(isBlocked()).isFalse();
		this.execution.advance(Duration.ofSeconds(9));
		assertThat(isBlocked()).isFalse();
		this.execution.advance(Duration.ofSeconds(1));
		assertThat(isBlocked()).isTrue();
	}

	private boolean isBlocked() {
		return this.workers.isBlocked(ConsumerWorkers.nameOf(KEY), this.execution.nanoTime());
	}

	private void submitBehindHead(int records) {
		this.workers.submit(KEY, record(), 0, this.head);
		this.execution.runAll();
		submit(records);
	}

	private void submit(int records) {
		for (int count = 0; count < records; count++) {
			this.workers.submit(KEY, record(), 0, new Head());
		}
	}

	private ConsumerRecord<String, String> record() {
		return new ConsumerRecord<>("orders", 0, this.offset++, KEY, "value");
	}

	/**
	 * Work that waits.
	 */
	private static final class Head extends Work {

		private @Nullable Worker worker;

		private boolean withHandler;

		private boolean handledOne;

		@Override
		public Progress proceed(Worker worker, Turn turn) {
			this.worker = worker;
			if (this.handledOne) {
				this.handledOne = false;
				worker.recordHandled();
			}
			return Progress.WAITING;
		}

		void wake() {
			Objects.requireNonNull(this.worker).wake();
		}

		@Override
		public boolean isReady(long now) {
			return false;
		}

		@Override
		public boolean isWithHandler() {
			return this.withHandler;
		}

		@Override
		public WorkerState waitingState() {
			return WorkerState.BACKING_OFF;
		}

	}

}
