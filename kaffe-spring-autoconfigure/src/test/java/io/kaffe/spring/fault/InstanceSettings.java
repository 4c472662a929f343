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

package io.kaffe.spring.fault;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an instance is started with: a map of Spring properties.
 * <p>
 * <b>Threading.</b> Used by the thread of a test.
 */
final class InstanceSettings {

	private final String name;

	private final Path directory;

	private final Map<String, Object> properties = new LinkedHashMap<>();

	InstanceSettings(String name, Path directory) {
		this.name = name;
		this.directory = directory;
		with("fault.instance", name);
		with("fault.directory", directory);
	}

	InstanceSettings with(String property, Object value) {
		this.properties.put(property, value);
		return this;
	}

	InstanceSettings withConsumer(String property, Object value) {
		return with("spring.kafka.consumer.properties[" + property + "]", value);
	}

	InstanceSettings withConsumer(Map<String, Object> properties) {
		properties.forEach(this::withConsumer);
		return this;
	}

	String name() {
		return this.name;
	}

	Path directory() {
		return this.directory;
	}

	List<String> arguments() {
		return this.properties.entrySet()
			.stream()
			.map((property) -> "--" + property.getKey() + "=" + property.getValue())
			.toList();
	}

}
