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
 * once a second, by the thread that reads a gauge; if two take one, the later snapshot is
 * kept. The executor registers and removes the meters of partitions and topics, since a
 * registry takes a lock and calls the user's filters: one thread at a time, which
 * continues while {@code updates} has counted further requests.
 */
final class ConsumerMeters implements ConsumerObserver.HandlerTimer {

	private static final Log logger = LogFactory.getLog(ConsumerMeters.class);

	private static final String COMPLETED = "completed";

	private static final String TIMED_OUT = "timed-out";

	/** The values of {@link PartitionSnapshot#paused()}. */
	private static final List<String> PAUSE_REASONS = List.of("back-pressure", "once", "operator", "parked", "seek",
			"worker-allocation");

	private static final long READING_NANOS = TimeUnit.SECONDS.toNanos(1);

	private final Map<String, TopicTimers> topics = new ConcurrentHashMap<>();

	private final List<Meter> meters = new ArrayList<>();

	private final AtomicInteger updates = new AtomicInteger();

	private final String consumer;

	private final Tags tags;

	private final MeterRegistry registry;

	private final Supplier<@Nullable ConsumerReading> reader;

	private final Executor executor;

	private final PartitionMeters partitions;

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
		this.partitions = new PartitionMeters(this.tags, registry, this::partition);
		this.commits = commits("success");
		this.failedCommits = commits("failure");
		this.restarts = add(Counter.builder("kaffe.restarts")
			.description("Restarts of workers that failed outside the handler, and of consumer threads that terminated")
			.tags(this.tags)
			.register(registry));
		this.internalErrors = add(Counter.builder("kaffe.internal.errors")
			.description("Internal exceptions of Kaffe that were contained on consumer threads")
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
			.description("Offset commits that the broker confirmed or that failed")
			.tags(this.tags)
			.tag("result", result)
			.register(this.registry));
	}

	private Counter rebalances(String kind) {
		return add(Counter.builder("kaffe.rebalances")
			.description("Rebalances in which partitions were assigned, revoked or lost")
			.tags(this.tags)
			.tag("kind", kind)
			.register(this.registry));
	}

	private Timer drains(String outcome) {
		return add(Timer.builder("kaffe.drain")
			.description("How long a revocation waited for records in progress")
			.tags(this.tags)
			.tag("outcome", outcome)
			.register(this.registry));
	}

	private void addCounters() {
		counter("kaffe.records.retries", "Retries: attempts after the first one of a record",
				ConsumerSnapshot.Counters::retries);
		counter("kaffe.records.skipped", "Records that were skipped", ConsumerSnapshot.Counters::skipped);
		counter("kaffe.records.dead.lettered", "Records sent to a dead-letter topic",
				ConsumerSnapshot.Counters::deadLettered);
		counter("kaffe.records.lost", "Offsets that were deleted from the log before they were handled",
				ConsumerSnapshot.Counters::lost);
		counter("kaffe.records.already.handled",
				"Records whose handler was rolled back, since another instance had handled them",
				ConsumerSnapshot.Counters::alreadyHandled);
		counter("kaffe.late.completions", "Records completed after their partition was revoked",
				ConsumerSnapshot.Counters::lateCompletions);
	}

	private void counter(String name, String description, ToDoubleFunction<ConsumerSnapshot.Counters> value) {
		add(FunctionCounter.builder(name, this, (meters) -> {
			ConsumerReading reading = meters.reading();
			return (reading != null) ? value.applyAsDouble(reading.table().counters()) : 0;
		}).description(description).tags(this.tags).register(this.registry));
	}

	private void addGauges() {
		gauge("kaffe.records.buffered", "Records polled but not completed", null,
				(reading) -> reading.table().load().buffered().records());
		gauge("kaffe.buffer.bytes", "Size of the records polled but not completed", "bytes",
				(reading) -> reading.table().load().buffered().bytes());
		gauge("kaffe.records.in.flight", "Records being handled", null, (reading) -> reading.table().load().inFlight());
		gauge("kaffe.records.failing", "Records that have failed and are not completed", null,
				(reading) -> reading.table().failures().failingCount());
		gauge("kaffe.records.parked", "Parked records, which await a decision of an operator", null,
				(reading) -> reading.partitions().values().stream().mapToInt(PartitionSnapshot::parked).sum());
		gauge("kaffe.records.evicted", "Records of blocked keys that are evicted from memory", null,
				(reading) -> reading.table().load().evicted().records());
		gauge("kaffe.keys.evicted", "Blocked keys whose records are evicted from memory", null,
				(reading) -> reading.table().load().evicted().keys());
		gauge("kaffe.records.stalled", "Records whose handler has not returned within the stall threshold", null,
				ConsumerReading::stalled);
		gauge("kaffe.consumer.up", "1 if health does not report the consumer as down, 0 otherwise", null,
				(reading) -> reading.up() ? 1 : 0);
		gauge("kaffe.outage", "1 during an outage of what the handlers depend on, 0 otherwise", null,
				(reading) -> (reading.table().status().outage() != null) ? 1 : 0);
		gauge("kaffe.max.concurrency", "Maximum number of records handled concurrently", null, (reading) -> {
			Integer maxConcurrency = reading.table().settings().maxConcurrency();
			return (maxConcurrency != null) ? maxConcurrency : Double.NaN;
		});
	}

	private void addStates() {
		for (WorkerState state : WorkerState.values()) {
			gauge("kaffe.workers", "Workers by state", "state", tag(state),
					(reading) -> reading.workers().getOrDefault(state, 0));
		}
		for (ConsumerState state : ConsumerState.values()) {
			gauge("kaffe.consumer.state", "1 for the current state of the consumer, 0 for all others", "state",
					tag(state), (reading) -> (reading.table().status().state() == state) ? 1 : 0);
		}
	}

	private void addPauses() {
		for (String reason : PAUSE_REASONS) {
			gauge("kaffe.partitions.paused", "Partitions that are not fetched, by reason", "reason", reason,
					(reading) -> reading.partitions()
						.values()
						.stream()
						.filter((partition) -> reason.equals(partition.paused()))
						.count());
		}
	}

	private void addProblems() {
		for (ConsumerProblem.Severity severity : ConsumerProblem.Severity.values()) {
			gauge("kaffe.consumer.problems", "Problems of the consumer in health by severity, at most 20", "severity",
					tag(severity), (reading) -> reading.problems(severity));
		}
	}

	private static String tag(Enum<?> state) {
		return state.name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	private void gauge(String name, String description, String tag, String tagValue,
			ToDoubleFunction<ConsumerReading> value) {
		add(Gauge.builder(name, this, (meters) -> meters.read(value))
			.description(description)
			.tags(this.tags)
			.tag(tag, tagValue)
			.register(this.registry));
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
			.description("Attempts to handle records, and their duration")
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

	private @Nullable PartitionSnapshot partition(TopicPartition partition) {
		ConsumerReading reading = reading();
		return (reading != null) ? reading.partitions().get(partition) : null;
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
			if (!reading.partitions().keySet().equals(this.partitions.partitions())) {
				updateLater();
			}
		}
		return reading;
	}

	/**
	 * Have the meters of partitions and topics updated, once for any number of requests.
	 */
	private void updateLater() {
		if (this.updates.getAndIncrement() == 0) {
			try {
				this.executor.execute(this::update);
			}
			catch (Throwable ex) {
				// Also if there is no memory for a thread. The next change requests it
				// again.
				this.updates.set(0);
				logger.debug("Consumer '" + this.consumer
						+ "': no thread to update the meters of partitions; retried at the next change", ex);
			}
		}
	}

	private void update() {
		int requested = this.updates.get();
		while (requested > 0) {
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
				SafeLog.log(logger::warn, "Consumer '" + this.consumer + "': could not update the meters of partitions",
						ex);
			}
			requested = this.updates.addAndGet(-requested);
		}
	}

	private void update(Set<TopicPartition> assigned, Collection<String> subscribed) {
		this.partitions.register(assigned);
		this.topics.forEach((topic, timers) -> {
			if (!subscribed.contains(topic)) {
				this.topics.remove(topic);
				remove(timers.meters());
			}
		});
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
