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

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;

import io.kaffe.spring.engine.deadletter.DeadLetterTopicPattern;
import io.kaffe.spring.engine.deadletter.DeadLetters;
import io.kaffe.spring.engine.deadletter.MissingTopics;
import io.kaffe.spring.test.simulation.SimulatedProcess;
import io.kaffe.spring.test.simulation.kafka.SimulatedProducer;

/**
 * Creates the producers by which an instance publishes dead letters. While these cannot
 * be sent, sends throw, time out or fail later.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time. Sends are
 * answered on a thread of the process.
 */
final class DeadLetterProducers extends DefaultKafkaProducerFactory<Object, Object> {

	private final World world;

	private final ServiceInstance instance;

	private DeadLetterProducers(World world, ServiceInstance instance) {
		super(Map.of(), instance.payloads()::serializer, instance.payloads()::serializer, false);
		this.world = world;
		this.instance = instance;
	}

	/**
	 * Return what publishes dead letters, as the auto-configuration sets it up.
	 */
	static DeadLetters deadLetters(World world, ServiceInstance instance) {
		SimulatedProcess process = instance.process();
		KafkaTemplate<Object, Object> template = new KafkaTemplate<>(new DeadLetterProducers(world, instance));
		template.setProducerListener(null);
		return new DeadLetters(template, new DeadLetterTopicPattern(DeadLetterTopicPattern.DEFAULT),
				World.TOPICS::contains, World.GROUP, process.executor("dead-letter", 2),
				new MissingTopics(List.of(), Runnable::run, Runnable::run));
	}

	@Override
	@SuppressWarnings("unchecked")
	protected Producer<Object, Object> createRawProducer(Map<String, Object> config) {
		SimulatedProducer<Object, Object> producer = this.world.cluster()
			.producer(this.instance.payloads().serializer(), this.instance.payloads().serializer());
		return (Producer<Object, Object>) Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { Producer.class }, (proxy, method, arguments) -> invoke(producer, method, arguments));
	}

	@SuppressWarnings("unchecked")
	private @Nullable Object invoke(SimulatedProducer<Object, Object> producer, Method method,
			Object @Nullable [] arguments) throws Throwable {
		if (arguments != null && arguments.length == 2 && arguments[1] instanceof Callback callback) {
			return send(producer, (ProducerRecord<Object, Object>) arguments[0], callback);
		}
		try {
			return method.invoke(producer, arguments);
		}
		catch (InvocationTargetException ex) {
			throw ex.getTargetException();
		}
	}

	private Object send(SimulatedProducer<Object, Object> producer, ProducerRecord<Object, Object> record,
			Callback callback) {
		if (!this.world.handlerDisturbances().refusesDeadLetters()) {
			return producer.send(record,
					(metadata, failure) -> this.instance.later(0, () -> callback.onCompletion(metadata, failure)));
		}
		TimeoutException failure = new TimeoutException("The dead letter cannot be sent");
		switch (this.world.simulation().choose(3)) {
			case 0 -> throw failure;
			case 1 -> throw new IllegalStateException("The dead letter cannot be sent");
			default -> this.instance.later(50_000_000, () -> callback
				.onCompletion(new RecordMetadata(new TopicPartition(record.topic(), -1), -1, -1, -1, -1, -1), failure));
		}
		return new CompletableFuture<RecordMetadata>();
	}

}
