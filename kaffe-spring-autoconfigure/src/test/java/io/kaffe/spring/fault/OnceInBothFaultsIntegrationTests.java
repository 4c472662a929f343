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
import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import io.kaffe.spring.fault.Entry.Kind;
import io.kaffe.spring.support.BrokerProcess;
import io.kaffe.spring.support.DatabaseProcess;

/**
 * Faults of instances whose attempts are noted in the database, within Kafka
 * transactions: each record has exactly one effect in the database and one result in
 * Kafka.
 */
@Tag("fault")
@ExtendWith({ FaultBroker.class, FaultDatabase.class })
class OnceInBothFaultsIntegrationTests {

	@Test
	void instanceIsKilledWhenTheDatabaseHasCommittedAndKafkaHasNot(BrokerProcess broker, DatabaseProcess database) {
		FaultScenario.of("30-both-killed-in-between", broker.bootstrapServers())
			.run(FaultScenario.times(1, 20), (round) -> {
				round.topics(1)
					.transactional(1)
					.booking(database.newSchema())
					.excusing()
					.with("fault.batches", round.random().nextInt(3) == 0)
					.produce(80);
				round.local("a");
				List<String> calls = new ArrayList<>(List.of("sendOffsetsToTransaction", "commitTransaction"));
				Collections.shuffle(calls, round.random());
				for (String call : calls) {
					InstanceProcess victim = round.process(round.settings("b")
						.with("fault.stopping.call", call)
						.with("fault.stopping.before", round.random().nextInt(10)));
					round.awaitEntry(victim.name(), Kind.STOPPED);
					round.pause(0, 500);
					round.kill(victim);
				}
			});
	}

}
