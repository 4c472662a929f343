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

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;

import io.kaffe.spring.engine.deadletter.HandledLetters;
import io.kaffe.spring.engine.listener.DeadLetterReader.Bounds;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DeadLetterReader}.
 */
class DeadLetterReaderTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders-dlt", 0);

	private static final Bounds BOUNDS = new Bounds(0, 100);

	private final StoringConsumer consumer = new StoringConsumer();

	private final DeadLetterReader reader = reader();

	private DeadLetterReader reader() {
		return new DeadLetterReader(this.consumer, new OffsetCommits.MetadataLimit("orders", true));
	}

	@BeforeEach
	void setUp() {
		this.consumer.updateBeginningOffsets(Map.of(PARTITION, BOUNDS.beginning()));
		this.consumer.updateEndOffsets(Map.of(PARTITION, BOUNDS.end()));
	}

	@Test
	void topicsThatDoNotExistAreReported() {
		this.consumer.updatePartitions("orders-dlt", List.of(info(1), info(0)));
		SortedSet<String> missing = new TreeSet<>();
		assertThat(this.reader.partitions(Set.of("orders-dlt", "refunds-dlt"), missing)).containsExactly(PARTITION,
				new TopicPartition("orders-dlt", 1));
		assertThat(missing).containsExactly("refunds-dlt");
	}

	private static PartitionInfo info(int partition) {
		return new PartitionInfo("orders-dlt", partition, Node.noNode(), new Node[0], new Node[0]);
	}

	@Test
	void whatIsStoredIsKept() {
		HandledLetters one = handled(3);
		assertThat(this.reader.store(PARTITION, one)).isTrue();
		assertThat(this.reader.store(PARTITION, handled(5))).isTrue();
		HandledLetters stored = this.reader.handled(PARTITION, BOUNDS);
		assertThat(stored.contains(3)).isTrue();
		assertThat(stored.contains(4)).isFalse();
		assertThat(stored.contains(5)).isTrue();
		int commits = this.consumer.commits;
		assertThat(this.reader.store(PARTITION, one)).isTrue();
		assertThat(this.consumer.commits).as("nothing is new").isEqualTo(commits);
	}

	@Test
	void whatAnotherInstanceOverwritesIsStoredOnceMore() {
		this.consumer.overwrite = new OffsetAndMetadata(2, handled(7).metadata(4096).text());
		HandledLetters other = HandledLetters.none(2);
		other.add(7, 8);
		this.consumer.overwrite = new OffsetAndMetadata(2, other.metadata(4096).text());
		assertThat(this.reader.store(PARTITION, handled(3))).isTrue();
		HandledLetters stored = this.reader.handled(PARTITION, BOUNDS);
		assertThat(stored.watermark()).isEqualTo(2);
		assertThat(stored.contains(3)).isTrue();
		assertThat(stored.contains(7)).isTrue();
	}

	@Test
	void whatDoesNotFitIsReported() {
		HandledLetters many = HandledLetters.none(0);
		this.consumer.updateEndOffsets(Map.of(PARTITION, 100_000L));
		for (int offset = 1; offset < 90_000; offset += 3) {
			many.add(offset, offset + 1);
		}
		assertThat(this.reader.store(PARTITION, many)).isFalse();
	}

	@Test
	void metadataThatTheBrokerRefusesIsShortened() {
		this.consumer.longest = 100;
		HandledLetters some = HandledLetters.none(0);
		some.add(10, 20);
		assertThat(this.reader.store(PARTITION, some)).isTrue();
		for (int offset = 30; offset < 99; offset += 2) {
			some.add(offset, offset + 1);
		}
		this.consumer.longest = 30;
		assertThat(this.reader.store(PARTITION, some)).isFalse();
	}

	@Test
	void unreadableMetadataOffersAgainWhatWasAboveTheOffset() {
		this.consumer.stored = new OffsetAndMetadata(4, "of someone else");
		HandledLetters handled = this.reader.handled(PARTITION, BOUNDS);
		assertThat(handled.watermark()).isEqualTo(4);
		assertThat(handled.contains(4)).isFalse();
	}

	@Test
	void recordsAreReadUpToTheEndAndGapsAreReported() {
		this.consumer.schedulePollTask(() -> {
			for (long offset : new long[] { 10, 12, 20 }) {
				this.consumer.addRecord(new ConsumerRecord<>("orders-dlt", 0, offset, new byte[0], new byte[0]));
			}
		});
		List<String> seen = new ArrayList<>();
		this.reader.scan(PARTITION, 10, 15, new DeadLetterReader.Visitor() {

			@Override
			public boolean isToContinue() {
				return true;
			}

			@Override
			public boolean visit(ConsumerRecord<byte[], byte[]> record, long from) {
				seen.add(record.offset() + " from " + from);
				return true;
			}

			@Override
			public void skipped(long from, long to) {
				seen.add("none from " + from + " to " + to);
			}

		});
		assertThat(seen).containsExactly("10 from 10", "12 from 11", "none from 13 to 15");
	}

	@Test
	void readerIsInNoGroupThatHasMembersAndCreatesNoTopic() {
		ContainerProperties properties = new ContainerProperties("orders");
		properties.setGroupId("sales");
		Map<String, Object> configured = Map.of("bootstrap.servers", "broker:9092", "client.id", "mine",
				"group.protocol", "consumer", "group.remote.assignor", "uniform", "group.instance.id", "one",
				"isolation.level", "read_uncommitted", "max.poll.records", 5000, "security.protocol", "SSL");
		ContainerFacts facts = new ContainerFacts(
				new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(configured), properties));
		assertThat(DeadLetterReader.configuration(facts, "sales")).containsEntry("bootstrap.servers", "broker:9092")
			.containsEntry("security.protocol", "SSL")
			.containsEntry("group.id", "sales.dead-letters")
			.containsEntry("isolation.level", "read_committed")
			.containsEntry("allow.auto.create.topics", false)
			.containsEntry("enable.auto.commit", false)
			.containsEntry("max.poll.records", 100)
			.doesNotContainKeys("group.protocol", "group.remote.assignor", "group.instance.id")
			.hasEntrySatisfying("client.id", (id) -> assertThat(id.toString()).startsWith("mine-dead-letters-"));
	}

	private static HandledLetters handled(long offset) {
		HandledLetters handled = HandledLetters.none(0);
		handled.add(offset, offset + 1);
		return handled;
	}

	/**
	 * Keeps commits of partitions that are not assigned, too, as a broker does.
	 */
	private static final class StoringConsumer extends MockConsumer<byte[], byte[]> {

		private @Nullable OffsetAndMetadata stored;

		/** What another instance writes after the next commit. */
		private @Nullable OffsetAndMetadata overwrite;

		private int longest = 4096;

		private int commits;

		StoringConsumer() {
			super("earliest");
		}

		@Override
		public Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions, Duration timeout) {
			OffsetAndMetadata stored = this.stored;
			return (stored != null) ? Map.of(PARTITION, stored) : Map.of();
		}

		@Override
		public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
			OffsetAndMetadata offset = offsets.get(PARTITION);
			if (offset != null && offset.metadata().length() > this.longest) {
				throw new OffsetMetadataTooLarge("Too long");
			}
			this.commits++;
			this.stored = (this.overwrite != null) ? this.overwrite : offset;
			this.overwrite = null;
		}

	}

}
