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

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.annotation.KafkaHandler;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.listener.adapter.DelegatingInvocableHandler;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.messaging.handler.invocation.InvocableHandlerMethod;
import org.springframework.scheduling.annotation.Async;
import org.springframework.util.ReflectionUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ListenerMethods}.
 */
class ListenerMethodsTests {

	@Test
	void methodsOfAClassAreThoseThatAreAnnotated() {
		assertThat(methods(new Acknowledging(), "order", "refund").withoutAcknowledgment()).isNull();
		assertThat(methods(new Forgetful(), "order", "refund").withoutAcknowledgment()).isNotNull()
			.extracting("name")
			.isEqualTo("refund");
	}

	@Test
	void groupIsTheIdUnlessTheClassSaysOtherwise() {
		assertThat(methods(new Acknowledging(), "order", "refund").isGroupFromId("shop")).isTrue();
		assertThat(methods(new Acknowledging(), "order", "refund").isGroupFromId("store")).isFalse();
		assertThat(methods(new Forgetful(), "order", "refund").isGroupFromId("shop")).isFalse();
	}

	@Test
	void methodsAreAsynchronousIfTheyOrTheirClassSaySo() {
		assertThat(methods(new Acknowledging(), "order", "refund").isAsync()).isFalse();
		assertThat(methods(new Background(), "order").isAsync()).isTrue();
		assertThat(methods(new BackgroundClass(), "order").isAsync()).isTrue();
	}

	private static ListenerMethods methods(Object bean, String... names) {
		List<InvocableHandlerMethod> methods = new ArrayList<>();
		for (String name : names) {
			ReflectionUtils.doWithMethods(bean.getClass(),
					(method) -> methods.add(new InvocableHandlerMethod(bean, method)),
					(method) -> method.getName().equals(name));
		}
		return new ListenerMethods(
				new HandlerAdapter(new DelegatingInvocableHandler(methods, null, bean, null, null, null, null)));
	}

	@KafkaListener(id = "shop", topics = "orders")
	static class Acknowledging {

		@KafkaHandler
		void order(String order, Acknowledgment acknowledgment) {
		}

		@KafkaHandler
		void refund(Long refund, Acknowledgment acknowledgment) {
		}

		void helper(@Nullable String any) {
		}

	}

	@KafkaListener(id = "shop", topics = "orders", groupId = "store")
	static class Forgetful {

		@KafkaHandler
		void order(String order, Acknowledgment acknowledgment) {
		}

		@KafkaHandler
		void refund(Long refund) {
		}

	}

	static class Background {

		@Async
		@KafkaHandler
		void order(String order) {
		}

	}

	@Async
	static class BackgroundClass {

		@KafkaHandler
		void order(String order) {
		}

	}

}
