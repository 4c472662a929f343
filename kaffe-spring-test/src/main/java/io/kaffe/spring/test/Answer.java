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

package io.kaffe.spring.test;

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * What a strategy answered: a value, or what it threw instead.
 *
 * @param value the answer; {@code null} if that was the answer, or if there was none
 * @param failure what was thrown, or {@code null}
 */
record Answer(@Nullable Object value, @Nullable Throwable failure) {

	/**
	 * Ask.
	 */
	static Answer of(Supplier<? extends @Nullable Object> question) {
		try {
			return new Answer(question.get(), null);
		}
		catch (Throwable ex) {
			return new Answer(null, ex);
		}
	}

	/**
	 * Return whether two answers are certainly not the same. Those that cannot be
	 * compared may be.
	 */
	boolean differsFrom(Answer other) {
		if (this.failure != null || other.failure != null) {
			return this.failure == null || other.failure == null;
		}
		return WorkerKeys.differ(this.value, other.value);
	}

	@Override
	public String toString() {
		return (this.failure != null) ? "a " + this.failure : WorkerKeys.describe(this.value);
	}

}
