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

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import javax.xml.parsers.DocumentBuilderFactory;

import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Writes {@code report.md} from Surefire's results with and without adoption. It ends with 1
 * if there is a test that is passed without adoption only and that the table of the README
 * does not name, or one that the table names and that is passed.
 */
class Report {

	/** A refusal has one of our exceptions among its causes. */
	private static final Pattern REFUSAL = Pattern.compile("\\bio\\.kaffe\\.spring\\.[\\w.]+Exception: (.*)");

	/** What Spring's tests throw instead of starting a context that has failed before. */
	private static final String FAILED_BEFORE = "ApplicationContext failure threshold";

	/** What the README says of tests whose containers are not adopted. */
	private static final String LEFT_OUT = "left out";

	private static final Pattern NAMED = Pattern.compile("^\\| `(\\w+(?:#[\\w$]+)?)` \\| ([^|]+?) \\|",
			Pattern.MULTILINE);

	enum Outcome {

		PASSED, REFUSED, FAILED, SKIPPED

	}

	record Result(Outcome outcome, String reason) {

	}

	public static void main(String[] args) throws Exception {
		Path home = Path.of(args[0]);
		Path target = home.resolve("target");
		List<String> classes = Files.readAllLines(target.resolve("classes.txt"));
		Map<String, String> named = new TreeMap<>();
		NAMED.matcher(Files.readString(home.resolve("README.md")))
			.results()
			.forEach((row) -> named.put(row.group(1), row.group(2)));

		StringBuilder table = new StringBuilder();
		StringBuilder failures = new StringBuilder();
		StringBuilder failing = new StringBuilder();
		Map<Outcome, Integer> sum = new EnumMap<>(Outcome.class);
		TreeSet<String> unused = new TreeSet<>();
		int unnamed = 0;
		for (String type : classes) {
			String name = type.substring(type.lastIndexOf('.') + 1).replaceFirst("Tests$", "");
			if (!Files.exists(target.resolve("adopted").resolve(type + ".started"))) {
				continue;
			}
			Map<String, Result> adopted = read(target.resolve("adopted"), type);
			Map<String, Result> baseline = read(target.resolve("baseline"), type);
			Map<Outcome, Integer> counts = new EnumMap<>(Outcome.class);
			named.keySet().stream().filter((key) -> key.replaceFirst("#.*", "").equals(name)).forEach(unused::add);
			TreeSet<String> tests = new TreeSet<>(baseline.keySet());
			tests.addAll(adopted.keySet());
			if (tests.size() != 1) {
				tests.remove("");
			}
			if (tests.isEmpty()) {
				tests.add("all");
			}
			for (String test : tests) {
				Result without = baseline.get(test);
				if (without != null && without.outcome() == Outcome.FAILED) {
					failing.append("| `%s#%s` | %s |\n".formatted(name, test, cell(without.reason())));
					continue;
				}
				String method = name + "#" + test.replaceFirst("[^\\w$].*", "");
				String kind = named.getOrDefault(method, named.get(name));
				Result result = adopted.getOrDefault(test, adopted.getOrDefault("",
						new Result(Outcome.FAILED, "no result: the JVM was ended, or the class could not be set up")));
				if (result.outcome() == Outcome.PASSED && LEFT_OUT.equals(kind)) {
					result = new Result(Outcome.REFUSED, "its container is in settings.properties");
				}
				counts.merge(result.outcome(), 1, Integer::sum);
				sum.merge(result.outcome(), 1, Integer::sum);
				if (result.outcome() == Outcome.REFUSED || result.outcome() == Outcome.FAILED) {
					unused.remove(method);
					unused.remove(name);
					unnamed += (kind != null) ? 0 : 1;
					failures.append("| `%s#%s` | %s | %s | %s |\n".formatted(name, test,
							(result.outcome() == Outcome.REFUSED) ? "refused" : "failed",
							(kind != null) ? kind : "**not in the README**", cell(result.reason())));
				}
			}
			table.append("| `%s` %s |\n".formatted(name, counts(counts)));
		}
		String report = """
				# Spring Kafka's listener tests with every container adopted

				| Class | passed | refused | failed | skipped |
				| --- | --- | --- | --- | --- |
				%s| all %s |

				## Refused or failed

				| Test | | in the README as | reason |
				| --- | --- | --- | --- |
				%s
				## Not counted, since they fail without adoption too

				| Test | reason |
				| --- | --- |
				%s
				## Named in the README, but passed

				%s
				""".formatted(table, counts(sum), failures, failing, String.join(", ", unused));
		Files.writeString(target.resolve("report.md"), report);
		System.out.printf("%s: passed, refused, failed, skipped %s; %d not in the README; passed, but in the README: %s%n",
				target.resolve("report.md"), counts(sum), unnamed, unused);
		System.exit((unnamed == 0 && unused.isEmpty()) ? 0 : 1);
	}

	private static String counts(Map<Outcome, Integer> counts) {
		return Stream.of(Outcome.values())
			.map((outcome) -> "| " + counts.getOrDefault(outcome, 0))
			.reduce((a, b) -> a + " " + b)
			.orElseThrow();
	}

	/**
	 * Return the results of a class by the names of its tests; an empty name is a failure of
	 * the class itself. Empty if the class has no results, as when its JVM was ended.
	 */
	private static Map<String, Result> read(Path directory, String type) throws Exception {
		Map<String, Result> results = new LinkedHashMap<>();
		Path file = directory.resolve("TEST-" + type + ".xml");
		if (!Files.exists(file)) {
			return results;
		}
		String refusal = null;
		NodeList cases = DocumentBuilderFactory.newInstance()
			.newDocumentBuilder()
			.parse(file.toFile())
			.getElementsByTagName("testcase");
		for (int i = 0; i < cases.getLength(); i++) {
			Element test = (Element) cases.item(i);
			Result result = result(test);
			if (result.outcome() == Outcome.REFUSED) {
				refusal = result.reason();
			}
			else if (result.reason().contains(FAILED_BEFORE) && refusal != null) {
				result = new Result(Outcome.REFUSED, refusal);
			}
			results.put(test.getAttribute("name"), result);
		}
		return results;
	}

	private static Result result(Element test) throws IOException {
		for (String tag : List.of("error", "failure")) {
			if (test.getElementsByTagName(tag).item(0) instanceof Element failure) {
				String trace = failure.getTextContent();
				Matcher refusal = REFUSAL.matcher(trace);
				return refusal.find() ? new Result(Outcome.REFUSED, refusal.group(1))
						: new Result(Outcome.FAILED, firstLines(trace));
			}
		}
		return new Result((test.getElementsByTagName("skipped").getLength() > 0) ? Outcome.SKIPPED : Outcome.PASSED,
				"");
	}

	/**
	 * Return the message of a failure, and the line of the test that it is from.
	 */
	private static String firstLines(String trace) {
		List<String> lines = trace.strip().lines().toList();
		String message = lines.stream()
			.takeWhile((line) -> !line.startsWith("\tat "))
			.map(String::strip)
			.filter((line) -> !line.isEmpty())
			.limit(5)
			.reduce((a, b) -> a + " " + b)
			.orElse("");
		String place = lines.stream()
			.filter((line) -> line.matches("\tat .*Tests?[$.(].*"))
			.findFirst()
			.map((line) -> " (" + line.replaceFirst(".*\\((.*)\\).*", "$1") + ")")
			.orElse("");
		return message + place;
	}

	private static String cell(String text) {
		String line = text.replace("|", "\\|").replace("`", "'");
		return (line.length() > 400) ? line.substring(0, 400) + " …" : line;
	}

}
