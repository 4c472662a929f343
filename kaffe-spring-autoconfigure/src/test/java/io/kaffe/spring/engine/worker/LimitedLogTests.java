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

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import net.bytebuddy.ByteBuddy;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.support.HostileException;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LimitedLog}.
 */
class LimitedLogTests {

	private final ManualExecution execution = new ManualExecution();

	private final LimitedLog log = new LimitedLog("orders", this.execution.runtime());

	private final List<String> lines = new ArrayList<>();

	private final List<Throwable> stacks = new ArrayList<>();

	@Test
	void oneOfManyIsLoggedAndTheOthersAreCounted() {
		IntStream.range(0, 3000).forEach((number) -> log("parked records", "Parked " + number, failure()));
		assertThat(this.lines).containsExactly("Consumer 'orders': Parked 0");
		this.execution.advance(Duration.ofSeconds(1));
		assertThat(this.lines).containsExactly("Consumer 'orders': Parked 0",
				"Consumer 'orders': 2999 more parked records were not logged: java.lang.IllegalStateException");
		this.execution.advance(Duration.ofDays(1));
		assertThat(this.lines).hasSize(2);
		assertThat(this.stacks).hasSize(1);
	}

	@Test
	void nextLineSaysHowManyWereLeftOut() {
		log("parked records", "Parked 0", failure());
		this.execution.advance(Duration.ofMillis(999));
		log("parked records", "Parked 1", failure());
		log("parked records", "Parked 2", failure());
		this.execution.advance(Duration.ofMillis(1));
		log("parked records", "Parked 3", failure());
		this.execution.advance(Duration.ofDays(1));
		assertThat(this.lines).containsExactly("Consumer 'orders': Parked 0", "Consumer 'orders': Parked 3: "
				+ "java.lang.IllegalStateException: On purpose (2 more parked records were not logged)");
	}

	@Test
	void whatIsLeftOutAfterALineThatCameBetweenIsCountedInTheEnd() {
		log("parked records", "Parked 0", failure());
		this.execution.advance(Duration.ofMillis(500));
		log("parked records", "Parked 1", failure());
		this.execution.advance(Duration.ofMillis(500));
		log("parked records", "Parked 2", failure());
		this.execution.advance(Duration.ofMillis(200));
		log("parked records", "Parked 3", failure());
		this.execution.advance(Duration.ofMillis(300));
		assertThat(this.lines).as("not yet").hasSize(2);
		this.execution.advance(Duration.ofSeconds(1));
		assertThat(this.lines).hasSize(3).last().asString().contains("1 more parked records were not logged");
		this.execution.advance(Duration.ofSeconds(1));
		log("parked records", "Parked 4", failure());
		log("parked records", "Parked 5", failure());
		this.execution.advance(Duration.ofSeconds(10));
		assertThat(this.lines).hasSize(5).last().asString().contains("1 more parked records were not logged");
	}

	@Test
	void atMostOneLineASecondIsLoggedHoweverLongItLasts() {
		for (int tenth = 0; tenth < 600; tenth++) {
			log("parked records", "Parked " + tenth, failure());
			this.execution.advance(Duration.ofMillis(100));
		}
		this.execution.advance(Duration.ofSeconds(2));
		assertThat(this.lines).hasSizeLessThanOrEqualTo(62);
		assertThat(this.stacks).hasSize(1);
		assertThat(counted()).as("nothing is lost").isEqualTo(600);
	}

	@Test
	void stackOfAnExceptionIsLoggedOnceAMinuteWhateverHappenedToItsRecord() {
		log("first attempts that failed", "Attempt 1", failure());
		log("parked records", "Parked", failure());
		log("parked records", "Parked another", new IllegalArgumentException("On purpose"));
		assertThat(this.lines).containsExactly("Consumer 'orders': Attempt 1",
				"Consumer 'orders': Parked: java.lang.IllegalStateException: On purpose",
				"Consumer 'orders': Parked another");
		this.execution.advance(Duration.ofMinutes(1));
		log("parked records", "Parked again", failure());
		assertThat(this.stacks).hasSize(3);
	}

	@Test
	void exceptionsOfManyClassesAreNotKept() throws Exception {
		List<Class<?>> classes = manyExceptions(120);
		for (Class<?> type : classes) {
			log("parked records", "Parked", (Throwable) type.getConstructor().newInstance());
		}
		assertThat(this.lines).hasSizeLessThanOrEqualTo(51);
		assertThat(this.stacks).hasSizeLessThanOrEqualTo(51);
		this.execution.advance(Duration.ofSeconds(1));
		assertThat(counted()).as("nothing is lost").isEqualTo(120);
		this.execution.advance(Duration.ofSeconds(59));
		log("parked records", "Parked", (Throwable) classes.get(119).getConstructor().newInstance());
		assertThat(this.stacks).as("there is room again").last().isInstanceOf(classes.get(119));
		log("parked records", "Parked", (Throwable) classes.get(119).getConstructor().newInstance());
		this.execution.advance(Duration.ofSeconds(1));
		assertThat(this.lines).last()
			.asString()
			.endsWith("1 more parked records were not logged: " + classes.get(119).getName());
	}

	@Test
	void failureThatAnswersNothingIsLogged() {
		log("parked records", "Parked 0", new HostileException());
		this.execution.advance(Duration.ofSeconds(1));
		log("parked records", "Parked 1", new HostileException());
		assertThat(this.lines).last().asString().contains("Parked 1", HostileException.class.getName());
	}

	@Test
	void eventsWithoutFailureAreCountedToo() {
		log("late completions", "late 0", null);
		log("late completions", "late 1", null);
		this.execution.advance(Duration.ofSeconds(1));
		assertThat(this.lines).containsExactly("Consumer 'orders': late 0",
				"Consumer 'orders': 1 more late completions were not logged");
	}

	@Test
	void messageOfAnExceptionStaysInItsLine() {
		log("parked records", "Parked 0", new IllegalStateException("two\nlines"));
		this.execution.advance(Duration.ofSeconds(1));
		log("parked records", "Parked 1", new IllegalStateException("two\nlines"));
		assertThat(this.lines).last().asString().endsWith("two lines");
	}

	private void log(String events, String message, @Nullable Throwable failure) {
		this.log.log((text, stack) -> {
			this.lines.add(text.toString());
			if (stack != null) {
				this.stacks.add(stack);
			}
		}, events, message, failure);
	}

	private static IllegalStateException failure() {
		return new IllegalStateException("On purpose");
	}

	/**
	 * Return classes of exceptions with names of their own.
	 */
	private static List<Class<?>> manyExceptions(int count) {
		return IntStream.range(0, count)
			.<Class<?>>mapToObj((number) -> new ByteBuddy().subclass(IllegalStateException.class)
				.name("io.kaffe.spring.Exception" + number)
				.make()
				.load(LimitedLogTests.class.getClassLoader())
				.getLoaded())
			.toList();
	}

	/**
	 * Return how many events were logged or counted.
	 */
	private long counted() {
		return this.lines.stream().mapToLong((line) -> {
			int more = line.indexOf(" more ");
			if (more < 0) {
				return 1;
			}
			String before = line.substring(0, more);
			long leftOut = Long
				.parseLong(before.substring(Math.max(before.lastIndexOf(' '), before.lastIndexOf('(')) + 1));
			return line.contains("(") ? leftOut + 1 : leftOut;
		}).sum();
	}

}
