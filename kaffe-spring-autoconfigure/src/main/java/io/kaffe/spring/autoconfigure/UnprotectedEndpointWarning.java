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

package io.kaffe.spring.autoconfigure;

import java.net.InetAddress;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementPortType;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * Warns if anyone can operate consumers over HTTP: if the endpoint is writable, is
 * reachable from other machines, and Spring Security does not filter requests.
 */
final class UnprotectedEndpointWarning implements SmartInitializingSingleton {

	private static final Log logger = LogFactory.getLog(UnprotectedEndpointWarning.class);

	/** The beans of Spring Security's filters, for servlets and reactive. */
	private static final String[] FILTERS = { "springSecurityFilterChain",
			"org.springframework.security.config.annotation.web.reactive.WebFluxSecurityConfiguration.WebFilterChainFilter" };

	private final String endpoint;

	private final String possibilities;

	private final Access access;

	private final ListableBeanFactory beans;

	private final Environment environment;

	/**
	 * Create a warning.
	 * @param endpoint the id of the endpoint
	 * @param possibilities what it lets callers do
	 * @param access its access
	 * @param beans the application's beans
	 * @param environment has the addresses
	 */
	UnprotectedEndpointWarning(String endpoint, String possibilities, Access access, ListableBeanFactory beans,
			Environment environment) {
		this.endpoint = endpoint;
		this.possibilities = possibilities;
		this.access = access;
		this.beans = beans;
		this.environment = environment;
	}

	@Override
	public void afterSingletonsInstantiated() {
		if (this.access == Access.UNRESTRICTED && !isFiltered() && isReachable()) {
			logger.warn("Anyone who can reach the endpoint '" + this.endpoint + "' can " + this.possibilities + ": its "
					+ "access is unrestricted and Spring Security does not protect it. Add Spring Security, bind "
					+ "'management.server.address' to this machine, or set 'management.endpoint." + this.endpoint
					+ ".access' to read-only");
		}
	}

	private boolean isFiltered() {
		for (String filter : FILTERS) {
			if (this.beans.containsBean(filter)) {
				return true;
			}
		}
		return false;
	}

	private boolean isReachable() {
		return switch (ManagementPortType.get(this.environment)) {
			case DISABLED -> false;
			case SAME -> !isLoopback("server.address");
			case DIFFERENT -> !isLoopback("management.server.address");
		};
	}

	private boolean isLoopback(String property) {
		return Binder.get(this.environment)
			.bind(property, InetAddress.class)
			.map(InetAddress::isLoopbackAddress)
			.orElse(false);
	}

}
