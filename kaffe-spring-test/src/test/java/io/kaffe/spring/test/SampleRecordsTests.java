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
import java.nio.ByteOrder;
import java.util.Optional;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of {@link SampleRecords}.
 */
class SampleRecordsTests {

	private final ConsumerRecord<?, ?> record = new ConsumerRecord<>("orders", 3, 7, 1234, TimestampType.CREATE_TIME, 5,
			6, new byte[] { 1, 2 }, "value", new RecordHeaders().add("a", new byte[] { 3 }).add("b", null),
			Optional.of(4), Optional.of((short) 2));

	@Test
	void copyIsEqualAndSharesNothing() {
		ConsumerRecord<?, ?> copy = SampleRecords.copy(this.record);
		assertThat(copy).usingRecursiveComparison().isEqualTo(this.record);
		assertThat(copy.topic()).isNotSameAs(this.record.topic());
		assertThat(copy.key()).isNotSameAs(this.record.key());
		assertThat(copy.value()).isNotSameAs(this.record.value());
		assertThat(copy.headers()).isNotSameAs(this.record.headers());
		assertThat(copy.headers().lastHeader("a").value()).isNotSameAs(this.record.headers().lastHeader("a").value());
	}

	@Test
	void variantsLackWhatTheySay() {
		assertThat(SampleRecords.withoutKey(this.record)).satisfies((variant) -> {
			assertThat(variant.key()).isNull();
			assertThat(variant.serializedKeySize()).isEqualTo(-1);
			assertThat(variant).usingRecursiveComparison()
				.ignoringFields("key", "serializedKeySize")
				.isEqualTo(this.record);
		});
		assertThat(SampleRecords.withoutValue(this.record)).satisfies((variant) -> {
			assertThat(variant.value()).isNull();
			assertThat(variant.serializedValueSize()).isEqualTo(-1);
			assertThat(variant).usingRecursiveComparison()
				.ignoringFields("value", "serializedValueSize")
				.isEqualTo(this.record);
		});
		assertThat(SampleRecords.withoutHeaders(this.record)).satisfies((variant) -> {
			assertThat(variant.headers()).isEmpty();
			assertThat(variant).usingRecursiveComparison().ignoringFields("headers").isEqualTo(this.record);
		});
		assertThat(SampleRecords.withoutValuesOfHeaders(this.record).headers()).hasSize(2)
			.allSatisfy((header) -> assertThat(header.value()).isNull());
		assertThat(SampleRecords.withoutAnything(this.record)).satisfies((variant) -> {
			assertThat(variant.key()).isNull();
			assertThat(variant.value()).isNull();
			assertThat(variant.headers()).isEmpty();
			assertThat(SampleRecords.describe(variant)).isEqualTo("orders-3@7");
		});
		assertThat(SampleRecords.ofUnknownTopic(this.record).topic()).isEqualTo(SampleRecords.UNKNOWN_TOPIC);
	}

	@Test
	void buffersAreCopiedWithTheirPosition() {
		ByteBuffer buffer = ByteBuffer.wrap(new byte[] { 0, 1, 2, 3 }, 1, 2).order(ByteOrder.LITTLE_ENDIAN);
		ByteBuffer copy = SampleRecords.copyOf(buffer);
		assertThat(copy).isEqualTo(buffer);
		assertThat(copy.position()).isEqualTo(1);
		assertThat(copy.limit()).isEqualTo(3);
		assertThat(copy.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
		copy.put(1, (byte) 9);
		assertThat(buffer.get(1)).isEqualTo((byte) 1);
		assertThat(SampleRecords.copyOf(ByteBuffer.wrap(new byte[] { 1, 2 }).position(2)).hasRemaining()).isFalse();
	}

}
