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

package io.kaffe.spring.engine.delivery;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import org.apache.kafka.common.serialization.LongSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.offset.KeyHash;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KeyHashes}. Hashes are stored in commits: what they are must not
 * change.
 */
class KeyHashesTests {

	@Test
	void hashesOfTextsAreThoseByWhichTheProducerChoosesPartitions() {
		// Of Kafka's own UtilsTest.
		Map<String, Integer> published = Map.of("21", -973932308, "foobar", -790332482, "a-little-bit-long-string",
				-985981536, "a-little-bit-longer-string", -1486304829,
				"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971, "abc", 479470107);
		published.forEach((text, hash) -> {
			assertThat(KeyHashes.of(text)).as(text).isEqualTo(new KeyHash((byte) 0, hash));
			byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
			assertThat(KeyHashes.of(bytes)).isEqualTo(new KeyHash((byte) 1, hash));
			assertThat(KeyHashes.of(Bytes.wrap(bytes))).isEqualTo(new KeyHash((byte) 1, hash));
		});
		assertThat(KeyHashes.of("\u00fc\u4e00"))
			.isEqualTo(new KeyHash((byte) 0, Utils.murmur2("\u00fc\u4e00".getBytes(StandardCharsets.UTF_8))));
	}

	@Test
	void hashOfANumberIsThatOfItsBytesAsALong() {
		KeyHash hash = new KeyHash((byte) 2, Utils.murmur2(new LongSerializer().serialize("orders", -7L)));
		assertThat(List.<Number>of(-7L, -7, (short) -7)).extracting(KeyHashes::of).containsOnly(hash);
		assertThat(KeyHashes.of(7L)).isNotEqualTo(hash);
	}

	@Test
	void hashOfAnIdIsThatOfItsTwoHalves() {
		UUID id = UUID.fromString("01234567-89ab-cdef-0123-456789abcdee");
		assertThat(KeyHashes.of(id)).isEqualTo(new KeyHash((byte) 3,
				Utils.murmur2(new byte[] { 0x01, 0x23, 0x45, 0x67, (byte) 0x89, (byte) 0xab, (byte) 0xcd, (byte) 0xef,
						0x01, 0x23, 0x45, 0x67, (byte) 0x89, (byte) 0xab, (byte) 0xcd, (byte) 0xee })));
	}

	@Test
	void bufferStaysWhereItIs() {
		ByteBuffer buffer = ByteBuffer.wrap("xfoobarx".getBytes(StandardCharsets.UTF_8), 1, 6);
		assertThat(KeyHashes.of(buffer)).isEqualTo(KeyHashes.of("foobar".getBytes(StandardCharsets.UTF_8)));
		assertThat(buffer.remaining()).isEqualTo(6);
		assertThat(KeyHashes.of(buffer)).isEqualTo(KeyHashes.of("foobar".getBytes(StandardCharsets.UTF_8)));
	}

	@Test
	void keysOfOtherTypesHaveNone() {
		assertThat(KeyHashes.of(null)).isNull();
		assertThat(KeyHashes.of(1.5)).isNull();
		assertThat(KeyHashes.of(List.of("key"))).isNull();
		assertThat(KeyHashes.of(new UnsteadyKey())).isNull();
	}

	/**
	 * A key whose code is not called.
	 */
	private static final class UnsteadyKey {

		@Override
		public boolean equals(Object other) {
			throw new IllegalStateException("Code of the application is called");
		}

		@Override
		public int hashCode() {
			throw new IllegalStateException("Code of the application is called");
		}

	}

}
