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
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;

import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.clients.consumer.internals.AutoOffsetResetStrategy;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidGroupIdException;
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

	private final ConsumerProcess process;

	private final ClientConfig config;

	private final Subscriptions subscriptions;

	private final Membership membership;

	private final Positions positions;

	private final Fetches fetches;

	private final PendingCommits commits;

	private final Queries queries;

	private final RecordReader<K, V> reader;

	SimulatedConsumer(SimulatedCluster cluster, ClientConfig config, Deserializer<K> keys, Deserializer<V> values,
			BooleanSupplier running) {
		super(config);
		this.config = config;
		this.process = new ConsumerProcess(cluster, running);
		this.subscriptions = new Subscriptions(cluster);
		CoordinatorLink link = new CoordinatorLink(this.process);
		this.membership = Membership.of(this.process, config, this.subscriptions, link);
		this.positions = new Positions(this.process, config, this.subscriptions, link);
		this.fetches = new Fetches(this.process, config, this.subscriptions, this.positions);
		this.commits = new PendingCommits(this.process, config, this.subscriptions, link, this.membership);
		this.queries = new Queries(this.process, config, link);
		this.reader = new RecordReader<>(keys, values);
		this.process.wire(this::sendRequests, this::hasSomething);
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
		return this.config.clientId();
	}

	/**
	 * Return whether a poll has something to do or to return: records, a step of a
	 * rebalance, a callback, a failure or a wake-up.
	 * @return whether to poll now
	 */
	public boolean isReady() {
		return this.process.isReady();
	}

	/**
	 * Be notified, once, when the consumer is ready. Until then the consumer does what it
	 * would do during a poll that blocks.
	 * @param listener called by an event; it replaces the one before
	 */
	public void onReady(Runnable listener) {
		this.process.onReady(listener);
	}

	/**
	 * Kill the process of the consumer: nothing of it happens any more, which its group
	 * notices when its session expires.
	 */
	public void kill() {
		this.process.kill();
		this.process.cluster().removed(this);
	}

	void metadataChanged() {
		if (!this.subscriptions.isNone()) {
			this.process.later(this.process.cluster().disturbances().metadataDelay(), this.membership::metadataChanged);
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

	@Override
	public ConsumerRecords<K, V> poll(Duration timeout) {
		return call(() -> {
			if (this.subscriptions.isNone()) {
				throw new IllegalStateException("Consumer is not subscribed to any topics or assigned any partitions");
			}
			long deadline = this.process.deadline(timeout);
			while (true) {
				this.process.throwIfWokenUp();
				this.commits.invokeCompleted();
				this.membership.poll();
				this.commits.maybeAutoCommit();
				this.positions.throwFailure();
				ConsumerRecords<K, V> records = this.fetches.collect(this.reader);
				sendRequests();
				if (records != null) {
					return records;
				}
				if (this.process.now() >= deadline) {
					return ConsumerRecords.empty();
				}
				this.process.setPolling(true);
				this.process.await(() -> hasSomething() || needsRequests(), deadline, true);
			}
		});
	}

	/**
	 * Return the assigned partitions, to any thread: for those who look on.
	 * @return a copy
	 */
	public Set<TopicPartition> assignedNow() {
		return Set.copyOf(this.subscriptions.assigned());
	}

	@Override
	public Set<TopicPartition> assignment() {
		return call(this.subscriptions::assigned);
	}

	@Override
	public Set<String> subscription() {
		return call(() -> Set.copyOf(this.subscriptions.topics()));
	}

	@Override
	public void subscribe(Collection<String> topics, @Nullable ConsumerRebalanceListener listener) {
		run(() -> {
			requireGroup();
			if (topics.isEmpty()) {
				unsubscribe();
			}
			else if (this.subscriptions.subscribe(topics, listener)) {
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
		if (!this.config.consumerProtocol()) {
			throw new UnsupportedOperationException(
					"Subscribe to RE2/J pattern is not supported when using the classic protocol");
		}
		subscribe(Pattern.compile(pattern.pattern()).asMatchPredicate(), listener);
	}

	private void subscribe(Predicate<String> pattern, @Nullable ConsumerRebalanceListener listener) {
		run(() -> {
			requireGroup();
			if (this.subscriptions.subscribe(pattern, listener)) {
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
				this.subscriptions.assignManually(partitions);
			}
		});
	}

	@Override
	public void unsubscribe() {
		run(() -> {
			try {
				if (this.subscriptions.isAutoAssigned()) {
					this.membership.leave(CloseOptions.GroupMembershipOperation.DEFAULT);
				}
			}
			finally {
				this.subscriptions.unsubscribe();
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
		run(() -> this.subscriptions.get(partition)
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
		run(() -> this.subscriptions.all(partitions.isEmpty() ? this.subscriptions.assigned() : partitions)
			.forEach((state) -> state.awaitReset(strategy)));
	}

	@Override
	public long position(TopicPartition partition, Duration timeout) {
		return call(() -> {
			AssignedPartition state = this.subscriptions.find(partition);
			if (state == null) {
				throw new IllegalStateException(
						"You can only check the position for partitions assigned to this consumer.");
			}
			long deadline = this.process.deadline(timeout);
			while (!state.isFetching()) {
				this.positions.throwFailure();
				this.positions.sendRequests();
				if (!this.process.await(() -> state.isFetching() || this.positions.hasFailure()
						|| this.positions.needsRequests(), deadline, true)) {
					throw new TimeoutException("Timeout of " + timeout.toMillis() + "ms expired before the position "
							+ "for partition " + partition + " could be determined");
				}
			}
			return state.offset();
		});
	}

	@Override
	public Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions, Duration timeout) {
		return call(() -> this.queries.committed(requireGroup(), partitions, timeout));
	}

	@Override
	public List<PartitionInfo> partitionsFor(String topic, Duration timeout) {
		return call(() -> this.queries.partitionsFor(topic, timeout));
	}

	@Override
	public Map<String, List<PartitionInfo>> listTopics(Duration timeout) {
		return call(() -> this.queries.listTopics(timeout));
	}

	@Override
	public Set<TopicPartition> paused() {
		return call(this.subscriptions::paused);
	}

	@Override
	public void pause(Collection<TopicPartition> partitions) {
		run(() -> this.subscriptions.all(partitions).forEach((state) -> state.setPaused(true)));
	}

	@Override
	public void resume(Collection<TopicPartition> partitions) {
		run(() -> this.subscriptions.all(partitions).forEach((state) -> state.setPaused(false)));
	}

	@Override
	public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(Map<TopicPartition, Long> timestamps,
			Duration timeout) {
		return call(() -> this.queries.offsetsForTimes(timestamps, timeout));
	}

	@Override
	public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions, Duration timeout) {
		return call(() -> this.queries.offsets(partitions, PartitionLog::logStart, timeout));
	}

	@Override
	public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions, Duration timeout) {
		return call(() -> this.queries.offsets(partitions, (log) -> log.readableEnd(this.config.readCommitted()),
				timeout));
	}

	@Override
	public OptionalLong currentLag(TopicPartition partition) {
		return call(() -> {
			AssignedPartition state = this.subscriptions.get(partition);
			return (state.endOffset() >= 0 && state.offset() >= 0)
					? OptionalLong.of(Math.max(0, state.endOffset() - state.offset())) : OptionalLong.empty();
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
		if (this.process.isClosed()) {
			return;
		}
		run(() -> {
			this.process.disableWakeups();
			long deadline = this.process.deadline(options.timeout().orElse(Duration.ofSeconds(30)));
			try {
				if (this.config.consumerProtocol()) {
					this.commits.flush(deadline);
				}
				if (this.subscriptions.isAutoAssigned()) {
					this.membership.leave(options.groupMembershipOperation());
				}
				this.commits.flush(deadline);
			}
			finally {
				this.subscriptions.unsubscribe();
				this.process.closed();
				this.process.cluster().removed(this);
				this.reader.close();
			}
		});
	}

	@Override
	public void wakeup() {
		this.process.wakeup();
	}

	private String requireGroup() {
		String group = this.config.groupId();
		if (group == null) {
			throw new InvalidGroupIdException("To use the group management or offset commit APIs, you must provide a "
					+ "valid group.id in the consumer configuration.");
		}
		return group;
	}

	private void run(Runnable action) {
		this.process.enter();
		try {
			action.run();
		}
		finally {
			this.process.exit();
		}
	}

	private <T> T call(Supplier<T> action) {
		this.process.enter();
		try {
			return action.get();
		}
		finally {
			this.process.exit();
		}
	}

}
