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
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the dead letters on the page, in a browser, before a service that says what a
 * test wants.
 */
@ExtendWith(BrowserExtension.class)
class DeadLettersPageBrowserTests {

	private static final String MARKUP = "<img src=x onerror=window.broken=1>";

	private final Browser browser;

	private final ScriptedService service;

	private volatile String access = "unrestricted";

	private volatile String run = "null";

	private volatile int here = 3000;

	private volatile String key = MARKUP;

	DeadLettersPageBrowserTests(Browser browser) throws IOException {
		this.browser = browser;
		this.service = new ScriptedService();
	}

	@BeforeEach
	void say() {
		this.service
			.setTable(() -> KaffePageBrowserTests.table("unrestricted", "orders", 8, "PaymentRefusedException"));
		this.service.setDeadLetters(this::answer);
		this.service.setAnswer(202, "{\"done\": false, \"message\": \"The replay has begun.\"}");
	}

	@AfterEach
	void stop() {
		this.service.close();
	}

	@Test
	void deadLettersAreListedWithTheirNumbersByException() {
		open();
		assertThat(this.browser.text("#tab-deadletters")).contains("Dead letters");
		await("the number, with the next poll").atMost(Duration.ofSeconds(10))
			.until(() -> this.browser.text("#tab-deadletters .number").equals("3,002"));
		assertThat(this.browser.text("#panel-deadletters > .dead-letters > .quiet"))
			.contains("3,000 dead letters of this instance")
			.contains("2 of others")
			.contains("1 foreign")
			.contains("missing: refunds-dlt");
		assertThat(this.browser.text(".dead-letter-exceptions li")).contains("3,000 by IllegalStateException");
		assertThat(this.browser.texts("#panel-deadletters tbody th")).containsExactly("orders-dlt-0@0",
				"orders-dlt-0@1");
		assertThat(this.browser.text("#panel-deadletters tbody tr:first-child")).contains("orders-0@7")
			.contains("failed again")
			.contains(MARKUP);
		assertThat(this.browser.text("#panel-deadletters tbody tr:nth-child(2)")).contains("foreign")
			.contains("It has no headers");
		assertThat(this.browser.isShown("#panel-deadletters tbody tr:nth-child(2) [data-operation=replay]")).isFalse();
		assertThat(this.browser.count("main img[src=x]")).isZero();
		this.browser.click("#panel-deadletters .dead-letters > button");
		await("the next page")
			.until(() -> this.browser.texts("#panel-deadletters tbody th").contains("orders-dlt-0@2"));
		assertThat(this.browser.isShown("#panel-deadletters .dead-letters > button")).as("no more").isFalse();
	}

	@Test
	void replayIsConfirmedAndItsProgressShown() {
		open();
		this.browser.click(".dead-letter-exceptions [data-operation=replay]");
		assertThat(this.browser.text("dialog h2")).isEqualTo("Replay all by IllegalStateException of orders?");
		this.browser.run("document.querySelector('dialog input').value = '25'");
		this.run = run("running", 1200, 3);
		this.browser.click("dialog[open] button[type=submit]");
		await("requested").until(() -> this.service.operations().size() == 1);
		assertThat(this.service.operations().get(0).path()).isEqualTo("orders/replay");
		assertThat(this.service.operations().get(0).body())
			.isEqualTo("{\"exception\":\"java.lang.IllegalStateException\",\"maxPerSecond\":25}");
		assertThat(this.service.operations().get(0).headers()).containsEntry("X-XSRF-TOKEN", "a+token");
		await("the progress").atMost(Duration.ofSeconds(20))
			.until(() -> this.browser.text(".dead-letter-run").contains("Replay running"));
		assertThat(this.browser.text(".dead-letter-run")).contains("1,200 replayed").contains("3 failed again");
		this.here = 3;
		this.run = run("done", 2997, 3);
		await("the end").atMost(Duration.ofSeconds(20))
			.until(() -> this.browser.text(".dead-letter-run").contains("Replay done"));
		await("what is left is read again").atMost(Duration.ofSeconds(20))
			.until(() -> this.browser.text(".dead-letter-exceptions li").contains("3 by IllegalStateException"));
	}

	@Test
	void oneIsAbandonedAndAllAreNamedExplicitly() {
		open();
		this.browser.click("#panel-deadletters tbody [data-operation=abandon]");
		assertThat(this.browser.text("dialog h2")).isEqualTo("Abandon orders-dlt-0@0 of orders?");
		this.browser.click("dialog[open] button[type=submit]");
		await("requested").until(() -> this.service.operations().size() == 1);
		await("closed").until(() -> this.browser.count("dialog[open]") == 0);
		this.browser.click("#panel-deadletters .dead-letters > .actions [data-operation=abandon]");
		this.browser.click("dialog[open] button[type=submit]");
		await("requested").until(() -> this.service.operations().size() == 2);
		assertThat(this.service.operations()).extracting(ScriptedService.Operation::body)
			.containsExactly("{\"topic\":\"orders-dlt\",\"partition\":0,\"offset\":0}", "{\"all\":true}");
	}

	@Test
	void readOnlyEndpointDisablesItsButtonsOnly() {
		this.access = "read-only";
		open();
		await("disabled")
			.until(() -> this.browser.count("#panel-deadletters button.operation[aria-disabled=true]") > 0);
		assertThat(this.browser.count("#panel-deadletters button.operation"))
			.isEqualTo(this.browser.count("#panel-deadletters button.operation[aria-disabled=true][title]"));
		assertThat(this.browser.count("#consumer-actions button.operation[aria-disabled=true]")).isZero();
		this.browser.click("#panel-deadletters .dead-letters > .actions [data-operation=replay]");
		await("the reason").until(() -> this.browser.isShown("#toast"));
		assertThat(this.browser.text("#toast")).contains("management.endpoint.kaffedeadletters.access");
	}

	/**
	 * Takes the picture for the guide.
	 */
	@Test
	@EnabledIfSystemProperty(named = "kaffe.screenshots", matches = ".+")
	void deadLettersAreWorthAPicture() throws Exception {
		this.key = "customer-17";
		this.run = run("running", 1200, 3);
		this.browser.open(this.service.url() + "#orders/deadletters", 1360, 1010, "light");
		await("the number, with the next poll").atMost(Duration.ofSeconds(20))
			.until(() -> this.browser.text("#tab-deadletters .number").equals("3,002"));
		this.browser.run("document.querySelector('#panel-deadletters').scrollIntoView()");
		this.browser.saveScreenshot(Path.of(System.getProperty("kaffe.screenshots"), "dead-letters.png"));
	}

	private void open() {
		this.browser.open(this.service.url() + "#orders/deadletters");
		await("dead letters").atMost(Duration.ofSeconds(30))
			.until(() -> !this.browser.texts("#panel-deadletters tbody th").isEmpty());
	}

	private String answer(String path) {
		if (path.startsWith("orders/count")) {
			return """
					{"here": %d, "elsewhere": 2, "foreign": 1, "byException": {"java.lang.IllegalStateException": %d},
					 "oldest": "%s", "complete": true, "missingTopics": ["refunds-dlt"]}""".formatted(this.here,
					this.here, Instant.now().minusSeconds(600));
		}
		if (path.startsWith("orders/run")) {
			return this.run;
		}
		boolean first = !path.contains("from=");
		String letters = first ? letter(0, "here", "null") + ", " + letter(1, "foreign", "\"It has no headers\"")
				: letter(2, "here", "null");
		return """
				{"access": "%s", "letters": [%s], "next": %s, "missingTopics": ["refunds-dlt"], "run": %s}"""
			.formatted(this.access, letters, first ? "\"orders-dlt-0@2\"" : "null", this.run);
	}

	private String letter(int offset, String state, String problem) {
		return """
				{"topic": "orders-dlt", "partition": 0, "offset": %d, "at": "%s", "state": "%s", "problem": %s,
				 "original": %s, "replays": %d, "exception": %s, "cause": null, "message": null,
				 "key": "%s", "value": null}"""
			.formatted(offset, Instant.now().minusSeconds(600), state, problem, state.equals("here")
					? "{\"topic\": \"orders\", \"partition\": 0, \"offset\": 7, \"timestamp\": \"2026-01-31T08:00:00Z\"}"
					: "null", state.equals("here") ? 1 : 0,
					state.equals("here") ? "\"java.lang.IllegalStateException\"" : "null", this.key);
	}

	private static String run(String state, int replayed, int failed) {
		return """
				{"operation": "replay", "filter": {}, "state": "%s", "startedAt": "2026-01-31T09:00:00Z", "endedAt": null,
				 "progress": {"replayed": %d, "failed": %d, "abandoned": 0, "inFlight": 4, "returned": 0, "elsewhere": 0,
				 "foreign": 0}, "message": null}"""
			.formatted(state, replayed, failed);
	}

}
