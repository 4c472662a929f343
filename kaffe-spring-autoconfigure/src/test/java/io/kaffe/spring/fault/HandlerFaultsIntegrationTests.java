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

package io.kaffe.spring.fault;

import java.time.Duration;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.fault.Entry.Kind;
import io.kaffe.spring.fault.Judgement.Guarantee;
import io.kaffe.spring.support.BrokerProcess;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Faults of the application: consumer threads that do not poll in time, handlers that
 * hang.
 */
@Tag("fault")
@ExtendWith(FaultBroker.class)
class HandlerFaultsIntegrationTests {

	private static final int MAX_POLL_INTERVAL_MILLIS = 3000;

	/** 100 bytes for each attempt. */
	private static final long MOST_LEFT_BEHIND = 1_200_000;

	@Test
	void consumerThreadDoesNotPollInTime(BrokerProcess broker) {
		FaultScenario.of("8-poll-interval-exceeded", broker.bootstrapServers()).run(1, (round) -> {
			round.topics(1)
				.excusing()
				.bound(Duplicates::uncommitted)
				.with("kaffe.drain-timeout", "2s")
				.withConsumer("max.poll.interval.ms", MAX_POLL_INTERVAL_MILLIS)
				.produce(500);
			FaultInstance victim = round.local("a");
			round.local("b");
			round.awaitUnderWay(8);
			for (int stall = 0; stall < FaultScenario.times(1, 3); stall++) {
				round.pause(0, 1000);
				round.journal().fault(Kind.OUT_OF_TOUCH, victim.name());
				victim.stallPolling(Duration.ofMillis(MAX_POLL_INTERVAL_MILLIS + 1500));
				round.pause(MAX_POLL_INTERVAL_MILLIS + 2000, MAX_POLL_INTERVAL_MILLIS + 2500);
				round.journal().fault(Kind.BACK, victim.name());
				round.awaitEntry(victim.name(), Kind.LOST);
			}
		});
	}

	@Test
	void handlersHangForLongerThanThePollInterval(BrokerProcess broker) {
		FaultScenario.of("8-drain-held-up", broker.bootstrapServers()).run(1, (round) -> {
			round.topics(1)
				.excusing()
				.bound(Duplicates::inFlight)
				.with("kaffe.drain-timeout", (MAX_POLL_INTERVAL_MILLIS - 1) + "ms")
				.withConsumer("max.poll.interval.ms", MAX_POLL_INTERVAL_MILLIS)
				.produce(500);
			FaultInstance victim = round.local("a");
			round.awaitUnderWay(8);
			round.pause(0, 1000);
			victim.handler().hang(Integer.MAX_VALUE);
			FaultInstance successor = round.local("b");
			round.awaitEntry(successor.name(), Kind.END);
			round.pause(1500, 2000);
			victim.handler().letGo();
			round.also(Guarantee.STUCK, new NeverTakenForDead(Journal.now()));
		});
	}

	@Test
	void handlersHangDuringRevocation(BrokerProcess broker) {
		FaultScenario.of("9-handler-hangs", broker.bootstrapServers()).run(1, (round) -> {
			round.topics(1).excusing().bound(Duplicates::inFlight).with("kaffe.drain-timeout", "500ms").produce(500);
			FaultInstance victim = round.local("a");
			round.awaitUnderWay(8);
			round.pause(0, 1000);
			if (round.random().nextBoolean()) {
				victim.handler().hang(Integer.MAX_VALUE);
			}
			else {
				// Fewer than there are workers, under any strategy.
				victim.handler().hang(1 + round.random().nextInt(3));
				long handled = victim.handler().handled();
				round.await("the others go on", () -> victim.handler().handled() > handled + 50);
			}
			FaultInstance successor = round.local("b");
			round.awaitEntry(successor.name(), Kind.END);
			round.pause(500, 1500);
			victim.handler().letGo();
		});
	}

	@Test
	void halfOfTheRecordsFailAgainAndAgain(BrokerProcess broker) {
		FaultScenario.of("17-retry-storm", broker.bootstrapServers()).run(1, (round) -> {
			round.strategy(StandardWorkerAllocationStrategy.WORKER_PER_RECORD)
				.topics(1)
				.with("fault.slowness", 1)
				.with("kaffe.buffer.max-records", 10_000)
				.with("kaffe.failure.max-attempts", 0)
				.with("kaffe.failure.backoff.max-interval", "500ms");
			FaultInstance victim = round.local("a");
			FaultHandler handler = victim.handler();
			handler.fail((offset) -> offset % 2 == 0);
			round.partitions().forEach((partition) -> round.producer().send(partition, 500));
			round.await("the good half is handled", () -> handler.handled() == 2000);
			round.await("the bad half was tried", () -> handler.failed() > 6_000);
			// What is left behind for other reasons, such as code that is new, is so
			// once.
			long leftBehind = Math.min(leftBehind(round, handler), leftBehind(round, handler));
			assertThat(leftBehind).as("bytes that 12,000 failed attempts left behind").isLessThan(MOST_LEFT_BEHIND);
			assertThat(handler.handled()).isEqualTo(2000);
			victim.close();
			round.local("b");
		});
	}

	private static long leftBehind(FaultRound round, FaultHandler handler) {
		long before = MemoryReport.used();
		long failed = handler.failed();
		round.await("the bad half was tried again and again", () -> handler.failed() > failed + 12_000);
		return MemoryReport.used() - before;
	}

}
