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

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.delivery.OnceDelivery;
import io.kaffe.spring.engine.delivery.OnceStore;
import io.kaffe.spring.engine.delivery.OnceStore.Noted;
import io.kaffe.spring.engine.listener.Preparation.Awaited;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.ConsumerProblem;

/**
 * Looks up which records of assigned partitions are noted as handled, before the first of
 * them is polled: the partitions are paused until then. Where the position was moved
 * back, the notes from there on are deleted instead. One query is for all partitions of
 * an assignment; one that fails is repeated until it succeeds.
 * <p>
 * A floor above the position says that the committed offset was moved back while nobody
 * consumed, or that it has expired, or that the position is an old one, of a consumer
 * that was removed from the group since. The offset that is committed now tells which.
 * <p>
 * <b>Threading.</b> Owned by the consumer thread. What waits for brokers and the database
 * is submitted to {@link OnceDelivery#execute}; its answer is published through a
 * volatile field, and the consumer thread is woken up.
 */
final class HandledLookup {

	private static final Log logger = LogFactory.getLog(HandledLookup.class);

	private static final Duration FIRST_BACK_OFF = Duration.ofSeconds(1);

	private static final Duration LONGEST_BACK_OFF = Duration.ofSeconds(10);

	private final Map<PartitionAssignment, Request> requests = new HashMap<>();

	private final String group;

	private final OnceDelivery once;

	private final GroupFacts facts;

	private final NoteCleanup cleanup;

	private final Runnable wakeup;

	private final WorkerRuntime runtime;

	private final LimitedLog log;

	private final Function<TopicPartition, @Nullable Long> position;

	/**
	 * Create a lookup.
	 * @param group the consumer group
	 * @param once knows what is noted
	 * @param facts knows topics and committed offsets
	 * @param cleanup deletes notes
	 * @param position returns the position of a partition, {@code null} if it is unknown
	 * @param wakeup wakes the consumer thread up
	 * @param runtime the time
	 * @param log limits how many failures are logged
	 */
	HandledLookup(String group, OnceDelivery once, GroupFacts facts, NoteCleanup cleanup,
			Function<TopicPartition, @Nullable Long> position, Runnable wakeup, WorkerRuntime runtime, LimitedLog log) {
		this.group = group;
		this.once = once;
		this.facts = facts;
		this.cleanup = cleanup;
		this.position = position;
		this.wakeup = wakeup;
		this.runtime = runtime;
		this.log = log;
	}

	/**
	 * Create the lookup of a Kafka consumer.
	 * @param context the consumer
	 * @param position returns the position of a partition, {@code null} if it is unknown
	 * @param wakeup wakes the consumer thread up
	 * @return a lookup; {@code null} if its records are handled at least once
	 */
	static @Nullable HandledLookup of(ConsumerContext context, Function<TopicPartition, @Nullable Long> position,
			Runnable wakeup) {
		OnceDelivery once = context.delivery().once();
		String group = context.facts().groupId();
		if (once == null || group == null) {
			return null;
		}
		LimitedLog log = context.workers().failureLog();
		return new HandledLookup(group, once,
				new AdminGroupFacts(group, context.facts()::consumerConfiguration, context.clients().admins()),
				new NoteCleanup(once, context.runtime(), log), position, wakeup, context.runtime(), log);
	}

	/**
	 * Do what is due, if records are handled once.
	 * @param lookup the lookup, or {@code null} if they are not
	 * @param assignments the partitions of the consumer
	 */
	static void proceed(@Nullable HandledLookup lookup, Collection<PartitionAssignment> assignments) {
		if (lookup != null) {
			lookup.proceed(assignments);
		}
	}

	/**
	 * Request what is noted of partitions that await it, and take what was answered.
	 * Consumer thread; does not wait.
	 * @param assignments the partitions of the consumer
	 */
	void proceed(Collection<PartitionAssignment> assignments) {
		this.requests.keySet().removeIf(PartitionAssignment::isRevoked);
		List<Request> requested = new ArrayList<>();
		for (PartitionAssignment assignment : assignments) {
			Preparation preparation = assignment.preparation();
			if (!assignment.isRevoked() && preparation.isAwaiting(Awaited.NOTES)) {
				Request request = this.requests.get(assignment);
				Answer answer = (request != null) ? request.answer : null;
				if (request == null || !Objects.equals(request.again, preparation.handledAgainFrom())) {
					if (request != null) {
						request.replaced = true;
					}
					request = request(assignment);
					if (request != null) {
						this.requests.put(assignment, request);
						requested.add(request);
					}
				}
				else if (answer != null) {
					this.requests.remove(assignment);
					preparation.noted(answer.partition(), leftOut(assignment, answer));
				}
			}
		}
		if (!requested.isEmpty()) {
			this.once.execute(new Lookup(requested));
		}
		this.once.executePending();
	}

	/**
	 * Return what is not to be delivered. In Kafka transactions, that is only what they
	 * have committed: what is noted besides has to send its records.
	 */
	private static CompletedOffsets leftOut(PartitionAssignment assignment, Answer answer) {
		return assignment.polledBy().isTransactional() ? CompletedOffsets.NONE : answer.handled();
	}

	private @Nullable Request request(PartitionAssignment assignment) {
		Long again = assignment.preparation().handledAgainFrom();
		if (again != null) {
			return new Request(assignment, again, true, again);
		}
		Long from = this.position.apply(assignment.partition());
		OffsetAndMetadata committed = assignment.progress().committed();
		// Elsewhere than at the committed offset only since the listener wants it so.
		boolean sought = committed != null && from != null && from != committed.offset()
				&& assignment.progress().polledUntil() == 0;
		return (from != null) ? new Request(assignment, from, sought, null) : null;
	}

	/**
	 * Requests what is noted of some partitions.
	 */
	private final class Lookup implements Runnable {

		private final List<Request> open;

		private Duration backOff = FIRST_BACK_OFF;

		Lookup(List<Request> requests) {
			this.open = requests;
		}

		@Override
		public void run() {
			if (isOver()) {
				return;
			}
			int requests = this.open.size();
			Throwable failure = answer();
			if (this.open.size() < requests) {
				HandledLookup.this.wakeup.run();
			}
			if (!isOver() && failure != null) {
				failed(failure);
			}
		}

		/**
		 * Return whether no answer is waited for any more: there are all, or the consumer
		 * may have ended. Then there is no problem either.
		 */
		private boolean isOver() {
			this.open.removeIf((request) -> request.replaced || request.assignment.isRevoked());
			if (this.open.isEmpty()) {
				HandledLookup.this.once.problem(this, null);
			}
			return this.open.isEmpty();
		}

		private void failed(Throwable failure) {
			String partitions = this.open.get(0).assignment.partition()
					+ ((this.open.size() > 1) ? " and " + (this.open.size() - 1) + " more" : "");
			HandledLookup.this.once.problem(this,
					new ConsumerProblem(ConsumerProblem.Kind.DATABASE, HandledLookup.this.runtime.ticker().instant(),
							"database: it is unknown which records of " + partitions
									+ " are handled already, so that they stay paused: "
									+ failure.getClass().getName()));
			HandledLookup.this.log.log(logger::warn, "failures to read what is handled",
					"Could not read which records of " + partitions
							+ " are handled already; they stay paused until that succeeds",
					failure);
			HandledLookup.this.runtime.after(this.backOff, () -> HandledLookup.this.once.execute(this));
			Duration twice = this.backOff.multipliedBy(2);
			this.backOff = (twice.compareTo(LONGEST_BACK_OFF) < 0) ? twice : LONGEST_BACK_OFF;
		}

		/**
		 * Answer requests. Those that are answered are not open any more; what one of
		 * them fails with does not keep the others waiting.
		 * @return why some are still open, or {@code null} if none are
		 */
		private @Nullable Throwable answer() {
			Throwable failure = null;
			try {
				Map<OnceStore.Partition, Request> requests = byPartition();
				Map<OnceStore.Partition, Long> from = new HashMap<>();
				requests.forEach((partition, request) -> {
					if (request.forget) {
						HandledLookup.this.once.store().forget(partition, request.from);
					}
					from.put(partition, request.from);
				});
				Map<OnceStore.Partition, Noted> noted = HandledLookup.this.once.store().noted(from);
				for (Map.Entry<OnceStore.Partition, Request> each : requests.entrySet()) {
					try {
						answer(each.getKey(), each.getValue(), Objects.requireNonNull(noted.get(each.getKey())));
						this.open.remove(each.getValue());
					}
					catch (Throwable ex) {
						failure = ex;
					}
				}
			}
			catch (Throwable ex) {
				failure = ex;
			}
			return (failure != null || this.open.isEmpty()) ? failure
					: new UnknownTopicOrPartitionException(this.open.get(0).assignment.partition().topic());
		}

		private void answer(OnceStore.Partition partition, Request request, Noted noted) throws Exception {
			Noted found = (noted.floor() > request.from) ? belowFloor(partition, request, noted) : noted;
			HandledLookup.this.cleanup.begin(request.assignment, partition, found.floor(), request.from);
			request.answer = new Answer(partition, found.offsets());
		}

		/**
		 * Return the requests by where records are noted, without those about topics that
		 * brokers do not know.
		 */
		private Map<OnceStore.Partition, Request> byPartition() throws Exception {
			Map<String, Uuid> topicIds = HandledLookup.this.facts.topicIds(
					this.open.stream().map((request) -> request.assignment.partition().topic()).distinct().toList());
			return this.open.stream()
				.filter((request) -> topicIds.containsKey(request.assignment.partition().topic()))
				.collect(Collectors.toMap((request) -> partition(request, topicIds), Function.identity()));
		}

		private OnceStore.Partition partition(Request request, Map<String, Uuid> topicIds) {
			TopicPartition partition = request.assignment.partition();
			return new OnceStore.Partition(HandledLookup.this.group, partition.topic(),
					Objects.requireNonNull(topicIds.get(partition.topic())), partition.partition());
		}

		private Noted belowFloor(OnceStore.Partition partition, Request request, Noted found) throws Exception {
			TopicPartition topicPartition = request.assignment.partition();
			long floor = found.floor();
			Long committed = HandledLookup.this.facts.committed(topicPartition);
			if (committed == null) {
				logger.info("No offset of " + topicPartition + " is committed any more; what was handled below " + floor
						+ " is not handled again");
				CompletedOffsets handled = new CompletedOffsets.Builder().add(request.from, floor)
					.addFrom(found.offsets(), floor, Long.MAX_VALUE)
					.build();
				return new Noted(handled, floor);
			}
			if (committed >= floor) {
				throw new IllegalStateException(topicPartition + " is not read from its committed offset, " + committed
						+ ", but from " + request.from + ": another consumer has it, or had it meanwhile");
			}
			logger.info("The position of " + topicPartition + " was moved back to " + request.from
					+ ", though all below " + floor + " was handled: records from there on are handled again");
			HandledLookup.this.once.store().forget(partition, request.from);
			return new Noted(CompletedOffsets.NONE, request.from);
		}

	}

	/**
	 * What is requested about one partition.
	 */
	private static final class Request {

		private final PartitionAssignment assignment;

		private final long from;

		private final boolean forget;

		/** As of {@link PartitionAssignment#handledAgainFrom()}. */
		private final @Nullable Long again;

		private volatile @Nullable Answer answer;

		/** Whether the position was moved since. */
		private volatile boolean replaced;

		Request(PartitionAssignment assignment, long from, boolean forget, @Nullable Long again) {
			this.assignment = assignment;
			this.from = from;
			this.forget = forget;
			this.again = again;
		}

	}

	/**
	 * What was found.
	 *
	 * @param partition where records are noted
	 * @param handled what is noted already
	 */
	private record Answer(OnceStore.Partition partition, CompletedOffsets handled) {

	}

}
