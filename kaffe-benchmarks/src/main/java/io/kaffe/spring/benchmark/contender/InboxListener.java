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

package io.kaffe.spring.benchmark.contender;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.transaction.annotation.Transactional;

/**
 * A listener that updates an account for each record that is not in its inbox, the way it
 * is done by hand. Nothing is ever deleted from the inbox.
 */
class InboxListener {

	private final RecordHandling handling;

	private final Bookings bookings;

	InboxListener(RecordHandling handling, JdbcTemplate jdbc) {
		this.handling = handling;
		this.bookings = new Bookings(jdbc);
	}

	@Transactional
	@KafkaListener(id = "contender", idIsGroup = false, topics = "${contender.topic}")
	void handle(ConsumerRecord<String, byte[]> record) {
		this.handling.handle(record);
		if (this.bookings.receive(record)) {
			this.bookings.book(record);
		}
	}

}
