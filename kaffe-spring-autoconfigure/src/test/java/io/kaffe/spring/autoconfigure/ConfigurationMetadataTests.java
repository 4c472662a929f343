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

package io.kaffe.spring.autoconfigure;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.json.JsonParserFactory;

import io.kaffe.spring.BatchRecordHandler;
import io.kaffe.spring.RecordHandler;
import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.listener.ConsumerSettings;
import io.kaffe.spring.engine.listener.ContainerFacts.Subscription;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the metadata of the properties below {@code kaffe}, for editors and tools.
 */
class ConfigurationMetadataTests {

	private static final String CONSUMER = "kaffe.consumers.values.";

	private static final Subscription NOTHING = new Subscription(Set.of(), (topic) -> false, null);

	private static final int MAX_POLL_RECORDS = 1000;

	private static final FailureBeans NO_BEANS = new FailureBeans(new DefaultListableBeanFactory(), Runnable::run,
			new ManualExecution().runtime());

	@Test
	void everyPropertyHasADescription() throws IOException {
		assertThat(properties())
			.allSatisfy((property) -> assertThat(property.get("description")).as(String.valueOf(property.get("name")))
				.asString()
				.matches("[A-Z].*\\."));
	}

	@Test
	void everyPropertyHasADefaultButThoseThatDependOnOthers() throws IOException {
		assertThat(properties()).filteredOn((property) -> !property.containsKey("defaultValue"))
			.extracting((property) -> property.get("name"))
			.containsExactlyInAnyOrder("kaffe.consumers", "kaffe.max-concurrency", "kaffe.failure.not-retryable",
					"kaffe.failure.then-for", "kaffe.stall-interrupt-threshold");
	}

	@Test
	void defaultsAreThoseInUse() throws IOException {
		Map<String, Object> defaults = new HashMap<>();
		for (Map<String, Object> property : properties()) {
			if (property.containsKey("defaultValue")) {
				defaults.put(name(property), property.get("defaultValue"));
			}
		}
		assertThat(defaults).hasSizeGreaterThan(1);
		KaffeProperties asTold = new Binder(new MapConfigurationPropertySource(defaults))
			.bind("kaffe", KaffeProperties.class)
			.get();
		KaffeProperties inUse = new KaffeProperties();
		assertThat(asTold.isEnabled()).isEqualTo(inUse.isEnabled());
		assertThat(asTold.getAdopt()).isEqualTo(inUse.getAdopt());
		assertThat(settings(asTold)).usingRecursiveComparison().isEqualTo(settings(inUse));
	}

	@Test
	void whatTheEndpointShowsIsDescribed() throws IOException {
		assertThat(metadata("properties"))
			.filteredOn((property) -> name(property).startsWith("management.endpoint.kaffeworkers."))
			.filteredOn((property) -> List.of("show-values", "roles")
				.contains(name(property).substring("management.endpoint.kaffeworkers.".length())))
			.hasSize(2)
			.allSatisfy((property) -> assertThat(property.get("description")).asString().matches("[A-Z].*\\."))
			.extracting((property) -> property.get("defaultValue"))
			.containsExactlyInAnyOrder("never", List.of());
	}

	@ParameterizedTest
	@ValueSource(strings = { "kaffe.", CONSUMER })
	void strategiesAreHintedAt(String prefix) throws IOException {
		assertThat(values(prefix + "worker-allocation-strategy"))
			.containsExactlyElementsOf(StandardWorkerAllocationStrategy.configurationNames());
		assertThat(providers(prefix + "worker-allocation-strategy"))
			.containsExactly("spring-bean-reference: " + WorkerAllocationStrategy.class.getName());
	}

	@Test
	void handlersAreHintedAt() throws IOException {
		assertThat(providers(CONSUMER + "handler")).containsExactly(
				"spring-bean-reference: " + RecordHandler.class.getName(),
				"spring-bean-reference: " + BatchRecordHandler.class.getName());
	}

	@ParameterizedTest
	@ValueSource(strings = { "kaffe.", CONSUMER })
	void exceptionTypesAndActionsAreHintedAt(String prefix) throws IOException {
		for (String property : List.of("failure.not-retryable", "failure.then-for.keys")) {
			assertThat(providers(prefix + property)).containsExactly("class-reference: " + Throwable.class.getName());
		}
		List<String> actions = Stream.of(FailureAction.values())
			.map((action) -> action.name().toLowerCase(Locale.ROOT).replace('_', '-'))
			.toList();
		for (String property : List.of("failure.then", "failure.then-for.values")) {
			assertThat(values(prefix + property)).containsExactlyElementsOf(actions);
		}
	}

	@Test
	void namesOfConsumersAndOfClientSettingsAreTheUsers() throws IOException {
		assertThat(providers("kaffe.consumers.keys")).containsExactly("any");
		assertThat(providers(CONSUMER + "properties.keys")).containsExactly("any");
		assertThat(ConsumerConfig.configNames()).containsAll(values(CONSUMER + "properties.keys"));
	}

	/**
	 * Hints are looked up by the names of properties; keys and values of maps have names
	 * of their own.
	 */
	@Test
	void hintsAreAboutPropertiesThatThereAre() throws IOException {
		List<String> known = new ArrayList<>(properties().stream().map(ConfigurationMetadataTests::name).toList());
		known.addAll(List.of("kaffe.consumers", "kaffe.handler", "kaffe.properties"));
		assertThat(metadata("hints")).extracting(ConfigurationMetadataTests::name)
			.filteredOn((name) -> name.startsWith("kaffe."))
			.isNotEmpty()
			.allSatisfy((name) -> assertThat(name).doesNotContain("*"))
			.extracting((name) -> name.replace(CONSUMER, "kaffe.").replaceFirst("\\.(keys|values)$", ""))
			.allSatisfy((name) -> assertThat(known).contains(name));
	}

	private static List<String> values(String hint) throws IOException {
		return parts(hint, "values").stream().map((value) -> String.valueOf(value.get("value"))).toList();
	}

	private static List<String> providers(String hint) throws IOException {
		return parts(hint, "providers").stream()
			.map((provider) -> (provider.get("parameters") instanceof Map<?, ?> parameters)
					? provider.get("name") + ": " + parameters.get("target") : String.valueOf(provider.get("name")))
			.toList();
	}

	@SuppressWarnings("unchecked")
	private static List<Map<String, Object>> parts(String hint, String kind) throws IOException {
		return metadata("hints").stream()
			.filter((candidate) -> name(candidate).equals(hint))
			.flatMap((found) -> ((List<Map<String, Object>>) Objects.requireNonNull(found.get(kind))).stream())
			.toList();
	}

	private static ConsumerSettings settings(KaffeProperties properties) {
		return new ConsumerSettingsResolver(properties, new StrategyBeans(properties, Map.of(), null),
				new FailurePolicyResolver(properties, null, NO_BEANS))
			.resolve("orders", Duration.ofMinutes(5), MAX_POLL_RECORDS, NOTHING, null);
	}

	private static List<Map<String, Object>> properties() throws IOException {
		List<Map<String, Object>> properties = metadata("properties").stream()
			.filter((property) -> name(property).startsWith("kaffe."))
			.toList();
		assertThat(properties).extracting(ConfigurationMetadataTests::name)
			.contains("kaffe.enabled", "kaffe.consumers", "kaffe.drain-timeout", "kaffe.failure.backoff.jitter");
		return properties;
	}

	private static String name(Map<String, Object> property) {
		return String.valueOf(property.get("name"));
	}

	@SuppressWarnings("unchecked")
	private static List<Map<String, Object>> metadata(String kind) throws IOException {
		URL classes = KaffeProperties.class.getProtectionDomain().getCodeSource().getLocation();
		try (InputStream in = new URL(classes, "META-INF/spring-configuration-metadata.json").openStream()) {
			String json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
			return (List<Map<String, Object>>) Objects
				.requireNonNull(JsonParserFactory.getJsonParser().parseMap(json).get(kind));
		}
	}

}
