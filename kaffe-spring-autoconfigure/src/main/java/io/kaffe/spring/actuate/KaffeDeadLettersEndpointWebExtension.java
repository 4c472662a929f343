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

package io.kaffe.spring.actuate;

import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;

/**
 * The {@link KaffeDeadLettersEndpoint} over HTTP: shows keys, values and exception
 * messages to authorized callers, and responds with 200, or 202 if something has begun,
 * and 400, 404 or 409 if a request is rejected.
 */
@EndpointWebExtension(endpoint = KaffeDeadLettersEndpoint.class)
public class KaffeDeadLettersEndpointWebExtension {

	private static final int ACCEPTED = 202;

	private final KaffeDeadLettersEndpoint endpoint;

	private final Show showValues;

	private final Set<String> roles;

	/**
	 * Create the extension.
	 * @param endpoint the endpoint
	 * @param showValues when to show keys, values and exception messages
	 * @param roles the roles that are authorized to see them; empty: any authenticated
	 * caller
	 */
	public KaffeDeadLettersEndpointWebExtension(KaffeDeadLettersEndpoint endpoint, Show showValues, Set<String> roles) {
		this.endpoint = endpoint;
		this.showValues = showValues;
		this.roles = roles;
	}

	/**
	 * List dead letters of a consumer.
	 * @param securityContext the caller
	 * @param consumer the consumer's name
	 * @param from where to begin, {@code next} of the page before
	 * @param limit the most to list; 50 by default
	 * @param topic lists those of a dead-letter topic
	 * @param partition lists those of a partition of it
	 * @param offset lists the one with an offset
	 * @param exception lists those that failed with an exception
	 * @param key lists those of a key
	 * @param since lists those dead-lettered at a time or later
	 * @param until lists those dead-lettered before a time
	 * @return a {@link DeadLettersDescription}, or an error
	 */
	@ReadOperation
	public WebEndpointResponse<?> deadLetters(SecurityContext securityContext, @Selector String consumer,
			@Nullable String from, @Nullable Integer limit, @Nullable String topic, @Nullable Integer partition,
			@Nullable Long offset, @Nullable String exception, @Nullable String key, @Nullable String since,
			@Nullable String until) {
		return answer(() -> new WebEndpointResponse<>(this.endpoint.list(consumer, from, limit,
				new DeadLetterArguments(topic, partition, offset, exception, key, since, until, null, null),
				isShown(securityContext))));
	}

	/**
	 * Describe something about the dead letters of a consumer.
	 * @param securityContext the caller
	 * @param consumer the consumer's name
	 * @param what {@code count} or {@code run}
	 * @param topic counts those of a dead-letter topic
	 * @param partition counts those of a partition of it
	 * @param offset counts the one with an offset
	 * @param exception counts those that failed with an exception
	 * @param key counts those of a key
	 * @param since counts those dead-lettered at a time or later
	 * @param until counts those dead-lettered before a time
	 * @return the description, or an error
	 */
	@ReadOperation
	public WebEndpointResponse<?> about(SecurityContext securityContext, @Selector String consumer,
			@Selector String what, @Nullable String topic, @Nullable Integer partition, @Nullable Long offset,
			@Nullable String exception, @Nullable String key, @Nullable String since, @Nullable String until) {
		return answer(() -> {
			Object description = this.endpoint.about(consumer, what,
					new DeadLetterArguments(topic, partition, offset, exception, key, since, until, null, null),
					isShown(securityContext));
			return (description != null) ? new WebEndpointResponse<>(description)
					: new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND);
		});
	}

	/**
	 * Perform an operation on dead letters of a consumer.
	 * @param securityContext the caller
	 * @param consumer the consumer's name
	 * @param operation {@code replay}, {@code abandon} or {@code cancel}
	 * @param topic only those of a dead-letter topic
	 * @param partition only those of a partition of it
	 * @param offset only the one with an offset
	 * @param exception only those that failed with an exception
	 * @param key only those of a key
	 * @param since only those dead-lettered at a time or later
	 * @param until only those dead-lettered before a time
	 * @param all whether all are meant
	 * @param maxPerSecond the most to replay per second; 100 by default
	 * @return an {@link OperationResult}, or an error
	 */
	@WriteOperation
	public WebEndpointResponse<?> operate(SecurityContext securityContext, @Selector String consumer,
			@Selector String operation, @Nullable String topic, @Nullable Integer partition, @Nullable Long offset,
			@Nullable String exception, @Nullable String key, @Nullable String since, @Nullable String until,
			@Nullable Boolean all, @Nullable Integer maxPerSecond) {
		return answer(() -> {
			OperationResult result = this.endpoint.operate(securityContext.getPrincipal(), consumer, operation,
					new DeadLetterArguments(topic, partition, offset, exception, key, since, until, all, maxPerSecond));
			return new WebEndpointResponse<>(result, result.done() ? WebEndpointResponse.STATUS_OK : ACCEPTED);
		});
	}

	private boolean isShown(SecurityContext securityContext) {
		return this.showValues.isShown(securityContext, this.roles);
	}

	private static WebEndpointResponse<?> answer(Supplier<WebEndpointResponse<?>> request) {
		try {
			return request.get();
		}
		catch (OperationRefusedException ex) {
			return new WebEndpointResponse<>(
					Map.of("error", ex.reason().phrase(), "message", String.valueOf(ex.getMessage())),
					ex.reason().status());
		}
	}

}
