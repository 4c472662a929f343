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

import java.beans.PropertyDescriptor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.BeanUtils;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;

/**
 * The names of the properties below {@code kaffe}, to suggest a correction for a misspelt
 * one.
 */
final class PropertyNames {

	private static final String PREFIX = "kaffe";

	private static final String CONSUMERS = "consumers";

	/** Longer names have no suggestion. */
	private static final int LONGEST = 100;

	private PropertyNames() {
	}

	/**
	 * Return the property that was probably intended.
	 * @param written the name of a property that does not exist
	 * @return its name, or {@code null} if none is similar
	 */
	static @Nullable String similarTo(ConfigurationPropertyName written) {
		if (written.getNumberOfElements() < 2 || !PREFIX.equals(written.getElement(0, Form.DASHED))) {
			return null;
		}
		List<String> path = elements(written, Form.DASHED);
		if (CONSUMERS.equals(path.get(0))) {
			return ofConsumer(path, elements(written, Form.ORIGINAL));
		}
		String similar = similar(KaffeProperties.class, path);
		return (similar != null) ? PREFIX + "." + similar : null;
	}

	private static List<String> elements(ConfigurationPropertyName name, Form form) {
		return IntStream.range(1, name.getNumberOfElements()).mapToObj((i) -> name.getElement(i, form)).toList();
	}

	private static @Nullable String ofConsumer(List<String> path, List<String> asWritten) {
		if (path.size() < 3) {
			return null;
		}
		List<String> property = path.subList(2, path.size());
		String similar = similar(KaffeProperties.Consumer.class, property);
		if (similar != null) {
			return KaffeProperties.nameOf(asWritten.get(1), similar);
		}
		// The name of the consumer may have dots, which requires brackets.
		for (int end = 3; end < path.size(); end++) {
			String rest = String.join(".", path.subList(end, path.size()));
			if (paths(KaffeProperties.Consumer.class).contains(rest)) {
				return KaffeProperties.nameOf(String.join(".", asWritten.subList(1, end)), rest);
			}
		}
		return null;
	}

	/**
	 * Return the probably intended name below a type's prefix: at the first level that is
	 * wrong, the nearest name; if none is near, the same path further down.
	 */
	private static @Nullable String similar(Class<?> type, List<String> path) {
		Map<String, Class<?>> names = names(type);
		String head = path.get(0);
		List<String> tail = path.subList(1, path.size());
		Class<?> nested = names.get(head);
		if (nested != null) {
			String similar = (isGroup(nested) && !tail.isEmpty()) ? similar(nested, tail) : null;
			return (similar != null) ? head + "." + similar : null;
		}
		String nearest = names.keySet()
			.stream()
			.filter((name) -> distance(head, name) <= tolerance(name))
			.min(Comparator.comparingInt((name) -> distance(head, name)))
			.orElse(null);
		if (nearest != null) {
			String rest = tail.isEmpty() ? "" : below(names.get(nearest), tail);
			return (rest != null) ? nearest + rest : null;
		}
		String below = "." + String.join(".", path);
		return paths(type).stream().filter((name) -> name.endsWith(below)).findFirst().orElse(null);
	}

	/**
	 * Return the part after a corrected name: as written, or corrected as well.
	 */
	private static @Nullable String below(@Nullable Class<?> type, List<String> path) {
		String written = String.join(".", path);
		if (type == null || !isGroup(type)
				|| paths(type).stream().anyMatch((name) -> (written + ".").startsWith(name + "."))) {
			return "." + written;
		}
		String similar = similar(type, path);
		return (similar != null) ? "." + similar : null;
	}

	/**
	 * Return the names of all properties below a type's prefix that have a value.
	 */
	private static List<String> paths(Class<?> type) {
		List<String> paths = new ArrayList<>();
		names(type).forEach((name, nested) -> {
			if (isGroup(nested)) {
				paths(nested).forEach((path) -> paths.add(name + "." + path));
			}
			else {
				paths.add(name);
			}
		});
		return paths;
	}

	private static Map<String, Class<?>> names(Class<?> type) {
		Map<String, Class<?>> names = new TreeMap<>();
		for (PropertyDescriptor property : BeanUtils.getPropertyDescriptors(type)) {
			Class<?> nested = property.getPropertyType();
			if (nested != null && !nested.equals(Class.class)) {
				names.put(DataObjectPropertyName.toDashedForm(property.getName()), nested);
			}
		}
		return names;
	}

	private static boolean isGroup(Class<?> type) {
		return !type.isEnum() && (type.getDeclaringClass() == ConsumerProperties.class
				|| type.getDeclaringClass() == KaffeProperties.class);
	}

	/**
	 * Return the maximum distance between a name and a misspelling of it: one character
	 * in four.
	 */
	private static int tolerance(String name) {
		return Math.max(1, name.length() / 4);
	}

	/**
	 * Return the edit distance of two names: characters added, removed, changed, or
	 * exchanged with their neighbours. Dashes and case do not count.
	 */
	private static int distance(String written, String name) {
		String from = uniform(written);
		String to = uniform(name);
		if (from.length() > LONGEST) {
			return Integer.MAX_VALUE;
		}
		int[][] distances = new int[from.length() + 1][to.length() + 1];
		for (int i = 0; i <= from.length(); i++) {
			for (int j = 0; j <= to.length(); j++) {
				if (i == 0 || j == 0) {
					distances[i][j] = i + j;
					continue;
				}
				int change = (from.charAt(i - 1) == to.charAt(j - 1)) ? 0 : 1;
				int least = Math.min(distances[i - 1][j - 1] + change,
						Math.min(distances[i - 1][j], distances[i][j - 1]) + 1);
				boolean exchanged = i > 1 && j > 1 && from.charAt(i - 1) == to.charAt(j - 2)
						&& from.charAt(i - 2) == to.charAt(j - 1);
				distances[i][j] = exchanged ? Math.min(least, distances[i - 2][j - 2] + 1) : least;
			}
		}
		return distances[from.length()][to.length()];
	}

	private static String uniform(String name) {
		return name.replace("-", "").toLowerCase(Locale.ROOT);
	}

}
