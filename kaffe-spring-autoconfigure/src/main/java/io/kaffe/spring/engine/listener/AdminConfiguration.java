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

package io.kaffe.spring.engine.listener;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

import org.apache.kafka.clients.admin.AdminClientConfig;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of admin clients that connect as consumers do.
 */
final class AdminConfiguration {

	private static final Set<String> SETTINGS = AdminClientConfig.configNames();

	private AdminConfiguration() {
	}

	/**
	 * Return the configuration of an admin client.
	 * @param consumer the configuration of a consumer
	 * @return a new map without a client id; {@code null} if the consumer does not say
	 * where its broker is
	 */
	static @Nullable Map<String, Object> of(Map<String, Object> consumer) {
		Map<String, Object> configuration = new HashMap<>(consumer);
		configuration.keySet().removeIf((name) -> !SETTINGS.contains(name) && !isOfSecurity(name));
		configuration.remove(AdminClientConfig.CLIENT_ID_CONFIG);
		return (configuration.get(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG) != null) ? configuration : null;
	}

	/**
	 * Return whether a setting may be one of those that security providers define
	 * themselves.
	 */
	private static boolean isOfSecurity(String name) {
		return name.startsWith("sasl.") || name.startsWith("ssl.") || name.startsWith("config.providers.");
	}

}
