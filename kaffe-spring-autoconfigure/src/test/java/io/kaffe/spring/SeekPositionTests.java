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

package io.kaffe.spring;

import java.time.Instant;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link SeekPosition}.
 */
class SeekPositionTests {

	@Test
	void positionsAreRead() {
		assertThat(SeekPosition.parse("beginning")).isEqualTo(SeekPosition.beginning());
		assertThat(SeekPosition.parse("end")).isEqualTo(SeekPosition.end());
		assertThat(SeekPosition.parse("42")).isEqualTo(SeekPosition.offset(42));
		assertThat(SeekPosition.parse("2026-01-31T08:00:00Z"))
			.isEqualTo(SeekPosition.time(Instant.parse("2026-01-31T08:00:00Z")));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "-1", "Beginning", "99999999999999999999", "2026-01-31", "soon" })
	void othersAreRefusedWithWhatWouldBeRight(String text) {
		assertThatIllegalArgumentException().isThrownBy(() -> SeekPosition.parse(text))
			.withMessageContaining("Invalid position '" + text + "': expected 'beginning', 'end', an offset");
	}

	@Test
	void offsetsBelowZeroAreRefused() {
		assertThatIllegalArgumentException().isThrownBy(() -> SeekPosition.offset(-1));
	}

}
