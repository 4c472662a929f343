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

package io.kaffe.spring.fault;

import java.util.List;
import java.util.stream.Stream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Results}.
 */
class ResultsTests {

	private final History history = new Story().of(2);

	@Test
	void oneResultOfEachRecordPasses() {
		assertThat(violations(true, "orders-0@0", "orders-1@0", "orders-1@1", "orders-0@1")).isEmpty();
	}

	@Test
	void recordWithoutAResultIsCaught() {
		assertThat(violations(true, "orders-0@0", "orders-0@1", "orders-1@1"))
			.containsExactly("orders-1@0 has no result");
	}

	@Test
	void secondResultIsCaught() {
		assertThat(violations(true, "orders-0@0", "orders-0@0", "orders-0@1", "orders-1@0", "orders-1@1"))
			.containsExactly("orders-0@0 has 2 results");
	}

	@Test
	void resultBehindThatOfALaterRecordIsCaught() {
		String[] results = { "orders-0@1", "orders-1@0", "orders-0@0", "orders-1@1" };
		assertThat(violations(true, results)).containsExactly("orders-0@0 of key key is behind 1");
		assertThat(violations(false, results)).isEmpty();
	}

	private List<String> violations(boolean ordered, String... values) {
		List<ConsumerRecord<String, String>> records = Stream.of(values)
			.map((value) -> new ConsumerRecord<>("results", 0, 0, "key", value))
			.toList();
		return new Results(() -> records, ordered).violations(this.history);
	}

}
