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
import io.kaffe.spring.support.DatabaseProcess;

/**
 * Faults of instances whose records are handled once, of their broker and their database,
 * and of the network on the way to both: afterwards, the balance of each account is
 * exactly the sum of its records. The database is PostgreSQL where that is installed, H2
 * elsewhere.
 */
@Tag("fault")
@ExtendWith({ FaultBroker.class, FaultDatabase.class })
class OnceFaultsIntegrationTests {

	private static final int ROUNDS = FaultScenario.times(1, 20);

	@Test
	void instanceIsKilledAndStartedAgain(BrokerProcess broker, DatabaseProcess database) {
		FaultScenario.of("18-once-instance-killed", broker.bootstrapServers()).run(ROUNDS, (round) -> {
			begin(round, database).bound(Duplicates::uncommitted).produce(100);
			round.process("a");
			InstanceProcess victim = round.process("b");
			round.awaitEntry(victim.name(), Kind.END);
			for (int kill = 0; kill < 2; kill++) {
				round.awaitEntry(victim.name(), Kind.COMMITTED);
				round.pause(0, 2000);
				round.kill(victim);
				victim = round.process("b");
				round.awaitEntry(victim.name(), Kind.END);
			}
		});
	}

	@Test
	void instanceIsFrozenUntilItIsTakenForDeadAndWoken(BrokerProcess broker, DatabaseProcess database) {
		FaultScenario.of("19-once-instance-frozen", broker.bootstrapServers()).run(ROUNDS, (round) -> {
			begin(round, database).excusing().bound(Duplicates::uncommitted).produce(100);
			InstanceProcess victim = round.process("a");
			InstanceProcess other = round.process("b");
			round.awaitEntry(other.name(), Kind.END);
			round.awaitEntry(victim.name(), Kind.END);
			round.pause(0, 1000);
			round.journal().fault(Kind.OUT_OF_TOUCH, victim.name());
			victim.freeze();
			round.pause(FaultRound.SESSION_TIMEOUT_MILLIS + 1000, FaultRound.SESSION_TIMEOUT_MILLIS + 5000);
			victim.wake();
			round.journal().fault(Kind.BACK, victim.name());
			round.awaitEntry(victim.name(), Kind.LOST);
			round.pause(1000, 2000);
		});
	}

	@Test
	void databaseIsKilledAndStartedAgain(BrokerProcess broker, DatabaseProcess database) {
		FaultScenario.of("20-once-database-killed", broker.bootstrapServers()).run(ROUNDS, (round) -> {
			// What is handled when the database is killed is handled again.
			begin(round, database).bound(Duplicates::count).produce(100);
			FaultInstance first = round.local("a");
			FaultInstance second = round.local("b");
			round.awaitEntry(first.name(), Kind.END);
			round.awaitEntry(second.name(), Kind.END);
			for (int kill = 0; kill < 2; kill++) {
				round.pause(0, 2000);
				database.kill();
				round.pause(0, 3000);
				database.restart();
				round.awaitProgress(first.name(), second.name());
			}
		});
	}

	@Test
	void instancesJoinAndLeaveTheGroup(BrokerProcess broker, DatabaseProcess database) {
		FaultScenario.of("21-once-rebalances", broker.bootstrapServers()).run(FaultScenario.times(3, 21), (round) -> {
			// With two consumers each, one instance could be left without partitions.
			begin(round, database).protocolInTurn().with("fault.concurrency", 1).produce(100);
			List<FaultInstance> running = new ArrayList<>();
			for (String name : List.of("a", "b")) {
				running.add(round.local(name));
			}
			for (int change = 0; change < FaultScenario.times(1, 3); change++) {
				round.awaitEntry(running.get(0).name(), Kind.END);
				round.awaitEntry(running.get(1).name(), Kind.END);
				running.add(round.local("r"));
				round.awaitEntry(running.get(2).name(), Kind.END);
				running.remove(0).close();
			}
		});
	}

	@Test
	void networkToTheBrokerIsCutAndRestored(BrokerProcess broker, TcpRelay relay, DatabaseProcess database) {
		FaultScenario.of("25-once-network-cut", broker.bootstrapServers()).run(ROUNDS, (round) -> {
			begin(round, database).excusing().bound(Duplicates::uncommitted).produce(100);
			FaultInstance victim = round
				.local(round.settings("a").with("spring.kafka.bootstrap-servers", relay.servers()));
			round.local("b");
			round.awaitUnderWay(8);
			NetworkFault.ofBrokers(round, relay, victim, FaultScenario.times(2, 4));
		});
	}

	@Test
	void networkToTheDatabaseIsCutAndRestored(BrokerProcess broker, DatabaseProcess database) {
		try (TcpRelay relay = new TcpRelay()) {
			relay.leadTo(database.port());
			FaultScenario.of("26-once-database-cut", broker.bootstrapServers()).run(ROUNDS, (round) -> {
				String url = database.newSchema();
				// What is handled when the network is cut is handled again.
				round.topics(1).booking(url).bound(Duplicates::count).produce(100);
				if (database.isPostgres()) {
					Accounts.delayCommits(url);
				}
				FaultInstance victim = round
					.local(round.settings("a").with("spring.datasource.url", database.through(url, relay.port())));
				FaultInstance other = round.local("b");
				round.awaitEntry(victim.name(), Kind.END);
				round.awaitEntry(other.name(), Kind.END);
				NetworkFault.ofDatabase(round, relay, victim, FaultScenario.times(4, 6));
			});
		}
	}

	@Test
	void brokerIsKilledAndAnInstanceThatCouldNotCommit(BrokerProcess broker, DatabaseProcess database) {
		FaultScenario.of("27-once-broker-killed", broker.bootstrapServers()).run(ROUNDS, (round) -> {
			begin(round, database).excusing().bound(Duplicates::uncommitted).produce(100);
			round.local("a");
			InstanceProcess victim = round.process("b");
			round.awaitEntry(victim.name(), Kind.END);
			round.pause(0, 2000);
			broker.kill();
			round.pause(100, 1000);
			round.kill(victim);
			round.pause(0, 2000);
			broker.restart();
			round.pause(1000, 3000);
		});
	}

	private static FaultRound begin(FaultRound round, DatabaseProcess database) {
		return round.topics(1).booking(database.newSchema());
	}

}
