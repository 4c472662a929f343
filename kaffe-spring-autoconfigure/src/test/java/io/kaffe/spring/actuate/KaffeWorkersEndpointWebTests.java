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

package io.kaffe.spring.actuate;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

import org.json.JSONException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.skyscreamer.jsonassert.JSONAssert;
import org.skyscreamer.jsonassert.JSONCompareMode;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

import io.kaffe.spring.engine.worker.DefaultWorkerManager;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KaffeWorkersEndpoint} over HTTP, as those who operate a service see
 * it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KaffeWorkersEndpointWebTests {

	private static final String WORKER = """
			{"name": "worker_0", "state": "backing-off", "partitions": ["orders-0", "payments-0"],
			 "queued": 3, "handled": 1021, "failed": 2, "restarts": 1,
			 "current": [{"partition": "orders-0", "offset": 77, "attempt": 2, "since": "2026-01-01T12:00:00Z",
			              "key": null}],
			 "lastFailure": {"at": "2026-01-01T12:00:00Z", "record": "orders-0@77",
			                 "exception": "java.lang.IllegalStateException"}, "stack": null}
			""";

	private static final String CONSUMER = """
			{"groupId": "shop", "topics": ["orders", "payments"], "workerAllocationStrategy": "worker-per-partition",
			 "state": "running", "stopped": null, "maxConcurrency": null,
			 "ignoredSettings": ["commitRetries"], "buffered": {"records": 12, "bytes": 3456},
			 "workerCount": 2,
			 "workers": [%s, {"name": "worker_1", "state": "running", "partitions": ["orders-1"], "queued": 0,
			                  "handled": 5, "failed": 0, "restarts": 0, "current": [],
			                  "lastFailure": null, "stack": null}],
			 "partitions": [{"topic": "orders", "partition": 0, "worker": "worker_0", "epoch": 1,
			                 "completedOffset": 77, "committedOffset": 70, "completedAhead": 3, "completedTold": 2,
			                 "nextFetchOffset": 90, "endOffset": 120, "lag": 43, "lagSeconds": 8, "parked": 0,
			                 "evictedKeys": 2, "evictedRecords": 300,
			                 "oldestUnfinished": {"offset": 77, "since": "2026-01-01T12:00:00Z"},
			                 "paused": "back-pressure",
			                 "deletionExpected": {"offset": 77, "at": "2026-01-01T13:00:00Z"}}],
			 "counters": {"handled": 1026, "failed": 2, "retries": 1, "skipped": 3, "deadLettered": 4,
			              "lateCompletions": 5, "commits": 6, "commitFailures": 7, "lost": 8, "alreadyHandled": 9},
			              "lag": 43, "lagSeconds": 8, "evictedKeys": 2, "evictedRecords": 300,
			 "inFlight": 1, "paused": false, "failingCount": 1,
			 "failing": [{"partition": "orders-0", "offset": 77, "state": "retrying", "attempts": 2,
			              "since": "2026-01-01T12:00:00Z", "nextAttemptAt": "2026-01-01T12:00:02Z",
			              "exception": "java.lang.IllegalStateException",
			              "key": null, "value": null, "message": null,
			              "cause": "java.io.IOException", "causeMessage": null,
			              "keySize": 8, "valueSize": null, "parkedSince": null, "owners": 1}],
			 "parkedBy": [{"exception": "java.io.IOException", "records": 1}],
			 "bulkDecision": {"decision": "retry", "filter": "parked records", "maxPerSecond": 100, "state": "running",
			                  "since": "2026-01-01T12:00:00Z", "until": null, "matched": 300, "left": 200,
			                  "inProgress": 10, "completed": 70, "failed": 15, "revoked": 4, "superseded": 1},
			 "rebalances": [{"at": "2026-01-01T12:00:00Z", "kind": "revoked", "partitions": ["orders-2"],
			                 "drainMillis": 30, "givenUp": ["orders-2@5"]},
			                {"at": "2026-01-01T12:00:00Z", "kind": "assigned",
			                 "partitions": ["orders-0", "orders-2"], "drainMillis": null, "givenUp": []}],
			 "failures": [{"at": "2026-01-01T12:00:00Z", "record": "orders-0@77", "attempt": 2,
			               "exception": "java.lang.IllegalStateException", "action": "retry", "message": null,
			               "cause": "java.io.IOException", "causeMessage": null}],
			 "noAnswerSince": null, "outage": null,
			 "problems": [{"kind": "retrying", "severity": "warning", "since": "2026-01-01T12:00:00Z",
			               "message": "retrying: orders-0@77, java.lang.IllegalStateException since 2026-01-01T12:00:00Z"}]}
			"""
		.formatted(WORKER);

	private static final String TABLE = """
			{"access": "read-only", "consumers": {
			   "orders": %s,
			   "refunds": {"groupId": null, "topics": ["refunds"],
			               "workerAllocationStrategy": "worker-per-topic-partition", "state": "starting", "stopped": null, "maxConcurrency": 4, "ignoredSettings": [], "buffered": {"records": 0, "bytes": 0},
			               "workerCount": 0,
			               "workers": [], "partitions": [],
			               "counters": {"handled": 0, "failed": 0, "retries": 0, "skipped": 0, "deadLettered": 0,
			                            "lateCompletions": 0, "commits": 0, "commitFailures": 0, "lost": 0, "alreadyHandled": 0},
			                            "lag": null, "lagSeconds": null, "evictedKeys": 0, "evictedRecords": 0,
			               "inFlight": 0, "paused": true, "failingCount": 0, "failing": [], "parkedBy": [],
			               "bulkDecision": null, "rebalances": [],
			               "failures": [], "noAnswerSince": "2026-01-01T12:00:00Z", "outage": null,
			               "problems": []}}}
			"""
		.formatted(CONSUMER);

	private final HttpClient client = HttpClient.newHttpClient();

	private final ConfigurableApplicationContext context = start(
			"--management.endpoints.web.exposure.include=kaffeworkers");

	@AfterAll
	void stop() {
		this.context.close();
	}

	@Test
	void tableHasTheDocumentedShape() throws Exception {
		assertJson(get("/actuator/kaffeworkers"), TABLE);
	}

	@Test
	void consumerHasTheDocumentedShape() throws Exception {
		assertJson(get("/actuator/kaffeworkers/orders"), CONSUMER);
	}

	@Test
	void workerHasTheDocumentedShape() throws Exception {
		assertJson(get("/actuator/kaffeworkers/orders/worker_0"), WORKER);
	}

	@ParameterizedTest
	@ValueSource(strings = { "/actuator/kaffeworkers/order", "/actuator/kaffeworkers/orders/worker_2",
			"/actuator/kaffeworkers/order/worker_0", "/actuator/kaffeworkers/refunds/worker_0" })
	void unknownConsumerOrWorkerIsNotFound(String path) throws Exception {
		assertThat(get(path).statusCode()).isEqualTo(404);
	}

	@Test
	void valuesAreShownWhereTheyAlwaysAre() throws Exception {
		try (ConfigurableApplicationContext open = start("--management.endpoints.web.exposure.include=kaffeworkers",
				"--management.endpoint.kaffeworkers.show-values=always")) {
			assertThat(get(open, "/actuator/kaffeworkers/orders").body()).contains("\"key\":\"customer\"",
					"\"value\":\"a book\"", "\"message\":\"no stock\"");
			assertThat(get(open, "/actuator/kaffeworkers/orders/worker_0").body()).contains("\"key\":\"customer\"");
			assertThat(get(open, "/actuator/kaffeworkers").body()).contains("\"value\":\"a book\"");
		}
	}

	@Test
	void whoIsNotAuthenticatedIsShownNoValues() throws Exception {
		try (ConfigurableApplicationContext guarded = start("--management.endpoints.web.exposure.include=kaffeworkers",
				"--management.endpoint.kaffeworkers.show-values=when-authorized")) {
			assertJson(get(guarded, "/actuator/kaffeworkers"), TABLE);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "POST", "PUT", "DELETE" })
	void nothingCanBeChanged(String method) throws Exception {
		HttpRequest request = HttpRequest.newBuilder(uri(this.context, "/actuator/kaffeworkers/orders"))
			.method(method, BodyPublishers.noBody())
			.build();
		assertThat(this.client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(405);
	}

	@Test
	void endpointIsNotExposedUnlessAskedFor() throws Exception {
		try (ConfigurableApplicationContext defaults = start()) {
			assertThat(get(defaults, "/actuator").statusCode()).isEqualTo(200);
			assertThat(get(defaults, "/actuator").body()).doesNotContain("kaffeworkers");
			assertThat(get(defaults, "/actuator/kaffeworkers").statusCode()).isEqualTo(404);
		}
	}

	private HttpResponse<String> get(String path) throws IOException, InterruptedException {
		return get(this.context, path);
	}

	private HttpResponse<String> get(ConfigurableApplicationContext context, String path)
			throws IOException, InterruptedException {
		return this.client.send(HttpRequest.newBuilder(uri(context, path)).build(), BodyHandlers.ofString());
	}

	private static URI uri(ConfigurableApplicationContext context, String path) {
		return URI.create("http://localhost:" + context.getEnvironment().getProperty("local.server.port") + path);
	}

	private static void assertJson(HttpResponse<String> response, String expected) throws JSONException {
		assertThat(response.statusCode()).isEqualTo(200);
		JSONAssert.assertEquals(expected, response.body(), JSONCompareMode.STRICT);
	}

	private static ConfigurableApplicationContext start(String... arguments) {
		return new SpringApplicationBuilder(TestApplication.class).web(WebApplicationType.SERVLET)
			.registerShutdownHook(false)
			.properties("server.port=0", "spring.main.banner-mode=off")
			.run(arguments);
	}

	/**
	 * A web service with consumers.
	 */
	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class TestApplication {

		@Autowired
		void registerConsumers(DefaultWorkerManager manager) {
			SnapshotFixtures.register(manager);
		}

	}

}
