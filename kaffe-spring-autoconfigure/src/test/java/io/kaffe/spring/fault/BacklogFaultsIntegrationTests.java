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

package io.kaffe.spring.fault;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.support.BrokerProcess;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Backlogs: records that are never finished while all others pass, commits that fail, and
 * more records than fit into memory.
 */
@Tag("fault")
@ExtendWith(FaultBroker.class)
class BacklogFaultsIntegrationTests {

	private static final long MEGABYTE = 1024 * 1024;

	@Test
	void recordStallsWhileAllOthersPassAndItsInstanceIsKilled(BrokerProcess broker) {
		FaultScenario.of("10-stalled-record", broker.bootstrapServers()).run(1, (round) -> {
			round.topics(1).bound(Duplicates::uncommitted);
			boolean handlersHang = round.strategy().isPerRecord() && round.random().nextInt(4) > 0;
			if (handlersHang) {
				// One of each partition does, and what comes after it with its key waits.
				round.with("kaffe.consumers.fault.max-concurrency", 16)
					.with("kaffe.buffer.max-records", 1_000_000)
					.with("fault.slowness", 1);
			}
			else {
				round.with("fault.acknowledging", true)
					.with("spring.kafka.listener.ack-mode", "manual")
					.with("spring.kafka.listener.async-acks", true);
			}
			int records = FaultScenario.times(1_500, 10_000);
			long stalled = round.random().nextInt(10);
			InstanceProcess victim = round.process(round.settings("a").with("fault.stalled-offset", stalled));
			round.partitions().forEach((partition) -> round.producer().send(partition, records));
			Set<String> others = others(round, stalled,
					handlersHang && round.strategy() == StandardWorkerAllocationStrategy.WORKER_PER_KEY);
			round.await("the others have passed", () -> round.finished(victim.name()).containsAll(others));
			round.produce(500);
			round.pause(1000, 3000);
			round.kill(victim);
			round.process("b");
		});
	}

	/**
	 * Return the coordinates of all records that one which stalls in each partition does
	 * not hold up.
	 */
	private static Set<String> others(FaultRound round, long stalled, boolean holdUpTheirKeys) {
		Set<String> keys = new HashSet<>();
		if (holdUpTheirKeys) {
			round.partitions()
				.forEach((partition) -> keys.add(round.producer().acknowledged(partition).getOrDefault(stalled, "")));
			keys.remove("");
		}
		Set<String> others = new HashSet<>();
		round.partitions().forEach((partition) -> round.producer().acknowledged(partition).forEach((offset, key) -> {
			if (offset != stalled && !keys.contains(key)) {
				others.add(partition + "@" + offset);
			}
		}));
		return others;
	}

	@Test
	void commitsFailOrTheirAnswersGetLost(BrokerProcess broker) {
		FaultScenario.of("14-failing-commits", broker.bootstrapServers()).run(1, (round) -> {
			round.topics(1).produce(500);
			FaultInstance victim = round.local("a");
			FaultInstance other = round.local("b");
			round.awaitUnderWay(8);
			for (int failure = 0; failure < FaultScenario.times(2, 5); failure++) {
				victim.failCommits(75);
				other.failCommits(45);
				round.pause(500, 2000);
				// The last commit of a stop fails, too, and is tried again.
				victim.container().stop();
				victim.failCommits(0);
				other.failCommits(0);
				round.pause(500, 1000);
				victim.container().start();
				round.pause(500, 1000);
			}
		});
	}

	@Test
	void moreRecordsThanFitIntoMemoryWaitForHandlersThatBlock(BrokerProcess broker) {
		FaultScenario.of("15-memory", broker.bootstrapServers()).run(1, (round) -> {
			round.topics(1).bound(Duplicates::uncommitted);
			sendKilobytes(broker, round, FaultScenario.times(100_000, 2_000_000));
			long limit = 16 * MEGABYTE;
			InstanceProcess blocked = round.process(round.settings("a")
				.with("fault.blocked", true)
				.with("kaffe.buffer.max-records", 10_000_000)
				.with("kaffe.buffer.max-bytes", limit + "B")
				.withConsumer("fetch.max.bytes", 4 * MEGABYTE));
			round.await("the buffer is full",
					() -> MemoryReport.read(round.directory(), blocked.name()).bytes() > limit * 3 / 4);
			round.pause(2000, 2500);
			assertThat(blocked.isAlive()).isTrue();
			MemoryReport.Measured measured = MemoryReport.read(round.directory(), blocked.name());
			System.out.println("FAULT 15-memory measured " + measured);
			assertThat(measured.bytes())
				.as("the limit, and half of its share and a poll for each partition that came when it was reached")
				.isLessThan(limit * 3 / 2 + 8 * MEGABYTE / 2);
			assertThat(measured.heap()).as("heap").isLessThan(limit * 2 + 64 * MEGABYTE);
			assertThat(round.committed().values()).as("nothing is handled").allMatch((offset) -> offset == 0);
			round.kill(blocked);
			// Handling them all would take longer than it tells.
			List<String> topics = List.of(round.topic("orders"), round.topic("refunds"));
			topics.forEach(round::deleted);
			round.admin().deleteTopics(topics).all().get(30, TimeUnit.SECONDS);
		});
	}

	private static void sendKilobytes(BrokerProcess broker, FaultRound round, int records) {
		Map<String, Object> configuration = Map.of("bootstrap.servers", broker.bootstrapServers(), "compression.type",
				"lz4", "linger.ms", 20, "batch.size", 512 * 1024);
		// As many workers as there can be: each record has a key of its own.
		String kilobyte = "x".repeat(1024);
		try (KafkaProducer<String, String> producer = new KafkaProducer<>(configuration, new StringSerializer(),
				new StringSerializer())) {
			for (int record = 0; record < records; record++) {
				TopicPartition partition = round.partitions().get(record % round.partitions().size());
				producer
					.send(new ProducerRecord<>(partition.topic(), partition.partition(), "key-" + record, kilobyte));
			}
		}
	}

}
