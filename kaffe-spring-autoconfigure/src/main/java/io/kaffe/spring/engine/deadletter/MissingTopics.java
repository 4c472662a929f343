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

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.springframework.kafka.core.KafkaAdmin;

/**
 * The warning that dead-letter topics do not exist, when there is still time to create
 * them. A topic that is not known is checked again after a while before that is logged:
 * brokers do not know a topic at once that was created at the start of the application.
 * <p>
 * <b>Threading.</b> Safe for concurrent use. Brokers are queried on an executor; nothing
 * blocks or fails the caller.
 */
public final class MissingTopics {

	private static final Log logger = LogFactory.getLog(MissingTopics.class);

	private final Set<String> known = ConcurrentHashMap.newKeySet();

	private final Collection<KafkaAdmin> admins;

	private final Executor executor;

	private final Executor later;

	/**
	 * Create a warning.
	 * @param admins used to check: a topic exists if one of them knows it; if there are
	 * none, nothing is logged
	 * @param executor runs the checks; threads that may block
	 * @param later runs the second checks, after some seconds; threads that may block
	 */
	public MissingTopics(Collection<KafkaAdmin> admins, Executor executor, Executor later) {
		this.admins = admins;
		this.executor = executor;
		this.later = later;
	}

	/**
	 * Log a warning if dead-letter topics are missing. Each topic is checked once.
	 * Returns at once.
	 * @param topics the names of the topics
	 */
	public void warn(Collection<String> topics) {
		Set<String> unknown = new TreeSet<>(topics);
		unknown.removeIf((topic) -> !this.known.add(topic));
		if (unknown.isEmpty() || this.admins.isEmpty()) {
			return;
		}
		ask(this.executor, unknown, () -> ask(this.later, unknown, () -> logMissing(unknown)));
	}

	private void ask(Executor executor, Set<String> topics, Runnable missing) {
		try {
			executor.execute(() -> {
				if (isAnyMissing(topics)) {
					missing.run();
				}
			});
		}
		catch (RuntimeException ex) {
			logger.debug("Could not check whether " + topics + " exist", ex);
		}
	}

	/**
	 * Remove those topics that exist, and return whether others are left.
	 */
	private boolean isAnyMissing(Set<String> topics) {
		try {
			for (KafkaAdmin admin : this.admins) {
				if (!topics.isEmpty()) {
					removeExisting(topics, admin);
				}
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
		catch (Exception ex) {
			logger.info("Could not check whether the dead-letter topics " + topics + " exist: " + ex);
			return false;
		}
		return !topics.isEmpty();
	}

	private static void logMissing(Set<String> topics) {
		logger.warn("Dead-letter topics that do not exist: " + topics + ". Create them, with as many partitions as "
				+ "the topics of the records have, for instance with beans of type NewTopic. Until then a record "
				+ "to be dead-lettered blocks its worker, unless the broker creates topics automatically");
	}

	private static void removeExisting(Set<String> topics, KafkaAdmin kafkaAdmin) throws Exception {
		try (Admin admin = Admin.create(kafkaAdmin.getConfigurationProperties())) {
			Map<String, KafkaFuture<TopicDescription>> answers = admin.describeTopics(topics).topicNameValues();
			for (Map.Entry<String, KafkaFuture<TopicDescription>> answer : answers.entrySet()) {
				if (exists(answer.getValue(), kafkaAdmin.getOperationTimeout())) {
					topics.remove(answer.getKey());
				}
			}
		}
	}

	private static boolean exists(KafkaFuture<TopicDescription> answer, int timeoutSeconds) throws Exception {
		try {
			answer.get(timeoutSeconds, TimeUnit.SECONDS);
			return true;
		}
		catch (ExecutionException ex) {
			if (ex.getCause() instanceof UnknownTopicOrPartitionException
					|| ex.getCause() instanceof InvalidTopicException) {
				return false;
			}
			throw ex;
		}
	}

}
