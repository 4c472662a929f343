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

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.delivery.BatchDelivery;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.worker.RestartHistory;
import io.kaffe.spring.engine.worker.WorkerOwner;
import io.kaffe.spring.table.ConsumerProblem;

/**
 * How one consumer works.
 *
 * @param strategyName the strategy's name, as tables show it
 * @param strategy decides which records share a worker
 * @param maxConcurrency how many workers may run at once, until that is changed;
 * {@code null}: all
 * @param maxBufferedRecords most records that are polled and not completed; one poll may
 * exceed it
 * @param maxBufferedBytes most bytes of their serialized keys and values; one poll may
 * exceed it
 * @param completedOffsets whether commits store in their metadata which offsets above the
 * committed offset are completed
 * @param commitInterval how often completed offsets are committed
 * @param drainTimeout how long a revoked partition or a stop waits for records that are
 * being handled or to be acknowledged
 * @param batchLimits how large a batch gets, if the listener takes batches
 * @param failurePolicy what to do about records that fail
 * @param stallLimits when a record counts as stalled
 * @param restartLimit how often a worker or a polling thread that breaks down is started
 * again
 * @param parkedSeverity how health takes a record that is parked
 * @param mdc whether the MDC has the record that is being handled
 */
public record ConsumerSettings(String strategyName, WorkerAllocationStrategy strategy, @Nullable Integer maxConcurrency,
		int maxBufferedRecords, long maxBufferedBytes, boolean completedOffsets, Duration commitInterval,
		Duration drainTimeout, BatchDelivery.Limits batchLimits, FailurePolicy failurePolicy,
		WorkerOwner.StallLimits stallLimits, RestartHistory.Limit restartLimit, ConsumerProblem.Severity parkedSeverity,
		boolean mdc) {

}
