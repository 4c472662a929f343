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

import java.util.Map;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.jdbc.init.DataSourceScriptDatabaseInitializer;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.PlatformTransactionManager;

import io.kaffe.spring.autoconfigure.KaffeProperties.Consumer.OnceMode;
import io.kaffe.spring.engine.once.JdbcOnceStore;

/**
 * Auto-configuration of what notes in the application's database which records are
 * handled, if a consumer has {@code once: jdbc}.
 */
@AutoConfiguration(before = KaffeAutoConfiguration.class,
		afterName = { "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration",
				"org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration",
				"org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration" })
@ConditionalOnClass({ JdbcTemplate.class, PlatformTransactionManager.class, DataSourceScriptDatabaseInitializer.class })
@ConditionalOnBooleanProperty(name = "kaffe.enabled", matchIfMissing = true)
@Conditional(KaffeOnceJdbcAutoConfiguration.OnOnceJdbc.class)
@EnableConfigurationProperties(KaffeProperties.class)
public final class KaffeOnceJdbcAutoConfiguration {

	KaffeOnceJdbcAutoConfiguration() {
	}

	@Bean
	OnceDatabase kaffeOnceDatabase(ListableBeanFactory beans, KaffeProperties properties) {
		return new OnceDatabase(beans, properties.getOnce().getJdbc().getTableName());
	}

	@Bean
	OnceSchemaInitializer kaffeOnceSchemaInitializer(OnceDatabase database, KaffeProperties properties) {
		return new OnceSchemaInitializer(database.dataSource(), database.tableName(),
				properties.getOnce().getJdbc().getInitializeSchema());
	}

	@Bean
	@DependsOnDatabaseInitialization
	JdbcOnceStore kaffeOnceStore(OnceDatabase database) {
		return database.store();
	}

	/**
	 * Matches if the records of a consumer are to be handled once in the database.
	 */
	static class OnOnceJdbc extends SpringBootCondition {

		@Override
		public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
			boolean once = Binder.get(context.getEnvironment())
				.bind("kaffe.consumers", Bindable.mapOf(String.class, Object.class))
				.map((consumers) -> consumers.values().stream().anyMatch(OnOnceJdbc::isOnce))
				.orElse(false);
			ConditionMessage.Builder message = ConditionMessage.forCondition("Once in the database");
			return once ? ConditionOutcome.match(message.because("a consumer has once: jdbc"))
					: ConditionOutcome.noMatch(message.because("no consumer has once: jdbc"));
		}

		private static boolean isOnce(Object consumer) {
			return consumer instanceof Map<?, ?> properties
					&& OnceMode.JDBC.name().equalsIgnoreCase(String.valueOf(properties.get("once")));
		}

	}

}
