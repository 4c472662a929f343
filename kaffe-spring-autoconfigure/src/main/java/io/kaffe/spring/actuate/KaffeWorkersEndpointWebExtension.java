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

import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;

import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;

/**
 * The {@link KaffeWorkersEndpoint} over HTTP: shows keys, values and exception messages
 * to authorized callers, and responds to operations with 200 if they are done, 202 if
 * they are accepted, and 400, 404 or 409 if they are rejected.
 */
@EndpointWebExtension(endpoint = KaffeWorkersEndpoint.class)
public class KaffeWorkersEndpointWebExtension {

	private static final int ACCEPTED = 202;

	private final KaffeWorkersEndpoint endpoint;

	private final Show showValues;

	private final Set<String> roles;

	/**
	 * Create the extension.
	 * @param endpoint the endpoint
	 * @param showValues when to show keys, values and exception messages
	 * @param roles the roles that are authorized to see them; empty: any authenticated
	 * caller
	 */
	public KaffeWorkersEndpointWebExtension(KaffeWorkersEndpoint endpoint, Show showValues, Set<String> roles) {
		this.endpoint = endpoint;
		this.showValues = showValues;
		this.roles = roles;
	}

	/**
	 * Describe all consumers.
	 * @param securityContext the caller
	 * @return the worker table, and the access that callers have
	 */
	@ReadOperation
	public WorkersDescription workerTable(SecurityContext securityContext) {
		return this.endpoint.workerTable(isShown(securityContext));
	}

	/**
	 * Describe one consumer.
	 * @param securityContext the caller
	 * @param consumer the consumer's name
	 * @return the consumer, or {@code null} if it is unknown
	 */
	@ReadOperation
	public @Nullable ConsumerSnapshot consumer(SecurityContext securityContext, @Selector String consumer) {
		return this.endpoint.consumer(consumer, isShown(securityContext));
	}

	/**
	 * Describe one worker.
	 * @param securityContext the caller
	 * @param consumer the consumer's name
	 * @param worker the worker's name
	 * @return the worker, or {@code null} if either is unknown
	 */
	@ReadOperation
	public @Nullable WorkerSnapshot worker(SecurityContext securityContext, @Selector String consumer,
			@Selector String worker) {
		return this.endpoint.worker(consumer, worker, isShown(securityContext));
	}

	private boolean isShown(SecurityContext securityContext) {
		return this.showValues.isShown(securityContext, this.roles);
	}

	/**
	 * Perform an operation on a consumer.
	 * @param securityContext the caller
	 * @param consumer the consumer's name
	 * @param operation the operation's name
	 * @param topic a topic, where the operation takes one
	 * @param partition the number of a partition, where the operation takes one
	 * @param offset an offset, where the operation takes one
	 * @param maxConcurrency the maximum number of records handled concurrently
	 * @param to the position to seek to
	 * @param allPartitions whether to seek in all partitions of the topic
	 * @param all whether to pause or resume the whole consumer
	 * @return an {@link OperationResult}, or an error
	 */
	@WriteOperation
	public WebEndpointResponse<?> operate(SecurityContext securityContext, @Selector String consumer,
			@Selector String operation, @Nullable String topic, @Nullable Integer partition, @Nullable Long offset,
			@Nullable Integer maxConcurrency, @Nullable String to, @Nullable Boolean allPartitions,
			@Nullable Boolean all) {
		try {
			OperationResult result = this.endpoint.operate(securityContext.getPrincipal(), consumer, operation,
					new OperationArguments(topic, partition, offset, maxConcurrency, to, allPartitions, all));
			return new WebEndpointResponse<>(result, result.done() ? WebEndpointResponse.STATUS_OK : ACCEPTED);
		}
		catch (OperationRefusedException ex) {
			return new WebEndpointResponse<>(
					Map.of("error", ex.reason().phrase(), "message", String.valueOf(ex.getMessage())),
					ex.reason().status());
		}
	}

}
