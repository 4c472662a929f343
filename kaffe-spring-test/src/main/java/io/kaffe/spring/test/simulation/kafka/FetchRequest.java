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

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * A fetch from a node, which answers when there is something to return. If there is
 * nothing it waits, for {@code fetch.max.wait.ms} at most if the consumer wants to fetch
 * other partitions meanwhile.
 */
final class FetchRequest {

	private static final int MAX_RECORDS = 500;

	private final SimulatedCluster cluster;

	private final ClientConfig config;

	private final BiConsumer<FetchRequest, List<CompletedFetch>> answered;

	private final int node;

	private final Map<TopicPartition, Wanted> wanted = new LinkedHashMap<>();

	private boolean sent;

	private long sentAt;

	private boolean parked;

	private long parkedAt;

	private boolean ending;

	private boolean checking;

	private boolean done;

	FetchRequest(SimulatedCluster cluster, ClientConfig config, BiConsumer<FetchRequest, List<CompletedFetch>> answered,
			int node) {
		this.cluster = cluster;
		this.config = config;
		this.answered = answered;
		this.node = node;
	}

	int node() {
		return this.node;
	}

	/**
	 * Fetch a partition from its position: by this request if it was not sent yet, else
	 * by the next one, for which this one ends earlier.
	 */
	void want(AssignedPartition state) {
		if (!this.sent) {
			this.wanted.put(state.partition(), new Wanted(state, state.version(), state.offset(), state.leaderEpoch(),
					this.cluster.findLog(state.partition())));
			return;
		}
		if (isToEndFor(state)) {
			this.ending = true;
			long wait = this.config.fetchMaxWait();
			long waited = this.cluster.time().nanoTime() - this.parkedAt;
			this.cluster.time().after(wait - waited % wait, () -> {
				if (!this.done) {
					answer(List.of());
				}
			});
		}
	}

	/**
	 * Return whether this waits, and has to end earlier, since it does not fetch a
	 * partition from its position.
	 */
	boolean isToEndFor(AssignedPartition state) {
		if (!this.parked || this.ending || this.done) {
			return false;
		}
		Wanted same = this.wanted.get(state.partition());
		return same == null || same.state() != state || same.version() != state.version()
				|| same.offset() != state.offset();
	}

	void send() {
		if (!this.sent) {
			this.sent = true;
			this.sentAt = this.cluster.time().nanoTime();
			this.cluster.time().after(latency(), this::check);
		}
	}

	private long latency() {
		return this.cluster.latency() + this.cluster.disturbances().fetchLatency(this.config.clientId());
	}

	private void check() {
		this.checking = false;
		if (this.done) {
			return;
		}
		long failing = this.cluster.disturbances().fetchBlockedFor(this.config.clientId());
		if (failing > 0) {
			checkAfter(failing);
			return;
		}
		List<CompletedFetch> fetches = new ArrayList<>();
		for (Map.Entry<TopicPartition, Wanted> entry : this.wanted.entrySet()) {
			fetch(entry.getKey(), entry.getValue(), fetches);
		}
		if (!fetches.isEmpty()) {
			if (fetches.size() > 1) {
				Collections.rotate(fetches, this.cluster.time().choose(fetches.size()));
			}
			answer(fetches);
		}
		else if (!this.parked) {
			this.parked = true;
			this.parkedAt = this.cluster.time().nanoTime();
		}
		if (!this.done) {
			park();
		}
	}

	private void checkAfter(long nanos) {
		if (!this.checking) {
			this.checking = true;
			this.cluster.time().after(nanos, this::check);
		}
	}

	private void park() {
		for (TopicPartition partition : this.wanted.keySet()) {
			PartitionLog log = this.cluster.findLog(partition);
			if (log != null) {
				log.whenChanged(() -> {
					if (!this.done) {
						checkAfter(0);
					}
				});
			}
		}
	}

	private void answer(List<CompletedFetch> fetches) {
		this.done = true;
		this.cluster.time().after(latency(), () -> this.answered.accept(this, fetches));
	}

	private void fetch(TopicPartition partition, Wanted wanted, List<CompletedFetch> fetches) {
		long blocked = this.cluster.disturbances().fetchBlockedFor(partition);
		PartitionLog log = this.cluster.findLog(partition);
		if (blocked > 0) {
			checkAfter(blocked);
			return;
		}
		if (log == null) {
			missing(wanted, fetches);
			return;
		}
		if (log != wanted.log()) {
			fetches.add(wanted.answer(Errors.UNKNOWN_TOPIC_ID, List.of(), wanted.offset()));
			return;
		}
		long end = log.readableEnd(this.config.readCommitted());
		wanted.state().setEndOffset(end);
		if (log.leaderEpoch() != wanted.leaderEpoch()) {
			fetches.add(wanted.answer(Errors.FENCED_LEADER_EPOCH, List.of(), wanted.offset()));
		}
		else if (wanted.offset() > log.logEnd() || wanted.offset() < log.logStart()) {
			fetches.add(wanted.answer(Errors.OFFSET_OUT_OF_RANGE, List.of(), wanted.offset()));
		}
		else if (wanted.offset() < end) {
			fetches.add(read(log, wanted, end));
		}
	}

	/**
	 * A partition that does not exist is asked for again and again, but not at once.
	 */
	private void missing(Wanted wanted, List<CompletedFetch> fetches) {
		long waited = this.cluster.time().nanoTime() - this.sentAt;
		if (waited < this.config.fetchMaxWait()) {
			checkAfter(this.config.fetchMaxWait() - waited);
		}
		else {
			fetches.add(wanted.answer(Errors.UNKNOWN_TOPIC_OR_PARTITION, List.of(), wanted.offset()));
		}
	}

	private CompletedFetch read(PartitionLog log, Wanted wanted, long end) {
		int count = (int) Math.min(end - wanted.offset(), MAX_RECORDS);
		if (count > 1 && this.cluster.time().choose(4) == 0) {
			count = 1 + this.cluster.time().choose(count);
		}
		List<LogEntry> entries = new ArrayList<>(count);
		for (long offset = wanted.offset(); offset < wanted.offset() + count; offset++) {
			LogEntry entry = log.at(offset);
			if (entry != null && entry.isRecord(this.config.readCommitted())) {
				entries.add(entry);
			}
		}
		return wanted.answer(Errors.NONE, entries, wanted.offset() + count);
	}

	/**
	 * A partition as it was when the request was made. Requests name topics by their ids
	 * (KIP-516), so that one does not read a topic that was created again meanwhile.
	 */
	private record Wanted(AssignedPartition state, long version, long offset, int leaderEpoch,
			@Nullable PartitionLog log) {

		CompletedFetch answer(Errors error, List<LogEntry> entries, long endOffset) {
			return new CompletedFetch(this.state, this.version, this.offset, error, entries, endOffset);
		}

	}

}
