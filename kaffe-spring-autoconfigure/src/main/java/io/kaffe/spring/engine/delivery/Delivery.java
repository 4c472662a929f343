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

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.kafka.support.KafkaUtils;

import io.kaffe.spring.engine.worker.DetachedRecord;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.Work;
import io.kaffe.spring.engine.worker.WorkerOwner;

/**
 * What calls the user's listener for the records of a consumer, one by one or in batches,
 * and what is known about those that are not final.
 * <p>
 * <b>Threading.</b> Immutable but for what is known about records, which is safe for
 * concurrent use; called by many workers at once, each on a thread of its own.
 */
public abstract sealed class Delivery implements WorkerOwner.ThreadScope permits RecordDelivery, BatchDelivery {

	private final FailingRecords failingRecords = new FailingRecords();

	private final FailureJournal failureJournal = new FailureJournal();

	private final Set<DetachedRecord> unattended = ConcurrentHashMap.newKeySet();

	private final DeliverySettings settings;

	Delivery(DeliverySettings settings) {
		this.settings = settings;
	}

	/**
	 * Return the work that some records are for their partition's worker.
	 * @param records records of one partition in offset order, not empty, not to be
	 * changed any more
	 * @param source where they came from
	 * @return the work, to be submitted
	 */
	public abstract Work workOf(List<? extends ConsumerRecord<?, ?>> records, AssignmentHandle source);

	/**
	 * Return the work that a record is for the worker of its key.
	 */
	abstract Work workOf(ConsumerRecord<?, ?> record, AssignmentHandle source);

	/**
	 * Return the work that records are which are ordered with no others, for a worker of
	 * their own.
	 */
	abstract Work unorderedWorkOf(List<? extends ConsumerRecord<?, ?>> records, AssignmentHandle source);

	/**
	 * Return how many records that are ordered with no others one worker gets, if they
	 * are of one partition.
	 */
	abstract int maxUnordered();

	FailurePolicy failurePolicy() {
		return this.settings.failurePolicy();
	}

	/**
	 * Return the records that have failed and are not final.
	 * @return always the same
	 */
	public FailingRecords failingRecords() {
		return this.failingRecords;
	}

	/**
	 * Return what went wrong so far.
	 * @return always the same
	 */
	public FailureJournal failureJournal() {
		return this.failureJournal;
	}

	/**
	 * Return the records whose handlers have returned and that are not final.
	 * @return a live set, from which those that are over may be removed
	 */
	public Set<DetachedRecord> unattended() {
		return this.unattended;
	}

	LogContext logContext() {
		return this.settings.logContext();
	}

	@Nullable String groupId() {
		return this.settings.groupId();
	}

	Ticker ticker() {
		return this.settings.ticker();
	}

	@Override
	public void enter() {
		KafkaUtils.setConsumerGroupId(this.settings.groupId());
	}

	@Override
	public void leave() {
		KafkaUtils.clearConsumerGroupId();
	}

	/**
	 * Return what a listener threw in the form in which interceptors are told of it.
	 */
	static Exception asException(Throwable failure) {
		return (failure instanceof Exception exception) ? exception
				: new ListenerExecutionFailedException("Listener failed with an error", failure);
	}

}
