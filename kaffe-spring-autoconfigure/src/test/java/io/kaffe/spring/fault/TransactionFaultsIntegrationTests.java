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

import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import io.kaffe.spring.fault.Entry.Kind;
import io.kaffe.spring.support.BrokerProcess;

/**
 * Faults while attempts run in Kafka transactions: what counts are not attempts, but
 * results, of which each record has exactly one, in the order of its key.
 */
@Tag("fault")
@ExtendWith(FaultBroker.class)
class TransactionFaultsIntegrationTests {

	@Test
	void instanceIsKilledAndStartedAgain(BrokerProcess broker) {
		run("22-transactions-killed", broker, (round) -> {
			InstanceProcess victim = round.process("a");
			InstanceProcess other = round.process("b");
			round.awaitEntry(other.name(), Kind.END);
			for (int kill = 0; kill < 2; kill++) {
				round.awaitEntry(victim.name(), Kind.END);
				round.pause(0, 2000);
				round.kill(victim);
				victim = round.process("a");
			}
			round.awaitEntry(victim.name(), Kind.END);
		});
	}

	@Test
	void instanceIsFrozenUntilItIsTakenForDeadAndWoken(BrokerProcess broker) {
		run("23-transactions-frozen", broker, (round) -> {
			InstanceProcess victim = round.process("a");
			InstanceProcess other = round.process("b");
			round.awaitEntry(other.name(), Kind.END);
			round.awaitEntry(victim.name(), Kind.END);
			round.pause(0, 1000);
			round.journal().fault(Kind.OUT_OF_TOUCH, victim.name());
			victim.freeze();
			round.pause(FaultRound.SESSION_TIMEOUT_MILLIS + 1000, 2 * FaultRound.SESSION_TIMEOUT_MILLIS);
			victim.wake();
			round.journal().fault(Kind.BACK, victim.name());
			round.awaitEntry(victim.name(), Kind.LOST);
			round.pause(1000, 2000);
		});
	}

	@Test
	void brokerIsKilledAndStartedAgain(BrokerProcess broker) {
		run("24-transactions-broker-killed", broker, (round) -> {
			round.local("a");
			round.local("b");
			round.awaitUnderWay(8);
			round.pause(0, 2000);
			broker.kill();
			round.pause(0, 3000);
			broker.restart();
			round.pause(1000, 3000);
		});
	}

	@Test
	void networkIsCutAndRestored(BrokerProcess broker, TcpRelay relay) {
		run("28-transactions-network-cut", broker, (round) -> {
			FaultInstance victim = round
				.local(round.settings("a").with("spring.kafka.bootstrap-servers", relay.servers()));
			round.local("b");
			round.awaitUnderWay(8);
			NetworkFault.ofBrokers(round, relay, victim, FaultScenario.times(2, 4));
		});
	}

	@Test
	void instancesJoinAndLeaveTheGroup(BrokerProcess broker) {
		run("29-transactions-rebalances", FaultScenario.times(3, 21), broker, (round) -> {
			// With two consumers each, one instance could be left without partitions.
			round.protocolInTurn().with("fault.concurrency", 1).with("kaffe.drain-timeout", "100ms");
			List<FaultInstance> running = new ArrayList<>();
			for (String name : List.of("a", "b")) {
				running.add(round.local(name));
			}
			for (int change = 0; change < FaultScenario.times(1, 3); change++) {
				round.awaitEntry(running.get(0).name(), Kind.END);
				round.awaitEntry(running.get(1).name(), Kind.END);
				// Attempts that outlast the drain are left to the next owner.
				running.get(0).handler().hang(3);
				running.add(round.local("r"));
				round.awaitEntry(running.get(2).name(), Kind.END);
				running.get(0).handler().letGo();
				running.remove(0).close();
			}
		});
	}

	private static void run(String name, BrokerProcess broker, FaultScenario.Body fault) {
		run(name, FaultScenario.times(1, 20), broker, fault);
	}

	private static void run(String name, int rounds, BrokerProcess broker, FaultScenario.Body fault) {
		FaultScenario.of(name, broker.bootstrapServers()).run(rounds, (round) -> {
			round.topics(1)
				.transactional(1)
				.excusing()
				.with("fault.batches", round.random().nextInt(3) == 0)
				.produce(80);
			fault.run(round);
		});
	}

}
