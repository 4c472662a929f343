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

package io.kaffe.spring.engine.worker;

import java.time.Duration;
import java.util.AbstractCollection;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.table.WorkerState;

/**
 * The workers of one consumer. All threads of the consumer share them: the same name, or
 * the same key, is the same worker for all of them.
 * <p>
 * Workers of partitions are {@linkplain #allocate allocated} and {@linkplain #release
 * released} with them. Workers of records appear with the first record that is
 * {@linkplain #submit submitted} under their key and retire when the last one is
 * finished.
 * <p>
 * <b>Threading.</b> Safe for concurrent use. Allocating, releasing and retiring a worker
 * of one name are atomic with each other (one entry of a concurrent map), so that no
 * partition gets a worker that is being retired. A worker that still runs when its last
 * partition is released stays in the table and is retired when it is idle: a partition
 * that is assigned again meanwhile gets the same worker, and its records wait for what
 * still runs. The worker of a key retires by closing its queue, after which it takes
 * nothing more, and then leaves the map; a submitter that finds it closed removes it and
 * makes a new one. Keys are compared within the map, which holds the lock of one of its
 * bins while it adds or removes: a key whose {@code equals} hangs there blocks other keys
 * of the same bin.
 */
public final class ConsumerWorkers {

	private static final Log logger = LogFactory.getLog(ConsumerWorkers.class);

	private final Map<String, PartitionWorker> partitionWorkers = new ConcurrentHashMap<>();

	private final Map<Object, KeyWorker> keyWorkers = new ConcurrentHashMap<>();

	private final Collection<Worker> all = new AllWorkers();

	/** One for all, since there is a worker for each key in flight. */
	private final Consumer<KeyWorker> keyRetirement = this::retired;

	private final WorkerRuntime runtime;

	private final RunQueue runQueue;

	private final HandledRecords handledRecords = new HandledRecords();

	private final Collection<? extends DetachedRecord> detachedRecords;

	private final ConsumerObservers observers;

	private final StallWatch stallWatch;

	private final long stalledAfter;

	private final int maxBlockedRecords;

	private final Worker.Context context;

	ConsumerWorkers(WorkerRuntime runtime, WorkerOwner consumer, int maxConcurrency, ConsumerObservers observers) {
		this.runtime = runtime;
		this.detachedRecords = consumer.detachedRecords();
		this.observers = observers;
		Set<Turn> turns = ConcurrentHashMap.newKeySet();
		this.maxBlockedRecords = consumer.maxBlockedRecords();
		this.stalledAfter = consumer.stallLimits().threshold().toNanos();
		this.stallWatch = new StallWatch(runtime, consumer.stallLimits(), turns, consumer.detachedRecords(), observers);
		this.runQueue = new RunQueue(runtime, observers.consumer(), consumer, maxConcurrency, turns,
				this.stallWatch::watch);
		this.context = new Worker.Context(consumer, this.runQueue, runtime, observers,
				new LimitedLog(observers.consumer(), runtime));
	}

	/**
	 * Allocate the worker of a partition that was assigned, and create it if there is
	 * none.
	 * @param name the worker's name
	 * @param assigned the assignment
	 * @return the worker
	 */
	public Worker allocate(String name, AssignedPartition assigned) {
		return this.partitionWorkers.compute(name, (key, present) -> {
			PartitionWorker worker = (present != null) ? present : newPartitionWorker(name);
			worker.serve(assigned);
			return worker;
		});
	}

	/**
	 * Release the worker of an assignment that ended, and retire it if no other partition
	 * needs it.
	 * @param worker the worker
	 * @param assigned the assignment
	 */
	public void release(Worker worker, AssignedPartition assigned) {
		retireIf(worker.name(), (present) -> {
			present.release(assigned);
			return present.isUnused();
		});
	}

	/**
	 * Return a worker that is in no table, for tasks that run in order beside the
	 * records.
	 * @param name a name for logs
	 * @return a new worker
	 */
	public Worker internal(String name) {
		return newPartitionWorker(name);
	}

	private PartitionWorker newPartitionWorker(String name) {
		return new PartitionWorker(name, this.context, this::retireIfUnused);
	}

	/**
	 * Submit the work of a record to the worker of its key.
	 * @param key the key; {@code null} if the record is ordered with no other
	 * @param record the record
	 * @param slot where the worker stands while it is ready, from {@link #openSlot()}
	 * @param work the work
	 * @throws RuntimeException or Error if the key's own methods throw it, or there is no
	 * memory; then nothing was submitted
	 */
	public void submit(@Nullable Object key, ConsumerRecord<?, ?> record, int slot, Work work) {
		Object name = (key != null) ? nameOf(key)
				: new Coordinates(record.topic(), record.partition(), record.offset());
		while (true) {
			KeyWorker worker = (key != null) ? this.keyWorkers.get(name) : null;
			if (worker == null) {
				KeyWorker fresh = new KeyWorker(name, record, slot, this.context, this.keyRetirement);
				fresh.prepare(work);
				worker = putIfAbsent(name, fresh, work);
				if (worker == null) {
					this.runQueue.add(fresh);
					return;
				}
			}
			if (worker.submit(work)) {
				return;
			}
			this.keyWorkers.remove(name, worker);
		}
	}

	/**
	 * Return what stands for a key: equal for keys whose records have the same worker.
	 * @param key the key
	 * @return what may be used in a map, and does not change if the key does
	 * @throws RuntimeException or Error if the key's own methods throw it
	 */
	public static Object nameOf(Object key) {
		return WorkerKey.of(key);
	}

	/**
	 * Return whether the worker of a key does not get on, and has so much in its queue
	 * that no more is to be queued.
	 * @param name what stands for the key
	 * @param now the reading of the ticker, which may be a moment old
	 * @return {@code false} if it does, or there is none
	 */
	public boolean isBlocked(Object name, long now) {
		KeyWorker worker = this.keyWorkers.get(name);
		return worker != null && worker.isBlocked(now, this.maxBlockedRecords, this.stalledAfter);
	}

	/**
	 * Put the new worker of a key into the map, unless there is one. The map may throw
	 * after it has done so, while it puts its entries in order: then the worker is closed
	 * as if it had retired, unless others have submitted work to it already, so that it
	 * has to be run.
	 */
	private @Nullable KeyWorker putIfAbsent(Object name, KeyWorker fresh, Work first) {
		try {
			return this.keyWorkers.putIfAbsent(name, fresh);
		}
		catch (Throwable ex) {
			if (!fresh.close(first)) {
				return null;
			}
			this.keyWorkers.remove(name, fresh);
			throw ex;
		}
	}

	/**
	 * Return a place for the workers of one partition's records, so that they and those
	 * of other partitions take turns.
	 * @return the slot, to be {@linkplain #closeSlot closed} when the assignment ends
	 */
	public int openSlot() {
		return this.runQueue.openSlot();
	}

	/**
	 * Give a slot back.
	 * @param slot the slot
	 */
	public void closeSlot(int slot) {
		this.runQueue.closeSlot(slot);
	}

	/**
	 * Let all workers that wait look again whether they can go on, because partitions
	 * were revoked or lost. Those whose handlers have not answered cannot, but without
	 * their partitions they no longer count as concurrent, so that others may run in
	 * their place.
	 */
	public void wakeAll() {
		this.detachedRecords.forEach(DetachedRecord::partitionsRevoked);
		this.all.forEach(Worker::wake);
	}

	/**
	 * Return all workers.
	 * @return a live view, in no order
	 */
	public Collection<Worker> all() {
		return this.all;
	}

	/**
	 * Run a task of the engine after a while.
	 * @param delay how long to wait
	 * @param task the task, run by the scheduler: must not block or call user code
	 */
	public void after(Duration delay, Runnable task) {
		this.runtime.after(delay, task);
	}

	/**
	 * Return who is notified of what happens to the consumer.
	 * @return always the same
	 */
	public ConsumerObservers observers() {
		return this.observers;
	}

	/**
	 * Return how many records were finished, including those of workers that have
	 * retired.
	 * @return the number, which never decreases and may be a moment old
	 */
	public long handled() {
		return this.handledRecords.sum(this.all);
	}

	/**
	 * Return how many records handlers have now.
	 * @return the number, a moment's view
	 */
	public int inFlight() {
		return this.all.stream().mapToInt(Worker::inFlight).sum();
	}

	/**
	 * Return what the workers are doing.
	 * @return how many are in each state; all states are there
	 */
	public Map<WorkerState, Integer> states() {
		Map<WorkerState, Integer> states = new EnumMap<>(WorkerState.class);
		for (WorkerState state : WorkerState.values()) {
			states.put(state, 0);
		}
		Set<String> stalled = stalled().stream().map(StalledRecord::worker).collect(Collectors.toSet());
		for (Worker worker : this.all) {
			boolean isStalled = !stalled.isEmpty() && stalled.contains(worker.name());
			states.merge(isStalled ? WorkerState.STALLED : worker.state(), 1, Integer::sum);
		}
		return states;
	}

	/**
	 * Return what has been with its handler for longer than the stall threshold.
	 * @return a snapshot, in no order
	 */
	public List<StalledRecord> stalled() {
		return this.stallWatch.stalled();
	}

	/**
	 * Return how many workers may have something with their handlers at once.
	 * @return the limit; {@link Integer#MAX_VALUE}: all
	 */
	public int maxConcurrency() {
		return this.runQueue.maxConcurrency();
	}

	/**
	 * Change how many workers may have something with their handlers at once. What
	 * handlers have is finished.
	 * @param maxConcurrency the limit, 1 or more
	 */
	public void maxConcurrency(int maxConcurrency) {
		this.runQueue.maxConcurrency(maxConcurrency);
	}

	/**
	 * Return where the thread is that handles a worker's record.
	 * @param name the worker's name
	 * @return the innermost frames, or {@code null} if no handler of it runs
	 */
	@Nullable List<String> stackOf(String name) {
		return this.runQueue.stackOf(name);
	}

	@Nullable Worker workerFor(TopicPartition partition) {
		for (PartitionWorker worker : this.partitionWorkers.values()) {
			if (worker.serves(partition)) {
				return worker;
			}
		}
		return null;
	}

	/**
	 * Return where to log what may happen to many records at once.
	 * @return always the same
	 */
	public LimitedLog failureLog() {
		return this.context.failureLog();
	}

	/**
	 * Retire a worker of partitions that has become idle, if no partition needs it.
	 */
	private void retireIfUnused(PartitionWorker idle) {
		retireIf(idle.name(), (worker) -> worker == idle && worker.isUnused());
	}

	private void retireIf(String name, Predicate<PartitionWorker> condition) {
		AtomicReference<@Nullable PartitionWorker> retired = new AtomicReference<>();
		this.partitionWorkers.computeIfPresent(name, (key, worker) -> {
			if (!condition.test(worker)) {
				return worker;
			}
			retired.set(worker);
			return null;
		});
		PartitionWorker worker = retired.get();
		if (worker != null) {
			this.handledRecords.retired(worker);
		}
	}

	/**
	 * Forget the worker of a key that has closed its queue.
	 */
	private void retired(KeyWorker worker) {
		try {
			this.keyWorkers.remove(worker.key(), worker);
			this.handledRecords.retired(worker);
		}
		catch (Throwable ex) {
			logger.error("The key of " + worker
					+ " cannot be compared with others, so this worker stays in the table after it has retired: "
					+ ex.getClass().getName());
		}
	}

	/**
	 * What stands for a record that is ordered with no other.
	 */
	private record Coordinates(String topic, int partition, long offset) {
	}

	/**
	 * How many records the workers have finished. Each worker counts its own, so that
	 * finishing a record costs no shared write; the counts of retired workers are added
	 * up here.
	 * <p>
	 * <b>Threading.</b> Safe for concurrent use; nothing blocks. A worker leaves the map
	 * first and is added here then, and {@link #sum} looks here first and at the map
	 * then: it may miss a worker that retires at this moment, but counts none twice. That
	 * it missed one is not seen, since it never returns less than before.
	 */
	private static final class HandledRecords {

		private final LongAdder byRetired = new LongAdder();

		private final AtomicLong highest = new AtomicLong();

		/**
		 * Add what a worker has counted. Called once, when it has left the map and no
		 * longer runs.
		 */
		void retired(Worker worker) {
			this.byRetired.add(worker.handled());
		}

		/**
		 * Return the number of all workers, including those that have retired.
		 * @param present a live view of the workers in the map
		 */
		long sum(Collection<Worker> present) {
			long sum = this.byRetired.sum();
			for (Worker worker : present) {
				sum += worker.handled();
			}
			return this.highest.accumulateAndGet(sum, Math::max);
		}

	}

	/**
	 * A live view of the workers of partitions and of keys.
	 */
	private final class AllWorkers extends AbstractCollection<Worker> {

		@Override
		public Iterator<Worker> iterator() {
			return stream().iterator();
		}

		@Override
		public Stream<Worker> stream() {
			return Stream.concat(ConsumerWorkers.this.partitionWorkers.values().stream(),
					ConsumerWorkers.this.keyWorkers.values().stream());
		}

		@Override
		public int size() {
			return ConsumerWorkers.this.partitionWorkers.size() + ConsumerWorkers.this.keyWorkers.size();
		}

	}

}
