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
 * Handles the records of a consumer in batches: what a worker has in its queue, up to
 * {@code kaffe.consumers.<name>.batch.max-size} records.
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
 * A handler is called on workers: by as many threads at once as workers run, for batches
 * of one worker one after the other. It may block; that holds up its own worker only.
 *
 * @param <K> the type of keys, as the consumer's deserializer makes them
 * @param <V> the type of values
 */
@FunctionalInterface
public interface BatchRecordHandler<K, V> {

	/**
	 * Handle a batch.
	 * @param records the records, at least one, in the order of their worker; not to be
	 * changed. Which partitions they are of is up to the worker allocation strategy
	 * @return which of them are final
	 * @throws BatchListenerFailedException if one of the records is not handled, and
	 * those before it are: they are final, and the worker tries the rest again
	 * @throws Exception if the batch is not handled; its worker tries all of it again
	 */
	BatchResult handle(List<ConsumerRecord<K, V>> records) throws Exception;

}
