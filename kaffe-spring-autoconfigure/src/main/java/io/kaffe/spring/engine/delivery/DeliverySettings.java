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

import org.jspecify.annotations.Nullable;
import org.springframework.kafka.support.KafkaHeaders;

import io.kaffe.spring.engine.worker.Ticker;

/**
 * How records reach a listener, whether one by one or in batches.
 *
 * @param groupId the consumer group, or {@code null} if there is none
 * @param addsAttemptHeader whether records have the header
 * {@link KafkaHeaders#DELIVERY_ATTEMPT} from the first attempt on, rather than from the
 * second
 * @param failurePolicy what to do about records that fail
 * @param observation observes each attempt to handle a record, or {@code null}
 * @param logContext puts the record into the logging context; of a batch, the first
 * @param ticker the time
 * @param once notes which records are handled, or {@code null}
 * @param transactions make each attempt in a Kafka transaction, or {@code null}
 */
public record DeliverySettings(@Nullable String groupId, boolean addsAttemptHeader, FailurePolicy failurePolicy,
		@Nullable DeliveryObservation observation, LogContext logContext, Ticker ticker, @Nullable OnceDelivery once,
		@Nullable KafkaTransactions transactions) {

	/**
	 * Create settings of a consumer whose records are handled at least once.
	 * @param groupId the consumer group, or {@code null} if there is none
	 * @param addsAttemptHeader whether records have the header
	 * {@link KafkaHeaders#DELIVERY_ATTEMPT} from the first attempt on, rather than from
	 * the second
	 * @param failurePolicy what to do about records that fail
	 * @param observation observes each attempt to handle a record, or {@code null}
	 * @param logContext puts the record into the logging context; of a batch, the first
	 * @param ticker the time
	 */
	public DeliverySettings(@Nullable String groupId, boolean addsAttemptHeader, FailurePolicy failurePolicy,
			@Nullable DeliveryObservation observation, LogContext logContext, Ticker ticker) {
		this(groupId, addsAttemptHeader, failurePolicy, observation, logContext, ticker, null, null);
	}

}
