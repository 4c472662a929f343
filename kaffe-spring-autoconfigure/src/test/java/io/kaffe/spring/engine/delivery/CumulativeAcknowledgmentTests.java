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

package io.kaffe.spring.engine.delivery;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.listener.AcknowledgingMessageListener;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.TestWorkerOwner;
import io.kaffe.spring.engine.worker.Worker;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for acknowledgments that count for earlier records, too.
 */
@ExtendWith(OutputCaptureExtension.class)
class CumulativeAcknowledgmentTests {

	private final ManualExecution execution = new ManualExecution();

	private final RecordedAssignment assignment = new RecordedAssignment();

	private final Map<Long, Acknowledgment> acknowledgments = new TreeMap<>();

	/** What is acknowledged before the listener returns. */
	private final Set<Long> acknowledgedAtOnce = new TreeSet<>();

	private final List<Long> failing = new ArrayList<>();

	private final Worker worker = new DefaultWorkerManager(this.execution.runtime())
		.register("orders", 16, new TestWorkerOwner())
		.internal("worker");

	@Test
	void recordsBeforeTheAcknowledgedOneAreCompletedWithIt() {
		handle(Acknowledging.CUMULATIVE, 0, 1, 2, 5, 6);
		assertThat(this.assignment.held().detached()).isEqualTo(5);
		acknowledge(5);
		assertThat(this.assignment.completed).containsExactly(0L, 1L, 2L, 5L);
		assertThat(this.assignment.held().detached()).isOne();
		assertThat(this.assignment.running).isZero();
	}

	@Test
	void acknowledgmentWithinTheListenerCountsForEarlierRecordsToo() {
		this.acknowledgedAtOnce.add(2L);
		handle(Acknowledging.CUMULATIVE, 0, 1, 2, 3);
		assertThat(this.assignment.completed).containsExactly(0L, 1L, 2L);
		assertThat(this.acknowledgments).containsKey(3L);
	}

	@Test
	void recordIsCompletedOnceWhoeverAcknowledgesIt() {
		handle(Acknowledging.CUMULATIVE, 0, 1, 2);
		acknowledge(0);
		acknowledge(1);
		acknowledge(0);
		acknowledge(2);
		acknowledge(1);
		acknowledge(2);
		assertThat(this.assignment.completed).containsExactly(0L, 1L, 2L);
		assertThat(this.assignment.held().detached()).isZero();
		assertThat(this.assignment.held().isLeftOpen()).isFalse();
	}

	@ParameterizedTest
	@EnumSource(names = { "SINGLE", "OUT_OF_ORDER" })
	void otherwiseAnAcknowledgmentCountsForItsRecordAlone(Acknowledging acknowledging) {
		RecordDelivery delivery = handle(acknowledging, 0, 1, 2);
		acknowledge(2);
		acknowledge(1);
		assertThat(this.assignment.completed).containsExactly(2L, 1L);
		assertThat(acknowledgment(0).isOutOfOrderCommit()).isTrue();
		assertThat(delivery.detachedRecords()).hasSize(1);
	}

	@Test
	void recordsOfOtherAssignmentsAreLeftAlone() {
		RecordDelivery delivery = handle(Acknowledging.CUMULATIVE, 0, 1);
		RecordedAssignment elsewhere = new RecordedAssignment("refunds");
		this.worker.submit(RecordWork.of(elsewhere.records(7), elsewhere, delivery));
		this.execution.runAll();
		acknowledge(7);
		assertThat(elsewhere.completed).containsExactly(7L);
		assertThat(this.assignment.completed).isEmpty();
		assertThat(acknowledgment(0).isOutOfOrderCommit()).isFalse();
	}

	@Test
	void recordThatFailsIsNotCompletedByTheAcknowledgmentOfAnEarlierOne() {
		this.failing.add(1L);
		handle(Acknowledging.CUMULATIVE, 0, 1, 2);
		acknowledge(0);
		assertThat(this.assignment.completed).containsExactly(0L);
		assertThat(this.acknowledgments).as("the next one waits").containsOnlyKeys(0L, 1L);
	}

	@Test
	void discardedRecordIsCompletedAlone() {
		handle(Acknowledging.CUMULATIVE, 0, 1);
		((RecordAcknowledgment) acknowledgment(1)).discard();
		assertThat(this.assignment.completed).containsExactly(1L);
		assertThat(this.assignment.running).isZero();
	}

	@Test
	void whatIsLeftToALaterAcknowledgmentIsNotWaitedForOnceThereWasOne(CapturedOutput output) {
		this.acknowledgedAtOnce.add(1L);
		RecordDelivery delivery = handle(Acknowledging.CUMULATIVE, 0);
		RecordedAssignment elsewhere = new RecordedAssignment("refunds");
		this.worker.submit(RecordWork.of(elsewhere.records(7), elsewhere, delivery));
		this.execution.runAll();
		assertThat(delivery.detachedRecords()).as("they may be acknowledged by themselves").hasSize(2);
		assertThat(output).doesNotContain("The acknowledgment of");
		submit(delivery, 1, 2, 3);
		assertThat(delivery.detachedRecords()).as("they are not expected to be").isEmpty();
		assertThat(this.assignment.held().detached()).isEqualTo(2);
		assertThat(output).contains("The acknowledgment of orders-0@1 completes one record before it, too");
		acknowledge(3);
		assertThat(this.assignment.completed).containsExactly(0L, 1L, 2L, 3L);
		assertThat(this.assignment.held().detached()).isZero();
	}

	@Test
	void listenerThatAcknowledgesEachRecordLaterIsWaitedFor(CapturedOutput output) {
		RecordDelivery delivery = handle(Acknowledging.CUMULATIVE, 0, 1, 2);
		acknowledge(0);
		acknowledge(1);
		assertThat(this.assignment.completed).containsExactly(0L, 1L);
		assertThat(delivery.detachedRecords()).as("the last one").hasSize(1);
		submit(delivery, 3);
		assertThat(delivery.detachedRecords()).hasSize(2);
		assertThat(output).doesNotContain("The acknowledgment of");
	}

	private void acknowledge(long offset) {
		acknowledgment(offset).acknowledge();
	}

	private Acknowledgment acknowledgment(long offset) {
		return Objects.requireNonNull(this.acknowledgments.get(offset));
	}

	private RecordDelivery handle(Acknowledging acknowledging, long... offsets) {
		RecordDelivery delivery = new RecordDelivery(
				(AcknowledgingMessageListener<Object, Object>) (record, acknowledgment) -> {
					this.acknowledgments.put(record.offset(), Objects.requireNonNull(acknowledgment));
					if (this.failing.contains(record.offset())) {
						throw new IllegalStateException("On purpose");
					}
					if (this.acknowledgedAtOnce.contains(record.offset())) {
						acknowledgment.acknowledge();
					}
				}, ListenerType.ACKNOWLEDGING, null, acknowledging, false,
				new DeliverySettings(
						"group", false, new FailurePolicy(0, new FixedBackOff(1000, Long.MAX_VALUE), null, Set.of(),
								FailureAction.PARK, Map.of(), null, null, 100),
						null, new LogContext("orders", false), this.execution));
		submit(delivery, offsets);
		return delivery;
	}

	private void submit(RecordDelivery delivery, long... offsets) {
		this.worker.submit(RecordWork.of(this.assignment.records(offsets), this.assignment, delivery));
		this.execution.runAll();
	}

}
