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

package io.kaffe.spring.test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.WorkerAllocationStrategy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/**
 * What Kaffe relies on in a {@link WorkerAllocationStrategy} that decides for each
 * partition, as tests. The test of a strategy extends this class and gets them:
 *
 * <pre class="code">
 * class WorkerPerTopicTests extends WorkerAllocationStrategyContract {
 *
 *     &#64;Override
 *     protected WorkerAllocationStrategy strategy() {
 *         return new WorkerPerTopic();
 *     }
 *
 * }
 * </pre>
 *
 * A strategy
 * <ul>
 * <li>says every time that it decides for each partition,
 * <li>names the worker of every partition of the topics it is used for, of the first one
 * and of those that may be added later, without throwing,
 * <li>never names it {@code null} or blank,
 * <li>gives the same name every time, in whatever order it is asked,
 * <li>and to several threads that ask at once.
 * </ul>
 * Each is a test of its own, and where several things are wrong, each is reported by its
 * own test. Which partitions share a worker is the strategy's business: no test looks at
 * that.
 *
 * @see RecordWorkerAllocationStrategyContract
 */
public abstract class WorkerAllocationStrategyContract {

	private static final int LARGE_PARTITION = 9_999;

	private static final int TIMES = 3;

	/**
	 * Return the strategy. Called once for each test.
	 * @return the strategy, a new one or always the same
	 */
	protected abstract WorkerAllocationStrategy strategy();

	/**
	 * Return partitions of the topics that the strategy is used for. Override this if it
	 * does not take any topic. Partition 0 and a large partition of each topic are added
	 * by this class, since partitions can be added to topics while a service runs.
	 * @return the partitions, one or more
	 */
	protected Collection<TopicPartition> partitions() {
		return List.of(new TopicPartition("orders", 0), new TopicPartition("orders", 1),
				new TopicPartition("refunds", 0), new TopicPartition("refunds", 1),
				new TopicPartition("accounts.v1_changed-EU", 7));
	}

	@Test
	void decidesForEachPartition() {
		WorkerAllocationStrategy strategy = strategy();
		List<Answer> answers = new ArrayList<>();
		for (TopicPartition partition : samples()) {
			answers.add(Answer.of(strategy::isPerRecord));
			ask(strategy, partition);
		}
		answers.add(Answer.of(strategy::isPerRecord));
		assertThat(answers)
			.withFailMessage("isPerRecord() gave %s, one after the other; for a strategy that decides for each "
					+ "partition it is false every time. Do not override it, or, if the strategy is to decide for "
					+ "each record, extend RecordWorkerAllocationStrategyContract.", answers)
			.containsOnly(new Answer(false, null));
	}

	@Test
	void namesTheWorkerOfEveryPartition() {
		WorkerAllocationStrategy strategy = strategy();
		for (TopicPartition partition : samples()) {
			Answer answer = ask(strategy, partition);
			if (answer.failure() != null) {
				fail("workerName(" + describe(partition) + ") threw " + answer.failure()
						+ ". Name a worker for every partition of the topics that are consumed, including those that "
						+ "are added later: until it has a name, a partition is paused. If the strategy is for "
						+ "certain topics, override partitions().", answer.failure());
			}
		}
	}

	@Test
	void workerNamesAreNotBlank() {
		WorkerAllocationStrategy strategy = strategy();
		for (TopicPartition partition : samples()) {
			Answer answer = ask(strategy, partition);
			boolean blank = answer.value() == null || answer.value().toString().isBlank();
			if (answer.failure() == null && blank) {
				fail("workerName(%s) returned %s. Return a name with at least one character that is no "
						+ "white space: until then, the partition is paused.", describe(partition), answer);
			}
		}
	}

	@Test
	void workerNamesAreTheSameEveryTime() {
		WorkerAllocationStrategy strategy = strategy();
		List<TopicPartition> samples = new ArrayList<>(samples());
		List<Answer> first = answers(strategy, samples);
		for (int time = 0; time < TIMES; time++) {
			Collections.reverse(samples);
			Collections.reverse(first);
			List<Answer> again = answers(strategy, samples);
			for (int index = 0; index < samples.size(); index++) {
				if (again.get(index).differsFrom(first.get(index))) {
					fail("workerName(%s) gave %s at first and %s when asked again, after other partitions. "
							+ "Make the name depend on nothing but the topic and the partition's number: otherwise "
							+ "partitions that share a worker no longer do after a rebalance.",
							describe(samples.get(index)), first.get(index), again.get(index));
				}
			}
		}
	}

	@Test
	void workerNamesAreTheSameOnSeveralThreads() {
		WorkerAllocationStrategy strategy = strategy();
		List<Named> named = samples().stream()
			.map((partition) -> new Named(partition, ask(strategy, partition)))
			.toList();
		List<Named> stable = named.stream()
			.filter((each) -> !ask(strategy, each.partition()).differsFrom(each.answer()))
			.toList();
		if (!stable.isEmpty()) {
			new Threads(patience()).ask(stable, (each) -> complaint(each, ask(strategy, each.partition())));
		}
	}

	/**
	 * Return how long several threads may take to ask at once.
	 */
	Duration patience() {
		return Duration.ofSeconds(30);
	}

	private static @Nullable String complaint(Named expected, Answer answer) {
		return answer.differsFrom(expected.answer()) ? "workerName(" + describe(expected.partition()) + ") gave "
				+ expected.answer() + " to a single thread, and " + answer
				+ " to one of several that asked at once. It must be safe for concurrent use: it should keep nothing "
				+ "in fields while it decides, and ask for nothing that belongs to the calling thread." : null;
	}

	private Set<TopicPartition> samples() {
		Set<TopicPartition> samples = new LinkedHashSet<>(partitions());
		assertThat(samples)
			.withFailMessage("partitions() returned none. Return one or more partitions that the strategy is for.")
			.isNotEmpty();
		for (TopicPartition partition : List.copyOf(samples)) {
			samples.add(new TopicPartition(partition.topic(), 0));
			samples.add(new TopicPartition(partition.topic(), LARGE_PARTITION));
		}
		return samples;
	}

	private static List<Answer> answers(WorkerAllocationStrategy strategy, Collection<TopicPartition> partitions) {
		List<Answer> answers = new ArrayList<>();
		partitions.forEach((partition) -> answers.add(ask(strategy, partition)));
		return answers;
	}

	/**
	 * Ask for a name, with a topic that is another object every time, as it is in
	 * service.
	 */
	private static Answer ask(WorkerAllocationStrategy strategy, TopicPartition partition) {
		String topic = SampleRecords.copyOf(partition.topic());
		return Answer.of(() -> strategy.workerName(topic, partition.partition()));
	}

	private static String describe(TopicPartition partition) {
		return "\"" + partition.topic() + "\", " + partition.partition();
	}

	/**
	 * A partition and what the strategy answered about it.
	 */
	private record Named(TopicPartition partition, Answer answer) {
	}

}
