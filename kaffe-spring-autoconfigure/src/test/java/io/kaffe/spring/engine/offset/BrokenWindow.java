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

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Mistakes that {@link OffsetWindow} could have, each a change of its source: the
 * variants show that the checks of the window bite.
 */
enum BrokenWindow {

	/**
	 * Bits that two threads set in the same word at a time are lost.
	 */
	ORDINARY_OR("long before = (long) WORDS.getAndBitwiseOrRelease(this.words, wordOf(offset), bit);",
			"long before = this.words[wordOf(offset)]; this.words[wordOf(offset)] = before | bit;"),

	/**
	 * A completion that holds the old ring while it grows is lost.
	 */
	GROWTH_COPIES_BITS("open[count++] = segment;", """
			open[count] = new Segment(segment.base);
			System.arraycopy(segment.words, 0, open[count++].words, 0, segment.words.length);"""),

	/**
	 * A late completion hits a segment that took the place of its own.
	 */
	BASE_NOT_COMPARED("return (segment != null && segment.base == base) ? segment : null;", "return segment;"),

	/**
	 * An offset can be completed before it is appended.
	 */
	NEXT_NOT_COMPARED("return segment != null && offset < this.next && segment.complete(offset);",
			"return segment != null && segment.complete(offset);"),

	/**
	 * A segment that was missing before its offsets were appended is taken for one that
	 * is complete.
	 */
	SEGMENT_READ_FIRST("""
					if (offset >= end) {
						return false;
					}
					Segment segment = segment(baseOf(offset));
			""", """
					Segment segment = segment(baseOf(offset));
					if (offset >= this.next) {
						return false;
					}
			"""),

	/**
	 * What is still open is lost when the segments are checked.
	 */
	OPEN_SEGMENTS_DROPPED("if (segment != null && segment.firstOpen(segment.base) < segment.end()) {",
			"if (segment != null && segment.firstOpen(segment.base) <= segment.base) {"),

	/**
	 * The watermark passes the open offset it stands at.
	 */
	WATERMARK_TOO_FAR("long open = ~(long) WORDS.getAcquire(this.words, wordOf(at)) & (-1L << at);",
			"long open = ~((long) WORDS.getAcquire(this.words, wordOf(at)) | (1L << at)) & (-1L << at);");

	private final MethodHandle constructor;

	BrokenWindow(String correct, String broken) {
		try {
			String source = Files.readString(Path.of("src/main/java/io/kaffe/spring/engine/offset/OffsetWindow.java"));
			assertThat(source.split(Pattern.quote(correct), -1)).as("once in source: " + correct).hasSize(2);
			String name = "OffsetWindow_" + name();
			Class<?> type = compile(name,
					source.replace(correct, broken)
						.replace("OffsetWindow", name)
						.replace("class " + name + " {", "class " + name + " implements TestedWindow {"));
			this.constructor = MethodHandles.lookup()
				.findConstructor(type, MethodType.methodType(void.class, long.class))
				.asType(MethodType.methodType(TestedWindow.class, long.class));
		}
		catch (IOException | ReflectiveOperationException ex) {
			throw new IllegalStateException(ex);
		}
	}

	TestedWindow create(long first) {
		try {
			return (TestedWindow) this.constructor.invokeExact(first);
		}
		catch (Throwable ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static Class<?> compile(String name, String source) throws IOException, ReflectiveOperationException {
		Path directory = Files.createTempDirectory("broken-window");
		try {
			Path file = Files.writeString(directory.resolve(name + ".java"), source);
			JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
			assertThat(compiler.run(null, null, null, "-proc:none", "-cp", System.getProperty("java.class.path"), "-d",
					directory.toString(), file.toString()))
				.isZero();
			List<Path> classes;
			try (Stream<Path> files = Files.walk(directory)) {
				classes = files.filter((path) -> path.toString().endsWith(".class")).toList();
			}
			for (Path path : classes) {
				MethodHandles.lookup().defineClass(Files.readAllBytes(path));
			}
		}
		finally {
			FileSystemUtils.deleteRecursively(directory);
		}
		return Class.forName(BrokenWindow.class.getPackageName() + "." + name);
	}

}
