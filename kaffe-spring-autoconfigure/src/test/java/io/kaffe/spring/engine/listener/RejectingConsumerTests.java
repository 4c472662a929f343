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

import org.apache.kafka.clients.consumer.Consumer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link RejectingConsumer}.
 */
class RejectingConsumerTests {

	private final Consumer<Object, Object> consumer = RejectingConsumer.of("orders");

	@Test
	void callsFromWorkersAreRejected() {
		assertThatIllegalStateException().isThrownBy(() -> this.consumer.poll(Duration.ZERO))
			.withMessage(
					"Consumer.poll() was called on a worker of 'orders': a Kafka consumer may be used by the thread "
							+ "that polls it only");
		assertThatIllegalStateException().isThrownBy(this.consumer::commitSync)
			.withMessageStartingWith("Consumer.commitSync() was called on a worker of 'orders'");
	}

	@Test
	void consumerEqualsItselfAndSaysWhatItIs() {
		assertThat(this.consumer).isEqualTo(this.consumer)
			.hasSameHashCodeAs(this.consumer)
			.isNotEqualTo(RejectingConsumer.of("orders"))
			.hasToString("guarded consumer of 'orders'");
	}

}
