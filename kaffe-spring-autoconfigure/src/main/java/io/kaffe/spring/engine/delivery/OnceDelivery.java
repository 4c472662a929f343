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

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.DisplayText;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.SafeLog;
import io.kaffe.spring.table.ConsumerProblem;

/**
 * The deliveries of a consumer whose records are handled once: each runs in a transaction
 * in which its records are noted. What is not handled but completed all the same, since
 * it was skipped or dead-lettered, is noted in a transaction of its own.
 * <p>
 * <b>Threading.</b> Safe for concurrent use. Deliveries run on the calling worker; all
 * else that waits for the database runs on one thread at a time, in the order in which it
 * was submitted.
 */
public final class OnceDelivery {

	private static final Log logger = LogFactory.getLog(OnceDelivery.class);

	private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

	private final AtomicBoolean running = new AtomicBoolean();

	private final Map<Object, ConsumerProblem> problems = new ConcurrentHashMap<>();

	private final LongAdder refused = new LongAdder();

	private final OnceStore store;

	private final Executor threads;

	private final LimitedLog log;

	/**
	 * Create it.
	 * @param store notes the records
	 * @param threads runs what waits for the database and is no delivery
	 * @param log limits how many messages are logged
	 */
	public OnceDelivery(OnceStore store, Executor threads, LimitedLog log) {
		this.store = store;
		this.threads = threads;
		this.log = log;
	}

	/**
	 * Return what notes the records.
	 * @return always the same
	 */
	public OnceStore store() {
		return this.store;
	}

	/**
	 * Return how many records were handled already, by others or by an attempt whose
	 * commit was not answered, so that the transaction of their delivery was rolled back.
	 * @return the number since the start
	 */
	public long refused() {
		return this.refused.sum();
	}

	/**
	 * Note that the database keeps partitions from being read, or does not any more.
	 * @param lookup who has noticed it
	 * @param problem what is wrong; {@code null}: nothing any more
	 */
	public void problem(Object lookup, @Nullable ConsumerProblem problem) {
		if (problem != null) {
			this.problems.merge(lookup, problem,
					(before, now) -> new ConsumerProblem(now.kind(), before.since(), now.message()));
		}
		else {
			this.problems.remove(lookup);
		}
	}

	/**
	 * Return what keeps partitions from being read.
	 * @return a live view
	 */
	public Collection<ConsumerProblem> problems() {
		return this.problems.values();
	}

	/**
	 * Deliver a record and note it. The record is complete if this returns.
	 * @param delivery calls the listener
	 * @throws Throwable what that throws, or the transaction fails with
	 */
	void deliver(ConsumerRecord<?, ?> record, AssignmentHandle assignment, OnceStore.Call delivery) throws Throwable {
		List<OnceStore.Note> notes = notes(record, assignment);
		if (!this.store.deliver(delivery, () -> notes)) {
			refused(record);
		}
	}

	private static List<OnceStore.Note> notes(ConsumerRecord<?, ?> record, AssignmentHandle assignment) {
		List<OnceStore.Note> notes = new ArrayList<>(1);
		addNote(notes, record, assignment);
		return notes;
	}

	/**
	 * Add the note of a record, if its assignment notes records.
	 */
	static void addNote(List<OnceStore.Note> notes, ConsumerRecord<?, ?> record, AssignmentHandle assignment) {
		OnceStore.Partition partition = assignment.noted();
		if (partition != null) {
			notes.add(new OnceStore.Note(partition, record.offset()));
		}
	}

	/**
	 * Count a record that was handled already.
	 */
	void refused(ConsumerRecord<?, ?> record) {
		this.refused.increment();
		this.log.log((message, failure) -> logger.info(message), "records that were handled already",
				DisplayText.coordinatesOf(record) + " was handled already, by another instance or by an attempt whose "
						+ "commit was not answered; what its handler did here in the database was rolled back, and it "
						+ "is completed",
				null);
	}

	/**
	 * Note a record that is recovered or skipped, and complete it then. Any thread; does
	 * not wait. If it cannot be noted, it is completed all the same: after a crash, it
	 * may be delivered once more.
	 */
	void completeUnhandled(ConsumerRecord<?, ?> record, AssignmentHandle assignment) {
		List<OnceStore.Note> notes = notes(record, assignment);
		if (notes.isEmpty()) {
			assignment.complete(record);
			return;
		}
		assignment.hold();
		execute(() -> {
			try {
				this.store.deliver(() -> {
				}, () -> notes);
			}
			catch (Throwable ex) {
				this.log.log(logger::warn, "records that could not be noted",
						DisplayText.coordinatesOf(record) + " was recovered or skipped, which could not be noted; "
								+ "after a crash, it may be delivered once more",
						ex);
			}
			finally {
				assignment.complete(record);
				assignment.exit();
			}
		});
	}

	/**
	 * Run a task that may wait for the database, after those that were submitted before.
	 * Any thread; does not wait.
	 * @param task the task; what it throws is logged
	 */
	public void execute(Runnable task) {
		this.tasks.add(task);
		executePending();
	}

	/**
	 * Run the tasks for which there was no thread when they were submitted. Any thread;
	 * does not wait. The consumer thread calls it before each poll.
	 */
	public void executePending() {
		if (!this.tasks.isEmpty() && this.running.compareAndSet(false, true)) {
			try {
				this.threads.execute(this::runTasks);
			}
			catch (Throwable ex) {
				this.running.set(false);
				SafeLog.log(logger::error,
						"There is no thread for what waits for the database; it is tried again with the next poll", ex);
			}
		}
	}

	private void runTasks() {
		for (Runnable task = this.tasks.poll(); task != null; task = this.tasks.poll()) {
			try {
				task.run();
			}
			catch (Throwable ex) {
				SafeLog.log(logger::error, "A task failed that concerns what is handled once", ex);
			}
		}
		this.running.set(false);
		// Whoever added one before that has seen the flag.
		executePending();
	}

}
