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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.kafka.listener.MessageListener;

import io.kaffe.spring.RecordHandler;

/**
 * The listener of a declared consumer's container: calls the handler.
 * <p>
 * <b>Threading.</b> Immutable; called by workers.
 */
public final class RecordHandlerListener implements MessageListener<Object, Object> {

	private final String consumer;

	private final RecordHandler<Object, Object> handler;

	/**
	 * Create a listener.
	 * @param consumer the consumer's name
	 * @param handler the user's handler
	 */
	public RecordHandlerListener(String consumer, RecordHandler<Object, Object> handler) {
		this.consumer = consumer;
		this.handler = handler;
	}

	/**
	 * Call the handler.
	 * @throws ListenerExecutionFailedException with what the handler threw as its cause,
	 * as the methods of {@code @KafkaListener} fail
	 */
	@Override
	public void onMessage(ConsumerRecord<Object, Object> record) {
		try {
			this.handler.handle(record);
		}
		catch (Exception ex) {
			throw new ListenerExecutionFailedException("The handler of consumer '" + this.consumer + "' failed", ex);
		}
	}

	@Override
	public String toString() {
		return "handler of '" + this.consumer + "'";
	}

}
