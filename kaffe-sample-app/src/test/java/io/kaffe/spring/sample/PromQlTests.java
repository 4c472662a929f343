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

import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link PromQl}.
 */
class PromQlTests {

	@Test
	void distinguishesMetricsFromFunctionsKeywordsLabelsStringsAndRanges() {
		PromQl promQl = PromQl.parse("""
				sum by (consumer, topic) (rate(first_total{outcome="sum(no_metric)", topic=~'a|b'}[5m] offset 1h))
				  / on (consumer) group_left (version) avg(second) without (partition) # of no_metric
				  > bool 1e3 or vector(0) unless max_over_time(third[$__rate_interval:30s] @ 17) == 1""");
		assertThat(promQl.selectors()).containsExactly(
				new PromQl.Selector("first_total",
						List.of(new PromQl.LabelMatcher("outcome", "=", "sum(no_metric)"),
								new PromQl.LabelMatcher("topic", "=~", "a|b"))),
				new PromQl.Selector("second", List.of()), new PromQl.Selector("third", List.of()));
		assertThat(promQl.labels()).containsExactly("consumer", "topic", "version", "partition");
	}

	@Test
	void takesVariablesOfGrafanaForValuesAndNumbers() {
		PromQl promQl = PromQl.parse("topk($n, metric{consumer=~\"$consumer\", topic!=\"${topic}\"} > ${limit})");
		assertThat(promQl.selectors()).singleElement()
			.extracting(PromQl.Selector::matchers)
			.isEqualTo(List.of(new PromQl.LabelMatcher("consumer", "=~", "$consumer"),
					new PromQl.LabelMatcher("topic", "!=", "${topic}")));
	}

	@ParameterizedTest
	@CsvSource(delimiter = ';', quoteCharacter = '`', textBlock = """
			sum(rate(a[5m])     ; a ')' is missing
			sum(a))             ; there is a ')' too many
			rate(a[5m)          ; it ends too early
			a{b="c"             ; it ends too early
			a{b="c}             ; '"' at 4 is not understood
			a{b=c}              ; 'c' is not in quotes
			a{b>"c"}            ; '>' does not compare labels
			a{b="c" d="e"}      ; 'd' stands where ',' should
			{b="c"}             ; '{' stands where an operand should
			rates(a[5m])        ; there is no function rates
			sums by (b) (a)     ; there is no function sums
			sum by ("b") (a)    ; '"b"' is no label
			a & b               ; '&' at 2 is not understood
			a b                 ; 'b' follows an operand without an operator
			sum(a) 5            ; '5' follows an operand without an operator
			a +                 ; it ends too early
			(a + ) * b          ; ')' stands where an operand should
			a / / b             ; '/' stands where an operand should
			""")
	void reportsWhatIsWrong(String expression, String reason) {
		assertThatIllegalArgumentException().isThrownBy(() -> PromQl.parse(expression)).withMessage(reason);
	}

}
