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

package io.kaffe.simulation;

import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

import io.kaffe.simulation.Happening.Kind;
import org.apache.kafka.common.errors.TopicAuthorizationException;

import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.CommitFault;
import io.kaffe.spring.test.simulation.kafka.SimulatedCluster;
import io.kaffe.spring.test.simulation.kafka.SimulatedConsumer;

/**
 * What goes wrong at the brokers and on the way to them: rebalances, members that are
 * expired or fenced, commits and fetches that fail or are slow.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class ClusterDisturbances {

	private static final long MILLI = 1_000_000;

	private final World world;

	private final Simulation simulation;

	private final SimulatedCluster cluster;

	ClusterDisturbances(World world) {
		this.world = world;
		this.simulation = world.simulation();
		this.cluster = world.cluster();
	}

	/**
	 * Disturb the group, or what passes between an instance and the brokers.
	 */
	void happen(Happening happening, ServiceInstance instance) {
		Kind kind = happening.kind();
		int which = happening.which();
		int howMuch = happening.howMuch();
		long span = happening.spanNanos();
		switch (kind) {
			case REBALANCE -> this.cluster.disturbances().rebalance(World.GROUP);
			case EXPIRE, FENCE -> {
				List<String> members = this.cluster.coordinator().members(World.GROUP);
				if (!members.isEmpty()) {
					String member = members.get(which % members.size());
					if (kind == Kind.FENCE) {
						this.cluster.disturbances().fence(World.GROUP, member);
					}
					else {
						this.cluster.disturbances().expireSession(World.GROUP, member);
					}
				}
			}
			case FATAL_ERROR -> anyConsumer(instance, which,
					(client) -> this.cluster.disturbances().failPolls(client, 1, new NoClassDefFoundError("missing")));
			case UNAUTHORIZED -> anyConsumer(instance, which, (client) -> this.cluster.disturbances()
				.failPolls(client, 1 + howMuch % 3, new TopicAuthorizationException(Set.copyOf(World.TOPICS))));
			case FAIL_COMMITS -> commits(instance, which, howMuch,
					List.of(CommitFault.Kind.RETRIABLE, CommitFault.Kind.REFUSED, CommitFault.Kind.LOST));
			case LOSE_ANSWERS -> commits(instance, which, howMuch, List.of(CommitFault.Kind.ANSWER_LOST));
			case DELAY_COMMITS -> {
				this.world.commits().commitsMayBeLate();
				commits(instance, which, howMuch,
						List.of(CommitFault.Kind.LATE, CommitFault.Kind.ANSWER_LATE, CommitFault.Kind.OVERTAKEN));
			}
			case FAIL_FETCHES ->
				anyConsumer(instance, which, (client) -> this.cluster.disturbances().failFetches(client, span));
			case SLOW_FETCHES -> anyConsumer(instance, which, (client) -> {
				this.cluster.disturbances().slowFetches(client, span / 4);
				this.simulation.after(span, () -> this.cluster.disturbances().slowFetches(client, 0));
			});
			default -> throw new IllegalStateException(kind.toString());
		}
	}

	private void commits(ServiceInstance instance, int which, int howMuch, List<CommitFault.Kind> kinds) {
		anyConsumer(instance, which, (client) -> this.cluster.disturbances()
			.commits(client, 1 + howMuch % 4, kinds.get(which % kinds.size()), (1 + howMuch % 200) * MILLI));
	}

	private void anyConsumer(ServiceInstance instance, int which, Consumer<String> action) {
		List<SimulatedConsumer<Object, Object>> consumers = instance.consumers().all();
		if (!consumers.isEmpty()) {
			action.accept(consumers.get(consumers.size() - 1 - which % Math.min(2, consumers.size())).clientId());
		}
	}

}
