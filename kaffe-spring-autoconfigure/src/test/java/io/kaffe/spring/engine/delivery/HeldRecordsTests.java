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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.offset.ParkedHistory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link HeldRecords}.
 */
class HeldRecordsTests {

	private final List<Integer> wakeUps = new ArrayList<>();

	private int changes;

	private final HeldRecords held = new HeldRecords(2, this::addWakeUp, this::addChange, new ParkedHistory());

	@Test
	void limitOfParkedRecordsIsReachedAndLeftOnce() {
		for (int count = 0; count < 3; count++) {
			assertThat(this.held.isMaxParked()).isEqualTo(count >= 2);
			this.held.park();
		}
		for (int count = 3; count > 0; count--) {
			assertThat(this.held.isMaxParked()).isEqualTo(count >= 2);
			this.held.unpark();
		}
		assertThat(this.wakeUps).as("when one less than the limit is parked").containsExactly(1);
		assertThat(this.held.parked()).isZero();
	}

	@Test
	void parkedRecordsAreStillWithTheirWorkers() {
		this.held.park();
		assertThat(this.held.detached()).isZero();
	}

	@Test
	void recordsLeftOpenAreDetachedUntilTheyAreAcknowledged() {
		this.held.leaveOpen();
		this.held.leaveOpen();
		assertThat(this.held.detached()).isEqualTo(2);
		this.held.acknowledge();
		assertThat(this.held.isLeftOpen()).isTrue();
		this.held.acknowledge();
		assertThat(this.held.isLeftOpen()).isFalse();
		assertThat(this.held.detached()).isZero();
	}

	@Test
	void keptRecordIsCompletedByOneOnly() {
		for (long offset : new long[] { 3, 5, 7 }) {
			this.held.keep(new ConsumerRecord<>("orders", 0, offset, "key", "value"));
		}
		List<ConsumerRecord<?, ?>> kept = this.held.keptUpTo(5);
		assertThat(kept).extracting("offset").containsExactly(3L, 5L);
		assertThat(this.held.detached()).isEqualTo(3);
		assertThat(this.held.release(kept.get(0))).isTrue();
		assertThat(this.held.detached()).isEqualTo(2);
		assertThat(this.held.release(kept.get(0))).isFalse();
		assertThat(this.held.keptUpTo(7)).extracting("offset").containsExactly(5L, 7L);
	}

	@Test
	void whatIsParkedOrForgottenIsToBeCommitted() {
		this.held.park();
		assertThat(this.changes).isEqualTo(1);
		this.held.unpark();
		assertThat(this.changes).isEqualTo(1);
		this.held.forgetParked(7);
		assertThat(this.changes).isEqualTo(2);
	}

	private void addChange() {
		this.changes++;
	}

	private void addWakeUp() {
		this.wakeUps.add(this.held.parked());
	}

}
