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

import java.util.Collection;
import java.util.Map;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/**
 * What brokers know about the topics and the committed offsets of a group.
 * <p>
 * Called by threads that may wait for the answer.
 */
interface GroupFacts {

	/**
	 * Return the ids of topics.
	 * @param topics their names
	 * @return the name of each topic that brokers know to its id; {@link Uuid#ZERO_UUID}
	 * if it has none or it may not be known
	 * @throws Exception if brokers do not answer
	 */
	Map<String, Uuid> topicIds(Collection<String> topics) throws Exception;

	/**
	 * Return the committed offset of a partition.
	 * @param partition the partition
	 * @return the offset, or {@code null} if there is none
	 * @throws Exception if brokers do not answer
	 */
	@Nullable Long committed(TopicPartition partition) throws Exception;

}
