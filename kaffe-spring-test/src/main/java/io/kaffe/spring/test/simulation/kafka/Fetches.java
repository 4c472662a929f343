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

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * Fetches records ahead, and hands them out to polls: fetch by fetch, and in sequence of
 * each partition. Those of paused partitions are kept (KAFKA-7548), those of partitions
 * that were revoked or sought elsewhere are dropped.
 */
final class Fetches {

	private final ConsumerProcess process;

	private final ClientConfig config;

	private final Subscriptions subscriptions;

	private final Positions positions;

	private Deque<CompletedFetch> completed = new ArrayDeque<>();

	private final @Nullable FetchRequest[] pending;

	Fetches(ConsumerProcess process, ClientConfig config, Subscriptions subscriptions, Positions positions) {
		this.process = process;
		this.config = config;
		this.subscriptions = subscriptions;
		this.positions = positions;
		this.pending = new @Nullable FetchRequest[process.cluster().nodes()];
	}

	/**
	 * Return whether a poll would return something, or throw.
	 */
	boolean hasAny() {
		if (this.completed.isEmpty()) {
			return false;
		}
		for (CompletedFetch fetch : this.completed) {
			if (fetch.isStale(this.subscriptions.find(fetch.state().partition()))) {
				continue;
			}
			if (fetch.error() != Errors.NONE || fetch.state().isFetchable()) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Return whether there is a partition for which a fetch can be sent, or has to end.
	 */
	boolean needsRequests() {
		for (AssignedPartition state : this.subscriptions.states()) {
			if (state.isFetchable() && !isBuffered(state)) {
				FetchRequest request = this.pending[node(state)];
				if (request == null || request.isToEndFor(state)) {
					return true;
				}
			}
		}
		return false;
	}

	/**
	 * Send a fetch to each node from which nothing is being fetched, for the partitions
	 * of which nothing is buffered.
	 */
	void sendRequests() {
		dropStale();
		for (AssignedPartition state : this.subscriptions.states()) {
			if (!state.isFetchable() || isBuffered(state)) {
				continue;
			}
			int node = node(state);
			FetchRequest request = this.pending[node];
			if (request == null) {
				request = new FetchRequest(this.process.cluster(), this.config, this::arrived, node);
				this.pending[node] = request;
			}
			request.want(state);
		}
		for (FetchRequest request : this.pending) {
			if (request != null) {
				request.send();
			}
		}
	}

	private void arrived(FetchRequest request, List<CompletedFetch> fetches) {
		this.process.deliver(() -> {
			this.pending[request.node()] = null;
			for (CompletedFetch fetch : fetches) {
				if (fetch.isStale(this.subscriptions.find(fetch.state().partition()))) {
					continue;
				}
				switch (fetch.error()) {
					case NONE -> this.completed.add(fetch);
					case OFFSET_OUT_OF_RANGE -> outOfRange(fetch);
					case FENCED_LEADER_EPOCH ->
						fetch.state().leaderChanged(this.positions.leaderEpoch(fetch.state().partition()));
					default -> {
						// asked for again, by the next fetch
					}
				}
			}
		});
	}

	private void outOfRange(CompletedFetch fetch) {
		if (this.positions.canReset()) {
			fetch.state().awaitReset(this.config.reset());
		}
		else {
			this.completed.add(fetch);
		}
	}

	private void dropStale() {
		if (!this.completed.isEmpty()) {
			this.completed.removeIf((fetch) -> fetch.isStale(this.subscriptions.find(fetch.state().partition())));
		}
	}

	private boolean isBuffered(AssignedPartition state) {
		if (this.completed.isEmpty()) {
			return false;
		}
		for (CompletedFetch fetch : this.completed) {
			if (fetch.state() == state && !fetch.isConsumed()) {
				return true;
			}
		}
		return false;
	}

	private int node(AssignedPartition state) {
		return this.process.cluster().nodeOf(state.partition());
	}

	/**
	 * Take what a poll returns.
	 * @return the records, or {@code null} if no position advanced. They may be empty if
	 * one did, by offsets that are no records.
	 */
	<K, V> @Nullable ConsumerRecords<K, V> collect(RecordReader<K, V> reader) {
		if (this.completed.isEmpty()) {
			return null;
		}
		Map<TopicPartition, List<ConsumerRecord<K, V>>> records = new LinkedHashMap<>();
		Map<TopicPartition, OffsetAndMetadata> next = new LinkedHashMap<>();
		Deque<CompletedFetch> kept = new ArrayDeque<>();
		int left = maxRecords();
		try {
			while (left > 0 && !this.completed.isEmpty()) {
				CompletedFetch fetch = this.completed.peek();
				AssignedPartition state = fetch.state();
				if (fetch.isStale(this.subscriptions.find(state.partition()))) {
					this.completed.poll();
				}
				else if (fetch.error() != Errors.NONE) {
					throw failure(fetch, next.isEmpty());
				}
				else if (!state.isFetchable()) {
					this.completed.poll();
					if (state.isPaused()) {
						kept.add(fetch);
					}
				}
				else {
					left -= take(reader, fetch, left, records, next);
				}
			}
		}
		catch (KafkaException ex) {
			if (next.isEmpty()) {
				throw ex;
			}
		}
		finally {
			this.completed.addAll(kept);
		}
		return next.isEmpty() ? null : new ConsumerRecords<>(records, next);
	}

	private <K, V> int take(RecordReader<K, V> reader, CompletedFetch fetch, int max,
			Map<TopicPartition, List<ConsumerRecord<K, V>>> records, Map<TopicPartition, OffsetAndMetadata> next) {
		TopicPartition partition = fetch.state().partition();
		List<ConsumerRecord<K, V>> taken = new ArrayList<>();
		if (fetch.take(reader, max, taken)) {
			next.put(partition,
					new OffsetAndMetadata(fetch.state().offset(), Optional.of(fetch.state().offsetEpoch()), ""));
		}
		if (!taken.isEmpty()) {
			records.computeIfAbsent(partition, (key) -> new ArrayList<>()).addAll(taken);
		}
		if (fetch.isConsumed()) {
			this.completed.poll();
		}
		return taken.size();
	}

	/**
	 * A poll returns at most {@code max.poll.records}, and often fewer: what has arrived
	 * until then.
	 */
	private int maxRecords() {
		int max = this.config.maxPollRecords();
		return (max > 1 && this.process.cluster().time().choose(3) == 0)
				? 1 + this.process.cluster().time().choose(Math.min(max, 8)) : max;
	}

	private KafkaException failure(CompletedFetch fetch, boolean first) {
		if (first) {
			this.completed.poll();
		}
		TopicPartition partition = fetch.state().partition();
		return new OffsetOutOfRangeException(
				"Fetch position " + fetch.state().offset() + " is out of range for partition " + partition,
				Map.of(partition, fetch.state().offset()));
	}

}
