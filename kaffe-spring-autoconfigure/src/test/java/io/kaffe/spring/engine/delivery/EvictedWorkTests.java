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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.listener.ListenerType;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.RecordWorkerAllocationStrategy;
import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.delivery.FailurePolicy.Retryable;
import io.kaffe.spring.engine.offset.BlockedKeys;
import io.kaffe.spring.engine.offset.BlockedKeys.BlockedKey;
import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.TestWorkerOwner;
import io.kaffe.spring.engine.worker.Worker;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EvictedWork}, and for how {@link KeyAllocationWork} evicts: every
 * other record is of key 'bad', which fails and is tried again each second. 16 records
 * may wait behind it.
 */
@ExtendWith(OutputCaptureExtension.class)
class EvictedWorkTests {

	private static final String BAD = "bad";

	private final ManualExecution execution = new ManualExecution();

	private final ConsumerWorkers workers = new DefaultWorkerManager(this.execution.runtime(), List.of())
		.register("orders", 1000, new TestWorkerOwner());

	private final Worker allocation = this.workers.internal("allocation");

	private final EvictingAssignment assignment = new EvictingAssignment();

	private final EvictedKeys keys = this.assignment.keys;

	private final List<Long> handled = new ArrayList<>();

	private final Set<Object> failing = new HashSet<>(Set.of(BAD));

	private final RecordDelivery delivery = new RecordDelivery((MessageListener<Object, Object>) (record) -> {
		if (this.failing.contains(record.key())) {
			throw new IllegalStateException("Blocked");
		}
		this.handled.add(record.offset());
	}, ListenerType.SIMPLE, null, Acknowledging.NONE, false,
			new DeliverySettings("group", false,
					new FailurePolicy(0, new FixedBackOff(1000, Long.MAX_VALUE), null, Retryable.allBut(Set.of()),
							FailureAction.PARK, Map.of(), null, null, 100, List.of(), true, OutageSettings.DISABLED,
							Duration.ZERO),
					null, new LogContext("orders", false), this.execution));

	private WorkerAllocationStrategy strategy = StandardWorkerAllocationStrategy.WORKER_PER_KEY;

	private long next;

	@Test
	void behindAKeyThatDoesNotGetOnOnlyFewRecordsAreKept() {
		poll(33);
		assertThat(this.keys.size()).as("16 are queued behind the first").isZero();
		poll(2);
		assertThat(this.keys.size()).as("it was seen just now").isZero();
		this.execution.advance(Duration.ofSeconds(1));
		poll(65);
		assertThat(this.assignment.evictedOffsets)
			.containsExactlyElementsOf(LongStream.range(18, 50).mapToObj((number) -> number * 2).toList());
		assertThat(this.keys.blocked())
			.isEqualTo(BlockedKeys.of(List.of(new BlockedKey(Objects.requireNonNull(KeyHashes.of(BAD)), 36))));
		assertThat(this.handled).as("no other waits").hasSize(50).allMatch((offset) -> offset % 2 == 1);
		assertThat(this.assignment.requested).as("nothing is read before it is its turn").isEmpty();
	}

	@Test
	void keyThatIsFreeAgainIsHandledInOrderAndJoinsWhatIsPolled() {
		block();
		poll(2000);
		this.failing.clear();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.assignment.requested).as("once what was queued is handled").hasSize(1);
		poll(10);
		read();
		poll(10);
		read();
		read();
		assertThat(bad(this.handled)).isSorted().hasSize((int) this.next / 2);
		assertThat(this.assignment.records.completed).hasSize((int) this.next);
		assertThat(this.keys.first()).isEqualTo(Long.MAX_VALUE);
		assertThat(this.keys.inHand()).isZero();
		assertThat(this.assignment.ended).isEqualTo(1);
		assertThat(this.workers.all()).as("its worker has retired").isEmpty();
	}

	@Test
	void recordThatWasReadMayFailAsAnyOther() {
		block();
		poll(20);
		this.failing.clear();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		this.failing.add(BAD);
		read();
		int before = this.handled.size();
		assertThat(this.delivery.failures().all()).hasSize(1);
		assertThat(this.keys.inHand()).isPositive();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.handled).hasSize(before);
		this.failing.clear();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(bad(this.handled)).isSorted().hasSize((int) this.next / 2);
	}

	@Test
	void keyIsEvictedAgainWhileItIsReadIfItStillDoesNotGetOn() {
		block();
		poll(10);
		this.failing.clear();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		this.failing.add(BAD);
		read();
		poll(40);
		this.execution.advance(Duration.ofMillis(999));
		poll(2);
		int before = this.assignment.evictedOffsets.size();
		this.execution.advance(Duration.ofSeconds(1));
		poll(20);
		assertThat(this.assignment.evictedOffsets).hasSizeGreaterThan(before);
		assertThat(this.keys.size()).isEqualTo(2);
		this.failing.clear();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		read();
		read();
		assertThat(bad(this.handled)).isSorted().hasSize((int) this.next / 2);
	}

	@Test
	void revokedKeyLeavesNothingInHand() {
		block();
		poll(100);
		this.failing.clear();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		this.failing.add(BAD);
		read();
		assertThat(this.keys.inHand()).isPositive();
		this.assignment.records.revoked = true;
		this.assignment.records.fenced = true;
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.keys.inHand()).isZero();
		assertThat(this.workers.all()).isEmpty();
	}

	@Test
	void revokedKeyThatWaitsForTheReaderIsLeft() {
		block();
		poll(100);
		this.failing.clear();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		assertThat(this.assignment.requested).hasSize(1);
		assertThat(this.workers.all()).hasSize(1);
		this.assignment.records.revoked = true;
		this.workers.all().forEach(Worker::wake);
		this.execution.runAll();
		assertThat(this.workers.all()).isEmpty();
	}

	@Test
	void firstKeyOfAPartitionIsLogged(CapturedOutput output) {
		this.failing.add("key");
		poll(40);
		assertThat(output).doesNotContain("evicted from memory");
		this.execution.advance(Duration.ofSeconds(1));
		poll(2);
		assertThat(this.keys.size()).isEqualTo(2);
		assertThat(output).containsOnlyOnce("evicted from memory")
			.contains("Consumer 'orders': Records of orders-0 from offset " + (this.next - 2) + " on");
		this.execution.advance(Duration.ofMinutes(1));
		this.execution.runAll();
		poll(1);
		assertThat(output).containsOnlyOnce("evicted from memory")
			.doesNotContain("partitions with blocked keys were not logged")
			.doesNotContain("no stable hash");
	}

	@Test
	void consumerWhoseKeysHaveNoStableHashIsLoggedOnce(CapturedOutput output) {
		this.strategy = (RecordWorkerAllocationStrategy) (record) -> List.of(String.valueOf(record.key()));
		this.failing.add("key");
		block();
		poll(20);
		assertThat(this.keys.size()).isEqualTo(2);
		assertThat(output).containsOnlyOnce("no stable hash").contains("Consumer 'orders': Keys of type java.util.");
		this.execution.advance(Duration.ofSeconds(2));
		assertThat(output).doesNotContain("without a stable hash were not logged");
	}

	@Test
	void nothingIsEvictedInAnOutage() {
		assertThat(this.delivery.outages().begin(this.workers)).isTrue();
		block();
		poll(200);
		assertThat(this.keys.size()).isZero();
	}

	@Test
	void keyWhoseTypeHasNoStableHashIsEvictedByItsOffsets() {
		this.strategy = (RecordWorkerAllocationStrategy) (record) -> List.of(String.valueOf(record.key()));
		block();
		poll(20);
		assertThat(this.assignment.evictedOffsets).isNotEmpty();
		assertThat(this.keys.blocked()).isEqualTo(BlockedKeys.NONE);
		this.failing.clear();
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
		read();
		assertThat(bad(this.handled)).isSorted().hasSize((int) this.next / 2);
	}

	@Test
	void keyOfACustomStrategyIsNotReportedByItsHash() {
		this.strategy = (RecordWorkerAllocationStrategy) ConsumerRecord::key;
		block();
		poll(20);
		assertThat(this.assignment.evictedOffsets).isNotEmpty();
		assertThat(this.keys.blocked()).isEqualTo(BlockedKeys.NONE);
	}

	@Test
	void recordWhoseKeyCannotBeFoundIsNotTakenForAnEvictedOne() {
		block();
		poll(2);
		this.strategy = (RecordWorkerAllocationStrategy) (record) -> {
			throw new IllegalStateException("No key");
		};
		long from = this.next;
		poll(2);
		assertThat(this.assignment.eviction.isExcluded(from - 1)).isFalse();
		assertThat(this.assignment.eviction.isExcluded(from)).isTrue();
		assertThat(this.assignment.eviction.isExcluded(from + 1)).isTrue();
	}

	/**
	 * Fill the queue of the key, and let it be seen that it does not get on.
	 */
	private void block() {
		poll(36);
		this.execution.advance(Duration.ofSeconds(1));
		this.execution.runAll();
	}

	private void poll(int count) {
		List<ConsumerRecord<Object, Object>> records = LongStream.range(this.next, this.next + count)
			.mapToObj(EvictedWorkTests::record)
			.toList();
		this.next += count;
		this.allocation.submit(new KeyAllocationWork(records, this.assignment.records, 0,
				new KeyAllocationWork.Allocator(this.strategy, this.workers, WorkFactory.of(this.delivery)),
				this.assignment.eviction));
		this.execution.runAll();
	}

	/**
	 * Read what is requested, until nothing is.
	 */
	private void read() {
		while (!this.assignment.requested.isEmpty()) {
			EvictedKey key = this.assignment.requested.remove(0);
			long end = key.end();
			for (long offset = key.position(); offset < end && key.isToBeRead(); offset++) {
				if (key.isOf(record(offset), () -> BAD) && offset % 2 == 0) {
					key.add(record(offset));
				}
			}
			if (key.isToBeRead()) {
				key.passTo(end);
			}
			key.answer();
			this.execution.runAll();
		}
	}

	private static List<Long> bad(List<Long> offsets) {
		return offsets.stream().filter((offset) -> offset % 2 == 0).toList();
	}

	private static ConsumerRecord<Object, Object> record(long offset) {
		return new ConsumerRecord<>("orders", 0, offset, (offset % 2 == 0) ? BAD : "key", "value");
	}

}
