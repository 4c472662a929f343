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

package io.kaffe.spring.test;

import java.util.LinkedHashMap;
import java.util.Map;

import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * One run of the tests of a contract.
 */
final class ContractRun {

	private final Map<String, Throwable> failures = new LinkedHashMap<>();

	/**
	 * Run the tests of a class.
	 * @param contract the class
	 * @param tests how many tests it should have
	 */
	ContractRun(Class<?> contract, int tests) {
		EngineExecutionResults results = EngineTestKit.engine("junit-jupiter")
			.selectors(DiscoverySelectors.selectClass(contract))
			.execute();
		assertThat(results.testEvents().finished().count()).isEqualTo(tests);
		results.testEvents().failed().stream().forEach(this::failed);
		assertThat(results.containerEvents().failed().count()).isZero();
	}

	private void failed(Event event) {
		Throwable failure = event.getRequiredPayload(TestExecutionResult.class).getThrowable().orElseThrow();
		this.failures.put(event.getTestDescriptor().getDisplayName().replace("()", ""), failure);
	}

	void passes() {
		assertThat(this.failures).isEmpty();
	}

	/**
	 * See that one test failed, and no other.
	 * @param test the name of the test
	 * @param fragments what it should say
	 */
	void failsOnly(String test, String... fragments) {
		assertThat(this.failures).containsOnlyKeys(test);
		assertThat(this.failures.get(test)).isInstanceOf(AssertionError.class).hasMessageContainingAll(fragments);
	}

	/**
	 * See that all tests failed, saying the same.
	 */
	void failsEverywhere(int tests, String fragment) {
		assertThat(this.failures).hasSize(tests);
		assertThat(this.failures.values()).allSatisfy(
				(failure) -> assertThat(failure).isInstanceOf(AssertionError.class).hasMessageContaining(fragment));
	}

}
