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

package io.kaffe.spring.benchmark.runner;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The results as JSON: an array with an object for each row.
 *
 * @param rows the rows
 */
record JsonReport(List<Row> rows) {

	String text() {
		return this.rows.stream()
			.map((row) -> "  " + json(object(row)))
			.collect(Collectors.joining(",\n", "[\n", "\n]\n"));
	}

	private static Map<String, Object> object(Row row) {
		Spread spread = row.spread();
		Map<String, Object> object = new LinkedHashMap<>();
		object.put("workload", row.workload());
		object.put("contender", row.contender());
		object.put("rounds", row.rounds().stream().map(Round::value).toList());
		object.put("median", spread.median());
		object.put("unit", row.unit());
		object.put("least", spread.least());
		object.put("most", spread.most());
		object.put("passed", row.failures().isEmpty());
		object.put("failures", row.failures());
		object.put("figures", row.figures());
		return object;
	}

	private static String json(Object value) {
		if (value instanceof Map<?, ?> map) {
			return map.entrySet()
				.stream()
				.map((entry) -> quoted(String.valueOf(entry.getKey())) + ": " + json(entry.getValue()))
				.collect(Collectors.joining(", ", "{", "}"));
		}
		if (value instanceof List<?> list) {
			return list.stream().map(JsonReport::json).collect(Collectors.joining(", ", "[", "]"));
		}
		if (value instanceof Double number) {
			// To a thousandth: no more is measured.
			return Double.isFinite(number) ? String.valueOf(Math.round(number * 1_000) / 1_000.0) : "null";
		}
		return (value instanceof String text) ? quoted(text) : String.valueOf(value);
	}

	private static String quoted(String text) {
		StringBuilder quoted = new StringBuilder("\"");
		for (char character : text.toCharArray()) {
			switch (character) {
				case '"' -> quoted.append("\\\"");
				case '\\' -> quoted.append("\\\\");
				case '\n' -> quoted.append("\\n");
				default -> quoted.append((character < ' ') ? "\\u%04x".formatted((int) character) : character);
			}
		}
		return quoted.append('"').toString();
	}

}
