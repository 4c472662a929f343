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
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link FixedOrder}.
 */
class FixedOrderTests {

	@TempDir
	private Path directory;

	@Test
	void immutableCollectionsHaveOneOrderInEachVirtualMachine() throws IOException {
		String option = FixedOrder.option(this.directory);
		assertThat(orders(option)).hasSize(1);
		assertThat(orders("-Dnothing")).as("without the option").hasSizeGreaterThan(1);
	}

	private static Set<String> orders(String option) throws IOException {
		Set<String> orders = new HashSet<>();
		for (int run = 0; run < 5; run++) {
			List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), option,
					"-cp", System.getProperty("java.class.path"), OrderPrinter.class.getName());
			Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
			orders.add(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
		}
		assertThat(orders).allMatch((order) -> order.startsWith("order "));
		return orders;
	}

}
