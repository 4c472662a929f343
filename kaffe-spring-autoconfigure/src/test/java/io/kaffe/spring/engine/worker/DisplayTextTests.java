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

import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DisplayText}.
 */
class DisplayTextTests {

	@Test
	void bytesAreEscapedAndCutOff() {
		assertThat(DisplayText.escaped(new byte[] { 'a', '\\', '\n', (byte) 0xff })).isEqualTo("a\\\\\\x0a\\xff");
		assertThat(DisplayText.escaped(new byte[] { 0x1f, ' ', '~', 0x7f })).isEqualTo("\\x1f ~\\x7f");
		assertThat(DisplayText.escaped(new byte[1_000_000])).hasSize(200).startsWith("\\x00").endsWith("\\x00");
		assertThat(DisplayText.escaped(new byte[0])).isEmpty();
	}

	@Test
	void nothingHasNoText() {
		assertThat(DisplayText.of(null)).isNull();
		assertThat(DisplayText.messageOf(new IllegalStateException())).isNull();
	}

	@Test
	void textIsThatOfTheObject() {
		assertThat(DisplayText.of(42)).isEqualTo("42");
		assertThat(DisplayText.messageOf(new IllegalStateException("no stock"))).isEqualTo("no stock");
	}

	@Test
	void bytesAreReadAsText() {
		assertThat(DisplayText.of("grün".getBytes(StandardCharsets.UTF_8))).isEqualTo("grün");
	}

	@Test
	void longTextIsCut() {
		assertThat(DisplayText.of("x".repeat(200))).isEqualTo("x".repeat(200));
		assertThat(DisplayText.of("x".repeat(201))).isEqualTo("x".repeat(200));
		assertThat(DisplayText.of("ü".repeat(5000).getBytes(StandardCharsets.UTF_8))).isEqualTo("ü".repeat(200));
		assertThat(DisplayText.messageOf(new IllegalStateException("x".repeat(5000)))).hasSize(200);
	}

	@Test
	void halfOfACharacterIsReplaced() {
		assertThat(DisplayText.of("x".repeat(199) + "\uD83D\uDE00")).isEqualTo("x".repeat(199) + "?");
		assertThat(DisplayText.of("a\uDE00b")).isEqualTo("a?b");
	}

	@Test
	void objectThatCannotBePrintedSaysSo() {
		assertThat(DisplayText.of(new Unprintable())).isEqualTo("(cannot be shown: java.lang.StackOverflowError)");
		assertThat(DisplayText.messageOf(new UnprintableException()))
			.isEqualTo("(cannot be shown: java.lang.UnsupportedOperationException)");
	}

	/**
	 * Has no text.
	 */
	private static final class Unprintable {

		@Override
		public String toString() {
			throw new StackOverflowError();
		}

	}

	/**
	 * Has no message.
	 */
	@SuppressWarnings("serial")
	private static final class UnprintableException extends RuntimeException {

		@Override
		public String getMessage() {
			throw new UnsupportedOperationException();
		}

	}

}
