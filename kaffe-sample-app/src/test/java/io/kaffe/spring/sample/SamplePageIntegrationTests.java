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

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.kafka.support.serializer.DeserializationException;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.KaffeConsumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the start page and the workers' page of the running sample, in a browser.
 */
@ExtendWith(BrowserExtension.class)
class SamplePageIntegrationTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final Set<String> SWITCHES = Set.of("stall", "customer", "database");

	private static SampleInstance sample;

	private final Browser browser;

	SamplePageIntegrationTests(Browser browser) {
		this.browser = browser;
	}

	@BeforeAll
	static void start() {
		sample = SampleInstance.start(List.of(), "--sample.rate=100");
	}

	@AfterAll
	static void stop() {
		sample.close();
	}

	@AfterEach
	void endTrouble() {
		cause("end");
		KaffeConsumers consumers = sample.consumers();
		await("nothing fails any more").atMost(PATIENCE).until(() -> {
			List<FailingRecord> failing = consumers.failingRecords("orders");
			for (FailingRecord record : failing) {
				if (record.failure() instanceof DeserializationException) {
					consumers.skip("orders", record.partition(), record.offset());
				}
				else {
					consumers.retry("orders", record.partition(), record.offset());
				}
			}
			return failing.isEmpty();
		});
	}

	@Test
	void startPageLeadsToTheWorkersOfTheRunningSample() {
		this.browser.open(url("/"));
		this.browser.click("a.open");
		awaitWorkers();
		assertThat(this.browser.texts("#panel-workers tbody th"))
			.containsExactlyElementsOf(IntStream.range(0, 8).mapToObj((number) -> "worker_" + number).toList());
		await("records are handled").atMost(PATIENCE)
			.until(() -> this.browser.text("#counters div:first-child dd.quiet").matches("[1-9][\\d.,]* / s"));
		this.browser.type("#panels input[type=search]", "orders-5");
		await("filtered")
			.untilAsserted(() -> assertThat(this.browser.texts("#panel-workers tbody th")).containsExactly("worker_5"));
		assertThat(this.browser.console()).isEmpty();
	}

	@Test
	void switchShowsWhetherItIsOn() {
		this.browser.open(url("/"));
		awaitSwitches(false, false);
		press("stall", "On.");
		awaitSwitches(true, false);
		press("customer", "On.");
		awaitSwitches(true, true);
		this.browser.open(url("/"));
		awaitSwitches(true, true);
		press("customer", "Off.");
		awaitSwitches(true, false);
		press("end", "Done.");
		awaitSwitches(false, false);
		assertThat(this.browser.console()).isEmpty();
	}

	@Test
	void answerAppearsBesideTheSwitchThatWasPressed() {
		this.browser.open(url("/"));
		awaitSwitches(false, false);
		press("poison", "Done.");
		assertThat(this.browser.texts("li output")).containsExactly("Off.", "Off.", "Off.", "Done.", "", "");
		this.browser.run("window.fetch = () => Promise.reject(new TypeError())");
		press("stall", "The service cannot be reached.");
		this.browser.run("window.fetch = async () => new Response(null, { status: 503 })");
		press("customer", "The service responded with status 503.");
		assertThat(this.browser.count("[aria-pressed=true]")).isZero();
	}

	@Test
	void stalledHandlerIsShownUntilItReturns() {
		cause("stall");
		this.browser.open(url("/actuator/kaffe"));
		await("the stall").atMost(PATIENCE)
			.untilAsserted(() -> assertThat(this.browser.texts("#attention-items .word")).contains("stalled"));
		assertThat(this.browser.text("#attention-items .what strong")).matches("(orders|refunds)-\\d@\\d+");
		cause("end");
		this.browser.open(url("/actuator/kaffe"));
		awaitWorkers();
		await("the end of it").atMost(PATIENCE)
			.untilAsserted(() -> assertThat(this.browser.texts("#attention-items .word")).doesNotContain("stalled"));
	}

	@Test
	void burstIsBooked() {
		long before = sample.generator().acknowledged();
		cause("burst");
		await("the burst").atMost(PATIENCE).until(() -> sample.generator().acknowledged() > before + 20_000);
		this.browser.open(url("/actuator/kaffe"));
		awaitWorkers();
		assertThat(this.browser.attribute("#charts .lag svg", "aria-label")).startsWith("Lag: now ");
	}

	@Test
	void parkedRecordOfACustomerIsRetriedFromThePage() {
		this.browser.open(url("/actuator/kaffe"));
		awaitWorkers();
		assertThat(this.browser.isShown("#access")).as("operations are refused").isFalse();
		cause("customer");
		this.browser.open(url("/actuator/kaffe"));
		String parked = awaitParked();
		cause("end");
		this.browser.open(url("/actuator/kaffe"));
		operate(parked, "retry");
		await("handled").atMost(PATIENCE)
			.untilAsserted(
					() -> assertThat(this.browser.texts("#attention-items .what strong")).doesNotContain(parked));
		sample.assertEverythingWasBookedOnceAndInOrder();
	}

	@Test
	void outageIsShownUntilTheDatabaseIsBack() {
		cause("database");
		this.browser.open(url("/actuator/kaffe"));
		await("the outage").atMost(PATIENCE)
			.untilAsserted(
					() -> assertThat(this.browser.text("#attention-items li:first-child .word")).isEqualTo("outage"));
		assertThat(this.browser.text("#attention-items li:first-child .why"))
			.matches("\\d+ % of attempts fail with ConnectException; (probing|resuming)");
		assertThat(this.browser.texts("#attention-items .word")).doesNotContain("parked");
		cause("end");
		this.browser.open(url("/actuator/kaffe"));
		awaitWorkers();
		await("the end of it").atMost(PATIENCE)
			.untilAsserted(() -> assertThat(this.browser.texts("#attention-items .word")).doesNotContain("outage"));
		sample.assertEverythingWasBookedOnceAndInOrder();
	}

	@Test
	void poisonRecordIsSkippedFromThePage() {
		this.browser.open(url("/actuator/kaffe"));
		awaitWorkers();
		assertThat(this.browser.isShown("#access")).as("operations are refused").isFalse();
		cause("poison");
		this.browser.open(url("/actuator/kaffe"));
		String parked = awaitParked();
		operate(parked, "skip");
		await("skipped").atMost(PATIENCE)
			.untilAsserted(
					() -> assertThat(this.browser.texts("#attention-items .what strong")).doesNotContain(parked));
	}

	/**
	 * Takes the picture for the README.
	 */
	@Test
	@EnabledIfSystemProperty(named = "kaffe.screenshot", matches = ".+")
	void pageWithAllKindsOfTroubleIsWorthAPicture() throws Exception {
		await("something booked").atMost(PATIENCE).until(() -> sample.booked(sample.generator().source()) > 1000);
		cause("poison");
		cause("stall");
		cause("customer");
		this.browser.open(url("/actuator/kaffe"), 1360, 1010, "light");
		await("all of it, and lines in the charts").pollDelay(Duration.ofSeconds(40))
			.atMost(Duration.ofSeconds(120))
			.untilAsserted(() -> assertThat(this.browser.texts("#attention-items .word"))
				.containsExactlyInAnyOrder("stalled", "parked", "parked"));
		this.browser.saveScreenshot(Path.of(System.getProperty("kaffe.screenshot")));
	}

	private void operate(String record, String operation) {
		this.browser
			.click("#attention-items button[data-operation='%s'][aria-label$=' %s']".formatted(operation, record));
		this.browser.click("dialog[open] button[type=submit]");
		await("done").atMost(PATIENCE).until(() -> this.browser.count("dialog[open]") == 0);
	}

	private String awaitParked() {
		await("a parked record").atMost(PATIENCE)
			.untilAsserted(
					() -> assertThat(this.browser.text("#attention-items li:first-child .word")).isEqualTo("parked"));
		return this.browser.text("#attention-items li:first-child .what strong");
	}

	private void awaitWorkers() {
		await("workers").atMost(PATIENCE).until(() -> this.browser.count("#panel-workers tbody th") == 8);
	}

	private void cause(String trouble) {
		this.browser.open(url("/"));
		press(trouble, SWITCHES.contains(trouble) ? "On." : "Done.");
	}

	private void press(String trouble, String answer) {
		this.browser.click("[data-trouble=" + trouble + "]");
		await("the switch").atMost(PATIENCE)
			.untilAsserted(
					() -> assertThat(this.browser.text("[data-trouble=" + trouble + "] + output")).isEqualTo(answer));
	}

	private void awaitSwitches(boolean stall, boolean customer) {
		await("their state").atMost(PATIENCE)
			.untilAsserted(() -> assertThat(List.of(this.browser.attribute("[data-trouble=stall]", "aria-pressed"),
					this.browser.attribute("[data-trouble=customer]", "aria-pressed")))
				.containsExactly(Boolean.toString(stall), Boolean.toString(customer)));
	}

	private static String url(String path) {
		return "http://localhost:" + sample.port() + path;
	}

}
