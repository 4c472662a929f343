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
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.apache.kafka.clients.admin.NewTopic;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.actuate.audit.AuditEvent;
import org.springframework.boot.actuate.audit.listener.AuditApplicationEvent;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.http.HttpMethod;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetails;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;

import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.KaffeConsumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for who may do what at the endpoints of a service that has Spring Security.
 */
@ExtendWith(OutputCaptureExtension.class)
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
	void whoMayWriteDoesSoWithATokenAndIsAudited(CapturedOutput output) throws Exception {
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
		assertThat(output).as("the endpoint is protected").doesNotContain("Whoever reaches the endpoint");
	}

	@Test
	void valuesAreShownToThoseWhoHaveTheRole() throws Exception {
		try (ConfigurableApplicationContext context = start(Failing.class,
				"--management.endpoint.kaffeworkers.show-values=when-authorized",
				"--management.endpoint.kaffeworkers.roles=ORDERS")) {
			parkOne(context);
			for (String path : List.of(WORKERS, WORKERS + "/orders")) {
				assertHidden(get(context, path, null));
				assertHidden(get(context, path, "refunds"));
				assertShown(get(context, path, "orders"));
			}
		}
	}

	@Test
	void valuesAreShownToEverybodyWhoIsAuthenticatedUnlessThereAreRoles() throws Exception {
		try (ConfigurableApplicationContext context = start(Failing.class,
				"--management.endpoint.kaffeworkers.show-values=when-authorized")) {
			parkOne(context);
			assertHidden(get(context, WORKERS, null));
			assertShown(get(context, WORKERS, "refunds"));
		}
	}

	@Test
	void valuesAreNotShownByDefault() throws Exception {
		try (ConfigurableApplicationContext context = start(Failing.class,
				"--management.endpoint.kaffeworkers.roles=ORDERS")) {
			parkOne(context);
			assertHidden(get(context, WORKERS, "orders"));
		}
	}

	private static void parkOne(ConfigurableApplicationContext context) {
		String topic = context.getBean(NewTopic.class).name();
		context.getBean(KafkaTemplate.class).send(topic, "customer", "a book").join();
		KaffeConsumers consumers = context.getBean(KaffeConsumers.class);
		consumers.start("orders");
		await("it is parked").atMost(Duration.ofSeconds(60))
			.until(() -> consumers.failingRecords("orders")
				.stream()
				.anyMatch((record) -> record.state() == FailingRecord.State.PARKED));
	}

	private static void assertHidden(HttpResponse<String> response) {
		assertThat(response.statusCode()).isEqualTo(200);
		assertThat(response.body())
			.contains("\"state\":\"parked\"", "\"key\":null", "\"value\":null", "\"message\":null")
			.doesNotContain("customer", "a book", "no stock");
	}

	private static void assertShown(HttpResponse<String> response) {
		assertThat(response.statusCode()).isEqualTo(200);
		assertThat(response.body()).contains("\"state\":\"parked\"", "\"key\":\"customer\"", "\"value\":\"a book\"",
				"no stock");
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
		return this.client.send(request.POST(BodyPublishers.ofString("{\"all\": true}")).build(),
				BodyHandlers.ofString());
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
		return start(WebApplicationType.SERVLET, configuration, more);
	}

	static ConfigurableApplicationContext start(WebApplicationType type, Class<?> configuration, String... more) {
		List<String> arguments = new ArrayList<>(List.of("--server.port=0", "--spring.main.banner-mode=off",
				"--spring.security.user.password=secret", "--kaffe.consumers.orders=", "--kaffe.failure.max-attempts=1",
				"--test.id=" + UUID.randomUUID(), "--spring.kafka.consumer.group-id=security-${test.id}",
				"--spring.kafka.consumer.auto-offset-reset=earliest", "--spring.kafka.listener.auto-startup=false",
				"--management.endpoints.web.exposure.include=kaffe,kaffeworkers"));
		arguments.addAll(List.of(more));
		return new SpringApplicationBuilder(configuration).web(type)
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

		@KafkaListener(id = "orders", topics = "orders-${test.id}")
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

	/**
	 * A service that cannot handle what it gets, and whose users have different roles.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Failing extends ReadableByAll {

		@Bean
		NewTopic orders(@Value("orders-${test.id}") String name) {
			return new NewTopic(name, 1, (short) 1);
		}

		@Bean
		UserDetailsService users() {
			return new InMemoryUserDetailsManager(user("orders"), user("refunds"));
		}

		private static UserDetails user(String name) {
			return User.withUsername(name).password("{noop}secret").roles(name.toUpperCase(Locale.ROOT)).build();
		}

		@Override
		void handle(String value) {
			throw new IllegalStateException("no stock of " + value);
		}

	}

}
