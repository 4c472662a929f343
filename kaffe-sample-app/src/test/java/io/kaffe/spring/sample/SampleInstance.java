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

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.WorkerManager;
import io.kaffe.spring.table.ConsumerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A running sample, on a port of its own.
 */
final class SampleInstance implements AutoCloseable {

	private final ConfigurableApplicationContext context;

	private final Bookkeeping bookkeeping;

	private SampleInstance(ConfigurableApplicationContext context) {
		this.context = context;
		this.bookkeeping = context.getBean(Bookkeeping.class);
	}

	static SampleInstance start(List<Class<?>> sources, String... args) {
		List<Class<?>> all = new ArrayList<>(sources);
		all.add(0, SampleApplication.class);
		SpringApplication application = new SpringApplication(all.toArray(Class<?>[]::new));
		List<String> arguments = new ArrayList<>(List.of(args));
		arguments.add("--server.port=0");
		arguments.add("--spring.jmx.enabled=false");
		return new SampleInstance(application.run(arguments.toArray(String[]::new)));
	}

	int port() {
		return this.context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
	}

	EventGenerator generator() {
		return this.context.getBean(EventGenerator.class);
	}

	KaffeConsumers consumers() {
		return this.context.getBean(KaffeConsumers.class);
	}

	long booked(String source) {
		return this.context.getBean(AccountRepository.class).countBooked(source);
	}

	ConsumerSnapshot consumer() {
		return Objects.requireNonNull(this.context.getBean(WorkerManager.class).table("orders"));
	}

	void assertEverythingWasBookedInOrder() {
		assertThat(this.bookkeeping.orderViolations()).as("order violations").isZero();
	}

	void assertEverythingWasBookedOnceAndInOrder() {
		assertEverythingWasBookedInOrder();
		assertThat(this.context.getBean(AccountRepository.class).countRepeated()).as("records that came again")
			.isZero();
	}

	@Override
	public void close() {
		this.context.close();
	}

}
