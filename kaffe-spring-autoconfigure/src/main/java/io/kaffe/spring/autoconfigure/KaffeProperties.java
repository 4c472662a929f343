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
 * Configuration properties of Kaffe. Properties directly below {@code kaffe} are the
 * defaults of all consumers.
 * <p>
 * Unknown properties are rejected: a consumer with nothing but a misspelt property would
 * not be bound at all, and its listener would run without workers.
 */
@ConfigurationProperties(prefix = "kaffe", ignoreUnknownFields = false)
public class KaffeProperties extends ConsumerProperties {

	/**
	 * Whether Kaffe is enabled.
	 */
	private boolean enabled = true;

	/**
	 * Listener containers that are given workers.
	 */
	private Adopt adopt = Adopt.NAMED;

	private final Lag lag = new Lag();

	private final Once once = new Once();

	/**
	 * Consumers with workers, by the id of a @KafkaListener or the name of a listener
	 * container bean; or, for declared consumers, by any name.
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

	public Once getOnce() {
		return this.once;
	}

	public Map<String, Consumer> getConsumers() {
		return this.consumers;
	}

	/**
	 * Return the name of a property of a consumer, as written in a configuration file.
	 */
	static String nameOf(String consumer, String property) {
		boolean plain = consumer.chars()
			.allMatch((character) -> character == '-' || Character.isLetterOrDigit(character));
		return "kaffe.consumers." + (plain ? consumer : "[" + consumer + "]") + "." + property;
	}

	/**
	 * Listener containers that are given workers.
	 */
	public enum Adopt {

		/**
		 * Containers that are named below {@code kaffe.consumers}.
		 */
		NAMED,

		/**
		 * All containers except those for which {@code kaffe.consumers.<name>.enabled} is
		 * {@code false}.
		 */
		ALL

	}

	/**
	 * Determination of the consumer lag.
	 */
	public static class Lag {

		/**
		 * Interval at which the end offsets of partitions are requested by an admin
		 * client, so that the lag is known even while nothing is fetched. 0 disables it.
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
	 * Handling of records once.
	 */
	public static class Once {

		private final OnceJdbc jdbc = new OnceJdbc();

		public OnceJdbc getJdbc() {
			return this.jdbc;
		}

	}

	/**
	 * Notes of handled records in the application's database.
	 */
	public static class OnceJdbc {

		/**
		 * Name of the table in which handled records are noted.
		 */
		private String tableName = "kaffe_handled";

		/**
		 * When to create the table.
		 */
		private InitializeSchema initializeSchema = InitializeSchema.EMBEDDED;

		public String getTableName() {
			return this.tableName;
		}

		public void setTableName(String tableName) {
			this.tableName = tableName;
		}

		public InitializeSchema getInitializeSchema() {
			return this.initializeSchema;
		}

		public void setInitializeSchema(InitializeSchema initializeSchema) {
			this.initializeSchema = initializeSchema;
		}

		/**
		 * When to create the table.
		 */
		public enum InitializeSchema {

			/**
			 * At every start, unless it is there.
			 */
			ALWAYS,

			/**
			 * At every start, unless it is there, if the database is embedded.
			 */
			EMBEDDED,

			/**
			 * Never.
			 */
			NEVER

		}

	}

	/**
	 * Properties of one consumer.
	 */
	@ConfigurationPropertiesSource
	public static class Consumer extends ConsumerProperties {

		/**
		 * Whether the consumer has workers. If not, its listener runs as without Kaffe,
		 * and a declared consumer is not created.
		 */
		private boolean enabled = true;

		/**
		 * Topics of a declared consumer.
		 */
		private List<String> topics = new ArrayList<>();

		/**
		 * Topic pattern of a declared consumer, instead of topics.
		 */
		private @Nullable Pattern topicPattern;

		/**
		 * Consumer group of a declared consumer. Defaults to
		 * spring.kafka.consumer.group-id, or else to the consumer's name.
		 */
		private @Nullable String groupId;

		/**
		 * Name of the RecordHandler or BatchRecordHandler bean of a declared consumer.
		 * Defaults to the bean with the consumer's name, or to a single such bean if no
		 * other consumer is declared.
		 */
		private @Nullable String handler;

		/**
		 * Number of Kafka consumers of a declared consumer. Defaults to
		 * spring.kafka.listener.concurrency.
		 */
		private @Nullable Integer concurrency;

		/**
		 * Whether a declared consumer is started with the application. Defaults to
		 * spring.kafka.listener.auto-startup.
		 */
		private @Nullable Boolean autoStartup;

		/**
		 * What makes sure that the effects of each record are there once.
		 */
		private OnceMode once = OnceMode.NONE;

		/**
		 * Kafka consumer properties of a declared consumer. Override those of
		 * spring.kafka.consumer.
		 */
		private final Map<String, String> properties = new LinkedHashMap<>();

		/**
		 * Create properties that are not set.
		 */
		public Consumer() {
		}

		/**
		 * Create properties from a name without any properties below it.
		 * @param empty an empty string
		 */
		public Consumer(String empty) {
			if (!empty.isBlank()) {
				throw new IllegalArgumentException(
						"Expected properties such as 'worker-allocation-strategy' below the consumer's name, or an empty value");
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

		public OnceMode getOnce() {
			return this.once;
		}

		public void setOnce(OnceMode once) {
			this.once = once;
		}

		public Map<String, String> getProperties() {
			return this.properties;
		}

		/**
		 * What makes sure that the effects of each record are there once.
		 */
		public enum OnceMode {

			/**
			 * Nothing: records are handled at least once.
			 */
			NONE,

			/**
			 * Each record is noted in the application's database, in the transaction of
			 * its handler.
			 */
			JDBC

		}

	}

}
