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
 * Handles the records of a consumer that is declared in the configuration, below
 * {@code kaffe.consumers.<name>.topics}. A bean of this type is found by the name that
 * {@code kaffe.consumers.<name>.handler} gives, else by the consumer's own name, else
 * because it is the only one:
 *
 * <pre class="code">
 * &#064;Bean
 * RecordHandler&lt;String, Order&gt; orders(Bookkeeping bookkeeping) {
 *     return (record) -&gt; bookkeeping.book(record.key(), record.value());
 * }
 * </pre>
 * <p>
 * A handler is called on workers: by as many threads at once as workers run, for records
 * of one worker one after the other. It may block; that holds up its own worker only.
 *
 * @param <K> the type of keys, as the consumer's deserializer makes them
 * @param <V> the type of values
 */
@FunctionalInterface
public interface RecordHandler<K, V> {

	/**
	 * Handle a record. When this returns, the record is final and its offset may be
	 * committed.
	 * @param record the record; its key and value are {@code null} if they were sent so
	 * @throws Exception if the record is not handled; its worker tries it again
	 */
	void handle(ConsumerRecord<K, V> record) throws Exception;

}
