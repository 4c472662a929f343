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

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

import org.apache.kafka.common.TopicPartition;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.engine.delivery.OnceDelivery;
import io.kaffe.spring.engine.worker.StalledRecord;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerProblem.Kind;
import io.kaffe.spring.table.ConsumerProblem.Severity;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.PartitionSnapshot;

/**
 * What is wrong with a consumer: that it does not run or poll, that brokers do not
 * answer, that its partitions do not progress, and the records that need an operator.
 * <p>
 * <b>Threading.</b> Any thread calls; nothing blocks, and nothing of the engine waits for
 * it.
 */
final class ConsumerHealth {

	private final AbstractMessageListenerContainer<?, ?> container;

	private final ConsumerContext context;

	private final ContainerSupervision supervision;

	private final BrokerAnswers answers;

	private final PollHealth polls;

	private final ProgressHealth progress;

	/**
	 * Create health.
	 * @param context the consumer
	 * @param supervision knows whether it was stopped, and which threads poll
	 * @param answers whether brokers answer
	 */
	ConsumerHealth(ConsumerContext context, ContainerSupervision supervision, BrokerAnswers answers) {
		this.container = context.facts().container();
		this.context = context;
		this.supervision = supervision;
		this.answers = answers;
		this.polls = new PollHealth(this.container, supervision, context.facts().maxPollInterval(), context.ticker());
		this.progress = new ProgressHealth(context.ticker());
	}

	/**
	 * Return what is wrong.
	 * @param sessions the consumer's sessions
	 * @param partitions its partitions
	 * @return the problems, the worst first
	 */
	List<ConsumerProblem> problems(Collection<ConsumerSession> sessions, List<PartitionSnapshot> partitions) {
		List<ConsumerProblem> problems = new ArrayList<>();
		ConsumerSnapshot.Stop stopped = this.supervision.stopped();
		if (stopped != null) {
			problems.add(new ConsumerProblem(Kind.STOPPED, stopped.at(), "stopped: " + stopped.reason()));
		}
		problems.addAll(this.polls.problems(sessions));
		sessions.stream()
			.map(ConsumerSession::commitProblem)
			.filter(Objects::nonNull)
			.forEach((failing) -> problems.add(new ConsumerProblem(Kind.COMMITS_FAILING, null, failing)));
		OnceDelivery once = this.context.delivery().once();
		if (once != null) {
			problems.addAll(once.problems());
		}
		ConsumerProblem internalError = this.context.internalErrors().problem();
		if (internalError != null) {
			problems.add(internalError);
		}
		ConsumerSnapshot.Outage outage = this.context.delivery().outages().snapshot();
		if (outage != null) {
			problems.add(new ConsumerProblem(Kind.OUTAGE, outage.since(), outage.message()));
		}
		addDeletionExpected(problems, partitions);
		Set<TopicPartition> heldUp = new HashSet<>();
		int records = problems.size();
		addStalled(problems, heldUp);
		addFailing(problems, heldUp);
		records = problems.size() - records;
		if (this.container.isRunning()) {
			ConsumerProblem unanswered = this.answers.problem();
			if (unanswered != null) {
				problems.add(unanswered);
			}
			problems.addAll(this.progress.problems(partitions, isBlocked(partitions, heldUp, records)));
		}
		else {
			this.progress.reset();
		}
		problems.sort(ConsumerProblem.ORDER);
		return problems;
	}

	private static void addDeletionExpected(List<ConsumerProblem> problems, List<PartitionSnapshot> partitions) {
		for (PartitionSnapshot partition : partitions) {
			PartitionSnapshot.DeletionExpected expected = partition.deletionExpected();
			if (expected != null) {
				PartitionSnapshot.OldestUnfinished oldest = partition.oldestUnfinished();
				problems.add(new ConsumerProblem(Kind.RETENTION, (oldest != null) ? oldest.since() : null,
						"retention: " + partition.topic() + "-" + partition.partition() + "@" + expected.offset()
								+ " is unfinished and is expected to be deleted from " + expected.at() + " on"));
			}
		}
	}

	private void addStalled(List<ConsumerProblem> problems, Set<TopicPartition> heldUp) {
		Instant now = this.context.ticker().instant();
		for (StalledRecord stalled : this.context.workers().stalled()) {
			TopicPartition partition = new TopicPartition(stalled.record().topic(), stalled.record().partition());
			heldUp.add(partition);
			problems.add(new ConsumerProblem(Kind.STALLED, now.minus(stalled.duration()),
					"stalled: " + partition + "@" + stalled.record().offset() + " has been with its handler for "
							+ stalled.duration().toSeconds() + " s"
							+ ((stalled.worker() != null) ? ", " + stalled.worker() + " waits" : "")));
		}
	}

	private void addFailing(List<ConsumerProblem> problems, Set<TopicPartition> heldUp) {
		Instant longAgo = this.context.ticker().instant().minus(this.context.settings().stallLimits().threshold());
		for (FailingRecord failing : this.context.delivery().failures().all()) {
			if (failing.state() == FailingRecord.State.PARKED || failing.since().isBefore(longAgo)) {
				heldUp.add(failing.partition());
				Kind kind = kind(failing.state());
				Severity severity = (kind == Kind.PARKED) ? this.context.settings().parkedSeverity() : Severity.WARNING;
				problems.add(new ConsumerProblem(kind, severity, failing.since(),
						kind + ": " + failing.partition() + "@" + failing.offset() + ", "
								+ failing.failure().getClass().getName() + " since " + failing.since()));
			}
		}
	}

	private static Kind kind(FailingRecord.State state) {
		return switch (state) {
			case RETRYING -> Kind.RETRYING;
			case RECOVERING -> Kind.RECOVERING;
			case PARKED -> Kind.PARKED;
			case STOPPING -> Kind.STOPPING;
		};
	}

	/**
	 * Return whether nothing gets past the records that hold partitions up, though
	 * something waits behind them.
	 */
	private boolean isBlocked(List<PartitionSnapshot> partitions, Set<TopicPartition> heldUp, int records) {
		if (partitions.isEmpty()) {
			return false;
		}
		Set<String> heldUpWorkers = new HashSet<>();
		long lag = 0;
		for (PartitionSnapshot partition : partitions) {
			String worker = partition.worker();
			if (worker != null && heldUp.contains(new TopicPartition(partition.topic(), partition.partition()))) {
				heldUpWorkers.add(worker);
			}
			Long known = partition.lag().records();
			// What is unknown may well be there.
			lag += (known != null) ? known : Integer.MAX_VALUE;
		}
		return lag > records && partitions.stream()
			.allMatch((partition) -> "parked".equals(partition.paused()) || heldUpWorkers.contains(partition.worker()));
	}

}
