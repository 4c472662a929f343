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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.MDC;

import io.kaffe.spring.engine.worker.Worker;

/**
 * Puts what a thread handles into the MDC: {@code consumer}, {@code worker},
 * {@code topic}, {@code partition} and {@code offset} of the record being handled.
 * <p>
 * <b>Threading.</b> Immutable; what it sets belongs to the calling thread.
 *
 * @param consumer the consumer's name
 * @param enabled whether to put anything
 */
public record LogContext(String consumer, boolean enabled) {

	/**
	 * Put what does not change while a worker handles the records of one partition.
	 */
	void enter(Worker worker, ConsumerRecord<?, ?> record) {
		if (this.enabled) {
			MDC.put("consumer", this.consumer);
			MDC.put("worker", worker.name());
			MDC.put("topic", record.topic());
			MDC.put("partition", Integer.toString(record.partition()));
		}
	}

	/**
	 * Put which record it is.
	 */
	void at(ConsumerRecord<?, ?> record) {
		if (this.enabled) {
			MDC.put("offset", Long.toString(record.offset()));
		}
	}

	/**
	 * Remove everything.
	 */
	void leave() {
		if (this.enabled) {
			MDC.remove("offset");
			MDC.remove("partition");
			MDC.remove("topic");
			MDC.remove("worker");
			MDC.remove("consumer");
		}
	}

}
