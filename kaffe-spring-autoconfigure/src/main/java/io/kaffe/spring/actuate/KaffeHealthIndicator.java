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

package io.kaffe.spring.actuate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerState;

/**
 * Health of the consumers with workers: down if one of them is down, else
 * {@link #WARNING} if one of them has a problem. The detail of each consumer, by name, is
 * the list of its problems, the worst first, with the coordinates but not the contents of
 * records; without problems, it is {@code "up"}, or {@code "paused"} or {@code "stopped"}
 * by an operator.
 */
public final class KaffeHealthIndicator extends AbstractHealthIndicator {

	/**
	 * A consumer needs attention although records are handled. This status is not in
	 * Spring Boot's status order, so it does not affect the aggregate status, and is
	 * mapped to 200, unless the application configures otherwise.
	 */
	public static final Status WARNING = new Status("WARNING");

	private static final int SHOWN_PROBLEMS = 20;

	private final DefaultWorkerManager manager;

	/**
	 * Create the indicator.
	 * @param manager provides the consumers
	 */
	public KaffeHealthIndicator(DefaultWorkerManager manager) {
		super("Kaffe health check failed");
		this.manager = manager;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		Status status = Status.UP;
		for (Map.Entry<String, List<ConsumerProblem>> consumer : this.manager.problems().entrySet()) {
			List<ConsumerProblem> problems = consumer.getValue();
			if (problems.isEmpty()) {
				builder.withDetail(consumer.getKey(), withoutProblems(this.manager.state(consumer.getKey())));
				continue;
			}
			builder.withDetail(consumer.getKey(), shown(problems));
			if (problems.stream().anyMatch(ConsumerProblem::meansDown)) {
				status = Status.DOWN;
			}
			else if (status.equals(Status.UP)) {
				status = WARNING;
			}
		}
		builder.status(status);
	}

	private static String withoutProblems(@Nullable ConsumerState state) {
		return (state == ConsumerState.PAUSED || state == ConsumerState.STOPPED) ? state.toString() : "up";
	}

	private static List<String> shown(List<ConsumerProblem> problems) {
		List<String> shown = new ArrayList<>();
		problems.stream().limit(SHOWN_PROBLEMS).map(ConsumerProblem::message).forEach(shown::add);
		if (problems.size() > SHOWN_PROBLEMS) {
			shown.add("and " + (problems.size() - SHOWN_PROBLEMS) + " more");
		}
		return shown;
	}

}
