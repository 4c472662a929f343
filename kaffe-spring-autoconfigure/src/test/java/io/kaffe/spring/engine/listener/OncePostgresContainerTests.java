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

import java.util.Map;

import org.junit.jupiter.api.BeforeEach;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * Tests for records that are noted in the transaction of their handler, in PostgreSQL in
 * a container; skipped where Docker is missing, where
 * {@link OncePostgresIntegrationTests} runs the same scenarios.
 */
@Testcontainers(disabledWithoutDocker = true)
class OncePostgresContainerTests extends OnceIntegrationTests {

	@Container
	private static final PostgreSQLContainer POSTGRES = new PostgreSQLContainer("postgres:18-alpine");

	@BeforeEach
	void dropTables() {
		new JdbcTemplate(
				new DriverManagerDataSource(POSTGRES.getJdbcUrl(), POSTGRES.getUsername(), POSTGRES.getPassword()))
			.execute("DROP TABLE IF EXISTS effects, kaffe_handled");
	}

	@Override
	Map<String, String> database() {
		return Map.of("spring.datasource.url", POSTGRES.getJdbcUrl(), "spring.datasource.username",
				POSTGRES.getUsername(), "spring.datasource.password", POSTGRES.getPassword(),
				"kaffe.once.jdbc.initialize-schema", "always");
	}

}
