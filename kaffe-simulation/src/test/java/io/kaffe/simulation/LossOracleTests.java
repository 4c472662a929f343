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

package io.kaffe.simulation;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.engine.worker.LostRecords;

import static org.assertj.core.api.Assertions.assertThatCode;

/**
 * The oracle of losses bites.
 */
class LossOracleTests {

	private final TestHistory history = new TestHistory((service) -> true);

	@AfterEach
	void endThreads() {
		this.history.close();
	}

	@Test
	void deletedRecordsAreReported() {
		assertThatCode(() -> this.history.withRecords(3, (facts) -> {
			this.history.delete(2);
			this.history.losses.reported(new LostRecords(TestHistory.PARTITION, 0, 1, 2));
		})).doesNotThrowAnyException();
	}

	@Test
	void recordThatIsInTheLogIsReported() {
		this.history.assertViolated("and the log begins at 2", 3, (facts) -> {
			this.history.delete(2);
			this.history.losses.reported(new LostRecords(TestHistory.PARTITION, 0, 2, 3));
		});
	}

	@Test
	void moreAreReportedThanThereWere() {
		this.history.assertViolated("cannot be so many", 3, (facts) -> {
			this.history.delete(2);
			this.history.losses.reported(new LostRecords(TestHistory.PARTITION, 0, 1, 3));
		});
	}

}
