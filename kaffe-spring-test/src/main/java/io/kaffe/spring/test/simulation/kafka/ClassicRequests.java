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

import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.kafka.ClassicMember.JoinAnswer;
import io.kaffe.spring.test.simulation.kafka.ClassicMember.JoinRequest;
import io.kaffe.spring.test.simulation.kafka.ClassicMember.SyncAnswer;
import io.kaffe.spring.test.simulation.kafka.GroupCoordinator.CommitIdentity;

/**
 * What a member of a {@link ClassicGroup} sends to its coordinator.
 */
final class ClassicRequests {

	private final GroupCoordinator coordinator;

	private final CoordinatorLink link;

	private final Supplier<String> group;

	ClassicRequests(GroupCoordinator coordinator, CoordinatorLink link, Supplier<String> group) {
		this.coordinator = coordinator;
		this.link = link;
		this.group = group;
	}

	void join(JoinRequest request, Consumer<JoinAnswer> answered, Runnable failed) {
		this.link.<JoinAnswer>send((answer) -> group().join(request, answer), answered, (error) -> failed.run());
	}

	void sync(CommitIdentity member, @Nullable Map<String, Set<TopicPartition>> assignment,
			Consumer<SyncAnswer> answered, Runnable failed) {
		this.link.<SyncAnswer>send((answer) -> group().sync(member.memberId(), member.generation(), member.instanceId(),
				assignment, answer), answered, (error) -> failed.run());
	}

	void heartbeat(CommitIdentity member, Consumer<Errors> answered, Runnable failed) {
		this.link.<Errors>send(
				(answer) -> answer
					.accept(group().heartbeat(member.memberId(), member.generation(), member.instanceId())),
				answered, (error) -> failed.run());
	}

	void leave(String memberId) {
		if (!memberId.isEmpty()) {
			this.link.send((answer) -> group().leave(memberId), (answer) -> {
			}, (error) -> {
			});
		}
	}

	private ClassicGroup group() {
		return this.coordinator.classic(this.group.get());
	}

}
