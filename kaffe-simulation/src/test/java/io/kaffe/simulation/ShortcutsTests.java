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

import java.beans.PropertyDescriptor;
import java.time.Duration;

import org.junit.jupiter.api.Test;
import org.springframework.beans.BeanUtils;
import org.springframework.kafka.listener.ContainerProperties;

import static org.assertj.core.api.Assertions.assertThat;

class ShortcutsTests {

	private static final String[] IGNORED = { "topics", "topicPartitions", "topicPattern", "ackCount", "ackTime",
			"subBatchPerPartition" };

	@Test
	void propertiesAreCopiedAsSpringCopiesThem() throws ReflectiveOperationException {
		ContainerProperties source = new ContainerProperties("orders");
		source.setGroupId("billing");
		source.setPollTimeout(4711);
		source.setAckMode(ContainerProperties.AckMode.MANUAL);
		source.setSyncCommits(false);
		source.setIdleEventInterval(17L);
		source.setAuthExceptionRetryInterval(Duration.ofSeconds(3));
		source.setClientId("client");
		source.setAckCount(5);
		ContainerProperties expected = new ContainerProperties("refunds");
		BeanUtils.copyProperties(source, expected, IGNORED);
		for (int time = 0; time < 2; time++) {
			ContainerProperties copy = new ContainerProperties("refunds");
			Shortcuts.copyProperties(source, copy, IGNORED);
			assertThat(copy.getPollTimeout()).isEqualTo(4711);
			for (PropertyDescriptor property : BeanUtils.getPropertyDescriptors(ContainerProperties.class)) {
				if (property.getReadMethod() != null && property.getWriteMethod() != null) {
					assertThat(property.getReadMethod().invoke(copy)).as(property.getName())
						.isEqualTo(property.getReadMethod().invoke(expected));
				}
			}
		}
	}

}
