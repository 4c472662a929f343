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

package io.kaffe.spring.sample;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.ApplicationContext;
import org.springframework.kafka.core.KafkaAdmin;
import org.springframework.stereotype.Component;

import io.kaffe.spring.WorkerManager;
import io.kaffe.spring.table.ConsumerSnapshot;

/**
 * Waits until the requested number of records is produced, booked and committed, prints a
 * summary, and exits the application: with exit code 0 if all checks pass.
 */
@Component
@ConditionalOnProperty("sample.finish-after")
class Finish implements ApplicationRunner {

	private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(5);

	private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

	private final SampleProperties properties;

	private final EventGenerator generator;

	private final AccountRepository accounts;

	private final Bookkeeping bookkeeping;

	private final Bank bank;

	private final WorkerManager workers;

	private final KafkaAdmin kafkaAdmin;

	private final ApplicationContext context;

	private final String groupId;

	Finish(SampleProperties properties, EventGenerator generator, AccountRepository accounts, Bookkeeping bookkeeping,
			Bank bank, WorkerManager workers, KafkaAdmin kafkaAdmin, ApplicationContext context,
			@Value("${spring.kafka.consumer.group-id}") String groupId) {
		this.properties = properties;
		this.generator = generator;
		this.accounts = accounts;
		this.bookkeeping = bookkeeping;
		this.bank = bank;
		this.workers = workers;
		this.kafkaAdmin = kafkaAdmin;
		this.context = context;
		this.groupId = groupId;
	}

	@Override
	public void run(ApplicationArguments args) throws Exception {
		Summary summary = awaitEnd();
		System.out.println(summary.text());
		System.exit(SpringApplication.exit(this.context, () -> summary.isRight() ? 0 : 1));
	}

	private Summary awaitEnd() throws Exception {
		long deadline = System.nanoTime() + PATIENCE_NANOS;
		Integer records = this.properties.finishAfter();
		long expected = (records != null) ? records : 0;
		// Until records arrive, brokers may not know newly created topics.
		while (expected > 0 && this.accounts.countBooked(this.generator.source()) == 0
				&& System.nanoTime() - deadline < 0) {
			LockSupport.parkNanos(LOOK_AGAIN_NANOS);
		}
		try (Admin admin = Admin.create(this.kafkaAdmin.getConfigurationProperties())) {
			while (true) {
				Summary summary = summary(expected, lag(admin));
				if (summary.isComplete() || System.nanoTime() - deadline > 0) {
					return summary;
				}
				LockSupport.parkNanos(LOOK_AGAIN_NANOS);
			}
		}
	}

	private Summary summary(long expected, long lag) {
		ConsumerSnapshot consumer = this.workers.table("orders");
		String perWorker = (consumer != null && !consumer.workers().isEmpty())
				? consumer.workers()
					.stream()
					.map((worker) -> "  %-10s %,9d   %s".formatted(worker.name(), worker.counters().handled(),
							String.join(", ", worker.partitions())))
					.collect(Collectors.joining(System.lineSeparator()))
				: "  (workers existed only while their records were in flight)";
		return new Summary(expected, this.generator.acknowledged(), this.accounts.countBooked(this.generator.source()),
				this.bookkeeping.orderViolations(), this.accounts.countRepeated(), lag, this.bank.busy(), perWorker);
	}

	private long lag(Admin admin) throws Exception {
		Map<TopicPartition, OffsetAndMetadata> committed = admin.listConsumerGroupOffsets(this.groupId)
			.partitionsToOffsetAndMetadata()
			.get();
		Map<TopicPartition, ListOffsetsResultInfo> ends = admin
			.listOffsets(admin.describeTopics(List.of(SampleProperties.ORDERS, SampleProperties.REFUNDS))
				.allTopicNames()
				.get()
				.values()
				.stream()
				.flatMap((topic) -> topic.partitions()
					.stream()
					.map((partition) -> new TopicPartition(topic.name(), partition.partition())))
				.collect(Collectors.toMap((partition) -> partition, (partition) -> OffsetSpec.latest())))
			.all()
			.get();
		return ends.entrySet().stream().mapToLong((end) -> {
			OffsetAndMetadata offset = committed.get(end.getKey());
			return end.getValue().offset() - ((offset != null) ? offset.offset() : 0);
		}).sum();
	}

	/**
	 * The summary.
	 */
	private record Summary(long expected, long produced, long booked, long orderViolations, long repeated, long lag,
			Duration duration, String perWorker) {

		boolean isComplete() {
			return this.produced == this.expected && this.booked >= this.expected && this.lag == 0;
		}

		boolean isRight() {
			return isComplete() && this.booked == this.expected && this.orderViolations == 0 && this.repeated == 0;
		}

		String text() {
			return """

					Handled per worker:
					%s

					  produced          %,9d
					  booked            %,9d
					  order violations  %,9d
					  repeated          %,9d
					  final lag         %,9d
					  milliseconds      %,9d

					%s
					""".formatted(this.perWorker, this.produced, this.booked, this.orderViolations, this.repeated,
					this.lag, this.duration.toMillis(), isRight() ? "Everything is right." : "SOMETHING IS WRONG.");
		}

	}

}
