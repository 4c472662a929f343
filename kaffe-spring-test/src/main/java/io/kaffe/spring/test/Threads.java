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

package io.kaffe.spring.test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.fail;

/**
 * Threads that ask the same questions at once, each beginning with another one.
 */
final class Threads {

	private static final int COUNT = 4;

	private static final int LEAST_ROUNDS = 2;

	private static final int MOST_ROUNDS = 200;

	private static final long ASKING_NANOS = Duration.ofMillis(500).toNanos();

	private final Duration patience;

	/**
	 * Create threads.
	 * @param patience how long to wait for all of them together
	 */
	Threads(Duration patience) {
		this.patience = patience;
	}

	/**
	 * Ask, again and again, and fail with the first complaint.
	 * @param questions the questions, one or more
	 * @param ask asks one of them and returns what is wrong with the answer, or
	 * {@code null}
	 */
	<Q> void ask(List<Q> questions, Function<Q, @Nullable String> ask) {
		CountDownLatch ready = new CountDownLatch(COUNT);
		List<FutureTask<@Nullable String>> tasks = new ArrayList<>();
		for (int index = 0; index < COUNT; index++) {
			int first = index * questions.size() / COUNT;
			FutureTask<@Nullable String> task = new FutureTask<>(() -> {
				ready.countDown();
				ready.await();
				return askInRounds(questions, first, ask);
			});
			tasks.add(task);
			Thread thread = new Thread(task, "strategy-contract-" + index);
			thread.setDaemon(true);
			thread.start();
		}
		long deadline = System.nanoTime() + this.patience.toNanos();
		for (FutureTask<@Nullable String> task : tasks) {
			String complaint = await(task, deadline);
			if (complaint != null) {
				fail(complaint);
			}
		}
	}

	private static <Q> @Nullable String askInRounds(List<Q> questions, int first, Function<Q, @Nullable String> ask) {
		long end = System.nanoTime() + ASKING_NANOS;
		for (int round = 0; round < LEAST_ROUNDS || (round < MOST_ROUNDS && System.nanoTime() - end < 0); round++) {
			for (int index = 0; index < questions.size(); index++) {
				String complaint = ask.apply(questions.get((first + index) % questions.size()));
				if (complaint != null) {
					return complaint;
				}
			}
		}
		return null;
	}

	private @Nullable String await(FutureTask<@Nullable String> task, long deadline) {
		try {
			return task.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
		}
		catch (TimeoutException ex) {
			return "The strategy, asked by " + COUNT + " threads at once, did not answer all of them within "
					+ this.patience.toMillis()
					+ " ms. It must be safe for concurrent use, and should decide without waiting for anything.";
		}
		catch (ExecutionException ex) {
			throw new AssertionError("The strategy could not be asked by several threads at once", ex.getCause());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return "Interrupted while the strategy was asked by several threads at once";
		}
	}

}
