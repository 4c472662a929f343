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

package io.kaffe.spring.example;

import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

import io.kaffe.spring.event.ConsumerEscalatedEvent;
import io.kaffe.spring.event.PartitionsDrainedEvent;
import io.kaffe.spring.event.RecordParkedEvent;
import io.kaffe.spring.event.WorkerStalledEvent;

/**
 * Calls whoever is on duty: the example of docs/guide/health.md, which shows it from here
 * on.
 */
@Component
class Alerts {

	private final Pager pager;

	Alerts(Pager pager) {
		this.pager = pager;
	}

	@EventListener
	void parked(RecordParkedEvent event) {
		this.pager.call(event.consumer() + " has parked " + event.topic() + "-" + event.partition() + "@"
				+ event.offset() + " after " + event.failure().getClass().getName());
	}

	@EventListener
	void stalled(WorkerStalledEvent event) {
		this.pager.call(event.consumer() + " has been handling " + event.topic() + "-" + event.partition() + "@"
				+ event.offset() + " for " + event.duration().toMillis() + " ms");
	}

	@EventListener
	void drained(PartitionsDrainedEvent event) {
		if (!event.isComplete()) {
			this.pager.call(event.consumer() + " did not finish in time: " + event.givenUp());
		}
	}

	@EventListener
	void escalated(ConsumerEscalatedEvent event) {
		this.pager.call(event.consumer() + " is stopped: " + event.reason());
	}

}
