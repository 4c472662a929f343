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
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;

import org.jspecify.annotations.Nullable;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/**
 * A class of the engine in which PIT has changed one instruction.
 *
 * @param type the name of the class
 * @param line the line of the instruction
 * @param mutator which kind of change
 * @param description what is changed
 * @param killed whether a test has noticed it
 * @param file the class file, or {@code null} if PIT has not exported it
 */
record Mutant(String type, int line, String mutator, String description, boolean killed,
		@Nullable Path file) implements Trial.Change {

	private static final String DETAILS = "details.txt";

	/**
	 * Return all mutants of a report, by class and line.
	 * @param report the directory of PIT's report, with {@code mutations.xml} and what
	 * the feature {@code EXPORT} writes
	 */
	static List<Mutant> in(Path report) throws IOException {
		Map<String, Path> files = exported(report.resolve("export"));
		List<Mutant> mutants = new ArrayList<>();
		for (Element mutation : mutations(report.resolve("mutations.xml"))) {
			mutants.add(of(mutation, files));
		}
		mutants.sort((one, other) -> one.type.equals(other.type) ? Integer.compare(one.line, other.line)
				: one.type.compareTo(other.type));
		return mutants;
	}

	private static Mutant of(Element mutation, Map<String, Path> files) {
		String mutator = text(mutation, "mutator");
		String identifier = "[id=MutationIdentifier [location=Location [clazz=%s, method=%s, methodDesc=%s], indexes=[%s], mutator=%s]"
			.formatted(text(mutation, "mutatedClass"), text(mutation, "mutatedMethod"),
					text(mutation, "methodDescription"), String.join(", ", texts(mutation, "index")), mutator);
		return new Mutant(text(mutation, "mutatedClass"), Integer.parseInt(text(mutation, "lineNumber")),
				mutator.substring(mutator.lastIndexOf('.') + 1), text(mutation, "description"),
				Boolean.parseBoolean(mutation.getAttribute("detected")), files.get(identifier));
	}

	private static List<Element> mutations(Path file) throws IOException {
		try {
			NodeList nodes = DocumentBuilderFactory.newInstance()
				.newDocumentBuilder()
				.parse(file.toFile())
				.getElementsByTagName("mutation");
			return IntStream.range(0, nodes.getLength()).mapToObj((index) -> (Element) nodes.item(index)).toList();
		}
		catch (ParserConfigurationException | SAXException ex) {
			throw new IOException(ex);
		}
	}

	private static String text(Element mutation, String name) {
		return texts(mutation, name).get(0);
	}

	private static List<String> texts(Element mutation, String name) {
		NodeList nodes = mutation.getElementsByTagName(name);
		return IntStream.range(0, nodes.getLength()).mapToObj((index) -> nodes.item(index).getTextContent()).toList();
	}

	/**
	 * Return the class files by the identifiers of their mutants.
	 */
	private static Map<String, Path> exported(Path directory) throws IOException {
		Map<String, Path> files = new HashMap<>();
		try (Stream<Path> all = Files.walk(directory)) {
			all.filter((file) -> file.endsWith(DETAILS)).forEach((details) -> {
				String text = read(details);
				String identifier = text.substring(text.indexOf("[id="), text.indexOf(", filename="));
				files.put(identifier, details.resolveSibling(
						identifier.replaceFirst(".*clazz=", "").replaceFirst(", method=.*", "") + ".class"));
			});
		}
		return files;
	}

	private static String read(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public Path classes(Path directory) throws IOException {
		Path copy = directory.resolve(this.type.replace('.', '/') + ".class");
		Files.createDirectories(copy.getParent());
		Files.copy(Objects.requireNonNull(this.file, "PIT has not exported it"), copy);
		return directory;
	}

	/**
	 * Return the last part of the name of its package.
	 */
	String packageName() {
		String name = this.type.substring(0, this.type.lastIndexOf('.'));
		return name.substring(name.lastIndexOf('.') + 1);
	}

	/**
	 * Return the name of its class without the package.
	 */
	String className() {
		return this.type.substring(this.type.lastIndexOf('.') + 1).replace('$', '.');
	}

}
