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

package io.kaffe.spring.engine.listener;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.common.errors.WakeupException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.kaffe.spring.engine.worker.ManualExecution;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link InternalErrors}.
 */
@ExtendWith(OutputCaptureExtension.class)
class InternalErrorsTests {

	private final ManualExecution time = new ManualExecution();

	private final List<String> stopped = new ArrayList<>();

	private final AtomicInteger observed = new AtomicInteger();

	private final InternalErrors errors = new InternalErrors("orders", this.time, this.observed::incrementAndGet,
			(reason, failure) -> this.stopped.add(reason));

	@Test
	void errorIsContainedCountedAndReportedForTenMinutes() {
		assertThat(this.errors.problem()).isNull();
		assertThat(this.errors.contain("commit", () -> {
			throw new ArrayIndexOutOfBoundsException(-1);
		})).isFalse();
		assertThat(this.errors.contain("commit", () -> {
		})).isTrue();
		assertThat(this.errors.count()).isEqualTo(1);
		assertThat(this.errors.problem()).hasToString("internal-error: could not commit, "
				+ "java.lang.ArrayIndexOutOfBoundsException at 2026-01-01T00:00:00Z; 1 internal errors so far");
		assertThat(this.stopped).isEmpty();
		assertThat(this.observed).hasValue(1);
		this.time.advance(Duration.ofMinutes(10));
		assertThat(this.errors.problem()).isNull();
		assertThat(this.errors.count()).isEqualTo(1);
	}

	@Test
	void stackIsLoggedOnceAMinuteWithACountOfTheOthers(CapturedOutput output) {
		for (int i = 0; i < 100; i++) {
			this.errors.add("commit", new IllegalStateException("broken"));
		}
		this.time.advance(Duration.ofMinutes(1));
		this.errors.add("commit", new IllegalStateException("broken"));
		assertThat(output.getAll().lines().filter((line) -> line.contains("Internal error of consumer 'orders'")))
			.hasSize(2)
			.last()
			.asString()
			.endsWith("could not commit (99 others were not logged)");
	}

	@Test
	void errorOfTheVirtualMachineStopsTheConsumer() {
		this.errors.contain("dispatch records", () -> {
			throw new OutOfMemoryError("no room");
		});
		assertThat(this.stopped).containsExactly("Its consumer thread could not dispatch records");
	}

	@Test
	void wakeUpIsNoError() {
		assertThat(this.errors.contain("commit", () -> {
			throw new WakeupException();
		})).isFalse();
		assertThat(this.errors.count()).isZero();
	}

}
