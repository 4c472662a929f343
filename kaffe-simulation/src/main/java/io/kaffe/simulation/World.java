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

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.test.simulation.Carriers;
import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.SimulatedCluster;

/**
 * One history: a cluster, instances of a service, and the course of what happens to them.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class World {

	static final String GROUP = "orders";

	static final List<String> TOPICS = List.of("orders", "refunds");

	/** Of records that have none. */
	static final String NO_KEY = "no key";

	static final Comparator<TopicPartition> ORDER = Comparator.comparing(TopicPartition::topic)
		.thenComparingInt(TopicPartition::partition);

	/** How long anything may take once it is calm. */
	static final long PATIENCE = Duration.ofSeconds(120).toNanos();

	private static final long MILLI = 1_000_000;

	private static final int MOST_INSTANCES = 5;

	private final List<ServiceInstance> instances = new ArrayList<>();

	private final Scenario scenario;

	private final Simulation simulation;

	private final SimulatedCluster cluster;

	private final Violations violations;

	private final Journal journal;

	private final EffectsOracle effects;

	private final DatabaseDisturbances databaseDisturbances;

	private final Database database;

	private final DeadLetterOracle deadLetters;

	private final LossOracle losses;

	private final OutageOracle outages;

	private final CommitOracle commits;

	private final DeliveryOracle deliveries;

	private final Topics topics;

	private final Operators operators;

	private final ClusterDisturbances clusterDisturbances;

	private final InstanceDisturbances instanceDisturbances;

	private final HandlerDisturbances handlerDisturbances;

	/** By how much time what is left to happen is put off. */
	private long passed;

	/** The settings of instances that start now. */
	private Scenario.Service service;

	private boolean calm;

	World(Scenario scenario, Carriers carriers) {
		this.scenario = scenario;
		this.service = scenario.service();
		this.simulation = Simulation.interleaving(scenario.seed(), carriers);
		this.simulation.slowness(scenario.slowness());
		this.cluster = new SimulatedCluster(this.simulation);
		this.violations = new Violations(this.simulation);
		this.journal = new Journal(this.simulation, this.cluster, scenario);
		this.effects = new EffectsOracle(this.simulation, this.cluster, this.journal, this.violations);
		this.databaseDisturbances = new DatabaseDisturbances(this.simulation);
		this.database = new Database(this.simulation, this.effects, this.databaseDisturbances);
		this.deadLetters = new DeadLetterOracle(this.simulation, this.cluster, this.journal, this.violations, scenario);
		this.losses = new LossOracle(this.simulation, this.cluster, this.journal, this.violations, scenario);
		this.outages = new OutageOracle(this.simulation, this.violations);
		this.commits = new CommitOracle(this.simulation, this.cluster, this.journal, this.deadLetters, this.violations,
				scenario);
		this.deliveries = new DeliveryOracle(this.simulation, this.journal, this.deadLetters, this.outages,
				this.violations, scenario);
		this.cluster.addCommitListener(this.commits);
		this.cluster.addCommitListener(this.deadLetters);
		this.cluster.coordinator().setConsumerGroupTimes(200 * MILLI, 1000 * MILLI);
		this.topics = new Topics(this);
		this.operators = new Operators(this);
		this.clusterDisturbances = new ClusterDisturbances(this);
		this.instanceDisturbances = new InstanceDisturbances(this);
		this.handlerDisturbances = new HandlerDisturbances(this.simulation, this.instanceDisturbances);
	}

	/**
	 * Let the history happen.
	 * @throws ViolationException if it breaks what is promised
	 */
	void run() {
		try {
			this.simulation.run(this::live);
		}
		catch (ViolationException ex) {
			throw ex;
		}
		catch (RuntimeException ex) {
			this.violations.check();
			throw new ViolationException(String.valueOf((ex.getCause() != null) ? ex.getCause() : ex), ex);
		}
	}

	private void live() {
		TOPICS.forEach((topic) -> this.cluster.createTopic(topic, this.scenario.partitions()));
		if (this.scenario.service().setup().publishesDeadLetters()) {
			DeadLetterOracle.TOPICS
				.forEach((topic) -> this.cluster.createTopic(topic, Math.max(1, this.scenario.partitions() - 1)));
		}
		for (int i = 0; i < this.scenario.instances(); i++) {
			start();
		}
		for (Happening happening : this.scenario.happenings()) {
			long wait = happening.millis() * MILLI + this.passed - this.simulation.nanoTime();
			if (wait > 0) {
				this.simulation.elapse(wait);
			}
			this.violations.check();
			this.simulation.record(() -> "* " + happening.kind());
			happen(happening);
		}
		if (this.service.detectsOutages()) {
			// Longer than the window within which it is detected.
			this.simulation
				.elapse(Math.max(this.handlerDisturbances.outageLeft(), this.databaseDisturbances.outageLeft()));
		}
		new Calm(this).come();
	}

	private void happen(Happening happening) {
		switch (happening.kind()) {
			case PRODUCE, TRICKLE, COMPACT, TRANSACTION, ABORTED_TRANSACTION, RETENTION, TRUNCATION, ELECTION,
					MORE_PARTITIONS, DELETED_TOPIC ->
				this.topics.happen(happening);
			case START -> start();
			case FAILING_KEY, MENDED_KEY, HANG, OUTAGE, RESTART_BY_HANDLER, SLOW_HANDLERS, NO_DEAD_LETTERS ->
				this.handlerDisturbances.happen(happening);
			case DATABASE_AWAY, SLOW_DATABASE, FAIL_STATEMENTS, LOSE_COMMITS, KILL_AT_COMMIT, FREEZE_AT_COMMIT ->
				this.databaseDisturbances.happen(happening, this.database);
			case TIME_PASSES -> {
				long span = (10 + happening.howMuch() % 20) * 1000 * MILLI;
				this.simulation.elapse(span);
				this.passed += span;
			}
			case NO_COORDINATOR -> this.cluster.disturbances().coordinatorUnavailable(happening.spanNanos());
			case NO_BROKERS -> this.cluster.disturbances().brokersUnavailable(happening.spanNanos());
			default -> {
				List<ServiceInstance> up = up();
				if (!up.isEmpty()) {
					happen(happening, up.get(happening.which() % up.size()));
				}
			}
		}
	}

	private void happen(Happening happening, ServiceInstance instance) {
		switch (happening.kind()) {
			case RETRY, SKIP, DEAD_LETTER, REPLAY, ABANDON, SEEK, PAUSE_PARTITION, PAUSE, CONTAINER_PAUSE,
					CONTAINER_PAUSE_PARTITION, MAX_CONCURRENCY ->
				this.operators.operate(happening, instance);
			case STOP, KILL, FREEZE, RESTART_CONTAINER, CONCURRENCY, OTHER_SETTINGS, REJECTED_TASKS, CLOCK_JUMP,
					LISTENER_SEEKS ->
				this.instanceDisturbances.happen(happening, instance);
			default -> this.clusterDisturbances.happen(happening, instance);
		}
	}

	/**
	 * Let handlers and the application do what they should from now on.
	 */
	void becomeCalm() {
		this.calm = true;
		this.handlerDisturbances.clear();
		this.databaseDisturbances.clear();
	}

	/**
	 * Run a task in a thread of its own, outside of all instances.
	 */
	void aside(String thread, Runnable task) {
		this.simulation.outside().thread(thread, task);
	}

	/**
	 * Start one more instance, unless there are many.
	 */
	void start() {
		if (up().size() < MOST_INSTANCES) {
			ServiceInstance instance = new ServiceInstance(this, this.service, this.instances.size());
			this.instances.add(instance);
			this.simulation.record(() -> instance + " is started");
			instance.start();
		}
	}

	/**
	 * Let instances that start from now on have the next version of the settings.
	 */
	void rollOut() {
		this.service = this.scenario.other();
	}

	/**
	 * Return the instances that were neither stopped nor killed.
	 */
	List<ServiceInstance> up() {
		return this.instances.stream().filter(ServiceInstance::isUp).toList();
	}

	boolean isCalm() {
		return this.calm;
	}

	int partitions() {
		int partitions = 0;
		for (String topic : TOPICS) {
			partitions += this.cluster.partitions(topic);
		}
		return partitions;
	}

	List<ServiceInstance> instances() {
		return this.instances;
	}

	InstanceDisturbances instanceDisturbances() {
		return this.instanceDisturbances;
	}

	HandlerDisturbances handlerDisturbances() {
		return this.handlerDisturbances;
	}

	Topics topics() {
		return this.topics;
	}

	Operators operators() {
		return this.operators;
	}

	Scenario scenario() {
		return this.scenario;
	}

	Simulation simulation() {
		return this.simulation;
	}

	SimulatedCluster cluster() {
		return this.cluster;
	}

	Violations violations() {
		return this.violations;
	}

	Journal journal() {
		return this.journal;
	}

	DeadLetterOracle deadLetters() {
		return this.deadLetters;
	}

	EffectsOracle effects() {
		return this.effects;
	}

	DatabaseDisturbances databaseDisturbances() {
		return this.databaseDisturbances;
	}

	Database database() {
		return this.database;
	}

	LossOracle losses() {
		return this.losses;
	}

	OutageOracle outages() {
		return this.outages;
	}

	CommitOracle commits() {
		return this.commits;
	}

	DeliveryOracle deliveries() {
		return this.deliveries;
	}

}
