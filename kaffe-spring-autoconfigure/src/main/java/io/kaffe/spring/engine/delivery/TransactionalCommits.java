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

package io.kaffe.spring.engine.delivery;

import java.util.Collection;
import java.util.Map;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;

/**
 * Commits the offsets of records in the Kafka transaction of the attempt that handled
 * them.
 * <p>
 * Called by workers, by many of them at once; they wait for each other where their
 * records are of the same partition.
 */
public interface TransactionalCommits {

	/**
	 * Add the offsets of records to a transaction, commit it, and complete the records.
	 * If this throws, the transaction was not committed, or it is left to the next owner
	 * of the partition to find out whether it was.
	 * @param records the records that the transaction has handled, by their assignments
	 * @param producer has the transaction; what was sent with it is acknowledged
	 * @param commit commits the transaction; may throw
	 * @param complete completes the records; called once the transaction is committed
	 * @throws PostponedCommitException if the attempt is to be made again, although it
	 * did not fail
	 * @throws InterruptedException if the thread is interrupted while it waits for others
	 */
	void commit(Map<AssignmentHandle, ? extends Collection<? extends ConsumerRecord<?, ?>>> records,
			Producer<?, ?> producer, Runnable commit, Runnable complete) throws InterruptedException;

}
