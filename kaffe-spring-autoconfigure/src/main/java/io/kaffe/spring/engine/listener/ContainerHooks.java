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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.LongConsumer;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.kafka.event.ConsumerStartingEvent;
import org.springframework.kafka.event.ConsumerStoppingEvent;
import org.springframework.kafka.event.ListenerContainerIdleEvent;
import org.springframework.kafka.event.ListenerContainerNoLongerIdleEvent;
import org.springframework.kafka.event.ListenerContainerPartitionIdleEvent;
import org.springframework.kafka.event.ListenerContainerPartitionNoLongerIdleEvent;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.BatchAcknowledgingConsumerAwareMessageListener;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.ConsumerAwareRebalanceListener;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.DelegatingMessageListener;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.support.Acknowledgment;

import io.kaffe.spring.engine.worker.SafeLog;

/**
 * What is installed in a listener container in place of its listener, interceptors and
 * rebalance listener, and around its event publisher, so that the sessions of its
 * consumers hear of polls, records and rebalances.
 * <p>
 * <b>Threading.</b> Called by consumer threads; idle and lifecycle events also by others.
 */
final class ContainerHooks {

	private static final Log logger = LogFactory.getLog(ContainerHooks.class);

	private ContainerHooks() {
	}

	/**
	 * Install the hooks.
	 * @param adopted has the sessions
	 */
	@SuppressWarnings("unchecked")
	static void installIn(WorkerContainer adopted) {
		AbstractMessageListenerContainer<?, ?> container = adopted.container();
		ContainerProperties properties = container.getContainerProperties();
		properties.setMessageListener(new Listener(adopted, Objects.requireNonNull(properties.getMessageListener())));
		RebalanceListener rebalances = new RebalanceListener(adopted, properties.getConsumerRebalanceListener());
		properties.setConsumerRebalanceListener(rebalances);
		((AbstractMessageListenerContainer<Object, Object>) container)
			.setBatchInterceptor(new PollInterceptor(adopted));
		UnreadableRecordReader.Deserializers deserializers = new UnreadableRecordReader.Deserializers(adopted.facts());
		UnreadableRecords unreadable = new UnreadableRecords(adopted::presentSession, container.getCommonErrorHandler(),
				() -> new UnreadableRecordReader(deserializers), (failure) -> adopted.supervision().outOfGroup(failure),
				adopted.context().ticker());
		container.setCommonErrorHandler(unreadable);
		container.setApplicationEventPublisher(
				new EventPublisher(adopted, rebalances, unreadable, container.getApplicationEventPublisher()));
	}

	/**
	 * Dispatches what was polled. Acknowledges nothing: the session commits. Whoever
	 * looks at the container's listener finds the application's as its delegate.
	 */
	private static final class Listener implements BatchAcknowledgingConsumerAwareMessageListener<Object, Object>,
			DelegatingMessageListener<Object> {

		private final WorkerContainer adopted;

		private final Object delegate;

		Listener(WorkerContainer adopted, Object delegate) {
			this.adopted = adopted;
			this.delegate = delegate;
		}

		@Override
		public Object getDelegate() {
			return this.delegate;
		}

		/**
		 * Return that nothing is acknowledged later, even if the application's listener
		 * is asynchronous: else the container would pause until it is.
		 */
		@Override
		public boolean isAsyncReplies() {
			return false;
		}

		@Override
		public boolean wantsPollResult() {
			return true;
		}

		@Override
		public void onMessage(ConsumerRecords<Object, Object> records, @Nullable Acknowledgment acknowledgment,
				Consumer<Object, Object> consumer) {
			this.adopted.session(consumer).dispatch(records);
		}

		@Override
		public void onMessage(List<ConsumerRecord<Object, Object>> data, @Nullable Acknowledgment acknowledgment,
				@Nullable Consumer<?, ?> consumer) {
			throw new UnsupportedOperationException("The container is asked for whole poll results");
		}

	}

	/**
	 * Does what is due before each poll: that is when a container sets up the thread
	 * state of its batch interceptor.
	 */
	private static final class PollInterceptor implements BatchInterceptor<Object, Object> {

		private final WorkerContainer adopted;

		PollInterceptor(WorkerContainer adopted) {
			this.adopted = adopted;
		}

		@Override
		public void setupThreadState(Consumer<?, ?> consumer) {
			this.adopted.context()
				.internalErrors()
				.contain("renew the subscription", () -> this.adopted.subscription().renew(consumer));
			this.adopted.session(consumer).tick();
		}

		@Override
		public ConsumerRecords<Object, Object> intercept(ConsumerRecords<Object, Object> records,
				Consumer<Object, Object> consumer) {
			return records;
		}

	}

	/**
	 * Notifies the session of a consumer of assigned, revoked and lost partitions, and
	 * the application's own rebalance listener when it would be notified without workers:
	 * of revoked partitions when none of their records is being handled any more.
	 */
	private static final class RebalanceListener implements ConsumerAwareRebalanceListener {

		private final WorkerContainer adopted;

		private final @Nullable ConsumerRebalanceListener user;

		/**
		 * Of which partitions the application was notified when a consumer stopped,
		 * before its client revokes them, if it does.
		 */
		private final Map<Consumer<?, ?>, Set<TopicPartition>> notifiedAtStop = Collections
			.synchronizedMap(new WeakHashMap<>());

		RebalanceListener(WorkerContainer adopted, @Nullable ConsumerRebalanceListener user) {
			this.adopted = adopted;
			this.user = user;
		}

		@Override
		public void onPartitionsAssigned(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
			this.notifiedAtStop.computeIfPresent(consumer, (key, notified) -> Set
				.copyOf(notified.stream().filter((partition) -> !partitions.contains(partition)).toList()));
			ConsumerSession session = this.adopted.session(consumer);
			session.assigned(partitions);
			session.seekAssigned(partitions);
			if (this.user instanceof ConsumerAwareRebalanceListener aware) {
				aware.onPartitionsAssigned(TopicSubscription.unwrap(consumer), partitions);
			}
			else if (this.user != null) {
				this.user.onPartitionsAssigned(partitions);
			}
			session.positioned(partitions);
		}

		@Override
		public void onPartitionsRevokedBeforeCommit(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
			ConsumerSession session = this.adopted.presentSession(consumer);
			Set<TopicPartition> notified = this.notifiedAtStop.getOrDefault(consumer, Set.of());
			List<TopicPartition> others = partitions.stream()
				.filter((partition) -> !notified.contains(partition))
				.toList();
			Runnable notifyUser = () -> {
				if (!others.isEmpty() || partitions.isEmpty()) {
					revokedBeforeCommit(consumer, others);
				}
			};
			if (session != null) {
				session.revoked(partitions, notifyUser);
			}
			else {
				notifyUser.run();
			}
		}

		@Override
		public void onPartitionsRevokedAfterCommit(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
			if (this.user instanceof ConsumerAwareRebalanceListener aware) {
				aware.onPartitionsRevokedAfterCommit(TopicSubscription.unwrap(consumer), partitions);
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
				aware.onPartitionsLost(TopicSubscription.unwrap(consumer), partitions);
			}
			else if (this.user != null) {
				this.user.onPartitionsLost(partitions);
			}
		}

		/**
		 * Stop the session of a consumer. The application is notified of its partitions
		 * before the last commit, rather than when the client revokes them: that would be
		 * too late for acknowledgments.
		 */
		void stopping(Consumer<?, ?> consumer) {
			Set<TopicPartition> partitions = consumer.subscription().isEmpty() ? Set.of()
					: Set.copyOf(consumer.assignment());
			this.adopted.stopping(consumer, () -> {
				if (!partitions.isEmpty()) {
					this.notifiedAtStop.put(consumer, partitions);
					try {
						revokedBeforeCommit(consumer, partitions);
					}
					catch (RuntimeException ex) {
						SafeLog.log(logger::error, "The rebalance listener of consumer '" + this.adopted
								+ "' threw an exception while the consumer was being stopped", ex);
					}
				}
			});
		}

		private void revokedBeforeCommit(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
			if (this.user instanceof ConsumerAwareRebalanceListener aware) {
				aware.onPartitionsRevokedBeforeCommit(TopicSubscription.unwrap(consumer), partitions);
			}
			else if (this.user != null) {
				this.user.onPartitionsRevoked(partitions);
			}
		}

	}

	/**
	 * Publishes the container's events, that it is idle not before it has nothing to do,
	 * stops the session of a consumer when its container is about to stop it (on the
	 * consumer thread, before the consumer leaves its group), and notifies the
	 * container's supervision. Sees events where they are published, since an application
	 * may multicast them on other threads.
	 */
	private static final class EventPublisher implements ApplicationEventPublisher {

		private final WorkerContainer adopted;

		private final RebalanceListener rebalances;

		private final UnreadableRecords unreadable;

		private final @Nullable ApplicationEventPublisher publisher;

		EventPublisher(WorkerContainer adopted, RebalanceListener rebalances, UnreadableRecords unreadable,
				@Nullable ApplicationEventPublisher publisher) {
			this.adopted = adopted;
			this.rebalances = rebalances;
			this.unreadable = unreadable;
			this.publisher = publisher;
		}

		@Override
		public void publishEvent(Object event) {
			try {
				if (event instanceof ConsumerStartingEvent starting) {
					this.adopted.starting(starting.getSource(MessageListenerContainer.class));
				}
				else if (event instanceof ConsumerStoppingEvent stopping) {
					stopping(stopping.getConsumer());
				}
				this.adopted.supervision().onEvent(event);
			}
			finally {
				passOn(event);
			}
		}

		/**
		 * Pass an event on to the application; that something is idle, or not any more,
		 * when it is so, and for how long.
		 */
		private void passOn(Object event) {
			if (event instanceof ListenerContainerIdleEvent idle) {
				idle(idle.getConsumer(), null, idle.getIdleTime(),
						(time) -> publish(new ListenerContainerIdleEvent(idle.getSource(),
								idle.getContainer(Object.class), time, idle.getListenerId(), idle.getTopicPartitions(),
								idle.getConsumer(), idle.isPaused())));
			}
			else if (event instanceof ListenerContainerPartitionIdleEvent idle) {
				idle(idle.getConsumer(), idle.getTopicPartition(), idle.getIdleTime(),
						(time) -> publish(new ListenerContainerPartitionIdleEvent(idle.getSource(),
								idle.getContainer(Object.class), time, idle.getListenerId(), idle.getTopicPartition(),
								idle.getConsumer(), idle.isPaused())));
			}
			else if (event instanceof ListenerContainerNoLongerIdleEvent active) {
				noLongerIdle(active);
			}
			else if (event instanceof ListenerContainerPartitionNoLongerIdleEvent active) {
				noLongerIdle(active.getConsumer(), active.getTopicPartition(), active.getIdleTime(),
						(time) -> publish(new ListenerContainerPartitionNoLongerIdleEvent(active.getSource(),
								active.getContainer(Object.class), time, active.getListenerId(),
								active.getTopicPartition(), active.getConsumer())));
			}
			else {
				publish(event);
			}
		}

		private void noLongerIdle(ListenerContainerNoLongerIdleEvent active) {
			Consumer<?, ?> consumer = active.getConsumer();
			if (consumer == null) {
				publish(active);
				return;
			}
			noLongerIdle(consumer, null, active.getIdleTime(),
					(time) -> publish(new ListenerContainerNoLongerIdleEvent(active.getSource(),
							active.getContainer(Object.class), time, active.getListenerId(),
							active.getTopicPartitions(), consumer)));
		}

		private void idle(Consumer<?, ?> consumer, @Nullable TopicPartition partition, long idleMillis,
				LongConsumer publication) {
			ConsumerSession session = this.adopted.presentSession(consumer);
			if (session == null) {
				publication.accept(idleMillis);
				return;
			}
			session.idleEvents().idle(partition, idleMillis, publication);
		}

		private void noLongerIdle(Consumer<?, ?> consumer, @Nullable TopicPartition partition, long idleMillis,
				LongConsumer publication) {
			ConsumerSession session = this.adopted.presentSession(consumer);
			if (session == null) {
				publication.accept(idleMillis);
				return;
			}
			session.idleEvents().noLongerIdle(partition, idleMillis, publication);
		}

		private void publish(Object event) {
			if (this.publisher != null) {
				this.publisher.publishEvent(event);
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

}
