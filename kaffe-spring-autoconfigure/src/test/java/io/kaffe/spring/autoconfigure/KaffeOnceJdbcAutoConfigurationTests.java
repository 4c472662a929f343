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
import java.util.List;
import java.util.concurrent.CompletableFuture;

import javax.sql.DataSource;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseBuilder;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseType;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;

import io.kaffe.spring.engine.delivery.OnceStore;
import io.kaffe.spring.engine.listener.UnsuitableContainerException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * Tests for {@link KaffeOnceJdbcAutoConfiguration}, and for what users read when records
 * cannot be handled once.
 */
@ExtendWith(OutputCaptureExtension.class)
class KaffeOnceJdbcAutoConfigurationTests {

	private static final String HEADING = "APPLICATION FAILED TO START";

	private static final String WITHOUT_DATA_SOURCE = "--spring.autoconfigure.exclude="
			+ "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration";

	private final CapturedOutput output;

	KaffeOnceJdbcAutoConfigurationTests(CapturedOutput output) {
		this.output = output;
	}

	@Test
	void tableIsCreatedInAnEmbeddedDatabase() {
		try (ConfigurableApplicationContext context = start(Listening.class)) {
			assertThat(context.getBean(JdbcTemplate.class)
				.queryForObject("SELECT COUNT(*) FROM kaffe_handled", Long.class)).isZero();
		}
	}

	@Test
	void nameOfTheTableCanBeChosen() {
		try (ConfigurableApplicationContext context = start(Listening.class,
				"--kaffe.once.jdbc.table-name=PUBLIC.shop_handled")) {
			assertThat(
					context.getBean(JdbcTemplate.class).queryForObject("SELECT COUNT(*) FROM shop_handled", Long.class))
				.isZero();
		}
		assertThat(failure(Listening.class, "--kaffe.once.jdbc.table-name=a; DROP TABLE b"))
			.contains("'kaffe.once.jdbc.table-name'")
			.contains("Must be the name of a table");
	}

	@Test
	void nothingIsCreatedUnlessAConsumerNeedsIt() {
		try (ConfigurableApplicationContext context = start(Listening.class, "--kaffe.consumers.orders.once=none")) {
			assertThat(context.getBeanProvider(OnceStore.class).getIfAvailable()).isNull();
			assertThat(context.getBean(JdbcTemplate.class)
				.queryForObject("SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'KAFFE_HANDLED'",
						Long.class))
				.isZero();
		}
	}

	@Test
	void missingTableIsExplainedWithWhatCreatesIt() {
		assertThat(failure(Listening.class, "--kaffe.once.jdbc.initialize-schema=never",
				"--kaffe.once.jdbc.table-name=shop_handled"))
			.contains("the table shop_handled cannot be used")
			.contains("'kaffe.once.jdbc.initialize-schema'")
			.contains("CREATE TABLE IF NOT EXISTS shop_handled (")
			.contains("PRIMARY KEY (consumer_group, topic, topic_id, partition_number, record_offset)");
	}

	@Test
	void missingDataSourceIsExplained() {
		assertThat(failure(Listening.class, WITHOUT_DATA_SOURCE)).contains("there is no DataSource bean")
			.contains("spring.datasource");
	}

	@Test
	void severalDataSourcesWithoutAChoiceAreExplained() {
		assertThat(failure(TwoDataSources.class))
			.contains("there are several DataSource beans (billing, shipping), and none is primary")
			.contains("@Primary");
	}

	@Test
	void transactionManagerOfAnotherDataSourceIsExplained() {
		assertThat(failure(OtherTransactionManager.class))
			.contains("none of the transaction managers (transactionManager) has its transactions in the DataSource")
			.contains("Declare a DataSourceTransactionManager");
	}

	@Test
	void kafkasTransactionManagerIsNoCandidate() {
		try (ConfigurableApplicationContext context = start(OwnTransactionManager.class,
				"--spring.kafka.producer.transaction-id-prefix=tx-", "--kaffe.consumers.orders.once=jdbc",
				"--kaffe.consumers.orders.enabled=false")) {
			assertThat(context.getBean(OnceStore.class)).isNotNull();
		}
	}

	@Test
	void transactionManagerOfSomethingElseThatIsAwayIsNoCandidate() {
		try (ConfigurableApplicationContext context = start(OtherTransactions.class)) {
			assertThat(context.getBean(OnceStore.class)).isNotNull();
		}
	}

	@Test
	void manualAcknowledgmentIsExplained() {
		assertThat(failure(Acknowledging.class, "--spring.kafka.listener.ack-mode=manual"))
			.contains("The records of listener container 'orders' cannot be handled once: its AckMode is MANUAL")
			.contains("Leave the AckMode out (BATCH)")
			.contains("Or remove 'kaffe.consumers.orders.once'");
	}

	@Test
	void asynchronousListenerIsExplained() {
		assertThat(failure(Answering.class))
			.contains("The records of listener container 'orders' cannot be handled once: its listener is asynchronous")
			.contains("Let the listener do its work before it returns.");
	}

	@Test
	void listenerOnOtherThreadsIsExplained() {
		assertThat(failure(Background.class))
			.contains(
					"The records of listener container 'orders' cannot be handled once: its listener is annotated with "
							+ "@Async")
			.contains("Remove @Async: workers run listeners concurrently.");
	}

	@Test
	void missingGroupIsExplained() {
		assertThat(failure(Groupless.class)).contains("it has no consumer group")
			.contains("'spring.kafka.consumer.group-id'");
	}

	@Test
	void missingJdbcIsExplained() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, KaffeOnceJdbcAutoConfiguration.class,
					KaffeAutoConfiguration.class))
			.withUserConfiguration(Listening.class)
			.withClassLoader(new FilteredClassLoader(JdbcTemplate.class))
			.withPropertyValues("kaffe.consumers.orders.once=jdbc", "spring.kafka.listener.auto-startup=false")
			.run((context) -> assertThat(context).hasFailed()
				.getFailure()
				.rootCause()
				.isInstanceOf(UnsuitableContainerException.class)
				.hasMessageContaining("'kaffe.consumers.orders.once' is jdbc, but Spring's JDBC"));
	}

	private String failure(Class<?> configuration, String... arguments) {
		int before = this.output.getAll().length();
		assertThatException().isThrownBy(() -> start(configuration, arguments).close());
		String text = this.output.getAll().substring(before);
		assertThat(text).containsOnlyOnce(HEADING).contains("Description:").contains("Action:");
		return text.substring(text.indexOf(HEADING));
	}

	private static ConfigurableApplicationContext start(Class<?> configuration, String... arguments) {
		SpringApplication application = new SpringApplication(TestApplication.class, configuration);
		application.setWebApplicationType(WebApplicationType.NONE);
		List<String> all = new ArrayList<>(
				List.of("--spring.main.banner-mode=off", "--spring.main.register-shutdown-hook=false",
						"--spring.kafka.listener.auto-startup=false", "--spring.datasource.generate-unique-name=true"));
		if (List.of(arguments).stream().noneMatch((argument) -> argument.startsWith("--kaffe.consumers."))) {
			all.add("--kaffe.consumers.orders.once=jdbc");
		}
		all.addAll(List.of(arguments));
		return application.run(all.toArray(String[]::new));
	}

	private static DataSource database() {
		return new EmbeddedDatabaseBuilder().setType(EmbeddedDatabaseType.H2).generateUniqueName(true).build();
	}

	/**
	 * A service under test.
	 */
	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class TestApplication {

	}

	/**
	 * Has a listener.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Listening {

		@KafkaListener(id = "orders", topics = "orders")
		void handle(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Has a listener that acknowledges.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Acknowledging {

		@KafkaListener(id = "orders", topics = "orders")
		void handle(ConsumerRecord<String, String> record, Acknowledgment acknowledgment) {
		}

	}

	/**
	 * Has a listener that answers later.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Answering {

		@KafkaListener(id = "orders", topics = "orders")
		CompletableFuture<Void> handle(ConsumerRecord<String, String> record) {
			return CompletableFuture.completedFuture(null);
		}

	}

	/**
	 * Has a listener that runs on other threads.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAsync
	static class Background {

		@Async
		@KafkaListener(id = "orders", topics = "orders")
		void handle(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Has a listener without a group.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Groupless {

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders")
		void handle(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Does not say which data source is meant.
	 */
	@Configuration(proxyBeanMethods = false)
	static class TwoDataSources extends Listening {

		@Bean
		DataSource billing() {
			return database();
		}

		@Bean
		DataSource shipping() {
			return database();
		}

	}

	/**
	 * Has the transactions of a data source that is not meant.
	 */
	@Configuration(proxyBeanMethods = false)
	static class OtherTransactionManager extends Listening {

		@Bean
		@Primary
		DataSource billing() {
			return database();
		}

		@Bean
		JdbcTransactionManager transactionManager() {
			return new JdbcTransactionManager(database());
		}

	}

	/**
	 * Has transactions of something else besides, which cannot begin.
	 */
	@Configuration(proxyBeanMethods = false)
	static class OtherTransactions extends OwnTransactionManager {

		@Bean
		PlatformTransactionManager messages() {
			return new AbstractPlatformTransactionManager() {

				@Override
				protected Object doGetTransaction() {
					return "a transaction";
				}

				@Override
				protected void doBegin(Object transaction, TransactionDefinition definition) {
					throw new CannotCreateTransactionException("The message broker is away");
				}

				@Override
				protected void doCommit(DefaultTransactionStatus status) {
				}

				@Override
				protected void doRollback(DefaultTransactionStatus status) {
				}

			};
		}

	}

	/**
	 * Declares its transaction manager, since Kafka's keeps Spring Boot from doing that.
	 */
	@Configuration(proxyBeanMethods = false)
	static class OwnTransactionManager extends Listening {

		@Bean
		JdbcTransactionManager transactionManager(DataSource dataSource) {
			return new JdbcTransactionManager(dataSource);
		}

	}

}
