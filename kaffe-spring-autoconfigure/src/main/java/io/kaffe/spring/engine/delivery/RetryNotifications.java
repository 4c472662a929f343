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

import java.util.List;
import java.util.function.BiConsumer;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.RetryListener;

import io.kaffe.spring.engine.worker.Worker;

/**
 * Notifies the retry listeners of the container's error handler. One that throws keeps
 * neither the others nor the record waiting.
 * <p>
 * <b>Threading.</b> Without state; called by workers, and by the threads that answer.
 */
final class RetryNotifications {

	private RetryNotifications() {
	}

	/**
	 * Notify of a failed attempt.
	 * @param together the batch that failed as a whole, which begins with the record;
	 * empty if the record failed
	 */
	static void attemptFailed(ConsumerRecord<?, ?> record, List<? extends ConsumerRecord<?, ?>> together,
			Throwable failure, int attempts, Worker worker, Delivery delivery) {
		if (together.isEmpty()) {
			notify(record, failure, worker, delivery,
					(listener, exception) -> listener.failedDelivery(record, exception, attempts));
			return;
		}
		ConsumerRecords<?, ?> records = BatchDelivery.byPartition(together);
		notify(record, failure, worker, delivery,
				(listener, exception) -> listener.failedDelivery(records, exception, attempts));
	}

	static void recovered(ConsumerRecord<?, ?> record, @Nullable Throwable failure, Worker worker, Delivery delivery) {
		notify(record, failure, worker, delivery, (listener, exception) -> listener.recovered(record, exception));
	}

	static void recoveryFailed(ConsumerRecord<?, ?> record, @Nullable Throwable failure, Throwable thrown,
			Worker worker, Delivery delivery) {
		notify(record, failure, worker, delivery, (listener, exception) -> listener.recoveryFailed(record, exception,
				ListenerFailure.asException(thrown)));
	}

	private static void notify(ConsumerRecord<?, ?> record, @Nullable Throwable failure, Worker worker,
			Delivery delivery, BiConsumer<RetryListener, Exception> notification) {
		List<RetryListener> listeners = delivery.failurePolicy().retryListeners();
		if (listeners.isEmpty() || failure == null) {
			return;
		}
		Exception exception = ListenerFailure.of(ListenerFailure.asException(failure), delivery.groupId());
		for (RetryListener listener : listeners) {
			try {
				notification.accept(listener, exception);
			}
			catch (Throwable ex) {
				RetryLog.listenerFailed(record, worker, ex);
			}
		}
	}

}
