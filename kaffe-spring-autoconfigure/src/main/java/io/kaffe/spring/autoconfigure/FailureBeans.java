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

package io.kaffe.spring.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.kafka.core.KafkaAdmin;
import org.springframework.kafka.core.KafkaOperations;
import org.springframework.kafka.listener.ConsumerRecordRecoverer;

import io.kaffe.spring.RecordBackOff;
import io.kaffe.spring.engine.deadletter.DeadLetterTopicPattern;
import io.kaffe.spring.engine.deadletter.DeadLetters;
import io.kaffe.spring.engine.deadletter.MissingTopics;
import io.kaffe.spring.engine.listener.ContainerFacts.Subscription;
import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * The beans of an application for failed records: its back-off, its recoverer, and the
 * template that sends dead letters.
 * <p>
 * <b>Threading.</b> Used while the application starts, by one thread at a time; closed
 * when it stops.
 */
final class FailureBeans implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(FailureBeans.class);

	private static final String DEFAULT_TEMPLATE = "kafkaTemplate";

	/** By then, each broker should know a topic that was created at start-up. */
	private static final Duration ASK_AGAIN_AFTER = Duration.ofSeconds(10);

	private final List<DeadLetters> deadLetters = new CopyOnWriteArrayList<>();

	private final ListableBeanFactory beans;

	private final Executor executor;

	private final WorkerRuntime runtime;

	/**
	 * Find the beans.
	 * @param beans the application's beans
	 * @param executor sends dead letters
	 * @param runtime has the scheduler
	 */
	FailureBeans(ListableBeanFactory beans, Executor executor, WorkerRuntime runtime) {
		this.beans = beans;
		this.executor = executor;
		this.runtime = runtime;
	}

	@Nullable RecordBackOff backOff() {
		return this.beans.getBeanProvider(RecordBackOff.class).getIfUnique();
	}

	@Nullable ConsumerRecordRecoverer recoverer() {
		return this.beans.getBeanProvider(ConsumerRecordRecoverer.class).getIfUnique();
	}

	/**
	 * Return the only or primary template, else the one with Spring Boot's name.
	 */
	@Nullable KafkaOperations<?, ?> template() {
		KafkaOperations<?, ?> only = this.beans.getBeanProvider(KafkaOperations.class).getIfUnique();
		if (only == null && this.beans.containsBean(DEFAULT_TEMPLATE)
				&& this.beans.isTypeMatch(DEFAULT_TEMPLATE, KafkaOperations.class)) {
			return this.beans.getBean(DEFAULT_TEMPLATE, KafkaOperations.class);
		}
		return only;
	}

	/**
	 * Create the sender of a consumer's dead letters.
	 */
	DeadLetters deadLetters(KafkaOperations<?, ?> template, DeadLetterTopicPattern pattern, Subscription subscription) {
		DeadLetters created = new DeadLetters(template, pattern, subscription.consumed(), subscription.groupId(),
				this.executor, missingTopics());
		this.deadLetters.add(created);
		return created;
	}

	private MissingTopics missingTopics() {
		return new MissingTopics(this.beans.getBeansOfType(KafkaAdmin.class).values(), this.executor,
				(task) -> this.runtime.after(ASK_AGAIN_AFTER, () -> execute(task)));
	}

	private void execute(Runnable task) {
		try {
			this.executor.execute(task);
		}
		catch (RuntimeException ex) {
			logger.debug("Could not check again whether dead-letter topics exist", ex);
		}
	}

	@Override
	public void close() {
		this.deadLetters.forEach(DeadLetters::close);
	}

}
