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

package io.kaffe.simulation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class SeededDefectTests {

	private static final Path DEFECTS = Path.of("src/defects");

	private static final Path ROOT = Path.of("..");

	@TempDir
	private Path directory;

	@Test
	void allCanBePutIntoTheEngineAsItIs() throws IOException {
		List<SeededDefect> defects = SeededDefect.in(DEFECTS);
		assertThat(defects).filteredOn((defect) -> !defect.isRare()).hasSizeGreaterThanOrEqualTo(60);
		for (SeededDefect defect : defects) {
			assertThatCode(() -> defect.apply(ROOT, this.directory.resolve(defect.name()))).as(defect.name())
				.doesNotThrowAnyException();
		}
	}

	@Test
	void allAreDescribed() throws IOException {
		String readme = Files.readString(DEFECTS.resolve("README.md"));
		for (SeededDefect defect : SeededDefect.in(DEFECTS)) {
			assertThat(defect.description()).as(defect.name()).isNotBlank();
			assertThat(readme).contains("`" + defect.name() + "`", defect.description());
		}
	}

	@Test
	void saysSoIfOneDoesNotApply() throws IOException {
		Path stale = Files.writeString(this.directory.resolve("stale.patch"),
				Files.readString(SeededDefect.in(DEFECTS).get(0).patch()).replace("\n-", "\n-was something else: "));
		assertThatIllegalStateException()
			.isThrownBy(() -> new SeededDefect("stale", stale).apply(ROOT, this.directory.resolve("stale")))
			.withMessage("'stale' does not apply");
	}

}
