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

package io.kaffe.spring.benchmark.contender;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.kaffe.spring.benchmark.contender.RoundSettings.Phase;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@link RoundSettings}, {@link RoundResult} and {@link Journal}, through their files.
 */
class RoundFilesTests {

	@TempDir
	private Path directory;

	@Test
	void settingsAreReadAsTheyWereWritten() throws Exception {
		assertThatItIsReadAsItIsWritten(settings(null));
		assertThatItIsReadAsItIsWritten(settings("jdbc:postgresql://localhost/postgres?user=kaffe"));
	}

	private RoundSettings settings(@Nullable String database) {
		return new RoundSettings("bare loop", Phase.STALL, "localhost:9092", "topic", List.of(3L, 4L), "group", 16,
				new Work(5, 100, 500, 9), 1, 2, 30, file("journal"), file("result"), database);
	}

	private void assertThatItIsReadAsItIsWritten(RoundSettings settings) throws Exception {
		settings.write(file("settings"));
		assertThat(RoundSettings.read(file("settings"))).isEqualTo(settings);
		assertThat(settings.total()).isEqualTo(7);
	}

	@Test
	void resultIsReadAsItWasWritten() throws Exception {
		RoundResult result = new RoundResult(Map.of(RoundResult.HANDLED, 7.5), "3@4 came: \"late\"");
		result.write(file("result"));
		assertThat(RoundResult.read(file("result"))).isEqualTo(result);
	}

	@Test
	void journalIsThereWhenItsProcessIsNot() throws Exception {
		List<Long> ends = List.of(2L, 2L);
		Journal killed = Journal.create(file("journal"), ends);
		killed.handled(1, 0);
		killed.handled(1, 0);
		try (Journal journal = Journal.open(file("journal"), ends)) {
			assertThat(journal.times(0, 1)).isZero();
			assertThat(journal.times(1, 0)).isEqualTo(2);
			assertThat(journal.times(1, 1)).isZero();
		}
		killed.close();
	}

	private Path file(String name) {
		return this.directory.resolve(name);
	}

}
