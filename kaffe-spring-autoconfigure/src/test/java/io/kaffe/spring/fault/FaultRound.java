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

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.springframework.util.FileSystemUtils;

import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.fault.Entry.Kind;
import io.kaffe.spring.fault.Judgement.Guarantee;
import io.kaffe.spring.support.DatabaseProcess;
import io.kaffe.spring.support.TestTopics;

/**
 * One round of a scenario: a group with topics, a strategy and a protocol of its own, a
 * producer, instances in this process and in others, and the journals of all of them.
 * Everything random comes from its seed.
 * <p>
 * <b>Threading.</b> Used by the thread of a test.
 */
final class FaultRound implements AutoCloseable {

	static final int SESSION_TIMEOUT_MILLIS = 6000;

	private static final int TRANSACTION_TIMEOUT_MILLIS = 10_000;

	/** What brokers need so that silent members are found dead within a test's time. */
	static final Map<String, Object> BROKER_PROPERTIES = Map.ofEntries(Map.entry("group.min.session.timeout.ms", 1000),
			Map.entry("group.consumer.min.session.timeout.ms", 1000),
			Map.entry("group.consumer.session.timeout.ms", SESSION_TIMEOUT_MILLIS),
			Map.entry("group.consumer.min.heartbeat.interval.ms", 100),
			Map.entry("group.consumer.heartbeat.interval.ms", 500),
			Map.entry("group.coordinator.rebalance.protocols", "classic,consumer"),
			Map.entry("log.cleaner.backoff.ms", 500), Map.entry("log.retention.check.interval.ms", 1000),
			Map.entry("transaction.abort.timed.out.transaction.cleanup.interval.ms", 1000));

	/** What clusters need besides, so that dead brokers are found in time. */
	static final Map<String, Object> CLUSTER_PROPERTIES = properties(BROKER_PROPERTIES,
			Map.of("broker.session.timeout.ms", 3000, "broker.heartbeat.interval.ms", 500));

	/** Neighbouring seeds would choose the same at first. */
	private static final long SPREAD = 0x9E3779B97F4A7C15L;

	private static final int PARTITIONS = 4;

	private static final Duration PATIENCE = Duration.ofSeconds(90);

	private static final int LAST_LINES = 12;

	private final String id = UUID.randomUUID().toString().substring(0, 8);

	private final List<String> topics = new ArrayList<>();

	private final List<TopicPartition> partitions = new ArrayList<>();

	private final List<TopicPartition> deleted = new ArrayList<>();

	private final Map<TopicPartition, long[]> skipped = new HashMap<>();

	private final List<FaultInstance> locals = new ArrayList<>();

	private final List<InstanceProcess> processes = new ArrayList<>();

	private final Map<Guarantee, List<Oracle>> moreOracles = new TreeMap<>();

	private final Map<String, Object> common = new TreeMap<>();

	private final String servers;

	private final long seed;

	private final Random random;

	private StandardWorkerAllocationStrategy strategy;

	private GroupProtocol protocol;

	private final Path directory;

	private final Journal journal;

	private final Admin admin;

	private final NumberedProducer producer;

	private int instances;

	private boolean excusing;

	private boolean apart;

	private boolean transactional;

	private long expectedDuplicates;

	private Function<Duplicates, Long> bound = (duplicates) -> 0L;

	private boolean keep;

	FaultRound(String servers, long seed) {
		this.servers = servers;
		this.seed = seed;
		this.random = new Random(seed * SPREAD);
		this.strategy = pick(StandardWorkerAllocationStrategy.values());
		this.protocol = pick(GroupProtocol.values());
		try {
			this.directory = Files.createTempDirectory("kaffe-fault-");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.journal = Journal.open(this.directory, "scenario");
		this.admin = Admin.create(Map.of("bootstrap.servers", servers));
		this.producer = new NumberedProducer(servers, this.random.nextLong());
	}

	private <T> T pick(T[] values) {
		return values[this.random.nextInt(values.length)];
	}

	private static Map<String, Object> properties(Map<String, Object> some, Map<String, Object> more) {
		Map<String, Object> properties = new TreeMap<>(some);
		properties.putAll(more);
		return properties;
	}

	Random random() {
		return this.random;
	}

	StandardWorkerAllocationStrategy strategy() {
		return this.strategy;
	}

	/**
	 * Use a strategy rather than any.
	 */
	FaultRound strategy(StandardWorkerAllocationStrategy strategy) {
		this.strategy = strategy;
		return this;
	}

	GroupProtocol protocol() {
		return this.protocol;
	}

	/**
	 * Use the protocol whose turn it is by the seed rather than any, so that rounds that
	 * follow each other have all of them.
	 */
	FaultRound protocolInTurn() {
		GroupProtocol[] protocols = GroupProtocol.values();
		this.protocol = protocols[Math.floorMod(this.seed, protocols.length)];
		return this;
	}

	Journal journal() {
		return this.journal;
	}

	Admin admin() {
		return this.admin;
	}

	NumberedProducer producer() {
		return this.producer;
	}

	String group() {
		return "group-" + this.id;
	}

	String topic(String name) {
		return name + "-" + this.id;
	}

	List<TopicPartition> partitions() {
		return List.copyOf(this.partitions);
	}

	/**
	 * Create two topics with the same number of partitions.
	 */
	FaultRound topics(int replicas) {
		return topic("orders", replicas, Map.of()).topic("refunds", replicas, Map.of());
	}

	/**
	 * Create a topic that instances started from now on listen to.
	 */
	FaultRound topic(String name, int replicas, Map<String, String> configuration) {
		NewTopic topic = new NewTopic(topic(name), PARTITIONS, (short) replicas).configs(configuration);
		TestTopics.create(this.admin, topic);
		this.topics.add(topic.name());
		added(topic.name(), 0, PARTITIONS);
		return this;
	}

	/**
	 * Let instances started from now on send a result of each record in a Kafka
	 * transaction, and judge whether each record has one. The order is that of the
	 * results, since what is aborted is handled again, a batch from its beginning.
	 */
	FaultRound transactional(int replicas) {
		NewTopic results = new NewTopic(topic("results"), PARTITIONS, (short) replicas);
		TestTopics.create(this.admin, results);
		List<TopicPartition> partitions = IntStream.range(0, PARTITIONS)
			.mapToObj((number) -> new TopicPartition(results.name(), number))
			.toList();
		also(Guarantee.EFFECTS, new Results(() -> {
			awaitMarkers(partitions);
			return Results.read(this.servers, partitions);
		}, !this.strategy.isPerRecord()));
		this.transactional = true;
		return with("fault.results", results.name())
			.with("spring.kafka.producer.properties[transaction.timeout.ms]", TRANSACTION_TIMEOUT_MILLIS)
			// Attempts that are aborted leave nothing.
			.bound((duplicates) -> (long) Integer.MAX_VALUE);
	}

	/**
	 * Let instances started from now on book each record of the topics to an account, in
	 * transactions in which they are noted, and judge the balances.
	 * @param url a database without tables
	 */
	FaultRound booking(String url) {
		also(Guarantee.EFFECTS, Accounts.open(partitions(), this.servers, url));
		DatabaseProcess.properties(url).forEach(this::with);
		return with("fault.once", true).with("kaffe.consumers.fault.once", "jdbc")
			.with("kaffe.failure.max-attempts", 0)
			.with("kaffe.failure.backoff.max-interval", "500ms")
			.with("kaffe.failure.outage.probe-interval", "1s")
			.with("spring.datasource.hikari.connection-timeout", 2000)
			.with("spring.datasource.hikari.maximum-pool-size", 30)
			.with("spring.datasource.hikari.minimum-idle", 2);
	}

	/**
	 * Note that a topic has partitions.
	 */
	void added(String topic, int from, int to) {
		IntStream.range(from, to).forEach((number) -> this.partitions.add(new TopicPartition(topic, number)));
	}

	/**
	 * Note that a topic is deleted, so that nobody can be asked for its records.
	 */
	void deleted(String topic) {
		this.deleted.addAll(this.partitions.stream().filter((partition) -> partition.topic().equals(topic)).toList());
		this.partitions.removeAll(this.deleted);
	}

	/**
	 * Note that nobody is to see some records, since the committed offset was moved.
	 */
	void skipped(TopicPartition partition, long from, long to) {
		this.skipped.put(partition, new long[] { from, to });
	}

	/**
	 * Take partitions from running handlers or silent instances.
	 */
	FaultRound excusing() {
		this.excusing = true;
		return this;
	}

	/**
	 * Let topics have different numbers of partitions, so that those of one number may be
	 * on different instances.
	 */
	FaultRound apart() {
		this.apart = true;
		return this;
	}

	/**
	 * Say how many duplicates cannot be helped; none by default.
	 */
	FaultRound bound(Function<Duplicates, Long> bound) {
		this.bound = bound;
		return this;
	}

	void expectDuplicates(long duplicates) {
		this.expectedDuplicates += duplicates;
	}

	void also(Guarantee guarantee, Oracle oracle) {
		this.moreOracles.computeIfAbsent(guarantee, (key) -> new ArrayList<>()).add(oracle);
	}

	/**
	 * Set a property of all instances started from now on.
	 */
	FaultRound with(String property, Object value) {
		this.common.put(property, value);
		return this;
	}

	FaultRound withConsumer(String property, Object value) {
		return with("spring.kafka.consumer.properties[" + property + "]", value);
	}

	/**
	 * Return the settings of a new instance.
	 * @param name what the instance is, such as "a"; its runs are numbered
	 */
	InstanceSettings settings(String name) {
		this.instances++;
		InstanceSettings settings = new InstanceSettings(name + "-" + this.instances, this.directory)
			.with("fault.topics", String.join(",", this.topics))
			.with("fault.seed", this.random.nextLong())
			.with("fault.concurrency", 1 + this.random.nextInt(2))
			.with("spring.kafka.bootstrap-servers", this.servers)
			.with("spring.kafka.consumer.group-id", group())
			.with("spring.kafka.consumer.auto-offset-reset", "earliest")
			.with("kaffe.consumers.fault.worker-allocation-strategy", this.strategy.configurationName())
			.with("kaffe.commit.interval", (100 + this.random.nextInt(900)) + "ms")
			.with("kaffe.buffer.max-records", 100 + this.random.nextInt(900))
			.with("kaffe.failure.backoff.initial-interval", "20ms")
			.withConsumer(this.protocol.properties(SESSION_TIMEOUT_MILLIS));
		if (this.random.nextBoolean()) {
			settings.with("kaffe.consumers.fault.max-concurrency", 8 + this.random.nextInt(16));
		}
		if (this.strategy.isPerRecord()) {
			// So that workers are at it side by side, and queues form.
			settings.with("fault.slowness", 6);
		}
		if (this.transactional) {
			// One with the same name as one before ends its transactions at once.
			settings.with("spring.kafka.producer.transaction-id-prefix",
					(this.random.nextBoolean() ? name : settings.name()) + "-" + this.id + "-");
		}
		this.common.forEach(settings::with);
		return settings;
	}

	/**
	 * Start an instance in this process.
	 */
	FaultInstance local(String name) {
		return local(settings(name));
	}

	FaultInstance local(InstanceSettings settings) {
		FaultInstance instance = FaultInstance.start(settings);
		this.locals.add(instance);
		return instance;
	}

	/**
	 * Start an instance in a process of its own.
	 */
	InstanceProcess process(String name) {
		return process(settings(name));
	}

	InstanceProcess process(InstanceSettings settings) {
		InstanceProcess instance = InstanceProcess.start(settings);
		this.processes.add(instance);
		return instance;
	}

	/**
	 * Produce at a rate from now on.
	 */
	FaultRound produce(int perSecond) {
		this.producer.start(this.partitions(), perSecond);
		return this;
	}

	/**
	 * Kill an instance.
	 */
	void kill(InstanceProcess instance) {
		instance.kill();
		this.journal.fault(Kind.KILLED, instance.name());
	}

	/**
	 * Let some time go by.
	 */
	void pause(int minMillis, int maxMillis) {
		FaultHandler.take(Duration.ofMillis(minMillis + this.random.nextInt(Math.max(1, maxMillis - minMillis))));
	}

	/**
	 * Wait until something is committed in every partition, or in so many of them.
	 */
	void awaitUnderWay(int ofPartitions) {
		await("the group is under way", () -> committed().size() >= ofPartitions);
	}

	/**
	 * Wait until an instance did something.
	 */
	void awaitEntry(String instance, Kind kind) {
		await(instance + " has " + kind,
				() -> Journal.read(this.directory, instance).stream().anyMatch((entry) -> entry.kind() == kind));
	}

	/**
	 * Wait until all partitions have their replicas again.
	 */
	void awaitInSync(int replicas) {
		await("replicas are in sync", () -> {
			try {
				return this.admin.describeTopics(this.topics)
					.allTopicNames()
					.get(10, TimeUnit.SECONDS)
					.values()
					.stream()
					.flatMap((topic) -> topic.partitions().stream())
					.allMatch((partition) -> partition.isr().size() == replicas);
			}
			catch (Exception ex) {
				return false;
			}
		});
	}

	/**
	 * Wait until each of some instances has finished records that it began after this
	 * call.
	 */
	void awaitProgress(String... instances) {
		long now = Journal.now();
		for (String instance : instances) {
			await(instance + " goes on", () -> hasFinished(instance, now));
		}
	}

	private boolean hasFinished(String instance, long begunAfter) {
		Set<String> begun = new HashSet<>();
		for (Entry entry : Journal.read(this.directory, instance)) {
			if (entry.kind() == Kind.START && entry.micros() > begunAfter) {
				begun.add(entry.coordinates());
			}
			else if (entry.isCompletion() && begun.contains(entry.coordinates())) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Wait until no instance has a partition of a topic any more.
	 */
	void awaitLetGo(String topic) {
		await("nobody has " + topic, () -> {
			List<Entry> entries = Journal.readAll(this.directory);
			Map<TopicPartition, TreeSet<Long>> nothing = Map.of();
			return new History(entries, nothing).assignments()
				.stream()
				.noneMatch((assignment) -> assignment.partition().topic().equals(topic)
						&& assignment.end() == Kind.ASSIGNED);
		});
	}

	/**
	 * Return which records of a partition are completed so far, on whatever instance.
	 */
	NavigableSet<Long> finished(TopicPartition partition) {
		return Journal.readAll(this.directory)
			.stream()
			.filter((entry) -> entry.isCompletion() && entry.topicPartition().equals(partition))
			.map(Entry::offset)
			.collect(Collectors.toCollection(TreeSet::new));
	}

	/**
	 * Return the {@linkplain Entry#coordinates() coordinates} of what an instance has
	 * completed so far.
	 */
	Set<String> finished(String instance) {
		return Journal.read(this.directory, instance)
			.stream()
			.filter(Entry::isCompletion)
			.map(Entry::coordinates)
			.collect(Collectors.toSet());
	}

	void await(String what, BooleanSupplier condition) {
		Awaitility.await(what + "; see " + this.directory)
			.atMost(PATIENCE)
			.pollInterval(Duration.ofMillis(100))
			.until(condition::getAsBoolean);
	}

	/**
	 * Return the committed offsets, of those partitions that have one. Nothing while the
	 * broker does not say.
	 */
	Map<TopicPartition, Long> committed() {
		try {
			Map<TopicPartition, OffsetAndMetadata> offsets = this.admin.listConsumerGroupOffsets(group())
				.partitionsToOffsetAndMetadata()
				.get(5, TimeUnit.SECONDS);
			Map<TopicPartition, Long> committed = new HashMap<>();
			offsets.forEach((partition, offset) -> {
				if (offset != null) {
					committed.put(partition, offset.offset());
				}
			});
			return committed;
		}
		catch (Exception ex) {
			return Map.of();
		}
	}

	/**
	 * Stop producing, wait until all is committed, stop all instances, and judge what
	 * happened.
	 */
	Judgement finish() {
		this.producer.stop();
		awaitMarkers(this.partitions);
		List<String> stuck = awaitCommitted(TopicContents.read(this.servers, this.partitions).ends());
		// What was compacted away meanwhile nobody can be asked for.
		TopicContents contents = TopicContents.read(this.servers, this.partitions);
		this.processes.forEach(InstanceProcess::terminate);
		this.locals.forEach(FaultInstance::close);
		this.processes.forEach(InstanceProcess::await);
		Judgement judgement = judge(contents, stuck);
		this.keep = !judgement.isClean();
		return judgement;
	}

	private void awaitMarkers(Collection<TopicPartition> partitions) {
		await("all transactions have their markers", () -> ends(partitions, IsolationLevel.READ_COMMITTED)
			.equals(ends(partitions, IsolationLevel.READ_UNCOMMITTED)));
	}

	private Map<TopicPartition, Long> ends(Collection<TopicPartition> partitions, IsolationLevel level) {
		Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
		partitions.forEach((partition) -> asked.put(partition, OffsetSpec.latest()));
		Map<TopicPartition, Long> ends = new HashMap<>();
		get(() -> this.admin.listOffsets(asked, new ListOffsetsOptions(level)).all().get(30, TimeUnit.SECONDS))
			.forEach((partition, end) -> ends.put(partition, end.offset()));
		return ends;
	}

	/**
	 * Leave the journals where they are, to be read.
	 */
	void keepJournals() {
		this.keep = true;
	}

	/**
	 * Return the ends of the logs of all processes, for whoever does not have the
	 * directory.
	 */
	String lastWords() {
		try (Stream<Path> files = Files.list(this.directory)) {
			StringBuilder words = new StringBuilder();
			for (Path log : files.filter((file) -> file.toString().endsWith(".log")).sorted().toList()) {
				List<String> lines = Files.readAllLines(log);
				words.append("\n").append(log.getFileName()).append(" ends with:");
				lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size())
					.forEach((line) -> words.append("\n  ").append(line));
			}
			return words.toString();
		}
		catch (IOException ex) {
			return "\nLogs cannot be read: " + ex;
		}
	}

	private List<String> awaitCommitted(Map<TopicPartition, Long> ends) {
		try {
			await("all is committed", () -> uncommitted(ends).isEmpty());
			return List.of();
		}
		catch (ConditionTimeoutException ex) {
			return uncommitted(ends);
		}
	}

	private List<String> uncommitted(Map<TopicPartition, Long> ends) {
		Map<TopicPartition, Long> committed = committed();
		List<String> uncommitted = new ArrayList<>();
		ends.forEach((partition, end) -> {
			long offset = committed.getOrDefault(partition, 0L);
			if (offset != end) {
				uncommitted.add(partition + " ends at " + end + " and is committed at " + offset);
			}
		});
		return uncommitted;
	}

	private Judgement judge(TopicContents contents, List<String> stuck) {
		Map<TopicPartition, TreeSet<Long>> log = new HashMap<>();
		contents.offsets().forEach((partition, offsets) -> log.put(partition, new TreeSet<>(offsets)));
		List<Entry> entries = Journal.readAll(this.directory);
		History toBeSeen = history(entries, log);
		this.deleted
			.forEach((partition) -> log.put(partition, new TreeSet<>(this.producer.acknowledged(partition).keySet())));
		History history = history(entries, log);
		Unit worker = Unit.within(this.strategy);
		Unit inGroup = Unit.across(this.strategy, this.protocol.keepsNumbersTogether() && !this.apart);
		Judgement judgement = new Judgement();
		judgement.records(toBeSeen.records());
		judgement.violations(Guarantee.LOST, new NothingLost().violations(toBeSeen));
		judgement.violations(Guarantee.EARLY, new NoEarlyCommit(OffsetReports.OF_COMMITS).violations(history));
		if (!this.transactional) {
			judgement.violations(Guarantee.DISORDER, new RecordOrder(worker).violations(history));
		}
		judgement.violations(Guarantee.OVERLAPS, new NoOverlap(inGroup, this.excusing).violations(history));
		if (!this.excusing || !Boolean.TRUE.equals(this.common.get("fault.batches"))) {
			// A handler goes on with its batch when a partition is taken from it.
			judgement.violations(Guarantee.STRAYS, new NothingAfterTheEnd(worker).violations(history));
		}
		judgement.violations(Guarantee.BACKWARDS, new MonotonicCommits().violations(history));
		judgement.violations(Guarantee.STUCK, stuck);
		this.moreOracles.forEach((guarantee, oracles) -> oracles
			.forEach((oracle) -> judgement.violations(guarantee, oracle.violations(history))));
		Duplicates duplicates = new Duplicates(history, OffsetReports.OF_COMMITS);
		judgement.duplicates(duplicates.count(), this.bound.apply(duplicates) + this.expectedDuplicates);
		return judgement;
	}

	private History history(List<Entry> entries, Map<TopicPartition, TreeSet<Long>> log) {
		History history = new History(entries, log);
		this.skipped.forEach((partition, range) -> history.skip(partition, range[0], range[1]));
		return history;
	}

	Path directory() {
		return this.directory;
	}

	static <T> T get(Callable<T> call) {
		try {
			return call.call();
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public void close() {
		this.processes.forEach(InstanceProcess::close);
		this.locals.forEach((instance) -> {
			instance.handler().letGo();
			instance.close();
		});
		this.producer.close();
		this.admin.close();
		this.journal.close();
		if (!this.keep) {
			FileSystemUtils.deleteRecursively(this.directory.toFile());
		}
	}

	@Override
	public String toString() {
		return "seed=" + this.seed + " strategy=" + this.strategy.configurationName() + " protocol=" + this.protocol;
	}

}
