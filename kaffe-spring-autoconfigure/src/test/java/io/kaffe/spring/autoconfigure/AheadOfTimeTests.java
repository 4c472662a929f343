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

import java.util.function.Consumer;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.aot.test.generate.TestGenerationContext;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.test.tools.CompileWithForkedClassLoader;
import org.springframework.core.test.tools.TestCompiler;
import org.springframework.javapoet.ClassName;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.AbstractKafkaListenerContainerFactory;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.adapter.BatchMessagingMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.listener.adapter.MessagingMessageListenerAdapter;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.RecordHandler;
import io.kaffe.spring.actuate.KaffeWorkersEndpoint;
import io.kaffe.spring.actuate.OperationResult;
import io.kaffe.spring.actuate.WorkersDescription;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.table.BulkDecisionSnapshot;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.Lag;
import io.kaffe.spring.table.PartitionSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for services that are processed ahead of time, as for a native image: what they
 * are hinted to use by reflection is enough, and they come up with the same consumers.
 */
class AheadOfTimeTests {

	private static final String SERVERS = "spring.kafka.bootstrap-servers";

	/** Before a test is run in a class loader, and with a broker, of its own. */
	private static final String SERVERS_OF_OTHER_TESTS = System.getProperty(SERVERS);

	@AfterAll
	static void giveBackTheBroker() {
		System.setProperty(SERVERS, SERVERS_OF_OTHER_TESTS);
	}

	@Test
	void membersThatAreUsedByReflectionAreHinted() throws ReflectiveOperationException {
		RuntimeHints hints = hints();
		assertThat(RuntimeHintsPredicates.proxies().forInterfaces(org.apache.kafka.clients.consumer.Consumer.class))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onMethodInvocation(org.apache.kafka.clients.consumer.Consumer.class, "wakeup")).accepts(hints);
		assertThat(RuntimeHintsPredicates.proxies().forInterfaces(ConsumerFactory.class)).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(ConsumerFactory.class, "isAutoCommit"))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess(AbstractMessageListenerContainer.class.getDeclaredField("consumerFactory"))).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess(AbstractKafkaListenerContainerFactory.class.getDeclaredField("containerCustomizer")))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess(MessagingMessageListenerAdapter.class.getDeclaredField("handlerMethod"))).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess(MessagingMessageListenerAdapter.class.getDeclaredField("errorHandler"))).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess(BatchMessagingMessageListenerAdapter.class.getDeclaredField("batchToRecordAdapter")))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess(HandlerAdapter.class.getDeclaredField("delegatingHandler"))).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess(HandlerAdapter.class.getDeclaredField("invokerHandlerMethod"))).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(Worker.class.getDeclaredField("state")))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess(Worker.class.getSuperclass().getDeclaredField("inbox"))).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess(Worker.class.getSuperclass().getSuperclass().getDeclaredField("record"))).accepts(hints);
	}

	@Test
	void filesOfThePageAreHinted() {
		assertThat(RuntimeHintsPredicates.resource().forResource("io/kaffe/spring/actuate/page/main.js"))
			.accepts(hints());
	}

	@Test
	void propertiesAreHinted() {
		RuntimeHints hints = hints();
		assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(KaffeProperties.class, "setAdopt"))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(KaffeProperties.Consumer.class, "setTopics"))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onMethodInvocation(ConsumerProperties.Backoff.class, "setMultiplier")).accepts(hints);
	}

	@Test
	void typesThatTheEndpointShowsAreHinted() {
		RuntimeHints hints = hints();
		for (Class<?> type : new Class<?>[] { WorkersDescription.class, OperationResult.class, ConsumerSnapshot.class,
				ConsumerSnapshot.Buffered.class, ConsumerSnapshot.Counters.class, ConsumerSnapshot.Failing.class,
				ConsumerSnapshot.Settings.class, ConsumerSnapshot.Status.class, ConsumerSnapshot.Load.class,
				ConsumerSnapshot.Failures.class, ConsumerSnapshot.FailingPage.class, ConsumerSnapshot.ParkedBy.class,
				BulkDecisionSnapshot.class, BulkDecisionSnapshot.Counts.class, Lag.class,
				PartitionSnapshot.Offsets.class, WorkerSnapshot.Counters.class, WorkerSnapshot.class,
				WorkerSnapshot.CurrentRecord.class, WorkerSnapshot.LastFailure.class, PartitionSnapshot.class,
				PartitionSnapshot.OldestUnfinished.class }) {
			assertThat(RuntimeHintsPredicates.reflection().onType(type)).as(type.getName()).accepts(hints);
		}
	}

	@Test
	@CompileWithForkedClassLoader
	void contextThatWasProcessedAheadOfTimeHasTheSameConsumers() {
		processed((context) -> {
			assertThat(context.getBean(KaffeConsumers.class).names()).containsExactly("declared", "orders", "payments");
			assertThat(context.getBean(DefaultWorkerManager.class).table().consumers()).hasSize(3);
			assertThat(context.getBean(KaffeWorkersEndpoint.class).consumer("declared")).isNotNull();
		});
	}

	private static RuntimeHints hints() {
		TestGenerationContext generation = new TestGenerationContext();
		new ApplicationContextAotGenerator().processAheadOfTime(context(), generation);
		new KaffeRuntimeHints().registerHints(generation.getRuntimeHints(), null);
		return generation.getRuntimeHints();
	}

	@SuppressWarnings("unchecked")
	private static void processed(Consumer<GenericApplicationContext> test) {
		TestGenerationContext generation = new TestGenerationContext();
		ClassName initializer = new ApplicationContextAotGenerator().processAheadOfTime(context(), generation);
		generation.writeGeneratedContent();
		TestCompiler.forSystem().with(generation).compile((compiled) -> {
			try (GenericApplicationContext context = new GenericApplicationContext()) {
				properties().applyTo(context);
				compiled.getInstance(ApplicationContextInitializer.class, initializer.toString()).initialize(context);
				context.refresh();
				test.accept(context);
			}
		});
	}

	private static GenericApplicationContext context() {
		AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
		properties().applyTo(context);
		context.register(Service.class, KafkaAutoConfiguration.class, KaffeAutoConfiguration.class,
				EndpointAutoConfiguration.class, KaffeEndpointAutoConfiguration.class);
		return context;
	}

	private static TestPropertyValues properties() {
		return TestPropertyValues.of("kaffe.adopt=all", "kaffe.consumers.declared.topics=declared",
				"kaffe.consumers.declared.drain-timeout=5s", "spring.kafka.listener.auto-startup=false",
				"management.endpoints.web.exposure.include=*");
	}

	/**
	 * A service with listeners and a handler.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Service {

		@Bean
		RecordHandler<String, String> handler() {
			return (record) -> {
			};
		}

		@KafkaListener(id = "orders", topics = "orders")
		void handleOrder(ConsumerRecord<String, String> record) {
		}

		@KafkaListener(id = "payments", topics = "payments", containerFactory = "kaffeListenerContainerFactory")
		void handlePayment(ConsumerRecord<String, String> record) {
		}

	}

}
