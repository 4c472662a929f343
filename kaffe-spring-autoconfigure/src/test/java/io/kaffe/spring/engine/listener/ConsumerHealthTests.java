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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.event.ConsumerStartingEvent;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerProblem.Kind;
import io.kaffe.spring.table.ConsumerProblem.Severity;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConsumerHealth}: what makes a consumer down, and what is a warning.
 */
class ConsumerHealthTests {

	private static final TopicPartition FIRST = new TopicPartition("orders", 0);

	private static final TopicPartition SECOND = new TopicPartition("orders", 1);

	private final ManualExecution execution = new ManualExecution();

	private final ContainerSupervisionTests.Container container = new ContainerSupervisionTests.Container();

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest");

	/** Done while a record is being handled. */
	private Runnable whileHandling = () -> {
	};

	private WorkerContainer adopted = adopted(Severity.WARNING);

	@BeforeEach
	void start() {
		this.container.start();
		this.adopted.supervision().onEvent(new ConsumerStartingEvent(this, this.container));
		session();
	}

	private WorkerContainer adopted(Severity parkedSeverity) {
		FailurePolicy policy = new FailurePolicy(0, new FixedBackOff(), null, Set.of(), FailureAction.PARK, Map.of(),
				null, null, 100);
		ConsumerSettings settings = ContainerFixtures
			.settings(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION, 10_000, policy, parkedSeverity);
		return ContainerFixtures.adopted(this.container, settings, (record) -> {
			this.whileHandling.run();
			if (record.value().equals("poison")) {
				// Not tried again.
				throw new ClassCastException("On purpose");
			}
			if (record.value().equals("refused")) {
				throw new IllegalStateException("On purpose");
			}
		}, null, this.execution);
	}

	@Test
	void parkedRecordIsAWarningWhileOthersAreHandled() {
		assign(FIRST, SECOND);
		poll(FIRST, "good", "poison", "good");
		poll(SECOND, "good");
		for (int minute = 0; minute < 30; minute++) {
			assertThat(this.adopted.problems()).singleElement().satisfies((problem) -> {
				assertThat(problem.kind()).isEqualTo(Kind.PARKED);
				assertThat(problem.severity()).isEqualTo(Severity.WARNING);
				assertThat(problem.message())
					.isEqualTo("parked: orders-0@1, java.lang.ClassCastException since 2026-01-01T00:00:00Z");
			});
			this.execution.advance(Duration.ofMinutes(1));
			tick();
		}
	}

	@Test
	void parkedRecordIsAsSevereAsIsConfigured() {
		this.adopted = adopted(Severity.DOWN);
		start();
		assign(FIRST);
		poll(FIRST, "poison");
		assertThat(this.adopted.problems()).extracting(ConsumerProblem::severity).containsExactly(Severity.DOWN);
	}

	@Test
	void recordThatIsRetriedIsAWarningWhenItHasFailedForTheStallThreshold() {
		assign(FIRST);
		poll(FIRST, "refused");
		retryFor(Duration.ofHours(1));
		assertThat(this.adopted.problems()).isEmpty();
		retryFor(Duration.ofSeconds(10));
		assertThat(this.adopted.problems()).singleElement().satisfies((problem) -> {
			assertThat(problem.kind()).isEqualTo(Kind.RETRYING);
			assertThat(problem.severity()).isEqualTo(Severity.WARNING);
		});
	}

	private void retryFor(Duration duration) {
		for (long second = 0; second < duration.toSeconds(); second += 10) {
			this.execution.advance(Duration.ofSeconds(10));
			this.execution.runAll();
			tick();
		}
	}

	@Test
	void recordThatIsStalledIsAWarningAndDownWhenOthersHaveWaitedBehindItForAMinute() {
		assign(FIRST);
		List<List<ConsumerProblem>> problems = new ArrayList<>();
		this.whileHandling = () -> {
			this.whileHandling = () -> {
			};
			this.execution.advance(Duration.ofHours(1));
			tick();
			problems.add(this.adopted.problems());
			this.execution.advance(Duration.ofMinutes(1));
			tick();
			problems.add(this.adopted.problems());
		};
		poll(FIRST, "good", "good");
		assertThat(problems.get(0)).singleElement().satisfies((problem) -> {
			assertThat(problem.kind()).isEqualTo(Kind.STALLED);
			assertThat(problem.meansDown()).isFalse();
			assertThat(problem.since()).isEqualTo("2026-01-01T00:00:00Z");
			assertThat(problem.message())
				.isEqualTo("stalled: orders-0@0 has been with its handler for 3600 s, worker_orders_0 waits");
		});
		assertThat(problems.get(1)).extracting(ConsumerProblem::kind).containsExactly(Kind.BLOCKED, Kind.STALLED);
		assertThat(this.adopted.problems()).isEmpty();
	}

	@Test
	void consumerIsDownWhenParkedRecordsHoldUpAllOfItsPartitions() {
		assign(FIRST, SECOND);
		poll(FIRST, "poison", "good");
		poll(SECOND, "poison", "good");
		assertThat(this.adopted.problems()).extracting(ConsumerProblem::kind).containsExactly(Kind.PARKED, Kind.PARKED);
		this.execution.advance(Duration.ofMinutes(1));
		tick();
		assertThat(this.adopted.problems()).extracting(ConsumerProblem::kind)
			.containsExactly(Kind.BLOCKED, Kind.PARKED, Kind.PARKED);
		assertThat(this.adopted.problems()).extracting(ConsumerProblem::meansDown).containsExactly(true, false, false);
	}

	@Test
	void consumerIsDownWhenOneRecordWaitsBehindParkedRecordsWhateverElseIsWrong() {
		assign(FIRST);
		poll(FIRST, "poison", "good");
		end(2);
		this.adopted.context().internalErrors().add("do something", new IllegalStateException("On purpose"));
		assertThat(this.adopted.problems()).extracting(ConsumerProblem::kind)
			.containsExactlyInAnyOrder(Kind.INTERNAL_ERROR, Kind.PARKED);
		this.execution.advance(Duration.ofMinutes(1));
		tick();
		assertThat(this.adopted.problems()).extracting(ConsumerProblem::kind).contains(Kind.BLOCKED);
	}

	@Test
	void timeBeforeTheConsumerWasStoppedDoesNotCount() {
		assign(FIRST);
		poll(FIRST, "poison", "good");
		assertThat(this.adopted.problems()).extracting(ConsumerProblem::kind).containsExactly(Kind.PARKED);
		this.container.stop();
		assertThat(this.adopted.problems()).extracting(ConsumerProblem::kind).containsExactly(Kind.PARKED);
		this.execution.advance(Duration.ofMinutes(2));
		this.container.start();
		tick();
		assertThat(this.adopted.problems()).extracting(ConsumerProblem::kind).containsExactly(Kind.PARKED);
	}

	@Test
	void consumerIsNotDownWhenNothingWaitsBehindParkedRecords() {
		assign(FIRST);
		poll(FIRST, "poison");
		end(1);
		this.adopted.problems();
		this.execution.advance(Duration.ofMinutes(2));
		tick();
		assertThat(this.adopted.problems()).extracting(ConsumerProblem::kind).containsExactly(Kind.PARKED);
	}

	@Test
	void threadThatHasNotPolledForLongerThanTheGroupAllowsIsDownAndOneThatIsLateIsNot() {
		tick();
		this.execution.advance(Duration.ofMinutes(4));
		assertThat(this.adopted.problems()).singleElement().satisfies((problem) -> {
			assertThat(problem.kind()).isEqualTo(Kind.POLL_THREAD_LATE);
			assertThat(problem.meansDown()).isFalse();
			assertThat(problem.since()).isEqualTo("2026-01-01T00:00:00Z");
		});
		this.execution.advance(Duration.ofSeconds(65));
		assertThat(this.adopted.problems()).as("the interval, and a poll")
			.extracting(ConsumerProblem::meansDown)
			.containsExactly(false);
		this.execution.advance(Duration.ofMillis(1));
		assertThat(this.adopted.problems()).extracting(ConsumerProblem::meansDown).containsExactly(true);
	}

	@Test
	void terminatedThreadIsAWarningWhileOthersPoll() throws InterruptedException {
		Object other = new Object();
		Thread thread = new Thread(
				() -> this.adopted.supervision().onEvent(new ConsumerStartingEvent(other, this.container)));
		thread.start();
		thread.join();
		tick();
		assertThat(this.adopted.problems()).singleElement().satisfies((problem) -> {
			assertThat(problem.kind()).isEqualTo(Kind.POLL_THREAD_GONE);
			assertThat(problem.meansDown()).isFalse();
		});
	}

	@Test
	void unansweredRequestIsReportedAfterHalfAMinuteWithItsBeginning() {
		tick();
		this.adopted.answers().unanswered(0, 0, this.execution.instant());
		this.execution.advance(Duration.ofSeconds(29));
		this.adopted.answers().unanswered(4, 4, this.execution.instant());
		assertThat(this.adopted.snapshot(false).status().noAnswerSince()).isEqualTo("2026-01-01T00:00:00Z");
		assertThat(this.adopted.problems()).isEmpty();
		this.execution.advance(Duration.ofSeconds(1));
		assertThat(this.adopted.problems()).singleElement().satisfies((problem) -> {
			assertThat(problem.kind()).isEqualTo(Kind.NO_ANSWER);
			assertThat(problem.meansDown()).isTrue();
			assertThat(problem.message())
				.isEqualTo("no answer: no broker has answered since 2026-01-01T00:00:00Z, for 30 s");
		});
		assertThat(this.adopted.snapshot(false).status().problems()).hasSize(1);
		this.adopted.answers().answered();
		assertThat(this.adopted.problems()).isEmpty();
		assertThat(this.adopted.snapshot(false).status().noAnswerSince()).isNull();
	}

	@Test
	void brokersOfSomePartitionsThatDoNotAnswerAreAWarning() {
		tick();
		this.adopted.answers().unanswered(1, 4, this.execution.instant());
		this.execution.advance(Duration.ofSeconds(30));
		assertThat(this.adopted.snapshot(false).status().noAnswerSince()).isNull();
		assertThat(this.adopted.problems()).singleElement().satisfies((problem) -> {
			assertThat(problem.meansDown()).isFalse();
			assertThat(problem.message()).isEqualTo("no answer: the brokers of 1 of 4 partitions have not answered "
					+ "since 2026-01-01T00:00:00Z, for 30 s");
		});
		this.adopted.answers().unanswered(4, 4, this.execution.instant());
		assertThat(this.adopted.snapshot(false).status().noAnswerSince()).isEqualTo("2026-01-01T00:00:30Z");
		assertThat(this.adopted.problems()).as("none answers since now")
			.extracting(ConsumerProblem::meansDown)
			.containsExactly(false);
	}

	@Test
	void confirmedCommitIsAnAnswer() {
		tick();
		this.adopted.answers().unanswered(4, 4, this.execution.instant());
		this.execution.advance(Duration.ofMinutes(1));
		assertThat(this.adopted.problems()).hasSize(1);
		this.adopted.context().commitOutcomes().add(null);
		assertThat(this.adopted.problems()).isEmpty();
	}

	@Test
	void consumerThatDoesNotRunNeedsNoAnswer() {
		this.adopted.answers().unanswered(4, 4, this.execution.instant());
		this.container.stop();
		this.execution.advance(Duration.ofHours(1));
		assertThat(this.adopted.problems()).isEmpty();
	}

	private void tick() {
		session().tick();
	}

	private void assign(TopicPartition... partitions) {
		this.consumer.assign(List.of(partitions));
		for (TopicPartition partition : partitions) {
			this.consumer.updateBeginningOffsets(Map.of(partition, 0L));
			this.consumer.updateEndOffsets(Map.of(partition, 100L));
		}
		session().assigned(List.of(partitions));
	}

	private void poll(TopicPartition partition, String... values) {
		List<ConsumerRecord<Object, Object>> records = new ArrayList<>();
		LongStream.range(0, values.length)
			.forEach((offset) -> records.add(new ConsumerRecord<>(partition.topic(), partition.partition(), offset,
					"key", values[(int) offset])));
		session().dispatch(new ConsumerRecords<>(Map.of(partition, records), Map.of()));
		this.execution.runAll();
	}

	/**
	 * Let the end of all partitions be known.
	 */
	private void end(long offset) {
		this.adopted.assignments()
			.forEach((assignment) -> assignment.progress()
				.lag()
				.listed(offset, assignment.progress().next(), this.execution.instant()));
		assertThat(this.adopted.snapshot(false).load().lag().records()).isEqualTo(offset);
	}

	private ConsumerSession session() {
		return this.adopted.session(this.consumer);
	}

}
