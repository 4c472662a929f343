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

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.test.context.TestContextAnnotationUtils;
import org.springframework.test.context.junit.jupiter.SpringExtension;

/**
 * Runs the test methods of a {@link KaffeTest} in simulated worlds, and gives them the
 * {@link SimulatedKafka}.
 */
final class KaffeTestExtension implements InvocationInterceptor, ParameterResolver {

	KaffeTestExtension() {
	}

	@Override
	public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
		return parameter.getParameter().getType() == SimulatedKafka.class;
	}

	@Override
	public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
		return worlds(context);
	}

	@Override
	public void interceptTestMethod(Invocation<@Nullable Void> invocation,
			ReflectiveInvocationContext<Method> invocationContext, ExtensionContext context) throws Throwable {
		SimulatedWorlds worlds = worlds(context);
		ManySeeds seeds = AnnotatedElementUtils.findMergedAnnotation(invocationContext.getExecutable(),
				ManySeeds.class);
		if (seeds == null) {
			worlds.run(seed(context), Disorder.NONE, invocation::proceed);
			return;
		}
		invocation.skip();
		Method method = invocationContext.getExecutable();
		method.setAccessible(true);
		Object test = context.getRequiredTestInstance();
		new SeedRuns(worlds, method.getName(), () -> {
			try {
				method.invoke(test, invocationContext.getArguments().toArray());
			}
			catch (InvocationTargetException ex) {
				throw ex.getTargetException();
			}
		}).run(seeds.value(), seeds.seed());
	}

	@Override
	public void interceptTestTemplateMethod(Invocation<@Nullable Void> invocation,
			ReflectiveInvocationContext<Method> invocationContext, ExtensionContext context) throws Throwable {
		worlds(context).run(seed(context), Disorder.NONE, invocation::proceed);
	}

	private static long seed(ExtensionContext context) {
		KaffeTest annotation = TestContextAnnotationUtils.findMergedAnnotation(context.getRequiredTestClass(),
				KaffeTest.class);
		return (annotation != null) ? annotation.seed() : 1;
	}

	private static SimulatedWorlds worlds(ExtensionContext context) {
		return SpringExtension.getApplicationContext(context).getBean(SimulatedWorlds.class);
	}

}
