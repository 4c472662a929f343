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

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsResult;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsResult;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyCollection;
import static org.mockito.ArgumentMatchers.anyMap;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;

/**
 * Tests for {@link AdminGroupFacts}.
 */
class AdminGroupFactsTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private final Admin admin = mock(Admin.class);

	private final AdminGroupFacts facts = new AdminGroupFacts("shop", () -> Map.of("bootstrap.servers", "broker:9092"),
			(configuration) -> this.admin);

	@Test
	void topicsThatBrokersDoNotKnowAreLeftOut() throws Exception {
		Uuid id = Uuid.randomUuid();
		describe(Map.of("orders",
				KafkaFuture.completedFuture(new TopicDescription("orders", false, List.of(), null, id)), "secret",
				failed(new TopicAuthorizationException("secret")), "deleted",
				failed(new UnknownTopicOrPartitionException("deleted"))));
		assertThat(this.facts.topicIds(List.of("orders", "secret", "deleted")))
			.isEqualTo(Map.of("orders", id, "secret", Uuid.ZERO_UUID));
		verify(this.admin).close(any());
	}

	@Test
	void brokersThatDoNotAnswerAreAFailure() {
		describe(Map.of("orders", failed(new TimeoutException("On purpose"))));
		assertThatException().isThrownBy(() -> this.facts.topicIds(List.of("orders")))
			.withCauseInstanceOf(TimeoutException.class);
		verify(this.admin).close(any());
	}

	@Test
	void committedOffsetIsKnownUnlessBrokersRefuseToAnswer() throws Exception {
		Map<TopicPartition, @Nullable OffsetAndMetadata> offsets = new HashMap<>();
		ListConsumerGroupOffsetsResult result = mock(ListConsumerGroupOffsetsResult.class);
		given(result.partitionsToOffsetAndMetadata("shop")).willReturn(KafkaFuture.completedFuture(offsets));
		given(this.admin.listConsumerGroupOffsets(anyMap())).willReturn(result);
		assertThatIllegalStateException().isThrownBy(() -> this.facts.committed(PARTITION))
			.withMessage("The committed offset of orders-0 could not be read");
		offsets.put(PARTITION, null);
		assertThat(this.facts.committed(PARTITION)).isNull();
		offsets.put(PARTITION, new OffsetAndMetadata(7));
		assertThat(this.facts.committed(PARTITION)).isEqualTo(7);
	}

	private void describe(Map<String, KafkaFuture<TopicDescription>> answers) {
		DescribeTopicsResult result = mock(DescribeTopicsResult.class);
		given(result.topicNameValues()).willReturn(answers);
		given(this.admin.describeTopics(anyCollection())).willReturn(result);
	}

	private static KafkaFuture<TopicDescription> failed(Exception failure) {
		KafkaFutureImpl<TopicDescription> future = new KafkaFutureImpl<>();
		future.completeExceptionally(failure);
		return future;
	}

}
