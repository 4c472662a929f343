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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import io.kaffe.spring.fault.Entry.Kind;
import io.kaffe.spring.fault.Judgement.Guarantee;
import io.kaffe.spring.support.BrokerProcess;

/**
 * Faults of instances: they are killed, restarted one after the other, started and
 * stopped all the time, frozen.
 */
@Tag("fault")
@ExtendWith(FaultBroker.class)
class InstanceFaultsIntegrationTests {

	@Test
	void instanceIsKilledAndStartedAgain(BrokerProcess broker) {
		FaultScenario.of("1-instance-killed", broker.bootstrapServers()).run(1, (round) -> {
			round.topics(1)
				.bound(Duplicates::uncommitted)
				.with("kaffe.commit.interval", "100ms")
				.produce(500)
				.also(Guarantee.EXCESS, new FewRepeatedAfterKills());
			round.process("a");
			InstanceProcess victim = round.process("b");
			round.awaitEntry(victim.name(), Kind.END);
			for (int kill = 0; kill < FaultScenario.times(1, 3); kill++) {
				round.awaitEntry(victim.name(), Kind.COMMITTED);
				round.pause(0, 2000);
				round.kill(victim);
				victim = round.process("b");
				round.awaitEntry(victim.name(), Kind.END);
			}
		});
	}

	@Test
	void instancesAreRestartedOneAfterTheOther(BrokerProcess broker) {
		FaultScenario.of("4-rolling-restart", broker.bootstrapServers()).run(1, (round) -> {
			round.topics(1).produce(500);
			List<InstanceProcess> running = new ArrayList<>();
			for (String name : List.of("a", "b", "c")) {
				running.add(round.process(name));
			}
			running.forEach((instance) -> round.awaitEntry(instance.name(), Kind.END));
			for (int restart = 0; restart < FaultScenario.times(3, 6); restart++) {
				InstanceProcess old = running.remove(0);
				old.terminate();
				InstanceProcess successor = round.process("r");
				running.add(successor);
				old.await();
				round.awaitEntry(successor.name(), Kind.END);
			}
		});
	}

	@Test
	void instancesThatTakeBatchesAreKilledAndRestarted(BrokerProcess broker) {
		FaultScenario.of("4-batches", broker.bootstrapServers()).run(1, (round) -> {
			round.topics(1)
				.bound(Duplicates::uncommitted)
				.with("fault.batches", true)
				.with("kaffe.batch.max-size", 20)
				.with("kaffe.batch.max-wait", "50ms")
				.produce(400);
			InstanceProcess killed = round.process("a");
			InstanceProcess old = round.process("b");
			round.awaitEntry(killed.name(), Kind.END);
			round.awaitEntry(old.name(), Kind.END);
			round.kill(killed);
			InstanceProcess successor = round.process("c");
			round.awaitEntry(successor.name(), Kind.END);
			old.terminate();
			old.await();
			round.local("d");
		});
	}

	@Test
	void instancesAreStartedAndStoppedAllTheTime(BrokerProcess broker) {
		FaultScenario.of("5-chaos", broker.bootstrapServers()).run(1, (round) -> {
			round.topics(1).produce(400);
			List<FaultInstance> instances = new ArrayList<>();
			for (String name : List.of("a", "b", "c", "d")) {
				instances.add(round.local(name));
			}
			round.awaitUnderWay(8);
			long from = Journal.now();
			long end = System.nanoTime() + Duration.ofSeconds(FaultScenario.times(10, 60)).toNanos();
			List<CompletableFuture<Void>> acts = new ArrayList<>();
			instances.forEach((instance) -> acts.add(CompletableFuture.completedFuture(null)));
			while (System.nanoTime() - end < 0) {
				int chosen = round.random().nextInt(instances.size());
				if (acts.get(chosen).isDone()) {
					acts.get(chosen).join();
					acts.set(chosen, CompletableFuture.runAsync(() -> startOrStop(instances.get(chosen))));
				}
				round.pause(0, 500);
			}
			acts.forEach(CompletableFuture::join);
			round.also(Guarantee.STUCK, new SteadyProgress(from, Journal.now(), Duration.ofSeconds(20)));
			instances.forEach((instance) -> instance.container().start());
		});
	}

	private static void startOrStop(FaultInstance instance) {
		if (instance.container().isRunning()) {
			instance.container().stop();
		}
		else {
			instance.container().start();
		}
	}

	@Test
	void instanceIsFrozenUntilItIsTakenForDeadAndWoken(BrokerProcess broker) {
		FaultScenario.of("6-instance-frozen", broker.bootstrapServers()).run(1, (round) -> {
			round.topics(1).excusing().bound(Duplicates::uncommitted).produce(500);
			InstanceProcess victim = round.process("a");
			InstanceProcess other = round.process("b");
			round.awaitEntry(other.name(), Kind.END);
			round.awaitEntry(victim.name(), Kind.END);
			for (int freeze = 0; freeze < FaultScenario.times(1, 2); freeze++) {
				round.pause(0, 1000);
				round.journal().fault(Kind.OUT_OF_TOUCH, victim.name());
				victim.freeze();
				round.pause(FaultRound.SESSION_TIMEOUT_MILLIS + 1000, FaultRound.SESSION_TIMEOUT_MILLIS + 2000);
				victim.wake();
				round.journal().fault(Kind.BACK, victim.name());
				round.awaitEntry(victim.name(), Kind.LOST);
				round.pause(1000, 2000);
			}
		});
	}

}
