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

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.core.KafkaResourceHolder;
import org.springframework.kafka.transaction.KafkaAwareTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.TransactionStatus;
import org.springframework.transaction.UnexpectedRollbackException;
import org.springframework.transaction.support.DefaultTransactionDefinition;
import org.springframework.transaction.support.TransactionSynchronizationManager;

import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * Makes each attempt in a Kafka transaction of its own, with which the offsets of its
 * records are committed. Whatever is sent on the thread of the attempt with the producer
 * factory of the container's transaction manager takes part, as in Spring Kafka's own
 * containers.
 * <p>
 * The producer factory pools producers: there are as many as attempts have been made at
 * the same time, which is {@code max-concurrency} at most.
 * <p>
 * <b>Threading.</b> Immutable once it commits offsets. Workers call it, each on a thread
 * of its own; it blocks for as long as brokers take to answer, within the time-outs of
 * the producer.
 */
public final class KafkaTransactions {

	private final KafkaAwareTransactionManager<?, ?> manager;

	private final TransactionDefinition definition;

	private volatile @Nullable TransactionalCommits commits;

	/**
	 * Create transactions.
	 * @param manager the container's transaction manager
	 * @param definition the container's settings of transactions; {@code null}: those of
	 * the manager
	 */
	public KafkaTransactions(KafkaAwareTransactionManager<?, ?> manager, @Nullable TransactionDefinition definition) {
		this.manager = manager;
		DefaultTransactionDefinition own = (definition != null) ? new DefaultTransactionDefinition(definition)
				: new DefaultTransactionDefinition();
		own.setPropagationBehavior(TransactionDefinition.PROPAGATION_REQUIRES_NEW);
		this.definition = own;
	}

	/**
	 * Have offsets committed, too. Before the first record.
	 * @param commits commits them
	 */
	public void committingWith(TransactionalCommits commits) {
		this.commits = commits;
	}

	/**
	 * Commit how far a partition has come, in a transaction without records.
	 * @param assignment the assignment of the partition
	 * @throws Throwable why it could not be committed
	 */
	public void commitProgress(AssignmentHandle assignment) throws Throwable {
		run(Map.of(assignment, List.of()), () -> {
		}, () -> {
		});
	}

	/**
	 * Handle a record in a transaction of its own, and complete it.
	 * @throws PostponedCommitException if the attempt is to be made again though it did
	 * not fail
	 * @throws Throwable what the attempt threw, or why its transaction could not be
	 * committed; it is aborted
	 */
	void run(ConsumerRecord<?, ?> record, AssignmentHandle assignment, Attempt attempt) throws Throwable {
		run(Map.of(assignment, List.of(record)), attempt, () -> assignment.complete(record));
	}

	/**
	 * Handle records in one transaction, and complete them.
	 * @param records the records by their assignments
	 * @param complete completes them
	 * @throws PostponedCommitException if the attempt is to be made again though it did
	 * not fail
	 * @throws Throwable what the attempt threw, or why its transaction could not be
	 * committed; it is aborted
	 */
	void run(Map<AssignmentHandle, ? extends Collection<? extends ConsumerRecord<?, ?>>> records, Attempt attempt,
			Runnable complete) throws Throwable {
		TransactionStatus transaction = this.manager.getTransaction(this.definition);
		try {
			attempt.make();
			if (transaction.isRollbackOnly()) {
				throw new UnexpectedRollbackException(
						"The transaction of the attempt was marked as rollback-only, so that it is aborted");
			}
			commit(records, transaction, complete);
		}
		catch (Throwable ex) {
			abort(transaction, ex);
			throw ex;
		}
	}

	private void commit(Map<AssignmentHandle, ? extends Collection<? extends ConsumerRecord<?, ?>>> records,
			TransactionStatus transaction, Runnable complete) throws InterruptedException {
		Producer<?, ?> producer = producer();
		// What cannot be sent fails here, while it is certain that nothing is committed.
		producer.flush();
		Runnable commit = () -> this.manager.commit(transaction);
		TransactionalCommits commits = this.commits;
		if (commits != null) {
			commits.commit(records, producer, commit, complete);
		}
		else {
			commit.run();
			complete.run();
		}
	}

	private Producer<?, ?> producer() {
		KafkaResourceHolder<?, ?> holder = (KafkaResourceHolder<?, ?>) TransactionSynchronizationManager
			.getResource(this.manager.getProducerFactory());
		return Objects.requireNonNull(holder, "The transaction manager has bound no producer").getProducer();
	}

	private void abort(TransactionStatus transaction, Throwable reason) {
		if (transaction.isCompleted()) {
			return;
		}
		try {
			this.manager.rollback(transaction);
		}
		catch (Throwable ex) {
			if (WorkerRuntime.isFatal(ex)) {
				throw ex;
			}
			// The broker aborts it when it times out.
			if (ex != reason) {
				reason.addSuppressed(ex);
			}
		}
	}

	/**
	 * What is done within a transaction.
	 */
	@FunctionalInterface
	interface Attempt {

		void make() throws Throwable;

	}

}
