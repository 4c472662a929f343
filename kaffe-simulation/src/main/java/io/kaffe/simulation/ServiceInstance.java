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
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;

import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.support.serializer.DeserializationException;
import org.springframework.scheduling.TaskScheduler;

import io.kaffe.spring.DeadLetterRun;
import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.engine.deadletter.DeadLetters;
import io.kaffe.spring.engine.delivery.RecordRecoverer;
import io.kaffe.spring.engine.listener.EngineInstance;
import io.kaffe.spring.engine.worker.ConsumerObserver;
import io.kaffe.spring.engine.worker.LostRecords;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.test.simulation.SimulatedProcess;
import io.kaffe.spring.test.simulation.SimulatedThread;
import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.SimulatedConsumer;

/**
 * One instance of the service: a process with a listener container that was given
 * workers.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class ServiceInstance {

	private final World world;

	private final Simulation simulation;

	private final SimulatedProcess process;

	private final Scenario.Service service;

	private final Application application;

	private final DatabaseClient database;

	private final Payloads payloads;

	private final InstanceConsumers consumers;

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
		this.database = new DatabaseClient(world, this);
		this.payloads = new Payloads(world);
		this.consumers = new InstanceConsumers(world, this, InstanceConfig.ofConsumers(service, this.name));
		HandlerWork work = new HandlerWork(world, this);
		this.application = new Application(world, this, work);
		this.recoverer = service.setup().publishesDeadLetters() ? DeadLetterProducers.deadLetters(world, this)
				: new DeadLetterSender(world, work);
		TaskScheduler scheduler = this.process.scheduler("scheduler");
		WorkerRuntime runtime = new WorkerRuntime(this.process.executor("worker", service.poolSize()), scheduler,
				new ProcessTicker(this.simulation, this.process), (prefix) -> this.process.executor(prefix, 4));
		this.engine = new EngineInstance(World.GROUP, runtime, container(scheduler),
				InstanceConfig.ofWorkers(world, service, this.recoverer),
				new EngineInstance.Clients(this.consumers::ofBytes,
						() -> world.cluster().admin((answer) -> later(0, answer)),
						Duration.ofMillis(service.lagMillis()), this.process.scheduler("lag")),
				new Observer(), world.scenario().once() ? this.database : null);
	}

	private ConcurrentMessageListenerContainer<Object, Object> container(TaskScheduler scheduler) {
		ContainerProperties properties = this.service.setup().topicPattern()
				? new ContainerProperties(Pattern.compile(String.join("|", World.TOPICS)))
				: new ContainerProperties(World.TOPICS.toArray(String[]::new));
		properties.setGroupId(World.GROUP);
		properties.setMessageListener(this.application.listener(this.service.shape()));
		properties.setListenerTaskExecutor(new ConsumerThreads());
		properties.setScheduler(scheduler);
		// Whatever is to be done has to end the poll: the calm is shorter.
		properties.setPollTimeout(Duration.ofMinutes(5).toMillis());
		if (this.service.shape().isAcknowledged()) {
			properties.setAckMode(ContainerProperties.AckMode.MANUAL);
			properties.setAsyncAcks(this.service.acknowledgesOutOfOrder());
		}
		ConcurrentMessageListenerContainer<Object, Object> container = new ConcurrentMessageListenerContainer<>(
				this.consumers, properties);
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

	/**
	 * Set how many consumer threads the container has when it starts again.
	 */
	void setConcurrency(int concurrency) {
		this.concurrency = concurrency;
		this.engine.container().setConcurrency(concurrency);
	}

	void start() {
		this.engine.start();
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
			this.world.violations().add(this + " does not stop");
		}
		if (this.recoverer instanceof DeadLetters deadLetters) {
			deadLetters.close();
		}
		this.engine.stopAsking();
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
		this.consumers.all().forEach(SimulatedConsumer::kill);
		this.world.deliveries().killed(this);
		if (this.world.scenario().once()) {
			// What it has sent to the database before is still done.
			this.simulation.after(this.simulation.choose(50) * 1_000_000L,
					() -> this.world.database().rollBackAll(this));
		}
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
	 * Return whether work on lost partitions was waited for, as a drain does.
	 */
	boolean waitedForLostPartitions() {
		return this.service.drainMillis() >= 2000 && this.consumers.longestLoss() >= 1_000_000_000;
	}

	/**
	 * Check that the buffer keeps its ceiling (docs/guide/guarantees.md).
	 */
	void checkBounds() {
		int ceiling = 2 * this.service.maxBuffered() + this.service.maxPollRecords() * this.concurrency
				+ this.world.partitions();
		if (this.engine.buffered() > ceiling) {
			this.world.violations()
				.add(this + " has buffered " + this.engine.buffered() + " records, more than " + ceiling);
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
		if (isReplaying()) {
			left.add("dead letters that are replayed or abandoned");
		}
		return left;
	}

	/**
	 * Return whether this instance replays dead letters, and no other one can.
	 */
	boolean isReplayedAlone() {
		return this.world.isCalm() && isReplaying()
				&& this.world.instances()
					.stream()
					.noneMatch((other) -> other != this && !other.process().isKilled() && other.isReplaying());
	}

	/**
	 * Return whether dead letters are being replayed or abandoned.
	 */
	boolean isReplaying() {
		DeadLetterRun run = this.process.isKilled() ? null : this.engine.operations().deadLetters(World.GROUP).run();
		return run != null && run.state() == DeadLetterRun.State.RUNNING;
	}

	DatabaseClient database() {
		return this.database;
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

	InstanceConsumers consumers() {
		return this.consumers;
	}

	Application application() {
		return this.application;
	}

	int number() {
		return this.number;
	}

	@Override
	public String toString() {
		return this.name;
	}

	/**
	 * Is notified of what happens to the consumer.
	 */
	private final class Observer implements ConsumerObserver {

		@Override
		public void lost(String consumer, LostRecords lost) {
			ServiceInstance.this.world.losses().reported(lost);
		}

		@Override
		public void outageBegan(String consumer, ConsumerSnapshot.Outage outage) {
			ServiceInstance.this.world.outages().began(ServiceInstance.this, outage);
		}

		@Override
		public void parked(String consumer, FailingRecord record) {
			if (!(record.failure() instanceof DeserializationException)
					&& !ServiceInstance.this.service.setup().oddBackOff()) {
				ServiceInstance.this.world.outages()
					.exhausted(ServiceInstance.this, record.partition() + "@" + record.offset() + " is parked");
			}
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
