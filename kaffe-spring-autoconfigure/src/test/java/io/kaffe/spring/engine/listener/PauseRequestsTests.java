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

import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link PauseRequests}.
 */
class PauseRequestsTests {

	private static final TopicPartition FIRST = new TopicPartition("orders", 0);

	private static final TopicPartition SECOND = new TopicPartition("orders", 1);

	private static final TopicPartition OTHER = new TopicPartition("refunds", 0);

	private final PauseRequests requests = new PauseRequests();

	@Test
	void topicIsPausedWithAllOfItsPartitions() {
		this.requests.pause("orders");
		assertThat(this.requests.contains(FIRST)).isTrue();
		assertThat(this.requests.contains(SECOND)).isTrue();
		assertThat(this.requests.contains(OTHER)).isFalse();
		assertThatIllegalStateException().isThrownBy(() -> this.requests.resume(FIRST))
			.withMessageContaining("The whole topic 'orders' is paused");
		this.requests.resume("orders");
		assertThat(this.requests.contains(FIRST)).isFalse();
	}

	@Test
	void partitionIsPausedAndResumedForItself() {
		this.requests.pause(FIRST);
		assertThat(this.requests.contains(FIRST)).isTrue();
		assertThat(this.requests.contains(SECOND)).isFalse();
		this.requests.resume(SECOND);
		assertThat(this.requests.contains(FIRST)).isTrue();
		this.requests.resume(FIRST);
		assertThat(this.requests.contains(FIRST)).isFalse();
	}

	@Test
	void topicIsResumedWithItsPartitionsThatWerePausedForThemselvesAndNoOthers() {
		this.requests.pause(FIRST);
		this.requests.pause("orders");
		this.requests.pause(OTHER);
		this.requests.resume("orders");
		assertThat(this.requests.contains(FIRST)).isFalse();
		assertThat(this.requests.contains(OTHER)).isTrue();
	}

}
