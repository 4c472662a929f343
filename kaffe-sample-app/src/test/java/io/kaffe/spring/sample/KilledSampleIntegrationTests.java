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

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import io.kaffe.spring.support.BrokerProcess;
import io.kaffe.spring.support.DatabaseProcess;
import io.kaffe.spring.support.PostgresExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the sample with its profile {@code once}, whose process is killed again and
 * again.
 */
class KilledSampleIntegrationTests {

	private static final int KILLS = 3;

	@Test
	void nothingIsBookedTwiceInTheEmbeddedDatabase(@TempDir Path directory) throws Exception {
		killAndFinish("jdbc:h2:file:" + directory.resolve("orders") + ";AUTO_SERVER=TRUE;WRITE_DELAY=0");
	}

	@Test
	@ExtendWith(PostgresExtension.class)
	void nothingIsBookedTwiceInPostgres(DatabaseProcess database) throws Exception {
		killAndFinish(database.newSchema());
	}

	private static void killAndFinish(String url) throws Exception {
		try (BrokerProcess broker = BrokerProcess.start(); Admin admin = broker.admin()) {
			String[] args = { "--spring.profiles.active=once", "--spring.datasource.url=" + url,
					"--spring.kafka.bootstrap-servers=" + broker.bootstrapServers() };
			long committed = 0;
			for (int kill = 0; kill < KILLS; kill++) {
				Process process = start(ProcessBuilder.Redirect.DISCARD, args, "--sample.rate=200");
				try {
					long before = committed;
					await("records are booked").atMost(Duration.ofMinutes(3))
						.until(() -> committed(admin) > before + 300);
				}
				finally {
					process.destroyForcibly().waitFor();
				}
				committed = committed(admin);
			}
			Process last = start(ProcessBuilder.Redirect.PIPE, args, "--sample.finish-after=1000");
			String output = new String(last.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			assertThat(last.waitFor(2, TimeUnit.MINUTES)).isTrue();
			assertThat(output).contains("booked                1,000")
				.contains("order violations          0")
				.contains("repeated                  0")
				.contains("final lag                 0")
				.contains("Everything is right.");
			assertThat(last.exitValue()).isZero();
		}
	}

	private static long committed(Admin admin) throws Exception {
		return admin.listConsumerGroupOffsets("order-service")
			.partitionsToOffsetAndMetadata()
			.get(30, TimeUnit.SECONDS)
			.values()
			.stream()
			.filter(Objects::nonNull)
			.mapToLong(OffsetAndMetadata::offset)
			.sum();
	}

	private static Process start(ProcessBuilder.Redirect output, String[] args, String more) throws IOException {
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
						System.getProperty("java.class.path"), SampleApplication.class.getName(), "--server.port=0"));
		command.addAll(List.of(args));
		command.add(more);
		return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output).start();
	}

}
