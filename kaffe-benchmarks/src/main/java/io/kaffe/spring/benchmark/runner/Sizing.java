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

package io.kaffe.spring.benchmark.runner;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

import io.kaffe.spring.benchmark.contender.Contender;
import io.kaffe.spring.benchmark.contender.Order;

/**
 * How many records a round has: those of the workload, but fewer for a contender that
 * would take too long for them, and more where they would be over too soon to be
 * measured.
 *
 * @param polledPerSecond how many records of 100 bytes are polled in a second, if nothing
 * else is the limit
 * @param polledWarmUpSeconds how long a contender runs before the clock starts, about,
 * where polling or its own work is the limit
 * @param warmUpSeconds the same where waiting is
 * @param leastSeconds how long it is measured at least, about
 * @param mostSeconds how long it is measured at most, about
 */
record Sizing(double polledPerSecond, double polledWarmUpSeconds, double warmUpSeconds, double leastSeconds,
		double mostSeconds) {

	/**
	 * For results to keep. A bare consumer polls that much in a second on two processors;
	 * for four seconds of that, the compiler has one of them for itself, whose work is
	 * not what is to be measured.
	 */
	static final Sizing FULL = new Sizing(3_000_000, 4, 1.5, 1, 4);

	/** For a first impression. */
	static final Sizing QUICK = new Sizing(400_000, 0.6, 0.6, 0.4, 0.8);

	/** How many bytes of values are polled in a second, if nothing else is the limit. */
	private static final double POLLED_BYTES_LIMIT = 400_000_000;

	/** About what a virtual thread for each record is seen to allow in a second. */
	private static final double VIRTUAL_THREADS_LIMIT = 500_000;

	/** About what an observation of each record is seen to allow in a second. */
	private static final double OBSERVED_LIMIT = 300_000;

	/** About what Kafka transactions for each record are seen to allow in a second. */
	private static final double TRANSACTIONS_LIMIT = 500;

	/** The same where records share one. */
	private static final double SHARED_TRANSACTIONS_LIMIT = 2_000;

	/** About what transactions of a database for each record allow in a second. */
	private static final double DATABASE_LIMIT = 2_000;

	/** About what Parallel Consumer is seen to hand out in a second. */
	private static final double PARALLEL_CONSUMER_LIMIT = 40_000;

	/** About what Parallel Consumer is seen to hand out of one sequence in a second. */
	private static final double PARALLEL_CONSUMER_SEQUENCE_LIMIT = 600;

	/**
	 * Most that contenders have buffered: the clock stops while there is still that much.
	 */
	private static final double MOST_BUFFERED = 10_000;

	/**
	 * How many times as many records {@code stall} has: half of them are handled before
	 * one hangs, and are to be enough to be warm.
	 */
	private static final int STALL_FACTOR = 3;

	/** How many times as long {@code blocked-keys} may be measured. */
	private static final double BLOCKED_FACTOR = 20;

	/**
	 * How many times as long what has transactions may be measured: it depends on others,
	 * which write to disks from time to time.
	 */
	private static final double TRANSACTIONS_FACTOR = 2.5;

	/** Machines that do other things are to end a round, too. */
	private static final int LEAST_PATIENCE_SECONDS = 180;

	/** How much slower than expected a contender may be. */
	private static final int PATIENCE_FACTOR = 5;

	/**
	 * Return the size of a round.
	 */
	Size of(Workload workload, Contender contender) {
		double perSecond = expected(workload, contender);
		boolean stall = workload.kind() == Workload.Kind.BLOCKED_KEYS || workload.kind() == Workload.Kind.STALL;
		double measured = Math.min(
				Math.max(workload.load().records(), perSecond * this.leastSeconds * (stall ? STALL_FACTOR : 1)),
				perSecond * this.mostSeconds * mostFactor(workload));
		double after = Math.min(MOST_BUFFERED, perSecond * this.leastSeconds);
		// A partition may be ahead of the others: the hang in the middle of one comes
		// well after the warm-up.
		double warmUp = stall ? measured / 4 : perSecond * warmUpSeconds(workload, contender);
		long patienceSeconds = LEAST_PATIENCE_SECONDS
				+ Math.round(PATIENCE_FACTOR * (warmUp + measured + after) / perSecond);
		return new Size(rounded(warmUp), rounded(measured), rounded(after), patienceSeconds);
	}

	private static double mostFactor(Workload workload) {
		return switch (workload.kind()) {
			case BLOCKED_KEYS -> BLOCKED_FACTOR;
			case TRANSACTIONS, ONCE -> TRANSACTIONS_FACTOR;
			default -> 1;
		};
	}

	private double warmUpSeconds(Workload workload, Contender contender) {
		boolean waits = workload.handlerSeconds() > 0 || contender.kind() == Contender.Kind.PARALLEL_CONSUMER;
		// Much of the client runs for each transaction, too.
		waits &= workload.kind() != Workload.Kind.TRANSACTIONS;
		return waits ? this.warmUpSeconds : this.polledWarmUpSeconds;
	}

	/** What is seen to be the limit of a contender whatever the handler does. */
	private static double limit(Contender contender) {
		if (contender.variant().isTransactional()) {
			boolean shared = contender.variant() == Contender.Variant.TRANSACTIONAL_BATCH
					|| contender.kind() == Contender.Kind.PARALLEL_CONSUMER;
			return shared ? SHARED_TRANSACTIONS_LIMIT : TRANSACTIONS_LIMIT;
		}
		if (contender.variant().hasDatabase()) {
			return DATABASE_LIMIT;
		}
		if (contender.kind() == Contender.Kind.PARALLEL_CONSUMER) {
			return PARALLEL_CONSUMER_LIMIT;
		}
		if (contender.variant() == Contender.Variant.OBSERVED) {
			return OBSERVED_LIMIT;
		}
		return (contender.kind() == Contender.Kind.BARE_LOOP && contender.isVirtual()) ? VIRTUAL_THREADS_LIMIT
				: Double.MAX_VALUE;
	}

	private double expected(Workload workload, Contender contender) {
		int lanes = contender.lanes(Workloads.PARTITIONS, workload.concurrency());
		int sequences = (contender.order() == Order.PARTITION) ? Workloads.PARTITIONS : workload.load().keyCount();
		if (contender.order() != Order.NONE) {
			lanes = Math.min(lanes, sequences);
		}
		double polled = Math.min(this.polledPerSecond, POLLED_BYTES_LIMIT / workload.load().valueBytes());
		double limit = Math.min(polled, limit(contender));
		if (contender.kind() == Contender.Kind.PARALLEL_CONSUMER && contender.order() != Order.NONE) {
			limit = Math.min(limit, PARALLEL_CONSUMER_SEQUENCE_LIMIT * sequences);
		}
		if (workload.ideal() > 0) {
			limit = Math.min(limit, workload.ideal());
		}
		double handlerSeconds = workload.handlerSeconds();
		return (handlerSeconds > 0) ? Math.min(limit, lanes / handlerSeconds) : limit;
	}

	/** To two digits, so that contenders of about the same speed share a topic. */
	private static long rounded(double records) {
		return BigDecimal.valueOf(Math.max(records, 10)).round(new MathContext(2, RoundingMode.CEILING)).longValue();
	}

	/**
	 * How many records a round has.
	 *
	 * @param warmUp before the clock starts
	 * @param measured while it runs
	 * @param after when it has stopped
	 * @param patienceSeconds how long to wait for all of them
	 */
	record Size(long warmUp, long measured, long after, long patienceSeconds) {

		long total() {
			return this.warmUp + this.measured + this.after;
		}

	}

}
