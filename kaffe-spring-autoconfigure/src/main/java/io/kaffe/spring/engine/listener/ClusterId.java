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

package io.kaffe.spring.engine.listener;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

import org.apache.kafka.clients.CommonClientConfigs;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationContext;
import org.springframework.kafka.core.KafkaAdmin;

/**
 * The id of the cluster that a container consumes from, for observations. It is requested
 * when the first record is observed, as in Spring Kafka, which waits for it with the
 * consumer thread; here, the workers that observe records wait until one of them has it.
 * {@link KafkaAdmin} limits how long that takes and how often it is tried again.
 * <p>
 * <b>Threading.</b> Called by many workers at once; the lock lets one of them create an
 * admin client.
 */
final class ClusterId implements Supplier<@Nullable String> {

	private final Lock lock = new ReentrantLock();

	private final @Nullable KafkaAdmin admin;

	private volatile @Nullable String id;

	private ClusterId(@Nullable KafkaAdmin admin) {
		this.admin = admin;
	}

	/**
	 * Return the id of a container's cluster.
	 * @param facts the container
	 */
	static ClusterId of(ContainerFacts facts) {
		KafkaAdmin own = facts.container().getKafkaAdmin();
		ApplicationContext context = facts.applicationContext();
		if (own != null || context == null) {
			return new ClusterId(own);
		}
		KafkaAdmin admin = context.getBeanProvider(KafkaAdmin.class).getIfUnique();
		return new ClusterId((admin != null)
				? connectedTo(facts.consumerConfiguration().get(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG), admin)
				: null);
	}

	private static KafkaAdmin connectedTo(@Nullable Object servers, KafkaAdmin admin) {
		Map<String, Object> configuration = new HashMap<>(admin.getConfigurationProperties());
		Object present = configuration.get(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG);
		if (servers == null || present == null || present.equals(servers)) {
			return admin;
		}
		configuration.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, servers);
		KafkaAdmin other = new KafkaAdmin(configuration);
		other.setOperationTimeout(admin.getOperationTimeout());
		return other;
	}

	/**
	 * Return the id, or {@code null} if it is not known. Blocks while it is requested.
	 */
	@Override
	public @Nullable String get() {
		KafkaAdmin admin = this.admin;
		if (this.id == null && admin != null) {
			this.lock.lock();
			try {
				if (this.id == null) {
					this.id = admin.clusterId();
				}
			}
			finally {
				this.lock.unlock();
			}
		}
		return this.id;
	}

}
