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

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

import org.junit.jupiter.api.Test;

import io.kaffe.spring.support.BrokerProcess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for two instances of the sample on one broker and one database.
 */
class TwoInstancesIntegrationTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	@Test
	void partitionsMoveWithoutLosingOrRepeatingAnything() {
		try (BrokerProcess broker = BrokerProcess.start()) {
			String[] args = { "--spring.kafka.bootstrap-servers=" + broker.bootstrapServers(),
					"--spring.datasource.url=jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1",
					"--sample.rate=1000" };
			try (SampleInstance first = SampleInstance.start(List.of(), args)) {
				awaitPartitions(first, 16);
				for (int round = 0; round < 3; round++) {
					long before = first.generator().acknowledged();
					SampleInstance second = SampleInstance.start(List.of(), with(args, "--sample.generate=false"));
					try (second) {
						awaitPartitions(second, 8);
						awaitPartitions(first, 8);
						await("both handle records").atMost(PATIENCE)
							.until(() -> first.generator().acknowledged() > before + 2000 && second.consumer()
								.workers()
								.stream()
								.allMatch((worker) -> worker.counters().handled() > 50));
					}
					second.assertEverythingWasBookedInOrder();
					awaitPartitions(first, 16);
				}
				first.generator().stop();
				String source = first.generator().source();
				awaitAllBooked(first, source);
				first.assertEverythingWasBookedOnceAndInOrder();
				assertThat(first.generator().acknowledged()).isGreaterThan(6000);
			}
		}
	}

	/**
	 * Wait for as long as records are booked: a machine that is busy may leave many.
	 */
	private static void awaitAllBooked(SampleInstance instance, String source) {
		do {
			long last = instance.booked(source);
			await("more is booked").atMost(PATIENCE)
				.untilAsserted(() -> assertThat(instance.booked(source)).as(() -> "of " + instance.consumer())
					.satisfiesAnyOf((booked) -> assertThat(booked).isGreaterThan(last),
							(booked) -> assertThat(booked).isEqualTo(instance.generator().acknowledged())));
		}
		while (instance.booked(source) < instance.generator().acknowledged());
	}

	private static void awaitPartitions(SampleInstance instance, int partitions) {
		await("it has " + partitions + " partitions").atMost(PATIENCE)
			.untilAsserted(() -> assertThat(instance.consumer().partitions()).hasSize(partitions));
	}

	private static String[] with(String[] args, String more) {
		String[] all = Arrays.copyOf(args, args.length + 1);
		all[args.length] = more;
		return all;
	}

}
