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

package io.kaffe.spring.test.simulation.kafka;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Notified of each offset that the coordinator stores.
 */
@FunctionalInterface
public interface CommitListener {

	/**
	 * An offset was stored.
	 * @param group the group
	 * @param member the id of the member that committed it, empty if it is no member
	 * @param partition whose offset it is
	 * @param offset the offset, its leader epoch and its metadata
	 */
	void committed(String group, String member, TopicPartition partition, OffsetAndMetadata offset);

}
