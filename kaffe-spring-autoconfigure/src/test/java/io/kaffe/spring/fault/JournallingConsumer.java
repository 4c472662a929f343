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

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.RetriableCommitFailedException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.fault.Entry.Kind;

/**
 * Wraps a consumer to write down its commits when they are asked for and when they are
 * answered, and to keep it from polling on demand.
 * <p>
 * <b>Threading.</b> Called by the consumer thread, as any consumer.
 */
final class JournallingConsumer implements InvocationHandler {

	private static final AtomicInteger numbers = new AtomicInteger();

	private final String name;

	private final Consumer<?, ?> consumer;

	private final Journal journal;

	private final AtomicReference<Duration> stall;

	private final AtomicInteger failing;

	private final SplittableRandom random;

	/** Of asynchronous commits that were not even asked for; called in a poll. */
	private final Queue<Runnable> failedCallbacks = new ArrayDeque<>();

	private JournallingConsumer(Consumer<?, ?> consumer, Journal journal, AtomicReference<Duration> stall,
			AtomicInteger failing, long seed) {
		this.name = "consumer-" + numbers.incrementAndGet();
		this.consumer = consumer;
		this.journal = journal;
		this.stall = stall;
		this.failing = failing;
		this.random = new SplittableRandom(seed);
	}

	/**
	 * Wrap a consumer.
	 * @param consumer the consumer
	 * @param journal where to write
	 * @param stall how long the next poll of any of these consumers is to be delayed;
	 * used up by one of them
	 * @param failing how many of a hundred commits fail; half of those reach the broker,
	 * and only the answer is lost
	 * @param seed of which commits fail, and how
	 */
	@SuppressWarnings("unchecked")
	static <K, V> Consumer<K, V> wrap(Consumer<K, V> consumer, Journal journal, AtomicReference<Duration> stall,
			AtomicInteger failing, long seed) {
		return (Consumer<K, V>) Proxy.newProxyInstance(JournallingConsumer.class.getClassLoader(),
				new Class<?>[] { Consumer.class }, new JournallingConsumer(consumer, journal, stall, failing, seed));
	}

	/**
	 * Return the name of a wrapped consumer, as journals have it. Other proxies may be
	 * around it.
	 */
	static String nameOf(Consumer<?, ?> consumer) {
		return consumer.toString();
	}

	@Override
	@SuppressWarnings("NullAway") // what reflection passes cannot be said more precisely
	public @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] arguments)
			throws Throwable {
		Object[] given = (arguments != null) ? arguments : new Object[0];
		return switch (method.getName()) {
			case "equals" -> proxy == given[0];
			case "hashCode" -> System.identityHashCode(proxy);
			case "toString" -> this.name;
			case "poll" -> poll(method, given);
			case "commitSync" -> commitSync(method, given);
			case "commitAsync" -> commitAsync(method, given);
			default -> call(method, given);
		};
	}

	private @Nullable Object poll(Method method, Object[] arguments) throws Throwable {
		FaultHandler.take(this.stall.getAndSet(Duration.ZERO));
		for (Runnable callback = this.failedCallbacks.poll(); callback != null; callback = this.failedCallbacks
			.poll()) {
			callback.run();
		}
		return call(method, arguments);
	}

	private @Nullable Object commitSync(Method method, Object[] arguments) throws Throwable {
		Map<TopicPartition, OffsetAndMetadata> offsets = offsets(arguments);
		write(Kind.COMMITTING, offsets);
		Fate fate = fate();
		try {
			if (fate == Fate.REQUEST_LOST) {
				throw new TimeoutException("Failing on purpose");
			}
			Object result = call(method, arguments);
			if (fate == Fate.ANSWER_LOST) {
				throw new TimeoutException("Failing on purpose, with the commit done");
			}
			write(Kind.COMMITTED, offsets);
			return result;
		}
		catch (Throwable ex) {
			refused(offsets, ex);
			throw ex;
		}
	}

	private @Nullable Object commitAsync(Method method, Object[] arguments) throws Throwable {
		Map<TopicPartition, OffsetAndMetadata> offsets = offsets(arguments);
		OffsetCommitCallback callback = (OffsetCommitCallback) arguments[arguments.length - 1];
		Fate fate = fate();
		arguments[arguments.length - 1] = (OffsetCommitCallback) (answered, failure) -> {
			Exception reported = (failure == null && fate == Fate.ANSWER_LOST)
					? new RetriableCommitFailedException("Failing on purpose, with the commit done") : failure;
			if (reported != null) {
				refused(offsets, reported);
			}
			else {
				write(Kind.COMMITTED, offsets);
			}
			if (callback != null) {
				callback.onComplete(answered, reported);
			}
		};
		write(Kind.COMMITTING, offsets);
		if (fate == Fate.REQUEST_LOST) {
			refused(offsets, new RetriableCommitFailedException("Failing on purpose"));
			if (callback != null) {
				this.failedCallbacks
					.add(() -> callback.onComplete(offsets, new RetriableCommitFailedException("Failing on purpose")));
			}
			return null;
		}
		return call(method, arguments);
	}

	private Fate fate() {
		// Drawn even if none is to fail, so that those that are do not depend on time.
		boolean fails = this.random.nextInt(100) < this.failing.get();
		boolean reachesBroker = this.random.nextBoolean();
		return fails ? (reachesBroker ? Fate.ANSWER_LOST : Fate.REQUEST_LOST) : Fate.CONFIRMED;
	}

	@SuppressWarnings("unchecked")
	private static Map<TopicPartition, OffsetAndMetadata> offsets(Object[] arguments) {
		if (arguments.length > 0 && arguments[0] instanceof Map<?, ?> offsets) {
			return Map.copyOf((Map<TopicPartition, OffsetAndMetadata>) offsets);
		}
		throw new IllegalStateException("A commit that does not say of what is not expected");
	}

	private void write(Kind kind, Map<TopicPartition, OffsetAndMetadata> offsets) {
		offsets.forEach((partition, offset) -> this.journal.commit(kind, this.name, partition, offset.offset(),
				offset.metadata()));
	}

	private void refused(Map<TopicPartition, OffsetAndMetadata> offsets, Throwable failure) {
		offsets.forEach((partition, offset) -> this.journal.commit(Kind.REFUSED, this.name, partition, offset.offset(),
				failure.toString()));
	}

	private @Nullable Object call(Method method, Object[] arguments) throws Throwable {
		try {
			return method.invoke(this.consumer, arguments);
		}
		catch (InvocationTargetException ex) {
			throw ex.getTargetException();
		}
	}

	/**
	 * What becomes of a commit, unless the broker itself refuses it.
	 */
	private enum Fate {

		/** It is done, and the consumer hears of it. */
		CONFIRMED,

		/** It never reaches the broker. */
		REQUEST_LOST,

		/** It is done, and the consumer takes it for failed. */
		ANSWER_LOST

	}

}
