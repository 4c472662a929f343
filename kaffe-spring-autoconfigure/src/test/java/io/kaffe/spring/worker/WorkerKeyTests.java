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

package io.kaffe.spring.worker;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link WorkerKey}.
 */
class WorkerKeyTests {

	static Stream<List<Object>> keys() {
		return Stream.of(List.of("key", new String("key"), "other"), List.of(1, Integer.valueOf("1"), 1L),
				List.of(new byte[] { 1, 2 }, new byte[] { 1, 2 }, new byte[] { 2, 1 }),
				List.of(new long[] { 1 }, new long[] { 1 }, new int[] { 1 }),
				List.of(new Object[] { "a", new byte[] { 1 } }, new Object[] { "a", new byte[] { 1 } },
						new Object[] { "a" }),
				List.of(ByteBuffer.wrap(new byte[] { 1 }), ByteBuffer.wrap(new byte[] { 1 }),
						ByteBuffer.wrap(new byte[] { 2 })),
				List.of(new UUID(1, 2), new UUID(1, 2), new UUID(2, 1)),
				List.of(List.of("a"), new ArrayList<>(List.of("a")), List.of("b")));
	}

	@ParameterizedTest
	@MethodSource("keys")
	void comparesByContent(List<Object> keys) {
		Object key = WorkerKey.of(keys.get(0));
		assertThat(key).isEqualTo(WorkerKey.of(keys.get(1)))
			.hasSameHashCodeAs(WorkerKey.of(keys.get(1)))
			.isNotEqualTo(WorkerKey.of(keys.get(2)));
	}

	@Test
	void bufferThatIsReadMeanwhileIsTheSameKey() {
		ByteBuffer buffer = ByteBuffer.wrap(new byte[] { 1, 2, 3 });
		Object key = WorkerKey.of(buffer);
		buffer.getShort();
		assertThat(WorkerKey.of(ByteBuffer.wrap(new byte[] { 1, 2, 3 }))).isEqualTo(key);
	}

	@Test
	void keyThatChangesIsFoundAgainByWhoHoldsIt() {
		List<String> changing = new ArrayList<>();
		Object key = WorkerKey.of(changing);
		Map<Object, String> map = new HashMap<>(Map.of(key, "worker"));
		changing.add("changed");
		assertThat(map.remove(key)).isEqualTo("worker");
	}

	@Test
	void failuresOfTheKeyAreThoseOfTheCaller() {
		Object key = WorkerKey.of(new BrokenKey());
		assertThat(key).isEqualTo(key);
		assertThatIllegalStateException().isThrownBy(() -> key.equals(WorkerKey.of(new BrokenKey())));
	}

	/**
	 * Cannot be compared.
	 */
	private static final class BrokenKey {

		@Override
		public boolean equals(Object other) {
			throw new IllegalStateException("equals");
		}

		@Override
		public int hashCode() {
			return 1;
		}

	}

}
