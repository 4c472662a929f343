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

package io.kaffe.simulation;

import java.util.List;
import java.util.concurrent.RejectedExecutionException;

import io.kaffe.simulation.Happening.Kind;
import org.apache.kafka.common.TopicPartition;
import org.springframework.kafka.support.serializer.DeserializationException;

import io.kaffe.spring.BulkDecisionRequest;
import io.kaffe.spring.DeadLetterFilter;
import io.kaffe.spring.DeadLetterOperations;
import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.FailingRecordFilter;
import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.PartitionLog;
import io.kaffe.spring.test.simulation.kafka.SimulatedCluster;

/**
 * What operators do: they decide about failing records, one or all that are parked, seek,
 * pause and resume, and change how many workers may run at once. All are not skipped at
 * once: which ones will be is not known when it begins.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class Operators {

	private static final long MILLI = 1_000_000;

	/** One of so many decisions is about all parked records. */
	private static final int BULK = 4;

	private final World world;

	private final Simulation simulation;

	private final SimulatedCluster cluster;

	private final Journal journal;

	Operators(World world) {
		this.world = world;
		this.simulation = world.simulation();
		this.cluster = world.cluster();
		this.journal = world.journal();
	}

	void operate(Happening happening, ServiceInstance instance) {
		int which = happening.which();
		KaffeConsumers operations = instance.engine().operations();
		List<TopicPartition> assigned = instance.consumers().assigned();
		switch (happening.kind()) {
			case RETRY, SKIP, DEAD_LETTER -> decide(instance, which, happening.kind());
			case REPLAY -> replay(operations.deadLetters(World.GROUP), which, happening.howMuch());
			case ABANDON -> abandon(instance, Topics.key(which));
			case SEEK -> {
				TopicPartition partition = assigned.isEmpty() ? null : assigned.get(which % assigned.size());
				PartitionLog log = (partition != null) ? this.cluster.findLog(partition) : null;
				if (partition != null && log != null) {
					long target = happening.howMuch() % (log.logEnd() + 1);
					Runnable done = this.world.effects().seeks(partition, target);
					this.journal.sought(partition, 0, target, true);
					attempt(() -> operations.seek(World.GROUP, partition, SeekPosition.offset(target)).thenRun(done));
				}
			}
			case PAUSE_PARTITION -> {
				TopicPartition partition = this.world.topics().partition(which);
				attempt(() -> operations.pause(World.GROUP, partition));
				this.simulation.after(happening.howMuch() * MILLI, () -> this.world.aside("operator",
						() -> attempt(() -> operations.resume(World.GROUP, partition))));
			}
			case PAUSE -> {
				operations.pause(World.GROUP);
				this.simulation.after(happening.howMuch() * MILLI,
						() -> this.world.aside("operator", () -> operations.resume(World.GROUP)));
			}
			case CONTAINER_PAUSE -> {
				instance.engine().container().pause();
				this.simulation.after(happening.howMuch() * MILLI,
						() -> this.world.aside("application", instance.engine().container()::resume));
			}
			case CONTAINER_PAUSE_PARTITION -> {
				TopicPartition partition = this.world.topics().partition(which);
				instance.engine().container().pausePartition(partition);
				this.simulation.after(happening.howMuch() * MILLI, () -> this.world.aside("application",
						() -> instance.engine().container().resumePartition(partition)));
			}
			default -> operations.setMaxConcurrency(World.GROUP, 1 + happening.howMuch() % 4);
		}
	}

	/**
	 * Replay dead letters, all or those of a key, and cancel that after a while, perhaps.
	 */
	private void replay(DeadLetterOperations operations, int which, int howMuch) {
		DeadLetterFilter filter = (which % 4 == 0) ? DeadLetterFilter.ofKey(Topics.key(howMuch)) : DeadLetterFilter.ALL;
		attempt(() -> operations.replay(filter, (howMuch % 2 == 0) ? DeadLetterOperations.MAX_RATE : 1 + howMuch % 50));
		if (which % 3 == 0) {
			this.simulation.after(howMuch * MILLI, () -> this.world.aside("operator", operations::cancel));
		}
	}

	/**
	 * Abandon the dead letters of a key.
	 */
	private void abandon(ServiceInstance instance, String key) {
		this.world.aside("operator", () -> {
			DeadLetterOperations operations = instance.engine().operations().deadLetters(World.GROUP);
			this.world.deadLetters().abandons(key);
			attempt(() -> operations.abandon(DeadLetterFilter.ofKey(key)));
			this.simulation.await(() -> !instance.isReplaying(), World.PATIENCE);
			this.world.deadLetters().abandoned(key);
		});
	}

	private void decide(ServiceInstance instance, int which, Kind kind) {
		KaffeConsumers operations = instance.engine().operations();
		List<FailingRecord> failing = operations.failingRecords(World.GROUP);
		if (failing.isEmpty()) {
			return;
		}
		if (which % BULK == 0) {
			FailingRecordFilter filter = FailingRecordFilter.parked();
			failing.stream()
				.filter((record) -> record.state() == FailingRecord.State.PARKED)
				.forEach((record) -> expect(kind, record));
			attempt(() -> operations.failing(World.GROUP)
				.decideAll(BulkDecisionRequest.of(BulkDecisionRequest.Decision.valueOf(kind.name()), filter)
					.withMaxPerSecond(1 + which % 20)));
			return;
		}
		FailingRecord record = failing.get(which % failing.size());
		attempt(() -> {
			switch (kind) {
				case RETRY -> retry(operations, record);
				case DEAD_LETTER -> operations.deadLetter(World.GROUP, record.partition(), record.offset());
				default -> {
					expect(Kind.SKIP, record);
					operations.skip(World.GROUP, record.partition(), record.offset());
				}
			}
		});
	}

	/**
	 * Note what is about to be decided. Workers may go on before that returns.
	 */
	private void expect(Kind kind, FailingRecord record) {
		if (kind == Kind.RETRY) {
			this.journal.retried(record.partition(), record.offset());
		}
		else if (kind == Kind.SKIP) {
			this.journal.skipped(record.partition(), record.offset());
		}
	}

	/**
	 * Retry all records that are parked.
	 */
	void settleParked(ServiceInstance instance) {
		instance.engine()
			.operations()
			.failingRecords(World.GROUP)
			.stream()
			.filter((failing) -> failing.state() == FailingRecord.State.PARKED)
			.forEach((failing) -> attempt(() -> settle(instance.engine().operations(), failing)));
	}

	private void settle(KaffeConsumers operations, FailingRecord failing) {
		if (failing.failure() instanceof DeserializationException) {
			this.journal.skipped(failing.partition(), failing.offset());
			operations.skip(World.GROUP, failing.partition(), failing.offset());
		}
		else {
			retry(operations, failing);
		}
	}

	private void retry(KaffeConsumers operations, FailingRecord failing) {
		expect(Kind.RETRY, failing);
		operations.retry(World.GROUP, failing.partition(), failing.offset());
	}

	/**
	 * Do what may be refused.
	 */
	private void attempt(Runnable operation) {
		try {
			operation.run();
		}
		catch (IllegalStateException | IllegalArgumentException | RejectedExecutionException ex) {
			this.simulation.record(() -> "refused: " + ex.getMessage());
		}
	}

}
