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
import java.time.Instant;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.ConfigurableApplicationContext;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.SeekResult;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for partitions that are read from another offset because an operator requested
 * it.
 */
class SeekIntegrationTests {

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	@ParameterizedTest
	@ValueSource(strings = { "classic", "consumer" })
	void recordsAreHandledAgainAfterASeekBack(String protocol) {
		try (ListenerApplication application = application().with("test.stop", "none")
			.with("spring.kafka.consumer.properties.group.protocol", protocol)
			.topic("orders", 2)) {
			application.send("orders", 0, 0, 100);
			application.send("orders", 1, 0, 10);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			await("all are committed").until(() -> Long.valueOf(100).equals(application.committed("orders", 0))
					&& Long.valueOf(10).equals(application.committed("orders", 1)));
			long epoch = application.partition(context, "orders", "orders", 0).epoch();
			assertThat(seek(application, context, SeekPosition.offset(40))).succeedsWithin(PATIENCE).isEqualTo(40L);
			await("those from there on are handled again").until(() -> gate.finished.size() == 110 + 60);
			await("they are committed").until(() -> Long.valueOf(100).equals(application.committed("orders", 0)));
			assertThat(gate.finished.stream().skip(110)).first().isEqualTo("0:40");
			assertThat(application.partition(context, "orders", "orders", 0).epoch()).isGreaterThan(epoch);
		}
	}

	@Test
	void whatIsBeingHandledIsFinishedAndTheRestDropped() {
		try (ListenerApplication application = application().topic("orders", 2)) {
			application.send("orders", 0, 0, 100);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			await("one is being handled").until(() -> gate.started.contains("0:3"));
			CompletableFuture<Long> end = seek(application, context, SeekPosition.end());
			application.send("orders", 1, 0, 10);
			await("the other partition goes on")
				.until(() -> Long.valueOf(10).equals(application.committed("orders", 1)));
			assertThat(end).isNotDone();
			assertThat(seek(application, context, SeekPosition.beginning())).failsWithin(PATIENCE)
				.withThrowableThat()
				.withCauseInstanceOf(IllegalStateException.class)
				.withMessageContaining("is being sought already");
			gate.open();
			assertThat(end).succeedsWithin(PATIENCE).isEqualTo(100L);
			assertThat(application.committed("orders", 0)).isEqualTo(100);
			application.send("orders", 0, 100, 101);
			await("it goes on").until(() -> gate.finished.contains("0:100"));
			assertThat(gate.finished).filteredOn((record) -> record.startsWith("0:"))
				.containsExactly("0:0", "0:1", "0:2", "0:3", "0:100");
			await("it is committed").until(() -> Long.valueOf(101).equals(application.committed("orders", 0)));
		}
	}

	@Test
	void handlerThatTakesTooLongIsNotWaitedFor() {
		try (ListenerApplication application = application().with("kaffe.drain-timeout", "200ms").topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			await("one is being handled").until(() -> gate.started.contains("0:3"));
			assertThat(seek(application, context, SeekPosition.offset(5))).succeedsWithin(PATIENCE).isEqualTo(5L);
			assertThat(application.committed("orders", 0)).isEqualTo(5);
			gate.open();
			await("it goes on").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			assertThat(gate.finished).containsExactly("0:0", "0:1", "0:2", "0:3", "0:5", "0:6", "0:7", "0:8", "0:9");
		}
	}

	@Test
	void restartDoesNotUndoIt() {
		try (ListenerApplication application = application().with("test.stop", "none").topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			await("all are committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			assertThat(consumers.pause("orders", application.topic("orders"))).succeedsWithin(PATIENCE);
			assertThat(seek(application, context, SeekPosition.time(Instant.EPOCH))).succeedsWithin(PATIENCE)
				.isEqualTo(0L);
			consumers.stop("orders");
			assertThat(application.committed("orders", 0)).isZero();
			consumers.start("orders");
			ListenerApplication.awaitAssigned(context, "orders", 1);
			assertThat(gate.finished).hasSize(10);
			assertThat(consumers.resume("orders", application.topic("orders"))).succeedsWithin(PATIENCE);
			await("they are handled again").until(() -> gate.finished.size() == 20);
		}
	}

	@Test
	void whatCannotBeIsRefusedAndThePartitionGoesOn() {
		try (ListenerApplication application = application().with("test.stop", "none").topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
			await("all are committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			assertThat(seek(application, context, SeekPosition.offset(11))).failsWithin(PATIENCE)
				.withThrowableThat()
				.withCauseInstanceOf(IllegalArgumentException.class)
				.withMessageContaining("has offsets from 0 to 10");
			TopicPartition unknown = new TopicPartition(application.topic("orders"), 7);
			assertThatIllegalArgumentException().isThrownBy(() -> consumers.seek("orders", unknown, SeekPosition.end()))
				.withMessageContaining("does not have " + unknown);
			application.send("orders", 0, 10, 11);
			await("it goes on").until(() -> Long.valueOf(11).equals(application.committed("orders", 0)));
			consumers.stop("orders");
			assertThatIllegalStateException().isThrownBy(() -> seek(application, context, SeekPosition.end()))
				.withMessageContaining("is stopped");
		}
	}

	@Test
	void seekIsAnsweredThoughTheConsumerStops() {
		try (ListenerApplication application = application().with("kaffe.drain-timeout", "1s").topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			Gate gate = context.getBean(Gate.class);
			await("one is being handled").until(() -> gate.started.contains("0:3"));
			CompletableFuture<Long> seek = seek(application, context, SeekPosition.end());
			CompletableFuture<Void> stop = CompletableFuture
				.runAsync(() -> context.getBean(KaffeConsumers.class).stop("orders"));
			assertThat(stop).succeedsWithin(PATIENCE);
			assertThat(seek).isDone();
			gate.open();
		}
	}

	private static CompletableFuture<Long> seek(ListenerApplication application, ConfigurableApplicationContext context,
			SeekPosition to) {
		return context.getBean(KaffeConsumers.class)
			.seek("orders", new TopicPartition(application.topic("orders"), 0), to)
			.thenApply(SeekResult::offset);
	}

	private static ListenerApplication application() {
		return ListenerApplication.of(DrainIntegrationTests.Listening.class)
			.with("kaffe.consumers.orders.max-concurrency", 4)
			.with("kaffe.commit.interval", "50ms");
	}

}
