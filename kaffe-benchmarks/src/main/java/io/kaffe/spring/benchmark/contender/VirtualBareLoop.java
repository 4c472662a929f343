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

import java.util.concurrent.Semaphore;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.springframework.core.task.VirtualThreadTaskExecutor;

/**
 * The simplest that can be done with virtual threads: one for each record, as many at
 * once as may be. Before it commits, it waits for all of them.
 */
final class VirtualBareLoop extends ConsumerLoop {

	private final VirtualThreadTaskExecutor executor = new VirtualThreadTaskExecutor();

	private final RecordHandling handling;

	private final int concurrency;

	private final Semaphore permits;

	VirtualBareLoop(RoundSettings settings, RecordHandling handling) {
		super(settings);
		this.handling = handling;
		this.concurrency = settings.concurrency();
		this.permits = new Semaphore(this.concurrency);
		start();
	}

	@Override
	void handle(ConsumerRecord<String, byte[]> record) {
		this.permits.acquireUninterruptibly();
		this.executor.execute(() -> {
			try {
				this.handling.handle(record);
			}
			finally {
				this.permits.release();
			}
		});
	}

	@Override
	void finish() {
		this.permits.acquireUninterruptibly(this.concurrency);
		this.permits.release(this.concurrency);
	}

}
