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

package io.kaffe.spring.sample;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * An expression of a dashboard or an alert, to be checked against the existing meters.
 *
 * @param place where it is, to be found by: a panel, a rule, a line
 * @param expression the expression, in PromQL
 * @param shown labels that are shown with its results
 */
record MonitoringQuery(String place, String expression, Set<String> shown) {

	/**
	 * Prometheus itself adds these to what it scrapes.
	 */
	private static final Set<String> TARGET_LABELS = Set.of("instance", "job");

	private static final Pattern PLAIN = Pattern.compile("[\\w-]+(\\|[\\w-]+)*");

	/**
	 * Return what is wrong with it: what cannot be read, and metrics, labels and values
	 * of labels that a scrape does not have.
	 * @param scrape the scrape
	 * @return a sentence for each, with the place; empty if all is well
	 */
	List<String> problems(Scrape scrape) {
		List<String> problems = new ArrayList<>();
		PromQl promQl;
		try {
			promQl = PromQl.parse(this.expression);
		}
		catch (IllegalArgumentException ex) {
			return List.of(this.place + ": " + ex.getMessage());
		}
		Set<String> labels = new TreeSet<>(TARGET_LABELS);
		for (PromQl.Selector selector : promQl.selectors()) {
			if (!scrape.metrics().containsKey(selector.metric())) {
				problems.add(this.place + ": there is no metric " + selector.metric());
			}
			else {
				selector.matchers().forEach((matcher) -> check(selector.metric(), matcher, scrape, problems));
				labels.addAll(scrape.labels(selector.metric()));
			}
		}
		if (promQl.selectors().isEmpty()) {
			problems.add(this.place + ": it selects no metric");
		}
		Set<String> mentioned = new TreeSet<>(promQl.labels());
		mentioned.addAll(this.shown);
		mentioned.stream()
			.filter((label) -> !labels.contains(label))
			.forEach((label) -> problems.add(this.place + ": none of its metrics has a label " + label));
		return problems;
	}

	private void check(String metric, PromQl.LabelMatcher matcher, Scrape scrape, List<String> problems) {
		String label = matcher.label();
		if (TARGET_LABELS.contains(label)) {
			return;
		}
		Set<String> values = scrape.values(metric, label);
		if (values.isEmpty()) {
			problems.add(this.place + ": " + metric + " has no label " + label + " but " + scrape.labels(metric));
		}
		else if (PLAIN.matcher(matcher.value()).matches()) {
			Stream.of(matcher.value().split("\\|"))
				.filter((value) -> !values.contains(value))
				.forEach((value) -> problems
					.add(this.place + ": " + label + " of " + metric + " is never " + value + " but one of " + values));
		}
	}

}
