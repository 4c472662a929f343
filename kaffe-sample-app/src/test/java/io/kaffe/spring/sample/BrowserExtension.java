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

import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives the tests of a class a {@link Browser}, one for all, and leaves a screenshot of
 * those that fail in {@code target/screenshots}. Where no browser is installed, the class
 * is skipped.
 */
final class BrowserExtension implements ExecutionCondition, ParameterResolver, AfterTestExecutionCallback {

	private static final Namespace NAMESPACE = Namespace.create(BrowserExtension.class);

	@Override
	public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
		List<String> missing = Browser.missing();
		if (missing.isEmpty()) {
			return ConditionEvaluationResult.enabled("There is a browser");
		}
		String reason = "Browser tests are skipped: not on the PATH: " + String.join(", ", missing);
		if (context.getTestMethod().isEmpty()) {
			System.out.println(reason + " (" + context.getDisplayName() + ")");
		}
		return ConditionEvaluationResult.disabled(reason);
	}

	@Override
	public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
		return parameter.getParameter().getType() == Browser.class;
	}

	@Override
	public Browser resolveParameter(ParameterContext parameter, ExtensionContext context) {
		return browser(context);
	}

	@Override
	public void afterTestExecution(ExtensionContext context) throws Exception {
		if (context.getExecutionException().isPresent()) {
			Path file = Path.of("target", "screenshots", context.getRequiredTestClass().getSimpleName() + "."
					+ context.getRequiredTestMethod().getName() + ".png");
			browser(context).saveScreenshot(file);
			System.out.println("What the browser showed: " + file.toAbsolutePath());
		}
	}

	// Closed with the context of the class: what can be closed is, when its context ends.
	private static Browser browser(ExtensionContext context) {
		ExtensionContext owner = context;
		while (owner.getTestMethod().isPresent()) {
			owner = owner.getParent().orElseThrow();
		}
		return owner.getStore(NAMESPACE).computeIfAbsent(Browser.class, (type) -> new Browser(), Browser.class);
	}

}
