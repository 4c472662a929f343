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

package io.kaffe.spring.engine.listener;

import java.util.Collection;
import java.util.List;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.kafka.event.ConsumerStoppingEvent;
import org.springframework.kafka.event.ListenerContainerIdleEvent;
import org.springframework.kafka.event.ListenerContainerPartitionIdleEvent;

/**
 * Publishes the container's events, drains a consumer when its container says that it
 * stops (on the consumer thread, before the consumer leaves its group), and lets the
 * container's supervision see what starts and stops. Sees events where they are
 * published, since an application may multicast them on other threads.
 */
final class ContainerEventPublisher implements ApplicationEventPublisher {

	private final WorkerContainer adopted;

	private final DrainingRebalanceListener rebalances;

	private final UnreadableRecords unreadable;

	private final @Nullable ApplicationEventPublisher publisher;

	ContainerEventPublisher(WorkerContainer adopted, DrainingRebalanceListener rebalances, UnreadableRecords unreadable,
			@Nullable ApplicationEventPublisher publisher) {
		this.adopted = adopted;
		this.rebalances = rebalances;
		this.unreadable = unreadable;
		this.publisher = publisher;
	}

	@Override
	public void publishEvent(Object event) {
		try {
			if (event instanceof ConsumerStoppingEvent stopping) {
				stopping(stopping.getConsumer());
			}
			this.adopted.supervision().onEvent(event);
		}
		finally {
			if (this.publisher != null) {
				this.publisher.publishEvent(event);
			}
		}
		if (event instanceof ListenerContainerIdleEvent idle) {
			idle(idle.getConsumer(), idle.getConsumer().assignment());
		}
		else if (event instanceof ListenerContainerPartitionIdleEvent idle && idle.getTopicPartition() != null) {
			idle(idle.getConsumer(), List.of(idle.getTopicPartition()));
		}
	}

	private void idle(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
		ConsumerSession session = this.adopted.presentSession(consumer);
		if (session != null) {
			session.idle(partitions);
		}
	}

	private void stopping(Consumer<?, ?> consumer) {
		try {
			this.rebalances.stopping(consumer);
		}
		finally {
			this.unreadable.stopped(consumer);
		}
	}

}
