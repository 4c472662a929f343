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
import java.util.Set;

import org.apache.kafka.common.Uuid;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.TestWorkerOwner;
import io.kaffe.spring.engine.worker.Worker;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Delivery} of records whose partition is revoked while the transaction
 * begins in which they are to be handled: that may take longer than the drain.
 */
class RevokedWhileBeginningTests {

	private static final OnceStore.Partition NOTED = new OnceStore.Partition("group", "orders", Uuid.ZERO_UUID, 0);

	private final MockTransactions mock = new MockTransactions();

	private final NotesInMemory notes = new NotesInMemory();

	private final RecordedAssignment assignment = new RecordedAssignment();

	@ParameterizedTest
	@CsvSource({ "true, false", "false, true", "true, true" })
	void recordIsLeftToTheNextOwner(boolean inKafka, boolean inDatabase) {
		ManualExecution execution = new ManualExecution();
		List<Long> handled = new ArrayList<>();
		FailurePolicy policy = new FailurePolicy(0, new FixedBackOff(1000, 1), null, Set.of(), FailureAction.PARK,
				Map.of(), null, null, 100);
		RecordDelivery delivery = new RecordDelivery(
				(MessageListener<Object, Object>) (record) -> handled.add(record.offset()), ListenerType.SIMPLE, null,
				Acknowledging.NONE, false,
				new DeliverySettings("group", false, policy, null, new LogContext("orders", true), execution, inDatabase
						? new OnceDelivery(this.notes, execution, new LimitedLog("orders", execution.runtime())) : null,
						inKafka ? this.mock.transactions : null));
		Worker worker = new DefaultWorkerManager(execution.runtime(), List.of())
			.register("orders", 16, new TestWorkerOwner())
			.internal("worker");
		revokeWhileBeginning(inDatabase);
		worker.submit(RecordWork.of(this.assignment.records(0), this.assignment, delivery));
		execution.runAll();
		assertThat(handled).isEmpty();
		assertLeft(delivery);
	}

	@ParameterizedTest
	@CsvSource({ "true, false", "false, true", "true, true" })
	void batchIsLeftToTheNextOwner(boolean inKafka, boolean inDatabase) {
		BatchBench bench = new BatchBench();
		if (inKafka) {
			bench.transactional(this.mock.transactions);
		}
		if (inDatabase) {
			bench.once(this.notes);
		}
		revokeWhileBeginning(inDatabase);
		bench.submit(this.assignment, 0).run();
		assertThat(bench.delivered).isEmpty();
		assertLeft(bench.delivery());
	}

	private void revokeWhileBeginning(boolean inDatabase) {
		this.assignment.noted = NOTED;
		Runnable revocation = () -> this.assignment.revoked = true;
		if (inDatabase) {
			this.notes.beginning = revocation;
		}
		else {
			this.mock.beginning = revocation;
		}
	}

	private void assertLeft(Delivery delivery) {
		assertThat(this.notes.offsets(NOTED)).isEmpty();
		assertThat(this.mock.producer().commitCount()).isZero();
		assertThat(this.assignment.completed).isEmpty();
		assertThat(this.assignment.dropped).containsExactly(0L);
		assertThat(this.assignment.running).isZero();
		assertThat(delivery.failures().all()).isEmpty();
	}

}
