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

import java.lang.reflect.Field;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;

import io.micrometer.observation.ObservationRegistry;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.util.ReflectionUtils;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.engine.delivery.OnceStore;
import io.kaffe.spring.engine.worker.ConsumerObserver;
import io.kaffe.spring.engine.worker.ConsumerWorkers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.ConsumerSnapshot;

/**
 * The engine as an instance of a service has it, around one real listener container, and
 * a view of what it keeps.
 * <p>
 * <b>Threading.</b> As that of what it consists of.
 */
public final class EngineInstance {

	private final String name;

	private static final Field RUN_QUEUE = field(ConsumerWorkers.class, "runQueue");

	private static final Field PERMITS = field(RUN_QUEUE.getType(), "permits");

	private final WorkerContainers containers = new WorkerContainers();

	private final EndOffsets ends;

	private final DefaultWorkerManager manager;

	private final WorkerContainer adopted;

	private final ConcurrentMessageListenerContainer<Object, Object> container;

	/**
	 * Give a container workers.
	 * @param name the consumer's name
	 * @param runtime what workers run on
	 * @param container the container, with its listener
	 * @param settings how the consumer works
	 * @param clients makes clients other than those of the container
	 * @param observer is notified of what happens to the consumer
	 * @param store notes which records are handled; {@code null}: they are handled at
	 * least once
	 */
	public EngineInstance(String name, WorkerRuntime runtime,
			ConcurrentMessageListenerContainer<Object, Object> container, ConsumerSettings settings, Clients clients,
			ConsumerObserver observer, @Nullable OnceStore store) {
		this.name = name;
		this.container = container;
		this.ends = new EndOffsets(this.containers, (configuration) -> clients.admin().get(), clients.lagInterval(),
				clients.lagScheduler(), runtime.ticker());
		this.manager = new DefaultWorkerManager(runtime, List.of(this.ends, observer));
		new ContainerAdopter(this.manager, this.containers, runtime, ObservationRegistry.NOOP,
				new KafkaClients(clients.byteConsumers(), (configuration) -> clients.admin().get()))
			.adopt(name, container, settings, store);
		this.adopted = this.containers.all().iterator().next();
	}

	/**
	 * Start the container.
	 */
	public void start() {
		this.ends.start();
		this.container.start();
	}

	/**
	 * Stop asking where logs begin and end.
	 */
	public void stopAsking() {
		this.ends.stop();
	}

	/**
	 * Return the operations of the consumer.
	 * @return its operations
	 */
	public KaffeConsumers operations() {
		return this.containers;
	}

	/**
	 * Return the container.
	 * @return the container
	 */
	public ConcurrentMessageListenerContainer<Object, Object> container() {
		return this.container;
	}

	/**
	 * Restart the container no more, as when the application's context is being closed.
	 */
	public void contextCloses() {
		this.adopted.supervision().stayDown();
	}

	/**
	 * Return what the table says of the consumer.
	 * @return a snapshot
	 */
	public @Nullable ConsumerSnapshot table() {
		return this.manager.table(this.name);
	}

	/**
	 * Return the outage that the consumer takes failures for.
	 * @return the outage, or {@code null} if there is none
	 */
	public ConsumerSnapshot.@Nullable Outage outage() {
		return this.adopted.context().delivery().outages().snapshot();
	}

	/**
	 * Return how many records are buffered.
	 * @return their number
	 */
	public int buffered() {
		return (int) this.adopted.context().buffer().buffered().records();
	}

	/**
	 * Return how many partitions are assigned.
	 * @return their number
	 */
	public int assignments() {
		return this.adopted.assignments().size();
	}

	/**
	 * Return how often the engine contained an exception of its own.
	 * @return the number
	 */
	public long internalErrors() {
		return this.adopted.context().internalErrors().count();
	}

	/**
	 * Return what is left although nothing is to be done any more.
	 * @return what is left, by name; empty if nothing is
	 */
	public List<String> leftovers() {
		List<String> left = new ArrayList<>();
		note(left, "buffered records", buffered());
		note(left, "buffered bytes", this.adopted.context().buffer().buffered().bytes());
		note(left, "in flight", this.adopted.context().workers().inFlight());
		note(left, "permits", permits());
		note(left, "failing records", this.adopted.context().delivery().failures().all().size());
		note(left, "detached records", this.adopted.context().delivery().detachedRecords().stream().count());
		return left;
	}

	/**
	 * Return how many handlers are at work, or taken for it, as the limit of concurrency
	 * counts them.
	 */
	private int permits() {
		try {
			return ((AtomicInteger) PERMITS.get(RUN_QUEUE.get(this.adopted.context().workers()))).get();
		}
		catch (IllegalAccessException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static Field field(Class<?> type, String name) {
		Field field = Objects.requireNonNull(ReflectionUtils.findField(type, name));
		field.setAccessible(true);
		return field;
	}

	private static void note(List<String> left, String what, long count) {
		if (count != 0) {
			left.add(count + " " + what);
		}
	}

	/**
	 * Clients of an instance, other than those of its container.
	 *
	 * @param byteConsumers makes consumers for bytes
	 * @param admin makes admin clients
	 * @param lagInterval how often it is asked where logs begin and end; zero: never
	 * @param lagScheduler asks
	 */
	public record Clients(Function<Map<String, Object>, Consumer<byte[], byte[]>> byteConsumers, Supplier<Admin> admin,
			Duration lagInterval, TaskScheduler lagScheduler) {
	}

}
