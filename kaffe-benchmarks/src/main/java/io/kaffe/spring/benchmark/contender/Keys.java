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

package io.kaffe.spring.benchmark.contender;

/**
 * The keys of records: a number behind a prefix.
 */
public final class Keys {

	/** Most keys of a topic. */
	public static final int MOST = 1_000;

	private static final int PREFIX = "key-".length();

	private static final int FIRST = 1_000_000;

	private Keys() {
	}

	/**
	 * Return a key's number.
	 * @param key the key of a record
	 * @return a number from 0 to {@value #MOST} - 1
	 */
	public static int number(String key) {
		return Integer.parseInt(key, PREFIX, key.length(), 10) - FIRST;
	}

}
