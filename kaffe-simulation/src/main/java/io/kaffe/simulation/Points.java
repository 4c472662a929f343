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

import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Lock;
import java.util.function.BiFunction;
import java.util.function.Function;

import org.apache.kafka.common.KafkaFuture;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.test.simulation.SimulatedThread;
import io.kaffe.spring.test.simulation.Simulation;

/**
 * What woven code calls in place of what would stop the virtual machine's thread, or read
 * its clock; and in place of methods of maps that run functions under a lock, where no
 * other simulated thread may come between.
 */
public final class Points {

	private static final long LOOK_NANOS = 100_000;

	private Points() {
	}

	/**
	 * Call {@link Map#compute}.
	 * @param map the map
	 * @param key the key
	 * @param function the function
	 * @param <K> the type of keys
	 * @param <V> the type of values
	 * @return what the map returns
	 */
	public static <K, V> @Nullable V compute(Map<K, V> map, K key,
			BiFunction<? super K, ? super @Nullable V, ? extends @Nullable V> function) {
		Simulation.beginAtomic();
		try {
			return map.compute(key, function);
		}
		finally {
			Simulation.endAtomic();
		}
	}

	/**
	 * Call {@link Map#computeIfAbsent}.
	 * @param map the map
	 * @param key the key
	 * @param function the function
	 * @param <K> the type of keys
	 * @param <V> the type of values
	 * @return what the map returns
	 */
	public static <K, V> @Nullable V computeIfAbsent(Map<K, V> map, K key,
			Function<? super K, ? extends @Nullable V> function) {
		Simulation.beginAtomic();
		try {
			return map.computeIfAbsent(key, function);
		}
		finally {
			Simulation.endAtomic();
		}
	}

	/**
	 * Call {@link Map#computeIfPresent}.
	 * @param map the map
	 * @param key the key
	 * @param function the function
	 * @param <K> the type of keys
	 * @param <V> the type of values
	 * @return what the map returns
	 */
	public static <K, V> @Nullable V computeIfPresent(Map<K, V> map, K key,
			BiFunction<? super K, ? super V, ? extends @Nullable V> function) {
		Simulation.beginAtomic();
		try {
			return map.computeIfPresent(key, function);
		}
		finally {
			Simulation.endAtomic();
		}
	}

	/**
	 * Call {@link Map#merge}.
	 * @param map the map
	 * @param key the key
	 * @param value the value
	 * @param function the function
	 * @param <K> the type of keys
	 * @param <V> the type of values
	 * @return what the map returns
	 */
	public static <K, V> @Nullable V merge(Map<K, V> map, K key, V value,
			BiFunction<? super V, ? super V, ? extends @Nullable V> function) {
		Simulation.beginAtomic();
		try {
			return map.merge(key, value, function);
		}
		finally {
			Simulation.endAtomic();
		}
	}

	/**
	 * Call {@link Lock#lock()}; other simulated threads run while it is held by one.
	 * @param lock the lock
	 */
	public static void lock(Lock lock) {
		while (!lock.tryLock()) {
			simulation().elapse(LOOK_NANOS);
		}
	}

	/**
	 * Call {@link CountDownLatch#await(long, TimeUnit)} in simulated time.
	 * @param latch the latch
	 * @param time how long to wait
	 * @param unit of which unit
	 * @return whether the count is zero
	 */
	public static boolean await(CountDownLatch latch, long time, TimeUnit unit) {
		return simulation().await(() -> latch.getCount() == 0, unit.toNanos(time));
	}

	/**
	 * Call {@link KafkaFuture#get(long, TimeUnit)} in simulated time.
	 * @param future the future
	 * @param time how long to wait
	 * @param unit of which unit
	 * @param <T> the type of the answer
	 * @return the answer
	 * @throws ExecutionException what the future has failed with
	 * @throws InterruptedException if the calling thread is interrupted
	 * @throws TimeoutException if there is no answer in time
	 */
	public static <T> T get(KafkaFuture<T> future, long time, TimeUnit unit)
			throws ExecutionException, InterruptedException, TimeoutException {
		simulation().await(future::isDone, unit.toNanos(time));
		return future.get(0, unit);
	}

	/**
	 * Call {@link Thread#sleep(long)} in simulated time.
	 * @param millis how long
	 * @throws InterruptedException if the calling thread is interrupted
	 */
	public static void sleep(long millis) throws InterruptedException {
		simulation().sleep(TimeUnit.MILLISECONDS.toNanos(millis));
	}

	/**
	 * Let others run, for one of which the calling thread waits.
	 */
	public static void onSpinWait() {
		simulation().spin();
	}

	/**
	 * Return the time of day of the running process.
	 * @return milliseconds since the epoch
	 */
	public static long currentTimeMillis() {
		SimulatedThread running = simulation().running();
		return ((running != null) ? running.process().instant() : simulation().instant()).toEpochMilli();
	}

	private static Simulation simulation() {
		return Objects.requireNonNull(Simulation.present(), "No simulation is running");
	}

}
