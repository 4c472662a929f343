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

package io.kaffe.simulation;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.springframework.kafka.support.KafkaHeaders;

import io.kaffe.spring.engine.deadletter.HandledLetters;
import io.kaffe.spring.engine.deadletter.Letter;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.test.simulation.Simulation;
import io.kaffe.spring.test.simulation.kafka.CommitListener;
import io.kaffe.spring.test.simulation.kafka.LogEntry;
import io.kaffe.spring.test.simulation.kafka.PartitionLog;
import io.kaffe.spring.test.simulation.kafka.SimulatedCluster;

/**
 * The oracle of dead letters: a record is dead-lettered as what it was, once if nothing
 * repeats it; a dead letter is stored as handled when it is, and stays a dead letter
 * until then; in the calm, all are replayed in order, and none a second time.
 * <p>
 * <b>Threading.</b> Used by simulated threads and events, of which one runs at a time.
 */
final class DeadLetterOracle implements CommitListener {

	/** One for each topic of the world. */
	static final List<String> TOPICS = World.TOPICS.stream().map((topic) -> topic + "-dlt").toList();

	private static final String GROUP = World.GROUP + ".dead-letters";

	/** By partition, in the order of offsets, without gaps. */
	private final Map<TopicPartition, List<PublishedLetter>> letters = new HashMap<>();

	/** The keys whose dead letters are being abandoned, once for each operator. */
	private final List<String> abandoning = new ArrayList<>();

	private final Simulation simulation;

	private final SimulatedCluster cluster;

	private final Journal journal;

	private final Violations violations;

	private final ListenerSetup setup;

	private final boolean graceful;

	private long replays;

	DeadLetterOracle(Simulation simulation, SimulatedCluster cluster, Journal journal, Violations violations,
			Scenario scenario) {
		this.simulation = simulation;
		this.cluster = cluster;
		this.journal = journal;
		this.violations = violations;
		this.setup = scenario.service().setup();
		this.graceful = scenario.isGraceful();
	}

	/**
	 * Read what was published to dead-letter topics since the last time: that completes
	 * records.
	 */
	void read() {
		for (String topic : TOPICS) {
			for (int number = 0; number < this.cluster.partitions(topic); number++) {
				TopicPartition partition = new TopicPartition(topic, number);
				List<PublishedLetter> known = this.letters.computeIfAbsent(partition, (each) -> new ArrayList<>());
				PartitionLog log = this.cluster.log(partition);
				for (long offset = known.size(); offset < log.logEnd(); offset++) {
					known.add(published(partition, Objects.requireNonNull(log.at(offset))));
				}
			}
		}
	}

	private PublishedLetter published(TopicPartition partition, LogEntry entry) {
		Fact fact = this.journal.fact(Payloads.number(Objects.requireNonNull(entry.value())));
		Headers headers = Objects.requireNonNull(entry.headers());
		Header offset = headers.lastHeader(KafkaHeaders.DLT_ORIGINAL_OFFSET);
		if (offset == null || ByteBuffer.wrap(offset.value()).getLong() != fact.offset) {
			this.violations.add("%s is dead-lettered as another offset".formatted(fact));
		}
		int replays = replays(headers);
		if (replays > 0) {
			fact.replays = Math.max(fact.replays, replays);
		}
		else {
			fact.deadLetters++;
			if (this.graceful && fact.deadLetters > 1) {
				this.violations.add("%s is dead-lettered for the %d. time".formatted(fact, fact.deadLetters));
			}
			if (this.graceful && fact.doneAt >= 0) {
				this.violations.add("%s is dead-lettered after it was %s".formatted(fact, fact.doneBy));
			}
		}
		this.journal.deadLettered(fact);
		return new PublishedLetter(partition, entry.offset(), fact, replays, this.simulation.nanoTime());
	}

	/**
	 * Return how often a record was replayed, by its headers; 0 if it is none that is
	 * replayed.
	 */
	static int replays(Headers headers) {
		Header replays = headers.lastHeader(Letter.REPLAYS_HEADER);
		return (replays != null) ? ByteBuffer.wrap(replays.value()).getInt() : 0;
	}

	/**
	 * A handler begins with a record that is replayed.
	 * @param ordered whether records of its key are handled in order, and letters are
	 * replayed by one instance at a time
	 * @param before records of the same batch that may be before it
	 */
	void replayed(Fact fact, boolean ordered, List<Fact> before) {
		this.replays++;
		if (fact.deadLetters == 0) {
			this.violations.add("%s is replayed, and is no dead letter".formatted(fact));
		}
		if (ordered) {
			// If there is more than one letter of it, any of them may be the one.
			List<PublishedLetter> overtaken = new ArrayList<>();
			for (List<PublishedLetter> partition : this.letters.values()) {
				if (partition.stream().anyMatch((letter) -> letter.fact() == fact)) {
					List<PublishedLetter> earlier = earlier(partition, fact, before);
					if (earlier.isEmpty()) {
						return;
					}
					overtaken.addAll(earlier);
				}
			}
			overtaken.forEach((letter) -> this.violations.add("%s is replayed before %s".formatted(fact, letter)));
		}
	}

	/**
	 * Return the dead letters of the same key that are to be replayed before a record.
	 */
	private List<PublishedLetter> earlier(List<PublishedLetter> partition, Fact fact, List<Fact> before) {
		List<PublishedLetter> earlier = new ArrayList<>();
		for (PublishedLetter letter : partition) {
			Fact other = letter.fact();
			if (other == fact) {
				break;
			}
			if (!letter.isSettled() && other.partition().equals(fact.partition()) && other.key().equals(fact.key())
					&& !this.setup.isUnreadable(other.number()) && !before.contains(other)) {
				earlier.add(letter);
			}
		}
		return earlier;
	}

	/**
	 * An operator begins to abandon the dead letters of a key.
	 */
	void abandons(String key) {
		this.abandoning.add(key);
	}

	/**
	 * An operator has abandoned dead letters of a key.
	 */
	void abandoned(String key) {
		read();
		this.letters.values()
			.forEach((partition) -> partition.stream()
				.filter((letter) -> letter.fact().key().equals(key))
				.forEach((letter) -> letter.abandoned = true));
		this.abandoning.remove(key);
	}

	@Override
	public void committed(String group, String member, TopicPartition partition, OffsetAndMetadata offset) {
		if (!group.equals(GROUP)) {
			return;
		}
		read();
		this.simulation.record(() -> "stored " + partition + "@" + offset.offset() + " of dead letters");
		HandledLetters handled = handled(partition, offset);
		for (PublishedLetter letter : this.letters.getOrDefault(partition, List.of())) {
			if (handled.contains(letter.offset()) && !letter.isSettled()
					&& !this.abandoning.contains(letter.fact().key())) {
				this.violations.add("%s is stored as handled, and is not".formatted(letter));
			}
		}
	}

	private HandledLetters handled(TopicPartition partition, OffsetAndMetadata offset) {
		try {
			return HandledLetters.read(0, this.cluster.log(partition).logEnd(), offset.offset(), offset.metadata());
		}
		catch (CommitMetadata.UnreadableMetadataException ex) {
			this.violations.add("What is stored of %s cannot be read: %s".formatted(partition, ex));
			return HandledLetters.none(0);
		}
	}

	/**
	 * Return the dead letters that are offered, but for those that cannot be replayed:
	 * they cannot be deserialized, or their partition does not exist any more.
	 */
	List<PublishedLetter> offered() {
		read();
		List<PublishedLetter> offered = new ArrayList<>();
		this.letters.forEach((partition, letters) -> {
			OffsetAndMetadata stored = this.cluster.committed(GROUP, partition);
			HandledLetters handled = (stored != null) ? handled(partition, stored) : HandledLetters.none(0);
			letters.stream()
				.filter((letter) -> !handled.contains(letter.offset())
						&& !this.setup.isUnreadable(letter.fact().number())
						&& this.cluster.findLog(letter.fact().partition()) != null)
				.forEach(offered::add);
		});
		return offered;
	}

	/**
	 * Return how often handlers have begun with records that are replayed.
	 */
	long replays() {
		return this.replays;
	}

}
