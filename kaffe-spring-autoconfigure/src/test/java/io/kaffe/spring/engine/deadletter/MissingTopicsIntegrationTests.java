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

package io.kaffe.spring.engine.deadletter;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.core.KafkaAdmin;

import io.kaffe.spring.support.TestTopics;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MissingTopics}.
 */
@ExtendWith(OutputCaptureExtension.class)
class MissingTopicsIntegrationTests {

	private static final String SERVERS = System.getProperty("spring.kafka.bootstrap-servers");

	private static final String WARNING = "Dead-letter topics that do not exist";

	private final String id = UUID.randomUUID().toString().substring(0, 8);

	private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

	private final Queue<Runnable> laterTasks = new ConcurrentLinkedQueue<>();

	@Test
	void missingTopicsAreNamedOnce(CapturedOutput output) {
		TestTopics.create(SERVERS, "present-" + this.id, 1);
		MissingTopics missing = missing(List.of(admin(SERVERS)), this.tasks::add);
		missing.warn(List.of("b-" + this.id, "present-" + this.id, "a-" + this.id));
		assertThat(output).as("nothing is asked on the caller's thread").doesNotContain(WARNING);
		this.tasks.remove().run();
		this.laterTasks.remove().run();
		assertThat(output).contains(WARNING + ": [a-" + this.id + ", b-" + this.id + "]").contains("NewTopic");
		missing.warn(List.of("a-" + this.id, "b-" + this.id));
		assertThat(this.tasks).isEmpty();
		assertThat(this.laterTasks).isEmpty();
	}

	@Test
	void nothingIsSaidOfTopicsThatExist(CapturedOutput output) {
		TestTopics.create(SERVERS, "present-" + this.id, 1);
		missing(List.of(admin(SERVERS)), Runnable::run).warn(List.of("present-" + this.id));
		assertThat(this.laterTasks).isEmpty();
		assertThat(output).doesNotContain(WARNING);
	}

	@Test
	void nothingIsSaidOfTopicsThatAreNotKnownYet(CapturedOutput output) {
		missing(List.of(admin(SERVERS)), Runnable::run).warn(List.of("a-" + this.id, "b-" + this.id));
		assertThat(output).doesNotContain(WARNING);
		TestTopics.create(SERVERS, "a-" + this.id, 1);
		this.laterTasks.remove().run();
		assertThat(output).contains(WARNING + ": [b-" + this.id + "]");
	}

	@Test
	void brokerThatCannotBeReachedIsNoFailure(CapturedOutput output) {
		KafkaAdmin admin = admin("localhost:1");
		admin.setOperationTimeout(1);
		missing(List.of(admin), Runnable::run).warn(List.of("a-" + this.id));
		assertThat(output).contains("Could not check whether the dead-letter topics [a-" + this.id + "] exist")
			.doesNotContain(WARNING);
	}

	@Test
	void executorThatIsShutDownIsNoFailure(CapturedOutput output) {
		missing(List.of(admin(SERVERS)), (task) -> {
			throw new RejectedExecutionException();
		}).warn(List.of("a-" + this.id));
		assertThat(output).doesNotContain(WARNING);
	}

	@Test
	void nothingIsCheckedWithoutAnAdmin() {
		missing(List.of(), this.tasks::add).warn(List.of("a-" + this.id));
		assertThat(this.tasks).isEmpty();
	}

	private MissingTopics missing(Collection<KafkaAdmin> admins, Executor executor) {
		return new MissingTopics(admins, executor, this.laterTasks::add);
	}

	private static KafkaAdmin admin(String servers) {
		return new KafkaAdmin(new HashMap<>(
				Map.of("bootstrap.servers", servers, "default.api.timeout.ms", 5000, "request.timeout.ms", 2000)));
	}

}
