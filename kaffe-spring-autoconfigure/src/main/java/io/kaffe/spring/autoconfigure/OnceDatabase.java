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

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

import javax.sql.DataSource;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.kafka.transaction.KafkaAwareTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;

import io.kaffe.spring.engine.listener.UnsuitableContainerException;
import io.kaffe.spring.engine.once.JdbcOnceStore;

/**
 * The application's database, in which records are noted: its {@link DataSource}, and the
 * transaction manager of that.
 * <p>
 * <b>Threading.</b> Used while the application starts, by one thread at a time.
 */
final class OnceDatabase {

	private static final Pattern TABLE_NAME = Pattern.compile("[\\w.$#]+");

	private final ListableBeanFactory beans;

	private final String tableName;

	/**
	 * Create it.
	 * @param beans the application's beans
	 * @param tableName the name of the table
	 */
	OnceDatabase(ListableBeanFactory beans, String tableName) {
		if (!TABLE_NAME.matcher(tableName).matches()) {
			throw new InvalidConfigurationPropertyValueException("kaffe.once.jdbc.table-name", tableName,
					"Must be the name of a table, with its schema if need be, without quotes.");
		}
		this.beans = beans;
		this.tableName = tableName;
	}

	String tableName() {
		return this.tableName;
	}

	/**
	 * Return the only or primary data source.
	 */
	DataSource dataSource() {
		DataSource only = this.beans.getBeanProvider(DataSource.class).getIfUnique();
		if (only != null) {
			return only;
		}
		String[] names = this.beans.getBeanNamesForType(DataSource.class);
		throw unsuitable(
				(names.length == 0) ? "there is no DataSource bean"
						: "there are several DataSource beans (" + String.join(", ", names) + "), and none is primary",
				(names.length == 0) ? "Add spring-boot-starter-jdbc or -data-jpa, and configure 'spring.datasource'."
						: "Annotate the one that handlers use with @Primary.");
	}

	/**
	 * Return what notes records in the table.
	 */
	JdbcOnceStore store() {
		DataSource dataSource = dataSource();
		Map<String, PlatformTransactionManager> managers = new TreeMap<>(
				this.beans.getBeansOfType(PlatformTransactionManager.class));
		managers.values().removeIf((manager) -> manager instanceof KafkaAwareTransactionManager<?, ?>);
		Map<PlatformTransactionManager, JdbcOnceStore> stores = new LinkedHashMap<>();
		List<String> names = new ArrayList<>();
		RuntimeException failure = null;
		for (Map.Entry<String, PlatformTransactionManager> each : managers.entrySet()) {
			JdbcOnceStore store = new JdbcOnceStore(dataSource, each.getValue(), this.tableName);
			try {
				if (store.sharesTransactions()) {
					stores.put(each.getValue(), store);
					names.add(each.getKey());
				}
			}
			catch (RuntimeException ex) {
				// It may be that of a message broker, which is away.
				failure = ex;
			}
		}
		if (stores.isEmpty() && failure != null) {
			throw failure;
		}
		PlatformTransactionManager primary = this.beans.getBeanProvider(PlatformTransactionManager.class).getIfUnique();
		JdbcOnceStore store = (stores.size() == 1) ? stores.values().iterator().next() : stores.get(primary);
		if (store == null) {
			throw unsuitable(
					stores.isEmpty()
							? "none of the transaction managers (" + String.join(", ", managers.keySet())
									+ ") has its transactions in the DataSource"
							: "several transaction managers have their transactions in the DataSource ("
									+ String.join(", ", names) + "), and none is primary",
					stores.isEmpty()
							? "Declare a DataSourceTransactionManager or JpaTransactionManager of that DataSource."
							: "Annotate the one that handlers use with @Primary.");
		}
		verify(store, dataSource);
		return store;
	}

	private void verify(JdbcOnceStore store, DataSource dataSource) {
		try {
			store.verify();
		}
		catch (DataAccessResourceFailureException | TransientDataAccessException ex) {
			throw ex;
		}
		catch (DataAccessException ex) {
			UnsuitableContainerException failure = unsuitable(
					"the table " + this.tableName + " cannot be used: " + ex.getMostSpecificCause().getMessage(),
					"Create the table, and grant SELECT, INSERT, UPDATE and DELETE on it, or have it created with "
							+ "'kaffe.once.jdbc.initialize-schema' set to always:\n\n"
							+ OnceSchemaInitializer.ddl(dataSource, this.tableName));
			failure.initCause(ex);
			throw failure;
		}
	}

	private static UnsuitableContainerException unsuitable(String why, String action) {
		return new UnsuitableContainerException(
				"Records cannot be handled once in the database, as 'once: jdbc' demands: " + why + ".", action);
	}

}
