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
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what documents say that can be compared with the code.
 */
class DocumentsTests {

	private static final Path HOME = Path.of("..");

	private static final Pattern JSON = Pattern.compile("```json\n(.*?)```", Pattern.DOTALL);

	private static final Pattern FENCE = Pattern.compile("^```.*?^```$", Pattern.MULTILINE | Pattern.DOTALL);

	private static final Pattern CODE = Pattern.compile(FENCE.pattern() + "|`[^`]+`",
			Pattern.MULTILINE | Pattern.DOTALL);

	private static final Pattern LINK = Pattern.compile("\\[[^\\]]*\\]\\(([^)\\s]+)\\)");

	private static final Pattern HEADING = Pattern.compile("^#+ (.*)$", Pattern.MULTILINE);

	private static final Pattern NAMED_DOCUMENT = Pattern.compile("\\bdocs/[\\w/.-]+\\.(?:md|json|yml)\\b");

	private static final Pattern NAMED_TEST = Pattern.compile("(?<![\\w*…-])[A-Z]\\w*Tests\\b");

	private static final Pattern LOCK = Pattern
		.compile("^[^*/]*\\b(synchronized\\b|synchronizedMap|ReentrantLock|StampedLock|ReadWriteLock)");

	private static final JsonMapper mapper = JsonMapper.builder()
		.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
		.build();

	@Test
	void jsonIsJson() throws IOException {
		List<Path> documents = files(".md");
		assertThat(documents.stream().map(DocumentsTests::read).flatMap(DocumentsTests::json)).isNotEmpty();
		assertThat(documents).allSatisfy((file) -> assertThat(wrongJson(read(file))).isEmpty());
	}

	@Test
	void whatIsNoJsonIsFound() {
		assertThat(wrongJson("```json\n{\"a\": [1]}\n```\n")).isEmpty();
		assertThat(wrongJson("```json\n{\"a\": [1,\n```\n")).hasSize(1);
		assertThat(wrongJson("```json\n{\"a\": 1} …\n```\n")).hasSize(1);
		assertThat(wrongJson("```json\n{}\n```\ntext\n```json\n{a}\n```\n")).hasSize(1);
	}

	@Test
	void linksLeadSomewhere() throws IOException {
		List<Path> documents = files(".md");
		assertThat(documents).hasSizeGreaterThan(20);
		assertThat(documents.stream().flatMap((file) -> links(read(file)))).hasSizeGreaterThan(100);
		assertThat(documents.stream().flatMap((file) -> deadLinks(file, read(file)))).isEmpty();
	}

	@Test
	void linksThatLeadNowhereAreFound(@TempDir Path directory) throws IOException {
		Files.writeString(Files.createDirectory(directory.resolve("guide")).resolve("b.md"), "# B\n## Once & again\n");
		Path file = directory.resolve("a.md");
		String good = "# A\n## `x`: y\n## Twice\n## Twice\n[b](guide/b.md) [c](guide/b.md#once--again) [d](#x-y)"
				+ " [e](guide/) [f](https://example.org/none) [g](#twice-1)\n`[h](none.md)`\n```\n[i](none.md)\n# J\n```\n";
		assertThat(links(good)).hasSize(6);
		assertThat(deadLinks(file, good)).isEmpty();
		assertThat(deadLinks(file, good + "[h](none.md)")).containsExactly("a.md: none.md");
		assertThat(deadLinks(file, good + "![h](none.png)")).containsExactly("a.md: none.png");
		assertThat(deadLinks(file, good + "[h](guide/b.md#twice)")).containsExactly("a.md: guide/b.md#twice");
		assertThat(deadLinks(file, good + "[h](#j)")).containsExactly("a.md: #j");
		assertThat(deadLinks(file, good + "[h\nover two lines](#twice-2)")).containsExactly("a.md: #twice-2");
	}

	@Test
	void documentsThatSourcesNameAreThere() throws IOException {
		List<String> named = new ArrayList<>();
		for (String type : List.of(".java", ".js", ".json", ".yml", ".xml", ".sh")) {
			files(type).stream()
				.map(DocumentsTests::read)
				.flatMap(DocumentsTests::documentsNamedIn)
				.forEach(named::add);
		}
		assertThat(named).isNotEmpty().allSatisfy((document) -> assertThat(HOME.resolve(document)).isRegularFile());
		String folder = "docs";
		assertThat(documentsNamedIn("// see " + folder + "/a.md and {@code " + folder + "/guide/b.yml}."))
			.containsExactly(folder + "/a.md", folder + "/guide/b.yml");
	}

	@Test
	void testsThatDocumentsNameAreThere() throws IOException {
		Set<String> tests = files("Tests.java").stream()
			.map((file) -> file.getFileName().toString().replace(".java", ""))
			.collect(Collectors.toSet());
		assertThat(files(".md").stream().map(DocumentsTests::read).flatMap(DocumentsTests::testsNamedIn))
			.hasSizeGreaterThan(100)
			.allSatisfy((test) -> assertThat(tests).contains(test));
		assertThat(testsNamedIn("`ATests#b`, BTests, `*CTests`, `D*Tests` or `…ETests`")).containsExactly("ATests",
				"BTests");
	}

	@Test
	void drawnPackagesUseEachOtherAsTheCodeDoes() {
		JavaClasses classes = new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
			.withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_PACKAGE_INFOS)
			.importPackages("io.kaffe.spring");
		assertThat(drawn(read(HOME.resolve("docs/internals/architecture.md"))))
			.isEqualTo(used(classes, "io.kaffe.spring"));
	}

	@Test
	void packagesThatUseEachOtherAreFound() {
		String root = "io.kaffe.spring.architecture.violations";
		assertThat(used(new ClassFileImporter().importPackages(root), root)).containsEntry("engine.delivery",
				new TreeSet<>(List.of("engine.worker")));
		assertThat(drawn("```\na ──► b, c\nb  ──► c\n```\n"))
			.isEqualTo(Map.of("a", new TreeSet<>(List.of("b", "c")), "b", new TreeSet<>(List.of("c"))));
	}

	@Test
	void locksAreListed() throws IOException {
		String document = read(HOME.resolve("docs/internals/concurrency.md"));
		String list = document.substring(document.indexOf("## Locks"), document.indexOf("## A worker"));
		try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
			List<Path> locking = files.filter((file) -> file.toString().endsWith(".java"))
				.filter((file) -> locks(read(file)))
				.toList();
			assertThat(locking).hasSizeGreaterThan(5)
				.allSatisfy((file) -> assertThat(list)
					.contains("`" + file.getFileName().toString().replace(".java", "") + "`"));
		}
	}

	@Test
	void locksAreFound() {
		assertThat(locks("\tsynchronized void add() {\n")).isTrue();
		assertThat(locks("\t\tsynchronized (this) {\n")).isTrue();
		assertThat(locks("\tprivate final Lock lock = new ReentrantLock();\n")).isTrue();
		assertThat(locks("\t\t.synchronizedMap(new WeakHashMap<>());\n")).isTrue();
		assertThat(locks("\t * Not synchronized: one thread.\n\t// synchronized\n")).isFalse();
	}

	private static List<Path> files(String ending) throws IOException {
		List<Path> files = new ArrayList<>();
		Files.walkFileTree(HOME, new SimpleFileVisitor<>() {

			@Override
			public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
				return List.of("target", ".git").contains(directory.getFileName().toString())
						? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
			}

			@Override
			public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
				if (file.toString().endsWith(ending)) {
					files.add(file);
				}
				return FileVisitResult.CONTINUE;
			}

		});
		return files;
	}

	private static Stream<String> links(String document) {
		return LINK.matcher(CODE.matcher(document).replaceAll("")).results().map((link) -> link.group(1));
	}

	private static Stream<String> deadLinks(Path file, String document) {
		return links(document).filter((link) -> !link.matches("\\w+:.*"))
			.filter((link) -> !leadsSomewhere(file, document, link))
			.map((link) -> file.getFileName() + ": " + link);
	}

	private static boolean leadsSomewhere(Path file, String document, String link) {
		int anchor = link.indexOf('#');
		String path = (anchor < 0) ? link : link.substring(0, anchor);
		Path target = path.isEmpty() ? file : file.resolveSibling(path);
		if (anchor < 0 || (!path.isEmpty() && !Files.isRegularFile(target))) {
			return anchor < 0 && Files.exists(target);
		}
		return anchors(path.isEmpty() ? document : read(target)).contains(link.substring(anchor + 1));
	}

	/**
	 * Return the anchors of the headings, as GitHub makes them.
	 */
	private static List<String> anchors(String document) {
		Map<String, Integer> times = new TreeMap<>();
		return HEADING.matcher(FENCE.matcher(document).replaceAll("")).results().map((heading) -> {
			String anchor = heading.group(1)
				.toLowerCase(Locale.ROOT)
				.replaceAll("[^\\p{L}\\p{N} _-]", "")
				.replace(' ', '-');
			int before = times.merge(anchor, 1, Integer::sum) - 1;
			return (before > 0) ? anchor + "-" + before : anchor;
		}).toList();
	}

	private static Stream<String> testsNamedIn(String document) {
		return NAMED_TEST.matcher(document).results().map(MatchResult::group);
	}

	private static Stream<String> documentsNamedIn(String source) {
		return NAMED_DOCUMENT.matcher(source).results().map(MatchResult::group);
	}

	private static Stream<String> json(String document) {
		return JSON.matcher(document).results().map((block) -> block.group(1));
	}

	private static List<String> wrongJson(String document) {
		List<String> wrong = new ArrayList<>();
		json(document).forEach((block) -> {
			try {
				mapper.readTree(block);
			}
			catch (JacksonException ex) {
				wrong.add(ex.getMessage());
			}
		});
		return wrong;
	}

	/**
	 * Return the arrows of a drawing: which packages each one uses.
	 */
	private static Map<String, SortedSet<String>> drawn(String document) {
		Map<String, SortedSet<String>> arrows = new TreeMap<>();
		Pattern.compile("^([\\w.]+) +──► ([\\w., ]+)$", Pattern.MULTILINE)
			.matcher(document)
			.results()
			.forEach((arrow) -> arrows.put(arrow.group(1), new TreeSet<>(Arrays.asList(arrow.group(2).split(", ")))));
		return arrows;
	}

	private static Map<String, SortedSet<String>> used(JavaClasses classes, String root) {
		Map<String, SortedSet<String>> used = new TreeMap<>();
		classes.stream().flatMap((type) -> type.getDirectDependenciesFromSelf().stream()).forEach((dependency) -> {
			String from = packageOf(dependency.getOriginClass().getPackageName(), root);
			String to = packageOf(dependency.getTargetClass().getPackageName(), root);
			if (!from.isEmpty() && !to.isEmpty() && !from.equals(to)) {
				used.computeIfAbsent(from, (key) -> new TreeSet<>()).add(to);
			}
		});
		return used;
	}

	private static String packageOf(String name, String root) {
		return name.startsWith(root + ".") ? name.substring(root.length() + 1) : "";
	}

	private static boolean locks(String source) {
		return source.lines().anyMatch((line) -> LOCK.matcher(line).find());
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
