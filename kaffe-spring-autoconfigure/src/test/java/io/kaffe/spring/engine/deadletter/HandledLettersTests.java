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

package io.kaffe.spring.engine.deadletter;

import java.util.BitSet;
import java.util.Random;

import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CommitMetadata.UnreadableMetadataException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link HandledLetters}.
 */
class HandledLettersTests {

	private static final int MAX_LENGTH = 4096;

	@RepeatedTest(20)
	void whatIsAddedIsContainedAlsoAfterItWasStored(RepetitionInfo repetition) throws Exception {
		Random random = new Random(repetition.getCurrentRepetition());
		BitSet expected = new BitSet();
		expected.set(0, 10);
		HandledLetters handled = HandledLetters.none(10);
		for (int step = 0; step < 50; step++) {
			int from = random.nextInt(300);
			int to = from + random.nextInt(8);
			handled.add(from, to);
			expected.set(from, to);
			assertSame(handled, expected);
		}
		HandledLetters stored = stored(handled, 0, 400);
		assertSame(stored, expected);
		assertThat(stored.containsAll(handled)).isTrue();
		assertThat(handled.containsAll(stored)).isTrue();
	}

	private static void assertSame(HandledLetters handled, BitSet expected) {
		assertThat(handled.watermark()).isEqualTo(expected.nextClearBit(0));
		for (int offset = 0; offset < 320; offset++) {
			assertThat(handled.contains(offset)).as("%d", offset).isEqualTo(expected.get(offset));
		}
		assertThat(handled.countAbove()).isEqualTo(expected.cardinality() - expected.nextClearBit(0));
	}

	@Test
	void whatSeveralInstancesHandleIsMerged() {
		HandledLetters one = HandledLetters.none(0);
		one.add(0, 5);
		one.add(8, 9);
		HandledLetters other = HandledLetters.none(0);
		other.add(5, 8);
		other.add(20, 22);
		assertThat(one.containsAll(other)).isFalse();
		assertThat(other.containsAll(one)).isFalse();
		one.addAll(other);
		assertThat(one.containsAll(other)).isTrue();
		assertThat(one.watermark()).isEqualTo(9);
		assertThat(one.contains(21)).isTrue();
		assertThat(one.contains(19)).isFalse();
	}

	@Test
	void whatRetentionHasDeletedIsHandled() throws Exception {
		HandledLetters handled = HandledLetters.none(0);
		handled.add(0, 5);
		handled.add(30, 31);
		assertThat(stored(handled, 30, 40).watermark()).isEqualTo(31);
		assertThat(HandledLetters.read(7, 9, null, null).watermark()).isEqualTo(7);
	}

	@Test
	void topicThatWasCreatedAnewHasNoHandledLetters() throws Exception {
		HandledLetters handled = HandledLetters.none(50);
		assertThat(stored(handled, 0, 10).watermark()).isZero();
	}

	@Test
	void whatCannotBeTrueIsNotBelieved() {
		HandledLetters handled = HandledLetters.none(5);
		handled.add(8, 20);
		assertThatExceptionOfType(UnreadableMetadataException.class).isThrownBy(() -> stored(handled, 0, 10));
		assertThatExceptionOfType(UnreadableMetadataException.class)
			.isThrownBy(() -> HandledLetters.read(0, 10, 5L, "of someone else"));
	}

	@Test
	void whatDoesNotFitCanBeCounted() {
		HandledLetters handled = HandledLetters.none(0);
		for (int offset = 1; offset < 60_000; offset += 3) {
			handled.add(offset, offset + 1);
		}
		assertThat(handled.countAbove()).isEqualTo(20_000);
		CommitMetadata metadata = handled.metadata(MAX_LENGTH);
		assertThat(metadata.text().length()).isLessThanOrEqualTo(MAX_LENGTH);
		assertThat(metadata.completed().count()).isPositive().isLessThan(20_000);
	}

	private static HandledLetters stored(HandledLetters handled, long beginning, long end)
			throws UnreadableMetadataException {
		return HandledLetters.read(beginning, end, handled.watermark(), handled.metadata(MAX_LENGTH).text());
	}

}
