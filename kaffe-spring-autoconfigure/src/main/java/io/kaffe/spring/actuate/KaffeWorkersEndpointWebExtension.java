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
import org.springframework.util.Assert;

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

	private static final int DEFAULT_LIMIT = 100;

	private static final int HIGHEST_LIMIT = 1000;

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
	 * Describe one consumer. If an argument about failing records is present, those that
	 * match are described.
	 * @param securityContext the caller
	 * @param consumer the consumer's name
	 * @param topic the topic of the failing records
	 * @param partition the number of their partition
	 * @param exception the name of the class of their last exception or of one of its
	 * causes, with or without its package
	 * @param key the text of their key
	 * @param since a time: they first failed then or later
	 * @param before a time: they first failed earlier
	 * @param state their state, {@code any} by default
	 * @param from how many of them to pass over, 0 by default
	 * @param limit how many of them to describe, from 1 to 1000, 100 by default
	 * @return the {@link ConsumerSnapshot consumer}, or an error; {@code null} if it is
	 * unknown
	 */
	@ReadOperation
	public @Nullable WebEndpointResponse<?> consumer(SecurityContext securityContext, @Selector String consumer,
			@Nullable String topic, @Nullable Integer partition, @Nullable String exception, @Nullable String key,
			@Nullable String since, @Nullable String before, @Nullable String state, @Nullable Integer from,
			@Nullable Integer limit) {
		FilterArguments filter = new FilterArguments(topic, partition, exception, key, since, before, state);
		boolean shown = isShown(securityContext);
		try {
			ConsumerSnapshot snapshot = (filter.isEmpty() && from == null && limit == null)
					? this.endpoint.consumer(consumer, shown)
					: this.endpoint.consumer(consumer, filter, (from != null) ? from : 0, limit(limit), shown);
			return (snapshot != null) ? new WebEndpointResponse<>(snapshot) : null;
		}
		catch (IllegalArgumentException ex) {
			return refused(OperationRefusedException.Reason.BAD_REQUEST, ex);
		}
	}

	private static int limit(@Nullable Integer limit) {
		Assert.isTrue(limit == null || (limit >= 1 && limit <= HIGHEST_LIMIT),
				() -> "The 'limit' must be from 1 to " + HIGHEST_LIMIT + ", not " + limit);
		return (limit != null) ? limit : DEFAULT_LIMIT;
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
	 * @param all whether to pause or resume the whole consumer, or to decide about all
	 * failing records that match
	 * @param preview whether only to say which records match, with {@code all}
	 * @param atMost how many records may match: if it are more, nothing is done
	 * @param maxPerSecond about how many records is decided in a second, at most
	 * @param exception the name of the class of the records' last exception or of one of
	 * its causes, with or without its package
	 * @param key the text of the records' key
	 * @param since a time: the records first failed then or later
	 * @param before a time: the records first failed earlier
	 * @param state the state of the records, {@code parked} by default, or {@code any}
	 * @return an {@link OperationResult}, or an error
	 */
	@WriteOperation
	public WebEndpointResponse<?> operate(SecurityContext securityContext, @Selector String consumer,
			@Selector String operation, @Nullable String topic, @Nullable Integer partition, @Nullable Long offset,
			@Nullable Integer maxConcurrency, @Nullable String to, @Nullable Boolean allPartitions,
			@Nullable Boolean all, @Nullable Boolean preview, @Nullable Integer atMost, @Nullable Integer maxPerSecond,
			@Nullable String exception, @Nullable String key, @Nullable String since, @Nullable String before,
			@Nullable String state) {
		try {
			OperationResult result = this.endpoint.operate(securityContext.getPrincipal(), consumer, operation,
					new OperationArguments(topic, partition, offset, maxConcurrency, to, allPartitions, all, preview,
							atMost, maxPerSecond,
							new FilterArguments(topic, partition, exception, key, since, before, state)));
			return new WebEndpointResponse<>(result, result.done() ? WebEndpointResponse.STATUS_OK : ACCEPTED);
		}
		catch (OperationRefusedException ex) {
			return refused(ex.reason(), ex);
		}
	}

	private static WebEndpointResponse<?> refused(OperationRefusedException.Reason reason, RuntimeException ex) {
		return new WebEndpointResponse<>(Map.of("error", reason.phrase(), "message", String.valueOf(ex.getMessage())),
				reason.status());
	}

}
