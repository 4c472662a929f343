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

import java.util.Objects;
import java.util.function.Supplier;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.support.micrometer.KafkaListenerObservation;
import org.springframework.kafka.support.micrometer.KafkaListenerObservationConvention;
import org.springframework.kafka.support.micrometer.KafkaRecordReceiverContext;

import io.kaffe.spring.engine.worker.SafeLog;

/**
 * Observes deliveries as Spring Kafka's containers do, under the name
 * {@code spring.kafka.listener}: each attempt by itself, with the trace in the record's
 * headers as its parent. What observes decides nothing about the record: when it fails,
 * that is logged, and the delivery continues unobserved.
 * <p>
 * <b>Threading.</b> Immutable; called by many workers at once.
 *
 * @param registry the registry
 * @param convention the container's own convention, or {@code null} for the default one
 * @param groupId the consumer group, or {@code null} if there is none
 * @param clusterId returns the id of the cluster, or {@code null} if it is not known; may
 * block
 */
public record DeliveryObservation(ObservationRegistry registry, @Nullable KafkaListenerObservationConvention convention,
		@Nullable String groupId, Supplier<@Nullable String> clusterId) {

	private static final Log logger = LogFactory.getLog(DeliveryObservation.class);

	/**
	 * Start the observation of an attempt.
	 * @param record the record
	 * @param polledBy the consumer that polled it
	 */
	Observation start(ConsumerRecord<?, ?> record, PollingConsumer polledBy) {
		try {
			Observation observation = KafkaListenerObservation.LISTENER_OBSERVATION.observation(this.convention,
					KafkaListenerObservation.DefaultKafkaListenerObservationConvention.INSTANCE,
					() -> context(record, polledBy), this.registry);
			return Objects.requireNonNull(observation).start();
		}
		catch (Throwable ex) {
			failed(ex);
			return Observation.NOOP;
		}
	}

	@SuppressWarnings("NullAway") // null stands for an unknown cluster
	private KafkaRecordReceiverContext context(ConsumerRecord<?, ?> record, PollingConsumer polledBy) {
		return new KafkaRecordReceiverContext(record, polledBy.listenerId(), polledBy.clientId(), this.groupId,
				this.clusterId::get);
	}

	/**
	 * Bind an observation to this thread.
	 */
	static Observation.Scope open(Observation observation) {
		try {
			return observation.openScope();
		}
		catch (Throwable ex) {
			failed(ex);
			return Observation.Scope.NOOP;
		}
	}

	/**
	 * Unbind an observation from this thread.
	 */
	static void close(Observation.Scope scope) {
		try {
			scope.close();
		}
		catch (Throwable ex) {
			failed(ex);
		}
	}

	/**
	 * End an observation.
	 * @param failure what the attempt failed with, or {@code null}
	 */
	static void stop(Observation observation, @Nullable Throwable failure) {
		try {
			if (failure != null) {
				observation.error(ListenerFailure.causeOf(failure));
			}
		}
		catch (Throwable ex) {
			failed(ex);
		}
		try {
			observation.stop();
		}
		catch (Throwable ex) {
			failed(ex);
		}
	}

	private static void failed(Throwable failure) {
		SafeLog.log(logger::error, "The observation of a delivery failed; the delivery continues unobserved", failure);
	}

}
