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

import java.util.Arrays;
import java.util.List;
import java.util.Map;

import javax.management.MBeanException;
import javax.management.MBeanFeatureInfo;
import javax.management.MBeanOperationInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.ReflectionException;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.audit.AuditEvent;
import org.springframework.context.ConfigurableApplicationContext;

import io.kaffe.spring.KaffeConsumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the endpoint by JMX.
 */
class JmxOperationIntegrationTests {

	@Test
	void whatIsReadOnlyHasNoOperations() throws Exception {
		try (ListenerApplication application = application().topic("orders", 1)) {
			ConfigurableApplicationContext context = application.start();
			ListenerApplication.awaitAssigned(context, "orders", 1);
			assertThat(operations(context)).extracting(MBeanFeatureInfo::getName)
				.containsExactlyInAnyOrder("workerTable", "consumer", "worker");
			assertThat(invoke(context, "workerTable")).asInstanceOf(InstanceOfAssertFactories.MAP)
				.containsEntry("access", "read-only")
				.extractingByKey("consumers", InstanceOfAssertFactories.MAP)
				.containsOnlyKeys("orders");
			assertThat(invoke(context, "consumer", "orders")).asInstanceOf(InstanceOfAssertFactories.MAP)
				.containsEntry("state", "running");
			assertThat(invoke(context, "consumer", "refunds")).isNull();
			assertThatExceptionOfType(ReflectionException.class)
				.isThrownBy(() -> operate(context, "orders", "pause", null, null, null));
			assertThat(context.getBean(KaffeConsumers.class).isPaused("orders")).isFalse();
		}
	}

	@Test
	void consumersAreOperatedWhereThatIsAllowed() throws Exception {
		try (ListenerApplication application = application()
			.with("management.endpoint.kaffeworkers.access", "unrestricted")
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start();
			OperationsIntegrationTests.Failing failing = context.getBean(OperationsIntegrationTests.Failing.class);
			await("three are parked").until(() -> failing.failed.size() == 3);
			assertThat(operations(context)).filteredOn((operation) -> operation.getName().equals("operate"))
				.singleElement()
				.satisfies((operate) -> assertThat(Arrays.stream(operate.getSignature()).map(MBeanFeatureInfo::getName))
					.containsExactly("consumer", "operation", "topic", "partition", "offset", "maxConcurrency", "to",
							"allPartitions", "all", "preview", "atMost", "maxPerSecond", "exception", "key", "since",
							"before", "state"));
			String topic = application.topic("orders");
			assertThat(operate(context, "orders", "pause", topic, null, null))
				.asInstanceOf(InstanceOfAssertFactories.MAP)
				.containsEntry("done", true)
				.containsEntry("message", "Paused " + topic);
			failing.mended = true;
			operate(context, "orders", "retry", topic, 0, 7L);
			operate(context, "orders", "skip", topic, 0, 8L);
			operate(context, "orders", "skip", topic, 0, 9L);
			await("all are completed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			assertThat(failing.handled).contains("7").doesNotContain("8", "9");
			assertThatExceptionOfType(MBeanException.class)
				.isThrownBy(() -> operate(context, "orders", "explode", null, null, null))
				.havingCause()
				.withMessageStartingWith("Unknown operation 'explode'");
			assertThatExceptionOfType(MBeanException.class)
				.isThrownBy(() -> operate(context, "orders", "pause", null, null, null))
				.havingCause()
				.withMessageStartingWith("'pause' needs a 'topic'");
			assertThat(context.getBean(KaffeConsumers.class).isPaused("orders")).isFalse();
			operate(context, "orders", "pause", null, null, null, true);
			assertThat(context.getBean(KaffeConsumers.class).isPaused("orders")).isTrue();
			assertThat(failing.audited).hasSize(7).extracting(AuditEvent::getPrincipal).containsOnly("anonymous");
		}
	}

	@Test
	void valuesAreShownToWhomeverIsAuthorized() throws Exception {
		for (String show : List.of("never", "when-authorized")) {
			try (ListenerApplication application = application()
				.with("management.endpoint.kaffeworkers.show-values", show)
				.topic("orders", 1)) {
				application.send("orders", 0, 7, 8);
				ConfigurableApplicationContext context = application.start();
				await("it is parked")
					.until(() -> context.getBean(KaffeConsumers.class).failingRecords("orders").size() == 1);
				assertThat(invoke(context, "consumer", "orders")).asInstanceOf(InstanceOfAssertFactories.MAP)
					.extractingByKey("failing", InstanceOfAssertFactories.list(Map.class))
					.singleElement()
					.asInstanceOf(InstanceOfAssertFactories.MAP)
					.containsEntry("value", show.equals("never") ? null : "7");
			}
		}
	}

	private static @Nullable Object operate(ConfigurableApplicationContext context, String consumer, String operation,
			@Nullable String topic, @Nullable Integer partition, @Nullable Long offset) throws Exception {
		return operate(context, consumer, operation, topic, partition, offset, null);
	}

	private static @Nullable Object operate(ConfigurableApplicationContext context, String consumer, String operation,
			@Nullable String topic, @Nullable Integer partition, @Nullable Long offset, @Nullable Boolean all)
			throws Exception {
		return invoke(context, "operate", consumer, operation, topic, partition, offset, null, null, null, all, null,
				null, null, null, null, null, null, null);
	}

	private static @Nullable Object invoke(ConfigurableApplicationContext context, String operation,
			@Nullable Object... arguments) throws Exception {
		return context.getBean(MBeanServer.class).invoke(name(context), operation, arguments, new String[0]);
	}

	private static MBeanOperationInfo[] operations(ConfigurableApplicationContext context) throws Exception {
		return context.getBean(MBeanServer.class).getMBeanInfo(name(context)).getOperations();
	}

	private static ObjectName name(ConfigurableApplicationContext context) throws Exception {
		return new ObjectName(context.getEnvironment().getProperty("management.endpoints.jmx.domain")
				+ ":type=Endpoint,name=Kaffeworkers");
	}

	private static ListenerApplication application() {
		return ListenerApplication.of(OperationsIntegrationTests.Failing.class)
			.with("spring.jmx.enabled", true)
			.with("management.endpoints.jmx.domain", "service-${test.id}")
			.with("management.endpoints.jmx.exposure.include", "kaffeworkers")
			.with("kaffe.consumers.orders.worker-allocation-strategy", "worker-per-record")
			.with("kaffe.consumers.orders.failure.max-attempts", 1)
			.with("kaffe.commit.interval", "50ms");
	}

}
