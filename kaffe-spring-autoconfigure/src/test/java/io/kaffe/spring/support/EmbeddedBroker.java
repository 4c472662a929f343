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

package io.kaffe.spring.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Properties;

import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestPlan;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.support.PropertiesLoaderUtils;
import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;

/**
 * The embedded broker of a test JVM, which is started before its first test and runs
 * until the JVM exits. Tests find it through {@code spring.kafka.bootstrap-servers}. The
 * listener of Spring Kafka starts a broker for each test plan, and Surefire makes a plan
 * of each class where several JVMs share the classes.
 * <p>
 * <b>Threading.</b> Plans of one JVM run one after the other, and may do so on different
 * threads.
 */
public final class EmbeddedBroker implements TestExecutionListener {

	private static final String ENABLED = "kaffe.embedded-broker.enabled";

	private static final int PARTITIONS = 4;

	private static boolean started;

	@Override
	public void testPlanExecutionStarted(TestPlan testPlan) {
		if (testPlan.getConfigurationParameters().getBoolean(ENABLED).orElse(false)) {
			startOnce();
		}
	}

	private static synchronized void startOnce() {
		if (!started) {
			started = true;
			EmbeddedKafkaKraftBroker broker = new EmbeddedKafkaKraftBroker(1, PARTITIONS);
			broker.brokerProperties(properties()).brokerListProperty("spring.kafka.bootstrap-servers");
			broker.afterPropertiesSet();
			Runtime.getRuntime().addShutdownHook(new Thread(broker::destroy, "embedded-broker-shutdown"));
		}
	}

	@SuppressWarnings("unchecked")
	private static Map<String, String> properties() {
		try {
			Properties properties = PropertiesLoaderUtils
				.loadProperties(new ClassPathResource("embedded-broker.properties"));
			return (Map<String, String>) (Map<?, ?>) properties;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
