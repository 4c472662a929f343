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

package io.kaffe.spring.benchmark.contender;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

/**
 * The settings of a contender for one round, passed in a file.
 *
 * @param contender its name
 * @param phase what to measure
 * @param bootstrapServers where Kafka is
 * @param topic the topic to read
 * @param ends the number of records in each of its partitions
 * @param group the group to read as
 * @param concurrency how many records to handle at once, where that is for the contender
 * to decide
 * @param work what to do with each record
 * @param warmUp how many records are handled before the clock starts
 * @param measured how many records are handled while it runs
 * @param patienceSeconds how long to wait for all records
 * @param journal where to note what was handled
 * @param result where to write the result
 * @param database the JDBC URL of the database, {@code null} if there is none
 */
public record RoundSettings(String contender, Phase phase, String bootstrapServers, String topic, List<Long> ends,
		String group, int concurrency, Work work, long warmUp, long measured, long patienceSeconds, Path journal,
		Path result, @Nullable String database) {

	/**
	 * Return how many records there are.
	 * @return the sum of all partitions
	 */
	public long total() {
		return this.ends.stream().mapToLong(Long::longValue).sum();
	}

	/**
	 * Return the topic to send to in transactions.
	 * @return its name
	 */
	public String results() {
		return results(this.topic);
	}

	/**
	 * Return the topic for what is sent about the records of another one.
	 * @param topic the other one
	 * @return its name
	 */
	public static String results(String topic) {
		return topic + "-results";
	}

	/**
	 * Write these settings.
	 * @param file the file to write
	 * @throws IOException if that fails
	 */
	public void write(Path file) throws IOException {
		Properties properties = new Properties();
		properties.setProperty("contender", this.contender);
		properties.setProperty("phase", this.phase.name());
		properties.setProperty("bootstrap-servers", this.bootstrapServers);
		properties.setProperty("topic", this.topic);
		properties.setProperty("ends", this.ends.stream().map(String::valueOf).collect(Collectors.joining(",")));
		properties.setProperty("group", this.group);
		properties.setProperty("concurrency", String.valueOf(this.concurrency));
		properties.setProperty("work.wait-millis", String.valueOf(this.work.waitMillis()));
		properties.setProperty("work.slow-every", String.valueOf(this.work.slowEvery()));
		properties.setProperty("work.slow-millis", String.valueOf(this.work.slowMillis()));
		properties.setProperty("work.spins", String.valueOf(this.work.spins()));
		properties.setProperty("warm-up", String.valueOf(this.warmUp));
		properties.setProperty("measured", String.valueOf(this.measured));
		properties.setProperty("patience-seconds", String.valueOf(this.patienceSeconds));
		properties.setProperty("journal", this.journal.toString());
		properties.setProperty("result", this.result.toString());
		if (this.database != null) {
			properties.setProperty("database", this.database);
		}
		try (Writer writer = Files.newBufferedWriter(file)) {
			properties.store(writer, null);
		}
	}

	/**
	 * Read settings.
	 * @param file the file to read
	 * @return what was written to it
	 * @throws IOException if that fails
	 */
	public static RoundSettings read(Path file) throws IOException {
		Properties properties = new Properties();
		try (Reader reader = Files.newBufferedReader(file)) {
			properties.load(reader);
		}
		return new RoundSettings(properties.getProperty("contender"), Phase.valueOf(properties.getProperty("phase")),
				properties.getProperty("bootstrap-servers"), properties.getProperty("topic"),
				Arrays.stream(properties.getProperty("ends").split(",")).map(Long::valueOf).toList(),
				properties.getProperty("group"), Integer.parseInt(properties.getProperty("concurrency")),
				new Work(number(properties, "work.wait-millis"), (int) number(properties, "work.slow-every"),
						number(properties, "work.slow-millis"), number(properties, "work.spins")),
				number(properties, "warm-up"), number(properties, "measured"), number(properties, "patience-seconds"),
				Path.of(properties.getProperty("journal")), Path.of(properties.getProperty("result")),
				properties.getProperty("database"));
	}

	private static long number(Properties properties, String name) {
		return Long.parseLong(properties.getProperty(name));
	}

	/**
	 * What is measured.
	 */
	public enum Phase {

		/** How many records are handled in a second. */
		THROUGHPUT,

		/** The same before and after a record hangs; then waits to be killed. */
		STALL,

		/** The same before and after some keys are blocked; then waits to be killed. */
		BLOCKED_KEYS,

		/** What is delivered after having been killed. */
		REPLAY,

		/** How many bytes a record takes that is polled and not handled. */
		MEMORY

	}

}
