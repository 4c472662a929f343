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

package io.kaffe.spring.engine.delivery;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.ListenerExecutionFailedException;

import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * Looks into what listeners throw, and wraps it as the container would: recoverers get an
 * exception that names the consumer group. The methods of an exception are user code: one
 * that cannot be described is replaced, since a recoverer that describes it, such as
 * Spring Kafka's for dead letters, would fail with it whenever it is retried.
 * <p>
 * <b>Threading.</b> Without state; called by workers.
 */
public final class ListenerFailure {

	private static final int MOST_CAUSES = 1000;

	private static final int LONGEST_CAUSE_CHAIN = 100;

	private ListenerFailure() {
	}

	/**
	 * Return what a listener threw in the form in which interceptors, back-offs and
	 * recoverers get it.
	 */
	static Exception asException(Throwable failure) {
		return (failure instanceof Exception exception) ? exception
				: new ListenerExecutionFailedException("Listener failed with an error", failure);
	}

	/**
	 * Return what the handler threw: what adapters of listeners have wrapped.
	 */
	static Throwable causeOf(Throwable failure) {
		Throwable cause = WorkerRuntime.causeOf(failure);
		return (failure instanceof ListenerExecutionFailedException && cause != null) ? cause : failure;
	}

	/**
	 * Return what a future failed with.
	 * @param thrown the failure that a stage of it gets, or {@code null}
	 */
	static @Nullable Throwable unwrapped(@Nullable Throwable thrown) {
		Throwable cause = (thrown instanceof CompletionException) ? WorkerRuntime.causeOf(thrown) : null;
		return (cause != null) ? cause : thrown;
	}

	/**
	 * Return why a record or its batch failed: what the exception was caused by that
	 * names the record, if there is one.
	 */
	static Throwable reasonOf(Throwable thrown) {
		BatchListenerFailedException failure = batchFailure(thrown);
		if (failure == null) {
			return thrown;
		}
		Throwable cause = WorkerRuntime.causeOf(failure);
		return (cause != null) ? cause : failure;
	}

	/**
	 * Return the exception that names the record of a batch that failed, or {@code null}
	 * if there is none.
	 */
	static @Nullable BatchListenerFailedException batchFailure(Throwable thrown) {
		Throwable cause = thrown;
		for (int depth = 0; cause != null && depth < LONGEST_CAUSE_CHAIN; depth++) {
			if (cause instanceof BatchListenerFailedException failure) {
				return failure;
			}
			cause = WorkerRuntime.causeOf(cause);
		}
		return null;
	}

	/**
	 * Return a failure as the container would report it.
	 * @param failure what an attempt failed with
	 * @param groupId the consumer group, or {@code null} if there is none
	 * @return the failure itself if it names the group, else one that does
	 */
	public static ListenerExecutionFailedException of(Exception failure, @Nullable String groupId) {
		return named(
				isDescribable(failure) ? failure : new IllegalStateException(
						failure.getClass().getName() + ": it or one of its causes threw when its message was read"),
				groupId);
	}

	/**
	 * Return whether a failure, and all that it was caused by and that it suppresses,
	 * return their texts and causes, and the chain of causes is finite.
	 */
	static boolean isDescribable(Throwable failure) {
		try {
			return isDescribable(failure, Collections.newSetFromMap(new IdentityHashMap<>()));
		}
		catch (Throwable ex) {
			return false;
		}
	}

	private static boolean isDescribable(Throwable failure, Set<Throwable> seen) {
		if (!seen.add(failure)) {
			return true;
		}
		String text = failure + failure.getMessage() + failure.getLocalizedMessage();
		if (text.isEmpty() || failure.getStackTrace() == null || seen.size() > MOST_CAUSES) {
			return false;
		}
		Throwable cause = failure.getCause();
		return (cause == null || isDescribable(cause, seen))
				&& Stream.of(failure.getSuppressed()).allMatch((suppressed) -> isDescribable(suppressed, seen));
	}

	private static ListenerExecutionFailedException named(Exception failure, @Nullable String groupId) {
		if (!(failure instanceof ListenerExecutionFailedException listenerFailure)) {
			return new ListenerExecutionFailedException("Listener failed", groupId, failure);
		}
		if (groupId == null || groupId.equals(listenerFailure.getGroupId())) {
			return listenerFailure;
		}
		String message = (failure.getMessage() != null) ? failure.getMessage() : "Listener failed";
		var named = new ListenerExecutionFailedException(message, groupId, failure.getCause());
		named.setStackTrace(failure.getStackTrace());
		return named;
	}

}
