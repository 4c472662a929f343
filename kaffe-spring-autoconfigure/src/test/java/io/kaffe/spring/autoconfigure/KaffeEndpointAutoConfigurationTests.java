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

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointAutoConfiguration;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.boot.actuate.endpoint.web.ExposableWebEndpoint;
import org.springframework.boot.actuate.endpoint.web.WebEndpointsSupplier;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.ClassUtils;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.actuate.KaffeWorkersEndpoint;
import io.kaffe.spring.actuate.KaffeWorkersEndpointWebExtension;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KaffeEndpointAutoConfiguration}: when there is an endpoint, and what
 * it allows.
 */
@ExtendWith(OutputCaptureExtension.class)
class KaffeEndpointAutoConfigurationTests {

	private static final String UNPROTECTED = "Anyone who can reach the endpoint 'kaffeworkers' can operate consumers";

	private static final String UNRESTRICTED = "management.endpoint.kaffeworkers.access=UNRESTRICTED";

	private static final String EXPOSED = "management.endpoints.web.exposure.include=kaffeworkers";

	private final WebApplicationContextRunner contextRunner = new WebApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, KaffeAutoConfiguration.class,
				KaffeEndpointAutoConfiguration.class, EndpointAutoConfiguration.class,
				WebEndpointAutoConfiguration.class));

	@Test
	void endpointIsThereWhenExposed() {
		this.contextRunner.withPropertyValues(EXPOSED)
			.run((context) -> assertThat(context).hasSingleBean(KaffeWorkersEndpoint.class));
	}

	@Test
	void whatIsTheUsersIsHiddenByDefault() {
		this.contextRunner.withPropertyValues(EXPOSED).run((context) -> {
			KaffeWorkersEndpointProperties properties = context.getBean(KaffeWorkersEndpointProperties.class);
			assertThat(properties.getShowValues()).isEqualTo(Show.NEVER);
			assertThat(properties.getRoles()).isEmpty();
			assertThat(context).hasSingleBean(KaffeWorkersEndpointWebExtension.class);
		});
	}

	@Test
	void whoIsShownWhatIsTheUsersIsConfigurable() {
		this.contextRunner
			.withPropertyValues(EXPOSED, "management.endpoint.kaffeworkers.show-values=when-authorized",
					"management.endpoint.kaffeworkers.roles=operator,admin")
			.run((context) -> {
				KaffeWorkersEndpointProperties properties = context.getBean(KaffeWorkersEndpointProperties.class);
				assertThat(properties.getShowValues()).isEqualTo(Show.WHEN_AUTHORIZED);
				assertThat(properties.getRoles()).containsExactlyInAnyOrder("operator", "admin");
			});
	}

	@Test
	void endpointThatIsExposedByJmxOnlyHasNoWebExtension() {
		this.contextRunner
			.withPropertyValues("spring.jmx.enabled=true", "management.endpoints.jmx.exposure.include=kaffeworkers")
			.run((context) -> assertThat(context).hasSingleBean(KaffeWorkersEndpoint.class)
				.doesNotHaveBean(KaffeWorkersEndpointWebExtension.class));
	}

	@Test
	void endpointIsNotThereUnlessExposed() {
		this.contextRunner.run((context) -> assertThat(context).hasSingleBean(DefaultWorkerManager.class)
			.doesNotHaveBean(KaffeWorkersEndpoint.class));
	}

	@Test
	void endpointIsNotThereWithoutAccess() {
		this.contextRunner.withPropertyValues(EXPOSED, "management.endpoint.kaffeworkers.access=NONE")
			.run((context) -> assertThat(context).doesNotHaveBean(KaffeWorkersEndpoint.class));
	}

	@Test
	void endpointIsNotThereWithoutWorkers() {
		this.contextRunner.withPropertyValues(EXPOSED, "kaffe.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(KaffeWorkersEndpoint.class));
	}

	@Test
	void endpointOfApplicationTakesThePlaceOfOurs() {
		this.contextRunner.withPropertyValues(EXPOSED)
			.withUserConfiguration(OwnEndpoint.class)
			.run((context) -> assertThat(context).hasSingleBean(KaffeWorkersEndpoint.class).hasBean("ownEndpoint"));
	}

	@Test
	void accessIsReadOnlyByDefault() {
		this.contextRunner.withPropertyValues(EXPOSED)
			.run((context) -> assertThat(context.getBean(WebEndpointsSupplier.class).getEndpoints()).singleElement()
				.extracting(ExposableWebEndpoint::getDefaultAccess)
				.isEqualTo(Access.READ_ONLY));
	}

	@ParameterizedTest
	@ValueSource(
			strings = { "test=", "server.address=192.0.2.1", "management.server.port=9090,server.address=127.0.0.1" })
	void unrestrictedAccessWithoutSecurityIsWarnedOf(String properties, CapturedOutput output) {
		this.contextRunner.withPropertyValues(EXPOSED, UNRESTRICTED)
			.withPropertyValues(properties.split(","))
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).containsOnlyOnce(UNPROTECTED);
	}

	@ParameterizedTest
	@ValueSource(strings = { "server.address=127.0.0.1", "management.server.port=9090,management.server.address=::1",
			"management.server.port=-1", "management.endpoint.kaffeworkers.access=READ_ONLY",
			"management.endpoints.access.max-permitted=READ_ONLY" })
	void accessThatIsRestrictedOtherwiseIsNotWarnedOf(String properties, CapturedOutput output) {
		this.contextRunner.withPropertyValues(EXPOSED, UNRESTRICTED)
			.withPropertyValues(properties.split(","))
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).doesNotContain(UNPROTECTED);
	}

	@Test
	void accessThatSpringSecurityProtectsIsNotWarnedOf(CapturedOutput output) {
		this.contextRunner.withPropertyValues(EXPOSED, UNRESTRICTED)
			.withBean("springSecurityFilterChain", Object.class)
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).doesNotContain(UNPROTECTED);
	}

	@Test
	void endpointThatIsNotExposedIsNotWarnedOf(CapturedOutput output) {
		this.contextRunner
			.withPropertyValues(UNRESTRICTED, "spring.jmx.enabled=true",
					"management.endpoints.jmx.exposure.include=kaffeworkers")
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).doesNotContain(UNPROTECTED);
	}

	@Test
	void endpointIsNotThereWithoutActuator() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, KaffeAutoConfiguration.class,
					KaffeEndpointAutoConfiguration.class))
			.withClassLoader(new FilteredClassLoader(ConditionalOnAvailableEndpoint.class))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(DefaultWorkerManager.class)
				.doesNotHaveBean("kaffeWorkersEndpoint"));
	}

	@Test
	void applicationStartsWithoutAnyJarOfActuator() throws Exception {
		try (URLClassLoader loader = new URLClassLoader(classPathWithoutActuator(),
				ClassLoader.getPlatformClassLoader())) {
			assertThat(ClassUtils.isPresent(ConditionalOnAvailableEndpoint.class.getName(), loader)).isFalse();
			Method start = loader.loadClass(ActuatorFreeApplication.class.getName()).getDeclaredMethod("start");
			start.setAccessible(true);
			Thread thread = Thread.currentThread();
			ClassLoader before = thread.getContextClassLoader();
			thread.setContextClassLoader(loader);
			try {
				assertThat(start.invoke(null)).asInstanceOf(InstanceOfAssertFactories.list(String.class))
					.contains("kaffeWorkerManager", "kaffeListenerContainerFactory")
					.doesNotContain("kaffeWorkersEndpoint");
			}
			finally {
				thread.setContextClassLoader(before);
			}
		}
	}

	private static URL[] classPathWithoutActuator() throws IOException {
		List<URL> urls = new ArrayList<>();
		for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
			String name = new File(entry).getName();
			if (!name.contains("actuator")) {
				urls.add(new File(entry).toURI().toURL());
			}
		}
		return urls.toArray(URL[]::new);
	}

	/**
	 * Has an endpoint.
	 */
	@Configuration(proxyBeanMethods = false)
	static class OwnEndpoint {

		@Bean
		KaffeWorkersEndpoint ownEndpoint(DefaultWorkerManager manager, KaffeConsumers consumers,
				ApplicationEventPublisher events) {
			return new KaffeWorkersEndpoint(manager, consumers, events, Access.READ_ONLY, Show.NEVER);
		}

	}

	/**
	 * A service that is run from another class loader.
	 */
	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class ActuatorFreeApplication {

		/**
		 * Start the service, stop it, and return the names of the beans it had.
		 */
		static List<String> start() {
			try (ConfigurableApplicationContext context = new SpringApplicationBuilder(ActuatorFreeApplication.class)
				.web(WebApplicationType.NONE)
				.registerShutdownHook(false)
				.run("--spring.main.banner-mode=off", "--spring.jmx.enabled=false")) {
				return List.of(context.getBeanDefinitionNames());
			}
		}

	}

}
