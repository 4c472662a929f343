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

import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;

/**
 * What a container consumes.
 *
 * @param topics the topics that it names; empty if it has a pattern
 * @param consumed whether it consumes a topic, now
 * @param groupId the consumer group, or {@code null} if there is none
 */
public record Subscription(Set<String> topics, Predicate<String> consumed, @Nullable String groupId) {

	/**
	 * Return what a container consumes.
	 * @param container the container
	 * @return what it consumes
	 */
	public static Subscription of(AbstractMessageListenerContainer<?, ?> container) {
		return new Subscription(ContainerAdopter.topics(container), (topic) -> {
			Pattern pattern = container.getContainerProperties().getTopicPattern();
			return ContainerAdopter.topics(container).contains(topic)
					|| (pattern != null && pattern.matcher(topic).matches());
		}, container.getGroupId());
	}

}
