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

import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RecentEntries}.
 */
class RecentEntriesTests {

	private final RecentEntries<Integer> entries = new RecentEntries<>(3);

	@Test
	void newestComesFirst() {
		this.entries.add(1);
		this.entries.add(2);
		assertThat(this.entries.newestFirst()).containsExactly(2, 1);
	}

	@Test
	void oldestAreForgotten() {
		for (int entry = 1; entry <= 5; entry++) {
			this.entries.add(entry);
		}
		assertThat(this.entries.newestFirst()).containsExactly(5, 4, 3);
	}

	@Test
	void snapshotDoesNotChange() {
		this.entries.add(1);
		List<Integer> before = this.entries.newestFirst();
		this.entries.add(2);
		assertThat(before).containsExactly(1);
	}

}
