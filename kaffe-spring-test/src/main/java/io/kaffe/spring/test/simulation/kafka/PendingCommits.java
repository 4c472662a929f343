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

package io.kaffe.spring.test.simulation.kafka;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.RetriableCommitFailedException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InvalidGroupIdException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.kafka.GroupCoordinator.CommitIdentity;

/**
 * The commits of a consumer, and the callbacks of those that were answered, which run in
 * calls of the consumer, in the sequence of the answers.
 */
final class PendingCommits {

	private final ConsumerProcess process;

	private final ClientConfig config;

	private final Subscriptions subscriptions;

	private final CoordinatorLink link;

	private final Membership membership;

	private final Deque<Runnable> completed = new ArrayDeque<>();

	private int inFlight;

	private boolean fenced;

	private long autoCommittedAt;

	PendingCommits(ConsumerProcess process, ClientConfig config, Subscriptions subscriptions, CoordinatorLink link,
			Membership membership) {
		this.process = process;
		this.config = config;
		this.subscriptions = subscriptions;
		this.link = link;
		this.membership = membership;
	}

	boolean hasCompleted() {
		return !this.completed.isEmpty() || this.fenced;
	}

	void invokeCompleted() {
		while (!this.completed.isEmpty()) {
			this.completed.remove().run();
		}
		if (this.fenced) {
			this.fenced = false;
			throw new FencedInstanceIdException("Get fenced exception for group.instance.id "
					+ Optional.ofNullable(this.config.instanceId()).orElse("unset_instance_id"));
		}
	}

	/**
	 * Return the positions of all partitions that are known.
	 */
	Map<TopicPartition, OffsetAndMetadata> positions() {
		Map<TopicPartition, OffsetAndMetadata> offsets = new LinkedHashMap<>();
		for (AssignedPartition state : this.subscriptions.states()) {
			if (state.offset() >= 0 && state.phase() != AssignedPartition.Phase.AWAIT_RESET) {
				offsets.put(state.partition(), new OffsetAndMetadata(state.offset(), epoch(state), ""));
			}
		}
		return offsets;
	}

	private static Optional<Integer> epoch(AssignedPartition state) {
		return (state.offsetEpoch() >= 0) ? Optional.of(state.offsetEpoch()) : Optional.empty();
	}

	void commitAsync(Map<TopicPartition, OffsetAndMetadata> offsets, @Nullable OffsetCommitCallback callback) {
		requireGroup();
		invokeCompleted();
		Map<TopicPartition, OffsetAndMetadata> copy = new LinkedHashMap<>(offsets);
		this.inFlight++;
		send(copy, false, (failure) -> {
			this.inFlight--;
			this.fenced |= failure instanceof FencedInstanceIdException;
			Exception shown = (failure instanceof RetriableException) ? new RetriableCommitFailedException(failure)
					: failure;
			this.completed.add(() -> {
				if (callback != null) {
					callback.onComplete(copy, shown);
				}
			});
		});
	}

	void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
		requireGroup();
		invokeCompleted();
		if (offsets.isEmpty()) {
			return;
		}
		Map<TopicPartition, OffsetAndMetadata> copy = new LinkedHashMap<>(offsets);
		long deadline = this.process.deadline(timeout);
		while (true) {
			Outcome outcome = new Outcome();
			send(copy, true, (failure) -> {
				outcome.done = true;
				outcome.failure = failure;
			});
			boolean done = this.process.await(() -> outcome.done, deadline, true);
			invokeCompleted();
			RuntimeException failure = outcome.failure;
			if (done && failure == null) {
				return;
			}
			if (failure != null && !(failure instanceof RetriableException)) {
				throw failure;
			}
			this.process.await(() -> false, Math.min(deadline, this.process.now() + this.config.retryBackoff()), true);
			if (this.process.now() >= deadline) {
				throw new TimeoutException("Timeout of " + timeout.toMillis()
						+ "ms expired before successfully committing offsets " + copy);
			}
		}
	}

	/**
	 * Wait for the answers to asynchronous commits, and run their callbacks.
	 */
	void flush(long deadline) {
		await(deadline);
		invokeCompleted();
	}

	/**
	 * Wait for the answers to asynchronous commits.
	 */
	void await(long deadline) {
		this.process.await(() -> this.inFlight == 0, deadline, false);
	}

	void maybeAutoCommit() {
		if (this.config.autoCommitInterval() >= 0
				&& this.process.now() - this.autoCommittedAt >= this.config.autoCommitInterval()) {
			this.autoCommittedAt = this.process.now();
			Map<TopicPartition, OffsetAndMetadata> positions = positions();
			if (!positions.isEmpty()) {
				commitAsync(positions, null);
			}
		}
	}

	private void requireGroup() {
		if (this.config.groupId() == null) {
			throw new InvalidGroupIdException(
					"To use the group management or offset commit APIs, you must provide a valid group.id in the consumer configuration.");
		}
	}

	private void send(Map<TopicPartition, OffsetAndMetadata> offsets, boolean sync,
			Consumer<@Nullable RuntimeException> done) {
		String group = this.config.groupId();
		if (offsets.isEmpty() || group == null) {
			done.accept(null);
			return;
		}
		CommitIdentity identity = CommitIdentity.NONE;
		if (this.subscriptions.isAutoAssigned()) {
			try {
				identity = this.membership.commitIdentity();
			}
			catch (RuntimeException ex) {
				done.accept(ex);
				return;
			}
		}
		send(new Commit(group, identity, offsets, sync, done));
	}

	private void send(Commit commit) {
		CommitFault fault = this.process.cluster().disturbances().nextCommitFault(this.config.clientId());
		Consumer<Consumer<Errors>> request = (answer) -> answer.accept(store(commit));
		if (fault != null) {
			this.process.cluster().time().record(() -> "commit of " + this.config.clientId() + ": " + fault);
			switch (fault.kind()) {
				case RETRIABLE -> {
					request = (answer) -> answer.accept(Errors.COORDINATOR_LOAD_IN_PROGRESS);
				}
				case REFUSED -> {
					request = (answer) -> answer.accept(Errors.GROUP_AUTHORIZATION_FAILED);
				}
				case LATE -> this.link.delayRequests(fault.nanos());
				case ANSWER_LATE -> this.link.delayAnswers(fault.nanos());
				case LOST -> {
					disconnect(commit, this.config.requestTimeout());
					return;
				}
				case ANSWER_LOST -> {
					this.link.send((answer) -> store(commit), (error) -> {
					}, (error) -> {
					});
					disconnect(commit, this.config.requestTimeout());
					return;
				}
				case OVERTAKEN -> {
					disconnect(commit, this.process.cluster().latency());
					this.process.cluster().time().after(fault.nanos(), () -> store(commit));
					return;
				}
				default -> throw new IllegalStateException();
			}
		}
		this.link.send(request, (error) -> answered(commit, error),
				(error) -> commit.done().accept((RuntimeException) error.exception()));
	}

	private Errors store(Commit commit) {
		return this.process.cluster().coordinator().commit(commit.group(), commit.identity(), commit.offsets());
	}

	private void disconnect(Commit commit, long nanos) {
		this.process.later(nanos, () -> commit.done().accept(new DisconnectException()));
	}

	private void answered(Commit commit, Errors error) {
		commit.done()
			.accept((error != Errors.NONE) ? this.membership.commitFailed(error, commit.identity(), commit.sync())
					: null);
	}

	private record Commit(String group, CommitIdentity identity, Map<TopicPartition, OffsetAndMetadata> offsets,
			boolean sync, Consumer<@Nullable RuntimeException> done) {

	}

	private static final class Outcome {

		private boolean done;

		private @Nullable RuntimeException failure;

	}

}
