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

package io.kaffe.spring.architecture;

import java.time.Clock;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.Timer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionService;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Exchanger;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.Phaser;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaConstructor;
import org.springframework.scheduling.TaskScheduler;

/**
 * Calls, also by way of a method reference, that read a clock, make a thread wait or
 * create threads.
 */
final class WaitingCalls extends DescribedPredicate<JavaAccess<?>> {

	/** Of which every method, and every method of their subtypes, is one. */
	private static final List<Class<?>> TYPES = List.of(LockSupport.class, Executors.class, ForkJoinPool.class,
			Timer.class, CountDownLatch.class, CyclicBarrier.class, Phaser.class, Semaphore.class, Exchanger.class,
			Condition.class, CompletionService.class);

	private static final Map<Class<?>, Set<String>> METHODS = Map.of(Object.class, Set.of("wait"), Thread.class,
			Set.of("start", "sleep", "join", "yield", "ofVirtual", "ofPlatform", "startVirtualThread"),
			BlockingQueue.class, Set.of("take", "put"), Future.class, Set.of("get", "join"), ExecutorService.class,
			Set.of("awaitTermination", "invokeAll", "invokeAny", "close"), CompletableFuture.class,
			Set.of("orTimeout", "completeOnTimeout", "delayedExecutor"), TimeUnit.class,
			Set.of("sleep", "timedJoin", "timedWait"), System.class, Set.of("nanoTime", "currentTimeMillis"),
			Clock.class,
			Set.of("system", "systemUTC", "systemDefaultZone", "tickMillis", "tickSeconds", "tickMinutes"));

	/** Of which every constructor, and every constructor of their subtypes, is one. */
	private static final List<Class<?>> CREATED = List.of(Thread.class, Executor.class, ThreadFactory.class,
			TaskScheduler.class);

	WaitingCalls() {
		super("the call reads a clock, waits or creates a thread");
	}

	@Override
	public boolean test(JavaAccess<?> access) {
		return access.getTarget() instanceof AccessTarget.CodeUnitAccessTarget target && isWaiting(target);
	}

	private static boolean isWaiting(AccessTarget.CodeUnitAccessTarget target) {
		JavaClass owner = target.getOwner();
		String name = target.getName();
		return TYPES.stream().anyMatch(owner::isAssignableTo)
				|| METHODS.entrySet()
					.stream()
					.anyMatch((entry) -> owner.isAssignableTo(entry.getKey()) && entry.getValue().contains(name))
				|| (name.equals(JavaConstructor.CONSTRUCTOR_NAME) && creates(owner, target))
				|| (owner.isAssignableTo(BlockingQueue.class) && takes(target, TimeUnit.class))
				|| (owner.isAssignableTo(CompletableFuture.class) && name.endsWith("Async")
						&& !takes(target, Executor.class))
				|| (owner.getPackageName().startsWith("java.time") && name.equals("now")
						&& !takes(target, Clock.class));
	}

	private static boolean creates(JavaClass owner, AccessTarget.CodeUnitAccessTarget target) {
		return CREATED.stream().anyMatch(owner::isAssignableTo)
				|| (owner.isEquivalentTo(Date.class) && target.getRawParameterTypes().isEmpty());
	}

	private static boolean takes(AccessTarget.CodeUnitAccessTarget target, Class<?> parameter) {
		return target.getRawParameterTypes().stream().anyMatch((type) -> type.isAssignableTo(parameter));
	}

}
