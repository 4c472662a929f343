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
import java.util.Map;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link IgnoredSettings}.
 */
class IgnoredSettingsTests {

	private final ContainerProperties properties = new ContainerProperties("orders");

	@Test
	void nothingIsIgnoredOfDefaultSettings() {
		assertThat(ignored(true).isEmpty()).isTrue();
	}

	@Test
	void allThatHaveNoEffectAreNamedWithWhatAppliesInstead() {
		this.properties.getKafkaConsumerProperties().setProperty("enable.auto.commit", "true");
		this.properties.setSyncCommitTimeout(Duration.ofSeconds(1));
		this.properties.setCommitRetries(7);
		this.properties.setOffsetAndMetadataProvider((listener, offset) -> new OffsetAndMetadata(offset));
		this.properties.setPauseImmediate(true);
		this.properties.setBatchRecoverAfterRollback(true);
		this.properties.setStopContainerWhenFenced(true);
		IgnoredSettings ignored = ignored(true);
		assertThat(ignored.isEmpty()).isFalse();
		assertThat(ignored.names()).containsExactly("enable.auto.commit", "syncCommitTimeout", "commitRetries",
				"offsetAndMetadataProvider", "pauseImmediate", "batchRecoverAfterRollback", "stopContainerWhenFenced");
		assertThat(ignored)
			.hasToString("enable.auto.commit (workers commit what is complete, every 'commit.interval'), "
					+ "syncCommitTimeout (the last commit of revoked partitions is part of the drain timeout), "
					+ "commitRetries (the next commit covers one that failed), "
					+ "offsetAndMetadataProvider (the metadata of commits stores completed offsets, unless "
					+ "'commit.completed-offsets' is false), "
					+ "pauseImmediate (records that are polled already are handled during a pause), "
					+ "batchRecoverAfterRollback (each attempt has a transaction of its own, and failures are those of 'failure'), "
					+ "stopContainerWhenFenced (each attempt has a transaction of its own, and failures are those of 'failure')");
	}

	@Test
	void providerOfMetadataIsUsedWhereCompletedOffsetsAreNotStored() {
		this.properties.setOffsetAndMetadataProvider((listener, offset) -> new OffsetAndMetadata(offset));
		assertThat(ignored(false).isEmpty()).isTrue();
	}

	private IgnoredSettings ignored(boolean storesCompleted) {
		return IgnoredSettings.of(new ContainerFacts(
				new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(Map.of()), this.properties)),
				storesCompleted);
	}

}
