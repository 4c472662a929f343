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

package io.kaffe.spring.test;

import java.util.Map;

import org.springframework.beans.BeanUtils;
import org.springframework.util.ClassUtils;

/**
 * Creates what a configuration of Kafka's clients names by its class.
 */
final class ConfiguredClasses {

	private ConfiguredClasses() {
	}

	@SuppressWarnings("unchecked")
	static <T> T create(Map<String, Object> config, String property) {
		Object type = config.get(property);
		if (type == null) {
			throw new IllegalStateException("'" + property + "' is not set");
		}
		Class<?> resolved = (type instanceof Class<?> present) ? present
				: ClassUtils.resolveClassName(type.toString(), null);
		return (T) BeanUtils.instantiateClass(resolved);
	}

}
