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

package io.kaffe.spring.engine.offset;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CompletedOffsets}.
 */
class CompletedOffsetsTests {

	private final CompletedOffsets offsets = new CompletedOffsets.Builder().add(3, 5).add(8, 9).build();

	@Test
	void othersAreAddedInAnyOrder() {
		assertThat(this.offsets.with(12, 0, 6)).hasToString("[0..0, 3..4, 6..6, 8..8, 12..12]");
		assertThat(CompletedOffsets.NONE.with(2, 1, 4)).hasToString("[1..2, 4..4]");
	}

	@Test
	void othersThatTouchRunsBecomePartsOfThem() {
		assertThat(this.offsets.with(2, 5)).hasToString("[2..5, 8..8]");
		assertThat(this.offsets.with(5, 6, 7)).hasToString("[3..8]");
		assertThat(this.offsets.with(9)).hasToString("[3..4, 8..9]");
	}

	@Test
	void othersThatAreAmongThemChangeNothing() {
		assertThat(this.offsets.with(3, 4, 8, 8)).isEqualTo(this.offsets);
		assertThat(this.offsets.with()).isEqualTo(this.offsets);
	}

}
