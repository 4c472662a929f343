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
import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.regex.Pattern;

import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.clients.consumer.internals.AutoOffsetResetStrategy;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * A consumer of a {@link SimulatedCluster}, which behaves as {@code KafkaConsumer}: polls
 * drive the group protocol and call the rebalance listener and commit callbacks.
 * <p>
 * A loop that must not block asks {@link #isReady()}, else waits for
 * {@link #onReady(Runnable)}, during which fetches go on as in a poll, and polls with a
 * time-out of zero.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
public final class SimulatedConsumer<K, V> extends AbstractSimulatedConsumer<K, V> {

	private final Membership membership;

	private final Positions positions;

	private final Fetches fetches;

	private final PendingCommits commits;

	private final RecordReader<K, V> reader;

	private @Nullable Runnable pollListener;

	SimulatedConsumer(SimulatedCluster cluster, ClientConfig config, Deserializer<K> keys, Deserializer<V> values,
			BooleanSupplier running) {
		super(config, new ConsumerProcess(cluster, running));
		CoordinatorLink link = link();
		this.membership = Membership.of(process(), config, subscriptions(), link);
		this.positions = new Positions(process(), config, subscriptions(), link);
		this.fetches = new Fetches(process(), config, subscriptions(), this.positions);
		this.commits = new PendingCommits(process(), config, subscriptions(), link, this.membership);
		this.reader = new RecordReader<>(keys, values);
		process().wire(this::sendRequests, this::hasSomething);
		this.membership.setBeforeRevocation(() -> {
			if (config.autoCommitInterval() >= 0) {
				this.commits.commitSync(this.commits.positions(), Duration.ofNanos(config.apiTimeout()));
			}
		});
	}

	/**
	 * Return its {@code client.id}.
	 * @return the id
	 */
	public String clientId() {
		return config().clientId();
	}

	/**
	 * Return whether a poll has something to do or to return: records, a step of a
	 * rebalance, a callback, a failure or a wake-up.
	 * @return whether to poll now
	 */
	public boolean isReady() {
		return process().isReady();
	}

	/**
	 * Be notified, once, when the consumer is ready. Until then the consumer does what it
	 * would do during a poll that blocks.
	 * @param listener called by an event; it replaces the one before
	 */
	public void onReady(Runnable listener) {
		process().onReady(listener);
	}

	/**
	 * Return the assigned partitions, to any thread: for those who look on.
	 * @return a copy
	 */
	public Set<TopicPartition> assignedNow() {
		return subscriptions().assigned();
	}

	/**
	 * Return whether a partition is assigned, to any thread: for those who look on.
	 * @param partition the partition
	 * @return whether it is
	 */
	public boolean isAssignedNow(TopicPartition partition) {
		return subscriptions().find(partition) != null;
	}

	/**
	 * Return how the last assignment of a partition ended, to any thread: for those who
	 * look on.
	 * @param partition the partition
	 * @return its end, which may be in progress; {@code null} if none has ended
	 */
	public @Nullable AssignmentEnd lastEnd(TopicPartition partition) {
		return this.membership.callbacks().lastEnd(partition);
	}

	/**
	 * Return how long the rebalance listener took, at most, when partitions were lost.
	 * @return simulated nanoseconds
	 */
	public long longestLoss() {
		return this.membership.callbacks().longestLoss();
	}

	/**
	 * Kill the process of the consumer: nothing of it happens any more, which its group
	 * notices when its session expires.
	 */
	public void kill() {
		process().kill();
		process().cluster().removed(this);
	}

	/**
	 * Be notified of each poll when it begins: what the one before has returned was taken
	 * over by then.
	 * @param listener called by the polling thread, before it does anything
	 */
	public void onPoll(Runnable listener) {
		this.pollListener = listener;
	}

	void metadataChanged() {
		if (!subscriptions().isNone()) {
			process().later(process().cluster().disturbances().metadataDelay(), this.membership::metadataChanged);
		}
	}

	private boolean hasSomething() {
		return this.commits.hasCompleted() || this.membership.hasStep() || this.positions.hasFailure()
				|| this.fetches.hasAny();
	}

	private boolean needsRequests() {
		return this.positions.needsRequests() || this.fetches.needsRequests();
	}

	private void sendRequests() {
		this.positions.sendRequests();
		this.fetches.sendRequests();
	}

	private String describe(ConsumerRecords<K, V> records) {
		StringBuilder text = new StringBuilder("a poll of " + clientId() + " returns");
		Map<TopicPartition, OffsetAndMetadata> next = new TreeMap<>(
				Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition));
		next.putAll(records.nextOffsets());
		next.forEach((partition, offset) -> {
			text.append(' ').append(partition).append("@[");
			records.records(partition).forEach((record) -> text.append(record.offset()).append(' '));
			text.append("next ").append(offset.offset()).append(']');
		});
		return text.toString();
	}

	@Override
	public ConsumerRecords<K, V> poll(Duration timeout) {
		if (this.pollListener != null) {
			this.pollListener.run();
		}
		return call(() -> {
			if (subscriptions().isNone()) {
				throw new IllegalStateException("Consumer is not subscribed to any topics or assigned any partitions");
			}
			process().cluster().disturbances().beforePoll(clientId());
			long deadline = process().deadline(timeout);
			while (true) {
				process().throwIfWokenUp();
				this.commits.invokeCompleted();
				this.membership.poll();
				this.commits.maybeAutoCommit();
				this.positions.throwFailure();
				ConsumerRecords<K, V> records = this.fetches.collect(this.reader);
				sendRequests();
				if (records != null) {
					process().cluster().time().record(() -> describe(records));
					return records;
				}
				if (process().now() >= deadline) {
					return ConsumerRecords.empty();
				}
				process().awaitInPoll(() -> hasSomething() || needsRequests(), deadline);
			}
		});
	}

	@Override
	public void subscribe(Collection<String> topics, @Nullable ConsumerRebalanceListener listener) {
		run(() -> {
			requireGroup();
			if (topics.isEmpty()) {
				unsubscribe();
			}
			else if (subscriptions().subscribe(topics, listener)) {
				this.membership.subscriptionChanged();
			}
		});
	}

	@Override
	public void subscribe(Pattern pattern, @Nullable ConsumerRebalanceListener listener) {
		subscribe((topic) -> pattern.matcher(topic).matches(), listener);
	}

	@Override
	public void subscribe(SubscriptionPattern pattern, @Nullable ConsumerRebalanceListener listener) {
		if (!config().consumerProtocol()) {
			throw new UnsupportedOperationException(
					"Subscribe to RE2/J pattern is not supported when using the classic protocol");
		}
		subscribe(Pattern.compile(pattern.pattern()).asMatchPredicate(), listener);
	}

	private void subscribe(Predicate<String> pattern, @Nullable ConsumerRebalanceListener listener) {
		run(() -> {
			requireGroup();
			if (subscriptions().subscribe(pattern, listener)) {
				this.membership.subscriptionChanged();
			}
		});
	}

	@Override
	public void assign(Collection<TopicPartition> partitions) {
		run(() -> {
			if (partitions.isEmpty()) {
				unsubscribe();
			}
			else {
				subscriptions().assignManually(partitions);
			}
		});
	}

	@Override
	public void unsubscribe() {
		run(() -> {
			try {
				if (subscriptions().isAutoAssigned()) {
					this.membership.leave(GroupMembershipOperation.DEFAULT);
				}
			}
			finally {
				subscriptions().unsubscribe();
			}
		});
	}

	@Override
	public void commitSync(Duration timeout) {
		run(() -> this.commits.commitSync(this.commits.positions(), timeout));
	}

	@Override
	public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
		run(() -> this.commits.commitSync(offsets, timeout));
	}

	@Override
	public void commitAsync(@Nullable OffsetCommitCallback callback) {
		run(() -> this.commits.commitAsync(this.commits.positions(), callback));
	}

	@Override
	public void commitAsync(Map<TopicPartition, OffsetAndMetadata> offsets, @Nullable OffsetCommitCallback callback) {
		run(() -> this.commits.commitAsync(offsets, callback));
	}

	@Override
	public void seek(TopicPartition partition, OffsetAndMetadata offset) {
		run(() -> subscriptions().get(partition)
			.seekUnvalidated(offset.offset(), offset.leaderEpoch().orElse(-1), this.positions.leaderEpoch(partition)));
	}

	@Override
	public void seekToBeginning(Collection<TopicPartition> partitions) {
		reset(partitions, AutoOffsetResetStrategy.EARLIEST);
	}

	@Override
	public void seekToEnd(Collection<TopicPartition> partitions) {
		reset(partitions, AutoOffsetResetStrategy.LATEST);
	}

	private void reset(Collection<TopicPartition> partitions, AutoOffsetResetStrategy strategy) {
		run(() -> subscriptions().all(partitions.isEmpty() ? subscriptions().assigned() : partitions)
			.forEach((state) -> state.awaitReset(strategy)));
	}

	@Override
	public long position(TopicPartition partition, Duration timeout) {
		return call(() -> {
			AssignedPartition state = subscriptions().find(partition);
			if (state == null) {
				throw new IllegalStateException(
						"You can only check the position for partitions assigned to this consumer.");
			}
			long deadline = process().deadline(timeout);
			while (!state.isFetching()) {
				this.positions.throwFailure();
				this.positions.sendRequests();
				if (!process().await(
						() -> state.isFetching() || this.positions.hasFailure() || this.positions.needsRequests(),
						deadline, true)) {
					throw new TimeoutException("Timeout of " + timeout.toMillis() + "ms expired before the position "
							+ "for partition " + partition + " could be determined");
				}
			}
			return state.offset();
		});
	}

	@Override
	public ConsumerGroupMetadata groupMetadata() {
		return call(() -> {
			requireGroup();
			return this.membership.metadata();
		});
	}

	@Override
	public void enforceRebalance(String reason) {
		run(() -> {
			requireGroup();
			this.membership.requestRebalance();
		});
	}

	@Override
	public void close(CloseOptions options) {
		if (process().isClosed()) {
			return;
		}
		run(() -> {
			process().disableWakeups();
			long deadline = process().deadline(options.timeout().orElse(Duration.ofSeconds(30)));
			try {
				closeMembership(options.groupMembershipOperation(), deadline);
			}
			finally {
				subscriptions().unsubscribe();
				process().closed();
				process().cluster().removed(this);
				this.reader.close();
			}
		});
	}

	/**
	 * Leave the group. Callbacks of asynchronous commits run before that by the classic
	 * protocol, and after it by the other one.
	 */
	private void closeMembership(GroupMembershipOperation operation, long deadline) {
		if (!config().consumerProtocol()) {
			this.commits.flush(deadline);
		}
		try {
			if (subscriptions().isAutoAssigned()) {
				this.membership.leave(operation);
			}
		}
		finally {
			if (config().consumerProtocol()) {
				this.commits.flush(deadline);
			}
			else {
				this.commits.await(deadline);
			}
		}
	}

	@Override
	public boolean equals(Object other) {
		return this == other;
	}

	/**
	 * The same in each virtual machine, since the order of maps by consumers depends on
	 * it.
	 */
	@Override
	public int hashCode() {
		return clientId().hashCode();
	}

}
