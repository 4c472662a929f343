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

import java.util.function.BiConsumer;

import org.jspecify.annotations.Nullable;

/**
 * Logs what user code threw, even if it cannot be printed: the methods of an exception
 * are user code, too, and must not break what reports it.
 */
public final class SafeLog {

	private SafeLog() {
	}

	/**
	 * Log a failure.
	 * @param level the method of a logger
	 * @param message what happened
	 * @param failure what was thrown, or {@code null}
	 */
	public static void log(BiConsumer<Object, @Nullable Throwable> level, String message, @Nullable Throwable failure) {
		try {
			level.accept(message, failure);
		}
		catch (Throwable ex) {
			String type = (failure != null) ? failure.getClass().getName() : "nothing";
			level.accept(message + ": " + type + ", which cannot be printed", null);
		}
	}

}
