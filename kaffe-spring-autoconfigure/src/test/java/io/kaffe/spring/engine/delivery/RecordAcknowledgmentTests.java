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

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
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
 * Tests for listeners that fail and acknowledge their record all the same.
 */
@ExtendWith(OutputCaptureExtension.class)
class RecordAcknowledgmentTests {

	private final ManualExecution execution = new ManualExecution();

	private final RecordedAssignment assignment = new RecordedAssignment();

	private final List<Acknowledgment> acknowledgments = new ArrayList<>();

	private Consumer<Acknowledgment> firstAttempt = (acknowledgment) -> {
	};

	private final RecordDelivery delivery = new RecordDelivery(
			(AcknowledgingMessageListener<Object, Object>) (record, acknowledgment) -> {
				this.acknowledgments.add(Objects.requireNonNull(acknowledgment));
				if (this.acknowledgments.size() == 1) {
					this.firstAttempt.accept(acknowledgment);
					throw new IllegalStateException("On purpose");
				}
			}, ListenerType.ACKNOWLEDGING, null, Acknowledging.OUT_OF_ORDER, false,
			new DeliverySettings(
					"group", false, new FailurePolicy(0, new FixedBackOff(1000, Long.MAX_VALUE), null, Set.of(),
							FailureAction.PARK, Map.of(), null, null, 100),
					null, new LogContext("orders", false), this.execution));

	private final Worker worker = new DefaultWorkerManager(this.execution.runtime())
		.register("orders", 16, new TestWorkerOwner())
		.internal("worker");

	private void handle(long... offsets) {
		this.worker.submit(RecordWork.of(this.assignment.records(offsets), this.assignment, this.delivery));
		this.execution.runAll();
	}

	private void backOff() {
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
	}

	@Test
	void recordThatWasAcknowledgedBeforeItsListenerFailedIsCompleted(CapturedOutput output) {
		this.firstAttempt = Acknowledgment::acknowledge;
		handle(0, 1);
		assertThat(this.assignment.completed).containsExactly(0L);
		assertThat(this.acknowledgments).as("the next record is handled").hasSize(2);
		assertThat(this.delivery.failures().all()).isEmpty();
		assertThat(output).containsOnlyOnce("The listener failed after it had acknowledged a record");
		backOff();
		assertThat(this.acknowledgments).as("there is no second attempt").hasSize(2);
		this.assignment.revoked = true;
		this.worker.wake();
		this.execution.runAll();
		assertThat(this.assignment.dropped).isEmpty();
		assertThat(this.assignment.running).isZero();
	}

	@Test
	void recordIsCompletedByTheAcknowledgmentOfAnAttemptThatFailed() {
		handle(0);
		this.acknowledgments.get(0).acknowledge();
		assertThat(this.assignment.completed).containsExactly(0L);
		assertThat(this.assignment.running).isZero();
	}

}
