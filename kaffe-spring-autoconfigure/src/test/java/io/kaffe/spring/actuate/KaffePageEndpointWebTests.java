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
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KaffePageEndpoint} over HTTP. What the page does is seen in a browser:
 * the sample's tests do that.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KaffePageEndpointWebTests {

	private static final Pattern ADDRESS = Pattern.compile("(?:href|src|data-workers)=\"([^\"#]+)\"");

	private static final Pattern IMPORT = Pattern.compile("from \"\\./([^\"]+)\"");

	private final HttpClient client = HttpClient.newHttpClient();

	private final ConfigurableApplicationContext context = start(
			"--management.endpoints.web.exposure.include=kaffe,kaffeworkers");

	@AfterAll
	void stop() {
		this.context.close();
	}

	@Test
	void pageIsHtmlThatMayLoadNothingFromElsewhereAndIsNotFramed() throws Exception {
		HttpResponse<String> page = get(this.context, "/actuator/kaffe");
		assertThat(page.statusCode()).isEqualTo(200);
		assertThat(header(page, "Content-Type")).isEqualToIgnoringCase("text/html;charset=UTF-8");
		assertThat(header(page, "X-Content-Type-Options")).isEqualTo("nosniff");
		assertThat(header(page, "Content-Security-Policy")).startsWith("default-src 'none'; script-src 'self'")
			.endsWith("frame-ancestors 'none'")
			.doesNotContain("unsafe");
		assertThat(page.body()).contains("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';")
			.doesNotContain("{{")
			.doesNotContain("style=")
			.doesNotContainPattern("<script[^>]*>[^<]")
			.doesNotContainPattern("\\son\\w+=");
	}

	@ParameterizedTest
	@CsvSource({ "page.css, text/css", "main.js, text/javascript", "table.js, text/javascript",
			"icon.svg, image/svg+xml" })
	void filesOfThePageHaveTheirTypes(String file, String type) throws Exception {
		HttpResponse<String> response = get(this.context, "/actuator/kaffe/" + file);
		assertThat(response.statusCode()).isEqualTo(200);
		assertThat(header(response, "Content-Type")).isEqualToIgnoringCase(type + ";charset=UTF-8");
		assertThat(header(response, "X-Content-Type-Options")).isEqualTo("nosniff");
	}

	@Test
	void everyFileIsServedAndRefersToFilesThatAre() throws Exception {
		Resource[] files = new PathMatchingResourcePatternResolver()
			.getResources("classpath:io/kaffe/spring/actuate/page/*");
		assertThat(files).hasSizeGreaterThan(5);
		for (Resource file : files) {
			String name = file.getFilename();
			if (!"page.html".equals(name)) {
				HttpResponse<String> response = get(this.context, "/actuator/kaffe/" + name);
				assertThat(response.statusCode()).as(name).isEqualTo(200);
				for (String imported : found(IMPORT, response.body())) {
					assertThat(get(this.context, "/actuator/kaffe/" + imported).statusCode()).as(imported)
						.isEqualTo(200);
				}
			}
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "page.html", "other.js", "KaffePageEndpoint.class", "..%2FKaffePageEndpoint.class" })
	void nothingElseIsServed(String file) throws Exception {
		assertThat(get(this.context, "/actuator/kaffe/" + file).statusCode()).isIn(400, 404);
	}

	@ParameterizedTest
	@ValueSource(strings = { "POST", "PUT", "DELETE" })
	void nothingCanBeChanged(String method) throws Exception {
		HttpRequest request = HttpRequest.newBuilder(uri(this.context, "/actuator/kaffe"))
			.method(method, BodyPublishers.noBody())
			.build();
		assertThat(this.client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(405);
	}

	@ParameterizedTest
	@ValueSource(strings = { "/actuator/kaffe", "/ops/kaffe --management.endpoints.web.base-path=/ops",
			"/shop/actuator/kaffe --server.servlet.context-path=/shop",
			"/actuator/look/at/it --management.endpoints.web.path-mapping.kaffe=look/at/it",
			"/actuator/kaffe --management.endpoints.web.path-mapping.kaffeworkers=a/b",
			"/actuator/a/kaffe --management.endpoints.web.path-mapping.kaffe=a/kaffe "
					+ "--management.endpoints.web.path-mapping.kaffeworkers=work%\"ers",
			"/kaffe --management.endpoints.web.base-path=/ --management.server.port=0" })
	void addressesInThePageLeadSomewhereWhereverItIs(String pathAndArguments) throws Exception {
		String[] parts = pathAndArguments.split(" ");
		String[] arguments = List.of(parts).toArray(String[]::new);
		arguments[0] = "--management.endpoints.web.exposure.include=kaffe,kaffeworkers";
		try (ConfigurableApplicationContext elsewhere = start(arguments)) {
			HttpResponse<String> page = get(elsewhere, parts[0]);
			assertThat(page.statusCode()).isEqualTo(200);
			assertThat(header(page, "Content-Security-Policy")).isNotEmpty();
			Set<String> addresses = found(ADDRESS, page.body());
			assertThat(addresses).hasSize(4);
			for (String address : addresses) {
				URI uri = uri(elsewhere, parts[0]).resolve(address);
				assertThat(this.client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).statusCode())
					.as(uri.toString())
					.isEqualTo(200);
			}
		}
	}

	@Test
	void pageSaysNoAddressOfWorkersThatAreNotExposed() throws Exception {
		try (ConfigurableApplicationContext alone = start("--management.endpoints.web.exposure.include=kaffe")) {
			assertThat(get(alone, "/actuator/kaffe").body()).contains("data-workers=\"\"");
		}
	}

	@Test
	void pageSaysTheAddressOfDeadLettersThatAreExposed() throws Exception {
		assertThat(get(this.context, "/actuator/kaffe").body()).contains("data-deadletters=\"\"");
		try (ConfigurableApplicationContext exposed = start(
				"--management.endpoints.web.exposure.include=kaffe,kaffedeadletters",
				"--management.endpoints.web.path-mapping.kaffe=look/at/it")) {
			assertThat(get(exposed, "/actuator/look/at/it").body())
				.contains("data-deadletters=\"../../kaffedeadletters\"");
		}
	}

	@Test
	void pageIsNotExposedUnlessAskedFor() throws Exception {
		try (ConfigurableApplicationContext defaults = start()) {
			assertThat(get(defaults, "/actuator").body()).doesNotContain("kaffe");
			assertThat(get(defaults, "/actuator/kaffe").statusCode()).isEqualTo(404);
			assertThat(get(defaults, "/actuator/kaffe/main.js").statusCode()).isEqualTo(404);
		}
	}

	private static Set<String> found(Pattern pattern, String text) {
		Set<String> found = new TreeSet<>();
		pattern.matcher(text).results().map((MatchResult result) -> result.group(1)).forEach(found::add);
		return found;
	}

	private static String header(HttpResponse<String> response, String name) {
		return response.headers().firstValue(name).orElse("");
	}

	private HttpResponse<String> get(ConfigurableApplicationContext context, String path)
			throws IOException, InterruptedException {
		return this.client.send(HttpRequest.newBuilder(uri(context, path)).build(), BodyHandlers.ofString());
	}

	private static URI uri(ConfigurableApplicationContext context, String path) {
		String port = context.getEnvironment().getProperty("local.management.port");
		return URI.create("http://localhost:"
				+ ((port != null) ? port : context.getEnvironment().getProperty("local.server.port")) + path);
	}

	private static ConfigurableApplicationContext start(String... arguments) {
		return new SpringApplicationBuilder(TestApplication.class).web(WebApplicationType.SERVLET)
			.registerShutdownHook(false)
			.properties("server.port=0", "spring.main.banner-mode=off", "spring.jmx.enabled=false")
			.run(arguments);
	}

	/**
	 * A web service.
	 */
	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class TestApplication {

	}

}
