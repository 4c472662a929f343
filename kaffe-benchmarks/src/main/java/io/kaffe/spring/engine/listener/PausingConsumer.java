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

import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

import org.apache.kafka.clients.consumer.MockConsumer;

/**
 * A consumer without a broker, whose commits succeed at once and whose thread sleeps
 * while partitions are paused.
 * <p>
 * <b>Threading.</b> Belongs to the thread that made it, except for {@link #wakeup()}.
 */
final class PausingConsumer extends MockConsumer<Object, Object> {

	private final Thread thread = Thread.currentThread();

	private volatile boolean woken;

	PausingConsumer() {
		super("earliest");
		assign(PollRing.PARTITIONS);
		updateBeginningOffsets(
				PollRing.PARTITIONS.stream().collect(Collectors.toMap((partition) -> partition, (partition) -> 0L)));
		updateEndOffsets(Map.of());
	}

	/**
	 * Wait until this consumer is woken up, as a poll without records would.
	 */
	void awaitWakeup(long nanos) {
		if (!this.woken) {
			LockSupport.parkNanos(this, nanos);
		}
		this.woken = false;
	}

	@Override
	public void wakeup() {
		this.woken = true;
		LockSupport.unpark(this.thread);
	}

}
