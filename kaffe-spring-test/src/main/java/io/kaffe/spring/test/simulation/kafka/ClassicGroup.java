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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.kafka.ClassicMember.JoinAnswer;
import io.kaffe.spring.test.simulation.kafka.ClassicMember.JoinRequest;
import io.kaffe.spring.test.simulation.kafka.ClassicMember.SyncAnswer;

/**
 * A group of the classic protocol: members join, the leader among them assigns
 * partitions, and all get theirs when they sync.
 */
final class ClassicGroup extends Group<ClassicMember> {

	private final Set<String> pending = new HashSet<>();

	private State state = State.EMPTY;

	private int generation;

	private String assignor = "";

	private @Nullable ClassicMember leader;

	private boolean initialDelay;

	private int round;

	ClassicGroup(SimulatedCluster cluster, String id) {
		super(cluster, id);
	}

	void join(JoinRequest request, Consumer<JoinAnswer> answer) {
		ClassicMember member = member(request.memberId());
		if (request.memberId().isEmpty()) {
			joinNew(request, answer);
		}
		else if (isFenced(request.memberId(), request.instanceId())) {
			answer.accept(JoinAnswer.failed(Errors.FENCED_INSTANCE_ID));
		}
		else if (this.pending.remove(request.memberId())) {
			add(new ClassicMember(request.memberId(), request), request, answer);
		}
		else if (member == null) {
			answer.accept(JoinAnswer.failed(Errors.UNKNOWN_MEMBER_ID));
		}
		else {
			heard(member);
			boolean changed = !member.request().sameSubscription(request);
			if (this.state == State.PREPARING || changed || (this.state == State.STABLE && member == this.leader)) {
				member.join(request, answer);
				prepareRebalance();
			}
			else {
				answer.accept(answerTo(member, false));
			}
		}
	}

	/**
	 * A dynamic member only gets its id, with which it joins once more (KIP-394). A
	 * static one replaces the one with its instance id, if there is one.
	 */
	private void joinNew(JoinRequest request, Consumer<JoinAnswer> answer) {
		String id = request.clientId() + "-" + cluster().nextId();
		ClassicMember older = instance(request.instanceId());
		if (request.instanceId() == null) {
			this.pending.add(id);
			answer.accept(new JoinAnswer(Errors.MEMBER_ID_REQUIRED, id, -1, "", false, Map.of()));
			return;
		}
		ClassicMember member = new ClassicMember(id, request);
		if (older == null) {
			add(member, request, answer);
			return;
		}
		takeOut(older);
		older.fail(Errors.FENCED_INSTANCE_ID);
		add(member);
		member.keep(older.assignment());
		if (this.leader == older) {
			this.leader = member;
		}
		if (this.state == State.STABLE && older.request().sameSubscription(request)) {
			answer.accept(answerTo(member, true));
		}
		else {
			member.join(request, answer);
			prepareRebalance();
		}
	}

	private void add(ClassicMember member, JoinRequest request, Consumer<JoinAnswer> answer) {
		add(member);
		member.join(request, answer);
		prepareRebalance();
	}

	private JoinAnswer answerTo(ClassicMember member, boolean keepsAssignment) {
		Map<String, JoinRequest> subscriptions = new TreeMap<>();
		boolean leads = member == this.leader;
		if (leads) {
			members().forEach((id, each) -> subscriptions.put(id, each.request()));
		}
		return new JoinAnswer(Errors.NONE, member.id(), this.generation, this.assignor, leads && !keepsAssignment,
				subscriptions);
	}

	private void prepareRebalance() {
		if (this.state == State.COMPLETING) {
			members().values().forEach((member) -> member.failSync(Errors.REBALANCE_IN_PROGRESS));
		}
		if (this.state != State.PREPARING) {
			this.initialDelay = this.state == State.EMPTY;
			this.state = State.PREPARING;
			int current = ++this.round;
			if (this.initialDelay) {
				cluster().time().after(cluster().coordinator().initialRebalanceDelay(), () -> {
					this.initialDelay = false;
					completeIfAllJoined(current);
				});
			}
			completeAfterTimeout(current);
		}
		completeIfAllJoined(this.round);
	}

	private void completeAfterTimeout(int current) {
		cluster().time().after(rebalanceTimeout(), () -> {
			if (this.state == State.PREPARING && this.round == current) {
				complete();
			}
		});
	}

	private long rebalanceTimeout() {
		long timeout = 0;
		for (ClassicMember member : members().values()) {
			timeout = Math.max(timeout, member.request().rebalanceTimeout());
		}
		return timeout;
	}

	private void completeIfAllJoined(int current) {
		if (this.state == State.PREPARING && this.round == current && !this.initialDelay
				&& members().values().stream().allMatch(ClassicMember::isJoining)) {
			complete();
		}
	}

	private void complete() {
		for (ClassicMember member : List.copyOf(members().values())) {
			if (!member.isJoining() && member.instanceId() == null) {
				takeOut(member);
			}
		}
		int current = ++this.round;
		if (this.leader == null || !this.leader.isJoining() || member(this.leader.id()) != this.leader) {
			this.leader = members().values().stream().filter(ClassicMember::isJoining).findFirst().orElse(null);
		}
		if (this.leader == null && !members().isEmpty()) {
			completeAfterTimeout(current);
			return;
		}
		this.generation++;
		if (members().isEmpty()) {
			this.state = State.EMPTY;
			return;
		}
		this.state = State.COMPLETING;
		this.assignor = selectAssignor();
		cluster().time().record(() -> "group " + id() + " completes generation " + this.generation);
		for (ClassicMember member : members().values()) {
			if (member.isJoining()) {
				heard(member);
				member.joined(answerTo(member, false));
			}
		}
		cluster().time().after(rebalanceTimeout(), () -> {
			if (this.state == State.COMPLETING && this.round == current) {
				for (ClassicMember member : List.copyOf(members().values())) {
					if (!member.isSyncing()) {
						remove(member, Errors.UNKNOWN_MEMBER_ID);
					}
				}
			}
		});
	}

	private String selectAssignor() {
		List<String> common = new ArrayList<>();
		for (ClassicMember member : members().values()) {
			if (common.isEmpty()) {
				common.addAll(member.request().assignors());
			}
			common.retainAll(member.request().assignors());
		}
		return common.isEmpty() ? Assignors.RANGE : common.get(0);
	}

	void sync(String memberId, int generation, @Nullable String instanceId,
			@Nullable Map<String, Set<TopicPartition>> assignment, Consumer<SyncAnswer> answer) {
		Errors error = check(memberId, generation, instanceId);
		ClassicMember member = member(memberId);
		if (error != Errors.NONE || member == null) {
			answer.accept(new SyncAnswer(error, Set.of()));
			return;
		}
		heard(member);
		switch (this.state) {
			case COMPLETING -> {
				member.sync(answer);
				if (assignment != null) {
					this.state = State.STABLE;
					for (ClassicMember each : members().values()) {
						each.assign(Set.copyOf(assignment.getOrDefault(each.id(), Set.of())));
					}
				}
			}
			case STABLE -> answer.accept(new SyncAnswer(Errors.NONE, member.assignment()));
			default -> answer.accept(new SyncAnswer(Errors.REBALANCE_IN_PROGRESS, Set.of()));
		}
	}

	Errors heartbeat(String memberId, int generation, @Nullable String instanceId) {
		Errors error = check(memberId, generation, instanceId);
		ClassicMember member = member(memberId);
		if (error == Errors.NONE && member != null) {
			heard(member);
			return (this.state == State.PREPARING) ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE;
		}
		return error;
	}

	void leave(String memberId) {
		this.pending.remove(memberId);
		ClassicMember member = member(memberId);
		if (member != null) {
			remove(member, Errors.UNKNOWN_MEMBER_ID);
		}
	}

	@Override
	void remove(ClassicMember member, Errors error) {
		takeOut(member);
		member.fail(error);
		if (member == this.leader) {
			this.leader = null;
		}
		if (this.state == State.PREPARING) {
			completeIfAllJoined(this.round);
		}
		else if (members().isEmpty()) {
			this.state = State.EMPTY;
			this.generation++;
		}
		else {
			prepareRebalance();
		}
	}

	/**
	 * Members have to notice by themselves, by names.
	 */
	@Override
	void topicDeleted(String topic) {
	}

	@Override
	void rebalance() {
		if (!members().isEmpty()) {
			prepareRebalance();
		}
	}

	private Errors check(String memberId, int generation, @Nullable String instanceId) {
		if (isFenced(memberId, instanceId)) {
			return Errors.FENCED_INSTANCE_ID;
		}
		if (member(memberId) == null) {
			return Errors.UNKNOWN_MEMBER_ID;
		}
		return (generation != this.generation) ? Errors.ILLEGAL_GENERATION : Errors.NONE;
	}

	/**
	 * Return whether a member may commit. It may while a rebalance is being prepared, so
	 * that it can commit what it has to revoke.
	 */
	@Override
	Errors checkCommit(String memberId, int generation, @Nullable String instanceId) {
		if (generation < 0 && memberId.isEmpty() && members().isEmpty()) {
			return Errors.NONE;
		}
		Errors error = check(memberId, generation, instanceId);
		if (error != Errors.NONE) {
			return error;
		}
		ClassicMember member = member(memberId);
		if (member != null) {
			heard(member);
		}
		return (this.state == State.COMPLETING) ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE;
	}

	@Override
	int generation() {
		return this.generation;
	}

	private enum State {

		EMPTY, PREPARING, COMPLETING, STABLE

	}

}
