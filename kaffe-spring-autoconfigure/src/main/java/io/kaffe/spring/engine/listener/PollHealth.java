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

package io.kaffe.spring.engine.listener;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;

import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerProblem.Kind;
import io.kaffe.spring.table.ConsumerProblem.Severity;
import io.kaffe.spring.table.ConsumerState;

/**
 * Whether the threads of a container poll: which have terminated, and which are late, so
 * that the group may soon consider them dead. A container that does not run has no
 * problem here.
 * <p>
 * <b>Threading.</b> Any thread calls. That no thread polls at all is a problem when the
 * callers have seen nothing else for as long as a poll may take, since a container that
 * has just been started has none either.
 */
final class PollHealth {

	private final AtomicReference<@Nullable Long> noneSince = new AtomicReference<>();

	private final AbstractMessageListenerContainer<?, ?> container;

	private final ContainerSupervision supervision;

	private final Duration maxPollInterval;

	private final Ticker ticker;

	PollHealth(AbstractMessageListenerContainer<?, ?> container, ContainerSupervision supervision,
			Duration maxPollInterval, Ticker ticker) {
		this.container = container;
		this.supervision = supervision;
		this.maxPollInterval = maxPollInterval;
		this.ticker = ticker;
	}

	/**
	 * Return what is wrong. It is down when no thread polls any more, and a warning while
	 * others do.
	 * @param sessions of the threads that have begun to poll
	 * @return the problems
	 */
	List<ConsumerProblem> problems(Collection<ConsumerSession> sessions) {
		if (!this.container.isRunning()) {
			this.noneSince.set(null);
			return List.of();
		}
		List<ConsumerProblem> problems = new ArrayList<>();
		addTerminated(problems);
		addLate(problems, sessions.stream().filter((session) -> session.thread().isAlive()).toList());
		return problems;
	}

	private void addTerminated(List<ConsumerProblem> problems) {
		Collection<Thread> polling = this.supervision.polling();
		boolean othersPoll = polling.stream().anyMatch(Thread::isAlive);
		Severity severity = othersPoll ? Severity.WARNING : Severity.DOWN;
		for (Thread thread : polling) {
			if (!thread.isAlive()) {
				problems.add(new ConsumerProblem(Kind.POLL_THREAD_GONE, severity, null,
						"poll thread gone: " + thread.getName() + " terminated unexpectedly"));
			}
		}
		int failedToStart = this.supervision.failedToStart();
		if (failedToStart > 0) {
			problems.add(new ConsumerProblem(Kind.POLL_THREAD_GONE, severity, null, "poll thread gone: " + failedToStart
					+ " did not start; the container's task executor needs as many threads as its concurrency"));
		}
		long now = this.ticker.nanoTime();
		if (othersPoll) {
			this.noneSince.set(null);
		}
		else if (!this.noneSince.compareAndSet(null, now)) {
			Long since = this.noneSince.get();
			if (problems.isEmpty() && since != null && now - since > this.maxPollInterval.toNanos()) {
				Duration duration = Duration.ofNanos(now - since);
				problems.add(new ConsumerProblem(Kind.POLL_THREAD_GONE, severity, ago(duration),
						"poll thread gone: no thread has polled for " + duration.toMillis()
								+ " ms, though the consumer is started"));
			}
		}
	}

	private void addLate(List<ConsumerProblem> problems, List<ConsumerSession> sessions) {
		Duration group = betweenPolls(this.maxPollInterval);
		boolean othersPoll = sessions.stream().anyMatch((session) -> session.sinceLastPoll().compareTo(group) <= 0);
		for (ConsumerSession session : sessions) {
			Duration since = session.sinceLastPoll();
			if (since.compareTo(limit(session.state())) > 0) {
				problems.add(new ConsumerProblem(Kind.POLL_THREAD_LATE, othersPoll ? Severity.WARNING : Severity.DOWN,
						ago(since),
						"poll thread late: " + session.thread().getName() + " has not polled for " + since.toMillis()
								+ " ms, and max.poll.interval.ms is " + this.maxPollInterval.toMillis()));
			}
		}
	}

	private Instant ago(Duration duration) {
		return this.ticker.instant().minus(duration);
	}

	/**
	 * Return how long ago the last poll may have begun: half the time that the group
	 * allows, or all of it while records are waited for on purpose, beside what polls and
	 * the pauses between them take.
	 */
	private Duration limit(ConsumerState state) {
		boolean waits = state == ConsumerState.REBALANCING || state == ConsumerState.DRAINING;
		return betweenPolls(waits ? this.maxPollInterval : this.maxPollInterval.dividedBy(2));
	}

	private Duration betweenPolls(Duration allowed) {
		ContainerProperties properties = this.container.getContainerProperties();
		return allowed.plusMillis(properties.getPollTimeout()).plusMillis(properties.getIdleBetweenPolls());
	}

}
