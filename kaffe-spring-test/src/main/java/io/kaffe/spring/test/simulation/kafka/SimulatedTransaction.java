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

package io.kaffe.spring.test.simulation.kafka;

import java.util.LinkedHashSet;
import java.util.Set;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * A transaction of some producer: it holds back the last stable offset of its partitions
 * until it is committed or aborted, which writes a marker to each of them.
 */
public final class SimulatedTransaction {

	private final SimulatedCluster cluster;

	private final Set<PartitionLog> logs = new LinkedHashSet<>();

	private @Nullable Boolean committed;

	SimulatedTransaction(SimulatedCluster cluster) {
		this.cluster = cluster;
	}

	/**
	 * Write a record in this transaction.
	 * @param partition where to
	 * @param key its serialized key
	 * @param value its serialized value
	 * @param headers its headers
	 * @return its offset
	 */
	public long produce(TopicPartition partition, byte @Nullable [] key, byte @Nullable [] value, Headers headers) {
		requireOpen();
		PartitionLog log = this.cluster.log(partition);
		this.logs.add(log);
		return log.append(this.cluster.nextId(), this.cluster.currentTimeMillis(), key, value, headers, this).offset();
	}

	/**
	 * Commit: its records become visible to those who read committed ones.
	 */
	public void commit() {
		end(true);
	}

	/**
	 * Abort: its records stay invisible to those who read committed ones.
	 */
	public void abort() {
		end(false);
	}

	/**
	 * Return whether this transaction is neither committed nor aborted.
	 * @return whether it is open
	 */
	public boolean isOpen() {
		return this.committed == null;
	}

	boolean isCommitted() {
		return Boolean.TRUE.equals(this.committed);
	}

	private void end(boolean commit) {
		requireOpen();
		this.committed = commit;
		for (PartitionLog log : this.logs) {
			log.endTransaction(this.cluster.nextId(), this.cluster.currentTimeMillis(), this);
		}
	}

	private void requireOpen() {
		if (this.committed != null) {
			throw new IllegalStateException("The transaction has ended");
		}
	}

}
