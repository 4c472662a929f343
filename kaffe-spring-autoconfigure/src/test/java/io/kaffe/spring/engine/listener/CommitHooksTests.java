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
import java.util.Objects;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.support.LogIfLevelEnabled;

import io.kaffe.spring.engine.worker.AssignedPartition;
import io.kaffe.spring.engine.worker.ConsumerObservers;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CommitHooks} with the commits that they are for.
 */
@ExtendWith(OutputCaptureExtension.class)
class CommitHooksTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final ManualExecution time = new ManualExecution();

	private final CommittingConsumer consumer = new CommittingConsumer();

	private final ContainerProperties properties = new ContainerProperties("orders");

	private final List<String> calls = new ArrayList<>();

	private final ConsumerWakeup wakeup = new ConsumerWakeup(this.consumer, this.time);

	private final CommitTimer timer = new CommitTimer(this.wakeup, Duration.ofSeconds(1), this.time.runtime());

	private final PartitionAssignment assignment = new PartitionAssignment(new AssignedPartition(PARTITION, 1), 0,
			ContainerFixtures.POLICY, this.wakeup, this.timer,
			new LateCompletions(new LimitedLog("orders", this.time.runtime())), this.time, ContainerFixtures.POLLED_BY);

	@BeforeEach
	void poll() {
		this.properties.setGroupId("shop");
		this.assignment.append(records(0, 1000), null);
	}

	@Test
	void callbackIsCalledWithEachCommit() {
		this.properties.setCommitCallback(this::committed);
		OffsetCommits commits = commits(true);
		commit(commits, 10);
		this.consumer.answer(null);
		commit(commits, 20);
		this.consumer.answer(new TimeoutException("late"));
		assertThat(commitFinally(commits)).isTrue();
		commits.commitPosition(this.assignment, 7, Duration.ofSeconds(1));
		assertThat(this.calls).containsExactly("10", "20 TimeoutException", "20", "7");
	}

	@Test
	void commitIsMadeThoughItsCallbackThrows(CapturedOutput output) {
		this.properties.setCommitCallback((offsets, failure) -> {
			throw new IllegalStateException("callback");
		});
		OffsetCommits commits = commits(true);
		commit(commits, 10);
		this.consumer.answer(null);
		assertThat(this.assignment.progress().committed()).isEqualTo(new OffsetAndMetadata(10));
		commit(commits, 20);
		assertThat(this.consumer.offsets()).containsExactly(10L, 20L);
		assertThat(output).containsOnlyOnce("Consumer 'orders': its commit callback threw an exception");
	}

	@Test
	void metadataIsTheApplicationsWhereCompletedOffsetsAreNotStored() {
		provide("by ");
		OffsetCommits commits = commits(false);
		commit(commits, 10);
		this.consumer.answer(null);
		commits.commitPosition(this.assignment, 7, Duration.ofSeconds(1));
		String metadata = "by "
				+ new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(Map.of()), this.properties)
					.getListenerId()
				+ " of shop";
		assertThat(this.consumer.commits).containsExactly(new OffsetAndMetadata(10, metadata),
				new OffsetAndMetadata(7, metadata));
	}

	@Test
	void nothingIsCommittedAgainBecauseOfTheApplicationsMetadata() {
		provide("by ");
		OffsetCommits commits = commits(false);
		commit(commits, 10);
		this.consumer.answer(null);
		this.assignment.complete(records(12, 13).get(0));
		this.time.advance(Duration.ofSeconds(1));
		commits.commitIfDue(List.of(this.assignment));
		assertThat(this.consumer.offsets()).containsExactly(10L);
	}

	@Test
	void completedOffsetsTakeThePlaceOfTheApplicationsMetadata() {
		provide("by ");
		commit(commits(true), 10);
		assertThat(this.consumer.commits).containsExactly(new OffsetAndMetadata(10));
	}

	@Test
	void offsetIsCommittedWithoutMetadataIfItsProviderThrows(CapturedOutput output) {
		this.properties.setOffsetAndMetadataProvider((listener, offset) -> {
			throw new IllegalStateException("provider");
		});
		commit(commits(false), 10);
		assertThat(this.consumer.commits).containsExactly(new OffsetAndMetadata(10));
		assertThat(output).contains("Consumer 'orders': its OffsetAndMetadataProvider threw an exception");
	}

	@Test
	void metadataIsLeftOutOnceTheBrokerHasRejectedIt(CapturedOutput output) {
		provide("long ");
		OffsetCommits commits = commits(false);
		this.assignment.complete(records(0, 1).get(0));
		this.consumer.syncFailures.add(new OffsetMetadataTooLarge("too large"));
		assertThat(commitFinally(commits)).isTrue();
		assertThat(this.consumer.commits).hasSize(2).last().isEqualTo(new OffsetAndMetadata(1));
		assertThat(output).containsOnlyOnce("the broker rejected the metadata of its OffsetAndMetadataProvider");
	}

	@Test
	void commitsAreLoggedAtTheLevelOfTheContainer(CapturedOutput output) {
		commit(commits(true), 10);
		assertThat(output).doesNotContain("Committing: ");
		this.consumer.answer(null);
		this.properties.setCommitLogLevel(LogIfLevelEnabled.Level.INFO);
		OffsetCommits commits = commits(true);
		commit(commits, 20);
		assertThat(output).contains("Committing: {orders-0=OffsetAndMetadata{offset=20,");
		commits.commitPosition(this.assignment, 7, Duration.ofSeconds(1));
		assertThat(output).contains("Committing: {orders-0=OffsetAndMetadata{offset=7,");
	}

	private void provide(String metadata) {
		this.properties.setOffsetAndMetadataProvider((listener, offset) -> new OffsetAndMetadata(offset,
				metadata + listener.getListenerId() + " of " + listener.getGroupId()));
	}

	private void committed(Map<TopicPartition, OffsetAndMetadata> offsets, @Nullable Exception failure) {
		this.calls.add(Objects.requireNonNull(offsets.get(PARTITION)).offset()
				+ ((failure != null) ? " " + failure.getClass().getSimpleName() : ""));
	}

	private OffsetCommits commits(boolean storesCompleted) {
		CommitHooks hooks = new CommitHooks(
				new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(Map.of()), this.properties),
				storesCompleted, new LimitedLog("orders", this.time.runtime()));
		return new OffsetCommits(this.consumer, true, this.timer,
				new OffsetCommits.MetadataLimit("orders", storesCompleted), Duration.ZERO,
				new OffsetCommits.Outcomes(new ConsumerObservers("orders", List.of()), this.time), hooks,
				new InternalErrors("orders", this.time, () -> {
				}, (reason, failure) -> {
				}), this.time);
	}

	/**
	 * Complete all records up to an offset, and commit.
	 */
	private void commit(OffsetCommits commits, int offset) {
		records(0, offset).forEach(this.assignment::complete);
		this.time.advance(Duration.ofSeconds(1));
		commits.commitIfDue(List.of(this.assignment));
	}

	private boolean commitFinally(OffsetCommits commits) {
		return commits.commitFinally(List.of(this.assignment), this.time.nanoTime() + Duration.ofSeconds(5).toNanos(),
				() -> false);
	}

	private static List<ConsumerRecord<String, String>> records(int from, int to) {
		return IntStream.range(from, to)
			.mapToObj((offset) -> new ConsumerRecord<>("orders", 0, offset, "key", "value"))
			.toList();
	}

}
