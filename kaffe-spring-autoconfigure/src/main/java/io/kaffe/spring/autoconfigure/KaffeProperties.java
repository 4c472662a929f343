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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.ConfigurationPropertiesSource;

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
	 * Which listener containers are given workers.
	 */
	private Adopt adopt = Adopt.NAMED;

	private final Lag lag = new Lag();

	/**
	 * Consumers with workers, by the id of their @KafkaListener or the name of their
	 * listener container bean; or, with topics, a name of one's choice.
	 */
	private final Map<String, Consumer> consumers = new LinkedHashMap<>();

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public Adopt getAdopt() {
		return this.adopt;
	}

	public void setAdopt(Adopt adopt) {
		this.adopt = adopt;
	}

	public Lag getLag() {
		return this.lag;
	}

	public Map<String, Consumer> getConsumers() {
		return this.consumers;
	}

	/**
	 * Return the name of a property of a consumer, as it can be written.
	 */
	static String nameOf(String consumer, String property) {
		boolean plain = consumer.chars()
			.allMatch((character) -> character == '-' || Character.isLetterOrDigit(character));
		return "kaffe.consumers." + (plain ? consumer : "[" + consumer + "]") + "." + property;
	}

	/**
	 * Which listener containers are given workers.
	 */
	public enum Adopt {

		/**
		 * Those that are named below {@code kaffe.consumers}.
		 */
		NAMED,

		/**
		 * All of them, but those for which {@code kaffe.consumers.<name>.enabled} is
		 * {@code false}.
		 */
		ALL

	}

	/**
	 * How the lag of consumers becomes known.
	 */
	public static class Lag {

		/**
		 * How often to ask brokers where partitions end, on the side, so that the lag is
		 * known also while nothing of them is fetched. Zero: never.
		 */
		private Duration interval = Duration.ofSeconds(10);

		public Duration getInterval() {
			return this.interval;
		}

		public void setInterval(Duration interval) {
			this.interval = interval;
		}

	}

	/**
	 * Settings of one consumer.
	 */
	@ConfigurationPropertiesSource
	public static class Consumer extends ConsumerProperties {

		/**
		 * Whether the consumer has workers. If not, a listener stays as it is without
		 * Kaffe, and a declared consumer is not there.
		 */
		private boolean enabled = true;

		/**
		 * Topics of a declared consumer.
		 */
		private List<String> topics = new ArrayList<>();

		/**
		 * Pattern of the topics of a declared consumer, instead of their names.
		 */
		private @Nullable Pattern topicPattern;

		/**
		 * Consumer group of a declared consumer. The default is
		 * spring.kafka.consumer.group-id, or else the consumer's name.
		 */
		private @Nullable String groupId;

		/**
		 * Name of the RecordHandler or BatchRecordHandler bean of a declared consumer.
		 * The default is the bean named like the consumer; the only one there is, if no
		 * other consumer is declared.
		 */
		private @Nullable String handler;

		/**
		 * How many Kafka consumers a declared consumer polls with. The default is
		 * spring.kafka.listener.concurrency.
		 */
		private @Nullable Integer concurrency;

		/**
		 * Whether a declared consumer is started with the application. The default is
		 * spring.kafka.listener.auto-startup.
		 */
		private @Nullable Boolean autoStartup;

		/**
		 * Properties of the Kafka consumers of a declared consumer, which override those
		 * below spring.kafka.consumer.
		 */
		private final Map<String, String> properties = new LinkedHashMap<>();

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

		/**
		 * Return whether this declares a consumer rather than naming a listener.
		 */
		boolean isDeclared() {
			return !this.topics.isEmpty() || this.topicPattern != null;
		}

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

		public List<String> getTopics() {
			return this.topics;
		}

		public void setTopics(List<String> topics) {
			this.topics = topics;
		}

		public @Nullable Pattern getTopicPattern() {
			return this.topicPattern;
		}

		public void setTopicPattern(@Nullable Pattern topicPattern) {
			this.topicPattern = topicPattern;
		}

		public @Nullable String getGroupId() {
			return this.groupId;
		}

		public void setGroupId(@Nullable String groupId) {
			this.groupId = groupId;
		}

		public @Nullable String getHandler() {
			return this.handler;
		}

		public void setHandler(@Nullable String handler) {
			this.handler = handler;
		}

		public @Nullable Integer getConcurrency() {
			return this.concurrency;
		}

		public void setConcurrency(@Nullable Integer concurrency) {
			this.concurrency = concurrency;
		}

		public @Nullable Boolean getAutoStartup() {
			return this.autoStartup;
		}

		public void setAutoStartup(@Nullable Boolean autoStartup) {
			this.autoStartup = autoStartup;
		}

		public Map<String, String> getProperties() {
			return this.properties;
		}

	}

}
