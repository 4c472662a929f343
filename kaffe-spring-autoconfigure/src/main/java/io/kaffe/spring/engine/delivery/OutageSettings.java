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

package io.kaffe.spring.engine.delivery;

import java.time.Duration;

/**
 * When failing attempts count as an outage of what handlers depend on.
 *
 * @param enabled whether outages are detected; an operator may begin one in any case
 * @param failureRate the fraction of attempts that fail in an outage, above 0 and at most
 * 1
 * @param minimumAttempts how many attempts have to be known before the fraction counts
 * @param window how long an attempt counts; whole seconds
 * @param probeInterval the longest time between two probes
 */
public record OutageSettings(boolean enabled, double failureRate, int minimumAttempts, Duration window,
		Duration probeInterval) {

	/**
	 * No outage is detected.
	 */
	public static final OutageSettings DISABLED = new OutageSettings(false, 0.5, 20, Duration.ofSeconds(10),
			Duration.ofSeconds(10));

}
