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

package io.kaffe.spring.starter;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.regex.Pattern;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.web.server.SecurityWebFilterChain;

import io.kaffe.spring.KaffeConsumers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the endpoints of a reactive service.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReactiveEndpointTests {

	private static final Pattern ADDRESS = Pattern.compile("(?:href|src|data-workers)=\"([^\"#]+)\"");

	private final HttpClient client = HttpClient.newHttpClient();

	private final ConfigurableApplicationContext context = EndpointSecurityTests.start(WebApplicationType.REACTIVE,
			Service.class, "--management.endpoint.kaffeworkers.access=unrestricted");

	@AfterAll
	void stop() {
		this.context.close();
	}

	@Test
	void pageSaysItsPolicyAndLeadsToItsFilesAndTheWorkers() throws Exception {
		HttpResponse<String> page = get("/actuator/kaffe");
		assertThat(page.statusCode()).isEqualTo(200);
		assertThat(page.headers().firstValue("Content-Type"))
			.hasValueSatisfying((type) -> assertThat(type).isEqualToIgnoringCase("text/html;charset=UTF-8"));
		assertThat(page.body()).contains("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';")
			.doesNotContain("{{");
		List<String> addresses = ADDRESS.matcher(page.body()).results().map((result) -> result.group(1)).toList();
		assertThat(addresses).hasSizeGreaterThan(3);
		for (String address : addresses) {
			assertThat(get(URI.create("/actuator/kaffe").resolve(address).toString()).statusCode()).as(address)
				.isEqualTo(200);
		}
		assertThat(get("/actuator/kaffe/main.js").headers().firstValue("Content-Type"))
			.hasValueSatisfying((type) -> assertThat(type).isEqualToIgnoringCase("text/javascript;charset=UTF-8"));
		assertThat(get("/actuator/kaffe/page.html").statusCode()).isEqualTo(404);
	}

	@Test
	void consumersAreReadAndOperated() throws Exception {
		KaffeConsumers consumers = this.context.getBean(KaffeConsumers.class);
		assertThat(get("/actuator/kaffeworkers").body()).contains("\"access\":\"unrestricted\"", "\"orders\"");
		assertThat(get("/actuator/kaffeworkers/refunds").statusCode()).isEqualTo(404);
		assertThat(post("orders/pause", "{\"all\": true}").body()).contains("Paused");
		assertThat(consumers.isPaused("orders")).isTrue();
		assertThat(post("orders/resume", "{\"all\": true}").statusCode()).isEqualTo(200);
		assertThat(consumers.isPaused("orders")).isFalse();
		assertThat(post("refunds/pause", "{}").statusCode()).isEqualTo(404);
		assertThat(post("orders/explode", "{}").body()).contains("Unknown operation 'explode'");
		assertThat(post("orders/pause", "{\"topc\": \"orders\"}").body()).contains("'pause' needs a 'topic'");
		assertThat(consumers.isPaused("orders")).isFalse();
		HttpResponse<String> seek = post("orders/seek", "{\"topic\": \"orders\", \"partition\": 0, \"to\": \"end\"}");
		assertThat(seek.statusCode()).isEqualTo(409);
		assertThat(seek.body()).contains("is stopped; start it first");
		assertThat(post("orders/pause", "{\"topic\"").statusCode()).isEqualTo(400);
	}

	private HttpResponse<String> get(String path) throws Exception {
		return this.client.send(request(path).build(), BodyHandlers.ofString());
	}

	private HttpResponse<String> post(String operation, String body) throws Exception {
		return this.client
			.send(request("/actuator/kaffeworkers/" + operation).header("Content-Type", "application/json")
				.POST(BodyPublishers.ofString(body))
				.build(), BodyHandlers.ofString());
	}

	private HttpRequest.Builder request(String path) {
		return HttpRequest.newBuilder(URI
			.create("http://localhost:" + this.context.getEnvironment().getProperty("local.server.port") + path));
	}

	/**
	 * A reactive service that lets everybody do everything.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Service extends EndpointSecurityTests.Service {

		@Bean
		SecurityWebFilterChain security(ServerHttpSecurity http) {
			return http.authorizeExchange((exchange) -> exchange.anyExchange().permitAll())
				.csrf(ServerHttpSecurity.CsrfSpec::disable)
				.build();
		}

	}

}
