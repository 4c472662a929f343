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

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Histories, as many as there is time for, and one that breaks a promise. Each in virtual
 * machines of their own, where the engine's classes have points.
 */
class WorldTests {

	/** {@code -Dworld.seconds=600} goes on for ten minutes. */
	private static final long SECONDS = Long.getLong("world.seconds", 120);

	private static final long LANES = Long.getLong("world.lanes", 1);

	/**
	 * Others each day, so that what has failed fails again when it is repeated;
	 * {@code -Dworld.seed=4711} begins with others.
	 */
	private static final long SEED = Long.getLong("world.seed",
			LocalDate.now(ZoneOffset.UTC).toEpochDay() * 1_000_000_000);

	@TempDir
	private Path directory;

	@Test
	void seedAlwaysLeadsTheSameWay() throws Exception {
		for (String seed : List.of("1", "2", "3")) {
			String story = lane("replay", seed);
			assertThat(story).contains("replay with seed " + seed, "handles", "committed");
			assertThat(lane("replay", seed)).isEqualTo(story);
		}
	}

	@Test
	void historiesBreakNoPromise() throws Exception {
		System.out.println("Histories from seed " + SEED);
		WorldMain.Summary summary = WorldMain.run(classPath(), SECONDS, SEED, (int) LANES, Lane.Mode.FIRST);
		System.out.println(summary);
		assertThat(summary.violations())
			.as("violations of histories from seed %d; their seeds and stories are printed above", SEED)
			.isZero();
		assertThat(summary.histories()).isPositive();
	}

	@Test
	void defectIsFoundAndItsHistoryIsShortened() throws Exception {
		SeededDefect defect = SeededDefect.in(Path.of("src/defects"))
			.stream()
			.filter((each) -> each.name().equals("watermark-one-too-far"))
			.findFirst()
			.orElseThrow();
		Path classes = defect.compile(Path.of(".."), this.directory);
		WorldMain.Summary summary = WorldMain.run(WorldMain.classPath(classes), 60, 1, 1, Lane.Mode.BRIEF);
		assertThat(summary.violations()).isEqualTo(1);
		long seed = summary.violatingSeed();
		String whole = run(WorldMain.classPath(classes), "replay", String.valueOf(seed));
		String shortened = run(WorldMain.classPath(classes), "shorten", String.valueOf(seed));
		assertThat(shortened).contains("VIOLATION", "=> ", "replay with seed " + seed);
		assertThat(happenings(shortened)).isLessThan(happenings(whole)).isPositive();
	}

	private static long happenings(String story) {
		return story.lines().filter((line) -> line.matches(" +\\d+ ms [A-Z_]+\\(.*")).count();
	}

	private static String lane(String... args) throws IOException, InterruptedException {
		return run(classPath(), args);
	}

	private static String run(String classPath, String... args) throws IOException, InterruptedException {
		Process process = WorldMain.start(classPath, args);
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
		return output;
	}

	private static String classPath() {
		return System.getProperty("java.class.path");
	}

}
