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

package io.kaffe.spring.test;

import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationContextAware;
import org.springframework.context.ApplicationListener;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.event.ConsumerStartingEvent;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.scheduling.TaskScheduler;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.WorkerManager;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.test.simulation.Carriers;

/**
 * What an application context of a {@link KaffeTest} keeps from one test method to the
 * next: its listener containers and factories, and what their threads, schedulers and
 * clocks are while a simulated world is present.
 */
final class SimulatedWorlds
		implements SimulatedKafka, ApplicationContextAware, ApplicationListener<ConsumerStartingEvent> {

	private final Map<AbstractMessageListenerContainer<?, ?>, Boolean> containers = new LinkedHashMap<>();

	private final Set<DefaultKafkaConsumerFactory<?, ?>> consumerFactories = new LinkedHashSet<>();

	private final Carriers carriers = new Carriers(false);

	private final int partitions;

	private @Nullable ApplicationContext context;

	private volatile @Nullable SimulatedWorld present;

	private volatile long passedNanos;

	SimulatedWorlds(int partitions) {
		this.partitions = partitions;
	}

	@Override
	public void setApplicationContext(ApplicationContext context) {
		this.context = context;
	}

	@Override
	public void onApplicationEvent(ConsumerStartingEvent event) {
		SimulatedWorld world = this.present;
		if (world != null) {
			world.consumerThreadStarts();
		}
	}

	@Override
	public boolean supportsAsyncExecution() {
		return false;
	}

	/**
	 * Run something in a new world.
	 */
	SimulatedWorld run(long seed, Disorder disorder, Action action) throws Throwable {
		SimulatedWorld world = new SimulatedWorld(this, seed, disorder);
		this.present = world;
		try {
			world.run(action);
		}
		finally {
			this.passedNanos += world.simulation().nanoTime();
			this.present = null;
		}
		return world;
	}

	SimulatedWorld present() {
		SimulatedWorld world = this.present;
		if (world == null) {
			throw new IllegalStateException(
					"The simulated Kafka is there only while a test method of a @KaffeTest runs");
		}
		return world;
	}

	@Nullable SimulatedWorld presentOrNull() {
		return this.present;
	}

	int defaultPartitions() {
		return this.partitions;
	}

	Carriers carriers() {
		return this.carriers;
	}

	ListableBeanFactory beans() {
		ApplicationContext context = this.context;
		if (context == null) {
			throw new IllegalStateException("There is no application context yet");
		}
		return context;
	}

	@Nullable KaffeConsumers consumers() {
		return beans().getBeanProvider(KaffeConsumers.class).getIfUnique();
	}

	@Nullable WorkerManager workers() {
		return beans().getBeanProvider(WorkerManager.class).getIfUnique();
	}

	/**
	 * Return the primary or only producer factory.
	 */
	ProducerFactory<?, ?> producerFactory() {
		ProducerFactory<?, ?> factory = beans().getBeanProvider(ProducerFactory.class).getIfUnique();
		if (factory == null) {
			throw new IllegalStateException("There is no ProducerFactory bean whose serializers could be used to send, "
					+ "or there are several and none is primary");
		}
		return factory;
	}

	/**
	 * Return the consumer factory whose deserializers read what is asserted.
	 */
	@Nullable SimulatedConsumerFactory<?, ?> consumerFactory() {
		return this.consumerFactories.stream()
			.filter(SimulatedConsumerFactory.class::isInstance)
			.map((factory) -> (SimulatedConsumerFactory<?, ?>) factory)
			.findFirst()
			.orElse(null);
	}

	void add(DefaultKafkaConsumerFactory<?, ?> factory) {
		this.consumerFactories.add(factory);
	}

	/**
	 * Prepare a container before it is given workers.
	 */
	@SuppressWarnings("unchecked")
	void add(AbstractMessageListenerContainer<?, ?> container) {
		if (this.containers.putIfAbsent(container, container.isAutoStartup()) == null) {
			container.setAutoStartup(false);
			container.getContainerProperties().setListenerTaskExecutor(new ConsumerThreads());
			container.getContainerProperties().setScheduler(scheduler());
			Deliveries.installIn((AbstractMessageListenerContainer<Object, Object>) container, this);
		}
	}

	/**
	 * Return the containers to start.
	 */
	List<AbstractMessageListenerContainer<?, ?>> containers() {
		List<AbstractMessageListenerContainer<?, ?>> started = new ArrayList<>();
		this.containers.forEach((container, autoStartup) -> {
			if (autoStartup) {
				started.add(container);
			}
		});
		return started;
	}

	/**
	 * Return all containers.
	 */
	Set<AbstractMessageListenerContainer<?, ?>> allContainers() {
		return this.containers.keySet();
	}

	Executor executor() {
		return (task) -> inWorld().workers().execute(task);
	}

	WorkerRuntime runtime() {
		return new WorkerRuntime(executor(), scheduler(), new WorldTicker(),
				(prefix) -> (task) -> inWorld().threads(prefix).execute(task));
	}

	private SimulatedWorld inWorld() {
		SimulatedWorld world = this.present;
		if (world == null) {
			throw new RejectedExecutionException("Nothing runs between the test methods of a @KaffeTest");
		}
		return world;
	}

	/**
	 * Return a scheduler of the world that is present.
	 */
	private TaskScheduler scheduler() {
		return (TaskScheduler) Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { TaskScheduler.class }, (proxy, method, arguments) -> {
					if (method.getDeclaringClass() == Object.class) {
						return method.invoke(this, arguments);
					}
					SimulatedWorld world = this.present;
					if (world == null && method.getName().equals("getClock")) {
						return Clock.systemUTC();
					}
					return method.invoke(inWorld().scheduler(), arguments);
				});
	}

	@Override
	public void send(String topic, @Nullable Object key, @Nullable Object value) {
		present().send(topic, null, key, value);
	}

	@Override
	public void send(String topic, int partition, @Nullable Object key, @Nullable Object value) {
		present().send(topic, partition, key, value);
	}

	@Override
	public void advance(Duration duration) {
		present().advance(duration);
	}

	@Override
	public void awaitIdle() {
		present().awaitIdle();
	}

	@Override
	public Instant time() {
		return present().simulation().instant();
	}

	@Override
	public List<HandledRecord> handled() {
		return List.copyOf(present().handled());
	}

	@Override
	public List<FailingRecord> failing() {
		return present().failing();
	}

	@Override
	public long committed(String topic, int partition) {
		return present().committed(new TopicPartition(topic, partition));
	}

	@Override
	public <K, V> List<ConsumerRecord<K, V>> records(String topic) {
		return present().records(topic);
	}

	@Override
	public List<TopicPartition> partitions() {
		return present().partitions();
	}

	@Override
	public void rebalance() {
		present().rebalance();
	}

	@Override
	public void crashAndRestart() {
		present().crashAndRestart();
	}

	@Override
	public void failNextCommits(int count) {
		present().failNextCommits(count);
	}

	@Override
	public void brokersUnavailable(Duration duration) {
		present().brokersUnavailable(duration);
	}

	/**
	 * What a test method does.
	 */
	@FunctionalInterface
	interface Action {

		void run() throws Throwable;

	}

	/**
	 * Starts the consumer threads of containers.
	 */
	private final class ConsumerThreads implements AsyncTaskExecutor {

		@Override
		public void execute(Runnable task) {
			inWorld().startConsumerThread(task);
		}

	}

	/**
	 * The time of the world that is present. Its monotonic clock goes on from one world
	 * to the next.
	 */
	private final class WorldTicker implements Ticker {

		@Override
		public long nanoTime() {
			SimulatedWorld world = SimulatedWorlds.this.present;
			return SimulatedWorlds.this.passedNanos + ((world != null) ? world.simulation().nanoTime() : 0);
		}

		@Override
		public Instant instant() {
			SimulatedWorld world = SimulatedWorlds.this.present;
			return (world != null) ? world.simulation().instant() : Ticker.system().instant();
		}

		@Override
		public void park(Object blocker, long nanos) {
			SimulatedWorld world = SimulatedWorlds.this.present;
			if (world != null && world.simulation().isRunningThread()) {
				world.simulation().park(nanos);
			}
			else {
				Ticker.system().park(blocker, nanos);
			}
		}

		@Override
		public void unpark(@Nullable Thread thread) {
			SimulatedWorld world = SimulatedWorlds.this.present;
			if (world != null) {
				world.simulation().unpark(thread);
			}
			else if (thread != null) {
				Ticker.system().unpark(thread);
			}
		}

		@Override
		public void pause(Duration duration) throws InterruptedException {
			SimulatedWorld world = SimulatedWorlds.this.present;
			if (world != null && world.simulation().isRunningThread()) {
				world.simulation().sleep(duration.toNanos());
			}
			else {
				Ticker.system().pause(duration);
			}
		}

	}

}
