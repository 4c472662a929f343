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

package io.kaffe.spring.engine.worker;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;

import org.jspecify.annotations.Nullable;

/**
 * Logs what may happen to thousands of a consumer's records at once. Of each kind of
 * event and each class of exception one message is logged a second; how many were left
 * out is logged with the next one, or by itself a second later. The stack of a class of
 * exceptions is logged once a minute.
 * <p>
 * <b>Threading.</b> Safe for concurrent use. The monitor guards the counts; nothing is
 * logged under it, since exceptions are asked for their texts then. What was left out
 * last is logged by the scheduler's thread.
 */
public final class LimitedLog {

	private static final long INTERVAL_NANOS = Duration.ofSeconds(1).toNanos();

	private static final long STACK_INTERVAL_NANOS = Duration.ofMinutes(1).toNanos();

	/** Those that come when so many are known count as one, if none is old enough. */
	private static final int MOST_CLASSES = 50;

	private static final String OTHERS = "exceptions of other classes";

	private final Map<Kind, Messages> messages = new HashMap<>();

	/** Class of exception to when its stack was logged. */
	private final Map<String, Long> stacks = new HashMap<>();

	private final String consumer;

	private final WorkerRuntime runtime;

	/**
	 * Create a log.
	 * @param consumer the consumer's name, with which messages begin
	 * @param runtime the time, and the scheduler that reports how many were left out
	 */
	public LimitedLog(String consumer, WorkerRuntime runtime) {
		this.consumer = consumer;
		this.runtime = runtime;
	}

	/**
	 * Log a message, or count it.
	 * @param level the method of a logger, the same for all events of a kind
	 * @param events the kind of event, in the plural: what was left out is named so
	 * @param message what happened
	 * @param failure what was thrown, or {@code null}
	 */
	public void log(BiConsumer<Object, @Nullable Throwable> level, String events, String message,
			@Nullable Throwable failure) {
		long now = this.runtime.ticker().nanoTime();
		boolean withStack;
		long leftOut;
		Kind kind;
		synchronized (this) {
			String type = (failure != null) ? failure.getClass().getName() : "";
			kind = known(new Kind(events, type), now);
			Messages messages = this.messages.computeIfAbsent(kind, (key) -> new Messages(now));
			if (!messages.isDue(now)) {
				messages.leftOut++;
				if (messages.timerIsSet) {
					return;
				}
				messages.timerIsSet = true;
				leftOut = -1;
				withStack = false;
			}
			else {
				leftOut = messages.logged(now);
				withStack = failure != null && isStackDue(kind.type(), now);
			}
		}
		if (leftOut < 0) {
			setTimer(level, kind);
			return;
		}
		String text = "Consumer '" + this.consumer + "': " + message
				+ ((failure != null && !withStack) ? ": " + line(failure) : "")
				+ ((leftOut > 0) ? " (" + leftOut + " more " + events + " were not logged)" : "");
		SafeLog.log(level, text, withStack ? failure : null);
	}

	private static String line(Throwable failure) {
		String message = DisplayText.messageOf(failure);
		String type = failure.getClass().getName();
		return (message != null) ? type + ": " + message.replaceAll("\\R", " ") : type;
	}

	/**
	 * Return a kind under which a message is counted: itself, or one for all the rest.
	 */
	private Kind known(Kind kind, long now) {
		if (this.messages.containsKey(kind) || this.messages.size() < MOST_CLASSES) {
			return kind;
		}
		this.messages.values().removeIf((messages) -> messages.isOld(now));
		return (this.messages.size() < MOST_CLASSES) ? kind : new Kind(kind.events(), OTHERS);
	}

	private boolean isStackDue(String type, long now) {
		this.stacks.values().removeIf((at) -> now - at >= STACK_INTERVAL_NANOS);
		return this.stacks.putIfAbsent(type, now) == null;
	}

	private void setTimer(BiConsumer<Object, @Nullable Throwable> level, Kind kind) {
		this.runtime.after(Duration.ofNanos(INTERVAL_NANOS), () -> logLeftOut(level, kind));
	}

	private void logLeftOut(BiConsumer<Object, @Nullable Throwable> level, Kind kind) {
		long now = this.runtime.ticker().nanoTime();
		long leftOut;
		boolean due;
		synchronized (this) {
			Messages messages = this.messages.get(kind);
			if (messages == null || messages.leftOut == 0) {
				if (messages != null) {
					messages.timerIsSet = false;
				}
				return;
			}
			due = messages.isDue(now);
			messages.timerIsSet = !due;
			leftOut = due ? messages.logged(now) : 0;
		}
		if (!due) {
			setTimer(level, kind);
			return;
		}
		SafeLog.log(level, "Consumer '" + this.consumer + "': " + leftOut + " more " + kind.events()
				+ " were not logged" + (kind.type().isEmpty() ? "" : ": " + kind.type()), null);
	}

	/**
	 * What is counted together.
	 */
	private record Kind(String events, String type) {
	}

	/**
	 * The messages of a kind.
	 */
	private static final class Messages {

		private long last;

		private long leftOut;

		private boolean timerIsSet;

		Messages(long now) {
			this.last = now - INTERVAL_NANOS;
		}

		boolean isDue(long now) {
			return now - this.last >= INTERVAL_NANOS;
		}

		boolean isOld(long now) {
			return !this.timerIsSet && now - this.last >= STACK_INTERVAL_NANOS;
		}

		/**
		 * Note that one is logged.
		 * @return how many were left out since the one before
		 */
		long logged(long now) {
			long before = this.leftOut;
			this.leftOut = 0;
			this.last = now;
			return before;
		}

	}

}
