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

import java.util.Arrays;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

/**
 * Compares worker keys as the engine does: arrays by their content, everything else by
 * its own methods.
 */
final class WorkerKeys {

	private WorkerKeys() {
	}

	/**
	 * Return whether two keys are equal, in this direction.
	 * @throws RuntimeException or Error if the key's own method does
	 */
	static boolean areEqual(Object key, @Nullable Object other) {
		return key.getClass().isArray() ? Objects.deepEquals(key, other) : key.equals(other);
	}

	/**
	 * Return whether two keys are certainly not the same worker's. Those whose methods
	 * fail may be.
	 */
	static boolean differ(@Nullable Object key, @Nullable Object other) {
		try {
			return !Objects.deepEquals(key, other);
		}
		catch (Throwable ex) {
			return false;
		}
	}

	/**
	 * Return a key's hash code.
	 * @throws RuntimeException or Error if the key's own method does
	 */
	static int hash(Object key) {
		return key.getClass().isArray() ? Arrays.deepHashCode(new Object[] { key }) : key.hashCode();
	}

	/**
	 * Return a key as messages show it.
	 */
	static String describe(@Nullable Object key) {
		if (key == null || key instanceof Number || key instanceof Boolean) {
			return String.valueOf(key);
		}
		String content;
		try {
			String deep = Arrays.deepToString(new Object[] { key });
			content = deep.substring(1, deep.length() - 1);
		}
		catch (Throwable ex) {
			content = "(toString() throws " + ex.getClass().getName() + ")";
		}
		return (key instanceof String) ? "'" + content + "'" : key.getClass().getSimpleName() + " " + content;
	}

}
