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

import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is said of calls of an interceptor that do not belong together.
 */
class InterceptorCallsTests {

	private final List<String> violations = new ArrayList<>();

	private final InterceptorCalls calls = new InterceptorCalls(this.violations::add);

	@Test
	void callsOfADeliveryAreFine() {
		for (int delivery = 0; delivery < 2; delivery++) {
			this.calls.setUp();
			this.calls.intercepted();
			this.calls.handlerBegins();
			this.calls.succeeded();
			this.calls.after();
			this.calls.cleared(false);
		}
		assertThat(this.violations).isEmpty();
		assertThat(this.calls.open()).isZero();
	}

	@Test
	void failureBeforeInterceptIsFine() {
		this.calls.setUp();
		this.calls.failed();
		this.calls.after();
		this.calls.cleared(false);
		assertThat(this.violations).isEmpty();
	}

	@Test
	void batchHasNoAfterRecord() {
		this.calls.setUp();
		this.calls.intercepted();
		this.calls.succeeded();
		this.calls.cleared(true);
		assertThat(this.violations).isEmpty();
	}

	@Test
	void deliverySucceedsAndFails() {
		this.calls.setUp();
		this.calls.intercepted();
		this.calls.succeeded();
		this.calls.failed();
		assertThat(this.violations).containsExactly("The interceptor's failure is called when it is OVER");
	}

	@Test
	void deliverySucceedsAfterTheInterceptorThrew() {
		this.calls.setUp();
		this.calls.intercepted();
		this.calls.broken();
		this.calls.succeeded();
		assertThat(this.violations).containsExactly("The interceptor's success is called when it is OVER");
	}

	@Test
	void stateIsNotCleared() {
		this.calls.setUp();
		assertThat(this.calls.open()).isOne();
		this.calls.setUp();
		assertThat(this.violations).containsExactly("The interceptor's setupThreadState is called when it is SET_UP");
	}

	@Test
	void handlerBeginsOutsideOfTheInterceptor() {
		this.calls.setUp();
		this.calls.handlerBegins();
		assertThat(this.violations).containsExactly("A handler begins when its interceptor is SET_UP");
	}

}
