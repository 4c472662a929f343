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

package io.kaffe.simulation;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;

import io.kaffe.simulation.Scenario.Protocol;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.deadletter.DeadLetters;
import io.kaffe.spring.engine.delivery.BatchDelivery;
import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.delivery.RecordRecoverer;
import io.kaffe.spring.engine.listener.ConsumerSettings;
import io.kaffe.spring.engine.listener.EngineInstance;
import io.kaffe.spring.engine.worker.RestartHistory;
import io.kaffe.spring.engine.worker.WorkerOwner;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.test.simulation.SimulatedProcess;
import io.kaffe.spring.test.simulation.SimulatedThread;
import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.AssignmentEnd;
import io.kaffe.spring.test.simulation.kafka.SimulatedConsumer;

/**
 * One instance of the service: a process with a listener container that was given
 * workers.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class ServiceInstance {

	private final List<SimulatedConsumer<Object, Object>> consumers = new ArrayList<>();

	private final World world;

	private final Simulation simulation;

	private final SimulatedProcess process;

	private final Scenario.Service service;

	private final Application application;

	private final Payloads payloads;

	private final RecordRecoverer recoverer;

	private final EngineInstance engine;

	private final TaskScheduler answers;

	private final String name;

	private final int number;

	private int concurrency;

	private boolean stopped;

	ServiceInstance(World world, Scenario.Service service, int number) {
		this.world = world;
		this.simulation = world.simulation();
		this.service = service;
		this.concurrency = service.concurrency();
		this.number = number;
		this.name = "instance-" + number;
		this.process = SimulatedProcess.start(this.simulation, this.name);
		this.answers = this.process.scheduler("answer");
		this.payloads = new Payloads(world);
		this.application = new Application(world, this);
		this.recoverer = service.setup().publishesDeadLetters() ? DeadLetterProducers.deadLetters(world, this)
				: this.application;
		TaskScheduler scheduler = this.process.scheduler("scheduler");
		WorkerRuntime runtime = new WorkerRuntime(this.process.executor("worker", service.poolSize()), scheduler,
				new ProcessTicker(this.simulation, this.process), (prefix) -> this.process.executor(prefix, 4));
		this.engine = new EngineInstance(World.GROUP, runtime, container(scheduler), settings());
	}

	private ConcurrentMessageListenerContainer<Object, Object> container(TaskScheduler scheduler) {
		ContainerProperties properties = this.service.setup().topicPattern()
				? new ContainerProperties(Pattern.compile(String.join("|", World.TOPICS)))
				: new ContainerProperties(World.TOPICS.toArray(String[]::new));
		properties.setGroupId(World.GROUP);
		properties.setMessageListener(this.application.listener(this.service.shape()));
		properties.setListenerTaskExecutor(new ConsumerThreads());
		properties.setScheduler(scheduler);
		properties.setPollTimeout(1000);
		if (this.service.shape().isAcknowledged()) {
			properties.setAckMode(ContainerProperties.AckMode.MANUAL);
		}
		ConcurrentMessageListenerContainer<Object, Object> container = new ConcurrentMessageListenerContainer<>(
				new Consumers(config()), properties);
		container.setConcurrency(this.service.concurrency());
		container.setBeanName(this.name);
		container.setApplicationEventPublisher(context());
		this.application.hooks().installIn(container, this.service.shape().isBatch());
		return container;
	}

	/**
	 * Return the application context, of which the engine looks only whether it is open.
	 */
	private ApplicationEventPublisher context() {
		return (ApplicationEventPublisher) Proxy.newProxyInstance(ServiceInstance.class.getClassLoader(),
				new Class<?>[] { ConfigurableApplicationContext.class },
				(proxy, method, args) -> switch (method.getName()) {
					case "isActive" -> !this.stopped;
					case "isClosed" -> this.stopped;
					default -> null;
				});
	}

	private Map<String, Object> config() {
		Map<String, Object> config = new HashMap<>();
		config.put(ConsumerConfig.GROUP_ID_CONFIG, World.GROUP);
		config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
		config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
		config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG,
				this.service.readCommitted() ? "read_committed" : "read_uncommitted");
		config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, this.service.maxPollRecords());
		config.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, 10_000);
		config.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 3_000);
		config.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, 1_000);
		if (this.service.protocol() == Protocol.CONSUMER) {
			config.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "consumer");
		}
		else {
			config.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 1_000);
			config.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 200);
			config.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
					(this.service.protocol() == Protocol.COOPERATIVE) ? CooperativeStickyAssignor.class.getName()
							: RangeAssignor.class.getName());
		}
		if (this.service.staticMembers()) {
			config.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, this.name);
		}
		return config;
	}

	private ConsumerSettings settings() {
		FailurePolicy policy = new FailurePolicy(this.service.maxAttempts(),
				this.service.setup().oddBackOff() ? new OddBackOff(this.world, this.service.backOffMillis())
						: new FixedBackOff(this.service.backOffMillis(), Long.MAX_VALUE),
				null, Set.of(), this.service.then(), Map.of(),
				(this.service.then() == FailureAction.DEAD_LETTER) ? this.recoverer : null, null, 3);
		return new ConsumerSettings(this.service.strategy().configurationName(), this.service.strategy(),
				(this.service.maxConcurrency() > 0) ? this.service.maxConcurrency() : null, this.service.maxBuffered(),
				64L << 20, this.service.completedOffsets(), Duration.ofMillis(this.service.commitMillis()),
				Duration.ofMillis(this.service.drainMillis()), new BatchDelivery.Limits(20, Duration.ZERO), policy,
				new WorkerOwner.StallLimits(Duration.ofSeconds(1), null),
				new RestartHistory.Limit(1000, Duration.ofMillis(1)), ConsumerProblem.Severity.WARNING, false);
	}

	/**
	 * Set how many consumer threads the container has when it starts again.
	 */
	void setConcurrency(int concurrency) {
		this.concurrency = concurrency;
		this.engine.container().setConcurrency(concurrency);
	}

	void start() {
		this.engine.container().start();
	}

	/**
	 * Take it for stopped from now on.
	 */
	void beginStop() {
		this.stopped = true;
	}

	/**
	 * Stop gracefully, as a service that is shut down.
	 */
	void stop() {
		this.simulation.record(() -> this + " is stopped");
		this.engine.contextCloses();
		if (!stopContainer()) {
			this.world.journal().violated(this + " does not stop");
		}
		if (this.recoverer instanceof DeadLetters deadLetters) {
			deadLetters.close();
		}
	}

	/**
	 * Stop the container.
	 * @return whether it has stopped, or the process has ended
	 */
	boolean stopContainer() {
		return this.simulation.await(beginStopOfContainer(), World.PATIENCE);
	}

	/**
	 * Stop the container, without waiting for it.
	 * @return whether it has stopped, or the process has ended
	 */
	BooleanSupplier beginStopOfContainer() {
		boolean[] ended = new boolean[1];
		this.engine.container().stop(() -> ended[0] = true);
		return () -> ended[0] || this.process.isKilled();
	}

	void kill() {
		this.simulation.record(() -> this + " is killed");
		this.process.kill();
		this.consumers.forEach(SimulatedConsumer::kill);
		this.world.journal().killed(this);
	}

	/**
	 * Run a task later, on a thread of the application.
	 */
	void later(long nanos, Runnable task) {
		this.answers.schedule(task, this.answers.getClock().instant().plusNanos(nanos));
	}

	/**
	 * Return whether it was neither stopped nor killed.
	 */
	boolean isUp() {
		return !this.stopped && !this.process.isKilled();
	}

	/**
	 * Return whether a partition is assigned and not being taken away.
	 */
	boolean isAssigned(TopicPartition partition) {
		for (SimulatedConsumer<Object, Object> consumer : this.consumers) {
			if (consumer.isAssignedNow(partition)) {
				AssignmentEnd end = consumer.lastEnd(partition);
				if (end == null || !end.isInProgress()) {
					return true;
				}
			}
		}
		return false;
	}

	/**
	 * Return how the last assignment of a partition ended that has ended or is being
	 * revoked, or {@code null} if none has.
	 */
	@Nullable AssignmentEnd lastEnd(TopicPartition partition) {
		AssignmentEnd last = null;
		for (SimulatedConsumer<Object, Object> consumer : this.consumers) {
			AssignmentEnd end = consumer.lastEnd(partition);
			if (end != null && (last == null || end.beganAt() >= last.beganAt())) {
				last = end;
			}
		}
		return last;
	}

	/**
	 * Return whether work on lost partitions was waited for, as a drain does.
	 */
	boolean waitedForLostPartitions() {
		return this.service.drainMillis() >= 2000
				&& this.consumers.stream().anyMatch((consumer) -> consumer.longestLoss() >= 1_000_000_000);
	}

	List<TopicPartition> assigned() {
		return this.consumers.stream()
			.flatMap((consumer) -> consumer.assignedNow().stream())
			.distinct()
			.sorted(World.ORDER)
			.toList();
	}

	/**
	 * Check that the buffer keeps its ceiling (docs/guide/guarantees.md).
	 */
	void checkBounds() {
		int ceiling = 2 * this.service.maxBuffered() + this.service.maxPollRecords() * this.concurrency
				+ this.world.partitions();
		if (this.engine.buffered() > ceiling) {
			this.world.journal()
				.violated(this + " has buffered " + this.engine.buffered() + " records, more than " + ceiling);
		}
	}

	Scenario.Service service() {
		return this.service;
	}

	/**
	 * Return what is left although nothing is to be done any more.
	 */
	List<String> leftovers() {
		List<String> left = this.engine.leftovers();
		if (this.application.hooks().open() > 0) {
			left.add(this.application.hooks().open() + " deliveries in the interceptor");
		}
		return left;
	}

	Payloads payloads() {
		return this.payloads;
	}

	SimulatedProcess process() {
		return this.process;
	}

	EngineInstance engine() {
		return this.engine;
	}

	Application application() {
		return this.application;
	}

	List<SimulatedConsumer<Object, Object>> consumers() {
		return this.consumers;
	}

	int number() {
		return this.number;
	}

	@Override
	public String toString() {
		return this.name;
	}

	/**
	 * Creates simulated consumers.
	 */
	private final class Consumers extends DefaultKafkaConsumerFactory<Object, Object> {

		private final Map<String, Object> config;

		Consumers(Map<String, Object> config) {
			super(config, ServiceInstance.this.payloads.keyDeserializer(),
					ServiceInstance.this.payloads.valueDeserializer());
			this.config = Collections.unmodifiableMap(config);
		}

		@Override
		public Map<String, Object> getConfigurationProperties() {
			return this.config;
		}

		@Override
		@SuppressWarnings({ "unchecked", "rawtypes" })
		public Consumer<Object, Object> createConsumer(@Nullable String groupId, @Nullable String clientIdPrefix,
				@Nullable String clientIdSuffix, java.util.@Nullable Properties properties) {
			Map<String, Object> all = new HashMap<>(this.config);
			if (clientIdSuffix != null && all.containsKey(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG)) {
				all.computeIfPresent(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, (key, id) -> id + clientIdSuffix);
			}
			all.put(ConsumerConfig.CLIENT_ID_CONFIG,
					ServiceInstance.this.name + Objects.requireNonNullElse(clientIdSuffix, ""));
			SimulatedConsumer<Object, Object> consumer = (SimulatedConsumer) ServiceInstance.this.world.cluster()
				.consumer(all, ServiceInstance.this.payloads.keyDeserializer(),
						ServiceInstance.this.payloads.valueDeserializer(), ServiceInstance.this.process::isRunning);
			consumer.onPoll(ServiceInstance.this::checkBounds);
			ServiceInstance.this.consumers.add(consumer);
			return consumer;
		}

	}

	/**
	 * Starts the container's consumer threads. A new one runs at once, until it waits.
	 */
	private final class ConsumerThreads implements AsyncTaskExecutor {

		@Override
		public void execute(Runnable task) {
			SimulatedThread thread = ServiceInstance.this.process.thread("consumer", task);
			ServiceInstance.this.simulation.record(() -> thread + " starts");
		}

	}

}
