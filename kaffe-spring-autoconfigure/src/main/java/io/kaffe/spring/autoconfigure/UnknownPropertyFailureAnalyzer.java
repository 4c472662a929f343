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

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.annotation.Order;

/**
 * Adds the probably intended property to Spring Boot's analysis of a property that does
 * not exist. Ordered before Spring Boot's, which analyzes names without a suggestion.
 */
@Order(0)
final class UnknownPropertyFailureAnalyzer extends AbstractFailureAnalyzer<UnboundConfigurationPropertiesException> {

	@Override
	protected @Nullable FailureAnalysis analyze(Throwable rootFailure, UnboundConfigurationPropertiesException cause) {
		BindException binding = findCause(rootFailure, BindException.class);
		Set<ConfigurationProperty> unknown = cause.getUnboundProperties();
		if (binding == null
				|| unknown.stream().allMatch((property) -> PropertyNames.similarTo(property.getName()) == null)) {
			return null;
		}
		StringBuilder description = new StringBuilder("Binding to target %s failed:%n".formatted(binding.getTarget()));
		for (ConfigurationProperty property : unknown) {
			description.append("%n    Property: %s".formatted(property.getName()))
				.append("%n    Value: \"%s\"".formatted(property.getValue()))
				.append("%n    Origin: %s".formatted(property.getOrigin()))
				.append("%n    Reason: %s".formatted(cause.getMessage()));
			String similar = PropertyNames.similarTo(property.getName());
			if (similar != null) {
				description.append(" Did you mean '%s'?".formatted(similar));
			}
			description.append("%n".formatted());
		}
		return new FailureAnalysis(description.toString().stripTrailing(), "Update your application's configuration",
				cause);
	}

}
