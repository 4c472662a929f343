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

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.delivery.KafkaTransactions;
import io.kaffe.spring.engine.delivery.PostponedCommitException;
import io.kaffe.spring.engine.worker.SafeLog;

/**
 * Commits offsets that hold no record, such as the markers of transactions, where no
 * record follows whose transaction would commit them: in transactions without records.
 * One that fails is covered by the next commit.
 * <p>
 * <b>Threading.</b> The consumer thread requests commits and does not wait. They are made
 * one after the other on a thread that may block. It notes that it ends before it looks
 * for requests once more, and a request is there before it is checked whether the thread
 * runs: so none is left.
 */
final class PassedOffsets {

	private static final Log logger = LogFactory.getLog(PassedOffsets.class);

	private final Set<PartitionAssignment> requested = ConcurrentHashMap.newKeySet();

	private final AtomicBoolean running = new AtomicBoolean();

	private final KafkaTransactions transactions;

	private final Executor executor;

	/**
	 * Create commits of passed offsets.
	 * @param transactions commit them
	 * @param executor runs what may block
	 */
	PassedOffsets(KafkaTransactions transactions, Executor executor) {
		this.transactions = transactions;
		this.executor = executor;
	}

	/**
	 * Create commits of a consumer.
	 * @param transactions its transactions, or {@code null}
	 * @param inGroup whether there is a group to commit for
	 * @param executor runs what may block
	 * @return the commits, or {@code null} if attempts are made without transactions, or
	 * if there is no group to commit for
	 */
	static @Nullable PassedOffsets of(@Nullable KafkaTransactions transactions, boolean inGroup, Executor executor) {
		return (transactions != null && inGroup) ? new PassedOffsets(transactions, executor) : null;
	}

	/**
	 * Commit how far a partition has come. Consumer thread; does not wait.
	 */
	void commit(PartitionAssignment assignment) {
		this.requested.add(assignment);
		if (this.running.compareAndSet(false, true)) {
			try {
				this.executor.execute(this::commitAll);
			}
			catch (RuntimeException ex) {
				this.running.set(false);
				throw ex;
			}
		}
	}

	private void commitAll() {
		do {
			try {
				this.requested.forEach((assignment) -> {
					// What is passed from now on is requested anew.
					this.requested.remove(assignment);
					commit(assignment, this.transactions);
				});
			}
			finally {
				this.running.set(false);
			}
		}
		while (!this.requested.isEmpty() && this.running.compareAndSet(false, true));
	}

	private static void commit(PartitionAssignment assignment, KafkaTransactions transactions) {
		// A drain waits for it: a transaction that stays open would hold up the next
		// owner.
		if (!assignment.enter()) {
			return;
		}
		try {
			transactions.commitProgress(assignment);
		}
		catch (PostponedCommitException ex) {
			logger.debug("Nothing more is committed of " + assignment, ex);
		}
		catch (Throwable ex) {
			SafeLog.log(logger::warn, "Could not commit the offsets without records of " + assignment
					+ "; the transaction of its next record commits them", ex);
		}
		finally {
			assignment.exit();
		}
	}

}
