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

package io.kaffe.spring.actuate;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.worker.ConsumerObserver;
import io.kaffe.spring.engine.worker.SafeLog;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.ConsumerSnapshot;
import io.kaffe.spring.table.ConsumerState;
import io.kaffe.spring.table.PartitionSnapshot;
import io.kaffe.spring.table.WorkerState;

/**
 * The meters of one consumer.
 * <p>
 * <b>Threading.</b> Safe for concurrent use. Gauges read a snapshot that is taken at most
 * once a second, by whoever reads one then; if two do, the later snapshot stays. The
 * meters of partitions and topics are brought in line with a snapshot by the executor,
 * since a registry takes a lock and asks the user's filters: by one thread at a time,
 * which goes on while {@code updates} says that somebody has asked for more meanwhile.
 */
final class ConsumerMeters implements ConsumerObserver.HandlerTimer {

	private static final Log logger = LogFactory.getLog(ConsumerMeters.class);

	private static final String COMPLETED = "completed";

	private static final String TIMED_OUT = "timed-out";

	/** As {@link PartitionSnapshot#paused()} tells them. */
	private static final List<String> PAUSE_REASONS = List.of("back-pressure", "operator", "parked", "seek",
			"worker-allocation");

	private static final long READING_NANOS = TimeUnit.SECONDS.toNanos(1);

	private final Map<String, TopicTimers> topics = new ConcurrentHashMap<>();

	private final Map<TopicPartition, List<Meter>> partitions = new ConcurrentHashMap<>();

	private final List<Meter> meters = new ArrayList<>();

	private final AtomicInteger updates = new AtomicInteger();

	private final String consumer;

	private final Tags tags;

	private final MeterRegistry registry;

	private final Supplier<@Nullable ConsumerReading> reader;

	private final Executor executor;

	private final Counter commits;

	private final Counter failedCommits;

	private final Counter restarts;

	private final Counter internalErrors;

	private final Map<String, Counter> rebalances;

	private final Map<String, Timer> drains;

	private volatile @Nullable ReadAt reading;

	private volatile boolean closed;

	ConsumerMeters(String consumer, MeterRegistry registry, Supplier<@Nullable ConsumerReading> reader,
			Executor executor) {
		this.consumer = consumer;
		this.tags = Tags.of("consumer", consumer);
		this.registry = registry;
		this.reader = reader;
		this.executor = executor;
		this.commits = commits("success");
		this.failedCommits = commits("failure");
		this.restarts = add(Counter.builder("kaffe.restarts")
			.description("Workers that broke down outside their handlers, and threads that poll which died")
			.tags(this.tags)
			.register(registry));
		this.internalErrors = add(Counter.builder("kaffe.internal.errors")
			.description("Exceptions of Kaffe itself that were contained on consumer threads")
			.tags(this.tags)
			.register(registry));
		this.rebalances = Stream.of("assigned", "revoked", "lost")
			.collect(Collectors.toUnmodifiableMap(Function.identity(), this::rebalances));
		this.drains = Stream.of(COMPLETED, TIMED_OUT)
			.collect(Collectors.toUnmodifiableMap(Function.identity(), this::drains));
		addCounters();
		addGauges();
		addStates();
		addPauses();
		addProblems();
	}

	private Counter commits(String result) {
		return add(Counter.builder("kaffe.commits")
			.description("Commits of offsets that the broker confirmed, or that failed")
			.tags(this.tags)
			.tag("result", result)
			.register(this.registry));
	}

	private Counter rebalances(String kind) {
		return add(Counter.builder("kaffe.rebalances")
			.description("Times that partitions were assigned, revoked or lost")
			.tags(this.tags)
			.tag("kind", kind)
			.register(this.registry));
	}

	private Timer drains(String outcome) {
		return add(Timer.builder("kaffe.drain")
			.description("How long records were waited for when partitions were revoked")
			.tags(this.tags)
			.tag("outcome", outcome)
			.register(this.registry));
	}

	private void addCounters() {
		counter("kaffe.records.retries", "Attempts that were not the first of their records",
				ConsumerSnapshot.Counters::retries);
		counter("kaffe.records.skipped", "Records that were skipped", ConsumerSnapshot.Counters::skipped);
		counter("kaffe.records.dead.lettered", "Records that a dead-letter topic has taken",
				ConsumerSnapshot.Counters::deadLettered);
		counter("kaffe.late.completions", "Records that were finished after their partition had gone",
				ConsumerSnapshot.Counters::lateCompletions);
	}

	private void counter(String name, String description, ToDoubleFunction<ConsumerSnapshot.Counters> value) {
		add(FunctionCounter.builder(name, this, (meters) -> {
			ConsumerReading reading = meters.reading();
			return (reading != null) ? value.applyAsDouble(reading.table().counters()) : 0;
		}).description(description).tags(this.tags).register(this.registry));
	}

	private void addGauges() {
		gauge("kaffe.records.buffered", "Records that are polled and not final", null,
				(reading) -> reading.table().load().buffered().records());
		gauge("kaffe.buffer.bytes", "Size of the records that are polled and not final", "bytes",
				(reading) -> reading.table().load().buffered().bytes());
		gauge("kaffe.records.in.flight", "Records that handlers have now", null,
				(reading) -> reading.table().load().inFlight());
		gauge("kaffe.records.failing", "Records that have failed and are not final", null,
				(reading) -> reading.table().failures().failingCount());
		gauge("kaffe.records.parked", "Records that are kept until somebody decides about them", null,
				(reading) -> reading.partitions().values().stream().mapToInt(PartitionSnapshot::parked).sum());
		gauge("kaffe.records.stalled", "Records that have been with their handlers for too long", null,
				ConsumerReading::stalled);
		gauge("kaffe.consumer.up", "0 if health says that the consumer is down, else 1", null,
				(reading) -> reading.up() ? 1 : 0);
		gauge("kaffe.max.concurrency", "Maximum number of records handled concurrently", null, (reading) -> {
			Integer maxConcurrency = reading.table().settings().maxConcurrency();
			return (maxConcurrency != null) ? maxConcurrency : Double.NaN;
		});
	}

	private void addStates() {
		for (WorkerState state : WorkerState.values()) {
			add(Gauge
				.builder("kaffe.workers", this,
						(meters) -> meters.read((reading) -> reading.workers().getOrDefault(state, 0)))
				.description("Workers, by what they are doing")
				.tags(this.tags)
				.tag("state", tag(state))
				.register(this.registry));
		}
		for (ConsumerState state : ConsumerState.values()) {
			add(Gauge
				.builder("kaffe.consumer.state", this,
						(meters) -> meters.read((reading) -> (reading.table().status().state() == state) ? 1 : 0))
				.description("1 for the state that the consumer is in, 0 for others")
				.tags(this.tags)
				.tag("state", tag(state))
				.register(this.registry));
		}
	}

	private void addPauses() {
		for (String reason : PAUSE_REASONS) {
			add(Gauge
				.builder("kaffe.partitions.paused", this,
						(meters) -> meters.read((reading) -> reading.partitions()
							.values()
							.stream()
							.filter((partition) -> reason.equals(partition.paused()))
							.count()))
				.description("Partitions of which nothing is fetched, by the reason")
				.tags(this.tags)
				.tag("reason", reason)
				.register(this.registry));
		}
	}

	private void addProblems() {
		for (ConsumerProblem.Severity severity : ConsumerProblem.Severity.values()) {
			add(Gauge
				.builder("kaffe.consumer.problems", this,
						(meters) -> meters.read((reading) -> reading.problems(severity)))
				.description("Problems of the consumer that health tells, by their severity; at most 20")
				.tags(this.tags)
				.tag("severity", tag(severity))
				.register(this.registry));
		}
	}

	private static String tag(Enum<?> state) {
		return state.name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	private void gauge(String name, String description, @Nullable String unit,
			ToDoubleFunction<ConsumerReading> value) {
		add(Gauge.builder(name, this, (meters) -> meters.read(value))
			.description(description)
			.baseUnit(unit)
			.tags(this.tags)
			.register(this.registry));
	}

	private <M extends Meter> M add(M meter) {
		this.meters.add(meter);
		return meter;
	}

	@Override
	public void attempted(String topic, long nanos, boolean handled) {
		TopicTimers timers = this.topics.get(topic);
		if (timers == null) {
			if (this.closed) {
				return;
			}
			timers = this.topics.computeIfAbsent(topic, this::timers);
		}
		(handled ? timers.handled() : timers.failed()).record(nanos, TimeUnit.NANOSECONDS);
	}

	private TopicTimers timers(String topic) {
		return new TopicTimers(timer(topic, "handled"), timer(topic, "failed"));
	}

	private Timer timer(String topic, String outcome) {
		return Timer.builder("kaffe.records")
			.description("Attempts to handle records, and how long they took")
			.tags(this.tags)
			.tags("topic", topic, "outcome", outcome)
			.register(this.registry);
	}

	void committed(boolean confirmed) {
		(confirmed ? this.commits : this.failedCommits).increment();
	}

	void restarted() {
		this.restarts.increment();
	}

	void internalError() {
		this.internalErrors.increment();
	}

	void rebalanced(ConsumerSnapshot.Rebalance rebalance) {
		Counter kind = this.rebalances.get(rebalance.kind());
		if (kind != null) {
			kind.increment();
		}
		Long millis = rebalance.drainMillis();
		Timer drain = this.drains.get(rebalance.givenUp().isEmpty() ? COMPLETED : TIMED_OUT);
		if (millis != null && drain != null) {
			drain.record(millis, TimeUnit.MILLISECONDS);
		}
		this.reading = null;
		updateLater();
	}

	private double read(ToDoubleFunction<ConsumerReading> value) {
		ConsumerReading reading = reading();
		return (reading != null) ? value.applyAsDouble(reading) : Double.NaN;
	}

	private @Nullable ConsumerReading reading() {
		long now = this.registry.config().clock().monotonicTime();
		ReadAt last = this.reading;
		if (last != null && now - last.nanos() < READING_NANOS) {
			return last.reading();
		}
		ConsumerReading reading = this.reader.get();
		if (reading != null) {
			this.reading = new ReadAt(reading, now);
			if (!reading.partitions().keySet().equals(this.partitions.keySet())) {
				updateLater();
			}
		}
		return reading;
	}

	/**
	 * Have the meters of partitions and topics brought in line, once for however many
	 * ask.
	 */
	private void updateLater() {
		if (this.updates.getAndIncrement() == 0) {
			try {
				this.executor.execute(this::update);
			}
			catch (Throwable ex) {
				// Also if there is no memory for a thread: it is asked for again.
				this.updates.set(0);
				logger.debug("The meters of the partitions of '" + this.consumer + "' stay as they are for now", ex);
			}
		}
	}

	private void update() {
		int asked = this.updates.get();
		while (asked > 0) {
			try {
				ConsumerReading reading = this.reader.get();
				if (this.closed) {
					update(Set.of(), Set.of());
				}
				else if (reading != null) {
					update(reading.partitions().keySet(), reading.table().settings().topics());
				}
			}
			catch (Throwable ex) {
				SafeLog.log(logger::warn,
						"The meters of the partitions of '" + this.consumer + "' cannot be brought in line", ex);
			}
			asked = this.updates.addAndGet(-asked);
		}
	}

	private void update(Collection<TopicPartition> assigned, Collection<String> subscribed) {
		this.partitions.forEach((partition, meters) -> {
			if (!assigned.contains(partition)) {
				this.partitions.remove(partition);
				remove(meters);
			}
		});
		this.topics.forEach((topic, timers) -> {
			if (!subscribed.contains(topic)) {
				this.topics.remove(topic);
				remove(timers.meters());
			}
		});
		for (TopicPartition partition : assigned) {
			if (!this.partitions.containsKey(partition)) {
				this.partitions.put(partition, register(partition));
			}
		}
	}

	private List<Meter> register(TopicPartition partition) {
		Tags tags = this.tags.and("topic", partition.topic(), "partition", String.valueOf(partition.partition()));
		return List.of(
				gauge("kaffe.partition.lag", "Records behind the end that are not final", tags, partition,
						(table) -> orNan(table.lag().records())),
				gauge("kaffe.partition.completed.ahead", "Records that are final above one that is not", tags,
						partition, (snapshot) -> snapshot.offsets().completedAhead()),
				gauge("kaffe.partition.parked", "Records that are kept until somebody decides about them", tags,
						partition, PartitionSnapshot::parked),
				timeGauge("kaffe.partition.lag.time", "Age of the oldest record that is not final, by its timestamp",
						tags, partition, (table) -> orNan(table.lag().seconds())),
				timeGauge("kaffe.partition.oldest.age", "How long the oldest unfinished record has held up commits",
						tags, partition, this::oldestAge));
	}

	private Meter gauge(String name, String description, Tags tags, TopicPartition partition,
			ToDoubleFunction<PartitionSnapshot> value) {
		return Gauge.builder(name, this, (meters) -> meters.read(partition, value))
			.description(description)
			.tags(tags)
			.register(this.registry);
	}

	private Meter timeGauge(String name, String description, Tags tags, TopicPartition partition,
			ToDoubleFunction<PartitionSnapshot> seconds) {
		return TimeGauge.builder(name, this, TimeUnit.SECONDS, (meters) -> meters.read(partition, seconds))
			.description(description)
			.tags(tags)
			.register(this.registry);
	}

	private double read(TopicPartition partition, ToDoubleFunction<PartitionSnapshot> value) {
		return read((reading) -> {
			PartitionSnapshot table = reading.partitions().get(partition);
			return (table != null) ? value.applyAsDouble(table) : Double.NaN;
		});
	}

	private static double orNan(@Nullable Long value) {
		return (value != null) ? value : Double.NaN;
	}

	private double oldestAge(PartitionSnapshot table) {
		PartitionSnapshot.OldestUnfinished oldest = table.oldestUnfinished();
		long now = this.registry.config().clock().wallTime();
		return (oldest != null) ? Math.max(0, now - oldest.since().toEpochMilli()) / 1000.0 : 0;
	}

	/**
	 * Remove all meters.
	 */
	void close() {
		this.closed = true;
		if (this.updates.getAndIncrement() == 0) {
			update();
		}
		remove(this.meters);
	}

	private void remove(Collection<Meter> meters) {
		meters.forEach(this.registry::remove);
	}

	private record ReadAt(ConsumerReading reading, long nanos) {
	}

	private record TopicTimers(Timer handled, Timer failed) {

		List<Meter> meters() {
			return List.of(this.handled, this.failed);
		}

	}

}
