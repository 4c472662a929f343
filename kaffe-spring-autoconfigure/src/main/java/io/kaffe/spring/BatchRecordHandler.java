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

package io.kaffe.spring;

import java.util.List;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.springframework.kafka.listener.BatchListenerFailedException;

/**
 * Handles the records of a consumer in batches: the records in the queue of a worker, up
 * to {@code kaffe.consumers.<name>.batch.max-size}.
 *
 * <pre class="code">
 * &#064;Bean
 * BatchRecordHandler&lt;String, Order&gt; orders(Bookkeeping bookkeeping) {
 *     return (records) -&gt; {
 *         bookkeeping.book(records);
 *         return BatchResult.commit();
 *     };
 * }
 * </pre>
 * <p>
 * Called by workers: concurrently by several workers, sequentially for the batches of one
 * worker. Implementations must be thread-safe. A handler may block, which holds up only
 * its own worker.
 *
 * @param <K> the type of keys, as deserialized
 * @param <V> the type of values
 */
@FunctionalInterface
public interface BatchRecordHandler<K, V> {

	/**
	 * Handle a batch.
	 * @param records the records, at least one, in the order of their worker;
	 * unmodifiable. Depending on the worker allocation strategy, they are of one or of
	 * several partitions
	 * @return which of the records are completed
	 * @throws BatchListenerFailedException if a record failed: the records before it are
	 * completed, and the worker retries the rest
	 * @throws Exception if the batch failed; the worker retries all of it
	 */
	BatchResult handle(List<ConsumerRecord<K, V>> records) throws Exception;

}
