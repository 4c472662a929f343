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

package io.kaffe.spring.engine.deadletter;

import java.io.Serial;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.IntStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.SendResult;

import io.kaffe.spring.support.HostileException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link DeadLetters} without a broker: who waits for what.
 */
class DeadLettersTests {

	private final ExecutorService executor = Executors.newCachedThreadPool();

	private final Template template = new Template();

	private final DeadLetters deadLetters = deadLetters(this.executor);

	@AfterEach
	void stop() {
		this.template.open.countDown();
		this.executor.shutdownNow();
	}

	@Test
	void callerDoesNotWaitForASendThatBlocks() {
		this.template.blockedTopic = "orders-dlt";
		CompletableFuture<?> outcome = recover("orders", 0);
		await("it blocks").until(() -> this.template.blocked.size() == 1);
		CompletableFuture<?> next = recover("orders", 1);
		assertThat(outcome).isNotDone();
		assertThat(next).isNotDone();
		assertThat(this.template.blocked).as("one after the other").hasSize(1);
		this.template.open.countDown();
		await("both are sent").until(() -> this.template.sends.size() == 2);
	}

	@Test
	void blockedTopicDoesNotHoldUpAnother() {
		this.template.blockedTopic = "orders-dlt";
		recover("orders", 0);
		await("it blocks").until(() -> this.template.blocked.size() == 1);
		recover("refunds", 0);
		await("the other is sent").until(() -> this.template.topics().contains("refunds-dlt"));
	}

	@Test
	void recordIsCompletedWhenTheSendIsAcknowledgedAndNotBefore() {
		CompletableFuture<?> first = recover("orders", 0);
		CompletableFuture<?> second = recover("orders", 1);
		await("the second is sent though the first is not acknowledged").until(() -> this.template.sends.size() == 2);
		assertThat(first).isNotDone();
		this.template.sends.get(1).acknowledged().complete(null);
		await("the second is acknowledged").until(second::isDone);
		assertThat(first).isNotDone();
		this.template.sends.get(0).acknowledged().complete(null);
		assertThat(first).isCompleted();
	}

	@Test
	void sendThatIsRefusedByTheBrokerFails() {
		CompletableFuture<?> outcome = recover("orders", 0);
		await("it is sent").until(() -> this.template.sends.size() == 1);
		this.template.sends.get(0).acknowledged().completeExceptionally(new IllegalStateException("refused"));
		assertThat(outcome).isCompletedExceptionally();
	}

	@Test
	void sendThatThrowsFailsAndTheNextIsSent() {
		this.template.failure = new StackOverflowError();
		CompletableFuture<?> outcome = recover("orders", 0);
		await("it failed").until(outcome::isDone);
		assertThat(outcome).isCompletedExceptionally();
		this.template.failure = null;
		recover("orders", 1);
		await("the next is sent").until(() -> this.template.sends.size() == 1);
	}

	@Test
	void sendThatFailsWithAHostileExceptionFailsAndTheNextIsSent() {
		this.template.failure = new HostileException();
		CompletableFuture<?> outcome = recover("orders", 0);
		// As a worker does.
		CompletableFuture<?> reported = outcome.handle((result, failure) -> failure.getClass());
		await("it failed").until(outcome::isDone);
		assertThat(reported.join()).isEqualTo(HostileException.class);
		this.template.failure = null;
		CompletableFuture<?> refused = recover("orders", 1);
		await("the next is sent").until(() -> this.template.sends.size() == 1);
		this.template.sends.get(0).acknowledged().completeExceptionally(new HostileException());
		await("and refused").until(refused::isDone);
		recover("orders", 2);
		await("the one after that is sent").until(() -> this.template.sends.size() == 2);
	}

	@Test
	void recordWhoseFailureCannotBeDescribedIsSent() {
		List<Exception> failures = List.of(new HostileException(),
				new IllegalStateException("On purpose", new HostileException()), new EndlessException());
		for (int offset = 0; offset < failures.size(); offset++) {
			this.deadLetters.recover(record("orders", offset), failures.get(offset));
		}
		await("all are sent").until(() -> this.template.sends.size() == failures.size());
		assertThat(this.template.sends).extracting((sent) -> text(sent, KafkaHeaders.DLT_EXCEPTION_MESSAGE))
			.satisfiesExactly((text) -> assertThat(text).contains(HostileException.class.getName()),
					(text) -> assertThat(text).contains(IllegalStateException.class.getName()),
					(text) -> assertThat(text).contains(EndlessException.class.getName()));
	}

	@Test
	void recordWhoseFailureIsItsOwnCauseIsSentWithIt() {
		IllegalStateException first = new IllegalStateException("first");
		first.initCause(new IllegalArgumentException("second", first));
		this.deadLetters.recover(record("orders", 0), first);
		await("it is sent").until(() -> this.template.sends.size() == 1);
		assertThat(text(this.template.sends.get(0), KafkaHeaders.DLT_EXCEPTION_STACKTRACE)).contains("first", "second");
	}

	private static String text(Sent sent, String header) {
		return new String(sent.record().headers().lastHeader(header).value(), StandardCharsets.UTF_8);
	}

	@Test
	void whatWaitsBehindASendThatWaitedInVainFailsWithIt() {
		this.template.blockedTopic = "orders-dlt";
		CompletableFuture<?> first = recover("orders", 0);
		await("it blocks").until(() -> this.template.blocked.size() == 1);
		List<CompletableFuture<?>> behind = new ArrayList<>();
		IntStream.range(1, 50).forEach((offset) -> behind.add(recover("orders", offset)));
		this.template.failure = new TimeoutException("Topic not present in metadata");
		this.template.open.countDown();
		await("all failed").until(() -> first.isDone() && behind.stream().allMatch(CompletableFuture::isDone));
		assertThat(behind).allMatch(CompletableFuture::isCompletedExceptionally);
		assertThat(this.template.blocked).as("those that waited").hasSizeLessThanOrEqualTo(2);
		this.template.failure = null;
		recover("orders", 0);
		await("the next is sent").until(() -> this.template.sends.size() == 1);
	}

	@Test
	void cancelledRecordIsNotSent() {
		this.template.blockedTopic = "orders-dlt";
		recover("orders", 0);
		await("it blocks").until(() -> this.template.blocked.size() == 1);
		recover("orders", 1).cancel(false);
		recover("orders", 2);
		this.template.open.countDown();
		await("the others are sent").until(() -> this.template.sends.size() == 2);
		assertThat(this.template.keys()).containsExactly("0", "2");
	}

	@Test
	void rejectionByTheExecutorFailsAndIsForgotten() {
		Queue<Runnable> accepted = new ConcurrentLinkedQueue<>();
		List<Boolean> rejects = new ArrayList<>(List.of(true));
		DeadLetters rejected = deadLetters((task) -> {
			if (rejects.remove(0)) {
				throw new RejectedExecutionException();
			}
			accepted.add(task);
		});
		assertThat(rejected.recover(record("orders", 0), new IllegalStateException())).isCompletedExceptionally();
		rejects.add(false);
		CompletableFuture<?> next = rejected.recover(record("orders", 1), new IllegalStateException());
		assertThat(next).isNotDone();
		accepted.remove().run();
		assertThat(this.template.keys()).containsExactly("1");
	}

	@Test
	void whatIsNotSentAtTheEndIsCanceled() {
		Queue<Runnable> neverRun = new ConcurrentLinkedQueue<>();
		DeadLetters stopped = deadLetters(neverRun::add);
		CompletableFuture<?> before = stopped.recover(record("orders", 0), new IllegalStateException());
		stopped.close();
		CompletableFuture<?> after = stopped.recover(record("orders", 1), new IllegalStateException());
		assertThat(before).isCompletedExceptionally();
		assertThat(after).isCompletedExceptionally();
		neverRun.remove().run();
		assertThat(this.template.sends).isEmpty();
	}

	@Test
	void topicThatTheConsumerConsumesIsRefused() {
		DeadLetters circular = new DeadLetters(this.template, new DeadLetterTopicPattern("{topic}-dlt"),
				(topic) -> topic.startsWith("orders"), null, this.executor,
				new MissingTopics(List.of(), Runnable::run, Runnable::run));
		CompletableFuture<?> outcome = circular.recover(record("orders", 7), new IllegalStateException());
		assertThat(outcome).failsWithin(Duration.ZERO)
			.withThrowableOfType(ExecutionException.class)
			.havingCause()
			.isInstanceOf(IllegalStateException.class)
			.withMessageContainingAll("orders-0@7", "'orders-dlt'", "{topic}-dlt");
		assertThat(circular.recover(record("refunds", 7), new IllegalStateException())).isNotDone();
	}

	@Test
	void topicOfTheRecordIsRefused() {
		DeadLetters circular = new DeadLetters(this.template, new DeadLetterTopicPattern("orders"), (topic) -> false,
				null, this.executor, new MissingTopics(List.of(), Runnable::run, Runnable::run));
		assertThat(circular.recover(record("orders", 7), new IllegalStateException())).isCompletedExceptionally();
	}

	@Test
	void questionThatThrowsIsAFailure() {
		DeadLetters broken = new DeadLetters(this.template, new DeadLetterTopicPattern("{topic}-dlt"), (topic) -> {
			throw new AssertionError("broken");
		}, null, this.executor, new MissingTopics(List.of(), Runnable::run, Runnable::run));
		assertThat(broken.recover(record("orders", 7), new IllegalStateException())).isCompletedExceptionally();
	}

	@Test
	void patternNamesATopic() {
		assertThat(new DeadLetterTopicPattern("{topic}-dlt").topicFor("orders")).isEqualTo("orders-dlt");
		assertThat(new DeadLetterTopicPattern("failed").topicFor("orders")).isEqualTo("failed");
		assertThatIllegalArgumentException().isThrownBy(() -> new DeadLetterTopicPattern(" "));
		assertThatIllegalArgumentException().isThrownBy(() -> new DeadLetterTopicPattern("{group}-dlt"))
			.withMessageContainingAll("{group}-dlt", "{topic}");
	}

	private DeadLetters deadLetters(Executor executor) {
		return new DeadLetters(this.template, new DeadLetterTopicPattern("{topic}-dlt"), (topic) -> false, null,
				executor, new MissingTopics(List.of(), Runnable::run, Runnable::run));
	}

	private CompletableFuture<?> recover(String topic, int offset) {
		return this.deadLetters.recover(record(topic, offset), new IllegalStateException("broken"));
	}

	private static ConsumerRecord<String, String> record(String topic, int offset) {
		return new ConsumerRecord<>(topic, 0, offset, Integer.toString(offset), "value");
	}

	/**
	 * A template without a broker: the test acknowledges.
	 */
	private static final class Template extends KafkaTemplate<Object, Object> {

		final List<Sent> sends = new CopyOnWriteArrayList<>();

		final Queue<String> blocked = new ConcurrentLinkedQueue<>();

		final CountDownLatch open = new CountDownLatch(1);

		volatile String blockedTopic = "";

		volatile @Nullable Throwable failure;

		Template() {
			super(new DefaultKafkaProducerFactory<>(Map.of()));
		}

		List<String> topics() {
			return this.sends.stream().map((sent) -> sent.record().topic()).toList();
		}

		List<Object> keys() {
			return this.sends.stream().<Object>map((sent) -> sent.record().key()).toList();
		}

		@Override
		public List<PartitionInfo> partitionsFor(String topic) {
			return List.of(new PartitionInfo(topic, 0, Node.noNode(), new Node[0], new Node[0]));
		}

		@Override
		public CompletableFuture<SendResult<Object, Object>> send(ProducerRecord<Object, Object> record) {
			if (record.topic().equals(this.blockedTopic)) {
				this.blocked.add(record.topic());
				try {
					this.open.await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			}
			if (this.failure instanceof Error error) {
				throw error;
			}
			if (this.failure instanceof RuntimeException exception) {
				throw exception;
			}
			Sent sent = new Sent(record, new CompletableFuture<>());
			this.sends.add(sent);
			return sent.acknowledged();
		}

	}

	/**
	 * An exception whose causes never end.
	 */
	private static final class EndlessException extends RuntimeException {

		@Serial
		private static final long serialVersionUID = 1L;

		@Override
		public synchronized Throwable getCause() {
			return new EndlessException();
		}

	}

	private record Sent(ProducerRecord<Object, Object> record,
			CompletableFuture<SendResult<Object, Object>> acknowledged) {
	}

}
