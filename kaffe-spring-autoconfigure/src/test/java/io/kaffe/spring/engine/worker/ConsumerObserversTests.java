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

package io.kaffe.spring.engine.worker;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.table.ConsumerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConsumerObservers}.
 */
@ExtendWith(OutputCaptureExtension.class)
class ConsumerObserversTests {

	private final List<String> observed = new ArrayList<>();

	private final ConsumerObserver recording = new RecordingObserver();

	@Test
	void eachEventReachesEachObserver() {
		publishAll(new ConsumerObservers("orders", List.of(this.recording, this.recording)));
		assertThat(this.observed).containsExactly("orders: attempted orders-topic 5 true",
				"orders: attempted orders-topic 5 true", "orders: committed refused", "orders: committed refused",
				"orders: rebalanced [orders-0]", "orders: rebalanced [orders-0]", "orders: parked 7 late",
				"orders: parked 7 late", "orders: stalled worker_0", "orders: stalled worker_0",
				"orders: stopped for good", "orders: stopped for good", "orders: restarted", "orders: restarted",
				"orders: internal error", "orders: internal error");
	}

	@Test
	void whatOneThrowsKeepsNothingFromTheOthersAndIsAWarningOnce(CapturedOutput output) {
		ConsumerObservers observers = new ConsumerObservers("orders", List.of(new ThrowingObserver(), this.recording));
		observers.committed(null);
		observers.restarted();
		assertThat(this.observed).containsExactly("orders: committed well", "orders: restarted");
		assertThat(output).containsOnlyOnce("WARN")
			.contains("ConsumerObserver broken of consumer 'orders' threw an exception");
	}

	@Test
	void timerThatThrowsIsAWarningToo(CapturedOutput output) {
		ConsumerObservers observers = new ConsumerObservers("orders", List.of(new ThrowingObserver(), this.recording));
		observers.attempted("orders-topic", 5, true);
		assertThat(this.observed).hasSize(1);
		assertThat(output).containsOnlyOnce("WARN").contains("of consumer 'orders' threw an exception");
	}

	private static void publishAll(ConsumerObservers observers) {
		observers.attempted("orders-topic", 5, true);
		observers.committed(new IllegalStateException("refused"));
		observers.rebalanced(
				new ConsumerSnapshot.Rebalance(Instant.EPOCH, "assigned", List.of("orders-0"), null, List.of()));
		ConsumerRecord<?, ?> record = new ConsumerRecord<>("orders-topic", 0, 7, "key", "value");
		observers.parked(new FailingRecord(new TopicPartition("orders-topic", 0), 7, FailingRecord.State.PARKED, 1,
				Instant.EPOCH, new IllegalStateException("late")));
		observers.stalled(new StalledRecord("worker_0", record, Duration.ofMinutes(1)));
		observers.stopped(new ConsumerSnapshot.Stop(Instant.EPOCH, "for good"));
		observers.restarted();
		observers.internalError();
	}

	/**
	 * Remembers what it was notified of.
	 */
	private final class RecordingObserver implements ConsumerObserver {

		@Override
		public HandlerTimer handlerTimer(String consumer) {
			return (topic, nanos, handled) -> add(consumer, "attempted " + topic + " " + nanos + " " + handled);
		}

		@Override
		public void committed(String consumer, @Nullable Exception failure) {
			add(consumer, "committed " + ((failure != null) ? failure.getMessage() : "well"));
		}

		@Override
		public void rebalanced(String consumer, ConsumerSnapshot.Rebalance rebalance) {
			add(consumer, "rebalanced " + rebalance.partitions());
		}

		@Override
		public void parked(String consumer, FailingRecord record) {
			add(consumer, "parked " + record.offset() + " " + record.failure().getMessage());
		}

		@Override
		public void stalled(String consumer, StalledRecord stalled) {
			add(consumer, "stalled " + stalled.worker());
		}

		@Override
		public void stopped(String consumer, ConsumerSnapshot.Stop stop) {
			add(consumer, "stopped " + stop.reason());
		}

		@Override
		public void restarted(String consumer) {
			add(consumer, "restarted");
		}

		@Override
		public void internalError(String consumer) {
			add(consumer, "internal error");
		}

		private void add(String consumer, String event) {
			ConsumerObserversTests.this.observed.add(consumer + ": " + event);
		}

	}

	/**
	 * Throws whatever happens.
	 */
	private static final class ThrowingObserver implements ConsumerObserver {

		@Override
		public HandlerTimer handlerTimer(String consumer) {
			return (topic, nanos, handled) -> {
				throw new IllegalStateException("broken");
			};
		}

		@Override
		public void committed(String consumer, @Nullable Exception failure) {
			throw new IllegalStateException("broken");
		}

		@Override
		public void restarted(String consumer) {
			throw new IllegalStateException("broken");
		}

		@Override
		public String toString() {
			return "broken";
		}

	}

}
