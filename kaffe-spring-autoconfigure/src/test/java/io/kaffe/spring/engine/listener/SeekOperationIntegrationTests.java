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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;

import io.kaffe.spring.actuate.ImpatientEndpoint;
import io.kaffe.spring.table.ConsumerState;
import io.kaffe.spring.table.PartitionSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for seeks over HTTP that something comes between.
 */
class SeekOperationIntegrationTests {

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private static final String CONSUMER = "spring.kafka.consumer.properties.";

	private static final String END = "{\"topic\": \"orders\", \"partition\": 0, \"to\": \"end\"}";

	@Test
	void partitionThatIsTakenAwayMeanwhileIsNotSought() {
		try (ListenerApplication application = application().topic("orders", 2)) {
			// Members in the order of their names get partitions in the order of their
			// numbers.
			ConfigurableApplicationContext context = application.start(WebApplicationType.SERVLET,
					"--" + CONSUMER + "group.instance.id=second");
			Gate gate = context.getBean(Gate.class);
			ListenerApplication.awaitAssigned(context, "orders", 2);
			application.send("orders", 0, 0, 100);
			await("one is being handled").until(() -> gate.started.contains("0:3"));
			CompletableFuture<HttpResponse<String>> seek = new Operator(application, context).postSoon("orders/seek",
					END);
			await("it has begun").untilAsserted(
					() -> assertThat(application.partition(context, "orders", "orders", 0).paused()).isNotNull());
			CompletableFuture<ConfigurableApplicationContext> joining = CompletableFuture
				.supplyAsync(() -> application.start("--" + CONSUMER + "group.instance.id=first"));
			awaitRebalancing(context);
			assertThat(seek).isNotDone();
			gate.open();
			assertThat(seek).succeedsWithin(PATIENCE).satisfies((response) -> {
				assertThat(response.statusCode()).isEqualTo(409);
				assertThat(response.body())
					.contains(application.topic("orders") + "-0 was taken from the consumer before it was sought");
			});
			Gate other = joining.join().getBean(Gate.class);
			await("all are committed").until(() -> Long.valueOf(100).equals(application.committed("orders", 0)));
			assertThat(gate.finished).containsExactly("0:0", "0:1", "0:2", "0:3");
			assertThat(other.finished).containsExactlyElementsOf(numbers(0, 4, 100));
			application.send("orders", 1, 0, 10);
			await("the other partition goes on")
				.until(() -> Long.valueOf(10).equals(application.committed("orders", 1)));
			assertThat(gate.finished).hasSize(4 + 10);
		}
	}

	@ParameterizedTest
	@CsvSource({ "classic, org.apache.kafka.clients.consumer.CooperativeStickyAssignor", "consumer," })
	void whatIsLeftOfSeveralPartitionsIsSought(String protocol, @Nullable String assignor) {
		List<String> more = new ArrayList<>(List.of("--" + CONSUMER + "group.protocol=" + protocol));
		if (assignor != null) {
			more.add("--" + CONSUMER + "partition.assignment.strategy=" + assignor);
		}
		String[] arguments = more.toArray(String[]::new);
		try (ListenerApplication application = application().topic("orders", 2)) {
			ConfigurableApplicationContext context = application.start(WebApplicationType.SERVLET, arguments);
			Gate gate = context.getBean(Gate.class);
			gate.stopAt("1:3");
			ListenerApplication.awaitAssigned(context, "orders", 2);
			application.send("orders", 0, 0, 100);
			application.send("orders", 1, 0, 100);
			await("two are being handled").until(() -> gate.started.containsAll(List.of("0:3", "1:3")));
			CompletableFuture<HttpResponse<String>> seek = new Operator(application, context).postSoon("orders/seek",
					"{\"topic\": \"orders\", \"allPartitions\": true, \"to\": \"end\"}");
			awaitBegun(context, 0, 1);
			CompletableFuture<ConfigurableApplicationContext> joining = CompletableFuture
				.supplyAsync(() -> application.start(arguments));
			awaitRebalancing(context);
			gate.open();
			assertThat(seek).succeedsWithin(PATIENCE);
			HttpResponse<String> response = seek.join();
			assertThat(response.statusCode()).isEqualTo(409);
			String orders = application.topic("orders");
			int taken = response.body().contains(orders + "-0 was taken") ? 0 : 1;
			int left = 1 - taken;
			assertThat(response.body()).contains(
					"Not all partitions were sought: Reads " + orders + "-" + left
							+ " from 100 (past 96 unfinished records); ",
					orders + "-" + taken + " was taken from the consumer before it was sought");
			Gate other = joining.join().getBean(Gate.class);
			await("all are committed").until(() -> Long.valueOf(100).equals(application.committed("orders", 0))
					&& Long.valueOf(100).equals(application.committed("orders", 1)));
			assertThat(gate.finished).containsExactlyInAnyOrderElementsOf(
					Stream.concat(numbers(0, 0, 4).stream(), numbers(1, 0, 4).stream()).toList());
			assertThat(other.finished).as("nothing is skipped that was not sought")
				.containsExactlyElementsOf(numbers(taken, 4, 100));
		}
	}

	@Test
	void seekThatIsNotCommittedSaysSoAndIsCommittedLater() {
		try (ListenerApplication application = application(FailingCommits.class).with("test.stop", "none")
			.topic("orders", 2)) {
			application.send("orders", 0, 0, 10);
			application.send("orders", 1, 0, 10);
			ConfigurableApplicationContext context = application.start(WebApplicationType.SERVLET);
			FailingCommits commits = context.getBean(FailingCommits.class);
			Operator operator = new Operator(application, context);
			await("all are committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0))
					&& Long.valueOf(10).equals(application.committed("orders", 1)));
			assertThat(operator.post("orders/pause", "{\"all\": true}").statusCode()).isEqualTo(200);
			commits.failing.set(true);
			HttpResponse<String> response = operator.post("orders/seek",
					"{\"topic\": \"orders\", \"allPartitions\": true, \"to\": \"beginning\"}");
			assertThat(response.statusCode()).isEqualTo(409);
			assertThat(response.body()).contains("Not all partitions were sought: ",
					"-0 is read from 0 now, but a restart before its next commit undoes that",
					"-1 is read from 0 now, but a restart before its next commit undoes that", "No answer, on purpose");
			commits.failing.set(false);
			await("the next commit reports it, though nothing is polled")
				.until(() -> Long.valueOf(0).equals(application.committed("orders", 0))
						&& Long.valueOf(0).equals(application.committed("orders", 1)));
			assertThat(operator.post("orders/resume", "{\"all\": true}").statusCode()).isEqualTo(200);
			await("it goes on").until(() -> Long.valueOf(10).equals(application.committed("orders", 0))
					&& Long.valueOf(10).equals(application.committed("orders", 1)));
			assertThat(context.getBean(Gate.class).finished).hasSize(40);
		}
	}

	@Test
	void seekOfWhichTheFirstCommitFailsWaitsForTheNext() {
		try (ListenerApplication application = application(FailingCommits.class).with("test.stop", "none")
			.topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start(WebApplicationType.SERVLET);
			FailingCommits commits = context.getBean(FailingCommits.class);
			await("all are committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			commits.failing.set(true);
			CompletableFuture<HttpResponse<String>> seek = new Operator(application, context).postSoon("orders/seek",
					"{\"topic\": \"orders\", \"partition\": 0, \"to\": \"5\"}");
			await("one failed").until(() -> commits.failed.get() > 0);
			commits.failing.set(false);
			assertThat(seek).succeedsWithin(PATIENCE)
				.satisfies((response) -> assertThat(response.statusCode()).isEqualTo(200));
			await("it goes on").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			assertThat(context.getBean(Gate.class).finished).hasSize(15);
			assertThat(ListenerApplication.table(context, "orders").counters().commitFailures())
				.as("that of the seek, too")
				.isEqualTo(commits.failed.get());
		}
	}

	@Test
	void seekThatTakesLongIsAcceptedAndDoneLater() {
		try (ListenerApplication application = application(ImpatientEndpoint.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start(WebApplicationType.SERVLET);
			Operator operator = new Operator(application, context);
			Gate gate = context.getBean(Gate.class);
			await("one is being handled").until(() -> gate.started.contains("0:3"));
			HttpResponse<String> response = operator.post("orders/seek", END);
			assertThat(response.statusCode()).isEqualTo(202);
			assertThat(response.body()).contains("\"done\":false",
					"Accepted; waiting for the consumer thread or for records in progress");
			awaitBegun(context, 0);
			gate.open();
			await("it is done").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			assertThat(gate.finished).containsExactly("0:0", "0:1", "0:2", "0:3");
		}
	}

	@Test
	void ofTwoSeeksAtOnceOneIsDone() {
		try (ListenerApplication application = application().topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start(WebApplicationType.SERVLET);
			Operator operator = new Operator(application, context);
			Gate gate = context.getBean(Gate.class);
			await("one is being handled").until(() -> gate.started.contains("0:3"));
			CompletableFuture<HttpResponse<String>> end = operator.postSoon("orders/seek", END);
			CompletableFuture<HttpResponse<String>> back = operator.postSoon("orders/seek",
					"{\"topic\": \"orders\", \"partition\": 0, \"to\": \"2\"}");
			assertThat(CompletableFuture.anyOf(end, back)).succeedsWithin(PATIENCE)
				.satisfies((refused) -> assertThat(((HttpResponse<?>) refused).statusCode()).isEqualTo(409));
			CompletableFuture<HttpResponse<String>> refused = end.isDone() ? end : back;
			CompletableFuture<HttpResponse<String>> accepted = end.isDone() ? back : end;
			assertThat(refused.join().body()).contains("is being sought already");
			assertThat(accepted).isNotDone();
			gate.open();
			assertThat(accepted).succeedsWithin(PATIENCE)
				.satisfies((response) -> assertThat(response.statusCode()).isEqualTo(200));
			await("all is committed").until(() -> Long.valueOf(10).equals(application.committed("orders", 0)));
			assertThat(gate.finished).containsExactlyElementsOf(Stream
				.concat(numbers(0, 0, 4).stream(), (accepted == end) ? Stream.of() : numbers(0, 2, 10).stream())
				.toList());
		}
	}

	private static void awaitBegun(ConfigurableApplicationContext context, Integer... partitions) {
		await("it has begun").until(() -> ListenerApplication.table(context, "orders")
			.partitions()
			.stream()
			.filter((partition) -> "seek".equals(partition.paused()))
			.map(PartitionSnapshot::partition)
			.toList()
			.equals(List.of(partitions)));
	}

	private static void awaitRebalancing(ConfigurableApplicationContext context) {
		await("it waits for handlers")
			.until(() -> ListenerApplication.table(context, "orders").status().state() == ConsumerState.REBALANCING);
	}

	private static List<String> numbers(int partition, int from, int to) {
		return IntStream.range(from, to).mapToObj((number) -> partition + ":" + number).toList();
	}

	private static ListenerApplication application(Class<?>... more) {
		return ListenerApplication.of(DrainIntegrationTests.Listening.class, more)
			.with("management.endpoint.kaffeworkers.access", "unrestricted")
			.with("management.endpoints.web.exposure.include", "kaffeworkers")
			.with("kaffe.consumers.orders.max-concurrency", 4)
			.with("kaffe.commit.interval", "50ms");
	}

}
