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

package io.kaffe.spring.interleaving;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.net.MalformedURLException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.security.ProtectionDomain;
import java.security.cert.Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import javax.tools.ToolProvider;

import org.jspecify.annotations.Nullable;
import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A mistake that a class could have, made by a change of its source, to show that tests
 * find it. All classes of this project are loaded anew, with that one changed.
 */
public final class SourceMistake {

	private static final String ROOT = "io.kaffe.spring.";

	private final Class<?> type;

	private final String correct;

	private final String broken;

	/**
	 * Describe a mistake.
	 * @param type the class
	 * @param correct a part of its source, which is there once
	 * @param broken what to replace it by
	 */
	public SourceMistake(Class<?> type, String correct, String broken) {
		this.type = type;
		this.correct = correct;
		this.broken = broken;
	}

	/**
	 * Create an object among classes with this mistake.
	 * @param type the class of the object, with a constructor without parameters
	 * @return the object
	 * @throws ReflectiveOperationException if there is none
	 */
	public Runnable create(Class<? extends Runnable> type) throws ReflectiveOperationException {
		ClassLoader loader = new BrokenClasses(compile());
		Constructor<?> constructor = loader.loadClass(type.getName()).getDeclaredConstructor();
		constructor.setAccessible(true);
		return (Runnable) constructor.newInstance();
	}

	private Map<String, byte[]> compile() {
		try {
			Path directory = Files.createTempDirectory("mistake");
			try {
				return compile(directory);
			}
			finally {
				FileSystemUtils.deleteRecursively(directory);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private Map<String, byte[]> compile(Path directory) throws IOException {
		Path source = Path.of("src/main/java", this.type.getName().replace('.', '/') + ".java");
		String code = Files.readString(source);
		assertThat(code.split(Pattern.quote(this.correct), -1)).as("once in source: " + this.correct).hasSize(2);
		Path copy = Files.writeString(directory.resolve(source.getFileName()), code.replace(this.correct, this.broken));
		ByteArrayOutputStream messages = new ByteArrayOutputStream();
		int status = ToolProvider.getSystemJavaCompiler()
			.run(null, null, messages, "-proc:none", "-nowarn", "-cp", System.getProperty("java.class.path"), "-d",
					directory.toString(), copy.toString());
		assertThat(status).as(messages::toString).isZero();
		Map<String, byte[]> classes = new HashMap<>();
		List<Path> files;
		try (Stream<Path> walk = Files.walk(directory)) {
			files = walk.filter((path) -> path.toString().endsWith(".class")).toList();
		}
		for (Path file : files) {
			String name = directory.relativize(file).toString();
			classes.put(name.substring(0, name.length() - ".class".length()).replace('/', '.'),
					Files.readAllBytes(file));
		}
		return classes;
	}

	/**
	 * Loads the classes of the project itself, some of them changed.
	 */
	private static final class BrokenClasses extends ClassLoader {

		private static int number;

		private final Map<String, byte[]> changed;

		private final ProtectionDomain origin;

		BrokenClasses(Map<String, byte[]> changed) {
			super(BrokenClasses.class.getClassLoader());
			this.changed = changed;
			try {
				// Fray rewrites classes of the same name and origin once.
				this.origin = new ProtectionDomain(
						new CodeSource(Path.of("mistake-" + number++).toUri().toURL(), (Certificate[]) null), null);
			}
			catch (MalformedURLException ex) {
				throw new IllegalStateException(ex);
			}
		}

		@Override
		protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
			if (!name.startsWith(ROOT)) {
				return super.loadClass(name, resolve);
			}
			synchronized (getClassLoadingLock(name)) {
				Class<?> loaded = findLoadedClass(name);
				if (loaded == null) {
					byte[] bytes = bytesOf(name);
					loaded = defineClass(name, bytes, 0, bytes.length, this.origin);
				}
				return loaded;
			}
		}

		private byte[] bytesOf(String name) throws ClassNotFoundException {
			byte @Nullable [] bytes = this.changed.get(name);
			if (bytes != null) {
				return bytes;
			}
			try (InputStream stream = getResourceAsStream(name.replace('.', '/') + ".class")) {
				if (stream == null) {
					throw new ClassNotFoundException(name);
				}
				return stream.readAllBytes();
			}
			catch (IOException ex) {
				throw new ClassNotFoundException(name, ex);
			}
		}

	}

}
