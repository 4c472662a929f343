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

package io.kaffe.spring.worker;

/**
 * Names the worker that handles the records of a partition. Partitions with the same
 * worker name share one worker, which handles their records one at a time in the order in
 * which they were polled.
 * <p>
 * Called on a consumer thread when a partition is assigned. Must be quick, free of side
 * effects, safe for concurrent use, and give the same name for the same partition every
 * time.
 *
 * @see StandardWorkerAllocationStrategy
 */
@FunctionalInterface
public interface WorkerAllocationStrategy {

	/**
	 * Return the name of the worker of a partition.
	 * @param topic the topic
	 * @param partition the partition's number, from 0
	 * @return the name, unique among the workers of one consumer; never {@code null} or
	 * empty
	 */
	String workerName(String topic, int partition);

}
