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

import javax.sql.DataSource;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.JdbcTemplateAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

import io.kaffe.spring.autoconfigure.KaffeOnceJdbcAutoConfiguration;

/**
 * Has attempts book their records to {@link Accounts}, in transactions in which they are
 * noted.
 * <p>
 * <b>Threading.</b> Called by workers.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnBooleanProperty("fault.once")
@ImportAutoConfiguration({ DataSourceAutoConfiguration.class, JdbcTemplateAutoConfiguration.class,
		KaffeOnceJdbcAutoConfiguration.class })
class Booking {

	private final FaultHandler handler;

	private final JdbcTemplate jdbc;

	Booking(FaultHandler handler, JdbcTemplate jdbc) {
		this.handler = handler;
		this.jdbc = jdbc;
		handler.effect(this::book);
	}

	/**
	 * Spring Boot makes none if there is one of Kafka.
	 */
	@Bean
	static JdbcTransactionManager transactionManager(DataSource dataSource) {
		return new JdbcTransactionManager(dataSource);
	}

	private void book(ConsumerRecord<String, String> record) {
		TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
			@Override
			public void afterCompletion(int status) {
				if (status == STATUS_UNKNOWN) {
					Booking.this.handler.undone(record);
				}
			}
		});
		Accounts.book(record, this.jdbc);
	}

}
