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

package io.kaffe.spring.listener;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.task.TaskRejectedException;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.util.Assert;

import io.kaffe.spring.worker.ConsumerObserver;
import io.kaffe.spring.worker.ConsumerSnapshot;
import io.kaffe.spring.worker.Ticker;

/**
 * Asks brokers now and then where the partitions of consumers end, so that their lag is
 * known also while nothing of them is fetched. Consumer threads have no part in it: there
 * is an admin client for each set of connection settings among the consumers.
 * <p>
 * <b>Threading.</b> {@link #refresh()} is called by one thread at a time, which does not
 * wait for answers; they come on the threads of the admin clients. Each client has one
 * request on its way at most. Consumer threads ask for a look when they are assigned
 * partitions.
 */
public final class EndOffsets implements ConsumerObserver, SmartLifecycle {

	private static final Log logger = LogFactory.getLog(EndOffsets.class);

	private static final Duration SOON = Duration.ofSeconds(1);

	/** Zero would mean: without end. */
	private static final Duration CLOSE_TIMEOUT = Duration.ofMillis(100);

	private static final int TIMEOUT_MILLIS = 10_000;

	private final AtomicInteger clientNumbers = new AtomicInteger();

	private final AtomicBoolean looksSoon = new AtomicBoolean();

	private final Map<Source, Connection> connections = new ConcurrentHashMap<>();

	private final AdoptedConsumers consumers;

	private final Function<Map<String, Object>, Admin> clients;

	private final Duration interval;

	private final Ticker ticker;

	private volatile @Nullable ThreadPoolTaskScheduler scheduler;

	/**
	 * Create it.
	 * @param consumers the consumers
	 * @param clients makes an admin client from its configuration
	 * @param interval how long to wait between two times; zero: never ask
	 * @param ticker the time
	 */
	public EndOffsets(AdoptedConsumers consumers, Function<Map<String, Object>, Admin> clients, Duration interval,
			Ticker ticker) {
		Assert.isTrue(!interval.isNegative(), "'kaffe.lag.interval' must not be negative; 0 switches it off");
		this.consumers = consumers;
		this.clients = clients;
		this.interval = interval;
		this.ticker = ticker;
	}

	@Override
	public void start() {
		if (this.interval.isZero() || isRunning()) {
			return;
		}
		this.looksSoon.set(false);
		ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
		scheduler.setThreadNamePrefix("kaffe-lag-");
		scheduler.setDaemon(true);
		scheduler.initialize();
		scheduler.scheduleWithFixedDelay(this::refresh, this.interval);
		this.scheduler = scheduler;
	}

	/**
	 * Ask soon where partitions end that have been assigned.
	 */
	@Override
	public void rebalanced(String consumer, ConsumerSnapshot.Rebalance rebalance) {
		ThreadPoolTaskScheduler scheduler = this.scheduler;
		if (scheduler != null && rebalance.kind().equals("assigned") && this.looksSoon.compareAndSet(false, true)) {
			try {
				scheduler.schedule(this::lookSoon, Instant.now().plus(SOON));
			}
			catch (TaskRejectedException ex) {
				// It has been stopped meanwhile.
				this.looksSoon.set(false);
			}
		}
	}

	private void lookSoon() {
		this.looksSoon.set(false);
		refresh();
	}

	/**
	 * Stop asking. Does not wait for answers.
	 */
	@Override
	public void stop() {
		ThreadPoolTaskScheduler scheduler = this.scheduler;
		if (scheduler != null) {
			this.scheduler = null;
			scheduler.shutdown();
		}
		this.connections.values().forEach(Connection::close);
		this.connections.clear();
	}

	@Override
	public boolean isRunning() {
		return this.scheduler != null;
	}

	/**
	 * Ask for the ends of all partitions that are assigned now, unless an answer is
	 * outstanding.
	 */
	void refresh() {
		Map<Source, Map<TopicPartition, List<PartitionProgress>>> wanted = new HashMap<>();
		for (AdoptedConsumer consumer : this.consumers.all()) {
			Source source = source(consumer);
			if (source != null) {
				Map<TopicPartition, List<PartitionProgress>> partitions = wanted.computeIfAbsent(source,
						(key) -> new HashMap<>());
				consumer.assignments()
					.forEach((assignment) -> partitions
						.computeIfAbsent(assignment.partition(), (key) -> new ArrayList<>())
						.add(assignment.progress()));
			}
		}
		this.connections.forEach((source, connection) -> {
			if (!wanted.containsKey(source)) {
				this.connections.remove(source);
				connection.close();
			}
		});
		wanted.forEach((source, partitions) -> {
			if (!partitions.isEmpty()) {
				this.connections.computeIfAbsent(source, Connection::new).ask(partitions);
			}
		});
	}

	private static @Nullable Source source(AdoptedConsumer consumer) {
		try {
			return Source.of(ConsumerAdopter.consumerConfiguration(consumer.container()));
		}
		catch (RuntimeException ex) {
			logger.debug("The ends of the partitions of '" + consumer + "' cannot be asked for", ex);
			return null;
		}
	}

	/**
	 * What partitions are asked of.
	 *
	 * @param configuration what an admin client needs
	 * @param isolation whether the end is before transactions that are open
	 */
	private record Source(Map<String, Object> configuration, IsolationLevel isolation) {

		private static final Set<String> ADMIN_SETTINGS = AdminClientConfig.configNames();

		/**
		 * Return whether a setting may be one of those that security providers define
		 * themselves.
		 */
		private static boolean isOfSecurity(String name) {
			return name.startsWith("sasl.") || name.startsWith("ssl.") || name.startsWith("config.providers.");
		}

		/**
		 * Return the source of a consumer, or {@code null} if it does not say where its
		 * broker is.
		 */
		static @Nullable Source of(Map<String, Object> consumer) {
			Map<String, Object> configuration = new HashMap<>(consumer);
			configuration.keySet().removeIf((name) -> !ADMIN_SETTINGS.contains(name) && !isOfSecurity(name));
			configuration.remove(AdminClientConfig.CLIENT_ID_CONFIG);
			if (configuration.get(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG) == null) {
				return null;
			}
			Object isolation = consumer.get(ConsumerConfig.ISOLATION_LEVEL_CONFIG);
			boolean committed = isolation != null
					&& isolation.toString().toLowerCase(Locale.ROOT).equals("read_committed");
			return new Source(configuration,
					committed ? IsolationLevel.READ_COMMITTED : IsolationLevel.READ_UNCOMMITTED);
		}

	}

	/**
	 * An admin client, which is made when it is needed first.
	 */
	private final class Connection {

		private final AtomicBoolean asking = new AtomicBoolean();

		private final Source source;

		private final int number = EndOffsets.this.clientNumbers.incrementAndGet();

		private volatile @Nullable Admin client;

		private volatile boolean closed;

		private volatile boolean failing;

		Connection(Source source) {
			this.source = source;
		}

		void ask(Map<TopicPartition, List<PartitionProgress>> partitions) {
			if (!this.asking.compareAndSet(false, true)) {
				return;
			}
			try {
				ListOffsetsResult result = client().listOffsets(latest(partitions.keySet()),
						new ListOffsetsOptions(this.source.isolation()).timeoutMs(TIMEOUT_MILLIS));
				partitions.forEach((partition, interested) -> result.partitionResult(partition)
					.whenComplete((end, failure) -> answer(interested, (end != null) ? (Long) end.offset() : null)));
				result.all().whenComplete((ends, failure) -> {
					this.asking.set(false);
					answered(partitions.keySet(), failure);
				});
			}
			catch (Throwable ex) {
				this.asking.set(false);
				partitions.values().forEach((interested) -> answer(interested, null));
				answered(partitions.keySet(), ex);
			}
		}

		private static Map<TopicPartition, OffsetSpec> latest(Set<TopicPartition> partitions) {
			Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
			partitions.forEach((partition) -> latest.put(partition, OffsetSpec.latest()));
			return latest;
		}

		private Admin client() {
			Admin client = this.client;
			if (client == null) {
				Map<String, Object> configuration = new HashMap<>(this.source.configuration());
				configuration.put(AdminClientConfig.CLIENT_ID_CONFIG, "kaffe-lag-" + this.number);
				client = EndOffsets.this.clients.apply(configuration);
				this.client = client;
				if (this.closed) {
					// Whoever closed it has seen no client.
					close();
				}
			}
			return client;
		}

		private void answer(List<PartitionProgress> interested, @Nullable Long end) {
			Instant now = EndOffsets.this.ticker.instant();
			interested.forEach((progress) -> progress.endListed(end, now));
		}

		private void answered(Set<TopicPartition> partitions, @Nullable Throwable failure) {
			if (failure == null && this.failing) {
				this.failing = false;
				logger.info("Brokers tell again where all partitions end");
			}
			else if (failure != null && !this.failing && isRunning()) {
				this.failing = true;
				logger.warn(
						"Could not ask brokers where all of " + partitions.size()
								+ " partitions end: their lag may be unknown while nothing of them is fetched",
						failure);
			}
		}

		void close() {
			this.closed = true;
			Admin client = this.client;
			if (client != null) {
				client.close(CLOSE_TIMEOUT);
			}
		}

	}

}
