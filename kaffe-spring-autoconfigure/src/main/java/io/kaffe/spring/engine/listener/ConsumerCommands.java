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
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;

/**
 * What other threads want to have done by a consumer thread, between two polls.
 * <p>
 * Every command is answered: when it is carried out, when it fails, or when the consumer
 * has no more polls in which it could be.
 * <p>
 * <b>Threading.</b> Commands are submitted by any thread; the rest belongs to the
 * consumer thread. Whoever submits first puts the command into the queue and then looks
 * whether that is closed; the consumer thread first closes it and then empties it: so one
 * of them answers.
 */
final class ConsumerCommands {

	/** More than operators can think of. */
	private static final int MOST = 100;

	/** Each may wait for the broker, and all are to be done before the next poll. */
	private static final int MOST_AT_ONCE = 5;

	private final Queue<Command<?>> submitted = new ArrayBlockingQueue<>(MOST);

	private final List<Command<?>> underWay = new ArrayList<>();

	private volatile boolean closed;

	/**
	 * Submit a command. Does not wait.
	 * @return its answer; failed with an {@link IllegalStateException} if it is not to be
	 * carried out
	 */
	<T> CompletableFuture<T> submit(Command<T> command) {
		if (!this.submitted.offer(command)) {
			command.answer.completeExceptionally(
					new IllegalStateException("More than " + MOST + " commands wait for the consumer already"));
		}
		else if (this.closed) {
			refuse();
		}
		return command.answer;
	}

	/**
	 * Start some of the submitted commands, and continue those already started.
	 * @return whether there was anything to do
	 */
	boolean proceed() {
		if (this.underWay.isEmpty() && this.submitted.isEmpty()) {
			return false;
		}
		for (int begun = 0; begun < MOST_AT_ONCE; begun++) {
			Command<?> next = this.submitted.poll();
			if (next == null) {
				break;
			}
			this.underWay.add(next);
		}
		this.underWay.removeIf(Command::proceed);
		return true;
	}

	/**
	 * Return whether there are commands that were not begun.
	 */
	boolean isWaiting() {
		return !this.submitted.isEmpty();
	}

	/**
	 * Return whether there are commands that were begun and are not done. Consumer
	 * thread.
	 */
	boolean isUnderWay() {
		return !this.underWay.isEmpty();
	}

	/**
	 * Answer all commands, since none will be carried out any more.
	 */
	void close() {
		this.closed = true;
		this.underWay.forEach(Command::refuse);
		this.underWay.clear();
		refuse();
	}

	private void refuse() {
		Command<?> next = this.submitted.poll();
		while (next != null) {
			next.refuse();
			next = this.submitted.poll();
		}
	}

	/**
	 * Something to do that may take several polls.
	 *
	 * @param <T> what it answers
	 */
	abstract static class Command<T> {

		private final CompletableFuture<T> answer = new CompletableFuture<>();

		/**
		 * Do what can be done now, without waiting for anything but an answer of the
		 * broker.
		 * @return whether it is done
		 */
		private boolean proceed() {
			try {
				return tryToProceed();
			}
			catch (Throwable ex) {
				this.answer.completeExceptionally(ex);
				return true;
			}
		}

		/**
		 * Do what can be done now.
		 * @return whether it is done; then it was {@linkplain #answer answered}
		 */
		abstract boolean tryToProceed();

		final void answer(T value) {
			this.answer.complete(value);
		}

		private void refuse() {
			this.answer.completeExceptionally(new IllegalStateException("The consumer stopped before it was done"));
		}

	}

}
