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

import io.kaffe.spring.fault.Entry.Kind;

/**
 * Cuts the connections that an instance has through a relay, in one of three ways, and
 * restores them.
 * <p>
 * <b>Threading.</b> Used by the thread of a test.
 */
final class NetworkFault {

	private NetworkFault() {
	}

	/**
	 * Cut an instance off from its brokers; the second time for so long that its group
	 * takes it for dead.
	 * @param times how many times
	 */
	static void ofBrokers(FaultRound round, TcpRelay relay, FaultInstance victim, int times) {
		for (int cut = 0; cut < times; cut++) {
			round.pause(300, 1000);
			round.journal().fault(Kind.OUT_OF_TOUCH, victim.name());
			if (cut == 1) {
				cut(relay, round.random().nextInt(2));
				round.pause(FaultRound.SESSION_TIMEOUT_MILLIS + 1000, FaultRound.SESSION_TIMEOUT_MILLIS + 2000);
			}
			else {
				cut(relay, round.random().nextInt(3));
				round.pause(100, 3000);
			}
			relay.restore();
			round.journal().fault(Kind.BACK, victim.name());
		}
		round.pause(1000, 2000);
	}

	/**
	 * Cut an instance off from its database.
	 * @param times how many times
	 */
	static void ofDatabase(FaultRound round, TcpRelay relay, FaultInstance victim, int times) {
		for (int cut = 0; cut < times; cut++) {
			round.pause(300, 1000);
			cut(relay, round.random().nextInt(3));
			round.pause(100, 2000);
			relay.restore();
			round.awaitProgress(victim.name());
		}
	}

	private static void cut(TcpRelay relay, int way) {
		switch (way) {
			case 0 -> relay.silence();
			case 1 -> relay.refuse();
			default -> relay.closeConnections();
		}
	}

}
