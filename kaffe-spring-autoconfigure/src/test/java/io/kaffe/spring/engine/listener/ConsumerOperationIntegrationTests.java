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

package io.kaffe.spring.engine.listener;

import java.net.http.HttpResponse;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for operations over HTTP on a consumer that is stopped, and for those that say
 * nothing more than their names.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConsumerOperationIntegrationTests {

	private final ListenerApplication application = ListenerApplication.of(DrainIntegrationTests.Listening.class)
		.with("management.endpoint.kaffeworkers.access", "unrestricted")
		.with("management.endpoints.web.exposure.include", "kaffeworkers")
		.with("test.stop", "none")
		.with("kaffe.consumers.orders.max-concurrency", 4)
		.with("kaffe.commit.interval", "50ms")
		.topic("orders", 1);

	private final ConfigurableApplicationContext context = this.application.start(WebApplicationType.SERVLET);

	private final Operator operator = new Operator(this.application, this.context);

	private int sent;

	@AfterAll
	void stop() {
		this.application.close();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					pause           | {"all": true}                                            | 200 | Paused from its next poll on
					resume          | {"all": true}                                            | 200 | Resumed; individually paused
					pause           | {"topic": "orders"}                                      | 200 | Paused orders
					resume          | {"topic": "orders"}                                      | 200 | Resumed orders
					pause           | {"topic": "refunds"}                                     | 404 | does not have the topic
					pause           | {"topic": "orders", "partition": 0}                      | 409 | is stopped; start it first
					resume          | {"topic": "orders", "partition": 0}                      | 409 | is stopped; start it first
					max-concurrency | {"maxConcurrency": 8}                                    | 200 | Handles at most 8
					retry           | {"topic": "orders", "partition": 0, "offset": 0}         | 409 | is stopped; start it first
					skip            | {"topic": "orders", "partition": 0, "offset": 0}         | 409 | is stopped; start it first
					dead-letter     | {"topic": "orders", "partition": 0, "offset": 0}         | 409 | is stopped; start it first
					seek            | {"topic": "orders", "partition": 0, "to": "end"}         | 409 | is stopped; start it first
					seek            | {"topic": "orders", "allPartitions": true, "to": "end"}  | 409 | is stopped; start it first
					seek            | {"topic": "orders", "partition": 0, "to": "soon"}        | 400 | Invalid position
					stop            | {}                                                       | 200 | Already stopped
					""")
	void stoppedConsumerAnswersAndGoesOnWhenItIsStarted(String operation, String body, int status, String message) {
		assertThat(this.operator.post("orders/stop", "{}").statusCode()).isEqualTo(200);
		HttpResponse<String> response = this.operator.post("orders/" + operation, body);
		assertThat(response.statusCode()).isEqualTo(status);
		assertThat(response.body()).contains(message);
		assertThat(this.operator.post("orders/start", "{}").body()).contains("Started");
		assertThat(this.operator.post("orders/start", "{}").body()).contains("Already running");
		if (operation.equals("pause") && status == 200) {
			ListenerApplication.awaitAssigned(this.context, "orders", 1);
			await("it is still paused").until(
					() -> "operator".equals(this.application.partition(this.context, "orders", "orders", 0).paused()));
			assertThat(this.operator.post("orders/resume", body).statusCode()).isEqualTo(200);
		}
		assertGoesOn();
	}

	@Test
	void outageLastsUntilItIsEnded() {
		ListenerApplication.awaitAssigned(this.context, "orders", 1);
		assertThat(this.operator.post("orders/end-outage", "").body()).contains("There is no outage");
		assertThat(this.operator.post("orders/begin-outage", "").body())
			.contains("No more attempts are made until the outage is ended");
		assertThat(this.operator.post("orders/begin-outage", "").body()).contains("There is an outage already");
		this.application.send("orders", 0, this.sent, this.sent + 1);
		this.sent++;
		await("its worker waits").until(() -> this.operator.get("orders").contains("\"waiting\":1"));
		assertThat(this.operator.get("orders")).contains("\"kind\":\"outage\"", "requested by an operator; holding");
		assertThat(this.context.getBean(Gate.class).finished).hasSize(this.sent - 1);
		assertThat(this.operator.post("orders/end-outage", "").body()).contains("Attempts are made again");
		assertGoesOn();
		assertThat(this.operator.get("orders")).contains("\"outage\":null");
	}

	@Test
	void operationWithoutArgumentsNeedsNoBody() {
		assertThat(this.operator.post("orders/stop", "").body()).contains("Stopped");
		assertThat(this.operator.post("orders/start", "").body()).contains("Started");
		assertGoesOn();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					seek            | 'seek' requires [topic, to] and accepts [partition, allPartitions]; missing [topic, to], not supported []
					retry           | 'retry' requires [topic, partition, offset] and accepts []; missing [topic, partition, offset], not supported []
					skip            | 'skip' requires [topic, partition, offset] and accepts []; missing [topic, partition, offset], not supported []
					dead-letter     | 'dead-letter' requires [topic, partition, offset] and accepts []; missing [topic, partition, offset], not supported []
					pause           | 'pause' needs a 'topic', which may have a 'partition', or '\\"all\\": true' for the whole consumer
					resume          | 'resume' needs a 'topic', which may have a 'partition', or '\\"all\\": true' for the whole consumer
					max-concurrency | 'max-concurrency' requires [maxConcurrency] and accepts []; missing [maxConcurrency], not supported []
					""")
	void missingArgumentsAreNamed(String operation, String message) {
		HttpResponse<String> response = this.operator.post("orders/" + operation, "");
		assertThat(response.statusCode()).isEqualTo(400);
		assertThat(response.body()).contains(message);
		assertGoesOn();
	}

	@Test
	void whatDoesNotSayItIsJsonIsRefused() {
		assertThat(this.operator.postUntyped("orders/pause").statusCode()).isEqualTo(415);
		assertThat(this.operator.get("orders")).contains("\"paused\":false");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
			[]
			"all"
			7
			""")
	void bodyThatIsNoObjectIsRefused(String body) {
		assertThat(this.operator.post("orders/pause", body).statusCode()).isEqualTo(400);
		assertThat(this.operator.get("orders")).contains("\"paused\":false");
		assertGoesOn();
	}

	private void assertGoesOn() {
		this.application.send("orders", 0, this.sent, this.sent + 1);
		this.sent++;
		await("it goes on").until(() -> Long.valueOf(this.sent).equals(this.application.committed("orders", 0)));
		assertThat(this.context.getBean(Gate.class).finished).hasSize(this.sent);
	}

}
