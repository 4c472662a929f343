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

package io.kaffe.spring.engine.listener;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.springframework.util.Assert;
import org.springframework.util.function.SingletonSupplier;

import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.delivery.EvictedKey;
import io.kaffe.spring.engine.delivery.KeyEviction;
import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.LostRecords;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

/**
 * Reads records again that were evicted from memory, with a consumer of its own that is
 * made as those of the container are, has its partitions assigned by hand and commits
 * nothing. It reads a partition from the lowest offset that a key wants on, and gives
 * each key what is its own, until it has no room for more or all of it.
 * <p>
 * How fast it reads is bounded, so that live consumers have their share of the brokers;
 * what it has read is bounded by the room of each key and by the number of keys.
 * <p>
 * <b>Threading.</b> Keys are requested by workers, which do not wait. At most one task
 * runs at a time, on a thread that may block; the consumer passes from one to the next.
 * The strategy is called there, as user code, under no lock.
 */
final class EvictedRecordReader implements KeyEviction.Reader {

	private static final Log logger = LogFactory.getLog(EvictedRecordReader.class);

	private static final Duration POLL_TIMEOUT = Duration.ofMillis(100);

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

	/** After a poll that returned nothing. */
	private static final Duration SHORT_PAUSE = Duration.ofMillis(10);

	/** After a failure. */
	private static final Duration LONG_PAUSE = Duration.ofSeconds(1);

	private static final int MAX_POLL_RECORDS = 2000;

	private static final int MAX_FETCH_BYTES = 4 << 20;

	private static final double BYTES_PER_NANO = 0.064;

	private final Set<EvictedKey> requested = ConcurrentHashMap.newKeySet();

	private final AtomicBoolean running = new AtomicBoolean();

	private final ConsumerContext context;

	private final Consumer<?, ?> polling;

	private final @Nullable String clientId;

	private final WorkerAllocationStrategy strategy;

	private final UnreadableRecordReader unreadable;

	private final Executor executor;

	private volatile @Nullable Consumer<?, ?> consumer;

	private volatile boolean closed;

	private @Nullable TopicPartition assigned;

	private long position;

	private long notBefore;

	/** Since when nothing is returned from the position. */
	private @Nullable Long emptySince;

	/**
	 * Create a reader, which has no consumer before it is needed.
	 * @param context the consumer whose records it reads again
	 * @param polling the Kafka consumer that has polled them
	 * @param clientId its client id; {@code null} if it is unknown
	 */
	EvictedRecordReader(ConsumerContext context, Consumer<?, ?> polling, @Nullable String clientId) {
		this.context = context;
		this.polling = polling;
		this.clientId = clientId;
		this.strategy = context.settings().strategy();
		this.unreadable = new UnreadableRecordReader(new UnreadableRecordReader.Deserializers(context.facts()));
		this.executor = context.runtime().threads(context + "-evicted-");
		this.notBefore = context.ticker().nanoTime();
	}

	/**
	 * Create a reader, if workers are allocated by keys.
	 * @param context the consumer
	 * @param polling the Kafka consumer whose partitions are read
	 * @param clientId its client id, or {@code null} if that is unknown
	 * @return a reader, or {@code null} if nothing is evicted
	 */
	static @Nullable EvictedRecordReader of(ConsumerContext context, Consumer<?, ?> polling,
			@Nullable String clientId) {
		WorkerAllocationStrategy strategy = context.settings().strategy();
		boolean byKey = strategy.isPerRecord() && strategy != StandardWorkerAllocationStrategy.WORKER_PER_RECORD;
		return byKey ? new EvictedRecordReader(context, polling, clientId) : null;
	}

	@Override
	public void read(EvictedKey key) {
		this.requested.add(key);
		start();
	}

	/**
	 * End reading, and close the consumer. Any thread; does not wait.
	 */
	void close() {
		this.closed = true;
		Consumer<?, ?> consumer = this.consumer;
		if (consumer != null) {
			consumer.wakeup();
			start();
		}
	}

	private void start() {
		if (this.running.compareAndSet(false, true)) {
			try {
				this.executor.execute(this::run);
			}
			catch (Throwable ex) {
				this.running.set(false);
				logger.warn("Consumer '" + this.context + "' cannot start a thread to read records again", ex);
				this.context.runtime().after(LONG_PAUSE, this::start);
			}
		}
	}

	private void run() {
		Duration pause = LONG_PAUSE;
		try {
			pause = readRequested();
		}
		catch (WakeupException ex) {
			pause = Duration.ZERO;
		}
		catch (Throwable ex) {
			this.context.workers()
				.failureLog()
				.log(logger::warn, "evicted records that cannot be read",
						"Records of blocked keys cannot be read again; another try follows", ex);
			closeConsumer();
		}
		finally {
			if (this.closed) {
				this.requested.clear();
				closeConsumer();
			}
			this.running.set(false);
			// Whoever requested something, or closed this, may have found it running.
			if (!this.requested.isEmpty() || (this.closed && this.consumer != null)) {
				if (pause.isZero()) {
					start();
				}
				else {
					this.context.runtime().after(pause, this::start);
				}
			}
		}
	}

	/**
	 * Read until all that is requested is read, or a pause is due.
	 * @return how long to wait before reading on
	 */
	private Duration readRequested() {
		while (!this.closed) {
			Map<TopicPartition, List<Target>> targets = targets();
			if (targets.isEmpty()) {
				return Duration.ZERO;
			}
			for (Map.Entry<TopicPartition, List<Target>> entry : targets.entrySet()) {
				long now = this.context.ticker().nanoTime();
				if (this.notBefore - now > SHORT_PAUSE.toNanos()) {
					return Duration.ofNanos(this.notBefore - now);
				}
				long bytes = read(entry.getKey(), entry.getValue());
				if (bytes < 0) {
					return SHORT_PAUSE;
				}
				this.notBefore = Math.max(now, this.notBefore) + (long) (bytes / BYTES_PER_NANO);
			}
		}
		return Duration.ZERO;
	}

	private Map<TopicPartition, List<Target>> targets() {
		Map<TopicPartition, List<Target>> targets = new HashMap<>();
		for (EvictedKey key : this.requested) {
			if (key.isToBeRead() && !key.isRevoked()) {
				targets.computeIfAbsent(key.partition(), (partition) -> new ArrayList<>()).add(new Target(key));
			}
			else {
				// In this order, since it may be requested once more at any time after.
				this.requested.remove(key);
				key.answer();
			}
		}
		return targets;
	}

	/**
	 * Poll once.
	 * @return how many bytes were read; less than 0 if nothing was
	 */
	private long read(TopicPartition partition, List<Target> targets) {
		Consumer<?, ?> consumer = consumer();
		long from = targets.stream().mapToLong((target) -> target.key.position()).min().orElseThrow();
		if (!partition.equals(this.assigned)) {
			consumer.assign(List.of(partition));
			this.assigned = partition;
			this.position = -1;
			this.emptySince = null;
		}
		if (this.position != from) {
			consumer.seek(partition, from);
			this.position = from;
		}
		long bytes = -1;
		List<? extends ConsumerRecord<?, ?>> records = List.of();
		long to = from;
		try {
			ConsumerRecords<?, ?> polled = consumer.poll(POLL_TIMEOUT);
			records = polled.records(partition);
			to = consumer.position(partition, TIMEOUT);
		}
		catch (OffsetOutOfRangeException ex) {
			to = passDeleted(consumer, partition, from, targets);
			consumer.seek(partition, to);
		}
		catch (RecordDeserializationException ex) {
			records = List.of(this.unreadable.read(ex));
			to = ex.offset() + 1;
			consumer.seek(partition, to);
		}
		for (ConsumerRecord<?, ?> record : records) {
			bytes += Math.max(0, record.serializedKeySize()) + Math.max(0, record.serializedValueSize());
			give(record, targets);
		}
		if (to > from) {
			bytes++;
			this.emptySince = null;
		}
		else {
			to = passIfTruncated(consumer, partition, from, targets);
		}
		for (Target target : targets) {
			target.passTo(to);
		}
		this.position = to;
		return bytes;
	}

	/**
	 * If nothing more can be read though it was polled before, and that lasts, the log
	 * was truncated.
	 * @return the offset to read on from
	 */
	private long passIfTruncated(Consumer<?, ?> consumer, TopicPartition partition, long from, List<Target> targets) {
		long now = this.context.ticker().nanoTime();
		Long since = this.emptySince;
		if (since == null) {
			this.emptySince = now;
		}
		else if (now - since > TIMEOUT.toNanos()) {
			this.emptySince = null;
			if (consumer.endOffsets(List.of(partition), TIMEOUT).getOrDefault(partition, Long.MAX_VALUE) <= from) {
				return passDeleted(consumer, partition, from, targets);
			}
		}
		return from;
	}

	private void give(ConsumerRecord<?, ?> record, List<Target> targets) {
		Supplier<@Nullable Object> name = SingletonSupplier.ofNullable(() -> {
			Object key = this.strategy.workerKey(record);
			return (key != null) ? ConsumerWorkers.nameOf(key) : null;
		});
		for (Target target : targets) {
			target.take(record, name);
		}
	}

	/**
	 * Pass what the log does not hold any more.
	 * @return the offset to read on from
	 */
	private long passDeleted(Consumer<?, ?> consumer, TopicPartition partition, long from, List<Target> targets) {
		long beginning = consumer.beginningOffsets(List.of(partition), TIMEOUT).getOrDefault(partition, from);
		long end = consumer.endOffsets(List.of(partition), TIMEOUT).getOrDefault(partition, from);
		long to = (from < beginning) ? beginning : end;
		for (Target target : targets) {
			long first = target.key.position();
			long next = (from < beginning) ? Math.min(to, target.end) : target.end;
			if (first < next) {
				this.context.losses()
					.add(new LostRecords(partition, first, next - 1, Math.min(next - first, target.key.records())),
							"begins at " + beginning + " and ends at " + end);
				target.passTo(next);
			}
		}
		return to;
	}

	private Consumer<?, ?> consumer() {
		Consumer<?, ?> present = this.consumer;
		if (present != null) {
			return present;
		}
		Properties overrides = this.context.facts().consumerOverrides();
		overrides.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
		overrides.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
		overrides.put(ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG, "");
		overrides.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, String.valueOf(MAX_POLL_RECORDS));
		overrides.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, String.valueOf(MAX_FETCH_BYTES));
		overrides.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, String.valueOf(MAX_FETCH_BYTES));
		Consumer<?, ?> created = this.context.facts()
			.consumerFactory()
			.createConsumer(this.context.facts().groupId(), this.clientId, "-evicted", overrides);
		Assert.state(created != this.polling, "The consumer factory has made no new consumer");
		this.consumer = created;
		return created;
	}

	private void closeConsumer() {
		Consumer<?, ?> consumer = this.consumer;
		this.consumer = null;
		this.assigned = null;
		if (consumer != null && consumer != this.polling) {
			try {
				consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
			}
			catch (RuntimeException ex) {
				logger.debug("Could not close the consumer that reads evicted records", ex);
			}
		}
	}

	/**
	 * A key during one poll.
	 */
	private static final class Target {

		private final EvictedKey key;

		/** What is evicted later may have been passed by then. */
		private final long end;

		private boolean full;

		private boolean taken;

		Target(EvictedKey key) {
			this.key = key;
			this.end = key.end();
		}

		void take(ConsumerRecord<?, ?> record, Supplier<@Nullable Object> name) {
			long offset = record.offset();
			if (this.full || offset < this.key.position() || offset >= this.end || !this.key.isOf(record, name)) {
				return;
			}
			if (this.key.isToBeRead()) {
				this.key.add(record);
				this.taken = true;
			}
			else {
				this.full = true;
			}
		}

		void passTo(long offset) {
			if (!this.full) {
				this.key.passTo(Math.min(offset, this.end));
			}
			if (this.taken) {
				this.key.wake();
			}
		}

	}

}
