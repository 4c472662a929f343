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

package io.kaffe.spring.architecture.violations.engine.worker;

import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

import org.jspecify.annotations.Nullable;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/**
 * Waits, reads clocks and creates threads that were not handed in.
 */
class WaitsByItself {

	void park() {
		LockSupport.parkNanos(this, 1);
	}

	void sleep() throws InterruptedException {
		Thread.sleep(1);
	}

	synchronized void hold() throws InterruptedException {
		wait();
	}

	boolean awaitLatch(CountDownLatch latch) throws InterruptedException {
		return latch.await(1, TimeUnit.SECONDS);
	}

	@Nullable Object take(BlockingQueue<Object> queue) throws InterruptedException {
		return queue.poll(1, TimeUnit.SECONDS);
	}

	Object answer(Future<Object> answer) throws InterruptedException, ExecutionException, TimeoutException {
		return answer.get(1, TimeUnit.SECONDS);
	}

	LongSupplier nanoTime() {
		return System::nanoTime;
	}

	LocalDate today() {
		return LocalDate.now();
	}

	Executor later(Executor executor) {
		return CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS, executor);
	}

	CompletableFuture<Void> inCommonPool(Runnable task) {
		return CompletableFuture.runAsync(task);
	}

	void start(Runnable task) {
		new Thread(task).start();
	}

	TaskScheduler scheduler() {
		return new ThreadPoolTaskScheduler();
	}

	CompletableFuture<Instant> handedIn(Clock clock, Executor executor) {
		return CompletableFuture.supplyAsync(() -> Instant.now(clock), executor);
	}

}
