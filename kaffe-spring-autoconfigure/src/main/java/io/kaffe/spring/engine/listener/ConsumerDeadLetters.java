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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.util.Assert;

import io.kaffe.spring.DeadLetter;
import io.kaffe.spring.DeadLetterCount;
import io.kaffe.spring.DeadLetterFilter;
import io.kaffe.spring.DeadLetterOperations;
import io.kaffe.spring.DeadLetterPage;
import io.kaffe.spring.DeadLetterRun;
import io.kaffe.spring.engine.deadletter.HandledLetters;

/**
 * The dead letters of one consumer, as operators list, count, replay and abandon them.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; nothing blocks the caller. Topics are read
 * by threads of the executor: at most four that list or count, and one that replays or
 * abandons. That is the one whose {@link DeadLetterTask} is referred to, until it has
 * ended.
 */
final class ConsumerDeadLetters implements DeadLetterOperations {

	private static final int MAX_READING = 4;

	private static final int MAX_EXCEPTIONS = 100;

	private static final long READ_NANOS = Duration.ofSeconds(10).toNanos();

	private static final Pattern POSITION = Pattern.compile("(.+)-(\\d{1,9})@(\\d{1,18})");

	private final AtomicInteger reading = new AtomicInteger();

	private final AtomicReference<@Nullable DeadLetterTask> task = new AtomicReference<>();

	private final DeadLetterSource source;

	private final ConsumerContext context;

	private final Executor executor;

	/**
	 * Create it.
	 * @param source where the dead letters are
	 * @param context the consumer
	 * @param executor has threads that may block
	 */
	ConsumerDeadLetters(DeadLetterSource source, ConsumerContext context, Executor executor) {
		this.source = source;
		this.context = context;
		this.executor = executor;
	}

	@Override
	public CompletableFuture<DeadLetterPage> list(DeadLetterFilter filter, @Nullable String from, int limit) {
		Assert.isTrue(limit > 0 && limit <= MAX_PAGE_SIZE,
				() -> "The limit must be from 1 to " + MAX_PAGE_SIZE + ", not " + limit);
		Position begin = (from != null) ? Position.parse(from) : null;
		return read((reader) -> list(filter, begin, limit, reader));
	}

	private DeadLetterPage list(DeadLetterFilter filter, @Nullable Position from, int limit, DeadLetterReader reader) {
		List<DeadLetter> letters = new ArrayList<>();
		Reading reading = new Reading(filter, from) {

			@Override
			boolean add(DeadLetter letter) {
				letters.add(letter);
				return letters.size() < limit;
			}

		};
		SortedSet<String> missing = reading.readAll(reader);
		return new DeadLetterPage(letters, reading.next(), missing);
	}

	@Override
	public CompletableFuture<DeadLetterCount> count(DeadLetterFilter filter) {
		return read((reader) -> count(filter, reader));
	}

	private DeadLetterCount count(DeadLetterFilter filter, DeadLetterReader reader) {
		long[] counts = new long[DeadLetter.State.values().length];
		Map<String, Long> byException = new TreeMap<>();
		AtomicReference<@Nullable Instant> oldest = new AtomicReference<>();
		Reading reading = new Reading(filter, null) {

			@Override
			boolean add(DeadLetter letter) {
				counts[letter.state().ordinal()]++;
				if (letter.state() != DeadLetter.State.FOREIGN) {
					DeadLetter.Failure failure = letter.failure();
					String exception = (failure != null) ? failure.cause() : "unknown";
					if (byException.containsKey(exception) || byException.size() < MAX_EXCEPTIONS) {
						byException.merge(exception, 1L, Long::sum);
					}
					Instant before = oldest.get();
					oldest.set((before != null && before.isBefore(letter.at())) ? before : letter.at());
				}
				return true;
			}

		};
		SortedSet<String> missing = reading.readAll(reader);
		return new DeadLetterCount(counts[DeadLetter.State.HERE.ordinal()],
				counts[DeadLetter.State.ELSEWHERE.ordinal()], counts[DeadLetter.State.FOREIGN.ordinal()], byException,
				oldest.get(), reading.next() == null, missing);
	}

	private <T> CompletableFuture<T> read(Function<DeadLetterReader, T> task) {
		this.source.check();
		boolean isAdmitted = this.reading.getAndUpdate((count) -> Math.min(MAX_READING, count + 1)) < MAX_READING;
		Assert.state(isAdmitted, () -> "The dead letters of consumer '" + this.context + "' are being read for "
				+ MAX_READING + " others; try again later");
		CompletableFuture<T> answer = new CompletableFuture<>();
		try {
			this.executor.execute(() -> {
				try (DeadLetterReader reader = this.source.open()) {
					answer.complete(task.apply(reader));
				}
				catch (Throwable ex) {
					answer.completeExceptionally(ex);
				}
				finally {
					this.reading.decrementAndGet();
				}
			});
		}
		catch (Throwable ex) {
			this.reading.decrementAndGet();
			throw ex;
		}
		return answer;
	}

	@Override
	public DeadLetterRun replay(DeadLetterFilter filter, int maxPerSecond) {
		Assert.isTrue(maxPerSecond > 0 && maxPerSecond <= MAX_RATE,
				() -> "The rate must be from 1 to " + MAX_RATE + " per second, not " + maxPerSecond);
		return start(DeadLetterRun.Operation.REPLAY, filter, maxPerSecond);
	}

	@Override
	public DeadLetterRun abandon(DeadLetterFilter filter) {
		return start(DeadLetterRun.Operation.ABANDON, filter, MAX_RATE);
	}

	private DeadLetterRun start(DeadLetterRun.Operation operation, DeadLetterFilter filter, int maxPerSecond) {
		this.source.check();
		DeadLetterTask before = this.task.get();
		DeadLetterTask next = new DeadLetterTask(operation, filter, maxPerSecond, this.source,
				new ReplayDispatcher(this.context), this.context);
		boolean isNext = (before == null || !before.isRunning()) && this.task.compareAndSet(before, next);
		Assert.state(isNext, () -> "Another replay or abandonment of dead letters of consumer '" + this.context
				+ "' is in progress; wait for its end or cancel it");
		DeadLetterRun started = next.snapshot();
		try {
			this.executor.execute(next);
		}
		catch (Throwable ex) {
			next.rejected(ex);
			throw ex;
		}
		return started;
	}

	@Override
	public @Nullable DeadLetterRun run() {
		DeadLetterTask task = this.task.get();
		return (task != null) ? task.snapshot() : null;
	}

	@Override
	public boolean cancel() {
		DeadLetterTask task = this.task.get();
		return task != null && task.cancel();
	}

	/**
	 * Where a page begins.
	 */
	private record Position(TopicPartition partition, long offset) {

		static Position parse(String text) {
			Matcher matcher = POSITION.matcher(text);
			Assert.isTrue(matcher.matches(),
					() -> "'" + text + "' is not where a page begins, such as orders-dlt-0@17");
			return new Position(new TopicPartition(matcher.group(1), Integer.parseInt(matcher.group(2))),
					Long.parseLong(matcher.group(3)));
		}

		boolean isAfter(TopicPartition other) {
			int topics = this.partition.topic().compareTo(other.topic());
			return topics > 0 || (topics == 0 && this.partition.partition() > other.partition());
		}

		@Override
		public String toString() {
			return this.partition + "@" + this.offset;
		}

	}

	/**
	 * Reads dead letters that were not handled and match, as long as there is time.
	 */
	private abstract class Reading implements DeadLetterReader.Visitor {

		private final DeadLetterFilter filter;

		private final @Nullable Position from;

		private final long deadline = ConsumerDeadLetters.this.context.ticker().nanoTime() + READ_NANOS;

		private @Nullable HandledLetters handled;

		private @Nullable Position next;

		private long offset;

		private boolean full;

		Reading(DeadLetterFilter filter, @Nullable Position from) {
			this.filter = filter;
			this.from = from;
		}

		/**
		 * Take a dead letter.
		 * @return whether there is room for more
		 */
		abstract boolean add(DeadLetter letter);

		/**
		 * Read.
		 * @return the topics that do not exist
		 */
		SortedSet<String> readAll(DeadLetterReader reader) {
			SortedSet<String> missing = new TreeSet<>();
			List<TopicPartition> partitions = reader
				.partitions(ConsumerDeadLetters.this.source.deadLetterTopics(), missing)
				.stream()
				.filter((partition) -> this.filter.includes(partition)
						&& (this.from == null || !this.from.isAfter(partition)))
				.toList();
			Map<TopicPartition, DeadLetterReader.Bounds> bounds = reader.bounds(partitions);
			for (TopicPartition partition : partitions) {
				DeadLetterReader.Bounds all = Objects.requireNonNull(bounds.get(partition));
				read(partition, all, reader);
				if (this.offset < end(all) && (this.full || !isToContinue())) {
					this.next = new Position(partition, this.offset);
					break;
				}
			}
			return missing;
		}

		private void read(TopicPartition partition, DeadLetterReader.Bounds all, DeadLetterReader reader) {
			HandledLetters handled = reader.handled(partition, all);
			this.handled = handled;
			Long only = this.filter.offset();
			this.offset = Math.max(handled.watermark(), (only != null) ? only : 0);
			if (this.from != null && this.from.partition().equals(partition)) {
				this.offset = Math.max(this.offset, this.from.offset());
			}
			reader.scan(partition, this.offset, end(all), this);
		}

		private long end(DeadLetterReader.Bounds all) {
			Long only = this.filter.offset();
			return (only != null) ? Math.min(only + 1, all.end()) : all.end();
		}

		@Override
		public boolean isToContinue() {
			return !this.full && ConsumerDeadLetters.this.context.ticker().nanoTime() - this.deadline < 0;
		}

		@Override
		public boolean visit(ConsumerRecord<byte[], byte[]> record, long from) {
			this.offset = record.offset() + 1;
			if (!Objects.requireNonNull(this.handled).contains(record.offset())) {
				DeadLetter letter = ConsumerDeadLetters.this.source.describe(record).letter();
				this.full = this.filter.matches(letter) && !add(letter);
			}
			return isToContinue();
		}

		@Override
		public void skipped(long from, long to) {
			this.offset = Math.max(this.offset, to);
		}

		/**
		 * Return where to continue, or {@code null} if all was read.
		 */
		@Nullable String next() {
			return (this.next != null) ? this.next.toString() : null;
		}

	}

}
