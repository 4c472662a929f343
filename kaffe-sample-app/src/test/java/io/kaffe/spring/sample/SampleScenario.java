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
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

import com.jayway.jsonpath.JsonPath;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What the sample has to do, on whatever broker.
 */
final class SampleScenario {

	private SampleScenario() {
	}

	static void booksOrdersAndRefundsAndShowsItsWorkers(SampleInstance sample) throws Exception {
		String source = sample.generator().source();
		await("records are booked").atMost(Duration.ofSeconds(60)).until(() -> sample.booked(source) > 500);
		String first = get(sample, "/actuator/kaffeworkers");
		assertThat(JsonPath.<String>read(first, "$.consumers.orders.workerAllocationStrategy"))
			.isEqualTo("worker-per-partition");
		for (int number = 0; number < 8; number++) {
			String worker = "$.consumers.orders.workers[" + number + "]";
			assertThat(JsonPath.<String>read(first, worker + ".name")).isEqualTo("worker_" + number);
			assertThat(JsonPath.<List<String>>read(first, worker + ".partitions")).containsExactly("orders-" + number,
					"refunds-" + number);
		}
		await("every worker goes on handling").atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
			String later = get(sample, "/actuator/kaffeworkers");
			assertThat(IntStream.range(0, 8))
				.allSatisfy((number) -> assertThat(handled(later, number)).isGreaterThan(handled(first, number)));
		});
		assertThat(sample.consumer().workers()).extracting((snapshot) -> snapshot.counters().failed()).containsOnly(0L);
		String customer = JsonPath.read(get(sample, "/accounts"), "$[0].customer");
		assertThat(JsonPath.<Map<String, Object>>read(get(sample, "/accounts/" + customer), "$"))
			.containsKeys("balanceInCents", "orders", "refunds");
		sample.assertEverythingWasBookedOnceAndInOrder();
	}

	private static int handled(String table, int number) {
		return JsonPath.read(table, "$.consumers.orders.workers[" + number + "].handled");
	}

	static String get(SampleInstance sample, String path) throws IOException, InterruptedException {
		HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + sample.port() + path)).build();
		HttpResponse<String> response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
		assertThat(response.statusCode()).isEqualTo(200);
		return response.body();
	}

}
