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

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.support.KafkaUtils;

import io.kaffe.spring.engine.worker.DetachedRecord;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.WorkerOwner;

/**
 * What calls the user's listener for the records of a consumer, one by one or in batches,
 * and what is known about those that are not completed.
 * <p>
 * <b>Threading.</b> Immutable but for what is known about records, which is safe for
 * concurrent use; called by many workers at once, each on a thread of its own.
 */
public abstract class Delivery implements WorkerOwner.ThreadScope {

	private final Failures failures = new Failures();

	private final Set<DetachedRecord> detachedRecords = ConcurrentHashMap.newKeySet();

	private final EvictionLog evictionLog = new EvictionLog();

	private final Outages outages;

	private final DeliverySettings settings;

	Delivery(DeliverySettings settings) {
		this.settings = settings;
		this.outages = new Outages(settings.failurePolicy().outage(), settings.ticker());
	}

	/**
	 * Return how many records that are ordered with no others one worker gets, if they
	 * are of one partition.
	 */
	abstract int maxUnordered();

	FailurePolicy failurePolicy() {
		return this.settings.failurePolicy();
	}

	@Nullable String groupId() {
		return this.settings.groupId();
	}

	/**
	 * Return what has failed, and what was done about it.
	 * @return always the same
	 */
	public Failures failures() {
		return this.failures;
	}

	/**
	 * Return what distinguishes outages from records that fail for themselves.
	 * @return always the same
	 */
	public Outages outages() {
		return this.outages;
	}

	/**
	 * Return the records whose handlers have returned and that are not completed.
	 * @return a live set, from which those that are over may be removed
	 */
	public Set<DetachedRecord> detachedRecords() {
		return this.detachedRecords;
	}

	/**
	 * Return what notes which records are handled.
	 * @return always the same; {@code null}: they are handled at least once
	 */
	public @Nullable OnceDelivery once() {
		return this.settings.once();
	}

	EvictionLog evictionLog() {
		return this.evictionLog;
	}

	/**
	 * Return what makes each attempt in a Kafka transaction.
	 * @return always the same; {@code null} if attempts are made without
	 */
	public @Nullable KafkaTransactions transactions() {
		return this.settings.transactions();
	}

	/**
	 * Recover a record: in a transaction, if attempts are made in transactions, which
	 * completes the record, too.
	 * @return {@code null} if that is done; a future if it is when that completes
	 * @throws Throwable if the recovery fails
	 */
	@Nullable CompletableFuture<?> recover(RecordRecoverer recoverer, ConsumerRecord<?, ?> record, AssignmentHandle assignment,
			Throwable failure) throws Throwable {
		Exception reason = ListenerFailure.asException(failure);
		KafkaTransactions transactions = transactions();
		if (transactions == null) {
			return recoverer.recover(record, reason);
		}
		transactions.run(record, assignment,
				noted(record, assignment, () -> await(recoverer.recoverHere(record, reason))));
		return null;
	}

	/**
	 * Have the record of an attempt noted in a transaction of the database within that of
	 * Kafka, if records are handled once. If it was noted before, the database has its
	 * effects: those of this attempt are rolled back, and what it sends is committed.
	 * @return the attempt
	 */
	KafkaTransactions.Attempt noted(ConsumerRecord<?, ?> record, AssignmentHandle assignment,
			KafkaTransactions.Attempt attempt) {
		OnceDelivery once = once();
		return (once != null) ? () -> once.deliver(record, assignment, attempt::make) : attempt;
	}

	/**
	 * Make sure that nothing of a partition starts that was revoked while the transaction
	 * of the attempt began, which may have waited for a connection or for brokers.
	 * @throws PostponedCommitException if it was revoked
	 */
	static void checkNotRevoked(AssignmentHandle assignment) {
		if (assignment.isRevoked()) {
			throw new PostponedCommitException(assignment + " was revoked when the transaction had begun", null);
		}
	}

	/**
	 * Wait for a recovery within a transaction, which has to go on on the same thread.
	 */
	private void await(@Nullable CompletableFuture<?> outcome) throws Throwable {
		if (outcome != null) {
			Thread waiting = Thread.currentThread();
			outcome.whenComplete((result, failure) -> ticker().unpark(waiting));
			while (!outcome.isDone()) {
				ticker().park(this, Long.MAX_VALUE);
				if (Thread.interrupted()) {
					throw new InterruptedException();
				}
			}
			Throwable failure = outcome.handle((result, thrown) -> ListenerFailure.unwrapped(thrown)).getNow(null);
			if (failure != null) {
				throw failure;
			}
		}
	}

	/**
	 * Complete a record that is recovered or skipped, which is noted if records are
	 * handled once, unless its Kafka transaction has done so. Any thread; does not wait.
	 * @param alone whether it is completed by itself, rather than with the next one
	 */
	void completeUnhandled(ConsumerRecord<?, ?> record, AssignmentHandle assignment, boolean alone) {
		if (transactions() != null) {
			return;
		}
		OnceDelivery once = once();
		if (!alone) {
			assignment.leaveToNext(record);
		}
		else if (once != null) {
			once.completeUnhandled(record, assignment);
		}
		else {
			assignment.complete(record);
		}
	}

	LogContext logContext() {
		return this.settings.logContext();
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

}
