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

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.InvocationContext;
import org.springframework.boot.actuate.endpoint.OperationType;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvoker;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvokerAdvisor;
import org.springframework.boot.actuate.endpoint.invoke.OperationParameter;
import org.springframework.boot.actuate.endpoint.invoke.OperationParameters;

/**
 * Tells the operation of the endpoint {@code kaffeworkers} which arguments it was sent
 * that it does not have. Spring Boot would drop them, and then a misspelt topic would
 * pause the whole consumer.
 */
final class UnknownArguments implements OperationInvokerAdvisor {

	private static final EndpointId WORKERS = EndpointId.of("kaffeworkers");

	/** The parameter of the operation that takes their names. */
	private static final String PARAMETER = "unknownArguments";

	/** A token against forged requests comes as an argument if it is in the query. */
	private static final String TOKEN = "_csrf";

	private static final int MOST = 10;

	@Override
	public OperationInvoker apply(EndpointId endpointId, OperationType operationType, OperationParameters parameters,
			OperationInvoker invoker) {
		Set<String> names = parameters.stream().map(OperationParameter::getName).collect(Collectors.toSet());
		if (!endpointId.equals(WORKERS) || operationType != OperationType.WRITE || !names.remove(PARAMETER)) {
			return invoker;
		}
		names.add(TOKEN);
		return (context) -> {
			List<String> unknown = context.getArguments()
				.keySet()
				.stream()
				.filter((name) -> !names.contains(name))
				.sorted()
				.limit(MOST)
				.toList();
			return invoker.invoke(unknown.isEmpty() ? context : with(context, unknown));
		};
	}

	private static InvocationContext with(InvocationContext context, List<String> unknown) {
		Map<String, Object> arguments = new HashMap<>(context.getArguments());
		arguments.put(PARAMETER, unknown);
		return new InvocationContext(Objects.requireNonNull(context.resolveArgument(SecurityContext.class)), arguments);
	}

}
