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

package io.kaffe.spring.engine.adapter;

import java.util.List;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.BatchAcknowledgingMessageListener;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.kafka.support.Acknowledgment;

import io.kaffe.spring.BatchRecordHandler;
import io.kaffe.spring.engine.delivery.BatchAttempt;

/**
 * The listener of a container whose records a {@link BatchRecordHandler} handles. Works
 * with workers only: a container has no use for what the handler returns.
 * <p>
 * <b>Threading.</b> Immutable; called by workers.
 */
public final class BatchRecordHandlerListener implements BatchAcknowledgingMessageListener<Object, Object> {

	private final String consumer;

	private final BatchRecordHandler<Object, Object> handler;

	/**
	 * Create a listener.
	 * @param consumer the consumer's name
	 * @param handler the user's handler
	 */
	public BatchRecordHandlerListener(String consumer, BatchRecordHandler<Object, Object> handler) {
		this.consumer = consumer;
		this.handler = handler;
	}

	/**
	 * Call the handler.
	 * @param records the records; if a filter has left none, the handler is not called
	 * @param acknowledgment where its result is reported
	 * @throws ListenerExecutionFailedException with what the handler threw as its cause,
	 * as the methods of {@code @KafkaListener} fail
	 */
	@Override
	public void onMessage(List<ConsumerRecord<Object, Object>> records, @Nullable Acknowledgment acknowledgment) {
		if (!(acknowledgment instanceof BatchAttempt attempt)) {
			throw new IllegalStateException("Only workers can call the handler of '" + this.consumer + "'");
		}
		if (records.isEmpty()) {
			return;
		}
		try {
			attempt.result(this.handler.handle(records));
		}
		catch (Exception ex) {
			throw new ListenerExecutionFailedException("The handler of consumer '" + this.consumer + "' failed", ex);
		}
	}

	@Override
	public String toString() {
		return "batch handler of '" + this.consumer + "'";
	}

}
