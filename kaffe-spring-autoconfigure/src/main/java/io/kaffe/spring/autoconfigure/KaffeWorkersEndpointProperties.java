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

import java.util.HashSet;
import java.util.Set;

import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Properties of the actuator endpoint {@code kaffeworkers}.
 * <p>
 * <b>Threading.</b> Written by binding, and only read afterwards.
 */
@ConfigurationProperties("management.endpoint.kaffeworkers")
public class KaffeWorkersEndpointProperties {

	/**
	 * When to show keys and values of records, and exception messages.
	 */
	private Show showValues = Show.NEVER;

	/**
	 * Roles used to determine whether a user is authorized to see keys, values and
	 * messages. When empty, all authenticated users are authorized.
	 */
	private final Set<String> roles = new HashSet<>();

	/**
	 * Create properties with the defaults.
	 */
	public KaffeWorkersEndpointProperties() {
	}

	/**
	 * Return when keys, values and exception messages are shown.
	 * @return by default never
	 */
	public Show getShowValues() {
		return this.showValues;
	}

	/**
	 * Set when keys, values and exception messages are shown.
	 * @param showValues when
	 */
	public void setShowValues(Show showValues) {
		this.showValues = showValues;
	}

	/**
	 * Return the roles that are authorized.
	 * @return the roles, to be added to; empty: all authenticated users are authorized
	 */
	public Set<String> getRoles() {
		return this.roles;
	}

}
