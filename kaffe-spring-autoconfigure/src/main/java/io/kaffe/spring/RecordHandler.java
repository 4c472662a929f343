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

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Handles the records of a consumer that is declared in the configuration, with
 * {@code kaffe.consumers.<name>.topics}. A bean of this type is selected by the name in
 * {@code kaffe.consumers.<name>.handler}, else by the consumer's name, else if it is the
 * only one:
 *
 * <pre class="code">
 * &#064;Bean
 * RecordHandler&lt;String, Order&gt; orders(Bookkeeping bookkeeping) {
 *     return (record) -&gt; bookkeeping.book(record.key(), record.value());
 * }
 * </pre>
 * <p>
 * Called by workers: concurrently by several workers, sequentially for the records of one
 * worker. Implementations must be thread-safe. A handler may block, which holds up only
 * its own worker.
 *
 * @param <K> the type of keys, as deserialized
 * @param <V> the type of values
 */
@FunctionalInterface
public interface RecordHandler<K, V> {

	/**
	 * Handle a record. When this returns, the record is completed and its offset may be
	 * committed.
	 * @param record the record; its key and value may be {@code null}
	 * @throws Exception if the record failed; its worker retries it
	 */
	void handle(ConsumerRecord<K, V> record) throws Exception;

}
