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

import java.util.Objects;

import org.springframework.util.Assert;

/**
 * How dead-letter topics are named after the topics of their records.
 *
 * @param pattern the name of a topic, where <code>{topic}</code> stands for that of the
 * record
 */
public record DeadLetterTopicPattern(String pattern) {

	/** Spring Kafka's own naming. */
	public static final String DEFAULT = "{topic}-dlt";

	private static final String PLACEHOLDER = "{topic}";

	/**
	 * Create a pattern.
	 * @throws IllegalArgumentException if it is empty, or has a placeholder that is
	 * unknown
	 */
	public DeadLetterTopicPattern {
		Objects.requireNonNull(pattern, "pattern");
		String fixed = pattern.replace(PLACEHOLDER, "");
		Assert.isTrue(!pattern.isBlank() && fixed.indexOf('{') < 0 && fixed.indexOf('}') < 0,
				() -> "'" + pattern + "' does not name a dead-letter topic: the only placeholder is " + PLACEHOLDER);
	}

	/**
	 * Return the dead-letter topic of a topic.
	 * @param topic the topic of failed records
	 * @return the topic they are published to
	 */
	public String topicFor(String topic) {
		return this.pattern.replace(PLACEHOLDER, topic);
	}

	@Override
	public String toString() {
		return this.pattern;
	}

}
