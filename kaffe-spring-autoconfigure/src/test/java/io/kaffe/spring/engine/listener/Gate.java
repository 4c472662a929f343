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

import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * A handler that stops at chosen values until it is let through, and remembers what it
 * was given.
 */
final class Gate {

	final Queue<String> started = new ConcurrentLinkedQueue<>();

	final Queue<String> finished = new ConcurrentLinkedQueue<>();

	private final Set<String> stops = ConcurrentHashMap.newKeySet();

	private final CountDownLatch open = new CountDownLatch(1);

	/**
	 * Block while handling a record.
	 * @param coordinates its partition, a colon and its value
	 */
	void stopAt(String coordinates) {
		this.stops.add(coordinates);
	}

	void handle(ConsumerRecord<String, String> record) {
		String coordinates = record.partition() + ":" + record.value();
		this.started.add(coordinates);
		if (this.stops.remove(coordinates)) {
			try {
				if (!this.open.await(60, TimeUnit.SECONDS)) {
					throw new IllegalStateException("The gate was not opened for " + coordinates);
				}
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}
		this.finished.add(coordinates);
	}

	void open() {
		this.open.countDown();
	}

}
