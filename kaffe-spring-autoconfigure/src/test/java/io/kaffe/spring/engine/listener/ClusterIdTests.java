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

import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.KafkaAdmin;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ClusterId}.
 */
class ClusterIdTests {

	private static final String SERVERS = "bootstrap.servers";

	private final KafkaMessageListenerContainer<Object, Object> container = new KafkaMessageListenerContainer<>(
			new DefaultKafkaConsumerFactory<>(Map.of(SERVERS, List.of("mars.invalid:9092"))),
			new ContainerProperties("orders"));

	@Test
	void adminOfTheContainerIsAskedUntilItAnswers() {
		Admin own = new Admin("mars.invalid:9092", null);
		this.container.setKafkaAdmin(own);
		context(new Admin("mars.invalid:9092", "of the bean"));
		ClusterId id = ClusterId.of(new ContainerFacts(this.container));
		assertThat(id.get()).isNull();
		own.answer = "mars";
		assertThat(id.get()).isEqualTo("mars");
		assertThat(id.get()).isEqualTo("mars");
		assertThat(own.asked).isEqualTo(2);
	}

	@Test
	void otherwiseTheAdminBeanIsAsked() {
		context(new Admin("mars.invalid:9092", "mars"));
		assertThat(ClusterId.of(new ContainerFacts(this.container)).get()).isEqualTo("mars");
	}

	@Test
	void adminBeanOfAnotherClusterIsNotAsked() {
		Admin admin = new Admin("venus.invalid:9092", "venus");
		admin.setOperationTimeout(0);
		context(admin);
		assertThat(ClusterId.of(new ContainerFacts(this.container)).get()).as("there is no cluster").isNull();
		assertThat(admin.asked).isZero();
	}

	@Test
	void idIsUnknownWithoutAnAdmin() {
		assertThat(ClusterId.of(new ContainerFacts(this.container)).get()).isNull();
		context();
		assertThat(ClusterId.of(new ContainerFacts(this.container)).get()).isNull();
		context(new Admin("mars.invalid:9092", "mars"), new Admin("mars.invalid:9092", "mars"));
		assertThat(ClusterId.of(new ContainerFacts(this.container)).get()).as("of two beans").isNull();
	}

	private void context(KafkaAdmin... admins) {
		GenericApplicationContext context = new GenericApplicationContext();
		for (int i = 0; i < admins.length; i++) {
			KafkaAdmin admin = admins[i];
			admin.setAutoCreate(false);
			context.registerBean("admin" + i, KafkaAdmin.class, () -> admin);
		}
		context.refresh();
		this.container.setApplicationContext(context);
	}

	/**
	 * Answers without a cluster.
	 */
	private static final class Admin extends KafkaAdmin {

		private @Nullable String answer;

		private int asked;

		Admin(String server, @Nullable String answer) {
			super(Map.of(SERVERS, List.of(server)));
			this.answer = answer;
		}

		@Override
		public @Nullable String clusterId() {
			this.asked++;
			return this.answer;
		}

	}

}
