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
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.kaffe.spring.fault.Entry.Kind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link Journal}.
 */
class JournalTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 2);

	@TempDir
	@SuppressWarnings("NullAway.Init")
	private Path directory;

	@Test
	void entriesAreReadAsTheyWereWritten() {
		try (Journal journal = Journal.open(this.directory, "a-1")) {
			journal.assignment(Kind.ASSIGNED, "consumer\t1", PARTITION);
			journal.start(record(7), 1);
			journal.end(record(7), 1, Entry.HANDLED);
			journal.commit(Kind.COMMITTING, "consumer\t1", PARTITION, 8, "reported\n1-3, 5");
		}
		List<Entry> entries = Journal.readAll(this.directory);
		assertThat(entries).extracting(Entry::kind)
			.containsExactly(Kind.ASSIGNED, Kind.START, Kind.END, Kind.COMMITTING);
		assertThat(entries).extracting(Entry::instance).containsOnly("a-1");
		assertThat(entries).extracting(Entry::topicPartition).containsOnly(PARTITION);
		assertThat(entries.get(1).key()).isEqualTo("key 1");
		assertThat(entries.get(2).coordinates()).isEqualTo("orders-2@7");
		assertThat(entries.get(2).isCompletion()).isTrue();
		assertThat(entries.get(3).detail()).isEqualTo("reported\n1-3, 5");
		assertThat(entries.get(3).actor()).isEqualTo("consumer\t1");
	}

	@Test
	void recordWithoutKeyHasNone() {
		try (Journal journal = Journal.open(this.directory, "a-1")) {
			journal.start(new ConsumerRecord<>("orders", 2, 7, null, "value"), 1);
		}
		assertThat(Journal.readAll(this.directory)).extracting(Entry::key).containsExactly("");
	}

	@Test
	void journalsOfSeveralInstancesArePutTogetherInTheOrderOfTime() {
		try (Journal one = Journal.open(this.directory, "a-1"); Journal other = Journal.open(this.directory, "b-1")) {
			other.start(record(1), 1);
			one.fault(Kind.KILLED, "b-1");
			await();
			other.end(record(1), 1, Entry.FAILED);
		}
		assertThat(Journal.readAll(this.directory)).extracting(Entry::kind).last().isEqualTo(Kind.END);
		assertThat(Journal.readAll(this.directory))
			.isSortedAccordingTo((one, other) -> Long.compare(one.micros(), other.micros()));
	}

	@Test
	void lineTornByAKillIsLeftOut() throws IOException {
		try (Journal journal = Journal.open(this.directory, "a-1")) {
			journal.start(record(1), 1);
			journal.start(record(2), 1);
		}
		Path file = this.directory.resolve("a-1.journal");
		byte[] whole = Files.readAllBytes(file);
		for (int torn = 1; torn < 20; torn++) {
			Files.write(file, Arrays.copyOf(whole, whole.length - 1 - torn));
			assertThat(Journal.readAll(this.directory)).as("without " + torn + " bytes").hasSize(1);
		}
	}

	@Test
	void lineDamagedInTheMiddleIsAnError() throws IOException {
		Path file = this.directory.resolve("a-1.journal");
		Files.writeString(file, "STA\n", StandardOpenOption.CREATE_NEW);
		try (Journal journal = Journal.open(this.directory, "b-1")) {
			journal.start(record(1), 1);
		}
		Files.writeString(file, Files.readString(this.directory.resolve("b-1.journal")), StandardOpenOption.APPEND);
		assertThatIllegalStateException().isThrownBy(() -> Journal.readAll(this.directory))
			.withMessageContaining("Line 1");
	}

	@Test
	void killedProcessLosesNothingItWrote() throws Exception {
		Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
				System.getProperty("java.class.path"), Endless.class.getName(), this.directory.toString())
			.start();
		try (var seen = process.inputReader()) {
			String last = "";
			for (int lines = 0; lines < 100; lines++) {
				last = seen.readLine();
			}
			process.destroyForcibly().waitFor();
			assertThat(Journal.readAll(this.directory)).extracting((entry) -> Long.toString(entry.offset()))
				.contains(last);
		}
		finally {
			process.destroyForcibly();
		}
	}

	private static void await() {
		long before = Journal.now();
		while (Journal.now() - before < TimeUnit.MILLISECONDS.toMicros(1)) {
			Thread.onSpinWait();
		}
	}

	private static ConsumerRecord<String, String> record(long offset) {
		return new ConsumerRecord<>("orders", 2, offset, "key 1", "value");
	}

	/**
	 * Writes a journal until it is killed, and says so after each entry.
	 */
	public static final class Endless {

		private Endless() {
		}

		/**
		 * Write until killed.
		 * @param args the directory of the journal
		 */
		public static void main(String[] args) {
			try (Journal journal = Journal.open(Path.of(args[0]), "endless")) {
				for (long offset = 0; offset < Long.MAX_VALUE; offset++) {
					journal.start(record(offset), 1);
					System.out.println(offset);
				}
			}
		}

	}

}
