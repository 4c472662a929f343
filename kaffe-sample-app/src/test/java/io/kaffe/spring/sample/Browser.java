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

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.logging.Level;

import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

import static org.awaitility.Awaitility.await;

/**
 * A headless Chromium: the one that is installed. Nothing is looked for elsewhere.
 * Elements are named by CSS selectors.
 */
final class Browser implements AutoCloseable {

	private final ChromeDriver driver;

	Browser() {
		ChromeOptions options = new ChromeOptions();
		options.setBinary(program("chromium").orElseThrow().toFile());
		options.addArguments("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage");
		LoggingPreferences logging = new LoggingPreferences();
		logging.enable(LogType.BROWSER, Level.ALL);
		options.setCapability(ChromeOptions.LOGGING_PREFS, logging);
		this.driver = new ChromeDriver(
				new ChromeDriverService.Builder().usingDriverExecutable(program("chromedriver").orElseThrow().toFile())
					.usingAnyFreePort()
					.build(),
				options);
	}

	/**
	 * Return what of a browser is missing on this machine, if anything is.
	 */
	static List<String> missing() {
		return List.of("chromium", "chromedriver").stream().filter((name) -> program(name).isEmpty()).toList();
	}

	private static Optional<Path> program(String name) {
		return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
			.map((directory) -> Path.of(directory, name))
			.filter(Files::isExecutable)
			.findFirst();
	}

	/**
	 * Open a page in a window of a size and a colour scheme, {@code light} or
	 * {@code dark}, having forgotten what was said in the console before.
	 */
	void open(String url, int width, int height, String scheme) {
		this.driver.executeCdpCommand("Emulation.setDeviceMetricsOverride",
				Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
		this.driver.executeCdpCommand("Emulation.setEmulatedMedia",
				Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
		this.driver.get("about:blank");
		console();
		this.driver.get(url);
	}

	void open(String url) {
		open(url, 1280, 1000, "light");
	}

	/**
	 * Go into the frame of the page.
	 */
	void enterFrame() {
		this.driver.switchTo().frame(0);
	}

	/**
	 * Return the text of the first element, empty if there is none.
	 */
	String text(String selector) {
		return (String) ask("return document.querySelector(arguments[0])?.textContent ?? ''", selector);
	}

	@SuppressWarnings("unchecked")
	List<String> texts(String selector) {
		return (List<String>) ask("return [...document.querySelectorAll(arguments[0])].map((each) => each.textContent)",
				selector);
	}

	long count(String selector) {
		return (long) ask("return document.querySelectorAll(arguments[0]).length", selector);
	}

	/**
	 * Return an attribute of the first element, empty if it has none.
	 */
	String attribute(String selector, String name) {
		return (String) ask("return document.querySelector(arguments[0])?.getAttribute(arguments[1]) ?? ''", selector,
				name);
	}

	boolean isShown(String selector) {
		List<WebElement> elements = this.driver.findElements(By.cssSelector(selector));
		return !elements.isEmpty() && elements.get(0).isDisplayed();
	}

	/**
	 * Click at the first element, when it is there.
	 */
	void click(String selector) {
		await("something to click at: " + selector).ignoreExceptions().until(() -> {
			WebElement element = this.driver.findElement(By.cssSelector(selector));
			// The driver would be content with what is behind the bar at the top.
			this.driver.executeScript("arguments[0].scrollIntoView({ block: 'center', inline: 'nearest' })", element);
			element.click();
			return true;
		});
	}

	void type(String selector, CharSequence... keys) {
		this.driver.findElement(By.cssSelector(selector)).sendKeys(keys);
	}

	/**
	 * Press keys where the focus is.
	 */
	void press(Keys... keys) {
		this.driver.switchTo().activeElement().sendKeys(keys);
	}

	/**
	 * Return what a script in the page, to which the page's policy does not apply,
	 * returns.
	 */
	Object ask(String script, Object... arguments) {
		return Objects.requireNonNull(this.driver.executeScript(script, arguments));
	}

	/**
	 * Run a script in the page.
	 */
	void run(String script) {
		this.driver.executeScript(script);
	}

	/**
	 * Return what was said in the console since the last time.
	 */
	List<String> console() {
		return this.driver.manage().logs().get(LogType.BROWSER).getAll().stream().map(LogEntry::toString).toList();
	}

	void saveScreenshot(Path file) throws IOException {
		Files.createDirectories(file.getParent());
		Files.write(file, this.driver.getScreenshotAs(OutputType.BYTES));
	}

	@Override
	public void close() {
		this.driver.quit();
	}

}
