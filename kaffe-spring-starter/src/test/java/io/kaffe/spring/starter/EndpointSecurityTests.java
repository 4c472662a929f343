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

import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.actuate.audit.AuditEvent;
import org.springframework.boot.actuate.audit.listener.AuditApplicationEvent;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.http.HttpMethod;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;

import io.kaffe.spring.KaffeConsumers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for who may do what at the endpoints of a service that has Spring Security.
 */
class EndpointSecurityTests {

	private static final String WORKERS = "/actuator/kaffeworkers";

	private static final String PAUSE = WORKERS + "/orders/pause";

	private final HttpClient client = HttpClient.newBuilder().cookieHandler(new CookieManager()).build();

	@Test
	void withDefaultsAnAnonymousCallerSeesAndDoesNothing() throws Exception {
		try (ConfigurableApplicationContext context = start(Service.class)) {
			assertThat(get(context, WORKERS, null).statusCode()).isEqualTo(401);
			assertThat(get(context, "/actuator/kaffe", null).statusCode()).isEqualTo(401);
			assertThat(post(context, PAUSE, null, null).statusCode()).isIn(401, 403);
			assertThat(get(context, WORKERS, "user").body()).contains("\"access\":\"read-only\"");
			assertThat(post(context, PAUSE, "user", null).statusCode()).as("without a token").isIn(401, 403);
			assertNothingDone(context);
		}
	}

	@Test
	void anonymousCallerWhoMayReadDoesNothing() throws Exception {
		try (ConfigurableApplicationContext context = start(ReadableByAll.class)) {
			assertThat(get(context, WORKERS, null).body()).contains("\"access\":\"read-only\"", "\"orders\"");
			assertThat(get(context, "/actuator/kaffe", null).statusCode()).isEqualTo(200);
			assertThat(post(context, PAUSE, null, null).statusCode()).isIn(401, 403);
			assertThat(post(context, PAUSE, null, token(context)).statusCode()).isIn(401, 403);
			assertNothingDone(context);
		}
	}

	@Test
	void readOnlyEndpointHasNoOperationsForAnybody() throws Exception {
		try (ConfigurableApplicationContext context = start(ReadableByAll.class)) {
			assertThat(post(context, PAUSE, "user", token(context)).statusCode()).isEqualTo(405);
			assertNothingDone(context);
		}
	}

	@Test
	void whoMayWriteDoesSoWithATokenAndIsAudited() throws Exception {
		try (ConfigurableApplicationContext context = start(ReadableByAll.class,
				"--management.endpoint.kaffeworkers.access=unrestricted")) {
			assertThat(post(context, PAUSE, null, token(context)).statusCode()).isIn(401, 403);
			assertThat(post(context, PAUSE, "user", null).statusCode()).as("without a token").isIn(401, 403);
			assertNothingDone(context);
			assertThat(post(context, PAUSE, "user", token(context)).statusCode()).isEqualTo(200);
			assertThat(context.getBean(KaffeConsumers.class).isPaused("orders")).isTrue();
			assertThat(context.getBean(Service.class).audited).singleElement()
				.satisfies((event) -> assertThat(event.getPrincipal()).isEqualTo("user"));
		}
	}

	private static void assertNothingDone(ConfigurableApplicationContext context) {
		assertThat(context.getBean(KaffeConsumers.class).isPaused("orders")).isFalse();
		assertThat(context.getBean(Service.class).audited).isEmpty();
	}

	private HttpResponse<String> get(ConfigurableApplicationContext context, String path, @Nullable String user)
			throws Exception {
		return this.client.send(request(context, path, user).build(), BodyHandlers.ofString());
	}

	private HttpResponse<String> post(ConfigurableApplicationContext context, String path, @Nullable String user,
			@Nullable String token) throws Exception {
		HttpRequest.Builder request = request(context, path, user).header("Content-Type", "application/json");
		if (token != null) {
			request.header("X-XSRF-TOKEN", token);
		}
		return this.client.send(request.POST(BodyPublishers.ofString("{}")).build(), BodyHandlers.ofString());
	}

	/**
	 * Return the token that the service has left in a cookie.
	 */
	private String token(ConfigurableApplicationContext context) throws Exception {
		get(context, WORKERS, null);
		return ((CookieManager) this.client.cookieHandler().orElseThrow()).getCookieStore()
			.getCookies()
			.stream()
			.filter((cookie) -> cookie.getName().equals("XSRF-TOKEN"))
			.findFirst()
			.orElseThrow()
			.getValue();
	}

	private static HttpRequest.Builder request(ConfigurableApplicationContext context, String path,
			@Nullable String user) {
		HttpRequest.Builder request = HttpRequest.newBuilder(
				URI.create("http://localhost:" + context.getEnvironment().getProperty("local.server.port") + path));
		if (user != null) {
			request.header("Authorization",
					"Basic " + Base64.getEncoder().encodeToString((user + ":secret").getBytes(StandardCharsets.UTF_8)));
		}
		return request;
	}

	private static ConfigurableApplicationContext start(Class<?> configuration, String... more) {
		List<String> arguments = new ArrayList<>(List.of("--server.port=0", "--spring.main.banner-mode=off",
				"--spring.security.user.password=secret", "--kaffe.consumers.orders=",
				"--spring.kafka.consumer.group-id=security", "--spring.kafka.listener.auto-startup=false",
				"--management.endpoints.web.exposure.include=kaffe,kaffeworkers"));
		arguments.addAll(List.of(more));
		return new SpringApplicationBuilder(configuration).web(WebApplicationType.SERVLET)
			.registerShutdownHook(false)
			.run(arguments.toArray(String[]::new));
	}

	/**
	 * A service with a consumer and Spring Security as it comes.
	 */
	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Service {

		final Queue<AuditEvent> audited = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", topics = "orders")
		void handle(String value) {
		}

		@EventListener
		void audited(AuditApplicationEvent event) {
			if (event.getAuditEvent().getType().startsWith("KAFFE")) {
				this.audited.add(event.getAuditEvent());
			}
		}

	}

	/**
	 * A service whose actuator everybody may read, and that gives pages a token.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ReadableByAll extends Service {

		@Bean
		SecurityFilterChain security(HttpSecurity http) throws Exception {
			http.authorizeHttpRequests((requests) -> requests.requestMatchers(HttpMethod.GET, "/actuator/**")
				.permitAll()
				.anyRequest()
				.authenticated());
			http.httpBasic(Customizer.withDefaults());
			http.csrf((csrf) -> csrf.spa());
			return http.build();
		}

	}

}
