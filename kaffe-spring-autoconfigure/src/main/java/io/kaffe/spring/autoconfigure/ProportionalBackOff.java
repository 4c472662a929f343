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
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;

import org.springframework.util.backoff.BackOffExecution;
import org.springframework.util.backoff.ExponentialBackOff;

/**
 * An exponential back-off with a jitter that is a fraction of each interval. The jitter
 * of Spring's own exponential back-off is a number of milliseconds of the initial
 * interval, so that a fraction of a short one is rounded to none, also for the long
 * intervals that follow.
 * <p>
 * <b>Threading.</b> Immutable; an execution belongs to one worker.
 */
final class ProportionalBackOff extends ExponentialBackOff {

	private final double share;

	private final DoubleSupplier random;

	/**
	 * Create a back-off.
	 * @param initial the initial interval, 1 ms or more
	 * @param multiplier applied to the previous interval
	 * @param max the maximum interval
	 * @param share the jitter as a fraction of the interval, from 0 to 1; the result
	 * stays between the initial and the maximum interval
	 */
	ProportionalBackOff(Duration initial, double multiplier, Duration max, double share) {
		this(initial, multiplier, max, share, () -> ThreadLocalRandom.current().nextDouble());
	}

	ProportionalBackOff(Duration initial, double multiplier, Duration max, double share, DoubleSupplier random) {
		super(initial.toMillis(), multiplier);
		setMaxInterval(max.toMillis());
		this.share = share;
		this.random = random;
	}

	double share() {
		return this.share;
	}

	@Override
	public BackOffExecution start() {
		BackOffExecution waits = super.start();
		return () -> {
			long wait = waits.nextBackOff();
			return (wait != BackOffExecution.STOP) ? vary(wait) : wait;
		};
	}

	private long vary(long wait) {
		double shortest = Math.max(wait - this.share * wait, getInitialInterval());
		double longest = Math.min(wait + this.share * wait, getMaxInterval());
		return Math.round(shortest + this.random.getAsDouble() * (longest - shortest));
	}

}
