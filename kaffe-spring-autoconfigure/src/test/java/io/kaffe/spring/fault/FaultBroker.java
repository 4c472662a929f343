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

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

import io.kaffe.spring.support.BrokerProcess;

/**
 * Gives fault tests that ask for one a broker they share with the others of a test run,
 * and the relay through which its second listener is reached: it may be killed, and its
 * relay cut, but both are to be there again afterwards.
 */
class FaultBroker implements ParameterResolver {

	@Override
	public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
		Class<?> type = parameter.getParameter().getType();
		return type == BrokerProcess.class || type == TcpRelay.class;
	}

	@Override
	public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
		Store store = context.getRoot().getStore(Namespace.create(FaultBroker.class));
		TcpRelay relay = store.computeIfAbsent(TcpRelay.class, (key) -> new TcpRelay(), TcpRelay.class);
		BrokerProcess broker = store.computeIfAbsent(BrokerProcess.class, (key) -> start(relay), BrokerProcess.class);
		return (parameter.getParameter().getType() == TcpRelay.class) ? relay : broker;
	}

	private static BrokerProcess start(TcpRelay relay) {
		BrokerProcess broker = BrokerProcess.startBehind(relay.port(), FaultRound.BROKER_PROPERTIES);
		relay.leadTo(broker.relayedPort());
		return broker;
	}

}
