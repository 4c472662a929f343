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

import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.worker.EngineKeys;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the contract compares keys as the engine does.
 */
class WorkerKeysTests {

	private static final List<Object> KEYS = List.of("a", new String("a"), "b", 1, 1L, 2, true, new UUID(1, 2),
			new UUID(1, 2), new byte[] { 1 }, new byte[] { 1 }, new byte[] { 2 }, new int[] { 1 }, new int[] { 1 },
			new Object[] { "a", new byte[] { 1 } }, new Object[] { "a", new byte[] { 1 } },
			ByteBuffer.wrap(new byte[] { 1 }), ByteBuffer.wrap(new byte[] { 0, 1 }, 1, 1), List.of("a"), List.of("a"),
			List.of(new byte[] { 1 }), List.of(new byte[] { 1 }));

	@Test
	void keysAreComparedAsTheEngineDoes() {
		for (Object key : KEYS) {
			for (Object other : KEYS) {
				boolean equal = EngineKeys.of(key).equals(EngineKeys.of(other));
				String keys = WorkerKeys.describe(key) + " and " + WorkerKeys.describe(other);
				assertThat(WorkerKeys.areEqual(key, other)).as(keys).isEqualTo(equal);
				assertThat(WorkerKeys.differ(key, other)).as(keys).isEqualTo(!equal);
			}
			assertThat(WorkerKeys.hash(key)).isEqualTo(EngineKeys.of(key).hashCode());
		}
	}

	@Test
	void someOfThemAreEqual() {
		assertThat(WorkerKeys.areEqual(KEYS.get(9), KEYS.get(10))).isTrue();
		assertThat(WorkerKeys.areEqual(KEYS.get(16), KEYS.get(17))).isTrue();
		assertThat(WorkerKeys.areEqual(KEYS.get(20), KEYS.get(21))).isFalse();
	}

	@Test
	void keysAreShownWithTheirContent() {
		assertThat(WorkerKeys.describe(null)).isEqualTo("null");
		assertThat(WorkerKeys.describe("a")).isEqualTo("'a'");
		assertThat(WorkerKeys.describe(1)).isEqualTo("1");
		assertThat(WorkerKeys.describe(new byte[] { 1 })).isEqualTo("byte[] [1]");
		assertThat(WorkerKeys.describe(new Object() {

			@Override
			public String toString() {
				throw new IllegalStateException();
			}

		})).endsWith("(toString() throws java.lang.IllegalStateException)");
	}

}
