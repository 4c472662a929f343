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

package io.kaffe.spring.benchmark.runner;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.benchmark.contender.Bookings;
import io.kaffe.spring.benchmark.contender.Contender;
import io.kaffe.spring.benchmark.contender.ContenderMain;
import io.kaffe.spring.benchmark.contender.Journal;
import io.kaffe.spring.benchmark.contender.Keys;
import io.kaffe.spring.benchmark.contender.RoundResult;
import io.kaffe.spring.benchmark.contender.RoundSettings;
import io.kaffe.spring.benchmark.contender.RoundSettings.Phase;
import io.kaffe.spring.benchmark.contender.Work;

/**
 * Rounds in which a contender reads a topic: how fast, what it does when a record hangs,
 * and how much memory records take.
 */
final class ContenderRounds implements Measurement {

	private static final String METADATA = "metadataBytes";

	private static final String REPLAYED = "replayed";

	private static final String REPEATED = "repeated";

	private static final String MEASURED = "measuredRecords";

	/** Few, because what was handled last may be kept until something else comes. */
	private static final long MEMORY_WARM_UP = 500;

	private final Workload workload;

	private final Sizing sizing;

	private final Workspace workspace;

	private final ClassPaths classPaths;

	private final Broker broker;

	private final Topics topics;

	private final @Nullable Accounts accounts;

	private int round;

	ContenderRounds(Workload workload, Sizing sizing, Workspace workspace, ClassPaths classPaths, Broker broker,
			Topics topics, @Nullable Accounts accounts) {
		this.workload = workload;
		this.sizing = sizing;
		this.workspace = workspace;
		this.classPaths = classPaths;
		this.broker = broker;
		this.topics = topics;
		this.accounts = accounts;
	}

	@Override
	public void prepare(String contender) throws Exception {
		if (this.workload.kind() != Workload.Kind.MEMORY) {
			Topic topic = this.topics.filled(this.workload.load(), size(contender).total());
			if (this.workload.kind() == Workload.Kind.TRANSACTIONS) {
				this.topics.create(RoundSettings.results(topic.name()));
			}
		}
	}

	private Sizing.Size size(String contender) {
		return this.sizing.of(this.workload, Contender.named(contender));
	}

	@Override
	public Round measure(String name) throws Exception {
		Contender contender = Contender.named(name);
		this.round++;
		return switch (this.workload.kind()) {
			case THROUGHPUT, TRANSACTIONS -> throughput(contender);
			case ONCE -> once(contender);
			case STALL -> stall(contender, Phase.STALL);
			case BLOCKED_KEYS -> stall(contender, Phase.BLOCKED_KEYS);
			case MEMORY -> memory(contender);
			case STARTUP -> throw new IllegalStateException("The sample has rounds of its own");
		};
	}

	private Round throughput(Contender contender) throws Exception {
		Topic topic = this.topics.filled(this.workload.load(), size(contender.name()).total());
		RoundSettings settings = settings(contender, topic, Phase.THROUGHPUT);
		ContenderProcess process = ContenderProcess.start(this.workspace, this.classPaths, settings);
		return checked(contender, process, process.awaitEnd(), settings, RoundResult.RECORDS_PER_SECOND);
	}

	private Round once(Contender contender) throws Exception {
		Accounts accounts = Objects.requireNonNull(this.accounts);
		accounts.create();
		Round round = throughput(contender);
		if (Double.isNaN(round.value())) {
			return round;
		}
		Topic topic = this.topics.filled(this.workload.load(), size(contender.name()).total());
		Map<Integer, Long> sums = new HashMap<>();
		this.topics.read(topic, (record) -> sums.merge(Keys.number(record.key()), Bookings.amount(record), Long::sum));
		List<String> failures = new ArrayList<>(round.failures());
		failures.addAll(accounts.failures(contender.variant(), sums, topic.records()));
		return new Round(round.value(), round.figures(), failures);
	}

	private Round memory(Contender contender) throws Exception {
		long all = MEMORY_WARM_UP + this.workload.load().records();
		Workload.Load load = this.workload.load();
		String topic = this.topics.create();
		this.topics.fill(topic, load, 0, MEMORY_WARM_UP);
		// The same keys in one go tell where they will be.
		List<Long> ends = this.topics.filled(load, all).ends();
		RoundSettings settings = settings(contender, new Topic(topic, ends), Phase.MEMORY);
		ContenderProcess process = ContenderProcess.start(this.workspace, this.classPaths, settings);
		if (process.awaitFile(ContenderMain.idle(settings.result()))) {
			this.topics.fill(topic, load, MEMORY_WARM_UP, all);
		}
		return checked(contender, process, process.awaitEnd(), settings, RoundResult.HEAP);
	}

	private Round stall(Contender contender, Phase phase) throws Exception {
		Topic topic = this.topics.filled(this.workload.load(), size(contender.name()).total());
		RoundSettings settings = settings(contender, topic, phase);
		ContenderProcess process = ContenderProcess.start(this.workspace, this.classPaths, settings);
		if (!process.awaitFile(settings.result())) {
			process.kill();
			return Round.failed("ended without a result: " + process.lastWords());
		}
		RoundResult stalled = RoundResult.read(settings.result());
		double metadata = committed(settings).stream().mapToInt((offset) -> offset.metadata().length()).max().orElse(0);
		process.kill();
		RoundSettings again = new RoundSettings(settings.contender(), Phase.REPLAY, settings.bootstrapServers(),
				settings.topic(), settings.ends(), settings.group(), settings.concurrency(), settings.work(), 0, 0,
				settings.patienceSeconds(), this.workspace.file(settings.group() + ".journal-2"), settings.result(),
				settings.database());
		ContenderProcess replay = ContenderProcess.start(this.workspace, this.classPaths, again);
		RoundResult replayed = replay.awaitEnd();
		if (replayed == null) {
			return Round.failed("ended without a result after a kill: " + replay.lastWords());
		}
		Map<String, Double> figures = new TreeMap<>(stalled.figures());
		figures.put(METADATA, metadata);
		try (Journal before = Journal.open(settings.journal(), topic.ends());
				Journal after = Journal.open(again.journal(), topic.ends())) {
			figures.put(REPLAYED, (double) addTo(before, after));
			List<String> failures = new ArrayList<>(
					new RoundChecks(contender, replayed, after, offsets(committed(again))).failures());
			if (!stalled.complaint().isEmpty()) {
				failures.add(stalled.complaint());
			}
			return new Round(figures.getOrDefault(RoundResult.RECORDS_PER_SECOND, Double.NaN), figures, failures);
		}
	}

	/**
	 * Add what was handled before to what was handled after a kill.
	 * @return how many records were handled both times
	 */
	static long addTo(Journal before, Journal after) {
		long both = 0;
		for (int partition = 0; partition < before.ends().size(); partition++) {
			for (long offset = 0; offset < before.ends().get(partition); offset++) {
				if (before.times(partition, offset) > 0) {
					both += (after.times(partition, offset) > 0) ? 1 : 0;
					after.handled(partition, offset);
				}
			}
		}
		return both;
	}

	private RoundSettings settings(Contender contender, Topic topic, Phase phase) {
		String group = "%s-%s-%d".formatted(this.workload.name(), contender.name().replace(' ', '-'), this.round);
		Sizing.Size size = size(contender.name());
		Work work = this.workload.work();
		boolean memory = phase == Phase.MEMORY;
		return new RoundSettings(contender.name(), phase, this.broker.bootstrapServers(), topic.name(), topic.ends(),
				group, this.workload.concurrency(), work, memory ? MEMORY_WARM_UP : size.warmUp(), size.measured(),
				size.patienceSeconds(), this.workspace.file(group + ".journal"), this.workspace.file(group + ".result"),
				(this.accounts != null) ? this.accounts.url() : null);
	}

	private Round checked(Contender contender, ContenderProcess process, @Nullable RoundResult result,
			RoundSettings settings, String figure) throws Exception {
		if (result == null) {
			return Round.failed("ended without a result: " + process.lastWords());
		}
		try (Journal journal = Journal.open(settings.journal(), settings.ends())) {
			RoundChecks checks = new RoundChecks(contender, result, journal, offsets(committed(settings)));
			Map<String, Double> figures = new TreeMap<>(result.figures());
			figures.put(REPEATED, (double) checks.repeated());
			if (settings.phase() == Phase.THROUGHPUT) {
				figures.put(MEASURED, (double) settings.measured());
			}
			return new Round(figures.getOrDefault(figure, Double.NaN), figures, checks.failures());
		}
		finally {
			Files.deleteIfExists(settings.journal());
		}
	}

	private List<OffsetAndMetadata> committed(RoundSettings settings) throws Exception {
		return this.topics.committed(settings.group(), settings.topic());
	}

	private static List<Long> offsets(List<OffsetAndMetadata> committed) {
		return committed.stream().map(OffsetAndMetadata::offset).toList();
	}

}
