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

import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationContext;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.kafka.support.micrometer.MicrometerHolder;
import org.springframework.kafka.support.serializer.DeserializationException;

import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.WorkerRuntime;

/**
 * Times calls of the listener as Spring Kafka's containers do, under the name
 * {@code spring.kafka.listener}: each attempt by itself, with the interceptor of its
 * record, until the call returns. What times decides nothing about the record: when it
 * fails, that is logged, and the delivery continues.
 * <p>
 * Needs Micrometer on the class path.
 * <p>
 * <b>Threading.</b> Created and closed by a consumer thread; called by many workers at
 * once.
 */
public final class DeliveryTimer {

	private static final Log logger = LogFactory.getLog(DeliveryTimer.class);

	private final MicrometerHolder meters;

	private final boolean tagsRecords;

	private final LimitedLog failureLog;

	private DeliveryTimer(MicrometerHolder meters, boolean tagsRecords, LimitedLog failureLog) {
		this.meters = meters;
		this.tagsRecords = tagsRecords;
		this.failureLog = failureLog;
	}

	/**
	 * Call the listener.
	 * @param timer times the call, or {@code null}
	 * @param record the record, or {@code null} for a batch
	 * @param call calls the listener
	 * @return what the call returned
	 */
	static boolean time(@Nullable DeliveryTimer timer, @Nullable ConsumerRecord<?, ?> record, BooleanSupplier call) {
		return (timer != null) ? timer.time(record, call) : call.getAsBoolean();
	}

	private boolean time(@Nullable ConsumerRecord<?, ?> record, BooleanSupplier call) {
		Object sample = start();
		if (sample == null) {
			return call.getAsBoolean();
		}
		boolean result;
		try {
			result = call.getAsBoolean();
		}
		catch (Throwable ex) {
			stop(sample, record, ex);
			throw ex;
		}
		stop(sample, record, null);
		return result;
	}

	private @Nullable Object start() {
		try {
			return this.meters.start();
		}
		catch (Throwable ex) {
			failed(ex);
			return null;
		}
	}

	private void stop(Object sample, @Nullable ConsumerRecord<?, ?> record, @Nullable Throwable failure) {
		ConsumerRecord<?, ?> tagged = this.tagsRecords ? record : null;
		try {
			if (failure != null && tagged != null) {
				this.meters.failure(sample, nameOf(failure), tagged);
			}
			else if (failure != null) {
				this.meters.failure(sample, nameOf(failure));
			}
			else if (tagged != null) {
				this.meters.success(sample, tagged);
			}
			else {
				this.meters.success(sample);
			}
		}
		catch (Throwable ex) {
			failed(ex);
		}
	}

	/**
	 * Return the name of a failure as the container would tag it: what the handler threw,
	 * or what the interceptor or the deserializer failed with.
	 */
	private static String nameOf(Throwable thrown) {
		Throwable ofHook = (thrown instanceof HookFailedException) ? thrown.getCause() : null;
		Throwable failure = (ofHook != null) ? ofHook : thrown;
		boolean isWrapped = ofHook != null || thrown instanceof ListenerExecutionFailedException
				|| thrown instanceof DeserializationException;
		Throwable cause = isWrapped ? WorkerRuntime.causeOf(failure) : null;
		return ((cause != null) ? cause : failure).getClass().getSimpleName();
	}

	private void failed(Throwable failure) {
		failed(failure, this.failureLog);
	}

	private static void failed(Throwable failure, LimitedLog log) {
		log.log(logger::error, "failures of its timers", "the timer of a delivery failed; the delivery is not affected",
				failure);
	}

	/**
	 * Remove the meters, but for those with tags of records, which others may share.
	 */
	void close() {
		try {
			this.meters.destroy();
		}
		catch (Throwable ex) {
			failed(ex);
		}
	}

	/**
	 * Creates the timers of a container's consumers.
	 * <p>
	 * <b>Threading.</b> Immutable; called by consumer threads.
	 *
	 * @param context the container's application context, which has the registry, or
	 * {@code null}
	 * @param tags the tags of all meters
	 * @param tagsProvider returns more tags for a record; {@code null} if there are none
	 * @param failureLog logs what meters and the provider throw
	 */
	public record Factory(@Nullable ApplicationContext context, Map<String, String> tags,
			@Nullable Function<ConsumerRecord<?, ?>, Map<String, String>> tagsProvider, LimitedLog failureLog) {

		/**
		 * Create the timer of a consumer.
		 * @param listenerId the id of the container that polls with it
		 * @return {@code null} if there is not exactly one registry, or one that is
		 * primary
		 */
		public @Nullable DeliveryTimer timer(String listenerId) {
			try {
				return new DeliveryTimer(new MicrometerHolder(this.context, listenerId, "spring.kafka.listener",
						"Kafka Listener Timer", this::tags), this.tagsProvider != null, this.failureLog);
			}
			catch (IllegalStateException ex) {
				logger.debug("No timers of deliveries", ex);
			}
			catch (Throwable ex) {
				failed(ex, this.failureLog);
			}
			return null;
		}

		private Map<String, String> tags(@Nullable Object record) {
			if (record == null || this.tagsProvider == null) {
				return this.tags;
			}
			Map<String, String> all = new HashMap<>(this.tags);
			all.putAll(this.tagsProvider.apply((ConsumerRecord<?, ?>) record));
			return all;
		}

	}

}
