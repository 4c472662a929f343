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

import java.util.LinkedHashMap;
import java.util.Map;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Configuration properties of Kaffe. What is set directly below {@code kaffe} is the
 * default for all consumers.
 * <p>
 * Unknown properties are refused: a consumer with nothing but a misspelt setting would
 * not be there at all, and its listener would go on without workers.
 */
@ConfigurationProperties(prefix = "kaffe", ignoreUnknownFields = false)
public class KaffeProperties extends ConsumerProperties {

	/**
	 * Whether listener containers may be given workers.
	 */
	private boolean enabled = true;

	/**
	 * Consumers with workers, by the id of their @KafkaListener or the name of their
	 * listener container bean.
	 */
	private final Map<String, Consumer> consumers = new LinkedHashMap<>();

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public Map<String, Consumer> getConsumers() {
		return this.consumers;
	}

	/**
	 * Settings of one consumer.
	 */
	public static class Consumer extends ConsumerProperties {

		/**
		 * Create settings in which nothing is set.
		 */
		public Consumer() {
		}

		/**
		 * Create settings from a name without any settings below it.
		 * @param empty an empty text
		 */
		public Consumer(String empty) {
			if (!empty.isBlank()) {
				throw new IllegalArgumentException(
						"Expected settings such as 'worker-allocation-strategy' below the consumer's name, or nothing");
			}
		}

	}

}
