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
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.adapter.FilteringBatchMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;

import io.kaffe.spring.engine.delivery.BatchAttempt;

/**
 * Wraps the user's batch filter and reports the remaining records to the
 * {@link BatchAttempt}: listeners name records by their index in that list.
 * <p>
 * <b>Threading.</b> Immutable; called by workers.
 */
public final class IndexTrackingBatchFilter implements RecordFilterStrategy<Object, Object> {

	private final RecordFilterStrategy<Object, Object> filter;

	private IndexTrackingBatchFilter(RecordFilterStrategy<Object, Object> filter) {
		this.filter = filter;
	}

	/**
	 * Return a listener that filters like another one and reports what remains.
	 * @param listener the listener
	 * @return the same listener if neither it nor what it delegates to filters
	 */
	public static BatchMessageListener<Object, Object> installIn(BatchMessageListener<Object, Object> listener) {
		return ListenerChain.replace(listener, IndexTrackingBatchFilter::reporting);
	}

	private static BatchMessageListener<Object, Object> reporting(BatchMessageListener<Object, Object> listener) {
		if (listener.getClass() != FilteringBatchMessageListenerAdapter.class) {
			return listener;
		}
		FilteringBatchMessageListenerAdapter<Object, Object> filtering = (FilteringBatchMessageListenerAdapter<Object, Object>) listener;
		RecordFilterStrategy<Object, Object> filter = SpringKafkaFields.recordFilterStrategy(filtering);
		return (filter instanceof IndexTrackingBatchFilter) ? listener
				: new FilteringBatchMessageListenerAdapter<>(installIn(filtering.getDelegate()),
						new IndexTrackingBatchFilter(filter), SpringKafkaFields.acknowledgesDiscarded(filtering));
	}

	@Override
	public boolean filter(ConsumerRecord<Object, Object> consumerRecord) {
		return this.filter.filter(consumerRecord);
	}

	@Override
	public List<ConsumerRecord<Object, Object>> filterBatch(List<ConsumerRecord<Object, Object>> records) {
		List<ConsumerRecord<Object, Object>> left = this.filter.filterBatch(records);
		BatchAttempt attempt = BatchAttempt.current();
		// What a broken filter returns is its adapter's business.
		if (attempt != null && left != null) {
			attempt.delivered(left);
		}
		return left;
	}

	@Override
	public boolean ignoreEmptyBatch() {
		return this.filter.ignoreEmptyBatch();
	}

}
