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

package io.kaffe.spring.sample;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the sample on its embedded broker.
 */
class SampleApplicationTests {

	@Test
	void booksOrdersAndRefundsAndShowsItsWorkers() throws Exception {
		try (SampleInstance sample = SampleInstance.start(List.of(), "--sample.rate=500")) {
			SampleScenario.booksOrdersAndRefundsAndShowsItsWorkers(sample);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "worker-per-partition", "worker-per-key" })
	void finishesAfterAsManyRecordsAsItWasAskedForWithASummary(String strategy) throws Exception {
		Process process = start("--sample.finish-after=3000", "--sample.bank-delay=1ms",
				"--kaffe.consumers.orders.worker-allocation-strategy=" + strategy);
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
		assertThat(output).contains("produced              3,000")
			.contains("booked                3,000")
			.contains("order violations          0")
			.contains("final lag                 0")
			.contains("Everything is right.");
		assertThat(process.exitValue()).isZero();
	}

	@Test
	void saysNothingThatWorriesWhenItIsStopped() throws Exception {
		Process process = start("--sample.rate=1000");
		try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
			assertThat(output.lines().filter((line) -> line.contains("Started SampleApplication")).findFirst())
				.isPresent();
			// Not destroy() of the process, which closes its output, too.
			process.toHandle().destroy();
			// "WARNING" is the virtual machine's, from 24 on, about what Kafka's client
			// calls.
			assertThat(output.lines()).noneMatch((line) -> line.matches(".*\\b(ERROR|WARN)\\b.*"))
				.noneMatch((line) -> line.contains("Exception"));
		}
		assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
	}

	private static Process start(String... args) throws IOException {
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
						System.getProperty("java.class.path"), SampleApplication.class.getName(), "--server.port=0"));
		command.addAll(List.of(args));
		return new ProcessBuilder(command).redirectErrorStream(true).start();
	}

}
