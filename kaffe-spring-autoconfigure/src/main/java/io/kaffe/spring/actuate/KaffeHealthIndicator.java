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

import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

import io.kaffe.spring.worker.ConsumerState;
import io.kaffe.spring.worker.WorkerManager;

/**
 * Health of the consumers that have workers: down if one of them has a problem. The
 * detail of each consumer, by its name, is the list of its problems, with the coordinates
 * of records but nothing of their contents, or, if it has none, {@code "up"}, or
 * {@code "paused"} or {@code "stopped"}, which somebody has done on purpose.
 */
public final class KaffeHealthIndicator extends AbstractHealthIndicator {

	private static final int SHOWN_PROBLEMS = 20;

	private final WorkerManager manager;

	/**
	 * Create the indicator.
	 * @param manager knows the consumers
	 */
	public KaffeHealthIndicator(WorkerManager manager) {
		super("Kaffe health check failed");
		this.manager = manager;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		builder.up();
		this.manager.problems().forEach((consumer, problems) -> {
			if (problems.isEmpty()) {
				builder.withDetail(consumer, withoutProblems(this.manager.state(consumer)));
			}
			else {
				builder.down().withDetail(consumer, shown(problems));
			}
		});
	}

	private static String withoutProblems(@Nullable ConsumerState state) {
		return (state == ConsumerState.PAUSED || state == ConsumerState.STOPPED) ? state.toString() : "up";
	}

	private static List<String> shown(List<String> problems) {
		if (problems.size() <= SHOWN_PROBLEMS) {
			return problems;
		}
		List<String> shown = new ArrayList<>(problems.subList(0, SHOWN_PROBLEMS));
		shown.add("and " + (problems.size() - SHOWN_PROBLEMS) + " more");
		return shown;
	}

}
