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
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.convert.DurationStyle;

import io.kaffe.spring.engine.listener.UnsuitableContainerException;

/**
 * The value of a setting of a consumer and the property it is from: the consumer's own,
 * else the one for all consumers, else Kaffe's default.
 *
 * @param <T> the type of the value
 * @param consumer the consumer's name
 * @param property the full name of the property
 * @param value the value
 * @param configured whether the property is set, rather than Kaffe's default
 */
record ResolvedProperty<T>(String consumer, String property, T value, boolean configured) {

	static final String POSITIVE = "Must be 1 ms or more.";

	static <T> ResolvedProperty<T> of(KaffeProperties properties, String consumer, String property,
			Function<ConsumerProperties, @Nullable T> getter, T fallback) {
		ConsumerProperties own = properties.getConsumers().get(consumer);
		T ownValue = (own != null) ? getter.apply(own) : null;
		if (ownValue != null) {
			return new ResolvedProperty<>(consumer, "kaffe.consumers." + consumer + "." + property, ownValue, true);
		}
		T common = getter.apply(properties);
		return (common != null) ? new ResolvedProperty<>(consumer, "kaffe." + property, common, true)
				: new ResolvedProperty<>(consumer, "kaffe.consumers." + consumer + "." + property, fallback, false);
	}

	/**
	 * Reject a duration that is unreasonably small, which is mostly a number of seconds
	 * without a unit.
	 * @param setting the setting
	 * @param least the smallest valid duration
	 */
	static void checkAtLeast(ResolvedProperty<Duration> setting, Duration least) {
		setting.check(setting.value().compareTo(least) >= 0, reason(least));
	}

	/**
	 * Return the reason why a duration is too small.
	 * @param least the smallest valid duration
	 */
	static String reason(Duration least) {
		return "Must be " + least.toMillis()
				+ " ms or more. A number without a unit is in milliseconds: write 5s for 5 seconds.";
	}

	static boolean isPositive(Duration duration) {
		return duration.toMillis() > 0;
	}

	/**
	 * Return whether the value is set for all consumers, directly below {@code kaffe}.
	 */
	boolean isCommon() {
		return this.configured && !this.property.startsWith("kaffe.consumers.");
	}

	/**
	 * Reject the value unless it is valid.
	 * @param valid whether it is valid
	 * @param reason why it is not valid, as a sentence
	 */
	void check(boolean valid, String reason) {
		if (!valid) {
			throw invalid(reason);
		}
	}

	RuntimeException invalid(String reason) {
		if (this.configured) {
			return new InvalidConfigurationPropertyValueException(this.property, shown(), reason);
		}
		return new UnsuitableContainerException("The default of '" + this.property + "', " + shown()
				+ ", is not valid for the listener container '" + this.consumer + "'. " + reason,
				"Set '" + this.property + "' to a valid value.");
	}

	/**
	 * Return the value as written in a configuration file.
	 */
	Object shown() {
		if (this.value instanceof Duration duration) {
			boolean seconds = duration.equals(duration.truncatedTo(ChronoUnit.SECONDS)) && !duration.isZero();
			return DurationStyle.SIMPLE.print(duration, seconds ? ChronoUnit.SECONDS : ChronoUnit.MILLIS);
		}
		return (this.value instanceof Enum<?> constant) ? constant.name().toLowerCase(Locale.ROOT).replace('_', '-')
				: this.value;
	}

}
