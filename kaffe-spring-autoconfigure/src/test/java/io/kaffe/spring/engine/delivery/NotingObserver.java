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

package io.kaffe.spring.engine.delivery;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.engine.worker.ConsumerObserver;

/**
 * Notes what observers are notified of.
 * <p>
 * <b>Threading.</b> For one thread.
 */
final class NotingObserver implements ConsumerObserver {

	/** Topic, milliseconds, and how it ended. */
	final List<String> attempts = new ArrayList<>();

	/** Coordinates and messages. */
	final List<String> parked = new ArrayList<>();

	@Override
	public HandlerTimer handlerTimer(String consumer) {
		return (topic, nanos, handled) -> this.attempts
			.add(topic + " " + Duration.ofNanos(nanos).toMillis() + (handled ? " handled" : " failed"));
	}

	@Override
	public void parked(String consumer, FailingRecord record) {
		this.parked.add(record.partition().topic() + "@" + record.offset() + " " + record.failure().getMessage());
	}

}
