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
import java.util.HashSet;
import java.util.List;
import java.util.Set;

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

	private final Set<String> failingKeys = new HashSet<>();

	private final Scenario scenario;

	private final Simulation simulation;

	private final SimulatedCluster cluster;

	private final Journal journal;

	private final Topics topics;

	private final Operators operators;

	private final ClusterDisturbances clusterDisturbances;

	private final InstanceDisturbances instanceDisturbances;

	/** The settings of instances that start now. */
	private Scenario.Service service;

	private long slowUntil;

	private long outageUntil;

	private long noDeadLettersUntil;

	private int hangs;

	private int restarts;

	private boolean calm;

	World(Scenario scenario, Carriers carriers) {
		this.scenario = scenario;
		this.service = scenario.service();
		this.simulation = Simulation.interleaving(scenario.seed(), carriers);
		this.simulation.slowness(scenario.slowness());
		this.cluster = new SimulatedCluster(this.simulation);
		this.journal = new Journal(this.simulation, this.cluster, scenario, scenario.isGraceful());
		this.cluster.addCommitListener(this.journal);
		this.cluster.coordinator().setConsumerGroupTimes(200 * MILLI, 1000 * MILLI);
		this.topics = new Topics(this);
		this.operators = new Operators(this);
		this.clusterDisturbances = new ClusterDisturbances(this);
		this.instanceDisturbances = new InstanceDisturbances(this);
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
			this.journal.check();
			throw new ViolationException(String.valueOf((ex.getCause() != null) ? ex.getCause() : ex), ex);
		}
	}

	private void live() {
		TOPICS.forEach((topic) -> this.cluster.createTopic(topic, this.scenario.partitions()));
		if (this.scenario.service().setup().publishesDeadLetters()) {
			DeadLetterLog.TOPICS
				.forEach((topic) -> this.cluster.createTopic(topic, Math.max(1, this.scenario.partitions() - 1)));
		}
		for (int i = 0; i < this.scenario.instances(); i++) {
			start();
		}
		for (Happening happening : this.scenario.happenings()) {
			long wait = happening.millis() * MILLI - this.simulation.nanoTime();
			if (wait > 0) {
				this.simulation.elapse(wait);
			}
			this.journal.check();
			this.simulation.record(() -> "* " + happening.kind());
			happen(happening);
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
				disturbHandlers(happening);
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
			case RETRY, SKIP, DEAD_LETTER, SEEK, PAUSE_PARTITION, PAUSE, CONTAINER_PAUSE, CONTAINER_PAUSE_PARTITION,
					MAX_CONCURRENCY ->
				this.operators.operate(happening, instance);
			case STOP, KILL, FREEZE, RESTART_CONTAINER, CONCURRENCY, OTHER_SETTINGS, REJECTED_TASKS, CLOCK_JUMP,
					LISTENER_SEEKS ->
				this.instanceDisturbances.happen(happening, instance);
			default -> this.clusterDisturbances.happen(happening, instance);
		}
	}

	private void disturbHandlers(Happening happening) {
		long until = this.simulation.nanoTime() + happening.spanNanos();
		switch (happening.kind()) {
			case FAILING_KEY -> this.failingKeys.add(Topics.key(happening.which()));
			case MENDED_KEY -> this.failingKeys.remove(Topics.key(happening.which()));
			case HANG -> {
				this.hangs = 1;
			}
			case RESTART_BY_HANDLER -> {
				this.restarts = 1;
			}
			case OUTAGE -> {
				this.outageUntil = until;
			}
			case SLOW_HANDLERS -> {
				this.slowUntil = until + happening.spanNanos() * (happening.which() % 5);
			}
			default -> {
				this.noDeadLettersUntil = until;
			}
		}
	}

	/**
	 * Let handlers do what they should from now on.
	 */
	void becomeCalm() {
		this.calm = true;
		this.failingKeys.clear();
		this.slowUntil = 0;
		this.outageUntil = 0;
		this.hangs = 0;
		this.restarts = 0;
		this.noDeadLettersUntil = 0;
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

	boolean isSlow() {
		return this.simulation.nanoTime() < this.slowUntil;
	}

	boolean isFailing(String key) {
		return this.failingKeys.contains(key) || this.simulation.nanoTime() < this.outageUntil;
	}

	boolean refusesDeadLetters() {
		return this.simulation.nanoTime() < this.noDeadLettersUntil;
	}

	/**
	 * Let the next handler have its container started again, once.
	 */
	void maybeRestart(ServiceInstance instance) {
		if (this.restarts > 0 && instance.isUp()) {
			this.restarts--;
			this.instanceDisturbances.restartByHandler(instance);
		}
	}

	/**
	 * Let a handler stop its container, which is started again when it has stopped.
	 */
	void restartByHandler(ServiceInstance instance) {
		if (instance.isUp()) {
			this.instanceDisturbances.restartByHandler(instance);
		}
	}

	/**
	 * Return whether the next handler is to hang, once.
	 */
	boolean takesHang() {
		return this.hangs > 0 && this.hangs-- > 0;
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

	Journal journal() {
		return this.journal;
	}

}
