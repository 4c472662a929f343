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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.internals.AutoOffsetResetStrategy;
import org.apache.kafka.clients.consumer.internals.AutoOffsetResetStrategy.StrategyType;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.kafka.AssignedPartition.Phase;

/**
 * Finds the positions of assigned partitions: by committed offsets, else by
 * {@code auto.offset.reset}, and by a check for truncation if there is a new leader
 * (KIP-320).
 */
final class Positions {

	private final ConsumerProcess process;

	private final ClientConfig config;

	private final Subscriptions subscriptions;

	private final CoordinatorLink link;

	private final Set<TopicPartition> missing = new LinkedHashSet<>();

	private @Nullable RuntimeException truncation;

	Positions(ConsumerProcess process, ClientConfig config, Subscriptions subscriptions, CoordinatorLink link) {
		this.process = process;
		this.config = config;
		this.subscriptions = subscriptions;
		this.link = link;
	}

	boolean needsRequests() {
		for (AssignedPartition state : this.subscriptions.states()) {
			if (state.needsRequest()) {
				return true;
			}
		}
		return false;
	}

	boolean hasFailure() {
		return this.truncation != null || !this.missing.isEmpty();
	}

	void throwFailure() {
		RuntimeException failure = this.truncation;
		this.truncation = null;
		if (failure != null) {
			throw failure;
		}
		if (!this.missing.isEmpty()) {
			Set<TopicPartition> partitions = new LinkedHashSet<>();
			for (TopicPartition partition : this.missing) {
				AssignedPartition state = this.subscriptions.find(partition);
				if (state != null && state.phase() == Phase.INITIALIZING) {
					partitions.add(partition);
					state.requestFailed();
				}
			}
			this.missing.clear();
			if (!partitions.isEmpty()) {
				throw new NoOffsetForPartitionException(partitions);
			}
		}
	}

	/**
	 * Ask for what is not known and not asked for yet.
	 */
	void sendRequests() {
		List<Asked> uncommitted = null;
		for (AssignedPartition state : this.subscriptions.states()) {
			if (state.needsRequest()) {
				state.requestSent();
				switch (state.phase()) {
					case INITIALIZING -> {
						uncommitted = (uncommitted != null) ? uncommitted : new ArrayList<>();
						uncommitted.add(new Asked(state, state.version()));
					}
					case AWAIT_RESET -> reset(new Asked(state, state.version()));
					case AWAIT_VALIDATION -> validate(new Asked(state, state.version()));
					default -> throw new IllegalStateException();
				}
			}
		}
		if (uncommitted != null) {
			fetchCommitted(uncommitted);
		}
	}

	private void fetchCommitted(List<Asked> asked) {
		String group = this.config.groupId();
		if (group == null) {
			asked.forEach((each) -> found(each, null));
			return;
		}
		GroupCoordinator coordinator = this.process.cluster().coordinator();
		this.link.<Map<TopicPartition, OffsetAndMetadata>>send((answer) -> {
			Map<TopicPartition, OffsetAndMetadata> offsets = new LinkedHashMap<>();
			for (Asked each : asked) {
				OffsetAndMetadata committed = coordinator.committed(group, each.state().partition());
				if (committed != null) {
					offsets.put(each.state().partition(), committed);
				}
			}
			answer.accept(offsets);
		}, (offsets) -> asked.forEach((each) -> found(each, offsets.get(each.state().partition()))),
				(error) -> asked.forEach(this::retry));
	}

	private void found(Asked asked, @Nullable OffsetAndMetadata committed) {
		AssignedPartition state = asked.state();
		if (!isCurrent(asked, Phase.INITIALIZING)) {
			return;
		}
		if (committed != null) {
			state.seekUnvalidated(committed.offset(), committed.leaderEpoch().orElse(-1),
					leaderEpoch(state.partition()));
		}
		else if (canReset()) {
			state.awaitReset(this.config.reset());
		}
		else {
			this.missing.add(state.partition());
		}
	}

	private void reset(Asked asked) {
		AutoOffsetResetStrategy strategy = asked.state().reset();
		if (strategy == null) {
			return;
		}
		ask(asked, (log) -> new PartitionLog.EpochEnd(log.leaderEpoch(), offset(log, strategy)), (answer) -> {
			if (isCurrent(asked, Phase.AWAIT_RESET)) {
				asked.state().seek(answer.endOffset(), answer.epoch(), answer.epoch());
			}
		});
	}

	private long offset(PartitionLog log, AutoOffsetResetStrategy strategy) {
		if (strategy.type() == StrategyType.EARLIEST) {
			return log.logStart();
		}
		LogEntry entry = null;
		if (strategy.type() == StrategyType.BY_DURATION) {
			long ago = strategy.duration().map(Duration::toMillis).orElse(0L);
			entry = log.firstNotBefore(this.process.cluster().currentTimeMillis() - ago);
		}
		return (entry != null) ? entry.offset() : log.readableEnd(this.config.readCommitted());
	}

	private void validate(Asked asked) {
		AssignedPartition state = asked.state();
		int epoch = state.offsetEpoch();
		ask(asked, (log) -> log.endOf(epoch), (end) -> {
			if (!isCurrent(asked, Phase.AWAIT_VALIDATION)) {
				return;
			}
			if (end.endOffset() >= state.offset()) {
				state.validated();
			}
			else if (!canReset()) {
				state.validated();
				this.truncation = truncation(state, end);
			}
			else if (end.endOffset() < 0) {
				state.awaitReset(this.config.reset());
			}
			else {
				// As of the leader that answered: a newer one is asked again.
				state.seek(end.endOffset(), end.epoch(), state.leaderEpoch());
			}
		});
	}

	private static LogTruncationException truncation(AssignedPartition state, PartitionLog.EpochEnd end) {
		Map<TopicPartition, OffsetAndMetadata> diverging = (end.endOffset() < 0) ? Map.of()
				: Map.of(state.partition(), new OffsetAndMetadata(end.endOffset(), Optional.of(end.epoch()), ""));
		return new LogTruncationException(Map.of(state.partition(), state.offset()), diverging);
	}

	/**
	 * Ask the leader of a partition.
	 */
	private <R> void ask(Asked asked, Function<PartitionLog, R> question, Consumer<R> answered) {
		SimulatedCluster cluster = this.process.cluster();
		Supplier<@Nullable R> atLeader = () -> {
			PartitionLog log = cluster.findLog(asked.state().partition());
			return (log != null && !cluster.disturbances().areBrokersAway()) ? question.apply(log) : null;
		};
		cluster.time().after(cluster.latency(), () -> {
			R answer = atLeader.get();
			cluster.time().after(cluster.latency(), () -> this.process.deliver(() -> {
				if (answer != null) {
					answered.accept(answer);
				}
				else {
					retry(asked);
				}
			}));
		});
	}

	private void retry(Asked asked) {
		this.process.later(this.config.retryBackoff(), () -> {
			if (asked.state().version() == asked.version()) {
				asked.state().requestFailed();
			}
		});
	}

	private boolean isCurrent(Asked asked, Phase phase) {
		AssignedPartition state = asked.state();
		return this.subscriptions.find(state.partition()) == state && state.version() == asked.version()
				&& state.phase() == phase;
	}

	boolean canReset() {
		return this.config.reset().type() != StrategyType.NONE;
	}

	int leaderEpoch(TopicPartition partition) {
		PartitionLog log = this.process.cluster().findLog(partition);
		return (log != null) ? log.leaderEpoch() : -1;
	}

	private record Asked(AssignedPartition state, long version) {

	}

}
