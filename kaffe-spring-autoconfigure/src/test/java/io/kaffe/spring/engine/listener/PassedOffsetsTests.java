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

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.transaction.KafkaTransactionManager;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.TransactionDefinition;

import io.kaffe.spring.engine.delivery.KafkaTransactions;
import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PassedOffsets}.
 */
class PassedOffsetsTests {

	private final Deque<Runnable> tasks = new ArrayDeque<>();

	private final List<String> begun = new ArrayList<>();

	private final AssignmentParts parts = new AssignmentParts(new CommittingConsumer(),
			ContainerFixtures.inGroup("orders", new ManualExecution()), new ManualExecution());

	private final PartitionAssignment orders = this.parts.assign(new TopicPartition("orders", 0));

	private final PartitionAssignment refunds = this.parts.assign(new TopicPartition("refunds", 0));

	private final PassedOffsets passed = new PassedOffsets(transactions(), this.tasks::add);

	private Runnable meanwhile = () -> {
	};

	@Test
	void oneTaskCommitsAllThatIsRequested() {
		this.passed.commit(this.orders);
		this.passed.commit(this.orders);
		this.passed.commit(this.refunds);
		assertThat(this.begun).as("on the calling thread").isEmpty();
		assertThat(this.tasks).hasSize(1);
		this.tasks.remove().run();
		assertThat(this.begun).as("one failed, the others were committed all the same").hasSize(2);
	}

	@Test
	void whatIsRequestedMeanwhileIsCommittedToo() {
		this.meanwhile = () -> {
			this.meanwhile = () -> {
			};
			this.passed.commit(this.orders);
		};
		this.passed.commit(this.orders);
		this.tasks.remove().run();
		assertThat(this.begun).hasSize(2);
		this.passed.commit(this.orders);
		assertThat(this.tasks).hasSize(1);
	}

	@Test
	void drainWaitsForACommit() {
		List<Boolean> running = new ArrayList<>();
		this.meanwhile = () -> running.add(this.orders.isRunning());
		this.passed.commit(this.orders);
		this.tasks.remove().run();
		assertThat(running).containsExactly(true);
		assertThat(this.orders.isRunning()).isFalse();
	}

	@Test
	void nothingIsCommittedOfARevokedPartition() {
		this.passed.commit(this.orders);
		this.orders.revoke();
		this.tasks.remove().run();
		assertThat(this.begun).isEmpty();
		assertThat(this.orders.isRunning()).isFalse();
	}

	/**
	 * Return transactions that cannot be begun.
	 */
	private KafkaTransactions transactions() {
		DefaultKafkaProducerFactory<Object, Object> factory = new DefaultKafkaProducerFactory<>(Map.of());
		factory.setTransactionIdPrefix("orders-");
		return new KafkaTransactions(new KafkaTransactionManager<>(factory) {

			@Override
			protected void doBegin(Object transaction, TransactionDefinition definition) {
				PassedOffsetsTests.this.begun.add("begun");
				PassedOffsetsTests.this.meanwhile.run();
				throw new CannotCreateTransactionException("On purpose");
			}

		}, null);
	}

}
