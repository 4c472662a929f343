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
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the Java code in the README and the documents compiles with the imports that
 * are shown, each block for itself.
 */
class DocumentedCodeTests {

	private static final Path ROOT = Path.of("..");

	private static final Pattern BLOCK = Pattern.compile("^```java\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);

	private static final Pattern TYPE = Pattern.compile("^(?:\\w+ )*(?:class|interface|record|enum) (\\w+)",
			Pattern.MULTILINE);

	private static final Pattern METHOD = Pattern.compile("^\\w.*\\) \\{", Pattern.MULTILINE);

	private static final Pattern STATEMENTS = Pattern.compile("^for \\(.*\\z", Pattern.MULTILINE | Pattern.DOTALL);

	/** What is the reader's own, besides what this package has. */
	private static final List<Source> READERS_OWN = List.of(
			new Source("Order", "record Order(String id, String account, long amount) { }"),
			new Source("Bookings", "interface Bookings { void deleteAll(); long count(); }"),
			new Source("Pager", "interface Pager { void call(String message); }"),
			new Source("Bookkeeping", "interface Bookkeeping { void book(Object key, AccountEvent event); "
					+ "void add(Object records); boolean isFlushed(); }"));

	@TempDir
	private Path output;

	@ParameterizedTest(name = "{0}")
	@MethodSource("blocks")
	void codeCompilesWithTheImportsThatAreShown(Block block) {
		assertThat(errors(block.code())).isEmpty();
	}

	@Test
	void missingImportIsFound() throws IOException {
		List<Block> blocks = blocks();
		assertThat(blocks).hasSizeGreaterThan(10);
		assertThat(blocks).allSatisfy((block) -> {
			String code = block.code().replaceFirst("import .*\n", "");
			assertThat(code).as(block.toString()).isNotEqualTo(block.code());
			assertThat(errors(code)).as(block.toString()).anyMatch((error) -> error.contains("cannot find symbol"));
		});
	}

	/**
	 * Return the blocks that declare a type or a method.
	 */
	static List<Block> blocks() throws IOException {
		List<Path> documents = new ArrayList<>(List.of(ROOT.resolve("README.md")));
		try (Stream<Path> files = Files.walk(ROOT.resolve("docs"))) {
			files.filter((file) -> file.toString().endsWith(".md")).sorted().forEach(documents::add);
		}
		List<Block> blocks = new ArrayList<>();
		for (Path document : documents) {
			String text = Files.readString(document);
			for (MatchResult found : BLOCK.matcher(text).results().toList()) {
				if (METHOD.matcher(found.group(1)).find() || TYPE.matcher(found.group(1)).find()) {
					long line = text.substring(0, found.start()).lines().count() + 1;
					blocks.add(new Block(ROOT.relativize(document) + ":" + line, found.group(1)));
				}
			}
		}
		return blocks;
	}

	private List<String> errors(String code) {
		List<Source> sources = new ArrayList<>(READERS_OWN);
		sources.add(source(code));
		JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
		DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
		compiler
			.getTask(null, null, diagnostics, List.of("-proc:none", "-classpath", System.getProperty("java.class.path"),
					"-d", this.output.toString()), null, sources)
			.call();
		return diagnostics.getDiagnostics().stream().map(Object::toString).toList();
	}

	/**
	 * Return what to compile: members without a type are put into one, and statements
	 * that follow them into a method.
	 */
	private static Source source(String code) {
		Matcher type = TYPE.matcher(code);
		if (type.find()) {
			return new Source(type.group(1), code);
		}
		int imports = code.lastIndexOf("import ");
		int members = (imports < 0) ? 0 : code.indexOf('\n', imports);
		String body = code.substring(members).replace("{ … }", "{ }");
		Matcher statements = STATEMENTS.matcher(body);
		if (statements.find()) {
			body = statements.replaceFirst(Matcher.quoteReplacement("void example() {\n" + statements.group() + "}\n"));
		}
		return new Source("Example", code.substring(0, members) + "\nclass Example {\n" + body + "}\n");
	}

	/**
	 * A block of code in a document.
	 *
	 * @param place the document and the line
	 * @param code what is between the fences
	 */
	record Block(String place, String code) {

		@Override
		public String toString() {
			return this.place;
		}

	}

	/**
	 * A source in this package.
	 */
	private static final class Source extends SimpleJavaFileObject {

		private final String content;

		Source(String type, String content) {
			super(URI.create("string:///io/kaffe/spring/example/" + type + Kind.SOURCE.extension), Kind.SOURCE);
			this.content = "package io.kaffe.spring.example;\n" + content;
		}

		@Override
		public CharSequence getCharContent(boolean ignoreEncodingErrors) {
			return this.content;
		}

	}

}
