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

package io.kaffe.spring.table;

import java.util.Locale;

/**
 * What a consumer is doing.
 */
public enum ConsumerState {

	/**
	 * It was started and has no partitions yet.
	 */
	STARTING,

	/**
	 * It polls, or its partitions are paused by back-pressure.
	 */
	RUNNING,

	/**
	 * Partitions are being revoked; their records in progress are waited for.
	 */
	REBALANCING,

	/**
	 * An operator paused it.
	 */
	PAUSED,

	/**
	 * It is being stopped; records in progress are waited for.
	 */
	DRAINING,

	/**
	 * It does not run.
	 */
	STOPPED;

	@Override
	public String toString() {
		return name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

}
