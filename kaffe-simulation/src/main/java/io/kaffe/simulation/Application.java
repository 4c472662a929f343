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

	private final List<Open> open = new ArrayList<>();

	private final Set<ConsumerSeekAware.ConsumerSeekCallback> seekCallbacks = new HashSet<>();

	Application(World world, ServiceInstance instance) {
		this.world = world;
		this.journal = world.journal();
		this.simulation = world.simulation();
		this.instance = instance;
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
		return switch (shape) {
			case RECORD -> new RecordListener();
			case ACKNOWLEDGED_RECORD -> new AcknowledgingListener();
			case FUTURE -> futureListener();
			case BATCH -> (BatchMessageListener<Object, Object>) (records) -> handleBatch(records, null);
			case ACKNOWLEDGED_BATCH -> (BatchAcknowledgingMessageListener<Object, Object>) (records,
					acknowledgment) -> handleBatch(records, acknowledgment);
		};
	}

	private Object futureListener() {
		RecordMessagingMessageListenerAdapter<Object, Object> adapter = new RecordMessagingMessageListenerAdapter<>(
				this, HANDLE_LATER);
		adapter.setHandlerMethod(new HandlerAdapter(METHODS.createInvocableHandlerMethod(this, HANDLE_LATER)));
		return adapter;
	}

	private void handle(ConsumerRecord<Object, Object> record, @Nullable Acknowledgment acknowledgment) {
		Fact fact = this.journal.fact(record);
		this.journal.begins(this.instance, record, List.of());
		try {
			work(fact);
			if (acknowledgment == null) {
				this.journal.done(fact, "handled");
			}
			else {
				acknowledge(new Open(List.of(fact), acknowledgment));
			}
		}
		finally {
			this.journal.ends(this.instance, List.of(fact));
		}
	}

	private void handleBatch(List<ConsumerRecord<Object, Object>> records, @Nullable Acknowledgment acknowledgment) {
		List<Fact> facts = new ArrayList<>();
		// A copy: the handler begins with all of them at once, at no point in between.
		for (ConsumerRecord<Object, Object> record : new ArrayList<>(records)) {
			this.journal.begins(this.instance, record, List.copyOf(facts));
			facts.add(this.journal.fact(record));
		}
		try {
			for (int index = 0; index < facts.size(); index++) {
				try {
					work(facts.get(index));
				}
				catch (IllegalStateException ex) {
					facts.subList(0, index).forEach((fact) -> this.journal.done(fact, "handled"));
					throw new BatchListenerFailedException("refused", ex, index);
				}
			}
			if (acknowledgment == null) {
				facts.forEach((fact) -> this.journal.done(fact, "handled"));
			}
			else {
				acknowledge(new Open(facts, acknowledgment));
			}
		}
		finally {
			this.journal.ends(this.instance, facts);
		}
	}

	/**
	 * Handle a record with a future.
	 * @param record the record
	 * @return completed when it is handled
	 */
	CompletableFuture<@Nullable Void> handleLater(ConsumerRecord<Object, Object> record) {
		Fact fact = this.journal.fact(record);
		this.journal.begins(this.instance, record, List.of());
		CompletableFuture<@Nullable Void> future = new CompletableFuture<>();
		try {
			if (this.simulation.choose(3) == 0) {
				complete(fact, future);
			}
			else {
				later(() -> complete(fact, future));
			}
		}
		finally {
			this.journal.ends(this.instance, List.of(fact));
		}
		return future;
	}

	private void complete(Fact fact, CompletableFuture<@Nullable Void> future) {
		try {
			work(fact);
			this.journal.done(fact, "handled");
			future.complete(null);
		}
		catch (IllegalStateException ex) {
			future.completeExceptionally(ex);
		}
	}

	/**
	 * Do what a handler does with one record.
	 */
	private void work(Fact fact) {
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

	private void sleep(long nanos) {
		try {
			this.simulation.sleep(nanos);
		}
		catch (InterruptedException ex) {
			this.simulation.record(() -> "is interrupted");
			throw new IllegalStateException("interrupted", ex);
		}
	}

	private void acknowledge(Open acknowledged) {
		if (this.world.isCalm() || this.simulation.choose(3) > 0) {
			acknowledgeNow(acknowledged);
		}
		else {
			this.open.add(acknowledged);
			later(() -> {
				if (this.open.remove(acknowledged)) {
					acknowledgeNow(acknowledged);
				}
			});
		}
	}

	private void acknowledgeNow(Open acknowledged) {
		acknowledged.facts().forEach((fact) -> this.journal.done(fact, "acknowledged"));
		acknowledged.acknowledgment().acknowledge();
		if (this.simulation.choose(10) == 0) {
			acknowledged.acknowledgment().acknowledge();
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

	private void later(Runnable task) {
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
	 * What is handled and not acknowledged yet.
	 */
	private record Open(List<Fact> facts, Acknowledgment acknowledgment) {
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

}
