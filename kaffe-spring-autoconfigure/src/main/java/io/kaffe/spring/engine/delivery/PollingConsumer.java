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

import org.jspecify.annotations.Nullable;

/**
 * The Kafka consumer that polled records, by the names under which timers and
 * observations report their deliveries, whichever worker they are made by.
 * <p>
 * <b>Threading.</b> Immutable; the timer may be closed by the consumer thread.
 *
 * @param listenerId the id of the container that polls with it: that of the listener, and
 * its number among the consumers of the listener
 * @param clientId its client id, or {@code null} if that is not known
 * @param timer times deliveries, or {@code null}
 */
public record PollingConsumer(String listenerId, @Nullable String clientId, @Nullable DeliveryTimer timer) {

	/**
	 * Remove the meters of the consumer, which polls no more.
	 */
	public void close() {
		if (this.timer != null) {
			this.timer.close();
		}
	}

}
