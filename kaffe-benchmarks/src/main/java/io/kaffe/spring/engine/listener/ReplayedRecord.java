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

import java.util.Optional;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;

/**
 * A record that is polled again and again, with a higher offset each time, so that making
 * records is no part of a measurement. It counts how often it was handled.
 * <p>
 * <b>Threading.</b> The consumer thread moves it before it is dispatched and when it is
 * complete; a worker handles it in between.
 */
final class ReplayedRecord extends ConsumerRecord<Object, Object> {

	static final String TOPIC = "orders";

	private static final String VALUE = "x".repeat(100);

	private static final RecordHeaders HEADERS = new RecordHeaders();

	private long offset;

	private int handled;

	ReplayedRecord(int partition, String key) {
		super(TOPIC, partition, 0, 0, TimestampType.CREATE_TIME, key.length(), VALUE.length(), key, VALUE, HEADERS,
				Optional.empty());
	}

	@Override
	public long offset() {
		return this.offset;
	}

	void moveTo(long offset) {
		this.offset = offset;
	}

	void handle() {
		this.handled++;
	}

	int handled() {
		return this.handled;
	}

}
