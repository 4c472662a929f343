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
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.task.TaskRejectedException;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.util.Assert;

import io.kaffe.spring.engine.worker.ConsumerObserver;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.table.ConsumerSnapshot;

/**
 * Requests the end offsets of consumers' partitions periodically, so that their lag is
 * known also while nothing of them is fetched, and so that it is detected that no broker
 * answers, also while there is nothing to fetch or to commit. Where records stay
 * unfinished, {@linkplain LogStarts the starts of logs} are requested, too. Consumer
 * threads take no part in it: there is an admin client for each set of connection
 * settings among the consumers.
 * <p>
 * <b>Threading.</b> {@link #refresh()} is called by one thread at a time, which does not
 * wait for answers; they arrive on the threads of the admin clients. Each client has one
 * request in flight at most. Consumer threads request a refresh when they are assigned
 * partitions.
 */
public final class EndOffsets implements ConsumerObserver, SmartLifecycle {

	private static final Log logger = LogFactory.getLog(EndOffsets.class);

	private static final Duration SOON = Duration.ofSeconds(1);

	/** Zero would mean: without end. */
	private static final Duration CLOSE_TIMEOUT = Duration.ofMillis(100);

	private static final int TIMEOUT_MILLIS = 10_000;

	private final AtomicInteger clientNumbers = new AtomicInteger();

	private final AtomicBoolean looksSoon = new AtomicBoolean();

	private final Map<Source, Connection> connections = new ConcurrentHashMap<>();

	private final WorkerContainers consumers;

	private final Function<Map<String, Object>, Admin> clients;

	private final Duration interval;

	private final TaskScheduler scheduler;

	private final Ticker ticker;

	private volatile @Nullable Future<?> refreshing;

	private volatile @Nullable Future<?> soon;

	/**
	 * Create it.
	 * @param consumers the consumers
	 * @param clients makes an admin client from its configuration
	 * @param interval how long to wait between two requests; zero: never request
	 * @param scheduler runs the requests, one at a time; it may block while a client is
	 * created
	 * @param ticker the time
	 */
	public EndOffsets(WorkerContainers consumers, Function<Map<String, Object>, Admin> clients, Duration interval,
			TaskScheduler scheduler, Ticker ticker) {
		Assert.isTrue(!interval.isNegative(), "'kaffe.lag.interval' must not be negative; 0 switches it off");
		this.consumers = consumers;
		this.clients = clients;
		this.interval = interval;
		this.scheduler = scheduler;
		this.ticker = ticker;
	}

	@Override
	public void start() {
		if (this.interval.isZero() || isRunning()) {
			return;
		}
		this.looksSoon.set(false);
		this.refreshing = this.scheduler.scheduleWithFixedDelay(this::refresh, this.interval);
	}

	/**
	 * Request the end offsets of partitions soon after they are assigned.
	 */
	@Override
	public void rebalanced(String consumer, ConsumerSnapshot.Rebalance rebalance) {
		if (isRunning() && rebalance.kind().equals("assigned") && this.looksSoon.compareAndSet(false, true)) {
			try {
				this.soon = this.scheduler.schedule(this::lookSoon, this.scheduler.getClock().instant().plus(SOON));
			}
			catch (TaskRejectedException ex) {
				// The context is being closed.
				this.looksSoon.set(false);
			}
		}
	}

	private void lookSoon() {
		this.looksSoon.set(false);
		if (isRunning()) {
			refresh();
		}
	}

	/**
	 * Stop asking. Does not wait for answers.
	 */
	@Override
	public void stop() {
		Future<?> refreshing = this.refreshing;
		this.refreshing = null;
		cancel(refreshing);
		cancel(this.soon);
		this.connections.values().forEach(Connection::close);
		this.connections.clear();
	}

	private static void cancel(@Nullable Future<?> task) {
		if (task != null) {
			task.cancel(true);
		}
	}

	@Override
	public boolean isRunning() {
		return this.refreshing != null;
	}

	/**
	 * Request the end offsets of all partitions that are assigned now, unless an answer
	 * is outstanding, and let each consumer check its problems.
	 */
	void refresh() {
		Map<Source, List<Question>> requested = new HashMap<>();
		for (WorkerContainer consumer : this.consumers.all()) {
			Source source = source(consumer);
			if (source != null) {
				List<Question> questions = requested.computeIfAbsent(source, (key) -> new ArrayList<>());
				Question question = new Question(consumer, List.copyOf(consumer.assignments()));
				if (consumer.container().isRunning() || !question.assignments().isEmpty()) {
					questions.add(question);
				}
				else {
					consumer.answers().answered();
				}
			}
			// Problems are what lasts, so they are checked periodically.
			consumer.problems();
		}
		this.connections.forEach((source, connection) -> {
			if (!requested.containsKey(source)) {
				this.connections.remove(source);
				connection.close();
			}
		});
		requested.forEach((source, questions) -> {
			if (!questions.isEmpty()) {
				this.connections.computeIfAbsent(source, Connection::new).ask(questions);
			}
		});
	}

	private static @Nullable Source source(WorkerContainer consumer) {
		try {
			return Source.of(consumer.facts().consumerConfiguration());
		}
		catch (RuntimeException ex) {
			logger.debug("The ends of the partitions of '" + consumer + "' cannot be asked for", ex);
			return null;
		}
	}

	/**
	 * Where end offsets are requested.
	 *
	 * @param configuration what an admin client needs
	 * @param isolation whether the end is before transactions that are open
	 */
	private record Source(Map<String, Object> configuration, IsolationLevel isolation) {

		/**
		 * Return the source of a consumer, or {@code null} if it does not say where its
		 * broker is.
		 */
		static @Nullable Source of(Map<String, Object> consumer) {
			Map<String, Object> configuration = AdminConfiguration.of(consumer);
			if (configuration == null) {
				return null;
			}
			Object isolation = consumer.get(ConsumerConfig.ISOLATION_LEVEL_CONFIG);
			boolean committed = isolation != null
					&& isolation.toString().toLowerCase(Locale.ROOT).equals("read_committed");
			return new Source(configuration,
					committed ? IsolationLevel.READ_COMMITTED : IsolationLevel.READ_UNCOMMITTED);
		}

	}

	/**
	 * What is requested of brokers for a consumer.
	 *
	 * @param consumer the consumer
	 * @param assignments its partitions; if there are none, the request only checks
	 * whether any broker answers
	 */
	private record Question(WorkerContainer consumer, List<PartitionAssignment> assignments) {

		Stream<LogStarts.Watched> watched() {
			return this.assignments.stream()
				.map((assignment) -> new LogStarts.Watched(this.consumer.context(), assignment));
		}

	}

	/**
	 * An admin client, which is made when it is needed first.
	 */
	private final class Connection {

		private final AtomicBoolean asking = new AtomicBoolean();

		private final Source source;

		private final int number = EndOffsets.this.clientNumbers.incrementAndGet();

		private final LogStarts starts = new LogStarts(TIMEOUT_MILLIS, EndOffsets.this.ticker);

		private volatile @Nullable Admin client;

		private volatile boolean closed;

		private volatile boolean failing;

		Connection(Source source) {
			this.source = source;
		}

		void ask(List<Question> questions) {
			if (!this.asking.compareAndSet(false, true)) {
				return;
			}
			Instant now = EndOffsets.this.ticker.instant();
			try {
				Admin client = client();
				ListOffsetsResult ends = client.listOffsets(latest(questions),
						new ListOffsetsOptions(this.source.isolation()).timeoutMs(TIMEOUT_MILLIS));
				KafkaFuture
					.allOf(questions.stream()
						.map((question) -> question.assignments().isEmpty() ? askForAnybody(client, question, now)
								: ask(ends, question, now))
						.toArray(KafkaFuture[]::new))
					.whenComplete((done, failure) -> {
						this.asking.set(false);
						answered(questions, failure);
					});
				this.starts.ask(client, questions.stream().flatMap(Question::watched).toList());
			}
			catch (Throwable ex) {
				this.asking.set(false);
				// Who answers is unknown: no request could be sent.
				questions.stream()
					.flatMap((question) -> question.assignments().stream())
					.forEach((assignment) -> answer(assignment, null));
				answered(questions, ex);
			}
		}

		private static Map<TopicPartition, OffsetSpec> latest(List<Question> questions) {
			Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
			questions.stream()
				.flatMap((question) -> question.assignments().stream())
				.forEach((assignment) -> latest.put(assignment.partition(), OffsetSpec.latest()));
			return latest;
		}

		private KafkaFuture<Void> ask(ListOffsetsResult ends, Question question, Instant now) {
			AtomicInteger unanswered = new AtomicInteger();
			List<PartitionAssignment> assignments = question.assignments();
			return KafkaFuture.allOf(assignments.stream()
				.map((assignment) -> ends.partitionResult(assignment.partition()).whenComplete((end, failure) -> {
					if (isSilence(failure)) {
						unanswered.incrementAndGet();
					}
					answer(assignment, (end != null) ? (Long) end.offset() : null);
				}))
				.toArray(KafkaFuture[]::new))
				.whenComplete((done, failure) -> note(question, unanswered.get(), assignments.size(), now));
		}

		/**
		 * Check whether any broker answers, for a consumer that has no partitions.
		 */
		private KafkaFuture<?> askForAnybody(Admin client, Question question, Instant now) {
			return client.describeCluster(new DescribeClusterOptions().timeoutMs(TIMEOUT_MILLIS))
				.nodes()
				.whenComplete((nodes, failure) -> {
					if (isSilence(failure)) {
						question.consumer().answers().unanswered(0, 0, now);
					}
					else {
						question.consumer().answers().answered();
					}
				});
		}

		private static void note(Question question, int unanswered, int asked, Instant now) {
			BrokerAnswers answers = question.consumer().answers();
			if (unanswered > 0) {
				answers.unanswered(unanswered, asked, now);
			}
			else {
				answers.answered();
			}
		}

		/**
		 * Return whether a failure means that no broker has answered, rather than that a
		 * broker has rejected it.
		 */
		private static boolean isSilence(@Nullable Throwable failure) {
			return failure instanceof RetriableException;
		}

		private Admin client() {
			Admin client = this.client;
			if (client == null) {
				Map<String, Object> configuration = new HashMap<>(this.source.configuration());
				configuration.put(AdminClientConfig.CLIENT_ID_CONFIG, "kaffe-lag-" + this.number);
				client = EndOffsets.this.clients.apply(configuration);
				this.client = client;
				if (this.closed) {
					// Whoever closed it has seen no client.
					close();
				}
			}
			return client;
		}

		private void answer(PartitionAssignment assignment, @Nullable Long end) {
			PartitionProgress progress = assignment.progress();
			progress.lag().listed(end, progress.next(), EndOffsets.this.ticker.instant());
		}

		private void answered(List<Question> questions, @Nullable Throwable failure) {
			if (failure == null && this.failing) {
				this.failing = false;
				logger.info("End offsets are available again for all partitions of " + names(questions));
			}
			else if (failure != null && !this.failing && isRunning()) {
				this.failing = true;
				logger.warn("Could not ask brokers for the end offsets of all partitions of " + names(questions)
						+ ": their lag may be unknown until they answer", failure);
			}
		}

		private static String names(List<Question> questions) {
			return questions.stream()
				.map((question) -> "'" + question.consumer() + "'")
				.sorted()
				.collect(Collectors.joining(", "));
		}

		void close() {
			this.closed = true;
			Admin client = this.client;
			if (client != null) {
				client.close(CLOSE_TIMEOUT);
			}
		}

	}

}
