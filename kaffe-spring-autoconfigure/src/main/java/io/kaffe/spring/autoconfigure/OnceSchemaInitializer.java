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

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

import javax.sql.DataSource;

import org.springframework.boot.jdbc.init.DataSourceScriptDatabaseInitializer;
import org.springframework.boot.jdbc.init.PlatformPlaceholderDatabaseDriverResolver;
import org.springframework.boot.sql.init.DatabaseInitializationMode;
import org.springframework.boot.sql.init.DatabaseInitializationSettings;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.DefaultResourceLoader;
import org.springframework.core.io.Resource;

import io.kaffe.spring.autoconfigure.KaffeProperties.OnceJdbc.InitializeSchema;

/**
 * Creates the table in which handled records are noted.
 */
final class OnceSchemaInitializer extends DataSourceScriptDatabaseInitializer {

	private static final String SCRIPT = "classpath:io/kaffe/spring/once/jdbc/schema-@@platform@@.sql";

	/** The name of the table in the scripts. */
	private static final String NAME = "kaffe_handled";

	private final String tableName;

	/**
	 * Create an initializer.
	 * @param dataSource where to create the table
	 * @param tableName its name
	 * @param mode when to create it
	 */
	OnceSchemaInitializer(DataSource dataSource, String tableName, InitializeSchema mode) {
		super(dataSource, settings(dataSource, mode));
		this.tableName = tableName;
	}

	private static DatabaseInitializationSettings settings(DataSource dataSource, InitializeSchema mode) {
		DatabaseInitializationSettings settings = new DatabaseInitializationSettings();
		settings.setMode(DatabaseInitializationMode.valueOf(mode.name()));
		if (mode != InitializeSchema.NEVER) {
			settings.setSchemaLocations(locations(dataSource));
		}
		// It may be there already.
		settings.setContinueOnError(true);
		return settings;
	}

	private static List<String> locations(DataSource dataSource) {
		return new PlatformPlaceholderDatabaseDriverResolver().resolveAll(dataSource, SCRIPT);
	}

	@Override
	protected void runScripts(Scripts scripts) {
		List<Resource> named = new ArrayList<>();
		for (Resource script : scripts) {
			named.add(new ByteArrayResource(text(script, this.tableName).getBytes(StandardCharsets.UTF_8),
					String.valueOf(script)));
		}
		super.runScripts(new Scripts(named).continueOnError(scripts.isContinueOnError())
			.separator(scripts.getSeparator())
			.encoding(StandardCharsets.UTF_8));
	}

	private static String text(Resource script, String tableName) {
		try {
			return script.getContentAsString(StandardCharsets.UTF_8).replace(NAME, tableName);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Return what creates the table in a database.
	 */
	static String ddl(DataSource dataSource, String tableName) {
		DefaultResourceLoader loader = new DefaultResourceLoader();
		return locations(dataSource).stream()
			.map((location) -> text(loader.getResource(location), tableName))
			.collect(Collectors.joining("\n"));
	}

}
