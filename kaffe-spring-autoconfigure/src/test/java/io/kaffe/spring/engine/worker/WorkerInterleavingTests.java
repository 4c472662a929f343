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

package io.kaffe.spring.engine.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import javax.tools.ToolProvider;

import org.jetbrains.lincheck.Lincheck;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Lincheck's tests for {@link Worker} and {@link RunQueue}: in whatever order threads
 * take their steps, a worker has one runner at a time and no work is left behind.
 */
@Tag("lincheck")
class WorkerInterleavingTests {

	private static final String PACKAGE = Worker.class.getPackageName();

	private static final int INVOCATIONS = 500;

	/** The search ends when it finds the mistake. */
	private static final int MOST_INVOCATIONS = 20_000;

	@ParameterizedTest
	@ValueSource(classes = { WorkerRaces.SubmittedWhileRunning.class, WorkerRaces.WokenWhileRunning.class,
			WorkerRaces.SubmittedTwice.class, WorkerRaces.SubmittedWhileRetiring.class,
			WorkerRaces.LimitLoweredWhileRunning.class, WorkerRaces.AddedWhileTheLaneEnds.class,
			WorkerRaces.AnsweredWhileTheLaneEnds.class, WorkerRaces.PermitReturnedWhileTheLaneEnds.class })
	void hasOneRunnerAndLeavesNothingBehind(Class<? extends Runnable> race) throws Exception {
		Lincheck.runConcurrentTest(INVOCATIONS, race.getConstructor().newInstance());
	}

	@ParameterizedTest
	@EnumSource
	@EnabledForJreRange(max = JRE.JAVA_21,
			disabledReason = "On JDK 25 Lincheck does not switch threads at all accesses through variable handles")
	void noticesEveryMistake(Mistake mistake, @TempDir Path directory) throws Exception {
		String broken = compile(mistake, directory);
		Class<?> race = Class.forName(mistake.race.getName().replace(PACKAGE, broken));
		Runnable runnable = (Runnable) race.getConstructor().newInstance();
		assertThatExceptionOfType(LincheckAssertionError.class)
			.isThrownBy(() -> Lincheck.runConcurrentTest(MOST_INVOCATIONS, runnable))
			.withMessageContaining(mistake.effect);
	}

	/**
	 * Compile the package with a mistake in it, to where the tests are: Lincheck
	 * distinguishes classes by their names, and looks for them in the class path.
	 */
	private static String compile(Mistake mistake, Path directory) throws Exception {
		Path classes = Path.of(WorkerRaces.class.getProtectionDomain().getCodeSource().getLocation().toURI());
		String broken = PACKAGE + "." + mistake.name().toLowerCase(Locale.ROOT);
		List<String> arguments = new ArrayList<>(List.of("-proc:none", "-nowarn", "-cp",
				System.getProperty("java.class.path"), "-d", classes.toString()));
		for (Path source : sources()) {
			String code = Files.readString(source);
			if (source.endsWith(mistake.source)) {
				assertThat(code.split(Pattern.quote(mistake.correct), -1)).as("once in source: " + mistake.correct)
					.hasSize(2);
				code = code.replace(mistake.correct, mistake.broken);
			}
			Path copy = Files.writeString(directory.resolve(source.getFileName()), code.replace(PACKAGE, broken));
			arguments.add(copy.toString());
		}
		assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new)))
			.isZero();
		return broken;
	}

	private static List<Path> sources() throws IOException {
		String folder = PACKAGE.replace('.', '/');
		try (Stream<Path> files = Files.list(Path.of("src/main/java", folder))) {
			return Stream
				.concat(files,
						Stream.of("WorkerRaces.java", "TestWorkerOwner.java")
							.map((name) -> Path.of("src/test/java", folder, name)))
				.toList();
		}
	}

	/**
	 * Mistakes that these classes could have, each a change of the source.
	 */
	enum Mistake {

		/**
		 * Work that comes between the last look at the queue and IDLE is left behind.
		 */
		NO_SECOND_LOOK_AT_THE_QUEUE(WorkerRaces.SubmittedWhileRunning.class, "this.state = IDLE;\n\t\tif (hasNew()) {",
				"this.state = IDLE; if (false) {", "Left behind after 1"),

		/**
		 * A wake-up that comes between the look at the work and WAITING is missed.
		 */
		NO_SECOND_LOOK_AT_WAITING_WORK(WorkerRaces.WokenWhileRunning.class,
				"ready = work.isReady(turn.readClock()) || (state == GATHERING && hasNew());", "ready = false;",
				"Left behind after 0"),

		/**
		 * Work that comes between the last look at the queue and its end is left behind.
		 */
		RETIRED_WITHOUT_ASKING(WorkerRaces.SubmittedWhileRetiring.class, "WorkerInbox.java",
				"return INBOX.compareAndSet(this, expected, CLOSED);",
				"if (this.inbox != expected) { return false; } this.inbox = (E) CLOSED; return true;",
				"Left behind after 1"),

		/**
		 * Work that comes between the last look at what is ready and the end of the lane
		 * is left behind.
		 */
		NO_SECOND_LOOK_AT_THE_RUN_QUEUE(WorkerRaces.SubmittedWhileRunning.class, "RunQueue.java",
				"while (RunQueue.this.ready.get() > 0 && enter());", "while (false);", "Left behind after 1"),

		/**
		 * Both lanes end, since there is one too many.
		 */
		EVERY_LANE_ENDS(WorkerRaces.LimitLoweredWhileRunning.class, "RunQueue.java",
				"while (RunQueue.this.ready.get() > 0 && enter());", "while (false);", "Left behind after 1"),

		/**
		 * A permit comes back without an answer, and no thread looks what is ready.
		 */
		NO_LOOK_AT_THE_RUN_QUEUE_AFTER_A_PERMIT(WorkerRaces.PermitReturnedWhileTheLaneEnds.class, "RunQueue.java",
				"void returnPermit() {\n\t\tthis.permits.decrementAndGet();\n\t\tstartLaneIfReady();",
				"void returnPermit() { this.permits.decrementAndGet();", "Left behind after 0"),

		/**
		 * What answers later does not count.
		 */
		NO_PERMIT_FOR_WHAT_IS_AWAITED(WorkerRaces.AnsweredWhileTheLaneEnds.class, "RunQueue.java",
				"void takePermit() {\n\t\tthis.permits.incrementAndGet();", "void takePermit() {",
				"More at once than may"),

		/**
		 * The lane on which a handler has returned that answers later continues.
		 */
		LANE_GOES_ON_BEYOND_THE_LIMIT(WorkerRaces.AnsweredWhileTheLaneEnds.class, "RunQueue.java",
				"if (RunQueue.this.permits.get() <= RunQueue.this.maxConcurrency && claim()) {", "if (claim()) {",
				"More at once than may"),

		/**
		 * Two threads schedule it at a time.
		 */
		SCHEDULED_TWICE(WorkerRaces.SubmittedTwice.class, "if (STATE.compareAndSet(this, expected, SCHEDULED)) {",
				"if (this.state == expected) { this.state = SCHEDULED;", "Two runners");

		private final Class<? extends Runnable> race;

		private final String source;

		private final String correct;

		private final String broken;

		private final String effect;

		Mistake(Class<? extends Runnable> race, String correct, String broken, String effect) {
			this(race, "Worker.java", correct, broken, effect);
		}

		Mistake(Class<? extends Runnable> race, String source, String correct, String broken, String effect) {
			this.race = race;
			this.source = source;
			this.correct = correct;
			this.broken = broken;
			this.effect = effect;
		}

	}

}
