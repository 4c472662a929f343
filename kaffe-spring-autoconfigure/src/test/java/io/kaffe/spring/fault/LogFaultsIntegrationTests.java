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

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import io.kaffe.spring.fault.Judgement.Guarantee;
import io.kaffe.spring.support.BrokerProcess;

/**
 * Surprises in the log and in what is committed: gaps, aborted transactions, offsets that
 * were moved, partitions and topics that are added and deleted.
 */
@Tag("fault")
@ExtendWith(FaultBroker.class)
class LogFaultsIntegrationTests {

	private static final int BACKLOG = 200;

	@Test
	void logHasGapsAndAbortedTransactions(BrokerProcess broker) {
		FaultScenario.of("11-gaps-and-aborts", broker.bootstrapServers()).run(1, (round) -> {
			Map<String, String> compacted = Map.of("cleanup.policy", "compact", "min.cleanable.dirty.ratio", "0.01",
					"segment.ms", "500", "min.compaction.lag.ms", "0", "delete.retention.ms", "0");
			round.topic("orders", 1, compacted)
				.topic("refunds", 1, Map.of())
				.withConsumer("isolation.level", "read_committed");
			sendInTransactions(broker, round, 20);
			// The active segment is never compacted: these come after it has rolled.
			round.pause(1000, 1200);
			sendInTransactions(broker, round, 5);
			round.await("the log has gaps", () -> hasGaps(broker, round));
			round.local("a");
			FaultInstance b = round.local("b");
			sendInTransactions(broker, round, 20);
			b.container().stop();
			sendInTransactions(broker, round, 10);
			b.container().start();
			abort(broker, round);
		});
	}

	/**
	 * Send transactions to all partitions, a third of which are aborted.
	 */
	private static void sendInTransactions(BrokerProcess broker, FaultRound round, int transactions) {
		try (KafkaProducer<String, String> producer = transactional(broker)) {
			for (int transaction = 0; transaction < transactions; transaction++) {
				producer.beginTransaction();
				for (TopicPartition partition : round.partitions()) {
					int records = round.random().nextInt(8);
					for (int record = 0; record < records; record++) {
						String key = NumberedProducer.key(partition, round.random());
						producer.send(new ProducerRecord<>(partition.topic(), partition.partition(), key, "value"));
					}
				}
				if (round.random().nextInt(3) == 0) {
					producer.flush();
					producer.abortTransaction();
				}
				else {
					producer.commitTransaction();
				}
			}
		}
	}

	/**
	 * End every partition with records that nobody may see.
	 */
	private static void abort(BrokerProcess broker, FaultRound round) {
		try (KafkaProducer<String, String> producer = transactional(broker)) {
			producer.beginTransaction();
			for (TopicPartition partition : round.partitions()) {
				String key = NumberedProducer.key(partition, round.random());
				producer.send(new ProducerRecord<>(partition.topic(), partition.partition(), key, "aborted"));
			}
			producer.flush();
			producer.abortTransaction();
		}
	}

	private static KafkaProducer<String, String> transactional(BrokerProcess broker) {
		KafkaProducer<String, String> producer = new KafkaProducer<>(Map.of("bootstrap.servers",
				broker.bootstrapServers(), "transactional.id", UUID.randomUUID().toString()), new StringSerializer(),
				new StringSerializer());
		producer.initTransactions();
		return producer;
	}

	/**
	 * Return whether compaction took records of every partition of the first topic.
	 */
	private static boolean hasGaps(BrokerProcess broker, FaultRound round) {
		List<TopicPartition> compacted = round.partitions()
			.stream()
			.filter((partition) -> partition.topic().equals(round.topic("orders")))
			.toList();
		TopicContents contents = TopicContents.read(broker.bootstrapServers(), compacted);
		return compacted.stream()
			.allMatch((partition) -> contents.offsetsOf(partition).size() < contents.endOf(partition) / 2);
	}

	@Test
	void committedOffsetsAreMovedWhileNoConsumerRuns(BrokerProcess broker) {
		FaultScenario.of("12-offsets-moved", broker.bootstrapServers()).run(1, (round) -> {
			round.topics(1).produce(500);
			FaultInstance instance = round.local("a");
			round.awaitUnderWay(8);
			round.pause(500, 2000);
			instance.container().stop();
			round.producer().stop();
			round.partitions().forEach((partition) -> round.producer().send(partition, BACKLOG));
			Map<TopicPartition, Long> committed = round.committed();
			TopicPartition forward = round.partitions().get(round.random().nextInt(4));
			TopicPartition back = round.partitions().get(4 + round.random().nextInt(4));
			long from = Objects.requireNonNull(committed.get(forward));
			long end = Objects.requireNonNull(committed.get(back));
			long by = Math.min(end, 1 + round.random().nextInt(50));
			move(round, Map.of(forward, from + BACKLOG / 2, back, end - by));
			round.skipped(forward, from, from + BACKLOG / 2);
			// With the offset, what was reported as completed above it is dropped.
			round.expectDuplicates(round.finished(forward).tailSet(from + BACKLOG / 2).size()
					+ round.finished(back).tailSet(end - by).size());
			round.also(Guarantee.STRAYS, new NeverStarted(forward, from, from + BACKLOG / 2));
			round.also(Guarantee.LOST, new HandledAgain(back, end - by, end));
			instance.container().start();
		});
	}

	private static void move(FaultRound round, Map<TopicPartition, Long> to) {
		Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
		to.forEach((partition, offset) -> offsets.put(partition, new OffsetAndMetadata(offset)));
		// A member that left may be remembered for a moment.
		round.await("offsets are moved", () -> {
			try {
				round.admin().alterConsumerGroupOffsets(round.group(), offsets).all().get(10, TimeUnit.SECONDS);
				return true;
			}
			catch (Exception ex) {
				return false;
			}
		});
		to.forEach(round.journal()::moved);
	}

	@Test
	void partitionsAreAddedAndATopicIsDeleted(BrokerProcess broker) {
		FaultScenario.of("13-topics-change", broker.bootstrapServers()).run(1, (round) -> {
			round.topics(1)
				.topic("deleted", 1, Map.of())
				.excusing()
				.apart()
				.bound(Duplicates::uncommitted)
				// Nothing of a deleted topic can be committed, which is tried for as
				// long.
				.with("kaffe.drain-timeout", "500ms")
				.withConsumer("metadata.max.age.ms", 1000);
			String deleted = round.topic("deleted");
			List<TopicPartition> staying = round.partitions()
				.stream()
				.filter((partition) -> !partition.topic().equals(deleted))
				.toList();
			IntStream.range(0, 4).forEach((number) -> round.producer().send(new TopicPartition(deleted, number), 300));
			round.producer().start(staying, 400);
			FaultInstance a = round.local("a");
			FaultInstance b = round.local("b");
			round.awaitUnderWay(12);
			round.admin()
				.createPartitions(Map.of(round.topic("orders"), NewPartitions.increaseTo(6), round.topic("refunds"),
						NewPartitions.increaseTo(6)))
				.all()
				.get(30, TimeUnit.SECONDS);
			round.added(round.topic("orders"), 4, 6);
			round.added(round.topic("refunds"), 4, 6);
			round.producer().stop();
			round.partitions()
				.stream()
				.filter((partition) -> partition.partition() > 3)
				.forEach((partition) -> round.producer().send(partition, BACKLOG));
			round.deleted(deleted);
			round.produce(400);
			round.pause(0, 2000);
			round.admin().deleteTopics(List.of(deleted)).all().get(30, TimeUnit.SECONDS);
			round.awaitLetGo(deleted);
			round.awaitProgress(a.name(), b.name());
		});
	}

}
