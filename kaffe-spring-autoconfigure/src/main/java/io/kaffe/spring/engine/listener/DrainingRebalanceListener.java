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
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.ConsumerAwareRebalanceListener;

import io.kaffe.spring.engine.worker.SafeLog;

/**
 * Tells the session of a consumer which partitions come and go, and the user's own
 * listener at the moments at which it would hear of them without workers: of revoked
 * partitions when nothing of them is being handled any more.
 * <p>
 * <b>Threading.</b> Called by consumer threads, each of which knows what the user was
 * told of its own consumer.
 */
final class DrainingRebalanceListener implements ConsumerAwareRebalanceListener {

	private static final Log logger = LogFactory.getLog(DrainingRebalanceListener.class);

	private final WorkerContainer adopted;

	private final @Nullable ConsumerRebalanceListener user;

	/**
	 * Of which partitions the user was told when a consumer stopped, before its client
	 * lets them go, if ever.
	 */
	private final Map<Consumer<?, ?>, Set<TopicPartition>> toldAtStop = Collections
		.synchronizedMap(new WeakHashMap<>());

	DrainingRebalanceListener(WorkerContainer adopted, @Nullable ConsumerRebalanceListener user) {
		this.adopted = adopted;
		this.user = user;
	}

	@Override
	public void onPartitionsAssigned(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
		this.toldAtStop.computeIfPresent(consumer, (key, told) -> Set
			.copyOf(told.stream().filter((partition) -> !partitions.contains(partition)).toList()));
		ConsumerSession session = this.adopted.session(consumer);
		session.assigned(partitions);
		session.seekAssigned(partitions);
		if (this.user instanceof ConsumerAwareRebalanceListener aware) {
			aware.onPartitionsAssigned(consumer, partitions);
		}
		else if (this.user != null) {
			this.user.onPartitionsAssigned(partitions);
		}
		session.positioned(partitions);
	}

	@Override
	public void onPartitionsRevokedBeforeCommit(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
		ConsumerSession session = this.adopted.presentSession(consumer);
		Collection<TopicPartition> untold = untold(consumer, partitions);
		Runnable tellUser = () -> {
			if (!untold.isEmpty() || partitions.isEmpty()) {
				revokedBeforeCommit(consumer, untold);
			}
		};
		if (session != null) {
			session.revoked(partitions, tellUser);
		}
		else {
			tellUser.run();
		}
	}

	@Override
	public void onPartitionsRevokedAfterCommit(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
		if (this.user instanceof ConsumerAwareRebalanceListener aware) {
			aware.onPartitionsRevokedAfterCommit(consumer, partitions);
		}
		ConsumerSession session = this.adopted.presentSession(consumer);
		if (session != null) {
			session.forgetSeeks(partitions);
		}
	}

	@Override
	public void onPartitionsLost(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
		ConsumerSession session = this.adopted.presentSession(consumer);
		if (session != null) {
			session.lost(partitions);
		}
		if (this.user instanceof ConsumerAwareRebalanceListener aware) {
			aware.onPartitionsLost(consumer, partitions);
		}
		else if (this.user != null) {
			this.user.onPartitionsLost(partitions);
		}
	}

	/**
	 * Let everything of a consumer that stops go. The user is told of its partitions
	 * before the last commit, rather than when the client lets them go: then it would be
	 * too late for acknowledgments.
	 */
	void stopping(Consumer<?, ?> consumer) {
		Set<TopicPartition> partitions = consumer.subscription().isEmpty() ? Set.of()
				: Set.copyOf(consumer.assignment());
		this.adopted.stopping(consumer, () -> {
			if (!partitions.isEmpty()) {
				this.toldAtStop.put(consumer, partitions);
				try {
					revokedBeforeCommit(consumer, partitions);
				}
				catch (RuntimeException ex) {
					SafeLog.log(logger::error, "The rebalance listener of consumer '" + this.adopted
							+ "' failed while the consumer was being stopped", ex);
				}
			}
		});
	}

	private Collection<TopicPartition> untold(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
		Set<TopicPartition> told = this.toldAtStop.getOrDefault(consumer, Set.of());
		return partitions.stream().filter((partition) -> !told.contains(partition)).toList();
	}

	private void revokedBeforeCommit(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
		if (this.user instanceof ConsumerAwareRebalanceListener aware) {
			aware.onPartitionsRevokedBeforeCommit(consumer, partitions);
		}
		else if (this.user != null) {
			this.user.onPartitionsRevoked(partitions);
		}
	}

}
