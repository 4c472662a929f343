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

import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.RecordDeserializationException.DeserializationExceptionOrigin;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.MessageListenerContainer;

import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.Ticker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for what {@link UnreadableRecords} leaves to others.
 */
class UnreadableRecordsTests {

	private static final TopicPartition ORDERS = new TopicPartition("orders", 0);

	private final MessageListenerContainer container = new KafkaMessageListenerContainer<>(
			new DefaultKafkaConsumerFactory<>(Map.of()), new ContainerProperties("orders"));

	private final KafkaMessageListenerContainer<?, ?> reading = new KafkaMessageListenerContainer<>(
			new DefaultKafkaConsumerFactory<>(
					Map.of("key.deserializer", Closing.class, "value.deserializer", Closing.class)),
			new ContainerProperties("orders"));

	private final Consumer<?, ?> consumer = new MockConsumer<>("earliest");

	@Test
	void otherFailuresOfAPollGoToTheUsersHandler() {
		List<Exception> handled = new ArrayList<>();
		UnreadableRecords unreadable = unreadable(new CommonErrorHandler() {

			@Override
			public void handleOtherException(Exception thrownException, Consumer<?, ?> consumer,
					MessageListenerContainer container, boolean batchListener) {
				handled.add(thrownException);
			}

		});
		KafkaException failure = new KafkaException("corrupt");
		unreadable.handleOtherException(failure, this.consumer, this.container, true);
		assertThat(handled).containsExactly(failure);
	}

	@Test
	void otherFailuresOfAPollAreThrownAsTheContainersOwnHandlerDoes() {
		KafkaException failure = new KafkaException("corrupt");
		assertThatIllegalStateException()
			.isThrownBy(() -> unreadable(null).handleOtherException(failure, this.consumer, this.container, true))
			.withCause(failure);
	}

	@Test
	void consumerThatIsOutOfItsGroupForGoodIsReported() {
		List<Exception> reported = new ArrayList<>();
		UnreadableRecords unreadable = new UnreadableRecords((consumer) -> null, new CommonErrorHandler() {

			@Override
			public void handleOtherException(Exception thrownException, Consumer<?, ?> consumer,
					MessageListenerContainer container, boolean batchListener) {
			}

		}, () -> {
			throw new AssertionError("Nothing to read");
		}, reported::add, new ManualExecution());
		Exception failure = new UnreleasedInstanceIdException("The instance has not left yet");
		unreadable.handleOtherException(failure, this.consumer, this.container, true);
		unreadable.handleOtherException(new KafkaException("corrupt"), this.consumer, this.container, true);
		assertThat(reported).containsExactly(failure);
	}

	@Test
	@SuppressWarnings("deprecation")
	void failureThatDoesNotTellItsRecordIsOneOfTheOthers() {
		Exception failure = new RecordDeserializationException(new TopicPartition("orders", 0), 7, "no",
				new IllegalStateException());
		assertThatIllegalStateException()
			.isThrownBy(() -> unreadable(null).handleOtherException(failure, this.consumer, this.container, true))
			.withCause(failure);
	}

	@Test
	void unreadableRecordIsDispatchedAndPassed() {
		List<Long> handled = new ArrayList<>();
		ManualExecution execution = new ManualExecution();
		KafkaMessageListenerContainer<Object, Object> adopted = new KafkaMessageListenerContainer<>(
				new DefaultKafkaConsumerFactory<>(Map.of()), new ContainerProperties("orders"));
		MockConsumer<Object, Object> polling = new MockConsumer<>("earliest");
		polling.assign(List.of(ORDERS));
		ConsumerSession session = ContainerFixtures
			.adopted(adopted, execution, (record) -> handled.add(record.offset()))
			.session(polling);
		session.assigned(List.of(ORDERS));
		UnreadableRecords unreadable = new UnreadableRecords((consumer) -> session, null,
				() -> new UnreadableRecordReader(
						new UnreadableRecordReader.Deserializers(new ContainerFacts(this.reading))),
				(failure) -> {
				}, execution);
		unreadable.handleOtherException(poison(), polling, this.container, true);
		assertThat(polling.position(ORDERS)).isEqualTo(8);
		execution.runAll();
		assertThat(session.assignments()).singleElement()
			.satisfies((assignment) -> assertThat(assignment.progress().next()).isEqualTo(8));
	}

	@Test
	void everythingElseIsLeftToTheUsersHandler() {
		List<String> called = new ArrayList<>();
		UnreadableRecords unreadable = unreadable(new CommonErrorHandler() {

			@Override
			public boolean seeksAfterHandling() {
				called.add("seeks");
				return true;
			}

			@Override
			public boolean isAckAfterHandle() {
				called.add("acks");
				return false;
			}

			@Override
			public void setAckAfterHandle(boolean ack) {
				called.add("set " + ack);
			}

			@Override
			public void handleBatch(Exception thrownException, ConsumerRecords<?, ?> data, Consumer<?, ?> consumer,
					MessageListenerContainer container, Runnable invokeListener) {
				called.add("batch");
			}

			@Override
			public void onPartitionsAssigned(Consumer<?, ?> consumer, Collection<TopicPartition> partitions,
					Runnable publishPause) {
				called.add("assigned " + partitions);
			}

			@Override
			public void clearThreadState() {
				called.add("clear");
			}

		});
		assertThat(unreadable.seeksAfterHandling()).isTrue();
		assertThat(unreadable.isAckAfterHandle()).isFalse();
		unreadable.setAckAfterHandle(true);
		unreadable.handleBatch(new KafkaException("no"), ConsumerRecords.empty(), this.consumer, this.container, () -> {
		});
		unreadable.onPartitionsAssigned(this.consumer, List.of(ORDERS), () -> {
		});
		unreadable.clearThreadState();
		assertThat(called).containsExactly("seeks", "acks", "set true", "batch", "assigned [orders-0]", "clear");
	}

	@Test
	void answersOfTheUsersHandlerAreThoseOfThisOne() {
		DefaultErrorHandler handler = new DefaultErrorHandler();
		UnreadableRecords unreadable = unreadable(handler);
		for (boolean answer : List.of(true, false)) {
			handler.setSeekAfterError(answer);
			assertThat(unreadable.seeksAfterHandling()).isEqualTo(answer);
			unreadable.setAckAfterHandle(answer);
			assertThat(handler.isAckAfterHandle()).isEqualTo(answer);
			assertThat(unreadable.isAckAfterHandle()).isEqualTo(answer);
		}
	}

	@Test
	void pollThatFailedIsNotRepeatedAtOnceWhateverTheUsersHandlerDoes() {
		List<Exception> reported = new ArrayList<>();
		RecordingTicker ticker = new RecordingTicker();
		UnreadableRecords unreadable = new UnreadableRecords((consumer) -> null, new CommonErrorHandler() {

			@Override
			public void handleOtherException(Exception thrownException, Consumer<?, ?> consumer,
					MessageListenerContainer container, boolean batchListener) {
				if (thrownException instanceof UnreleasedInstanceIdException) {
					throw new IllegalStateException("refused", thrownException);
				}
			}

		}, () -> {
			throw new AssertionError("Nothing to read");
		}, reported::add, ticker);
		unreadable.handleOtherException(new KafkaException("corrupt"), this.consumer, this.container, true);
		assertThat(ticker.parked).containsExactly(Duration.ofMillis(100));
		Exception failure = new UnreleasedInstanceIdException("The instance has not left yet");
		assertThatIllegalStateException()
			.isThrownBy(() -> unreadable.handleOtherException(failure, this.consumer, this.container, true));
		assertThat(ticker.parked).containsExactly(Duration.ofMillis(100), Duration.ofMillis(100));
		assertThat(reported).containsExactly(failure);
	}

	@Test
	void readerOfAConsumerWhoseThreadDiedIsReleasedWhenAnotherOneIsNeeded() {
		Map<Consumer<?, ?>, ConsumerSession> sessions = new HashMap<>();
		UnreadableRecords unreadable = new UnreadableRecords(sessions::get, null, () -> new UnreadableRecordReader(
				new UnreadableRecordReader.Deserializers(new ContainerFacts(this.reading))), (failure) -> {
				}, new ManualExecution());
		Closing.closed.set(0);
		for (int thread = 0; thread < 5; thread++) {
			sessions.clear();
			MockConsumer<Object, Object> polling = new MockConsumer<>("earliest");
			polling.assign(List.of(ORDERS));
			ConsumerSession session = ContainerFixtures.inGroup(null, new ManualExecution()).session(polling);
			session.assigned(List.of(ORDERS));
			sessions.put(polling, session);
			unreadable.handleOtherException(poison(), polling, this.container, true);
			assertThat(Closing.closed).as("those of the threads before").hasValue(thread);
		}
	}

	static RecordDeserializationException poison() {
		return new RecordDeserializationException(DeserializationExceptionOrigin.VALUE, ORDERS, 7, 0,
				TimestampType.CREATE_TIME, ByteBuffer.wrap(new byte[1]), ByteBuffer.wrap(new byte[1]),
				new RecordHeaders(), "no", new IllegalStateException("no"));
	}

	private static UnreadableRecords unreadable(@Nullable CommonErrorHandler handler) {
		return new UnreadableRecords((consumer) -> null, handler, () -> {
			throw new AssertionError("Nothing to read");
		}, (failure) -> {
		}, new ManualExecution());
	}

	/**
	 * Counts how often one is closed.
	 */
	public static final class Closing implements Deserializer<String> {

		static final AtomicInteger closed = new AtomicInteger();

		@Override
		public String deserialize(String topic, byte[] data) {
			return "key";
		}

		@Override
		public void close() {
			closed.incrementAndGet();
		}

	}

	/**
	 * Records for how long threads wait, which do not.
	 */
	private static final class RecordingTicker implements Ticker {

		private final List<Duration> parked = new ArrayList<>();

		@Override
		public long nanoTime() {
			return 0;
		}

		@Override
		public Instant instant() {
			return Instant.EPOCH;
		}

		@Override
		public void park(Object blocker, long nanos) {
			this.parked.add(Duration.ofNanos(nanos));
		}

		@Override
		public void unpark(Thread thread) {
		}

		@Override
		public void pause(Duration duration) {
		}

	}

}
