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

package io.kaffe.spring.fault;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.context.LifecycleAutoConfiguration;
import org.springframework.boot.autoconfigure.context.PropertyPlaceholderAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.kafka.autoconfigure.DefaultKafkaConsumerFactoryCustomizer;
import org.springframework.boot.kafka.autoconfigure.DefaultKafkaProducerFactoryCustomizer;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.ConsumerAwareRebalanceListener;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.support.Acknowledgment;

import io.kaffe.spring.autoconfigure.KaffeAutoConfiguration;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.fault.Entry.Kind;

/**
 * A service with one listener that keeps a journal, in this process or as the main class
 * of one of its own.
 * <p>
 * <b>Threading.</b> Used by the thread of a test.
 */
public final class FaultInstance implements AutoCloseable {

	static final String LISTENER = "fault";

	private final String name;

	private final ConfigurableApplicationContext context;

	private final FaultHandler handler;

	private FaultInstance(String name, ConfigurableApplicationContext context) {
		this.name = name;
		this.context = context;
		this.handler = context.getBean(FaultHandler.class);
	}

	/**
	 * Run in a process of its own, which ends with the one that started it.
	 * @param args Spring properties
	 */
	public static void main(String[] args) {
		ProcessHandle.current()
			.parent()
			.ifPresent((parent) -> parent.onExit().thenRun(() -> Runtime.getRuntime().halt(1)));
		builder().run(args);
	}

	static FaultInstance start(InstanceSettings settings) {
		return new FaultInstance(settings.name(),
				builder().registerShutdownHook(false).run(settings.arguments().toArray(String[]::new)));
	}

	private static SpringApplicationBuilder builder() {
		return new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
			.properties("spring.main.banner-mode=off", "spring.jmx.enabled=false", "spring.main.keep-alive=true");
	}

	String name() {
		return this.name;
	}

	FaultHandler handler() {
		return this.handler;
	}

	/**
	 * Keep one consumer thread of this instance from polling for a while.
	 */
	void stallPolling(Duration time) {
		this.context.getBean(Application.class).stall.set(time);
	}

	/**
	 * Let some of the commits of this instance fail from now on.
	 * @param failingPerCent how many; 0 to let all succeed again
	 */
	void failCommits(int failingPerCent) {
		this.context.getBean(Application.class).failingCommits.set(failingPerCent);
	}

	MessageListenerContainer container() {
		return Objects
			.requireNonNull(this.context.getBean(KafkaListenerEndpointRegistry.class).getListenerContainer(LISTENER));
	}

	@Override
	public void close() {
		this.context.close();
	}

	@Override
	public String toString() {
		return this.name;
	}

	/**
	 * The service. It names what it needs, which halves the time of its start.
	 */
	@SpringBootConfiguration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ PropertyPlaceholderAutoConfiguration.class, LifecycleAutoConfiguration.class,
			KafkaAutoConfiguration.class, KaffeAutoConfiguration.class })
	@Import({ Booking.class, ListenerShapes.class })
	static class Application {

		private final AtomicReference<Duration> stall = new AtomicReference<>(Duration.ZERO);

		private final AtomicInteger failingCommits = new AtomicInteger();

		@Bean(destroyMethod = "")
		Journal journal(@Value("${fault.directory}") Path directory, @Value("${fault.instance}") String instance) {
			return Journal.open(directory, instance);
		}

		@Bean
		FaultHandler handler(Journal journal, @Value("${fault.seed}") long seed,
				@Value("${fault.slowness:1}") int slowness, @Value("${fault.stalled-offset:-1}") long stalled) {
			return new FaultHandler(journal, seed, slowness, stalled);
		}

		@Bean
		@ConditionalOnExpression("!${fault.acknowledging:false} and !${fault.batches:false} and '${fault.shape:record}' == 'record'")
		Listener listener(FaultHandler handler) {
			return new Listener(handler);
		}

		@Bean
		@ConditionalOnBooleanProperty("fault.acknowledging")
		AcknowledgingListener acknowledgingListener(FaultHandler handler) {
			return new AcknowledgingListener(handler);
		}

		@Bean
		@ConditionalOnBooleanProperty("fault.batches")
		BatchListener batchListener(FaultHandler handler) {
			return new BatchListener(handler);
		}

		@Bean
		@ConditionalOnProperty("fault.results")
		ApplicationRunner results(FaultHandler handler, KafkaTemplate<String, String> template,
				@Value("${fault.results}") String topic) {
			handler.effect((record) -> template.send(topic, record.key(), Results.of(record)));
			return (arguments) -> {
			};
		}

		@Bean
		@ConditionalOnProperty("fault.stopping.call")
		DefaultKafkaProducerFactoryCustomizer stoppingProducers(Journal journal,
				@Value("${fault.stopping.call}") String call, @Value("${fault.stopping.before}") int before) {
			StoppingProducers producers = new StoppingProducers(journal, call, before);
			return (factory) -> factory.addPostProcessor(producers::wrap);
		}

		@Bean
		@ConditionalOnBooleanProperty("fault.blocked")
		MemoryReport memoryReport(@Value("${fault.directory}") Path directory,
				@Value("${fault.instance}") String instance, DefaultWorkerManager workers, FaultHandler handler) {
			handler.hang(Integer.MAX_VALUE);
			return new MemoryReport(directory, instance, workers);
		}

		@Bean
		DefaultKafkaConsumerFactoryCustomizer journallingConsumers(Journal journal, @Value("${fault.seed}") long seed) {
			return (factory) -> journal(factory, journal, new Random(seed));
		}

		private <K, V> void journal(DefaultKafkaConsumerFactory<K, V> factory, Journal journal, Random seeds) {
			factory.addPostProcessor((consumer) -> JournallingConsumer.wrap(consumer, journal, this.stall,
					this.failingCommits, seeds.nextLong()));
		}

		@Bean
		ConsumerAwareRebalanceListener rebalanceListener(Journal journal) {
			return new JournallingRebalanceListener(journal);
		}

	}

	/**
	 * Handles records.
	 */
	static class Listener {

		private final FaultHandler handler;

		Listener(FaultHandler handler) {
			this.handler = handler;
		}

		@KafkaListener(id = LISTENER, idIsGroup = false, topics = "#{'${fault.topics}'.split(',')}",
				concurrency = "${fault.concurrency:1}")
		void handle(ConsumerRecord<String, String> record) {
			this.handler.handle(record);
		}

	}

	/**
	 * Handles records and leaves it to acknowledgments to complete them.
	 */
	static class AcknowledgingListener {

		private final FaultHandler handler;

		AcknowledgingListener(FaultHandler handler) {
			this.handler = handler;
		}

		@KafkaListener(id = LISTENER, idIsGroup = false, topics = "#{'${fault.topics}'.split(',')}",
				concurrency = "${fault.concurrency:1}")
		void handle(ConsumerRecord<String, String> record, Acknowledgment acknowledgment) {
			this.handler.handle(record, acknowledgment);
		}

	}

	/**
	 * Handles the records of a batch one after the other.
	 */
	static class BatchListener {

		private final FaultHandler handler;

		BatchListener(FaultHandler handler) {
			this.handler = handler;
		}

		@KafkaListener(id = LISTENER, idIsGroup = false, topics = "#{'${fault.topics}'.split(',')}",
				concurrency = "${fault.concurrency:1}", batch = "true")
		void handle(List<ConsumerRecord<String, String>> records) {
			for (ConsumerRecord<String, String> record : records) {
				try {
					this.handler.handle(record);
				}
				catch (IllegalStateException ex) {
					throw new BatchListenerFailedException("Stopping here", ex, record);
				}
			}
		}

	}

	/**
	 * Writes down which partitions come and go.
	 */
	static class JournallingRebalanceListener implements ConsumerAwareRebalanceListener {

		private final Journal journal;

		JournallingRebalanceListener(Journal journal) {
			this.journal = journal;
		}

		@Override
		public void onPartitionsAssigned(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
			write(Kind.ASSIGNED, consumer, partitions);
		}

		@Override
		public void onPartitionsRevokedBeforeCommit(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
			write(Kind.DRAINED, consumer, partitions);
		}

		@Override
		public void onPartitionsRevokedAfterCommit(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
			write(Kind.REVOKED, consumer, partitions);
		}

		@Override
		public void onPartitionsLost(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
			write(Kind.LOST, consumer, partitions);
		}

		private void write(Kind kind, Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
			String name = JournallingConsumer.nameOf(consumer);
			partitions.forEach((partition) -> this.journal.assignment(kind, name, partition));
		}

	}

}
