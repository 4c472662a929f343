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
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

import io.kaffe.spring.fault.Entry.Kind;

/**
 * What one instance did, in a file of its own: each entry is handed to the operating
 * system before the call returns, so that a killed process loses none of them.
 * <p>
 * <b>Threading.</b> Written by any thread, an entry at a time; times ascend in the order
 * of lines.
 */
final class Journal implements AutoCloseable {

	private static final String SUFFIX = ".journal";

	private final String instance;

	private final FileChannel file;

	private long last;

	private Journal(String instance, FileChannel file) {
		this.instance = instance;
		this.file = file;
	}

	/**
	 * Open a new journal.
	 * @param directory where the journals of a scenario are
	 * @param instance the instance, of which there is no journal yet
	 */
	static Journal open(Path directory, String instance) {
		try {
			return new Journal(instance, FileChannel.open(directory.resolve(instance + SUFFIX),
					StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.APPEND));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	String instance() {
		return this.instance;
	}

	void start(ConsumerRecord<?, ?> record, int attempt) {
		write(Kind.START, this.instance, record, attempt, "");
	}

	void end(ConsumerRecord<?, ?> record, int attempt, String outcome) {
		write(Kind.END, this.instance, record, attempt, outcome);
	}

	void acknowledged(ConsumerRecord<?, ?> record) {
		write(Kind.ACKNOWLEDGED, this.instance, record, 0, "");
	}

	void commit(Kind kind, String consumer, TopicPartition partition, long offset, String detail) {
		write(kind, this.instance, partition.topic(), partition.partition(), offset, "", consumer, 0, detail);
	}

	void assignment(Kind kind, String consumer, TopicPartition partition) {
		write(kind, this.instance, partition.topic(), partition.partition(), -1, "", consumer, 0, "");
	}

	/**
	 * Note what a scenario did to an instance.
	 */
	void fault(Kind kind, String victim) {
		write(kind, victim, "", -1, -1, "", "", 0, "");
	}

	/**
	 * Note that a scenario moved the committed offset of a partition.
	 */
	void moved(TopicPartition partition, long offset) {
		write(Kind.MOVED, this.instance, partition.topic(), partition.partition(), offset, "", "", 0, "");
	}

	private void write(Kind kind, String instance, ConsumerRecord<?, ?> record, int attempt, String detail) {
		write(kind, instance, record.topic(), record.partition(), record.offset(), key(record),
				Thread.currentThread().getName(), attempt, detail);
	}

	private static String key(ConsumerRecord<?, ?> record) {
		return (record.key() != null) ? record.key().toString() : "";
	}

	private synchronized void write(Kind kind, String instance, String topic, int partition, long offset, String key,
			String actor, int attempt, String detail) {
		this.last = Math.max(this.last, now());
		Entry entry = new Entry(kind, this.last, instance, topic, partition, offset, key, actor, attempt, detail);
		ByteBuffer line = ByteBuffer.wrap((entry.toLine() + "\n").getBytes(StandardCharsets.UTF_8));
		try {
			while (line.hasRemaining()) {
				this.file.write(line);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	static long now() {
		Instant now = Instant.now();
		return TimeUnit.SECONDS.toMicros(now.getEpochSecond()) + TimeUnit.NANOSECONDS.toMicros(now.getNano());
	}

	/**
	 * Read all journals of a directory. A last line that was not written to its end is
	 * left out.
	 * @return the entries in the order of time
	 */
	static List<Entry> readAll(Path directory) {
		List<Entry> entries = new ArrayList<>();
		try (Stream<Path> files = Files.list(directory)) {
			for (Path file : files.filter((path) -> path.toString().endsWith(SUFFIX)).sorted().toList()) {
				entries.addAll(read(file));
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		entries.sort((one, other) -> Long.compare(one.micros(), other.micros()));
		return entries;
	}

	/**
	 * Read one journal so far.
	 * @return the entries; none if the instance has not begun yet
	 */
	static List<Entry> read(Path directory, String instance) {
		Path file = directory.resolve(instance + SUFFIX);
		try {
			return Files.exists(file) ? read(file) : List.of();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static List<Entry> read(Path file) throws IOException {
		// A torn line may end within a character, which must not be an error.
		String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
		List<String> lines = text.lines().toList();
		List<Entry> entries = new ArrayList<>(lines.size());
		for (int index = 0; index < lines.size(); index++) {
			Entry entry = Entry.of(lines.get(index));
			if (entry != null) {
				entries.add(entry);
			}
			else if (index < lines.size() - 1) {
				throw new IllegalStateException("Line " + (index + 1) + " of " + file + " is damaged");
			}
		}
		return entries;
	}

	@Override
	public void close() {
		try {
			this.file.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
