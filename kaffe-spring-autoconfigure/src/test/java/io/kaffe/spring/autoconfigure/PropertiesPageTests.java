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

package io.kaffe.spring.autoconfigure;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.json.JsonParserFactory;
import org.springframework.util.ClassUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests that the tables of {@code docs/guide/properties.md} are those of the
 * configuration metadata that the build generates. Run with
 * {@code -Dkaffe.properties-page.write=true}, they write the tables.
 */
class PropertiesPageTests {

	private static final Path PAGE = Path.of("..", "docs", "guide", "properties.md");

	private static final String METADATA = "META-INF/spring-configuration-metadata.json";

	private static final String CONSUMER_METADATA = "META-INF/spring/configuration-metadata/"
			+ KaffeProperties.Consumer.class.getName() + ".json";

	private static final String HEADER = "| Property | Type | Default | Description |\n| --- | --- | --- | --- |\n";

	@Test
	void pageShowsTheConfigurationMetadata() throws IOException {
		String page = Files.readString(PAGE);
		String rendered = rendered(page, tables());
		if (Boolean.getBoolean("kaffe.properties-page.write")) {
			Files.writeString(PAGE, rendered);
			return;
		}
		assertThat(page).as("write it with -Dkaffe.properties-page.write=true").isEqualTo(rendered);
	}

	@Test
	void everyPropertyIsInOneTable() throws IOException {
		List<String> names = tables().values()
			.stream()
			.flatMap(String::lines)
			.filter((line) -> line.startsWith("| `"))
			.map((line) -> line.substring(3, line.indexOf('`', 3)))
			.toList();
		assertThat(names).doesNotHaveDuplicates()
			.contains("kaffe.enabled", "kaffe.consumers.<name>.enabled", "kaffe.consumers.<name>.topics",
					"kaffe.drain-timeout", "kaffe.failure.backoff.jitter",
					"management.endpoint.kaffeworkers.show-values");
		List<String> expected = new ArrayList<>();
		metadata(METADATA).forEach((property) -> expected.add(property.name()));
		List<String> own = List.of("auto-startup", "concurrency", "enabled", "group-id", "handler", "once",
				"properties", "topic-pattern", "topics");
		own.forEach((name) -> expected.add("kaffe.consumers.<name>." + name));
		assertThat(names).containsExactlyInAnyOrderElementsOf(expected);
	}

	@Test
	void typesAndDefaultsAreShownAsTheyAreWritten() {
		assertThat(new Property("a", "java.time.Duration", "1s", "A.").row("kaffe."))
			.isEqualTo("| `kaffe.a` | `Duration` | `1s` | A. |\n");
		assertThat(new Property("a", "java.lang.Double", 2.0, "").row("")).contains("| `2.0` |");
		assertThat(new Property("a", "java.lang.Boolean", null, "A | b.").row("")).contains("|  | A \\| b. |");
		assertThat(new Property("a", KaffeProperties.Adopt.class.getName(), "named", "A.").row(""))
			.isEqualTo("| `a` | `named`, `all` | `named` | A. |\n");
		assertThat(new Property("a", "org.springframework.boot.actuate.endpoint.Access", "read_only", "A.").row(""))
			.contains("`read-only`, `unrestricted` | `read-only` |");
		assertThat(new Property("a", "java.util.Map<java.lang.String,java.lang.Integer>", null, "A.").row(""))
			.contains("| map of `String` to `Integer` |");
		assertThat(new Property("a", "java.util.List<java.lang.String>", List.of(), "A.").row(""))
			.contains("| list of `String` |  |");
	}

	@Test
	void nothingButTheTablesIsWritten() {
		String page = "# Title\nText.\n<!-- begin a -->\n" + HEADER + "| old |\n<!-- end a -->\nMore.\n";
		assertThat(rendered(page, Map.of("a", HEADER + "| new |\n")))
			.isEqualTo("# Title\nText.\n<!-- begin a -->\n" + HEADER + "| new |\n<!-- end a -->\nMore.\n");
	}

	@Test
	void whatIsNotATableOfPropertiesIsNotOverwritten() {
		Map<String, String> tables = Map.of("a", HEADER + "| new |\n");
		assertThatIllegalStateException().isThrownBy(() -> rendered("# Title\n", tables))
			.withMessage("No table 'a' to write");
		assertThatIllegalStateException()
			.isThrownBy(() -> rendered("<!-- begin a -->\n" + HEADER + "| old |\n", tables))
			.withMessage("No table 'a' to write");
		assertThatIllegalStateException()
			.isThrownBy(() -> rendered("<!-- begin a -->\n| Other |\n| --- |\n| old |\n<!-- end a -->\n", tables))
			.withMessageStartingWith("Not a table of properties between the markers of 'a'");
		assertThatIllegalStateException()
			.isThrownBy(() -> rendered("<!-- begin a -->\n" + HEADER + "Text.\n<!-- end a -->\n", tables))
			.withMessageStartingWith("Not a table of properties between the markers of 'a'");
	}

	/**
	 * Return the page with the tables between their markers replaced.
	 */
	private static String rendered(String page, Map<String, String> tables) {
		String rendered = page;
		for (Map.Entry<String, String> table : tables.entrySet()) {
			String name = table.getKey();
			String begin = "<!-- begin " + name + " -->\n";
			int from = rendered.indexOf(begin);
			int to = rendered.indexOf("<!-- end " + name + " -->");
			if (from < 0 || to < from) {
				throw new IllegalStateException("No table '" + name + "' to write");
			}
			String present = rendered.substring(from + begin.length(), to);
			if (!present.isEmpty()
					&& !(present.startsWith(HEADER) && present.lines().allMatch((line) -> line.startsWith("| ")))) {
				throw new IllegalStateException(
						"Not a table of properties between the markers of '" + name + "': " + present);
			}
			rendered = rendered.substring(0, from + begin.length()) + table.getValue() + rendered.substring(to);
		}
		return rendered;
	}

	private static Map<String, String> tables() throws IOException {
		List<Property> properties = metadata(METADATA);
		List<Property> consumer = metadata(CONSUMER_METADATA);
		Set<String> shared = consumer.stream()
			.filter((property) -> !isOwn(property))
			.map((property) -> "kaffe." + property.name())
			.collect(Collectors.toSet());
		return Map.of("every-consumer",
				table("", properties.stream().filter((property) -> shared.contains(property.name()))), "one-consumer",
				table("kaffe.consumers.<name>.", consumer.stream().filter(PropertiesPageTests::isOwn)), "application",
				table("",
						properties.stream()
							.filter((property) -> property.name().startsWith("kaffe."))
							.filter((property) -> !shared.contains(property.name()))),
				"actuator",
				table("", properties.stream().filter((property) -> property.name().startsWith("management."))));
	}

	/**
	 * Return whether a consumer has a property that is no default for all consumers.
	 */
	private static boolean isOwn(Property property) {
		return Arrays.stream(KaffeProperties.Consumer.class.getDeclaredFields())
			.anyMatch((field) -> field.getName().equalsIgnoreCase(property.name().replace("-", "")));
	}

	private static String table(String prefix, Stream<Property> properties) {
		return HEADER + properties.sorted(Comparator.comparing(Property::name))
			.map((property) -> property.row(prefix))
			.collect(Collectors.joining());
	}

	/**
	 * Return the properties of this module: there may be metadata of others.
	 */
	private static List<Property> metadata(String resource) throws IOException {
		List<Property> properties = new ArrayList<>();
		for (URL url : Collections.list(PropertiesPageTests.class.getClassLoader().getResources(resource))) {
			try (InputStream json = url.openStream()) {
				Map<String, Object> metadata = JsonParserFactory.getJsonParser()
					.parseMap(new String(json.readAllBytes(), StandardCharsets.UTF_8));
				((List<?>) metadata.getOrDefault("properties", List.of())).stream()
					.map((entry) -> Property.of((Map<?, ?>) entry))
					.filter((property) -> resource.equals(CONSUMER_METADATA) || property.isOurs())
					.forEach(properties::add);
			}
		}
		assertThat(properties).as(resource).isNotEmpty();
		return properties;
	}

	/**
	 * A property as the metadata describes it.
	 *
	 * @param name its name
	 * @param type the full name of its Java type
	 * @param defaultValue its default, {@code null} if it has none or depends on others
	 * @param description what it is for
	 */
	private record Property(String name, String type, @Nullable Object defaultValue, String description) {

		static Property of(Map<?, ?> entry) {
			return new Property(text(entry, "name"), text(entry, "type"), entry.get("defaultValue"),
					text(entry, "description"));
		}

		private static String text(Map<?, ?> entry, String key) {
			return (entry.get(key) instanceof String text) ? text : "";
		}

		boolean isOurs() {
			return this.name.startsWith("kaffe.") || this.name.matches("management\\.\\w+\\.kaffe(workers)?\\..*");
		}

		String row(String prefix) {
			return Stream.of("`" + prefix + this.name + "`", shown(this.type), shownDefault(), this.description)
				.map((cell) -> cell.replace("|", "\\|"))
				.collect(Collectors.joining(" | ", "| ", " |\n"));
		}

		private String shownDefault() {
			if (this.defaultValue == null || this.defaultValue instanceof List<?>) {
				return "";
			}
			String text = String.valueOf(this.defaultValue);
			return "`" + (constants(this.type).isEmpty() ? text : written(text)) + "`";
		}

		private static String shown(String type) {
			int arguments = type.indexOf('<');
			if (arguments < 0) {
				List<String> constants = constants(type);
				return (constants.isEmpty() ? List.of(ClassUtils.getShortName(type)) : constants).stream()
					.map((name) -> "`" + name + "`")
					.collect(Collectors.joining(", "));
			}
			List<String> shown = Arrays.stream(type.substring(arguments + 1, type.length() - 1).split(","))
				.map(Property::shown)
				.toList();
			String collection = ClassUtils.getShortName(type.substring(0, arguments)).toLowerCase(Locale.ROOT);
			return collection + " of " + String.join(" to ", shown);
		}

		private static List<String> constants(String type) {
			if (!ClassUtils.isPresent(type, null)) {
				return List.of();
			}
			Object[] constants = ClassUtils.resolveClassName(type, null).getEnumConstants();
			return (constants != null) ? Arrays.stream(constants).map((one) -> written(one.toString())).toList()
					: List.of();
		}

		private static String written(String constant) {
			return constant.toLowerCase(Locale.ROOT).replace('_', '-');
		}

	}

}
