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

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.function.Function;

import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.support.TopicPartitionOffset;
import org.springframework.scheduling.TaskScheduler;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.WorkerManager;
import io.kaffe.spring.engine.adapter.SpringKafkaFields;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.WorkerSnapshot;
import io.kaffe.spring.test.Disorder.Disturbance;
import io.kaffe.spring.test.HandledRecord.Outcome;
import io.kaffe.spring.test.simulation.SimulatedProcess;
import io.kaffe.spring.test.simulation.SimulatedThread;
import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.CommitFault;
import io.kaffe.spring.test.simulation.kafka.SimulatedCluster;
import io.kaffe.spring.test.simulation.kafka.SimulatedConsumer;

/**
 * The world of one run of a test method: a cluster, and the application as a process.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class SimulatedWorld {

	private static final Duration PATIENCE = Duration.ofMinutes(10);

	/** Longer than anything that the engine or a consumer does without being asked. */
	private static final Duration QUIET = Duration.ofSeconds(30);

	private static final Duration LOOK_PERIOD = Duration.ofMillis(20);

	/** A consumer finds its initial position by then. */
	private static final Duration AFTER_ASSIGNMENT = Duration.ofMillis(500);

	/** Timers of the engine have run by then. */
	private static final Duration AFTER_STOP = Duration.ofMinutes(10);

	private static final int WORKER_THREADS = 1000;

	private final List<CrashableConsumer> consumers = new ArrayList<>();

	private final List<HandledRecord> handled = new ArrayList<>();

	private final Map<ConsumerRecord<?, ?>, InProgress> inProgress = new IdentityHashMap<>();

	private final Map<String, Integer> attempts = new HashMap<>();

	private final SimulatedWorlds worlds;

	private final Disorder disorder;

	private final Simulation simulation;

	private final SimulatedProcess process;

	private final SimulatedCluster cluster;

	private final Executor workers;

	private final TaskScheduler scheduler;

	private @Nullable SimulatedThread main;

	private @Nullable Throwable restartFailure;

	private int deliveries;

	private int crashes;

	private int restarts;

	private int starting;

	private long lastActivity;

	private long quietSince;

	private long brokersAwayUntil;

	private boolean crashed;

	SimulatedWorld(SimulatedWorlds worlds, long seed, Disorder disorder) {
		this.worlds = worlds;
		this.disorder = disorder;
		this.simulation = new Simulation(seed, worlds.carriers());
		this.process = SimulatedProcess.start(this.simulation, "application");
		this.cluster = new SimulatedCluster(this.simulation);
		this.cluster.addCommitListener((group, member, partition, offset) -> active());
		this.workers = this.process.executor("worker", WORKER_THREADS);
		this.scheduler = this.process.scheduler("scheduler");
	}

	Simulation simulation() {
		return this.simulation;
	}

	Executor workers() {
		return this.workers;
	}

	Executor threads(String prefix) {
		return this.process.executor(prefix, WORKER_THREADS);
	}

	TaskScheduler scheduler() {
		return this.scheduler;
	}

	List<HandledRecord> handled() {
		return this.handled;
	}

	int deliveries() {
		return this.deliveries;
	}

	void run(SimulatedWorlds.Action action) throws Throwable {
		Throwable[] failure = new Throwable[1];
		this.simulation.run(() -> {
			try {
				this.main = this.simulation.running();
				checkStopped();
				createTopics();
				start();
				action.run();
			}
			catch (Throwable ex) {
				failure[0] = ex;
			}
			try {
				stop();
				this.simulation.elapse(AFTER_STOP.toNanos());
			}
			catch (Throwable ex) {
				if (failure[0] == null) {
					failure[0] = ex;
				}
			}
		});
		if (failure[0] != null) {
			throw failure[0];
		}
	}

	private void checkStopped() {
		if (this.worlds.allContainers().stream().anyMatch(AbstractMessageListenerContainer::isRunning)) {
			throw new IllegalStateException("Listeners still run: the simulated world of the test method before has "
					+ "broken down, or they were started outside of a test method");
		}
	}

	private void createTopics() {
		for (NewTopic topic : this.worlds.beans().getBeansOfType(NewTopic.class).values()) {
			createTopic(topic.name(), topic.numPartitions());
		}
		for (AbstractMessageListenerContainer<?, ?> container : this.worlds.allContainers()) {
			ContainerProperties properties = container.getContainerProperties();
			String[] topics = properties.getTopics();
			if (topics != null) {
				for (String topic : topics) {
					createTopic(topic, 0);
				}
			}
			TopicPartitionOffset[] partitions = properties.getTopicPartitions();
			if (partitions != null) {
				for (TopicPartitionOffset partition : partitions) {
					createTopic(partition.getTopic(),
							Math.max(this.worlds.defaultPartitions(), partition.getPartition() + 1));
				}
			}
		}
	}

	/**
	 * Create a topic unless it exists.
	 * @param partitions the number of partitions; not positive for the default
	 */
	void createTopic(String topic, int partitions) {
		if (this.cluster.partitions(topic) == 0) {
			this.cluster.createTopic(topic, (partitions > 0) ? partitions : this.worlds.defaultPartitions());
		}
	}

	TopicDescription describe(String topic) {
		if (this.cluster.partitions(topic) == 0) {
			throw new UnknownTopicOrPartitionException(topic + " does not exist");
		}
		List<TopicPartitionInfo> partitions = new ArrayList<>();
		for (int partition = 0; partition < this.cluster.partitions(topic); partition++) {
			partitions.add(new TopicPartitionInfo(partition, null, List.of(), List.of()));
		}
		return new TopicDescription(topic, false, partitions);
	}

	private void start() {
		this.worlds.containers().forEach(AbstractMessageListenerContainer::start);
		if (!this.simulation.await(this::isAllAssigned, PATIENCE.toNanos())) {
			throw new IllegalStateException("Partitions are not assigned to the listeners: " + partitions());
		}
		this.simulation.elapse(AFTER_ASSIGNMENT.toNanos());
	}

	private void stop() {
		List<AbstractMessageListenerContainer<?, ?>> running = this.worlds.allContainers()
			.stream()
			.filter(AbstractMessageListenerContainer::isRunning)
			.toList();
		Set<Object> stopping = Collections.newSetFromMap(new IdentityHashMap<>());
		stopping.addAll(running);
		running.forEach((container) -> container.stop(() -> stopping.remove(container)));
		if (!this.simulation.await(stopping::isEmpty, PATIENCE.toNanos())) {
			throw new IllegalStateException("Listener containers do not stop: " + stopping);
		}
	}

	/**
	 * Start a consumer thread, and let it run until it has notified its container that it
	 * has started, for which the container waits without the simulation.
	 */
	void startConsumerThread(Runnable task) {
		SimulatedThread thread = this.process.thread("consumer", task);
		this.starting++;
		this.simulation.await(() -> thread.hasWaited() || thread.isEnded(), PATIENCE.toNanos());
		this.starting--;
	}

	/**
	 * Let the consumer thread that calls this wait until its container is started, which
	 * is locked until then.
	 */
	void consumerThreadStarts() {
		if (this.simulation.isRunningThread()) {
			this.simulation.await(() -> this.starting == 0, PATIENCE.toNanos());
		}
	}

	<K, V> Consumer<K, V> consumer(Map<String, Object> config, Deserializer<K> keys, Deserializer<V> values) {
		SimulatedConsumer<K, V> target = this.cluster.consumer(config, keys, values, this.process::isRunning);
		Object group = config.get(ConsumerConfig.GROUP_ID_CONFIG);
		CrashableConsumer consumer = new CrashableConsumer(this.simulation, (group != null) ? group.toString() : null,
				target);
		this.consumers.add(consumer);
		return consumer.proxy();
	}

	/**
	 * Let a producer do something, and let the calling thread wait for what it sends, so
	 * that nobody has to block for the answer.
	 */
	<K, V> @Nullable Object produce(Serializer<K> keys, Serializer<V> values, @Nullable String topic,
			Function<Producer<?, ?>, @Nullable Object> call) {
		checkThread();
		if (topic != null) {
			createTopic(topic, 0);
		}
		Object result = call.apply(this.cluster.producer(keys, values));
		if (result instanceof Future<?> sent) {
			this.simulation.await(sent::isDone, PATIENCE.toNanos());
			active();
		}
		return result;
	}

	void checkThread() {
		if (!this.simulation.isRunningThread()) {
			throw new IllegalStateException("The thread '" + Thread.currentThread().getName()
					+ "' is none of the simulated world of a @KaffeTest, which would have to wait for it");
		}
	}

	@SuppressWarnings("unchecked")
	void send(String topic, @Nullable Integer partition, @Nullable Object key, @Nullable Object value) {
		checkThread();
		ProducerFactory<Object, Object> factory = (ProducerFactory<Object, Object>) this.worlds.producerFactory();
		Producer<Object, Object> producer = factory.createProducer();
		try {
			Future<?> sent = producer.send(new ProducerRecord<>(topic, partition, key, value));
			sent.get();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted while sending", ex);
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException("Could not send to " + topic, ex.getCause());
		}
		finally {
			producer.close();
		}
	}

	void advance(Duration duration) {
		checkThread();
		int before = this.crashes;
		this.simulation.elapse(duration.toNanos());
		if (this.crashes != before && this.simulation.running() != this.main) {
			throw new IllegalStateException("The application has crashed meanwhile");
		}
	}

	void awaitIdle() {
		checkThread();
		active();
		while (!isIdle()) {
			this.simulation.elapse(LOOK_PERIOD.toNanos());
			if (this.simulation.nanoTime() - this.lastActivity > PATIENCE.toNanos()) {
				throw new AssertionError("Still not idle after " + PATIENCE.toMinutes() + " minutes of simulated time: "
						+ "in progress " + this.inProgress.values() + ", failing " + failing());
			}
		}
		if (this.restartFailure != null) {
			throw new IllegalStateException("Could not restart", this.restartFailure);
		}
	}

	private boolean isIdle() {
		long now = this.simulation.nanoTime();
		if (isBusy()) {
			this.quietSince = now;
			return false;
		}
		return isAllCommitted() || now - Math.max(this.quietSince, this.lastActivity) > QUIET.toNanos();
	}

	private boolean isBusy() {
		return this.restarts > 0 || !this.inProgress.isEmpty() || this.simulation.nanoTime() < this.brokersAwayUntil
				|| !isAllAssigned()
				|| failing().stream()
					.map(FailingRecord::state)
					.anyMatch((state) -> state == FailingRecord.State.RETRYING
							|| state == FailingRecord.State.RECOVERING);
	}

	private boolean isAllAssigned() {
		return this.worlds.containers()
			.stream()
			.filter(AbstractMessageListenerContainer::isRunning)
			.allMatch((container) -> {
				String group = groupOf(container);
				Set<TopicPartition> assigned = new LinkedHashSet<>();
				for (CrashableConsumer consumer : this.consumers) {
					if (Objects.equals(group, consumer.group())) {
						assigned.addAll(consumer.assigned());
					}
				}
				return assigned.containsAll(subscribed(container));
			});
	}

	private boolean isAllCommitted() {
		return this.worlds.containers()
			.stream()
			.filter(AbstractMessageListenerContainer::isRunning)
			.allMatch((container) -> subscribed(container).stream()
				.allMatch((partition) -> isCommitted(groupOf(container), partition)));
	}

	private boolean isCommitted(@Nullable String group, TopicPartition partition) {
		OffsetAndMetadata offset = (group != null) ? this.cluster.committed(group, partition) : null;
		long committed = (offset != null) ? offset.offset() : this.cluster.log(partition).logStart();
		return committed >= this.cluster.log(partition).logEnd();
	}

	/**
	 * Return the partitions of the topics that a container subscribes to.
	 */
	private Collection<TopicPartition> subscribed(AbstractMessageListenerContainer<?, ?> container) {
		ContainerProperties properties = container.getContainerProperties();
		if (properties.getTopicPartitions() != null) {
			return List.of();
		}
		String[] topics = properties.getTopics();
		Set<String> named = (topics != null) ? Set.of(topics) : Set.of();
		return partitions().stream()
			.filter((partition) -> named.contains(partition.topic()) || (properties.getTopicPattern() != null
					&& properties.getTopicPattern().matcher(partition.topic()).matches()))
			.toList();
	}

	/**
	 * Return the partitions of each consumer.
	 */
	Map<String, Collection<TopicPartition>> consumed() {
		Map<String, Collection<TopicPartition>> consumed = new TreeMap<>();
		this.worlds.containers()
			.forEach((container) -> consumed.put(String.valueOf(container.getListenerId()), subscribed(container)));
		return consumed;
	}

	/**
	 * Return the offsets of the records of a partition.
	 */
	List<Long> offsets(TopicPartition partition) {
		List<Long> offsets = new ArrayList<>();
		this.cluster.log(partition).forEachRecord(false, (entry) -> offsets.add(entry.offset()));
		return offsets;
	}

	/**
	 * Return the name of a consumer's strategy. Without workers the order is that of the
	 * partition.
	 */
	String strategyOf(String consumer) {
		WorkerManager manager = this.worlds.workers();
		ConsumerSnapshot table = (manager != null) ? manager.table(consumer) : null;
		return (table != null) ? table.settings().workerAllocationStrategy() : "worker-per-topic-partition";
	}

	private @Nullable String groupOf(AbstractMessageListenerContainer<?, ?> container) {
		String group = container.getGroupId();
		if (group != null) {
			return group;
		}
		Object configured = SpringKafkaFields.consumerFactory(container)
			.getConfigurationProperties()
			.get(ConsumerConfig.GROUP_ID_CONFIG);
		return (configured != null) ? configured.toString() : null;
	}

	private Set<String> groups() {
		Set<String> groups = new TreeSet<>();
		this.consumers.forEach((consumer) -> {
			if (consumer.group() != null) {
				groups.add(consumer.group());
			}
		});
		return groups;
	}

	List<TopicPartition> partitions() {
		List<TopicPartition> partitions = new ArrayList<>();
		for (String topic : this.cluster.topics()) {
			for (int partition = 0; partition < this.cluster.partitions(topic); partition++) {
				partitions.add(new TopicPartition(topic, partition));
			}
		}
		return partitions;
	}

	List<FailingRecord> failing() {
		KaffeConsumers kaffe = this.worlds.consumers();
		if (kaffe == null) {
			return List.of();
		}
		return kaffe.names().stream().flatMap((consumer) -> kaffe.failingRecords(consumer).stream()).toList();
	}

	long committed(TopicPartition partition) {
		return this.worlds.containers()
			.stream()
			.filter((container) -> subscribed(container).contains(partition))
			.mapToLong((container) -> {
				String group = groupOf(container);
				OffsetAndMetadata offset = (group != null) ? this.cluster.committed(group, partition) : null;
				return (offset != null) ? offset.offset() : 0;
			})
			.min()
			.orElse(0);
	}

	@SuppressWarnings({ "unchecked", "rawtypes" })
	<K, V> List<ConsumerRecord<K, V>> records(String topic) {
		checkThread();
		List<TopicPartition> partitions = partitions().stream()
			.filter((partition) -> partition.topic().equals(topic))
			.toList();
		SimulatedConsumerFactory<?, ?> factory = this.worlds.consumerFactory();
		Map<String, Object> config = (factory != null) ? new HashMap<>(factory.getConfigurationProperties())
				: new HashMap<>();
		Deserializer keys = (factory != null) ? factory.keys(config) : new ByteArrayDeserializer();
		Deserializer values = (factory != null) ? factory.values(config) : new ByteArrayDeserializer();
		List<ConsumerRecord<K, V>> records = new ArrayList<>();
		for (TopicPartition partition : partitions) {
			this.cluster.log(partition).forEachRecord(false, (entry) -> {
				Object key = (entry.key() != null) ? keys.deserialize(topic, entry.headers(), entry.key()) : null;
				Object value = (entry.value() != null) ? values.deserialize(topic, entry.headers(), entry.value())
						: null;
				ConsumerRecord<Object, Object> record = new ConsumerRecord<>(topic, partition.partition(),
						entry.offset(), entry.timestamp(), TimestampType.CREATE_TIME, -1, -1, key, value,
						Objects.requireNonNull(entry.headers()), Optional.empty());
				records.add((ConsumerRecord) record);
			});
		}
		return records;
	}

	void rebalance() {
		checkThread();
		groups().forEach(this.cluster.disturbances()::rebalance);
		this.simulation.await(() -> !isAllAssigned(), AFTER_ASSIGNMENT.toNanos());
		this.simulation.await(this::isAllAssigned, PATIENCE.toNanos());
	}

	void failNextCommits(int count) {
		this.consumers.forEach((consumer) -> this.cluster.disturbances()
			.commits(consumer.clientId(), count, CommitFault.Kind.LOST, 0));
	}

	void brokersUnavailable(Duration duration) {
		this.cluster.disturbances().brokersUnavailable(duration.toNanos());
		this.brokersAwayUntil = Math.max(this.brokersAwayUntil, this.simulation.nanoTime() + duration.toNanos());
	}

	void crashAndRestart() {
		checkThread();
		crash();
		restart();
		this.restarts--;
	}

	private void crash() {
		this.crashed = true;
		this.crashes++;
		this.restarts++;
		this.inProgress.values().forEach((record) -> note(record, Outcome.CRASHED, null));
		this.inProgress.clear();
		this.consumers.forEach(CrashableConsumer::crash);
		this.consumers.clear();
	}

	private void restart() {
		stop();
		this.crashed = false;
		start();
	}

	private void crashNow() {
		if (!this.crashed) {
			crash();
			this.process.thread("restart", () -> {
				try {
					restart();
				}
				catch (RuntimeException ex) {
					this.restartFailure = ex;
				}
				finally {
					this.restarts--;
				}
			});
		}
	}

	/**
	 * A delivery begins.
	 * @return whether it is to go on
	 */
	boolean begin(String consumer, ConsumerRecord<?, ?> record) {
		if (this.crashed) {
			return false;
		}
		active();
		int number = ++this.deliveries;
		int before = this.crashes;
		int attempt = this.attempts.merge(consumer + ' ' + coordinates(record), 1, Integer::sum);
		this.inProgress.put(record, new InProgress(consumer, workerOf(consumer, record), record, attempt, number));
		for (Disturbance disturbance : this.disorder.disturbances()) {
			if (disturbance.delivery() == number) {
				disturb(disturbance);
			}
		}
		return this.crashes == before;
	}

	private void disturb(Disturbance disturbance) {
		switch (disturbance.kind()) {
			case CRASH_BEFORE -> crashNow();
			case REBALANCE -> groups().forEach(this.cluster.disturbances()::rebalance);
			case COMMITS_FAIL -> failNextCommits(disturbance.amount());
			case SLOW_HANDLER -> this.simulation.elapse(Duration.ofSeconds(disturbance.amount()).toNanos());
			case BROKERS_UNAVAILABLE -> brokersUnavailable(Duration.ofSeconds(disturbance.amount()));
			case CRASH_AFTER -> {
			}
		}
	}

	/**
	 * A delivery has ended.
	 */
	void end(String consumer, ConsumerRecord<?, ?> record, @Nullable Exception failure) {
		InProgress ended = this.inProgress.remove(record);
		if (ended == null) {
			return;
		}
		active();
		note(ended, (failure != null) ? Outcome.FAILED : Outcome.SUCCEEDED, failure);
		for (Disturbance disturbance : this.disorder.disturbances()) {
			if (disturbance.delivery() == ended.number() && disturbance.kind() == Disturbance.Kind.CRASH_AFTER) {
				crashNow();
			}
		}
	}

	private void note(InProgress ended, Outcome outcome, @Nullable Exception failure) {
		this.handled.add(new HandledRecord(ended.consumer(), ended.worker(), ended.record(), ended.attempt(), outcome,
				failure, this.simulation.instant()));
	}

	private @Nullable String workerOf(String consumer, ConsumerRecord<?, ?> record) {
		WorkerManager manager = this.worlds.workers();
		if (manager == null) {
			return null;
		}
		WorkerSnapshot worker = manager.workerFor(consumer, record.topic(), record.partition());
		if (worker != null) {
			return worker.name();
		}
		ConsumerSnapshot table = manager.table(consumer);
		List<WorkerSnapshot> present = (table != null) ? table.workers() : List.of();
		String partition = record.topic() + '-' + record.partition();
		return present.stream()
			.filter((each) -> each.current()
				.stream()
				.anyMatch((current) -> current.offset() == record.offset() && current.partition().equals(partition)))
			.map(WorkerSnapshot::name)
			.findFirst()
			.orElse(null);
	}

	private void active() {
		this.lastActivity = this.simulation.nanoTime();
	}

	static String coordinates(ConsumerRecord<?, ?> record) {
		return record.topic() + '-' + record.partition() + '@' + record.offset();
	}

	/**
	 * A delivery that has begun.
	 */
	private record InProgress(String consumer, @Nullable String worker, ConsumerRecord<?, ?> record, int attempt,
			int number) {

		@Override
		public String toString() {
			return coordinates(this.record);
		}

	}

}
