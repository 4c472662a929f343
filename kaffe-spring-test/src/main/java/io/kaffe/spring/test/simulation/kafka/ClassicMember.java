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

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * A member of a {@link ClassicGroup}, and what it waits for.
 */
final class ClassicMember extends Group.Member {

	private JoinRequest request;

	private @Nullable Consumer<JoinAnswer> joining;

	private @Nullable Consumer<SyncAnswer> syncing;

	private Set<TopicPartition> assignment = Set.of();

	ClassicMember(String id, JoinRequest request) {
		super(id, request.instanceId(), request.sessionTimeout());
		this.request = request;
	}

	JoinRequest request() {
		return this.request;
	}

	Set<TopicPartition> assignment() {
		return this.assignment;
	}

	boolean isJoining() {
		return this.joining != null;
	}

	boolean isSyncing() {
		return this.syncing != null;
	}

	@Override
	boolean isWaiting() {
		return isJoining();
	}

	void join(JoinRequest request, Consumer<JoinAnswer> answer) {
		this.request = request;
		this.joining = answer;
	}

	void joined(JoinAnswer answer) {
		Consumer<JoinAnswer> waiting = this.joining;
		this.joining = null;
		if (waiting != null) {
			waiting.accept(answer);
		}
	}

	void sync(Consumer<SyncAnswer> answer) {
		this.syncing = answer;
	}

	/**
	 * Set its partitions, and answer it if it waits for them.
	 */
	void assign(Set<TopicPartition> assignment) {
		this.assignment = assignment;
		synced(new SyncAnswer(Errors.NONE, assignment));
	}

	/**
	 * Take over the partitions of a static member that this one replaces.
	 */
	void keep(Set<TopicPartition> assignment) {
		this.assignment = assignment;
	}

	void fail(Errors error) {
		joined(JoinAnswer.failed(error));
		failSync(error);
	}

	void failSync(Errors error) {
		synced(new SyncAnswer(error, Set.of()));
	}

	private void synced(SyncAnswer answer) {
		Consumer<SyncAnswer> waiting = this.syncing;
		this.syncing = null;
		if (waiting != null) {
			waiting.accept(answer);
		}
	}

	/**
	 * A JoinGroup request.
	 */
	record JoinRequest(String memberId, String clientId, @Nullable String instanceId, long sessionTimeout,
			long rebalanceTimeout, Set<String> topics, List<String> assignors, Set<TopicPartition> owned,
			int ownedGeneration) {

		boolean sameSubscription(JoinRequest other) {
			return this.topics.equals(other.topics) && this.assignors.equals(other.assignors)
					&& (other.memberId.isEmpty() || this.owned.equals(other.owned));
		}

	}

	/**
	 * The answer to a JoinGroup request. The leader gets all members, and assigns
	 * partitions unless it replaces the one that did (KIP-814).
	 */
	record JoinAnswer(Errors error, String memberId, int generation, String assignor, boolean leads,
			Map<String, JoinRequest> members) {

		static JoinAnswer failed(Errors error) {
			return new JoinAnswer(error, "", -1, "", false, Map.of());
		}

	}

	/**
	 * The answer to a SyncGroup request.
	 */
	record SyncAnswer(Errors error, Set<TopicPartition> assignment) {

	}

}
