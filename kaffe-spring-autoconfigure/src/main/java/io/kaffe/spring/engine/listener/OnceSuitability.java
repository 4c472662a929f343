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

import org.springframework.kafka.listener.adapter.AsyncRepliesAware;
import org.springframework.kafka.listener.adapter.HandlerAdapter;

/**
 * Checks for what contradicts handling records once in the set-up of a container.
 */
final class OnceSuitability {

	private final String name;

	private final ContainerFacts facts;

	OnceSuitability(String name, ContainerFacts facts) {
		this.name = name;
		this.facts = facts;
	}

	/**
	 * Throw if something contradicts.
	 */
	void check() {
		if (this.facts.groupId() == null) {
			throw unsuitable("it has no consumer group, for which records could be noted",
					"Set 'spring.kafka.consumer.group-id', or the groupId of the listener.");
		}
		if (this.facts.listener() instanceof AsyncRepliesAware async && async.isAsyncReplies()) {
			throw unsuitable("its listener is asynchronous (it returns a future, a Mono or is a suspend function): a "
					+ "transaction is bound to the thread that calls the listener, and has ended when the answer comes",
					"Let the listener do its work before it returns.");
		}
		HandlerAdapter handler = ContainerFacts.handler(this.facts.listener());
		if (handler != null && new ListenerMethods(handler).isAsync()) {
			throw unsuitable(
					"its listener is annotated with @Async, so that it runs on another thread than that of the "
							+ "transaction in which the record is noted",
					"Remove @Async: workers run listeners concurrently.");
		}
		if (this.facts.isManual()) {
			throw unsuitable(
					"its AckMode is " + this.facts.container().getContainerProperties().getAckMode()
							+ ": a record that is acknowledged after the listener has returned cannot be noted in the "
							+ "transaction that has ended with it",
					"Leave the AckMode out (BATCH), so that a record is completed when the listener returns.");
		}
	}

	private UnsuitableContainerException unsuitable(String why, String action) {
		return new UnsuitableContainerException(
				"The records of listener container '" + this.name + "' cannot be handled once: " + why + ".",
				action + " Or remove '" + "kaffe.consumers." + this.name + ".once'.");
	}

}
