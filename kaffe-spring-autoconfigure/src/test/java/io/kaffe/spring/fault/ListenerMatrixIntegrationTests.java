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

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.support.BrokerProcess;
import io.kaffe.spring.support.TestTopics;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Every shape of a listener with every strategy, on a broker in a process of its own:
 * handlers fail at random, the container is stopped and started half-way, and all oracles
 * judge.
 */
@Tag("fault")
@ExtendWith(FaultBroker.class)
class ListenerMatrixIntegrationTests {

	private static final int RECORDS = 40;

	@ParameterizedTest
	@ValueSource(strings = { "payload", "record", "acknowledging", "future", "mono", "declared", "class", "filtered",
			"replying" })
	void shapeKeepsAllGuaranteesWithEachStrategy(String shape, BrokerProcess broker) {
		judge(shape, broker.bootstrapServers());
	}

	/**
	 * Judge a shape with all strategies.
	 */
	static void judge(String shape, String servers) {
		// At the same time, since most of it is waiting.
		List<CompletableFuture<Void>> rounds = Stream.of(StandardWorkerAllocationStrategy.values())
			.map((strategy) -> CompletableFuture.runAsync(() -> judge(shape, strategy, servers),
					(task) -> new Thread(task, "round of " + strategy).start()))
			.toList();
		assertThat(rounds).allSatisfy((round) -> assertThat(round).succeedsWithin(Duration.ofMinutes(3)));
	}

	private static void judge(String shape, StandardWorkerAllocationStrategy strategy, String servers) {
		FaultScenario.of("matrix-" + shape, servers).once((round) -> {
			round.strategy(strategy).topics(1).with("fault.shape", shape);
			String replies = round.topic("replies");
			switch (shape) {
				case "acknowledging" -> round.with("fault.acknowledging", true)
					.with("spring.kafka.listener.ack-mode", "manual")
					.with("spring.kafka.listener.async-acks", true);
				case "declared" ->
					round.with("kaffe.consumers.fault.topics", round.topic("orders") + "," + round.topic("refunds"));
				case "replying" -> {
					round.with("fault.replies", replies);
					TestTopics.create(round.admin(), new NewTopic(replies, 1, (short) 1));
				}
				default -> {
				}
			}
			round.partitions().forEach((partition) -> round.producer().send(partition, RECORDS / 2));
			FaultInstance instance = round.local("a");
			round.awaitUnderWay(1);
			instance.container().stop();
			round.partitions().forEach((partition) -> round.producer().send(partition, RECORDS / 2));
			instance.container().start();
			if (shape.equals("replying")) {
				TopicPartition partition = new TopicPartition(replies, 0);
				round.await("all are replied to",
						() -> FaultRound.get(() -> round.admin()
							.listOffsets(Map.of(partition, OffsetSpec.latest()))
							.partitionResult(partition)
							.get(30, TimeUnit.SECONDS)
							.offset()) == RECORDS * round.partitions().size());
			}
			if (!shape.equals("acknowledging")) {
				assertThat(instance.handler().handled()).as("handled").isPositive();
			}
		});
	}

}
