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

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.kafka.KafkaContainer;

/**
 * Shapes of listeners with every strategy on Kafka in a container; skipped where Docker
 * is missing, where {@link ListenerMatrixIntegrationTests} runs the same scenarios on a
 * broker in a process.
 */
@Tag("fault")
@Testcontainers(disabledWithoutDocker = true)
class ListenerMatrixContainerTests {

	@Container
	private static final KafkaContainer KAFKA = new KafkaContainer("apache/kafka-native:4.2.1");

	@ParameterizedTest
	@ValueSource(strings = { "payload", "acknowledging", "future" })
	void shapeKeepsAllGuaranteesWithEachStrategy(String shape) {
		ListenerMatrixIntegrationTests.judge(shape, KAFKA.getBootstrapServers());
	}

}
