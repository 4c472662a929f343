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

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Turn}: when the clock is read.
 */
class TurnTests {

	private final ManualExecution execution = new ManualExecution();

	private final Turn turn = new Turn(this.execution);

	private final Worker worker = new ConsumerWorkers(this.execution.runtime(), new TestWorkerOwner(), 1,
			new ConsumerObservers("orders", List.of()))
		.internal("one");

	@Test
	void timeThatOtherCodeTookIsNotTheNextWorkers() {
		this.turn.start(this.worker, 1);
		this.turn.handlerReturned();
		// Such as a strategy or a recoverer.
		this.execution.advance(Duration.ofMinutes(6));
		this.turn.start(this.worker, 1);
		assertThat(this.turn.now()).isEqualTo(this.execution.nanoTime());
	}

	@Test
	void whatSucceededBeforeOtherCodeRanDoesNotCount() {
		this.turn.handlerReturned();
		this.turn.handlerSucceeded();
		this.turn.handlerReturned();
		this.execution.advance(Duration.ofMinutes(6));
		this.turn.start(this.worker, 1);
		assertThat(this.turn.now()).isEqualTo(this.execution.nanoTime());
	}

	@Test
	void onceIsEnoughBetweenRecordsThatSucceed() {
		this.turn.handlerReturned();
		this.turn.handlerSucceeded();
		long read = this.turn.now();
		this.execution.advance(Duration.ofMillis(1));
		this.turn.start(this.worker, 1);
		assertThat(this.turn.now()).isEqualTo(read);
	}

}
