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

package io.kaffe.spring.benchmark.contender;

/**
 * A contender at work: reads the topic from its start and handles records until it is
 * closed. Closing waits for what runs, commits and leaves the group.
 */
interface Consumption extends AutoCloseable {

	/**
	 * Start what a round needs.
	 */
	static Consumption start(RoundSettings settings, RecordHandling handling) {
		Contender contender = Contender.named(settings.contender());
		return switch (contender.kind()) {
			case POLLING_ALONE -> new PollingAlone(settings, handling);
			case BARE_LOOP ->
				contender.isVirtual() ? new VirtualBareLoop(settings, handling) : new BareLoop(settings, handling);
			case PARALLEL_CONSUMER -> new ParallelConsumerConsumption(contender, settings, handling);
			case SPRING_RECORD, SPRING_BATCH, KAFFE -> new SpringConsumption(contender, settings, handling);
		};
	}

	@Override
	void close() throws InterruptedException;

}
