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

import java.util.List;
import java.util.Objects;

import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.kaffe.spring.engine.delivery.NotesInMemory;
import io.kaffe.spring.engine.delivery.OnceDelivery;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Repositioning}: whom a move concerns, and what is logged of it. Ten
 * records were polled.
 */
@ExtendWith(OutputCaptureExtension.class)
class RepositioningTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final ManualExecution execution = new ManualExecution();

	private final MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest");

	private final AssignmentParts parts = new AssignmentParts(this.consumer,
			ContainerFixtures.inGroup("orders", this.execution), this.execution);

	private final Repositioning repositioning = new Repositioning(this.consumer, this.parts.assignments,
			this.parts.replacement, this.parts.context.internalErrors());

	private final PartitionAssignment assignment = this.parts.assign(PARTITION);

	@BeforeEach
	void poll() {
		this.consumer.assign(List.of(PARTITION));
		this.consumer.seek(PARTITION, 10);
		this.assignment.append(AssignmentParts.records(PARTITION, 0, 10), null);
	}

	@Test
	void positionIsMovedWhenNoRecordIsBeingHandledAnyMore() {
		assertThat(this.repositioning.isUnderWay()).isFalse();
		assertThat(this.repositioning.proceed()).as("nothing to do").isFalse();
		assertThat(this.assignment.enter()).isTrue();
		this.repositioning.moved(this.assignment, 3);
		assertThat(this.repositioning.isUnderWay()).isTrue();
		assertThat(this.repositioning.position(PARTITION)).isEqualTo(3);
		assertThat(this.repositioning.proceed()).isTrue();
		assertThat(this.parts.assignments.get(PARTITION)).isSameAs(this.assignment);
		this.assignment.exit();
		assertThat(this.repositioning.proceed()).isTrue();
		assertThat(this.parts.assignments.get(PARTITION)).isNotSameAs(this.assignment);
		assertThat(this.consumer.position(PARTITION)).as("the first unfinished").isZero();
		assertThat(this.repositioning.isUnderWay()).isFalse();
	}

	@Test
	void moveDoesNotConcernAPartitionThatComesBack() {
		assertThat(this.assignment.enter()).isTrue();
		this.repositioning.moved(this.assignment, 3);
		this.parts.replacement.remove(this.assignment);
		PartitionAssignment next = this.parts.assign(PARTITION);
		this.assignment.exit();
		assertThat(this.repositioning.isUnderWay()).isFalse();
		assertThat(this.repositioning.position(PARTITION)).isNull();
		assertThat(this.repositioning.proceed()).isFalse();
		assertThat(this.parts.assignments.get(PARTITION)).isSameAs(next);
		assertThat(this.consumer.position(PARTITION)).isEqualTo(10);
	}

	@Test
	void recordsThatAreReadThoughTheyAreBelowThePositionAreLogged(CapturedOutput output) {
		complete(0, 5);
		complete(6, 4);
		this.repositioning.moved(this.assignment, 8);
		this.repositioning.proceed();
		assertThat(output).contains("Reading orders-0 from offset 5, its first unfinished record; of those below 8, "
				+ "completed ones are not handled again");
	}

	@Test
	void positionBelowWhichNothingIsUnfinishedIsNotLogged(CapturedOutput output) {
		complete(0, 10);
		this.repositioning.moved(this.assignment, 8);
		this.repositioning.proceed();
		assertThat(this.consumer.position(PARTITION)).isEqualTo(8);
		assertThat(output).doesNotContain("unfinished");
	}

	@Test
	void onlyAMovedPositionHasWhatIsNotedHandledAgain() {
		OnceDelivery once = new OnceDelivery(new NotesInMemory(), this.execution,
				new LimitedLog("orders", this.execution.runtime()));
		AssignmentParts noted = new AssignmentParts(this.consumer, ContainerFixtures.handledOnce(once, this.execution),
				this.execution);
		Repositioning ofNoted = new Repositioning(this.consumer, noted.assignments, noted.replacement,
				noted.context.internalErrors());
		PartitionAssignment unpolled = noted.assign(PARTITION);
		ofNoted.readAgain(unpolled);
		ofNoted.proceed();
		PartitionAssignment next = Objects.requireNonNull(noted.assignments.get(PARTITION));
		assertThat(next).isNotSameAs(unpolled);
		assertThat(next.preparation().handledAgainFrom()).isNull();
		ofNoted.moved(next, 3);
		assertThat(next.preparation().handledAgainFrom()).isEqualTo(3);
	}

	private void complete(long from, int count) {
		AssignmentParts.records(PARTITION, from, count).forEach(this.assignment::complete);
	}

}
