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

import org.junit.jupiter.api.extension.ExtendWith;

import io.kaffe.spring.support.DatabaseProcess;
import io.kaffe.spring.support.PostgresExtension;

/**
 * Tests for records that are noted in the transaction of their handler, in PostgreSQL;
 * skipped where that is not installed.
 */
@ExtendWith(PostgresExtension.class)
class OncePostgresIntegrationTests extends OnceIntegrationTests {

	private final DatabaseProcess database;

	OncePostgresIntegrationTests(DatabaseProcess database) {
		this.database = database;
	}

	@Override
	Map<String, String> database() {
		return DatabaseProcess.properties(this.database.newSchema());
	}

}
