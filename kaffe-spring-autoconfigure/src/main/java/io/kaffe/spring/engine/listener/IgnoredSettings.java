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

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import org.springframework.kafka.listener.ContainerProperties;

/**
 * The settings of a listener container that have no effect with workers, as far as they
 * differ from their defaults.
 *
 * @param alternatives the name of each setting to what applies instead
 */
record IgnoredSettings(Map<String, String> alternatives) {

	private static final ContainerProperties DEFAULTS = new ContainerProperties("any");

	private static final String WHOLE_POLLS = "each attempt has a transaction of its own, and failures are those of 'failure'";

	/**
	 * Find those of a container.
	 * @param facts its settings, before it is adopted
	 * @param storesCompleted whether the metadata of commits stores completed offsets
	 */
	static IgnoredSettings of(ContainerFacts facts, boolean storesCompleted) {
		ContainerProperties properties = facts.container().getContainerProperties();
		Map<String, String> ignored = new LinkedHashMap<>();
		if (facts.isAutoCommit()) {
			ignored.put("enable.auto.commit", "workers commit what is complete, every 'commit.interval'");
		}
		if (properties.getSyncCommitTimeout() != null) {
			ignored.put("syncCommitTimeout", "the last commit of revoked partitions is part of the drain timeout");
		}
		if (properties.getCommitRetries() != DEFAULTS.getCommitRetries()) {
			ignored.put("commitRetries", "the next commit covers one that failed");
		}
		if (storesCompleted && properties.getOffsetAndMetadataProvider() != null) {
			ignored.put("offsetAndMetadataProvider",
					"the metadata of commits stores completed offsets, unless 'commit.completed-offsets' is false");
		}
		if (properties.isPauseImmediate()) {
			ignored.put("pauseImmediate", "records that are polled already are handled during a pause");
		}
		if (properties.isBatchRecoverAfterRollback()) {
			ignored.put("batchRecoverAfterRollback", WHOLE_POLLS);
		}
		if (properties.isStopContainerWhenFenced()) {
			ignored.put("stopContainerWhenFenced", WHOLE_POLLS);
		}
		return new IgnoredSettings(ignored);
	}

	boolean isEmpty() {
		return this.alternatives.isEmpty();
	}

	List<String> names() {
		return List.copyOf(this.alternatives.keySet());
	}

	@Override
	public String toString() {
		return this.alternatives.entrySet()
			.stream()
			.map((setting) -> setting.getKey() + " (" + setting.getValue() + ")")
			.collect(Collectors.joining(", "));
	}

}
