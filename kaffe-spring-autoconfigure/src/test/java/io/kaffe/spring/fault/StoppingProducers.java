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

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.producer.Producer;

import io.kaffe.spring.fault.Entry.Kind;

/**
 * Wraps the producers of an instance so that, after some calls of one of their methods,
 * none is made and none returns: so the instance can be killed there.
 * <p>
 * <b>Threading.</b> Producers are called by any thread.
 */
final class StoppingProducers {

	private final CountDownLatch killed = new CountDownLatch(1);

	private final AtomicInteger calls = new AtomicInteger();

	private final Journal journal;

	private final String method;

	private final int before;

	/**
	 * Create it.
	 * @param journal where to write that an instance stops
	 * @param method the name of the method
	 * @param before how many calls are made
	 */
	StoppingProducers(Journal journal, String method, int before) {
		this.journal = journal;
		this.method = method;
		this.before = before;
	}

	@SuppressWarnings("unchecked")
	<K, V> Producer<K, V> wrap(Producer<K, V> producer) {
		return (Producer<K, V>) Proxy.newProxyInstance(StoppingProducers.class.getClassLoader(),
				new Class<?>[] { Producer.class }, (proxy, method, arguments) -> {
					if (method.getName().equals(this.method)) {
						called();
					}
					try {
						return method.invoke(producer, arguments);
					}
					catch (InvocationTargetException ex) {
						throw ex.getTargetException();
					}
				});
	}

	private void called() throws InterruptedException {
		int call = this.calls.getAndIncrement();
		if (call == this.before) {
			this.journal.fault(Kind.STOPPED, this.journal.instance());
		}
		if (call >= this.before) {
			this.killed.await();
		}
	}

}
