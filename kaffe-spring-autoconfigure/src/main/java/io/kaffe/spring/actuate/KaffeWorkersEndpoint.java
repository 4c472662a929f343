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

import java.security.Principal;
import java.time.Duration;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.context.ApplicationEventPublisher;

import io.kaffe.spring.FailingRecordFilter;
import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;

/**
 * Actuator endpoint {@code kaffeworkers}: the worker table and operations on consumers.
 * Over HTTP, an unknown consumer or worker is a 404.
 */
@Endpoint(id = "kaffeworkers", defaultAccess = Access.READ_ONLY)
public class KaffeWorkersEndpoint {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private final DefaultWorkerManager manager;

	private final KaffeConsumers consumers;

	private final KaffeOperations operations;

	private final Access access;

	private final Show showValues;

	/**
	 * Create the endpoint.
	 * @param manager provides the worker table
	 * @param consumers performs the operations
	 * @param events publishes the audit events of operations
	 * @param access the access that callers have
	 * @param showValues when to show keys, values and exception messages; callers by JMX
	 * count as authorized
	 */
	public KaffeWorkersEndpoint(DefaultWorkerManager manager, KaffeConsumers consumers,
			ApplicationEventPublisher events, Access access, Show showValues) {
		this(manager, consumers, events, access, showValues, PATIENCE);
	}

	/**
	 * Create the endpoint with another timeout of operations.
	 */
	KaffeWorkersEndpoint(DefaultWorkerManager manager, KaffeConsumers consumers, ApplicationEventPublisher events,
			Access access, Show showValues, Duration patience) {
		this.manager = manager;
		this.consumers = consumers;
		this.operations = new KaffeOperations(consumers, events, patience);
		this.access = access;
		this.showValues = showValues;
	}

	/**
	 * Describe all consumers.
	 * @return the worker table, and the access that callers have
	 */
	@ReadOperation
	public WorkersDescription workerTable() {
		return workerTable(this.showValues.isShown(true));
	}

	WorkersDescription workerTable(boolean showValues) {
		return new WorkersDescription((this.access == Access.UNRESTRICTED) ? "unrestricted" : "read-only",
				this.manager.table(showValues).consumers());
	}

	/**
	 * Describe one consumer.
	 * @param consumer the consumer's name
	 * @return the consumer, or {@code null} if it is unknown
	 */
	@ReadOperation
	public @Nullable ConsumerSnapshot consumer(@Selector String consumer) {
		return consumer(consumer, this.showValues.isShown(true));
	}

	@Nullable ConsumerSnapshot consumer(String consumer, boolean showValues) {
		return this.manager.table(consumer, showValues);
	}

	/**
	 * Describe one consumer with a part of its failing records.
	 * @param consumer the consumer's name
	 * @param filter which of them
	 * @param from how many of them to pass over
	 * @param limit how many of them to describe at most
	 * @param showValues whether to show keys, values and messages
	 * @return the consumer, or {@code null} if it is unknown
	 * @throws IllegalArgumentException if an argument is not valid
	 */
	@Nullable ConsumerSnapshot consumer(String consumer, FilterArguments filter, int from, int limit, boolean showValues) {
		ConsumerSnapshot snapshot = consumer(consumer, showValues);
		return (snapshot != null) ? snapshot.withFailing(this.consumers.failing(consumer)
			.describe(filter.filter(FailingRecordFilter.any().states()), from, limit, showValues)) : null;
	}

	/**
	 * Describe one worker.
	 * @param consumer the consumer's name
	 * @param worker the worker's name
	 * @return the worker, or {@code null} if either is unknown
	 */
	@ReadOperation
	public @Nullable WorkerSnapshot worker(@Selector String consumer, @Selector String worker) {
		return worker(consumer, worker, this.showValues.isShown(true));
	}

	@Nullable WorkerSnapshot worker(String consumer, String worker, boolean showValues) {
		return this.manager.table(consumer, worker, showValues);
	}

	/**
	 * Perform an operation on a consumer, by JMX, where the caller is unknown. Blocks
	 * until it is done, at most 30 seconds, or as long as {@link KaffeConsumers#stop}
	 * does.
	 * @param consumer the consumer's name
	 * @param operation {@code pause}, {@code resume}, {@code start}, {@code stop},
	 * {@code max-concurrency}, {@code begin-outage}, {@code end-outage}, {@code retry},
	 * {@code skip}, {@code dead-letter}, {@code cancel} or {@code seek}
	 * @param topic a topic, where the operation takes one
	 * @param partition the number of a partition, where the operation takes one
	 * @param offset an offset, where the operation takes one
	 * @param maxConcurrency the maximum number of records handled concurrently, for
	 * {@code max-concurrency}
	 * @param to the position to seek to, as {@link SeekPosition#parse} reads it
	 * @param allPartitions whether to seek in all partitions of the topic that are
	 * assigned to this instance
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
	 * @return the result
	 * @throws RuntimeException if the operation is rejected
	 */
	@WriteOperation
	public OperationResult operate(@Selector String consumer, @Selector String operation, @Nullable String topic,
			@Nullable Integer partition, @Nullable Long offset, @Nullable Integer maxConcurrency, @Nullable String to,
			@Nullable Boolean allPartitions, @Nullable Boolean all, @Nullable Boolean preview, @Nullable Integer atMost,
			@Nullable Integer maxPerSecond, @Nullable String exception, @Nullable String key, @Nullable String since,
			@Nullable String before, @Nullable String state) {
		return operate(null, consumer, operation,
				new OperationArguments(topic, partition, offset, maxConcurrency, to, allPartitions, all, preview,
						atMost, maxPerSecond,
						new FilterArguments(topic, partition, exception, key, since, before, state)));
	}

	OperationResult operate(@Nullable Principal principal, String consumer, String operation,
			OperationArguments arguments) {
		return this.operations.perform((principal != null) ? principal.getName() : null, consumer, operation,
				arguments);
	}

}
