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

package io.kaffe.simulation;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.AcknowledgingMessageListener;
import org.springframework.kafka.listener.BatchAcknowledgingMessageListener;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.adapter.FilteringBatchMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.listener.adapter.RecordMessagingMessageListenerAdapter;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.messaging.handler.annotation.support.DefaultMessageHandlerMethodFactory;

import io.kaffe.spring.engine.delivery.RecordRecoverer;
import io.kaffe.spring.test.simulation.Simulation;

/**
 * The application of one instance: a listener of the shape that the scenario wants, whose
 * handlers take time, fail, hang, and answer early, late or twice, as the seed decides.
 * <p>
 * <b>Threading.</b> Called by simulated threads, of which one runs at a time.
 */
final class Application implements RecordRecoverer {

	private static final long MILLI = 1_000_000;

	private static final long HANG = 3_000 * MILLI;

	private static final Method HANDLE_LATER = handleLater();

	private static final DefaultMessageHandlerMethodFactory METHODS = methods();

	private final World world;

	private final Journal journal;

	private final Simulation simulation;

	private final ServiceInstance instance;

	private final ListenerHooks hooks;

	private final Answers answers;

	private final Acknowledgments acknowledgments;

	private final ContainerControls controls;

	private final Set<ConsumerSeekAware.ConsumerSeekCallback> seekCallbacks = new HashSet<>();

	Application(World world, ServiceInstance instance) {
		this.hooks = new ListenerHooks(world, instance);
		this.answers = new Answers(world, instance.service(), this);
		this.acknowledgments = new Acknowledgments(world, this);
		this.controls = new ContainerControls(world, instance);
		this.world = world;
		this.journal = world.journal();
		this.simulation = world.simulation();
		this.instance = instance;
	}

	ListenerHooks hooks() {
		return this.hooks;
	}

	private static Method handleLater() {
		try {
			return Application.class.getDeclaredMethod("handleLater", ConsumerRecord.class);
		}
		catch (NoSuchMethodException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static DefaultMessageHandlerMethodFactory methods() {
		DefaultMessageHandlerMethodFactory factory = new DefaultMessageHandlerMethodFactory();
		factory.afterPropertiesSet();
		return factory;
	}

	/**
	 * Return its listener.
	 */
	Object listener(Scenario.Shape shape) {
		boolean filters = this.world.scenario().service().setup().filters();
		return switch (shape) {
			case RECORD -> filtered(new RecordListener(), filters);
			case ACKNOWLEDGED_RECORD -> filtered(new AcknowledgingListener(), filters);
			case FUTURE -> filtered(futureListener(), filters);
			case BATCH -> filtered(new BatchListener(), filters);
			case ACKNOWLEDGED_BATCH -> filtered(new AcknowledgingBatchListener(), filters);
		};
	}

	private Object filtered(MessageListener<Object, Object> listener, boolean filters) {
		return filters ? new FilteringMessageListenerAdapter<>(listener, this.hooks.recordFilter()) : listener;
	}

	private Object filtered(BatchMessageListener<Object, Object> listener, boolean filters) {
		return filters ? new FilteringBatchMessageListenerAdapter<>(listener, this.hooks.batchFilter()) : listener;
	}

	private MessageListener<Object, Object> futureListener() {
		RecordMessagingMessageListenerAdapter<Object, Object> adapter = new RecordMessagingMessageListenerAdapter<>(
				this, HANDLE_LATER);
		adapter.setHandlerMethod(new HandlerAdapter(METHODS.createInvocableHandlerMethod(this, HANDLE_LATER)));
		return adapter;
	}

	private void handle(ConsumerRecord<Object, Object> record, @Nullable Acknowledgment acknowledgment) {
		Fact fact = this.journal.fact(record);
		begins(record, true, List.of());
		try {
			work(fact);
			if (acknowledgment == null) {
				this.journal.done(fact, "handled");
			}
			else if (this.acknowledgments.areRejected()) {
				this.journal.failed(this.instance.service(), fact);
				this.acknowledgments.reject(acknowledgment);
			}
			else {
				this.acknowledgments.acknowledge(List.of(fact), acknowledgment);
			}
		}
		finally {
			this.journal.ends(this.instance, List.of(fact));
		}
	}

	private void begins(ConsumerRecord<Object, Object> record, boolean first, List<Fact> before) {
		this.hooks.handlerBegins();
		this.journal.begins(this.instance, record, first, before);
		Payloads.handled(record.key());
	}

	private void handleBatch(List<ConsumerRecord<Object, Object>> records, @Nullable Acknowledgment acknowledgment) {
		// A copy: the handler begins with all of them at once, at no point in between.
		List<ConsumerRecord<Object, Object>> copy = List.copyOf(records);
		List<Fact> facts = copy.stream().map(this.journal::fact).toList();
		List<Fact> removed = this.hooks.removed(facts);
		// What is removed from a batch is acknowledged with it.
		removed.forEach((fact) -> fact.deliveries++);
		List<Fact> before = new ArrayList<>(removed);
		for (ConsumerRecord<Object, Object> record : copy) {
			begins(record, record == copy.get(0), before);
			before.add(this.journal.fact(record));
		}
		try {
			for (int index = 0; index < facts.size(); index++) {
				try {
					work(facts.get(index));
				}
				catch (IllegalStateException ex) {
					facts.subList(0, index).forEach((fact) -> this.journal.done(fact, "handled"));
					removedBefore(facts.get(index), removed);
					throw new BatchListenerFailedException("refused", ex, index);
				}
			}
			List<Fact> completed = new ArrayList<>(facts);
			completed.addAll(removed);
			if (acknowledgment == null) {
				completed.forEach((fact) -> this.journal.done(fact, "handled"));
			}
			else if (removed.isEmpty() && this.acknowledgments.areRejected()) {
				this.journal.failedTogether(this.instance.service(), facts);
				this.acknowledgments.reject(acknowledgment);
			}
			else {
				this.acknowledgments.acknowledge(completed, acknowledgment);
			}
		}
		finally {
			this.journal.ends(this.instance, facts);
		}
	}

	/**
	 * Complete what hooks have removed before a record that fails. In other partitions,
	 * it may have been behind that record in the batch.
	 */
	private void removedBefore(Fact failed, List<Fact> removed) {
		for (Fact fact : removed) {
			if (!fact.partition().equals(failed.partition())) {
				fact.passedOver = true;
			}
			else if (fact.offset < failed.offset) {
				this.journal.done(fact, "removed from a batch");
			}
		}
	}

	/**
	 * Handle a record with a future.
	 * @param record the record
	 * @return completed when it is handled; {@code null} if it is already
	 */
	@Nullable CompletableFuture<@Nullable Void> handleLater(ConsumerRecord<Object, Object> record) {
		Fact fact = this.journal.fact(record);
		begins(record, true, List.of());
		try {
			return this.answers.answer(fact);
		}
		finally {
			this.journal.ends(this.instance, List.of(fact));
		}
	}

	/**
	 * Do what a handler does with one record.
	 */
	void work(Fact fact) {
		this.controls.use();
		this.world.maybeRestart(this.instance);
		try {
			takeTime();
		}
		catch (IllegalStateException ex) {
			this.journal.failed(this.instance.service(), fact);
			throw ex;
		}
		if (!this.world.isCalm() && (this.world.isFailing(fact.key()) || this.simulation.choose(25) == 0)) {
			this.journal.failed(this.instance.service(), fact);
			throw new IllegalStateException("refused");
		}
	}

	private void takeTime() {
		if (this.world.takesHang()) {
			sleep(HANG);
		}
		else if (this.world.isSlow()) {
			sleep((20 + this.simulation.choose(150)) * MILLI);
		}
		else if (!this.world.isCalm() && this.simulation.choose(4) == 0) {
			sleep(this.simulation.choose(5) * MILLI);
		}
	}

	void sleep(long nanos) {
		try {
			this.simulation.sleep(nanos);
		}
		catch (InterruptedException ex) {
			this.simulation.record(() -> "is interrupted");
			throw new IllegalStateException("interrupted", ex);
		}
	}

	@Override
	public @Nullable CompletableFuture<?> recover(ConsumerRecord<?, ?> record, Exception failure) {
		Fact fact = this.journal.fact(record);
		if (this.world.refusesDeadLetters()) {
			if (this.simulation.choose(2) == 0) {
				throw new IllegalStateException("The dead letter cannot be sent");
			}
			CompletableFuture<String> refused = new CompletableFuture<>();
			later(() -> refused.completeExceptionally(new IllegalStateException("not sent")));
			return refused;
		}
		CompletableFuture<String> sent = new CompletableFuture<>();
		later(() -> {
			this.journal.done(fact, "dead-lettered");
			sent.complete("sent");
		});
		return sent;
	}

	void later(Runnable task) {
		// At once, too: an answer races with the return of the handler then.
		this.instance.later((this.simulation.choose(3) == 0) ? 0 : this.simulation.choose(60) * MILLI, task);
	}

	/**
	 * Let the listener seek back.
	 * @param which which partition
	 * @param howMuch by how much
	 */
	void seek(int which, int howMuch) {
		List<TopicPartition> assigned = this.instance.assigned();
		if (assigned.isEmpty() || this.seekCallbacks.isEmpty()) {
			return;
		}
		TopicPartition partition = assigned.get(which % assigned.size());
		this.simulation.record(() -> this.instance + ": the listener seeks in " + partition);
		for (ConsumerSeekAware.ConsumerSeekCallback callback : List.copyOf(this.seekCallbacks)) {
			callback.seek(partition.topic(), partition.partition(), (position) -> {
				long target = Math.max(0, position - howMuch % 15);
				this.journal.sought(partition, position, target, false);
				return target;
			});
		}
	}

	/**
	 * Remembers by what it can seek.
	 */
	private abstract class Seeking implements ConsumerSeekAware {

		@Override
		public void onPartitionsAssigned(Map<TopicPartition, Long> assignments, ConsumerSeekCallback callback) {
			Application.this.seekCallbacks.clear();
			Application.this.seekCallbacks.add(callback);
		}

	}

	/**
	 * Takes one record at a time.
	 */
	private final class RecordListener extends Seeking implements MessageListener<Object, Object> {

		@Override
		public void onMessage(ConsumerRecord<Object, Object> record) {
			handle(record, null);
		}

	}

	/**
	 * Takes one record at a time and acknowledges it.
	 */
	private final class AcknowledgingListener extends Seeking implements AcknowledgingMessageListener<Object, Object> {

		@Override
		public void onMessage(ConsumerRecord<Object, Object> record, @Nullable Acknowledgment acknowledgment) {
			handle(record, acknowledgment);
		}

	}

	/**
	 * Takes batches.
	 */
	private final class BatchListener extends Seeking implements BatchMessageListener<Object, Object> {

		@Override
		public void onMessage(List<ConsumerRecord<Object, Object>> records) {
			handleBatch(records, null);
		}

	}

	/**
	 * Takes batches and acknowledges them.
	 */
	private final class AcknowledgingBatchListener extends Seeking
			implements BatchAcknowledgingMessageListener<Object, Object> {

		@Override
		public void onMessage(List<ConsumerRecord<Object, Object>> records, @Nullable Acknowledgment acknowledgment) {
			handleBatch(records, acknowledgment);
		}

	}

}
