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

import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.SaslConfigs;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.core.env.Environment;

/**
 * Analyzes why a listener container could not create its Kafka consumer, in a service
 * that has consumers with workers, with Kafka's own cause first. Neither Kafka nor Spring
 * Kafka names the container.
 */
final class KafkaClientFailureAnalyzer extends AbstractFailureAnalyzer<KafkaException> {

	private static final String CONTAINER = "org.springframework.kafka.listener.KafkaMessageListenerContainer$ListenerConsumer";

	private static final Pattern SETTING = Pattern.compile("(?:configuration|in) ([a-z][a-z0-9.]*[a-z0-9])");

	private final Environment environment;

	KafkaClientFailureAnalyzer(Environment environment) {
		this.environment = environment;
	}

	@Override
	protected @Nullable FailureAnalysis analyze(Throwable rootFailure, KafkaException cause) {
		Set<String> consumers = consumers();
		if (consumers.isEmpty() || !isThrownByContainer(cause)) {
			return null;
		}
		Throwable reason = NestedExceptionUtils.getMostSpecificCause(cause);
		String setting = setting(cause);
		String of = (consumers.size() == 1) ? "the consumer with workers is " : "consumers with workers are ";
		return new FailureAnalysis(
				"Kafka could not create the consumer of a listener container (" + of + String.join(", ", consumers)
						+ "):%n%n    %s: %s".formatted(reason.getClass().getName(), reason.getMessage()),
				(setting != null)
						? "Correct '" + setting
								+ "', below 'spring.kafka.consumer' or 'spring.kafka.properties', or where the "
								+ "listener, the declared consumer or a ConsumerFactory bean sets it."
						: "Correct the settings of the Kafka consumer, below 'spring.kafka'.",
				cause);
	}

	/**
	 * Return the names of the consumers with workers, as far as they are in the
	 * properties.
	 */
	private Set<String> consumers() {
		Set<String> consumers = new TreeSet<>();
		if (this.environment.getProperty("kaffe.enabled", Boolean.class, true)) {
			Binder binder = Binder.get(this.environment);
			binder.bind("kaffe.consumers", Bindable.mapOf(String.class, Object.class))
				.ifBound((bound) -> consumers.addAll(bound.keySet()));
			if (consumers.isEmpty() && "all".equalsIgnoreCase(this.environment.getProperty("kaffe.adopt"))) {
				consumers.add("all listeners");
			}
		}
		return consumers;
	}

	private static boolean isThrownByContainer(Throwable failure) {
		for (StackTraceElement frame : failure.getStackTrace()) {
			if (frame.getClassName().equals(CONTAINER)) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Return the setting that Kafka's messages name, if any.
	 */
	private static @Nullable String setting(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			String message = String.valueOf(cause.getMessage());
			Matcher matcher = SETTING.matcher(message);
			while (matcher.find()) {
				if (ConsumerConfig.configNames().contains(matcher.group(1))) {
					return matcher.group(1);
				}
			}
			if (message.contains("JAAS")) {
				return SaslConfigs.SASL_JAAS_CONFIG;
			}
		}
		return null;
	}

}
