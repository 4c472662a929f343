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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.json.JsonParserFactory;

import io.kaffe.spring.listener.ConsumerSettings;
import io.kaffe.spring.listener.Subscription;
import io.kaffe.spring.worker.StandardWorkerAllocationStrategy;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what editors and tools are told about the properties below {@code kaffe}.
 */
class ConfigurationMetadataTests {

	private static final Subscription NOTHING = new Subscription(Set.of(), (topic) -> false, null);

	private static final FailureBeans NO_BEANS = new FailureBeans(new DefaultListableBeanFactory(), Runnable::run);

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

	@Test
	void strategiesAreHintedAt() throws IOException {
		for (String prefix : List.of("kaffe.", "kaffe.consumers.*.")) {
			String name = prefix + "worker-allocation-strategy";
			assertThat(metadata("hints")).filteredOn((hint) -> name.equals(hint.get("name")))
				.singleElement()
				.extracting((hint) -> hint.get("values"))
				.asInstanceOf(InstanceOfAssertFactories.list(Map.class))
				.extracting((value) -> value.get("value"))
				.containsExactlyElementsOf(StandardWorkerAllocationStrategy.configurationNames());
		}
	}

	private static ConsumerSettings settings(KaffeProperties properties) {
		return new ConsumerSettingsResolver(properties, new StrategyBeans(properties, Map.of(), null),
				new FailurePolicyResolver(properties, null, NO_BEANS))
			.resolve("orders", Duration.ofMinutes(5), NOTHING);
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
