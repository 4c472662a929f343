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

package io.kaffe.spring.actuate;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationEventPublisher;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.SeekResult;
import io.kaffe.spring.actuate.OperationRefusedException.Reason;

/**
 * The operations that operators perform on running consumers: checks the arguments,
 * delegates to {@link KaffeConsumers}, and publishes an audit event and writes a log line
 * for each attempt.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; blocks until the operation is done, at most
 * 30 seconds, or as long as {@link KaffeConsumers#stop} does.
 */
final class KaffeOperations {

	private final KaffeConsumers consumers;

	private final OperationAudit audit;

	private final Duration patience;

	/**
	 * Create operations.
	 * @param consumers the consumers
	 * @param events publishes the audit events
	 * @param patience how long to wait for consumer threads
	 */
	KaffeOperations(KaffeConsumers consumers, ApplicationEventPublisher events, Duration patience) {
		this.consumers = consumers;
		this.audit = new OperationAudit(events);
		this.patience = patience;
	}

	/**
	 * Perform an operation.
	 * @param principal the name of the caller, or {@code null} if it is unknown
	 * @param consumer the consumer's name
	 * @param name the operation's name
	 * @param arguments the arguments
	 * @return the result
	 * @throws OperationRefusedException if the operation is rejected
	 */
	OperationResult perform(@Nullable String principal, String consumer, String name, OperationArguments arguments) {
		String outcome = "failed";
		try {
			OperationResult result = perform(consumer, name, arguments);
			outcome = result.message();
			return result;
		}
		catch (OperationRefusedException ex) {
			outcome = "rejected: " + ex.getMessage();
			throw ex;
		}
		finally {
			this.audit.record(principal, consumer, name, arguments.present(), outcome);
		}
	}

	private OperationResult perform(String consumer, String name, OperationArguments arguments) {
		if (!this.consumers.names().contains(consumer)) {
			throw new OperationRefusedException(Reason.NOT_FOUND, "There is no consumer '" + consumer
					+ "' with workers; the consumers are " + this.consumers.names());
		}
		Operation operation = Operation.named(name);
		operation.check(arguments);
		try {
			return switch (operation) {
				case PAUSE, RESUME -> pauseOrResume(operation, consumer, arguments);
				case START -> start(consumer);
				case STOP -> stop(consumer);
				case BEGIN_OUTAGE -> done(operation, consumer, this.consumers.beginOutage(consumer)
						? "No more attempts are made until the outage is ended" : "There is an outage already");
				case END_OUTAGE -> done(operation, consumer,
						this.consumers.endOutage(consumer) ? "Attempts are made again" : "There is no outage");
				case MAX_CONCURRENCY -> maxConcurrency(consumer, arguments);
				case RETRY, SKIP, DEAD_LETTER -> decide(operation, consumer, arguments);
				case CANCEL -> BulkOperations.cancel(consumer, this.consumers.failing(consumer));
				case SEEK -> seek(consumer, arguments);
			};
		}
		catch (IllegalArgumentException ex) {
			throw new OperationRefusedException(Reason.BAD_REQUEST, String.valueOf(ex.getMessage()));
		}
		catch (IllegalStateException ex) {
			throw new OperationRefusedException(Reason.CONFLICT, String.valueOf(ex.getMessage()));
		}
	}

	private OperationResult pauseOrResume(Operation operation, String consumer, OperationArguments arguments) {
		boolean pause = operation == Operation.PAUSE;
		String topic = arguments.topic();
		Integer partition = arguments.partition();
		// A misspelt argument is dropped before it arrives, and must not mean everything.
		boolean all = Boolean.TRUE.equals(arguments.all());
		if (all ? (topic != null || partition != null) : topic == null) {
			throw new OperationRefusedException(Reason.BAD_REQUEST, "'" + operation
					+ "' needs a 'topic', which may have a 'partition', or '\"all\": true' for the whole consumer");
		}
		if (topic == null) {
			if (pause) {
				this.consumers.pause(consumer);
			}
			else {
				this.consumers.resume(consumer);
			}
			return done(operation, consumer, pause ? "Paused from its next poll on"
					: "Resumed; individually paused topics and partitions stay paused");
		}
		if (partition == null) {
			if (!this.consumers.topics(consumer).contains(topic)) {
				throw new OperationRefusedException(Reason.NOT_FOUND, "Consumer '" + consumer
						+ "' does not have the topic '" + topic + "'; it has " + this.consumers.topics(consumer));
			}
			return await(operation, consumer,
					pause ? this.consumers.pause(consumer, topic) : this.consumers.resume(consumer, topic),
					(pause ? "Paused " : "Resumed ") + topic);
		}
		TopicPartition assigned = assigned(consumer, topic, partition);
		return await(operation, consumer,
				pause ? this.consumers.pause(consumer, assigned) : this.consumers.resume(consumer, assigned),
				(pause ? "Paused " : "Resumed ") + assigned);
	}

	private OperationResult start(String consumer) {
		boolean running = this.consumers.isRunning(consumer);
		this.consumers.start(consumer);
		return done(Operation.START, consumer, running ? "Already running" : "Started");
	}

	private OperationResult stop(String consumer) {
		boolean running = this.consumers.isRunning(consumer);
		this.consumers.stop(consumer);
		return done(Operation.STOP, consumer, running ? "Stopped" : "Already stopped");
	}

	private OperationResult maxConcurrency(String consumer, OperationArguments arguments) {
		int maxConcurrency = Objects.requireNonNull(arguments.maxConcurrency());
		this.consumers.setMaxConcurrency(consumer, maxConcurrency);
		return done(Operation.MAX_CONCURRENCY, consumer, "Handles at most " + maxConcurrency + " records concurrently");
	}

	private OperationResult decide(Operation operation, String consumer, OperationArguments arguments) {
		if (operation.isForAll(arguments)) {
			requireRunning(consumer);
			return BulkOperations.decideAll(operation, consumer, this.consumers.failing(consumer), arguments);
		}
		TopicPartition partition = new TopicPartition(Objects.requireNonNull(arguments.topic()),
				Objects.requireNonNull(arguments.partition()));
		long offset = Objects.requireNonNull(arguments.offset());
		boolean failing = switch (operation) {
			case RETRY -> this.consumers.retry(consumer, partition, offset);
			case SKIP -> this.consumers.skip(consumer, partition, offset);
			default -> this.consumers.deadLetter(consumer, partition, offset);
		};
		String record = partition + "@" + offset;
		if (!failing) {
			requireRunning(consumer);
			throw new OperationRefusedException(Reason.NOT_FOUND,
					record + " is not failing; consumer '" + consumer + "' has " + failing(consumer));
		}
		return done(operation, consumer, switch (operation) {
			case RETRY -> record + " is retried";
			case SKIP -> record + " is skipped";
			default -> record + " is sent to the dead-letter topic";
		});
	}

	private String failing(String consumer) {
		List<String> failing = this.consumers.failingRecords(consumer)
			.stream()
			.limit(10)
			.map((record) -> record.partition() + "@" + record.offset())
			.toList();
		return failing.isEmpty() ? "no failing records" : "the failing records " + failing;
	}

	/**
	 * Seek in one partition, or in all partitions of a topic: then only to a position
	 * that each of them has, and only if requested explicitly, since a misspelt partition
	 * must not mean all of them.
	 */
	private OperationResult seek(String consumer, OperationArguments arguments) {
		String topic = Objects.requireNonNull(arguments.topic());
		SeekPosition to = SeekPosition.parse(Objects.requireNonNull(arguments.to()));
		Integer number = arguments.partition();
		boolean all = Boolean.TRUE.equals(arguments.allPartitions());
		if (all == (number != null)) {
			throw new OperationRefusedException(Reason.BAD_REQUEST,
					"'seek' needs either a 'partition' or '\"allPartitions\": true'");
		}
		if (all && to instanceof SeekPosition.Offset) {
			throw new OperationRefusedException(Reason.BAD_REQUEST,
					"An offset needs a 'partition'; all partitions of a topic can be sought to 'beginning', 'end' or a time");
		}
		requireRunning(consumer);
		List<TopicPartition> partitions = (number != null) ? List.of(assigned(consumer, topic, number))
				: this.consumers.partitions(consumer)
					.stream()
					.filter((partition) -> partition.topic().equals(topic))
					.toList();
		if (partitions.isEmpty()) {
			throw new OperationRefusedException(Reason.NOT_FOUND,
					"Consumer '" + consumer + "' has no partition of the topic '" + topic + "' on this instance");
		}
		Map<String, CompletableFuture<SeekResult>> seeks = new TreeMap<>();
		partitions.forEach((partition) -> seeks.put(partition.toString(), seek(consumer, partition, to)));
		if (seeks.size() == 1) {
			CompletableFuture<SeekResult> only = seeks.values().iterator().next();
			OperationResult result = await(Operation.SEEK, consumer, only, "");
			return result.done() ? done(Operation.SEEK, consumer, read(seeks)) : result;
		}
		CompletableFuture<Void> answered = CompletableFuture.allOf(seeks.values().toArray(CompletableFuture[]::new))
			.exceptionally((failure) -> null);
		OperationResult result = await(Operation.SEEK, consumer, answered, "");
		if (!result.done()) {
			return result;
		}
		if (seeks.values().stream().anyMatch(CompletableFuture::isCompletedExceptionally)) {
			throw new OperationRefusedException(Reason.CONFLICT, "Not all partitions were sought: " + read(seeks));
		}
		return done(Operation.SEEK, consumer, read(seeks));
	}

	private CompletableFuture<SeekResult> seek(String consumer, TopicPartition partition, SeekPosition to) {
		try {
			return this.consumers.seek(consumer, partition, to);
		}
		catch (IllegalArgumentException | IllegalStateException ex) {
			return CompletableFuture.failedFuture(ex);
		}
	}

	private static String read(Map<String, CompletableFuture<SeekResult>> seeks) {
		List<String> read = new ArrayList<>();
		List<String> failed = new ArrayList<>();
		seeks.forEach((partition, seek) -> seek
			.handle((result, failure) -> (failure != null) ? failed.add(partition + ": " + failure.getMessage())
					: read.add(partition + " from " + describe(result))));
		List<String> all = new ArrayList<>(failed);
		if (!read.isEmpty()) {
			all.add(0, "Reads " + String.join(", ", read));
		}
		return String.join("; ", all);
	}

	private static String describe(SeekResult result) {
		if (result.unfinished() == 0) {
			return String.valueOf(result.offset());
		}
		return result.offset() + " (past " + result.unfinished() + " unfinished records"
				+ (result.parked().isEmpty() ? "" : ", parked: " + result.parked()) + ")";
	}

	private TopicPartition assigned(String consumer, String topic, int number) {
		TopicPartition partition = new TopicPartition(topic, number);
		List<TopicPartition> assigned = this.consumers.partitions(consumer);
		if (!assigned.contains(partition)) {
			requireRunning(consumer);
			throw new OperationRefusedException(Reason.NOT_FOUND,
					"Consumer '" + consumer + "' does not have " + partition + " on this instance; it has " + assigned);
		}
		return partition;
	}

	private void requireRunning(String consumer) {
		if (!this.consumers.isRunning(consumer)) {
			throw new OperationRefusedException(Reason.CONFLICT,
					"Consumer '" + consumer + "' is stopped; start it first");
		}
	}

	private OperationResult await(Operation operation, String consumer, CompletableFuture<?> answer, String message) {
		try {
			answer.get(this.patience.toMillis(), TimeUnit.MILLISECONDS);
			return done(operation, consumer, message);
		}
		catch (TimeoutException ex) {
			return new OperationResult(consumer, operation.toString(), false,
					"Accepted; waiting for the consumer thread or for records in progress");
		}
		catch (ExecutionException ex) {
			Throwable cause = ex.getCause();
			throw new OperationRefusedException(
					(cause instanceof IllegalArgumentException) ? Reason.BAD_REQUEST : Reason.CONFLICT,
					(cause != null) ? String.valueOf(cause.getMessage()) : "Failed");
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new OperationRefusedException(Reason.CONFLICT, "Interrupted while waiting for the consumer");
		}
	}

	private static OperationResult done(Operation operation, String consumer, String message) {
		return new OperationResult(consumer, operation.toString(), true, message);
	}

}
