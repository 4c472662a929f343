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

package io.kaffe.spring.sample;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

import org.springframework.stereotype.Component;

/**
 * Simulates a service that is called over the network and takes some time.
 * <p>
 * <b>Threading.</b> Called by all workers concurrently.
 */
@Component
class Bank {

	private final AtomicLong firstAskedAt = new AtomicLong();

	private final Duration delay;

	private volatile long lastAnswerAt;

	Bank(SampleProperties properties) {
		this.delay = properties.bankDelay();
	}

	/**
	 * Check an event, and wait for the answer.
	 */
	void ask(AccountEvent event) {
		this.firstAskedAt.compareAndSet(0, System.nanoTime());
		if (!this.delay.isZero()) {
			try {
				Thread.sleep(this.delay.toMillis());
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				throw new IllegalStateException("Interrupted while waiting for an answer about " + event, ex);
			}
		}
		this.lastAnswerAt = System.nanoTime();
	}

	/**
	 * Return the time from the first call to the last answer.
	 */
	Duration busy() {
		return Duration.ofNanos(Math.max(0, this.lastAnswerAt - this.firstAskedAt.get()));
	}

}
