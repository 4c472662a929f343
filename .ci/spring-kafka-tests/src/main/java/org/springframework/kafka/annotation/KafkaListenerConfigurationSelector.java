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

package org.springframework.kafka.annotation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.context.annotation.ImportCandidates;
import org.springframework.context.EnvironmentAware;
import org.springframework.context.annotation.DeferredImportSelector;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.type.AnnotationMetadata;

/**
 * What {@link EnableKafka @EnableKafka} imports, in place of Spring Kafka's own class: the
 * auto-configurations of this project as well, unless {@code kaffe.adopt} is not set. System
 * properties that begin with the name of the test class are properties of its application.
 */
@Order
public class KafkaListenerConfigurationSelector implements DeferredImportSelector, EnvironmentAware {

	private Environment environment;

	@Override
	public void setEnvironment(Environment environment) {
		this.environment = environment;
	}

	@Override
	public String[] selectImports(AnnotationMetadata importingClassMetadata) {
		List<String> imports = new ArrayList<>();
		imports.add(KafkaBootstrapConfiguration.class.getName());
		if (System.getProperty("kaffe.adopt") != null) {
			ImportCandidates.load(AutoConfiguration.class, getClass().getClassLoader())
				.getCandidates()
				.stream()
				.filter((candidate) -> candidate.startsWith("io.kaffe.spring."))
				.forEach(imports::add);
			addProperties(importingClassMetadata.getClassName().replaceFirst(".*\\.", "").replaceFirst("\\$.*", "") + ".");
		}
		return imports.toArray(String[]::new);
	}

	private void addProperties(String prefix) {
		Map<String, Object> properties = new HashMap<>();
		System.getProperties().stringPropertyNames().stream().filter((name) -> name.startsWith(prefix))
			.forEach((name) -> properties.put(name.substring(prefix.length()), System.getProperty(name)));
		((ConfigurableEnvironment) this.environment).getPropertySources()
			.addFirst(new MapPropertySource(prefix, properties));
	}

}
