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

import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

import io.kaffe.spring.worker.ConsumerSnapshot;
import io.kaffe.spring.worker.WorkerManager;
import io.kaffe.spring.worker.WorkerSnapshot;
import io.kaffe.spring.worker.WorkerTable;

/**
 * Actuator endpoint {@code kaffeworkers}: the worker table. Over HTTP, an unknown
 * consumer or worker is a 404.
 */
@Endpoint(id = "kaffeworkers", defaultAccess = Access.READ_ONLY)
public class KaffeWorkersEndpoint {

	private final WorkerManager manager;

	private final Show showValues;

	/**
	 * Create the endpoint.
	 * @param manager keeps the worker table
	 * @param showValues when to show keys, values and messages of exceptions; who asks
	 * here, by JMX, counts as authorized
	 */
	public KaffeWorkersEndpoint(WorkerManager manager, Show showValues) {
		this.manager = manager;
		this.showValues = showValues;
	}

	/**
	 * Describe all consumers.
	 * @return the worker table
	 */
	@ReadOperation
	public WorkerTable workerTable() {
		return workerTable(this.showValues.isShown(true));
	}

	WorkerTable workerTable(boolean showValues) {
		return this.manager.table(showValues);
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

}
