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
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openqa.selenium.Keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the page in a browser, before a service that says what a test wants.
 */
@ExtendWith(BrowserExtension.class)
class KaffePageBrowserTests {

	private static final String MARKUP = "<img src=x onerror=window.broken=1>&amp;<b>bold</b>";

	private final Browser browser;

	private final ScriptedService service;

	KaffePageBrowserTests(Browser browser) throws IOException {
		this.browser = browser;
		this.service = new ScriptedService();
	}

	@BeforeEach
	void say() {
		this.service.setTable(() -> table("unrestricted", "orders", 8, "PaymentRefusedException"));
	}

	@AfterEach
	void stop() {
		this.service.close();
	}

	@Test
	void recordThatIsHeldUpIsAtTheTop() {
		open();
		assertThat(this.browser.text("#attention-items li:first-child .what strong")).isEqualTo("orders-3@1048");
		assertThat(this.browser.text("#attention-items li:first-child .what .word")).isEqualTo("parked");
		assertThat(this.browser.text("#attention-items li:first-child .age")).isEqualTo("12 min");
		assertThat(this.browser.text("#attention-items li:first-child .why"))
			.contains("PaymentRefusedException after 10 attempts")
			.contains("holds up orders-3 with 233 records");
		assertThat(this.browser.texts("#attention-items li:first-child button")).containsExactly("Retry now", "Skip",
				"Dead-letter");
		assertThat(this.browser.texts("#counters dt")).contains("Handled", "In flight", "Queued", "Lag", "Oldest",
				"Parked", "Retries", "Paused");
		assertThat((String) this.browser.ask("return document.title")).isEqualTo("(1) Kaffe");
		await("it is announced to screen readers")
			.until(() -> this.browser.text("#announcement").equals("Needs attention: orders-3@1048 parked"));
	}

	@Test
	void problemsInHealthNeedAttentionTheWorstFirst() {
		Instant since = Instant.now().minusSeconds(75);
		this.service.setTable(() -> table("unrestricted", "orders", 8, "PaymentRefusedException")
			.replace("\"lag\": 943, \"lagSeconds\": 742.0",
					"\"lag\": null, \"lagSeconds\": null, \"noAnswerSince\": \"" + since + "\"")
			.replace("\"failures\": [",
					"""
							"problems": [
							  {"kind": "no-answer", "severity": "down", "since": "%1$s",
							   "message": "no answer: no broker has answered since %1$s, for 75 s"},
							  {"kind": "held-back", "severity": "warning", "since": "%1$s",
							   "message": "held back: 8 of 8 partitions have been paused by back-pressure for 75 s while the lag grew to 200000 records: handlers are too slow or too few"},
							  {"kind": "parked", "severity": "warning", "since": "%1$s", "message": "parked: orders-3@1048, X since then"},
							  {"kind": "stalled", "severity": "warning", "since": "%1$s",
							   "message": "stalled: orders-5@9 has been with its handler for 300 s"}],
							"failures": ["""
						.formatted(since)));
		open();
		assertThat(this.browser.texts("#attention-items .what .word")).containsExactly("no answer", "parked",
				"held back", "stalled");
		assertThat(this.browser.text("#attention-items li:nth-child(4)")).contains("orders-5@9")
			.contains("has been with its handler for 300 s");
		assertThat(this.browser.text("#attention-items li:first-child .age")).startsWith("1 min");
		assertThat(this.browser.text("#attention-items li:first-child .what strong")).isEqualTo("orders");
		assertThat(this.browser.attribute("#attention-items li:first-child", "data-severity")).isEqualTo("bad");
		assertThat(this.browser.attribute("#attention-items li:nth-child(2)", "data-severity")).isEqualTo("warn");
		assertThat(this.browser.text("#attention-items li:nth-child(3) .why"))
			.isEqualTo("8 of 8 partitions have been paused by back-pressure for 75 s while the lag grew to 200000 "
					+ "records: handlers are too slow or too few");
		assertThat(this.browser.text("#counters")).contains("brokers do not answer");
	}

	@Test
	void parkedRecordIsAsBadAsHealthTakesIt() {
		open();
		assertThat(this.browser.attribute("#attention-items li:first-child", "data-severity")).isEqualTo("warn");
		this.service.setTable(() -> table("unrestricted", "orders", 8, "PaymentRefusedException").replace(
				"\"failures\": [",
				"""
						"problems": [{"kind": "parked", "severity": "down", "since": null, "message": "parked: orders-3@1048, X since then"}],
						"failures": ["""));
		await("it is down").atMost(Duration.ofSeconds(10))
			.until(() -> "bad".equals(this.browser.attribute("#attention-items li:first-child", "data-severity")));
	}

	@Test
	void healthyServiceNeedsNoAttention() {
		this.service.setTable(() -> "{\"access\": \"unrestricted\", \"consumers\": {}}");
		this.browser.open(this.service.url());
		await("an answer").until(() -> this.browser.isShown("#attention"));
		assertThat(this.browser.text("#attention-title")).isEqualTo("Nothing needs attention");
		assertThat(this.browser.text("#connection")).isEqualTo("live · no consumer has workers");
		assertThat(this.browser.isShown("#consumer")).isFalse();
	}

	@Test
	void partitionThatIsHeldUpIsListedUnlessItOnlyWaitsBehindAListedRecord() {
		String old = "{\"offset\": 5, \"since\": \"%s\"}".formatted(Instant.now().minusSeconds(90));
		this.service.setTable(() -> table("unrestricted", "orders", 8, "PaymentRefusedException")
			.replace("\"oldestUnfinished\": null", "\"oldestUnfinished\": " + old));
		open();
		assertThat(this.browser.texts("#attention-items .what strong")).contains("orders-3@1048", "refunds-0@5")
			.doesNotContain("refunds-3@5");
		assertThat(this.browser.text("#attention-items li:nth-child(2) .word")).isEqualTo("held up");
	}

	@Test
	void recordThatTheLogIsAboutToDeleteNeedsAttentionBesidesThatItIsParked() {
		Instant due = Instant.now().plusSeconds(1800);
		String problem = """
				"problems": [{"kind": "retention", "severity": "warning", "since": null, "message": "retention: orders-3@1048 is"}],
				"counters": {"lost": 1234, """;
		this.service.setTable(
				() -> table("unrestricted", "orders", 8, "PaymentRefusedException").replace("\"problems\": [],", "")
					.replace("\"counters\": {", problem)
					.replaceFirst("(?s)(\"lag\": 233.*?\"paused\": null)",
							"$1, \"deletionExpected\": {\"offset\": 1048, \"at\": \"%s\"}".formatted(due)));
		open();
		assertThat(this.browser.texts("#attention-items .what .word")).containsExactlyInAnyOrder("parked", "retention");
		assertThat(this.browser.texts("#attention-items .what strong")).containsExactly("orders-3@1048",
				"orders-3@1048");
		String time = DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneId.systemDefault()).format(due);
		assertThat(this.browser.texts("#attention-items .why")).anySatisfy(
				(why) -> assertThat(why).startsWith("will be deleted by the log's retention at ").endsWith(time));
		assertThat(this.browser.text("#counters")).contains("1,234").contains("deleted before they were handled");
	}

	@Test
	void ratesAreWhatCountersDifferBy() {
		long begin = System.nanoTime();
		this.service.setTable(() -> table("unrestricted", "orders", 8, "PaymentRefusedException")
			.replace("\"handled\": 92555", "\"handled\": " + (System.nanoTime() - begin) / 1_000_000));
		open();
		// A thousand for each second that passes, as far as the two clocks agree.
		await("a rate").atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
			String rate = this.browser.text("#counters div:first-child dd.quiet").replace(",", "");
			assertThat(rate).matches("\\d+ / s");
			assertThat(Integer.parseInt(rate.replace(" / s", ""))).isBetween(700, 1300);
		});
		assertThat(this.browser.attribute("#charts svg", "aria-label")).startsWith("Handled: now ");
		await("a line").until(() -> this.browser.attribute("#charts .line", "d").contains("L"));
	}

	@Test
	void filterLeavesWhatMatches() {
		open();
		assertThat(rows()).hasSize(8);
		this.browser.type("#panels input[type=search]", "parked");
		await("filtered").untilAsserted(() -> assertThat(rows()).containsExactly("worker_3"));
		assertThat(this.browser.text(".tools .quiet")).isEqualTo("1 of 8 shown");
		this.browser.type("#panels input[type=search]", " nothing");
		await("nothing left").until(() -> this.browser.isShown(".empty"));
		assertThat(this.browser.text(".empty")).isEqualTo("Nothing matches the filter.");
	}

	@Test
	void columnsSortAndSaySo() {
		open();
		this.browser.click("#panels thead th:nth-child(5) button");
		assertThat(this.browser.attribute("#panels thead th:nth-child(5)", "aria-sort")).isEqualTo("descending");
		assertThat(rows()).startsWith("worker_3", "worker_7");
		this.browser.click("#panels thead th:nth-child(5) button");
		assertThat(this.browser.attribute("#panels thead th:nth-child(5)", "aria-sort")).isEqualTo("ascending");
		assertThat(rows()).startsWith("worker_0").endsWith("worker_3");
		this.browser.click("#panels thead th:nth-child(5) button");
		assertThat(this.browser.attribute("#panels thead th:nth-child(5)", "aria-sort")).isEmpty();
	}

	@Test
	void tabsAreReachedByKeyboard() {
		open();
		this.browser.click("#tab-workers");
		this.browser.press(Keys.ARROW_RIGHT);
		await("partitions").until(() -> this.browser.isShown("#panel-partitions"));
		assertThat(this.browser.attribute("#tab-partitions", "aria-selected")).isEqualTo("true");
		assertThat(focused()).isEqualTo("tab-partitions");
		assertThat(rows()).hasSize(16).contains("orders-3");
		this.browser.press(Keys.END);
		await("rebalances").until(() -> this.browser.isShown("#panel-rebalances"));
		assertThat(this.browser.text("#panel-rebalances tbody")).contains("revoked")
			.contains("312 ms")
			.contains("orders-4@77");
	}

	@Test
	void parkedRecordIsRetriedAfterAQuestion() {
		open();
		this.browser.click("#attention-items [data-operation=retry]");
		await("the question").until(() -> this.browser.isShown("dialog[open]"));
		assertThat(this.browser.text("dialog h2")).isEqualTo("Retry orders-3@1048 now?");
		assertThat(this.service.operations()).isEmpty();
		this.browser.click("dialog button[type=submit]");
		await("the answer").until(() -> this.browser.isShown("#toast"));
		assertThat(this.browser.text("#toast")).isEqualTo("Done as asked.");
		assertThat(this.browser.count("dialog[open]")).isZero();
		assertThat(this.service.operations()).singleElement().satisfies((operation) -> {
			assertThat(operation.path()).isEqualTo("orders/retry");
			assertThat(operation.body()).isEqualTo("{\"topic\":\"orders\",\"partition\":3,\"offset\":1048}");
			assertThat(operation.headers()).containsEntry("Content-Type", "application/json")
				.containsEntry("X-XSRF-TOKEN", "a+token");
		});
		assertThat((String) this.browser.ask("return document.activeElement.dataset.operation")).isEqualTo("retry");
	}

	@Test
	void nothingIsDoneWhenTheQuestionIsAnsweredWithNo() {
		open();
		this.browser.click("#attention-items [data-operation=skip]");
		await("the question").until(() -> this.browser.isShown("dialog[open]"));
		// What loses a record is not what the Enter key does.
		assertThat((String) this.browser.ask("return document.activeElement.textContent")).isEqualTo("Cancel");
		this.browser.press(Keys.ESCAPE);
		await("no question").until(() -> this.browser.count("dialog[open]") == 0);
		assertThat(this.service.operations()).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					409 | {"error": "Conflict", "message": "orders is being rebalanced: try again"} | orders is being rebalanced: try again
					404 | {"error": "Not Found", "message": "No record orders-3@1048 is failing"} | No record orders-3@1048 is failing
					401 | {} | not logged in
					403 | {} | not allowed
					405 | {} | read-only
					500 | oops | status 500
					""")
	void refusalIsExplainedInTheDialog(int status, String body, String explanation) {
		this.service.setAnswer(status, body);
		open();
		this.browser.click("#attention-items [data-operation=dead-letter]");
		this.browser.click("dialog[open] button[type=submit]");
		await("the explanation").until(() -> this.browser.isShown("dialog .problem"));
		assertThat(this.browser.text("dialog .problem")).contains(explanation);
	}

	@Test
	void whatAnOperationNeedsIsAskedFor() {
		open();
		this.browser.click("#consumer-actions [data-operation=max-concurrency]");
		this.browser.type("dialog input[name=maxConcurrency]", "12");
		this.browser.press(Keys.ENTER);
		await("requested").until(() -> this.service.operations().size() == 1);
		await("closed").until(() -> this.browser.count("dialog[open]") == 0);
		this.browser.click("#consumer-actions [data-operation=pause]");
		this.browser.run("document.querySelector('dialog select').value = 'refunds'");
		this.browser.click("dialog[open] button[type=submit]");
		await("requested").until(() -> this.service.operations().size() == 2);
		await("closed").until(() -> this.browser.count("dialog[open]") == 0);
		this.browser.click("#consumer-actions [data-operation=pause]");
		this.browser.click("dialog[open] button[type=submit]");
		await("requested").until(() -> this.service.operations().size() == 3);
		await("closed").until(() -> this.browser.count("dialog[open]") == 0);
		this.browser.click("#tab-partitions");
		this.browser.click("#panel-partitions [data-operation=seek]");
		assertThat(this.browser.isShown("dialog input[type=number]")).isFalse();
		this.browser.run("const to = document.querySelector('dialog select'); to.value = 'offset';"
				+ "to.dispatchEvent(new Event('input', { bubbles: true }))");
		assertThat(this.browser.isShown("dialog input[type=datetime-local]")).isFalse();
		this.browser.type("dialog input[type=number]", "1048");
		this.browser.click("dialog[open] button[type=submit]");
		await("requested").until(() -> this.service.operations().size() == 4);
		assertThat(this.service.operations()).extracting(ScriptedService.Operation::path)
			.containsExactly("orders/max-concurrency", "orders/pause", "orders/pause", "orders/seek");
		assertThat(this.service.operations()).extracting(ScriptedService.Operation::body)
			.containsExactly("{\"maxConcurrency\":12}", "{\"topic\":\"refunds\"}", "{\"all\":true}",
					"{\"topic\":\"orders\",\"partition\":0,\"to\":\"1048\"}");
	}

	@Test
	void partitionShowsWhatIsEvicted() {
		open();
		this.browser.click("#tab-partitions");
		await("row").until(() -> this.browser.count("#panel-partitions tbody tr") == 16);
		assertThat(this.browser.texts("#panel-partitions tbody tr:first-child td")).contains("3,000 of 2 keys");
		assertThat(this.browser.texts("#panel-partitions tbody td")).contains("0");
	}

	@Test
	void recordsThatAreParkedByTheSameExceptionAreDecidedAboutAtOnce() {
		this.service.setTable(() -> parkedBy(3000, ""));
		this.service.setAnswer(200,
				"{\"done\": true, \"matched\": 3012, \"message\": \"3012 parked records would be retried\"}");
		open();
		assertThat(this.browser.text("#attention-items li:first-child .what strong")).isEqualTo("3,000 records");
		assertThat(this.browser.text("#attention-items li:first-child .what .word")).isEqualTo("parked");
		assertThat(this.browser.text("#attention-items li:first-child .why"))
			.isEqualTo("by PaymentRefusedException, the oldest is orders-3@1048");
		assertThat(this.browser.texts("#attention-items .what strong")).as("no single one of them")
			.containsExactly("3,000 records");
		assertThat(this.browser.texts("#attention-items li:first-child button")).containsExactly("Retry all …",
				"Skip all …", "Dead-letter all …");
		this.browser.click("#attention-items [data-operation=retry-all]");
		await("counted")
			.until(() -> this.browser.text("dialog .preview").equals("3012 parked records would be retried"));
		assertThat(this.browser.text("dialog button[type=submit]")).isEqualTo("Retry all 3,012");
		assertThat((String) this.browser.ask("return document.activeElement.textContent")).isEqualTo("Cancel");
		this.browser.click("dialog button[type=submit]");
		await("requested").until(() -> this.service.operations().size() == 2);
		await("closed").until(() -> this.browser.count("dialog[open]") == 0);
		assertThat(this.service.operations()).extracting(ScriptedService.Operation::path).containsOnly("orders/retry");
		assertThat(this.service.operations()).extracting(ScriptedService.Operation::body)
			.containsExactly("{\"all\":true,\"exception\":\"com.example.PaymentRefusedException\",\"preview\":true}",
					"{\"all\":true,\"exception\":\"com.example.PaymentRefusedException\",\"maxPerSecond\":100,\"atMost\":3012}");
		this.browser.open(this.service.url(), 360, 900, "light");
		awaitTable();
		assertThat((Boolean) this.browser
			.ask("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")).isTrue();
		assertThat(poorContrasts()).isEmpty();
	}

	/**
	 * Takes the picture for the guide.
	 */
	@Test
	@EnabledIfSystemProperty(named = "kaffe.screenshots", matches = ".+")
	void decisionAboutManyRecordsIsWorthAPicture() throws Exception {
		this.service.setTable(() -> parkedBy(3000, ""));
		this.service.setAnswer(200,
				"{\"done\": true, \"matched\": 3012, \"message\": \"3012 parked records would be retried\"}");
		this.browser.open(this.service.url(), 1360, 800, "light");
		awaitTable();
		this.browser.click("#attention-items [data-operation=retry-all]");
		await("counted")
			.until(() -> this.browser.text("dialog .preview").equals("3012 parked records would be retried"));
		this.browser.saveScreenshot(Path.of(System.getProperty("kaffe.screenshots"), "bulk-decision.png"));
	}

	@Test
	void recordsAreCountedAgainIfMoreMatchThanWereShown() {
		this.service.setTable(() -> parkedBy(3000, ""));
		this.service.setAnswer(200, "{\"done\": true, \"matched\": 3000, \"message\": \"3000 would be skipped\"}");
		open();
		this.browser.click("#attention-items [data-operation=skip-all]");
		await("counted").until(() -> this.browser.text("dialog .preview").equals("3000 would be skipped"));
		this.service.setAnswer(409, "{\"error\": \"Conflict\", \"message\": \"3001 match\"}");
		this.browser.click("dialog button[type=submit]");
		await("said").until(() -> this.browser.isShown("dialog .problem"));
		await("counted again").until(() -> this.service.operations().size() == 3);
		assertThat(this.browser.text("dialog .problem")).isEqualTo("3001 match");
		assertThat(this.service.operations()).extracting(ScriptedService.Operation::body)
			.last()
			.asString()
			.endsWith("\"preview\":true}");
	}

	@Test
	void decisionAboutManyRecordsShowsItsProgressAndIsCanceled() {
		String decision = """
				"bulkDecision": {"decision": "retry", "filter": "parked records with X", "maxPerSecond": 100,
				  "state": "%s", "since": "%s", "until": %s, "matched": 3000, "left": %d, "inProgress": 3,
				  "completed": 1200, "failed": 12, "revoked": 0, "superseded": 0},
				""";
		Instant since = Instant.now().minusSeconds(15);
		this.service.setTable(() -> parkedBy(3, decision.formatted("running", since, "null", 1785)));
		open();
		assertThat(this.browser.texts("#attention-items .what strong")).as("few are not grouped")
			.containsExactly("orders-3@1048", "retry of 3,000 records");
		assertThat(this.browser.text("#attention-items li:last-child .what .word")).isEqualTo("running");
		assertThat(this.browser.text("#attention-items li:last-child .why"))
			.isEqualTo("parked records with X, 1,785 left, 3 in progress, 1,200 completed, 12 failed again");
		this.browser.click("#attention-items [data-operation=cancel]");
		this.browser.click("dialog[open] button[type=submit]");
		await("requested").until(() -> this.service.operations().size() == 1);
		assertThat(this.service.operations().get(0).path()).isEqualTo("orders/cancel");
		this.service.setTable(() -> parkedBy(3, decision.formatted("done", since, "\"" + Instant.now() + "\"", 0)));
		await("done").atMost(Duration.ofSeconds(10))
			.until(() -> this.browser.text("#attention-items li:last-child .what .word").equals("done"));
		assertThat(this.browser.count("#attention-items [data-operation=cancel]")).isZero();
	}

	private static String parkedBy(int records, String more) {
		String exception = "com.example.PaymentRefusedException";
		return table("unrestricted", "orders", 8, exception).replace("\"failures\": [",
				more + "\"parkedBy\": [{\"exception\": \"" + exception + "\", \"records\": " + records
						+ "}], \"failures\": [");
	}

	@Test
	void operationsOfAReadOnlyServiceAreDisabledWithAReason() {
		this.service.setTable(() -> table("read-only", "orders", 8, "PaymentRefusedException"));
		open();
		assertThat(this.browser.text("#access")).startsWith("Read-only: ");
		assertThat(this.browser.count("button.operation")).isGreaterThan(5)
			.isEqualTo(this.browser.count("button.operation[aria-disabled=true][aria-describedby=access][title]"));
		this.browser.click("#attention-items [data-operation=retry]");
		await("the reason").until(() -> this.browser.isShown("#toast"));
		assertThat(this.browser.text("#toast")).startsWith("Read-only: ");
		assertThat(this.browser.count("dialog")).isZero();
	}

	@Test
	void nothingCanBeDoneInAFrame() {
		this.browser.open(this.service.frameUrl());
		this.browser.enterFrame();
		awaitTable();
		assertThat(this.browser.text("#access")).contains("in a frame");
		this.browser.click("#attention-items [data-operation=retry]");
		await("the reason").until(() -> this.browser.isShown("#toast"));
		assertThat(this.browser.count("dialog")).isZero();
	}

	@Test
	void stackOfAWorkerIsShown() {
		this.service.setWorker("""
				{"name": "worker_3", "state": "stalled", "partitions": ["orders-3"], "queued": 1, "handled": 2,
				 "failed": 3, "restarts": 0, "current": [], "lastFailure": null,
				 "stack": ["java.base/java.lang.Thread.sleep(Thread.java:558)", "Bank.ask(Bank.java:53)"]}
				""");
		open();
		this.browser.click("#panel-workers tbody tr:nth-child(4) th button");
		await("the stack").until(() -> this.browser.isShown("dialog[open] pre"));
		assertThat(this.browser.text("dialog pre"))
			.isEqualTo("java.base/java.lang.Thread.sleep(Thread.java:558)\nBank.ask(Bank.java:53)");
	}

	@Test
	void unreachableServiceIsSaidAndAskedAgain() throws Exception {
		open();
		this.service.goAway();
		await("said").atMost(Duration.ofSeconds(30)).until(() -> this.browser.isShown("#unreachable"));
		assertThat(this.browser.text("#unreachable-reason")).isEqualTo("The service cannot be reached.");
		assertThat(this.browser.text("#unreachable-since")).contains("The data shown is from").contains("ago.");
		assertThat(this.browser.text("#connection")).isEqualTo("unreachable");
		assertThat(rows()).as("what was known is still there").hasSize(8);
		assertThat(this.browser.isShown("#try-now")).isTrue();
		this.service.comeBack();
		// It is gone if the page has asked again by itself meanwhile.
		this.browser.run("document.querySelector('#try-now').click()");
		await("back").atMost(Duration.ofSeconds(30)).until(() -> !this.browser.isShown("#unreachable"));
		assertThat(this.browser.text("#connection")).startsWith("live");
	}

	@Test
	void hiddenPageAsksNothing() {
		open();
		int before = this.service.asked();
		await("asks again").atMost(Duration.ofSeconds(10)).until(() -> this.service.asked() > before);
		this.browser.run("Object.defineProperty(document, 'hidden', { configurable: true, value: true });"
				+ "document.dispatchEvent(new Event('visibilitychange'))");
		int hidden = this.service.asked() + 1;
		await("asks no more").during(Duration.ofSeconds(5))
			.atMost(Duration.ofSeconds(10))
			.until(() -> this.service.asked() <= hidden);
		this.browser.run("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))");
		await("asks again").atMost(Duration.ofSeconds(10)).until(() -> this.service.asked() > hidden);
	}

	@Test
	void markupInNamesStaysText() {
		this.service.setTable(() -> table("unrestricted", MARKUP, 8, MARKUP));
		open();
		assertThat(this.browser.text("#consumer-name")).isEqualTo(MARKUP);
		assertThat(this.browser.text("#attention-items")).contains(MARKUP);
		for (String tab : List.of("workers", "partitions", "failing", "failures", "rebalances")) {
			this.browser.click("#tab-" + tab);
			await(tab).until(() -> this.browser.isShown("#panel-" + tab));
			assertThat(this.browser.text("#panel-" + tab)).contains("<img");
		}
		this.browser.click("#attention-items [data-operation=skip]");
		await("the question").until(() -> this.browser.isShown("dialog[open]"));
		assertThat(this.browser.text("dialog h2")).contains(MARKUP);
		assertThat(this.browser.count("main img, main b, dialog img, dialog b")).isZero();
		assertThat((Boolean) this.browser.ask("return window.broken === undefined")).isTrue();
	}

	@Test
	void tenThousandWorkersAreShownPageByPage() {
		this.service.setTable(() -> table("unrestricted", "orders", 10_000, "PaymentRefusedException"));
		open();
		assertThat(this.browser.text("#tab-workers .number")).isEqualTo("10,000");
		assertThat(rows()).hasSize(100).startsWith("worker_0");
		assertThat(this.browser.text(".tools .quiet")).isEqualTo("1–100 of 10,000");
		this.browser.click(".pages button:last-child");
		await("the next page").untilAsserted(() -> assertThat(rows()).hasSize(100).startsWith("worker_100"));
		this.browser.type("#panels input[type=search]", "worker_9999");
		await("found").untilAsserted(() -> assertThat(rows()).containsExactly("worker_9999"));
		this.browser.click("#panels thead th:nth-child(5) button");
		assertThat(this.browser.count("#panels tr")).isEqualTo(2);
	}

	@Test
	void tenTimesAsManyWorkersDoNotTakeAHundredTimesAsLong() {
		double thousand = millisToSortAndShow(1000);
		assertThat(millisToSortAndShow(10_000)).as("milliseconds, after %s for a tenth", thousand)
			.isLessThan(40 * Math.max(1, thousand));
	}

	/**
	 * Sort all workers, and show some.
	 * @return the shortest time of several
	 */
	private double millisToSortAndShow(int workers) {
		this.service.setTable(() -> table("unrestricted", "orders", workers, "PaymentRefusedException"));
		open();
		this.browser.click("#panels thead th:nth-child(5) button");
		Number millis = (Number) this.browser.ask("""
				const input = document.querySelector('#panels input[type=search]');
				let best = Infinity;
				for (let run = 0; run < 5; run++) {
					input.value = (run % 2 === 0) ? 'worker_9' : '';
					input.dispatchEvent(new Event('input'));
					input.value = '';
					const begin = performance.now();
					input.dispatchEvent(new Event('input'));
					document.body.getBoundingClientRect();
					best = Math.min(best, performance.now() - begin);
				}
				return best;
				""");
		assertThat(rows()).hasSize(100);
		return millis.doubleValue();
	}

	@Test
	void rowsStayTheSameElementsWhileTheyChange() {
		open();
		this.browser.run("document.querySelector('#panels tbody tr').dataset.seen = 'yes'");
		int before = this.service.asked();
		await("shown again").atMost(Duration.ofSeconds(15)).until(() -> this.service.asked() > before + 1);
		assertThat(this.browser.attribute("#panels tbody tr", "data-seen")).isEqualTo("yes");
	}

	@Test
	void policyIsKeptAndWouldBeNoticedIfItWereNot() {
		open();
		for (String tab : List.of("workers", "partitions", "failing", "failures", "rebalances")) {
			this.browser.click("#tab-" + tab);
		}
		this.browser.click("#attention-items [data-operation=retry]");
		await("the question").until(() -> this.browser.isShown("dialog[open]"));
		assertThat(this.browser.console()).isEmpty();
		this.browser.run("""
				const script = document.createElement('script');
				script.textContent = 'window.broken = 1';
				document.body.append(script);
				const style = document.createElement('link');
				style.rel = 'stylesheet';
				style.href = 'http://elsewhere.invalid/style.css';
				document.head.append(style);
				""");
		await("complaints").untilAsserted(
				() -> assertThat(String.join("\n", this.browser.console())).contains("Content Security Policy"));
		assertThat((Boolean) this.browser.ask("return window.broken === undefined")).isTrue();
	}

	@ParameterizedTest
	@CsvSource({ "360, light", "360, dark", "1280, light", "1280, dark", "1920, light" })
	void nothingOverflowsAndEverythingIsReadable(int width, String scheme) {
		this.browser.open(this.service.url(), width, 900, scheme);
		awaitTable();
		for (String tab : List.of("workers", "partitions", "failing", "failures", "rebalances")) {
			this.browser.click("#tab-" + tab);
			await(tab).until(() -> this.browser.isShown("#panel-" + tab));
			assertThat((Boolean) this.browser
				.ask("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")).as(tab)
				.isTrue();
			assertThat(poorContrasts()).as(tab).isEmpty();
		}
		this.browser.click("#attention-items [data-operation=skip]");
		await("the question").until(() -> this.browser.isShown("dialog[open]"));
		assertThat(poorContrasts()).isEmpty();
	}

	@Test
	void whatIsHardToReadWouldBeNoticed() {
		open();
		this.browser.run("document.getElementById('consumer-about').style.color = '#bbb'");
		assertThat(poorContrasts()).isNotEmpty();
	}

	@Test
	void everythingHasANameForThoseWhoDoNotSeeIt() {
		open();
		for (String tab : List.of("workers", "partitions", "failing", "failures", "rebalances")) {
			this.browser.click("#tab-" + tab);
			await(tab).until(() -> this.browser.isShown("#panel-" + tab));
			assertThat(this.browser.count("table")).isEqualTo(this.browser.count("table > caption"));
			assertThat(this.browser.count("th:not([scope])")).isZero();
			assertThat(this.browser.count("input:not([aria-label])")).isZero();
			assertThat(this.browser.attribute("#panel-" + tab, "aria-labelledby")).isEqualTo("tab-" + tab);
			assertThat(this.browser.texts("button")).noneMatch(String::isBlank);
		}
		assertThat(this.browser.count("main")).isOne();
		assertThat(this.browser.count("h1")).isOne();
		assertThat(this.browser.attribute("html", "lang")).isEqualTo("en");
	}

	private void open() {
		this.browser.open(this.service.url());
		awaitTable();
	}

	private void awaitTable() {
		await("the table").atMost(Duration.ofSeconds(30)).until(() -> !rows().isEmpty());
	}

	private List<String> rows() {
		return this.browser.texts("#panels tbody th");
	}

	private String focused() {
		return (String) this.browser.ask("return document.activeElement.id");
	}

	// Texts whose contrast with what is behind them is less than WCAG's AA wants.
	@SuppressWarnings("unchecked")
	private List<String> poorContrasts() {
		return (List<String>) this.browser
			.ask("""
					const channels = (color) => color.match(/[\\d.]+/g).map(Number);
					const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
						.map((c) => (c <= 0.03928) ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
						.reduce((sum, c, index) => sum + c * [0.2126, 0.7152, 0.0722][index], 0);
					const ground = (node) => {
						for (let each = node; each; each = each.parentElement) {
							const color = channels(getComputedStyle(each).backgroundColor);
							if (color.length < 4 || color[3] === 1) {
								return color;
							}
						}
						return [255, 255, 255];
					};
					const poor = [];
					document.getAnimations().forEach((animation) => animation.finish());
					for (const node of document.body.querySelectorAll('*')) {
						const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
						if (own && node.checkVisibility()) {
							const pair = [channels(getComputedStyle(node).color), ground(node)].map(luminance).sort((a, b) => b - a);
							const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
							if (contrast < 4.5) {
								poor.push(`${node.tagName} "${node.textContent}": ${contrast.toFixed(2)}`);
							}
						}
					}
					return poor;
					""");
	}

	static String table(String access, String name, int workers, String exception) {
		Instant now = Instant.now();
		String failing = """
				{"partition": "%s-3", "offset": 1048, "state": "parked", "attempts": 10, "since": "%s",
				 "nextAttemptAt": null, "exception": "%s"}""".formatted(escaped(name), now.minusSeconds(742),
				escaped(exception));
		return String.format(Locale.ROOT,
				"""
						{"access": "%1$s", "consumers": {"%2$s": {
						  "groupId": "order-service", "topics": ["%2$s", "refunds"], "workerAllocationStrategy": "worker-per-partition",
						  "state": "running", "stopped": null, "maxConcurrency": null, "buffered": {"records": 412, "bytes": 37123},
						  "counters": {"handled": 92555, "failed": 14, "retries": 12, "skipped": 0, "deadLettered": 1,
						    "lateCompletions": 0, "commits": 438, "commitFailures": 0},
						  "inFlight": 6, "lag": 943, "lagSeconds": 742.0, "paused": false, "workerCount": %3$d,
						  "problems": [], "workers": [%4$s], "partitions": [%5$s], "failing": [%6$s], "failingCount": 1,
						  "rebalances": [{"at": "%7$s", "kind": "revoked", "partitions": ["%2$s-4"], "drainMillis": 312,
						    "givenUp": ["%2$s-4@77"]}],
						  "failures": [{"at": "%7$s", "record": "%2$s-3@1048", "attempt": 10, "exception": "%8$s", "action": "park"}]
						}}}
						""",
				access, escaped(name), workers, all(workers, (number) -> worker(name, number, now)),
				all(workers, (number) -> partitions(name, number, now)), failing, now.minusSeconds(742),
				escaped(exception));
	}

	private static String all(int count, IntFunction<String> each) {
		return IntStream.range(0, count).mapToObj(each).collect(Collectors.joining(","));
	}

	private static String worker(String topic, int number, Instant now) {
		boolean parked = (number == 3);
		String current = parked ? "{\"partition\": \"%s-3\", \"offset\": 1048, \"attempt\": 10, \"since\": \"%s\"}"
			.formatted(escaped(topic), now.minusSeconds(742)) : "";
		return String.format(Locale.ROOT,
				"""
						{"name": "worker_%d", "state": "%s", "partitions": ["%s-%1$d", "refunds-%1$d"], "queued": %d, "handled": 11570,
						 "failed": 0, "restarts": 0, "current": [%s], "lastFailure": null}""",
				number, parked ? "parked" : "idle", escaped(topic), parked ? 100_000 : number, current);
	}

	private static String partitions(String topic, int number, Instant now) {
		boolean held = (number == 3);
		String oldest = held ? "{\"offset\": 1048, \"since\": \"%s\"}".formatted(now.minusSeconds(742)) : "null";
		return String.format(Locale.ROOT,
				"""
						{"topic": "%s", "partition": %d, "worker": "worker_%2$d", "epoch": 1, "completedOffset": 1048,
						 "committedOffset": 1040, "completedAhead": 0, "completedTold": 0, "nextFetchOffset": 1281, "endOffset": 1281,
						 "lag": %d, "lagSeconds": %d, "parked": %d, "evictedKeys": 2, "evictedRecords": 3000,
						 "oldestUnfinished": %s, "paused": null},
						{"topic": "refunds", "partition": %2$d, "worker": "worker_%2$d", "epoch": 1, "completedOffset": 5,
						 "committedOffset": 5, "completedAhead": 0, "completedTold": 0, "nextFetchOffset": 5, "endOffset": 5, "lag": 0,
						 "lagSeconds": 0, "parked": 0, "evictedKeys": 0, "evictedRecords": 0, "oldestUnfinished": null, "paused": null}""",
				escaped(topic), number, held ? 233 : 0, held ? 742 : 0, held ? 1 : 0, oldest);
	}

	private static String escaped(String text) {
		return text.replace("\\", "\\\\").replace("\"", "\\\"");
	}

}
