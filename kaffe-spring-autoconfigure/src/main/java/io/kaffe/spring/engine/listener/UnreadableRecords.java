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

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupMaxSizeReachedException;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.apache.kafka.common.errors.UnsupportedAssignorException;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.MessageListenerContainer;

import io.kaffe.spring.engine.worker.Ticker;

/**
 * Keeps records that cannot be deserialized from stopping their consumer: each is
 * dispatched to its worker like any other, as an {@code ErrorHandlingDeserializer} would
 * have left it, and the consumer continues after it. Without, every poll would fail at
 * the same record, and no partition of the consumer would get any further.
 * <p>
 * What else a poll fails with is left to the container's error handler, and the next poll
 * waits a little. After some failures the client does not join its group again, however
 * often it polls; a listener is notified of these.
 * <p>
 * <b>Threading.</b> Called by the container on the consumer threads; what belongs to a
 * consumer is used by its own thread only. What a thread has left behind that died
 * without stopping its consumer is released by the next one that needs a reader, when its
 * session has ended.
 */
final class UnreadableRecords implements CommonErrorHandler {

	private static final Log logger = LogFactory.getLog(UnreadableRecords.class);

	private static final Duration PAUSE = Duration.ofMillis(100);

	/**
	 * After what a consumer of the {@code consumer} protocol is out of its group for good
	 * (AbstractHeartbeatRequestManager: fatal failures of a heartbeat). A static member
	 * that restarts after a crash is refused until the session of the one before expires.
	 */
	private static final List<Class<? extends Exception>> OUT_OF_GROUP = List.of(UnreleasedInstanceIdException.class,
			GroupMaxSizeReachedException.class, UnsupportedAssignorException.class);

	private final Map<Consumer<?, ?>, UnreadableRecordReader> readers = new ConcurrentHashMap<>();

	private final Function<Consumer<?, ?>, @Nullable ConsumerSession> sessions;

	private final CommonErrorHandler handler;

	private final Supplier<UnreadableRecordReader> reader;

	private final GroupLossListener groupLoss;

	private final Ticker ticker;

	/**
	 * Create a handler.
	 * @param sessions dispatches records of a consumer, or {@code null} if it has ended
	 * @param handler the user's, or {@code null} for what the container takes then
	 * @param reader makes what reads the other part of such records, for one consumer
	 * @param groupLoss notified when a consumer is out of its group for good
	 * @param ticker the time
	 */
	UnreadableRecords(Function<Consumer<?, ?>, @Nullable ConsumerSession> sessions,
			@Nullable CommonErrorHandler handler, Supplier<UnreadableRecordReader> reader, GroupLossListener groupLoss,
			Ticker ticker) {
		this.sessions = sessions;
		this.handler = (handler != null) ? handler : new DefaultErrorHandler();
		this.reader = reader;
		this.groupLoss = groupLoss;
		this.ticker = ticker;
	}

	@Override
	public void handleOtherException(Exception thrownException, Consumer<?, ?> consumer,
			MessageListenerContainer container, boolean batchListener) {
		if (thrownException instanceof RecordDeserializationException unreadable && unreadable.origin() != null) {
			dispatch(unreadable, consumer);
			return;
		}
		try {
			this.handler.handleOtherException(thrownException, TopicSubscription.unwrap(consumer), container,
					batchListener);
		}
		finally {
			if (OUT_OF_GROUP.stream().anyMatch((type) -> type.isInstance(thrownException))) {
				this.groupLoss.outOfGroup(thrownException);
			}
			// What fails at once would fail thousands of times a second.
			this.ticker.park(this, PAUSE.toNanos());
		}
	}

	/**
	 * Dispatch a record and continue after it. In this order: what cannot be dispatched
	 * is polled again, from where the session leaves the position.
	 */
	private void dispatch(RecordDeserializationException unreadable, Consumer<?, ?> consumer) {
		TopicPartition partition = unreadable.topicPartition();
		ConsumerSession session = this.sessions.apply(consumer);
		if (session == null || !consumer.assignment().contains(partition)) {
			return;
		}
		if (logger.isDebugEnabled()) {
			logger.debug(partition + "@" + unreadable.offset() + " cannot be deserialized", unreadable);
		}
		ConsumerRecord<?, ?> record = readerFor(consumer).read(unreadable);
		long next = unreadable.offset() + 1;
		consumer.seek(partition, next);
		session.dispatch(new ConsumerRecords<>(Map.of(partition, List.of(anyType(record))),
				Map.of(partition, new OffsetAndMetadata(next))));
	}

	@SuppressWarnings("unchecked")
	private static ConsumerRecord<Object, Object> anyType(ConsumerRecord<?, ?> record) {
		return (ConsumerRecord<Object, Object>) record;
	}

	private UnreadableRecordReader readerFor(Consumer<?, ?> consumer) {
		UnreadableRecordReader present = this.readers.get(consumer);
		if (present != null) {
			return present;
		}
		for (Consumer<?, ?> other : this.readers.keySet()) {
			if (this.sessions.apply(other) == null) {
				stopped(other);
			}
		}
		UnreadableRecordReader fresh = this.reader.get();
		this.readers.put(consumer, fresh);
		return fresh;
	}

	/**
	 * Release what a consumer needed here. Called by its thread, for the last time.
	 */
	void stopped(Consumer<?, ?> consumer) {
		UnreadableRecordReader reader = this.readers.remove(consumer);
		if (reader != null) {
			reader.close();
		}
	}

	@Override
	public boolean seeksAfterHandling() {
		return this.handler.seeksAfterHandling();
	}

	@Override
	public boolean isAckAfterHandle() {
		return this.handler.isAckAfterHandle();
	}

	@Override
	public void setAckAfterHandle(boolean ack) {
		this.handler.setAckAfterHandle(ack);
	}

	@Override
	public void handleBatch(Exception thrownException, ConsumerRecords<?, ?> data, Consumer<?, ?> consumer,
			MessageListenerContainer container, Runnable invokeListener) {
		this.handler.handleBatch(thrownException, data, consumer, container, invokeListener);
	}

	@Override
	public <K, V> ConsumerRecords<K, V> handleBatchAndReturnRemaining(Exception thrownException,
			ConsumerRecords<?, ?> data, Consumer<?, ?> consumer, MessageListenerContainer container,
			Runnable invokeListener) {
		return this.handler.handleBatchAndReturnRemaining(thrownException, data, consumer, container, invokeListener);
	}

	@Override
	public void onPartitionsAssigned(Consumer<?, ?> consumer, Collection<TopicPartition> partitions,
			Runnable publishPause) {
		this.handler.onPartitionsAssigned(consumer, partitions, publishPause);
	}

	@Override
	public void clearThreadState() {
		this.handler.clearThreadState();
	}

	/**
	 * Notified when a consumer is out of its group for good.
	 */
	@FunctionalInterface
	interface GroupLossListener {

		/**
		 * Called on the consumer thread, which goes on polling in vain.
		 * @param failure what the poll threw
		 */
		void outOfGroup(Exception failure);

	}

}
