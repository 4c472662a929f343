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

package io.kaffe.spring.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.core.annotation.AliasFor;
import org.springframework.test.context.ContextCustomizerFactories;

/**
 * Runs the Kafka listeners and record handlers of an application in a simulated world:
 * without a broker, in simulated time, and the same way each time.
 * <p>
 * The application is started like with {@link SpringBootTest} without a web server, with
 * its own {@code application.yml}. Its consumer and producer factories are connected to a
 * simulated cluster. Each test method begins with an empty cluster, in which the topics
 * of all listeners exist, and with started listeners; all of them are stopped when it
 * ends. Test methods, and the listeners, are given the cluster as a
 * {@link SimulatedKafka}: as a parameter of the method, or injected.
 * <p>
 * One thread runs at a time, and time passes only while all of them wait. Code that
 * blocks for another thread, for instance in a latch, would therefore wait for ever: to
 * wait for listeners, call {@link SimulatedKafka#awaitIdle()}. Lifecycle methods such as
 * those with {@code @BeforeEach} run outside of the simulated world.
 *
 * @see ManySeeds
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.NONE)
@ContextCustomizerFactories(KaffeTestContextCustomizerFactory.class)
@ExtendWith(KaffeTestExtension.class)
@ResourceLock("io.kaffe.spring.test.simulation")
public @interface KaffeTest {

	/**
	 * The number of partitions of topics for which there is no
	 * {@link org.apache.kafka.clients.admin.NewTopic NewTopic} bean.
	 * @return the number of partitions
	 */
	int partitions() default 3;

	/**
	 * Decides everything that is left to chance, such as the latency of requests.
	 * @return the seed
	 */
	long seed() default 1;

	/**
	 * Properties that are added to the application's environment.
	 * @return the properties, as {@code key=value}
	 */
	@AliasFor(annotation = SpringBootTest.class, attribute = "properties")
	String[] properties() default {};

	/**
	 * The configuration classes of the application. By default a nested
	 * {@code @Configuration}, or else the {@code @SpringBootApplication} of the package.
	 * @return the classes
	 */
	@AliasFor(annotation = SpringBootTest.class, attribute = "classes")
	Class<?>[] classes() default {};

}
