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

package io.kaffe.spring.example;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that documents show the examples as they are here, where they are compiled and
 * run.
 */
class DocumentedExamplesTests {

	@Test
	void healthDocumentShowsTheListenerOfEvents() throws IOException {
		String source = Files.readString(Path.of("src/test/java/io/kaffe/spring/example/Alerts.java"));
		String imports = source.substring(source.indexOf("import "), source.indexOf("/**\n * Calls"));
		String example = imports + source.substring(source.indexOf("@Component")).replace("\t", "    ");
		assertThat(Files.readString(Path.of("../docs/guide/health.md"))).contains("```java\n" + example + "```\n");
	}

}
