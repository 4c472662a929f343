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
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.AcknowledgingMessageListener;
import org.springframework.kafka.listener.BatchAcknowledgingMessageListener;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.adapter.BatchMessagingMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.FilteringBatchMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.listener.adapter.RecordMessagingMessageListenerAdapter;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.messaging.handler.annotation.support.DefaultMessageHandlerMethodFactory;

/**
 * The application of one instance: a listener of the shape that the scenario wants, with
 * its filter and interceptor.
 * <p>
 * <b>Threading.</b> Called by simulated threads, of which one runs at a time.
 */
final class Application {

	private static final Method HANDLE_LATER = method("handleLater", ConsumerRecord.class);

	private static final Method HANDLE_BATCH_LATER = method("handleBatchLater", List.class);

	private static final DefaultMessageHandlerMethodFactory METHODS = methods();

	private final World world;

	private final Journal journal;

	private final DeliveryOracle deliveries;

	private final ServiceInstance instance;

	private final HandlerWork work;

	private final ListenerHooks hooks;

	private final Answers answers;

	private final Acknowledgments acknowledgments;

	private final BatchHandler batches;

	private final ApplicationSeeks seeks;

	Application(World world, ServiceInstance instance, HandlerWork work) {
		this.world = world;
		this.journal = world.journal();
		this.deliveries = world.deliveries();
		this.instance = instance;
		this.work = work;
		this.hooks = new ListenerHooks(world, instance);
		this.answers = new Answers(world, instance.service(), work);
		this.acknowledgments = new Acknowledgments(world, instance.service(), work);
		this.batches = new BatchHandler(world, instance, this.hooks, work, this.acknowledgments);
		this.seeks = new ApplicationSeeks(world, instance);
	}

	ListenerHooks hooks() {
		return this.hooks;
	}

	ApplicationSeeks seeks() {
		return this.seeks;
	}

	private static Method method(String name, Class<?> parameter) {
		try {
			return Application.class.getDeclaredMethod(name, parameter);
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
			case FUTURE_BATCH -> filtered(futureBatchListener(), filters);
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

	private BatchMessageListener<Object, Object> futureBatchListener() {
		BatchMessagingMessageListenerAdapter<Object, Object> adapter = new BatchMessagingMessageListenerAdapter<>(this,
				HANDLE_BATCH_LATER);
		adapter.setHandlerMethod(new HandlerAdapter(METHODS.createInvocableHandlerMethod(this, HANDLE_BATCH_LATER)));
		return adapter;
	}

	private void handle(ConsumerRecord<Object, Object> record, @Nullable Acknowledgment acknowledgment) {
		Fact fact = this.journal.fact(record);
		begins(record);
		int delivery = fact.deliveries;
		try {
			this.work.work(fact);
			if (acknowledgment == null) {
				this.journal.done(fact, "handled");
			}
			else if (this.acknowledgments.areRejected()) {
				this.acknowledgments.nack(fact, delivery, acknowledgment);
			}
			else {
				this.acknowledgments.acknowledge(List.of(fact), acknowledgment);
			}
		}
		finally {
			this.deliveries.ends(this.instance, List.of(fact));
		}
	}

	private void begins(ConsumerRecord<Object, Object> record) {
		this.hooks.handlerBegins();
		this.deliveries.begins(this.instance, record, true, List.of());
		Payloads.handled(record.key());
	}

	/**
	 * Handle a record with a future.
	 * @param record the record
	 * @return completed when it is handled; {@code null} if it is already
	 */
	@Nullable CompletableFuture<@Nullable Void> handleLater(ConsumerRecord<Object, Object> record) {
		Fact fact = this.journal.fact(record);
		begins(record);
		try {
			return this.answers.answer(fact);
		}
		finally {
			this.deliveries.ends(this.instance, List.of(fact));
		}
	}

	/**
	 * Handle a batch with a future.
	 * @param records the records
	 * @return completed when all are handled
	 */
	CompletableFuture<@Nullable Void> handleBatchLater(List<ConsumerRecord<Object, Object>> records) {
		return this.batches.handleLater(records);
	}

	/**
	 * Takes the callback by which it can seek.
	 */
	private abstract class Seeking implements ConsumerSeekAware {

		@Override
		public void onPartitionsAssigned(Map<TopicPartition, Long> assignments, ConsumerSeekCallback callback) {
			Application.this.seeks.assigned(callback);
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
			Application.this.batches.handle(records, null);
		}

	}

	/**
	 * Takes batches and acknowledges them.
	 */
	private final class AcknowledgingBatchListener extends Seeking
			implements BatchAcknowledgingMessageListener<Object, Object> {

		@Override
		public void onMessage(List<ConsumerRecord<Object, Object>> records, @Nullable Acknowledgment acknowledgment) {
			Application.this.batches.handle(records, acknowledgment);
		}

	}

}
