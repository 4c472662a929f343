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
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;
import org.springframework.util.Assert;

import io.kaffe.spring.BulkDecisionRequest;
import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.FailingRecordFilter;
import io.kaffe.spring.FailingRecords;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.BulkDecisionSnapshot;
import io.kaffe.spring.table.ConsumerSnapshot;

/**
 * The failing records of one consumer, and the last decision about many of them.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; nothing blocks. At most one decision runs at
 * a time.
 */
public final class ConsumerFailingRecords implements FailingRecords {

	private final AtomicReference<@Nullable BulkDecision> latest = new AtomicReference<>();

	private final String consumer;

	private final Delivery delivery;

	private final WorkerRuntime runtime;

	/**
	 * Create the failing records of a consumer.
	 * @param consumer the consumer's name
	 * @param delivery delivers its records
	 * @param runtime wakes decisions
	 */
	public ConsumerFailingRecords(String consumer, Delivery delivery, WorkerRuntime runtime) {
		this.consumer = consumer;
		this.delivery = delivery;
		this.runtime = runtime;
	}

	@Override
	public int count(FailingRecordFilter filter) {
		return this.delivery.failures().matching(filter).size();
	}

	@Override
	public List<FailingRecord> list(FailingRecordFilter filter, int from, int limit) {
		checkPage(from, limit);
		return this.delivery.failures()
			.matching(filter)
			.stream()
			.skip(from)
			.limit(limit)
			.map(Failures.Failing::snapshot)
			.toList();
	}

	@Override
	public ConsumerSnapshot.FailingPage describe(FailingRecordFilter filter, int from, int limit, boolean showValues) {
		checkPage(from, limit);
		return this.delivery.failures().page(filter, from, limit, showValues);
	}

	private static void checkPage(int from, int limit) {
		Assert.isTrue(from >= 0 && limit >= 0,
				() -> "Neither 'from' nor 'limit' can be negative: " + from + ", " + limit);
	}

	@Override
	public BulkDecisionSnapshot decideAll(BulkDecisionRequest request) {
		if (request.decision() == BulkDecisionRequest.Decision.DEAD_LETTER) {
			this.delivery.failurePolicy().requireDeadLetters(this.consumer);
		}
		BulkDecision before = this.latest.get();
		if (before != null) {
			checkNotRunning(before);
		}
		List<Failures.Failing> matching = this.delivery.failures().matching(request.filter());
		Assert.state(matching.size() <= request.atMost(), () -> matching.size() + " " + request.filter()
				+ " match, not at most " + request.atMost() + ": nothing is done; look again what matches");
		BulkDecision decision = new BulkDecision(this.consumer, request, matching, this.runtime);
		BulkDecision meanwhile = this.latest.compareAndExchange(before, decision);
		if (meanwhile != before && meanwhile != null) {
			throw runningAlready(meanwhile);
		}
		decision.begin();
		return decision.snapshot(false);
	}

	private void checkNotRunning(BulkDecision before) {
		if (before.isRunning()) {
			throw runningAlready(before);
		}
	}

	private IllegalStateException runningAlready(BulkDecision other) {
		BulkDecisionSnapshot now = other.snapshot(false);
		return new IllegalStateException("Another decision of consumer '" + this.consumer + "' is running: '"
				+ now.decision() + "' for " + now.counts().matched() + " " + now.filter() + ", of which "
				+ now.counts().left() + " are left; wait until it is done, or cancel it");
	}

	@Override
	public @Nullable BulkDecisionSnapshot latestDecision() {
		return latestDecision(false);
	}

	/**
	 * Return the last decision about many records.
	 * @param showKey whether with the key of its filter
	 * @return a snapshot, or {@code null} if there was none
	 */
	public @Nullable BulkDecisionSnapshot latestDecision(boolean showKey) {
		BulkDecision decision = this.latest.get();
		return (decision != null) ? decision.snapshot(showKey) : null;
	}

	@Override
	public @Nullable BulkDecisionSnapshot cancelDecision() {
		BulkDecision decision = this.latest.get();
		return (decision != null && decision.cancel()) ? decision.snapshot(false) : null;
	}

}
