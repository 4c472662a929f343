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

package io.kaffe.spring.listener;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;

/**
 * Pauses the partitions of a consumer that have too much buffered and resumes them when
 * they have room again.
 * <p>
 * Looks at what the consumer says it has paused rather than at what was asked for last,
 * since the container and rebalances resume partitions too; resumes only what was paused
 * here and nobody else wants paused.
 * <p>
 * <b>Threading.</b> Belongs to the consumer thread; tables call {@link #isPaused}.
 */
final class FlowControl {

	private static final Log logger = LogFactory.getLog(FlowControl.class);

	private final Set<TopicPartition> pausedHere = new HashSet<>();

	private final Consumer<?, ?> consumer;

	private final AdoptedConsumer owner;

	private volatile Set<TopicPartition> paused = Set.of();

	FlowControl(Consumer<?, ?> consumer, AdoptedConsumer owner) {
		this.consumer = consumer;
		this.owner = owner;
	}

	/**
	 * Pause and resume what has to be, before every poll.
	 */
	void regulate(Collection<PartitionAssignment> assignments) {
		Set<TopicPartition> paused = this.consumer.paused();
		PartitionBuffer.Room share = this.owner.share();
		boolean full = this.owner.isFull();
		List<TopicPartition> pause = new ArrayList<>();
		List<TopicPartition> resume = new ArrayList<>();
		for (PartitionAssignment assignment : assignments) {
			TopicPartition partition = assignment.partition();
			boolean isPaused = paused.contains(partition);
			if (assignment.holdBack(share, full)) {
				this.pausedHere.add(partition);
				if (!isPaused) {
					pause.add(partition);
				}
			}
			else if (!isPaused) {
				this.pausedHere.remove(partition);
			}
			else if (this.pausedHere.contains(partition) && !this.owner.isPauseRequested(partition)) {
				this.pausedHere.remove(partition);
				resume.add(partition);
			}
		}
		this.paused = paused;
		apply(pause, resume);
	}

	private void apply(List<TopicPartition> pause, List<TopicPartition> resume) {
		try {
			this.consumer.pause(pause);
			this.consumer.resume(resume);
		}
		catch (IllegalStateException ex) {
			logger.debug("A partition went while it was paused or resumed; its revocation is about to come", ex);
		}
	}

	/**
	 * Pause partitions that were just assigned and have no worker yet.
	 */
	void pauseUnnamed(Collection<PartitionAssignment> assignments) {
		List<TopicPartition> pause = new ArrayList<>();
		for (PartitionAssignment assignment : assignments) {
			if (assignment.naming() != null) {
				pause.add(assignment.partition());
			}
		}
		this.pausedHere.addAll(pause);
		apply(pause, List.of());
	}

	/**
	 * Forget a partition that is gone.
	 */
	void forget(TopicPartition partition) {
		this.pausedHere.remove(partition);
	}

	/**
	 * Return whether a partition was paused before the last poll, by whomever.
	 */
	boolean isPaused(TopicPartition partition) {
		return this.paused.contains(partition);
	}

}
