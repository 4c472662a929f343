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

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * A group at its coordinator: its members and their sessions.
 *
 * @param <M> what is known of a member
 */
abstract class Group<M extends Group.Member> {

	private final SimulatedCluster cluster;

	private final String id;

	private final Map<String, M> members = new LinkedHashMap<>();

	private final Map<String, M> instances = new LinkedHashMap<>();

	Group(SimulatedCluster cluster, String id) {
		this.cluster = cluster;
		this.id = id;
	}

	SimulatedCluster cluster() {
		return this.cluster;
	}

	String id() {
		return this.id;
	}

	/**
	 * Return the members by their ids.
	 */
	Map<String, M> members() {
		return this.members;
	}

	List<String> memberIds() {
		return List.copyOf(this.members.keySet());
	}

	@Nullable M member(String id) {
		return this.members.get(id);
	}

	@Nullable M instance(@Nullable String instanceId) {
		return (instanceId != null) ? this.instances.get(instanceId) : null;
	}

	void add(M member) {
		this.members.put(member.id(), member);
		if (member.instanceId() != null) {
			this.instances.put(member.instanceId(), member);
		}
		heard(member);
	}

	/**
	 * Take a member out, after which a session of it does not expire any more.
	 */
	void takeOut(M member) {
		this.members.remove(member.id(), member);
		if (member.instanceId() != null) {
			this.instances.remove(member.instanceId(), member);
		}
		Member state = member;
		state.removed = true;
	}

	/**
	 * Return whether a static member was replaced by another process with its instance id
	 * (KIP-345).
	 */
	boolean isFenced(String memberId, @Nullable String instanceId) {
		M current = instance(instanceId);
		return current != null && !current.id().equals(memberId);
	}

	/**
	 * The member has been heard of, so its session begins anew.
	 */
	void heard(M member) {
		Member state = member;
		state.heardAt = this.cluster.time().nanoTime();
		watch(member, member.sessionTimeout());
	}

	private void watch(M member, long nanos) {
		Member state = member;
		if (!state.watched) {
			state.watched = true;
			this.cluster.time().after(nanos, () -> {
				state.watched = false;
				check(member);
			});
		}
	}

	private void check(M member) {
		Member state = member;
		if (state.removed) {
			return;
		}
		long now = this.cluster.time().nanoTime();
		long since = Math.max(state.heardAt, this.cluster.disturbances().coordinatorSince());
		long left = since + member.sessionTimeout() - now;
		if (left > 0 || member.isWaiting()) {
			watch(member, (left > 0) ? left : member.sessionTimeout());
		}
		else {
			this.cluster.time().record(() -> "session of " + member.id() + " expires");
			remove(member, Errors.UNKNOWN_MEMBER_ID);
		}
	}

	/**
	 * Remove a member: its session has expired, it left, or it is fenced.
	 * @param error what it is answered, if it waits for an answer
	 */
	abstract void remove(M member, Errors error);

	/**
	 * Let all members rebalance now.
	 */
	abstract void rebalance();

	/**
	 * A topic was deleted. Another one with its name has another id.
	 */
	abstract void topicDeleted(String topic);

	/**
	 * Return whether a member may commit.
	 */
	abstract Errors checkCommit(String memberId, int generation, @Nullable String instanceId);

	/**
	 * Return the generation, or the epoch of the group.
	 */
	abstract int generation();

	/**
	 * What is known of any member.
	 */
	abstract static class Member {

		private final String id;

		private final @Nullable String instanceId;

		private final long sessionTimeout;

		private long heardAt;

		private boolean watched;

		private boolean removed;

		Member(String id, @Nullable String instanceId, long sessionTimeout) {
			this.id = id;
			this.instanceId = instanceId;
			this.sessionTimeout = sessionTimeout;
		}

		String id() {
			return this.id;
		}

		@Nullable String instanceId() {
			return this.instanceId;
		}

		long sessionTimeout() {
			return this.sessionTimeout;
		}

		/**
		 * Return whether it waits for an answer, during which it need not be heard of.
		 */
		boolean isWaiting() {
			return false;
		}

	}

}
