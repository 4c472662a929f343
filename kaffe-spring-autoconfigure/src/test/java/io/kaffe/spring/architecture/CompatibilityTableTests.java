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

package io.kaffe.spring.architecture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.type.filter.AssignableTypeFilter;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.util.ClassUtils;
import org.springframework.util.StringUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for the tables of {@code docs/guide/compatibility.md}: each row names tests, and
 * those are there.
 */
class CompatibilityTableTests {

	private static final Path TABLE = Path.of("..", "docs", "guide", "compatibility.md");

	private static final Pattern REFERENCE = Pattern.compile("`(\\w+Tests)#(\\w+)`");

	@Test
	void everyRowNamesTestsThatAreThere() throws IOException {
		Map<String, String> sources = sources();
		List<String> rows = rows(Files.readString(TABLE));
		assertThat(rows).hasSizeGreaterThan(50);
		assertThat(rows.stream().flatMap((row) -> problems(row, sources).stream())).isEmpty();
	}

	@Test
	void everySettingIsInTheTable() throws IOException {
		assertThat(settings(ContainerProperties.class)).hasSizeGreaterThan(50)
			.allSatisfy(isIn("Settings of containers"));
		assertThat(settings(ConcurrentKafkaListenerContainerFactory.class)).hasSizeGreaterThan(20)
			.allSatisfy(isIn("Settings of container factories"));
		assertThat(settings(DefaultErrorHandler.class)).hasSizeGreaterThan(8)
			.allSatisfy(isIn("Settings of error handlers"));
	}

	@Test
	void everyAttributeOfAListenerIsInTheTable() throws IOException {
		assertThat(Stream.of(KafkaListener.class.getDeclaredMethods()).map(Method::getName)).hasSizeGreaterThan(15)
			.allSatisfy(isIn("Attributes of the annotation"));
	}

	@Test
	void everyErrorHandlerIsInTheTable() throws IOException {
		String text = Files.readString(TABLE);
		ClassPathScanningCandidateComponentProvider scanner = new ClassPathScanningCandidateComponentProvider(false);
		scanner.addIncludeFilter(new AssignableTypeFilter(CommonErrorHandler.class));
		assertThat(scanner.findCandidateComponents("org.springframework.kafka")
			.stream()
			.map((type) -> ClassUtils.resolveClassName(String.valueOf(type.getBeanClassName()), null))
			.filter((type) -> Modifier.isPublic(type.getModifiers()))
			.map(Class::getSimpleName)).hasSizeGreaterThan(4)
			.allSatisfy((name) -> assertThat(text).contains("`" + name + "`"));
	}

	@Test
	void settingThatIsMissingIsFound() throws IOException {
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> isIn("Settings of containers").accept("batchToRecordAdapter"));
	}

	/**
	 * Return the names of what can be set.
	 */
	private static Stream<String> settings(Class<?> type) {
		return Stream.of(type.getMethods())
			.filter((method) -> method.getName().startsWith("set") && method.getParameterCount() > 0)
			.map((method) -> StringUtils.uncapitalize(method.getName().substring("set".length())))
			.distinct();
	}

	/**
	 * Check that a name is in the first column of the tables of a section.
	 */
	private static Consumer<String> isIn(String section) throws IOException {
		String text = Files.readString(TABLE);
		int begin = text.indexOf("# " + section + "\n");
		assertThat(begin).as(section).isPositive();
		int end = text.indexOf("\n#", begin);
		List<String> names = rows(text.substring(begin, end)).stream().map((row) -> row.split("\\|")[1]).toList();
		return (name) -> assertThat(names).anySatisfy((cell) -> assertThat(cell).contains("`" + name + "`"));
	}

	@Test
	void rowWithoutTestAndRowWithUnknownTestAreFound() {
		Map<String, String> sources = Map.of("SomeTests", "\tvoid works() {");
		assertThat(problems("| a | b | `SomeTests#works` |", sources)).isEmpty();
		assertThat(problems("| a | b | |", sources)).hasSize(1);
		assertThat(problems("| a | b | `SomeTests#fails` |", sources)).hasSize(1);
		assertThat(problems("| a | b | `OtherTests#works` |", sources)).hasSize(1);
		assertThat(rows("| head | er |\n| --- | --- |\n| row | one |\n\ntext\n")).containsExactly("| row | one |");
	}

	private static List<String> rows(String text) {
		List<String> lines = text.lines().toList();
		List<String> rows = new ArrayList<>();
		boolean body = false;
		for (String line : lines) {
			if (body && line.startsWith("|")) {
				rows.add(line);
			}
			body = line.startsWith("|") && (body || line.startsWith("| ---"));
		}
		return rows;
	}

	private static List<String> problems(String row, Map<String, String> sources) {
		List<String> problems = new ArrayList<>();
		List<String> cells = List.of(row.split("\\|"));
		var references = REFERENCE.matcher(cells.get(cells.size() - 1)).results().toList();
		if (references.isEmpty()) {
			problems.add("No test in " + row);
		}
		references.stream()
			.filter((reference) -> !sources.getOrDefault(reference.group(1), "")
				.contains("void " + reference.group(2) + "("))
			.forEach((reference) -> problems.add("There is no " + reference.group()));
		return problems;
	}

	/**
	 * Return the text of each test class by its name.
	 */
	private static Map<String, String> sources() throws IOException {
		try (Stream<Path> files = Files.walk(Path.of("src", "test", "java"))) {
			return files.filter((file) -> file.toString().endsWith("Tests.java"))
				.collect(Collectors.toMap((file) -> file.getFileName().toString().replace(".java", ""),
						CompatibilityTableTests::read));
		}
	}

	private static String read(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
