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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an expression of PromQL speaks of. It is not evaluated, only taken to pieces: what
 * is in braces, brackets, strings and lists of labels is told apart from the names of
 * metrics and functions. Variables of Grafana may stand where values, numbers and
 * durations do.
 *
 * @param selectors the metrics it selects, as they come
 * @param labels labels that it groups by, joins on or keeps
 */
record PromQl(List<Selector> selectors, Set<String> labels) {

	private static final Pattern TOKEN = Pattern.compile("(?<STRING>\"(?:\\\\.|[^\"\\\\])*\"|'(?:\\\\.|[^'\\\\])*')"
			+ "|(?<NUMBER>[0-9][0-9a-zA-Z.]*)|(?<NAME>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?<VARIABLE>\\$(?:\\w+|\\{\\w+}))"
			+ "|(?<SIGN>=~|!~|[=!<>]=|[-+*/%^=<>(){}\\[\\],:@])|\\s+|#[^\\n]*");

	private static final Set<String> LABEL_LISTS = Set.of("by", "without", "on", "ignoring", "group_left",
			"group_right");

	private static final Set<String> OPERATORS = Set.of("+", "-", "*", "/", "%", "^", "==", "!=", "<", ">", "<=", ">=",
			"and", "or", "unless");

	/**
	 * Names that are none of a metric.
	 */
	private static final Set<String> RESERVED = Set.of("and", "or", "unless", "bool", "offset", "by", "without", "on",
			"ignoring", "group_left", "group_right");

	private static final Set<String> FUNCTIONS = Set.of("sum", "min", "max", "avg", "count", "group", "topk", "bottomk",
			"rate", "increase", "irate", "delta", "deriv", "resets", "changes", "max_over_time", "min_over_time",
			"avg_over_time", "sum_over_time", "count_over_time", "last_over_time", "absent", "absent_over_time",
			"clamp_min", "clamp_max", "round", "sort", "sort_desc", "time", "timestamp", "vector", "scalar",
			"label_replace", "predict_linear");

	/**
	 * Take an expression to pieces.
	 * @param expression the expression
	 * @return what it speaks of
	 * @throws IllegalArgumentException if it cannot be read, with the reason
	 */
	static PromQl parse(String expression) {
		return new Reader(tokens(expression)).read();
	}

	private static List<Token> tokens(String expression) {
		List<Token> tokens = new ArrayList<>();
		Matcher matcher = TOKEN.matcher(expression);
		int position = 0;
		while (position < expression.length()) {
			if (!matcher.find(position) || matcher.start() != position) {
				throw new IllegalArgumentException(
						"'" + expression.charAt(position) + "' at " + position + " is not understood");
			}
			for (Kind kind : Kind.values()) {
				if (matcher.group(kind.name()) != null) {
					tokens.add(new Token(kind, matcher.group()));
				}
			}
			position = matcher.end();
		}
		return tokens;
	}

	/**
	 * A metric that is selected.
	 *
	 * @param metric its name
	 * @param matchers what its labels have to be
	 */
	record Selector(String metric, List<LabelMatcher> matchers) {

	}

	/**
	 * What a label has to be.
	 *
	 * @param label its name
	 * @param operator {@code =}, {@code !=}, {@code =~} or {@code !~}
	 * @param value the value or pattern, without quotes
	 */
	record LabelMatcher(String label, String operator, String value) {

	}

	private enum Kind {

		STRING, NUMBER, NAME, VARIABLE, SIGN

	}

	private record Token(Kind kind, String text) {

		boolean is(String sign) {
			return this.kind != Kind.STRING && this.text.equals(sign);
		}

	}

	/**
	 * Reads tokens from left to right. <b>Threading.</b> For one thread.
	 */
	private static final class Reader {

		private final List<Token> tokens;

		private final List<Selector> selectors = new ArrayList<>();

		private final Set<String> labels = new LinkedHashSet<>();

		private int next;

		Reader(List<Token> tokens) {
			this.tokens = tokens;
		}

		PromQl read() {
			readExpression();
			if (nextIs(")")) {
				throw new IllegalArgumentException("there is a ')' too many");
			}
			if (this.next < this.tokens.size()) {
				throw new IllegalArgumentException("'" + take().text() + "' follows an operand without an operator");
			}
			return new PromQl(List.copyOf(this.selectors), this.labels);
		}

		private void readExpression() {
			readOperand();
			while (nextIsOneOf(OPERATORS)) {
				take();
				if (nextIs("bool")) {
					take();
				}
				readLabelLists();
				readOperand();
			}
		}

		private void readOperand() {
			while (nextIs("-") || nextIs("+")) {
				take();
			}
			Token token = take();
			if (token.is("(")) {
				readExpression();
				close();
			}
			else if (token.kind() == Kind.NAME && !RESERVED.contains(token.text())) {
				readName(token);
			}
			else if (token.kind() == Kind.SIGN || RESERVED.contains(token.text())) {
				throw new IllegalArgumentException("'" + token.text() + "' stands where an operand should");
			}
			readModifiers();
		}

		private void readName(Token token) {
			if (nextIs("(") || nextIs("by") || nextIs("without")) {
				if (!FUNCTIONS.contains(token.text())) {
					throw new IllegalArgumentException("there is no function " + token.text());
				}
				readLabelLists();
				readArguments();
				readLabelLists();
			}
			else {
				this.selectors.add(new Selector(token.text(), nextIs("{") ? matchers() : List.of()));
			}
		}

		private void readArguments() {
			take("(");
			if (!nextIs(")")) {
				readExpression();
			}
			while (nextIs(",")) {
				take();
				readExpression();
			}
			close();
		}

		private void readModifiers() {
			while (nextIs("[") || nextIs("offset") || nextIs("@")) {
				if (take().is("[")) {
					readRange();
				}
				else {
					take();
				}
			}
		}

		private void readLabelLists() {
			while (nextIsOneOf(LABEL_LISTS)) {
				take();
				if (nextIs("(")) {
					readLabels();
				}
			}
		}

		private void close() {
			if (this.next == this.tokens.size()) {
				throw new IllegalArgumentException("a ')' is missing");
			}
			if (!nextIs(")")) {
				throw new IllegalArgumentException("'" + take().text() + "' follows an operand without an operator");
			}
			take();
		}

		private void readLabels() {
			take("(");
			while (!nextIs(")")) {
				this.labels.add(name());
				if (!nextIs(")")) {
					take(",");
				}
			}
			take(")");
		}

		private List<LabelMatcher> matchers() {
			List<LabelMatcher> matchers = new ArrayList<>();
			take("{");
			while (!nextIs("}")) {
				matchers.add(new LabelMatcher(name(), operator(), string()));
				if (!nextIs("}")) {
					take(",");
				}
			}
			take("}");
			return matchers;
		}

		private void readRange() {
			while (!nextIs("]")) {
				take();
			}
			take("]");
		}

		private String name() {
			Token token = take();
			if (token.kind() != Kind.NAME) {
				throw new IllegalArgumentException("'" + token.text() + "' is no label");
			}
			return token.text();
		}

		private String operator() {
			Token token = take();
			if (!Set.of("=", "!=", "=~", "!~").contains(token.text())) {
				throw new IllegalArgumentException("'" + token.text() + "' does not compare labels");
			}
			return token.text();
		}

		private String string() {
			Token token = take();
			if (token.kind() != Kind.STRING) {
				throw new IllegalArgumentException("'" + token.text() + "' is not in quotes");
			}
			return token.text().substring(1, token.text().length() - 1);
		}

		private boolean nextIsOneOf(Set<String> texts) {
			return this.next < this.tokens.size() && this.tokens.get(this.next).kind() != Kind.STRING
					&& texts.contains(this.tokens.get(this.next).text());
		}

		private boolean nextIs(String sign) {
			return nextIsOneOf(Set.of(sign));
		}

		private void take(String sign) {
			Token token = take();
			if (!token.is(sign)) {
				throw new IllegalArgumentException("'" + token.text() + "' stands where '" + sign + "' should");
			}
		}

		private Token take() {
			if (this.next == this.tokens.size()) {
				throw new IllegalArgumentException("it ends too early");
			}
			return this.tokens.get(this.next++);
		}

	}

}
