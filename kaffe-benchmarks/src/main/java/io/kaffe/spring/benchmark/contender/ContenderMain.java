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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * One round of a contender: the main class of a JVM of its own. Reads its settings from
 * the file that is its argument and leaves a journal and a result.
 * <p>
 * <b>Threading.</b> The main thread looks every half millisecond how far the handling is;
 * it handles nothing itself.
 */
public final class ContenderMain {

	private static final long LOOK_AGAIN_NANOS = 500_000;

	private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(2);

	private static final long REPLAY_BEGINS_NANOS = TimeUnit.SECONDS.toNanos(60);

	/** Longer than what any contender lets pass between commits. */
	private static final long COMMITS_NANOS = TimeUnit.SECONDS.toNanos(6);

	/** After which part of the measured records keys are blocked. */
	private static final int BLOCKED_AFTER = 5;

	private final RoundSettings settings;

	private final RecordHandling handling;

	private final Map<String, Double> figures = new TreeMap<>();

	private final long deadline;

	private ContenderMain(RoundSettings settings, RecordHandling handling) {
		this.settings = settings;
		this.handling = handling;
		this.deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(settings.patienceSeconds());
	}

	/**
	 * Run a round.
	 * @param args the file with the settings
	 * @throws Exception if the round could not be run
	 */
	public static void main(String[] args) throws Exception {
		int code = 1;
		try {
			RoundSettings settings = RoundSettings.read(Path.of(args[0]));
			Contender contender = Contender.named(settings.contender());
			OrderWatch order = new OrderWatch(contender.order(), Math.max(Keys.MOST, settings.ends().size()));
			try (Journal journal = Journal.create(settings.journal(), settings.ends())) {
				new ContenderMain(settings, new RecordHandling(journal, order, settings.work())).run();
			}
			code = 0;
		}
		catch (Throwable ex) {
			ex.printStackTrace();
		}
		// A contender may leave threads behind.
		System.exit(code);
	}

	private void run() throws Exception {
		switch (this.settings.phase()) {
			case THROUGHPUT -> measureThroughput();
			case STALL -> measureStall();
			case BLOCKED_KEYS -> measureBlockedKeys();
			case REPLAY -> replay();
			case MEMORY -> measureMemory();
		}
	}

	private void measureThroughput() throws Exception {
		try (Consumption consumption = Consumption.start(this.settings, this.handling)) {
			awaitHandled(1);
			Mark first = Mark.now(this.handling);
			awaitHandled(this.settings.warmUp());
			CpuProfile profile = CpuProfile.start();
			Mark from = Mark.now(this.handling);
			awaitHandled(this.settings.warmUp() + this.settings.measured());
			Mark to = Mark.now(this.handling);
			profile.stop();
			awaitHandled(this.settings.total());
			note(RoundResult.COLD, first.recordsPerSecond(Mark.now(this.handling)));
			note(RoundResult.RECORDS_PER_SECOND, from.recordsPerSecond(to));
			double records = Math.max(1, to.handled() - from.handled());
			note(RoundResult.CPU, (to.cpuNanos() - from.cpuNanos()) / 1e3 / records);
			if (from.allocatedBytes() >= 0) {
				note(RoundResult.ALLOCATED, (to.allocatedBytes() - from.allocatedBytes()) / records);
			}
		}
		writeResult();
	}

	private void measureStall() throws Exception {
		Stall stall = new Stall(0, this.settings.ends().get(0) / 2);
		this.handling.stallAt(stall);
		Consumption.start(this.settings, this.handling);
		await(() -> this.handling.handled() >= this.settings.warmUp() || stall.hasBegun());
		Mark from = Mark.now(this.handling);
		await(stall::hasBegun);
		Mark begin = Mark.now(this.handling);
		if (from.handled() >= this.settings.warmUp()) {
			note(RoundResult.BEFORE_STALL, from.recordsPerSecond(begin));
		}
		measureOthers(begin, this.settings.total() - 1 - begin.handled());
	}

	private void measureBlockedKeys() throws Exception {
		BlockedKeys blocked = new BlockedKeys();
		this.handling.block(blocked);
		Consumption.start(this.settings, this.handling);
		awaitHandled(this.settings.warmUp());
		Mark from = Mark.now(this.handling);
		awaitHandled(this.settings.warmUp() + this.settings.measured() / BLOCKED_AFTER);
		Mark begin = Mark.now(this.handling);
		blocked.begin();
		note(RoundResult.BEFORE_STALL, from.recordsPerSecond(begin));
		measureOthers(begin, BlockedKeys.others(this.settings.total() - begin.handled()));
	}

	/**
	 * Measure how many of the records are handled that are not held up, and how fast;
	 * then wait to be killed.
	 */
	private void measureOthers(Mark begin, double count) throws Exception {
		Mark end = awaitStandstill(begin, QUIET_NANOS);
		double others = Math.max(1, count);
		double reached = (end.handled() - begin.handled()) / others;
		note(RoundResult.REACHED, reached);
		// Who stops after a moment was not fast in that moment.
		note(RoundResult.RECORDS_PER_SECOND, (reached > 0.5) ? begin.recordsPerSecond(end)
				: Math.min(begin.recordsPerSecond(end), end.handled() - begin.handled()));
		note(RoundResult.USED_HEAP, usedHeap() / 1e6);
		LockSupport.parkNanos(COMMITS_NANOS);
		writeResult();
		while (true) {
			LockSupport.parkNanos(QUIET_NANOS);
		}
	}

	/**
	 * Wait until nothing has been handled for some time.
	 * @return the moment at which the last record had been handled
	 */
	private Mark awaitStandstill(Mark begin, long quietNanos) {
		Mark last = begin;
		while (System.nanoTime() - last.nanos() < quietNanos && System.nanoTime() < this.deadline) {
			LockSupport.parkNanos(LOOK_AGAIN_NANOS);
			if (this.handling.handled() != last.handled()) {
				last = Mark.now(this.handling);
			}
		}
		return last;
	}

	private void replay() throws Exception {
		try (Consumption consumption = Consumption.start(this.settings, this.handling)) {
			Mark start = Mark.now(this.handling);
			awaitBeginAndStandstill(start, REPLAY_BEGINS_NANOS, QUIET_NANOS);
		}
		writeResult();
	}

	private void awaitBeginAndStandstill(Mark start, long patienceNanos, long quietNanos) {
		long latest = System.nanoTime() + patienceNanos;
		while (this.handling.handled() == 0 && System.nanoTime() < latest) {
			LockSupport.parkNanos(LOOK_AGAIN_NANOS);
		}
		awaitStandstill((this.handling.handled() == start.handled()) ? start : Mark.now(this.handling), quietNanos);
	}

	private void measureMemory() throws Exception {
		try (Consumption consumption = Consumption.start(this.settings, this.handling)) {
			awaitHandled(this.settings.warmUp());
			awaitStandstill(Mark.now(this.handling), QUIET_NANOS);
			this.handling.closeGate();
			long before = usedHeap();
			long handled = this.handling.handled();
			// The runner adds records to the topic as soon as it sees this file.
			Files.writeString(idle(this.settings.result()), "");
			await(() -> PolledRecords.count() > handled);
			long polled;
			do {
				polled = PolledRecords.count();
				LockSupport.parkNanos(QUIET_NANOS);
			}
			while (polled != PolledRecords.count());
			long inFlight = polled - this.handling.handled();
			note(RoundResult.HEAP, (usedHeap() - before) / (double) Math.max(1, inFlight));
			note(RoundResult.IN_FLIGHT, inFlight);
			this.handling.openGate();
			awaitHandled(this.settings.total());
		}
		writeResult();
	}

	/**
	 * Return what makes a JVM leave a flame graph of what it computes while the clock
	 * runs.
	 * @param file the file for it, of HTML
	 * @return arguments of the JVM
	 */
	public static List<String> profiled(Path file) {
		return List.of("-XX:+UnlockDiagnosticVMOptions", "-XX:+DebugNonSafepoints",
				"-D" + CpuProfile.FILE_PROPERTY + "=" + file);
	}

	/**
	 * Return the file that tells the runner that a contender has nothing to do.
	 * @param result the file for the result
	 * @return a file beside it
	 */
	public static Path idle(Path result) {
		return result.resolveSibling(result.getFileName() + ".idle");
	}

	private static long usedHeap() {
		Runtime runtime = Runtime.getRuntime();
		for (int time = 0; time < 4; time++) {
			System.gc();
			LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
		}
		return runtime.totalMemory() - runtime.freeMemory();
	}

	private void awaitHandled(long records) {
		await(() -> this.handling.handled() >= records);
	}

	private void await(BooleanSupplier condition) {
		while (!condition.getAsBoolean() && System.nanoTime() < this.deadline) {
			LockSupport.parkNanos(LOOK_AGAIN_NANOS);
		}
	}

	private void note(String name, double value) {
		this.figures.put(name, value);
	}

	private void writeResult() throws IOException {
		note(RoundResult.HANDLED, this.handling.handled());
		note(RoundResult.ORDER_VIOLATIONS, this.handling.order().violations());
		String complaint = (System.nanoTime() < this.deadline) ? ""
				: "took longer than " + this.settings.patienceSeconds() + " s; ";
		String example = this.handling.order().example();
		new RoundResult(this.figures, complaint + ((example != null) ? example : "")).write(this.settings.result());
	}

}
