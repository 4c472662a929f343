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

package io.kaffe.simulation;

import io.kaffe.spring.engine.delivery.FailureAction;

/**
 * What an application may have beside its listener. Most have nothing of it. What it does
 * to a record depends on the number of that record, so that it does the same each time.
 *
 * @param filters whether there is a filter
 * @param intercepts whether there is an interceptor
 * @param keys what keys are deserialized to
 * @param unreadable what of some records cannot be deserialized
 * @param wrapsDeserializers whether an {@code ErrorHandlingDeserializer} is around the
 * deserializers
 * @param publishesDeadLetters whether dead letters are published to topics
 * @param oddAnswers whether futures are completed twice, too late or not at all, and
 * records are nacked
 * @param oddBackOff whether the back-off throws or returns negative intervals
 * @param topicPattern whether topics are subscribed to by a pattern
 * @param controlsContainer whether handlers pause, resume and stop the container
 */
record ListenerSetup(boolean filters, boolean intercepts, Keys keys, Unreadable unreadable, boolean wrapsDeserializers,
		boolean publishesDeadLetters, boolean oddAnswers, boolean oddBackOff, boolean topicPattern,
		boolean controlsContainer) {

	/** Nothing of it. */
	static final ListenerSetup PLAIN = new ListenerSetup(false, false, Keys.TEXT, Unreadable.NOTHING, false, false,
			false, false, false, false);

	/** Only topics for dead letters. */
	static final ListenerSetup PUBLISHING = new ListenerSetup(false, false, Keys.TEXT, Unreadable.NOTHING, false, true,
			false, false, false, false);

	static ListenerSetup of(Chance chance, FailureAction then) {
		boolean publishes = then != FailureAction.SKIP && chance.percent((then == FailureAction.PARK) ? 20 : 60);
		if (chance.percent(60)) {
			return publishes ? PUBLISHING : PLAIN;
		}
		Unreadable unreadable = chance.percent(25) ? chance.one(Unreadable.VALUES, Unreadable.KEYS)
				: Unreadable.NOTHING;
		Keys keys = chance.percent(25) ? chance.one(Keys.BYTES, Keys.UNEQUAL, Keys.THROWING, Keys.CHANGING) : Keys.TEXT;
		// Bytes that could not be deserialized are published as they are: by a producer
		// of
		// bytes.
		boolean bytes = publishes && unreadable != Unreadable.NOTHING;
		return new ListenerSetup(chance.percent(30), chance.percent(30), bytes ? Keys.BYTES : keys, unreadable,
				chance.percent(50), publishes, chance.percent(25), chance.percent(15), chance.percent(20),
				chance.percent(15));
	}

	/**
	 * Return whether the filter discards a record.
	 * @param number of the record
	 */
	boolean isFiltered(long number) {
		return this.filters && number % 7 == 3;
	}

	/**
	 * Return whether the interceptor skips a record.
	 * @param number of the record
	 */
	boolean isSkipped(long number) {
		return this.intercepts && number % 9 == 4;
	}

	/**
	 * Return whether a record cannot be deserialized.
	 * @param number of the record
	 */
	boolean isUnreadable(long number) {
		return this.unreadable != Unreadable.NOTHING && number % 13 == 6;
	}

	/**
	 * Return whether a record has a key that cannot be deserialized.
	 * @param number of the record
	 */
	boolean hasUnreadableKey(long number) {
		return this.unreadable == Unreadable.KEYS && isUnreadable(number);
	}

	/**
	 * What keys are deserialized to.
	 */
	enum Keys {

		/** Strings. */
		TEXT,

		/** Bytes, as values are, too. */
		BYTES,

		/** Objects that are equal to no other. */
		UNEQUAL,

		/** Objects whose {@code equals} and {@code hashCode} throw sometimes. */
		THROWING,

		/** Objects that are others once they have been handled. */
		CHANGING;

		/**
		 * Return whether records of the same key are handled in order.
		 */
		boolean isOrdered() {
			return this == TEXT || this == BYTES;
		}

		/**
		 * Return whether records of the same key share a worker.
		 */
		boolean shareWorker() {
			return isOrdered() || this == THROWING;
		}

	}

	/**
	 * What of some records cannot be deserialized.
	 */
	enum Unreadable {

		/** All can be. */
		NOTHING,

		/** Their keys. */
		KEYS,

		/** Their values. */
		VALUES

	}

}
