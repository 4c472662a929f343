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

import java.util.LinkedHashMap;
import java.util.Map;

import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;

/**
 * How a group shares out its partitions.
 */
enum GroupProtocol {

	/** Everybody gives everything back first. */
	EAGER,

	/** Everybody keeps what stays. */
	COOPERATIVE,

	/** KIP-848: the broker decides and moves a partition at a time. */
	CONSUMER;

	/**
	 * Return whether partitions of the same number always are on the same member.
	 */
	boolean keepsNumbersTogether() {
		return this == EAGER;
	}

	/**
	 * Return the consumer properties that choose this protocol.
	 * @param sessionTimeoutMillis when a silent member is taken for dead; the broker's
	 * choice with {@link #CONSUMER}
	 */
	Map<String, Object> properties(int sessionTimeoutMillis) {
		Map<String, Object> properties = new LinkedHashMap<>();
		if (this == CONSUMER) {
			properties.put("group.protocol", "consumer");
			return properties;
		}
		properties.put("partition.assignment.strategy",
				((this == EAGER) ? RangeAssignor.class : CooperativeStickyAssignor.class).getName());
		properties.put("session.timeout.ms", sessionTimeoutMillis);
		properties.put("heartbeat.interval.ms", 500);
		return properties;
	}

	@Override
	public String toString() {
		return switch (this) {
			case EAGER -> "classic-eager";
			case COOPERATIVE -> "classic-cooperative";
			case CONSUMER -> "consumer";
		};
	}

}
