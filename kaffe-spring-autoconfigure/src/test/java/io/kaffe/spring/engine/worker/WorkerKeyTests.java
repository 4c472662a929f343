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

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

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

	@ParameterizedTest
	@MethodSource("keys")
	void ordersEqualKeysAsEqual(List<Object> keys) {
		if (WorkerKey.of(keys.get(0)) instanceof WorkerKey key) {
			WorkerKey equal = (WorkerKey) WorkerKey.of(keys.get(1));
			WorkerKey other = (WorkerKey) WorkerKey.of(keys.get(2));
			assertThat(key.compareTo(equal)).isZero();
			assertThat(key.compareTo(other)).isNotZero();
			assertThat(Integer.signum(other.compareTo(key))).isEqualTo(-Integer.signum(key.compareTo(other)));
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void ordersManyBytesWithTheSameHashCode(boolean buffers) {
		List<WorkerKey> keys = new ArrayList<>();
		for (int number = 0; number < 10_000; number++) {
			byte[] bytes = withTheSameHashCode(number);
			keys.add((WorkerKey) WorkerKey.of(buffers ? reversed(bytes) : bytes));
		}
		assertThat(keys).extracting(Object::hashCode).containsOnly(keys.get(0).hashCode());
		Collections.shuffle(keys, new Random(1));
		Collections.sort(keys);
		for (int position = 1; position < keys.size(); position++) {
			assertThat(keys.get(position - 1)).isLessThan(keys.get(position));
		}
	}

	@Test
	void ordersKeysOfAllKindsWithoutContradiction() {
		List<WorkerKey> keys = Stream
			.of(new byte[] { 1 }, new byte[] { 2 }, new int[] { 1 }, new long[] { 1 }, new double[] { 0.0 },
					new double[] { -0.0 }, new Object[] { "a", 1 }, new Object[] { 1, "a" },
					new Object[] { new byte[] { 1 } }, new Object[] { new Object(), "a" },
					new Object[] { new StringBuilder(), "b" }, ByteBuffer.wrap(new byte[] { 1 }), List.of("a"),
					List.of(1), List.of("a", "b"), new Ordered(1), new Ordered(2), new Unordered(1), new Unordered(2),
					new Object(), new StringBuilder(), 1.0, -1.0)
			.map((key) -> (WorkerKey) WorkerKey.of(key))
			.toList();
		for (WorkerKey a : keys) {
			for (WorkerKey b : keys) {
				assertThat(Integer.signum(a.compareTo(b))).isEqualTo(-Integer.signum(b.compareTo(a)));
				for (WorkerKey c : keys) {
					if (a.compareTo(b) <= 0 && b.compareTo(c) <= 0) {
						assertThat(a.compareTo(c)).isLessThanOrEqualTo(Math.max(a.compareTo(b), b.compareTo(c)));
					}
				}
			}
		}
	}

	/**
	 * Return bytes for each number: of two bytes, the first may be one more if the second
	 * is 31 less.
	 */
	private static byte[] withTheSameHashCode(int number) {
		ByteBuffer bytes = ByteBuffer.allocate(28);
		for (int bit = 0; bit < 14; bit++) {
			boolean isSet = (number & (1 << bit)) != 0;
			bytes.put((byte) (isSet ? 1 : 0)).put((byte) (isSet ? 0 : 31));
		}
		return bytes.array();
	}

	/**
	 * Return a buffer, since hash codes of buffers are those of their reversed bytes.
	 */
	private static ByteBuffer reversed(byte[] bytes) {
		ByteBuffer buffer = ByteBuffer.allocate(bytes.length);
		for (int position = bytes.length - 1; position >= 0; position--) {
			buffer.put(bytes[position]);
		}
		return buffer.flip();
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
	 * Defines how it is ordered.
	 */
	private record Ordered(int number) implements Comparable<Ordered> {

		@Override
		public int compareTo(Ordered other) {
			return Integer.compare(this.number, other.number);
		}

	}

	/**
	 * Does not.
	 */
	private record Unordered(int number) {
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
