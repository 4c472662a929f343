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

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.fault.Entry.Kind;
import io.kaffe.spring.support.BrokerProcess;

/**
 * Faults of instances: they are killed, restarted, frozen, started and stopped all the
 * time.
 */
class InstanceFaultsIntegrationTests {

	@SuppressWarnings("NullAway.Init")
	private static BrokerProcess broker;

	@BeforeAll
	static void startBroker() {
		broker = BrokerProcess.start(FaultRound.BROKER_PROPERTIES);
	}

	@AfterAll
	static void stopBroker() {
		broker.close();
	}

	@Test
	void instanceIsKilledAndStartedAgain() {
		FaultScenario.of("1-instance-killed", broker.bootstrapServers()).run(1, (round) -> {
			round.topics(1).bound(Duplicates::uncommitted).produce(600);
			round.process("a");
			InstanceProcess victim = round.process("b");
			round.awaitUnderWay(8);
			for (int kill = 0; kill < 2; kill++) {
				round.awaitEntry(victim.name(), Kind.END);
				round.pause(0, 2000);
				round.kill(victim);
				victim = round.process("b");
			}
			round.awaitEntry(victim.name(), Kind.END);
		});
	}

}
