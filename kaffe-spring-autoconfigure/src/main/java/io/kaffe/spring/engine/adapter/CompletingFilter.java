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

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.AcknowledgingConsumerAwareMessageListener;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.adapter.AbstractFilteringMessageListener;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.support.Acknowledgment;

import io.kaffe.spring.engine.delivery.RecordAcknowledgment;

/**
 * Filters the records of a listener that acknowledges them, as Spring Kafka's
 * {@link FilteringMessageListenerAdapter}, and completes what it discards: for itself
 * alone, since the listener may not have acknowledged what is before.
 * <p>
 * <b>Threading.</b> Immutable; called by many workers at once.
 */
public final class CompletingFilter
		extends AbstractFilteringMessageListener<Object, Object, MessageListener<Object, Object>>
		implements AcknowledgingConsumerAwareMessageListener<Object, Object> {

	private CompletingFilter(MessageListener<Object, Object> delegate, RecordFilterStrategy<Object, Object> strategy) {
		super(delegate, strategy);
	}

	/**
	 * Have what a listener filters out completed.
	 * @param listener the listener
	 * @return the same listener if neither it nor what it delegates to filters
	 */
	public static MessageListener<Object, Object> installIn(MessageListener<Object, Object> listener) {
		return ListenerChain.replace(listener, CompletingFilter::inPlaceOf);
	}

	@SuppressWarnings("unchecked")
	private static MessageListener<Object, Object> inPlaceOf(MessageListener<Object, Object> listener) {
		if (listener.getClass() != FilteringMessageListenerAdapter.class) {
			return listener;
		}
		FilteringMessageListenerAdapter<Object, Object> filtering = (FilteringMessageListenerAdapter<Object, Object>) listener;
		return new CompletingFilter(installIn(filtering.getDelegate()),
				SpringKafkaFields.recordFilterStrategy(filtering));
	}

	@Override
	public void onMessage(ConsumerRecord<Object, Object> record, @Nullable Acknowledgment acknowledgment,
			@Nullable Consumer<?, ?> consumer) {
		if (!filter(record)) {
			switch (this.delegateType) {
				case ACKNOWLEDGING_CONSUMER_AWARE -> this.delegate.onMessage(record, acknowledgment, consumer);
				case ACKNOWLEDGING -> this.delegate.onMessage(record, acknowledgment);
				case CONSUMER_AWARE -> this.delegate.onMessage(record, consumer);
				case SIMPLE -> this.delegate.onMessage(record);
			}
		}
		else if (acknowledgment instanceof RecordAcknowledgment discarded) {
			discarded.discard();
		}
		else if (acknowledgment != null) {
			acknowledgment.acknowledge();
		}
	}

}
