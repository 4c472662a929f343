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

package io.kaffe.spring.engine.adapter;

import java.util.ArrayList;
import java.util.List;

import org.aopalliance.intercept.MethodInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ListenerChain}.
 */
class ListenerChainTests {

	private final List<String> calls = new ArrayList<>();

	private final MessageListener<Object, Object> listener = (record) -> this.calls.add("listener");

	@Test
	void targetIsFoundThroughAdaptersAndProxiesInAnyNestingWithoutCallingTheirAdvice() {
		MessageListener<Object, Object> chain = advised("outer",
				filtering(advised("middle", advised("inner", this.listener))));
		assertThat(ListenerChain.targetOf(chain)).isSameAs(this.listener);
		assertThat(ListenerChain.targetOf(filtering(chain))).isSameAs(this.listener);
		assertThat(ListenerChain.targetOf(this.listener)).isSameAs(this.listener);
		assertThat(ListenerChain.withoutProxies(advised("inner", this.listener))).isSameAs(this.listener);
		assertThat(this.calls).isEmpty();
	}

	@Test
	void whatIsReplacedIsCalledThroughTheSameAdvice() {
		MessageListener<Object, Object> chain = advised("outer", advised("inner", this.listener));
		MessageListener<Object, Object> replaced = ListenerChain.replace(chain,
				(listener) -> (record) -> this.calls.add("replacement"));
		replaced.onMessage(new ConsumerRecord<>("orders", 0, 0, "key", "value"));
		assertThat(this.calls).containsExactly("outer", "inner", "replacement");
		chain.onMessage(new ConsumerRecord<>("orders", 0, 0, "key", "value"));
		assertThat(this.calls).as("the original").endsWith("outer", "inner", "listener");
	}

	@Test
	void chainOfWhichNothingIsReplacedStaysTheSame() {
		MessageListener<Object, Object> chain = advised("outer", this.listener);
		assertThat(ListenerChain.replace(chain, (listener) -> listener)).isSameAs(chain);
	}

	private static MessageListener<Object, Object> filtering(MessageListener<Object, Object> listener) {
		return new FilteringMessageListenerAdapter<>(listener, (record) -> false);
	}

	@SuppressWarnings("unchecked")
	private MessageListener<Object, Object> advised(String name, MessageListener<Object, Object> listener) {
		ProxyFactory factory = new ProxyFactory(listener);
		factory.addAdvice((MethodInterceptor) (invocation) -> {
			this.calls.add(name);
			return invocation.proceed();
		});
		return (MessageListener<Object, Object>) factory.getProxy();
	}

}
