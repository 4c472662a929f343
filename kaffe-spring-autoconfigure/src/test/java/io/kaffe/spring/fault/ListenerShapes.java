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

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaHandler;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.SendTo;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

import io.kaffe.spring.RecordHandler;

/**
 * The other shapes that the listener of an instance can have, by the property
 * {@code fault.shape}.
 */
@Configuration(proxyBeanMethods = false)
class ListenerShapes {

	private static final String TOPICS = "#{'${fault.topics}'.split(',')}";

	private static final String CONCURRENCY = "${fault.concurrency:1}";

	@Bean
	@ConditionalOnProperty(name = "fault.shape", havingValue = "payload")
	PayloadListener payloadListener(FaultHandler handler) {
		return new PayloadListener(handler);
	}

	@Bean
	@ConditionalOnProperty(name = "fault.shape", havingValue = "future")
	FutureListener futureListener(FaultHandler handler, ExecutorService asynchronous) {
		return new FutureListener(handler, asynchronous);
	}

	@Bean
	@ConditionalOnProperty(name = "fault.shape", havingValue = "mono")
	MonoListener monoListener(FaultHandler handler, ExecutorService asynchronous) {
		return new MonoListener(handler, Schedulers.fromExecutor(asynchronous));
	}

	@Bean
	@ConditionalOnProperty(name = "fault.shape", havingValue = "class")
	ClassListener classListener(FaultHandler handler) {
		return new ClassListener(handler);
	}

	@Bean
	@ConditionalOnProperty(name = "fault.shape", havingValue = "replying")
	ReplyingListener replyingListener(FaultHandler handler) {
		return new ReplyingListener(handler);
	}

	@Bean
	@ConditionalOnProperty(name = "fault.shape", havingValue = "declared")
	RecordHandler<String, String> declaredHandler(FaultHandler handler) {
		return handler::handle;
	}

	@Bean
	@ConditionalOnProperty(name = "fault.shape", havingValue = "filtered")
	FilteredListener filteredListener(FaultHandler handler) {
		return new FilteredListener(handler);
	}

	/**
	 * Drops every third record, which is all that is to be done about it.
	 */
	@Bean
	@ConditionalOnProperty(name = "fault.shape", havingValue = "filtered")
	RecordFilterStrategy<String, String> everyThird(Journal journal) {
		return (record) -> {
			if (record.offset() % 3 != 0) {
				return false;
			}
			journal.start(record, 1);
			journal.end(record, 1, Entry.HANDLED);
			return true;
		};
	}

	@Bean
	ExecutorService asynchronous() {
		return Executors.newFixedThreadPool(4, (task) -> {
			Thread thread = new Thread(task, "asynchronous");
			thread.setDaemon(true);
			return thread;
		});
	}

	private static ConsumerRecord<String, String> record(String value, String topic, int partition, long offset,
			@Nullable String key) {
		return new ConsumerRecord<>(topic, partition, offset, key, value);
	}

	/**
	 * Takes a payload and headers.
	 */
	static class PayloadListener {

		private final FaultHandler handler;

		PayloadListener(FaultHandler handler) {
			this.handler = handler;
		}

		@KafkaListener(id = FaultInstance.LISTENER, idIsGroup = false, topics = TOPICS, concurrency = CONCURRENCY)
		void handle(String value, @Header(KafkaHeaders.RECEIVED_TOPIC) String topic,
				@Header(KafkaHeaders.RECEIVED_PARTITION) int partition, @Header(KafkaHeaders.OFFSET) long offset,
				@Header(name = KafkaHeaders.RECEIVED_KEY, required = false) @Nullable String key) {
			this.handler.handle(record(value, topic, partition, offset, key));
		}

	}

	/**
	 * Returns a future.
	 */
	static class FutureListener {

		private final FaultHandler handler;

		private final ExecutorService executor;

		FutureListener(FaultHandler handler, ExecutorService executor) {
			this.handler = handler;
			this.executor = executor;
		}

		@KafkaListener(id = FaultInstance.LISTENER, idIsGroup = false, topics = TOPICS, concurrency = CONCURRENCY)
		CompletableFuture<Void> handle(ConsumerRecord<String, String> record) {
			return CompletableFuture.runAsync(() -> this.handler.handle(record), this.executor);
		}

	}

	/**
	 * Returns a {@code Mono}.
	 */
	static class MonoListener {

		private final FaultHandler handler;

		private final Scheduler scheduler;

		MonoListener(FaultHandler handler, Scheduler scheduler) {
			this.handler = handler;
			this.scheduler = scheduler;
		}

		@KafkaListener(id = FaultInstance.LISTENER, idIsGroup = false, topics = TOPICS, concurrency = CONCURRENCY)
		Mono<Void> handle(ConsumerRecord<String, String> record) {
			return Mono.<Void>fromRunnable(() -> this.handler.handle(record)).subscribeOn(this.scheduler);
		}

	}

	/**
	 * Has a handler for each type of payload.
	 */
	@KafkaListener(id = FaultInstance.LISTENER, idIsGroup = false, topics = TOPICS, concurrency = CONCURRENCY)
	static class ClassListener {

		private final FaultHandler handler;

		ClassListener(FaultHandler handler) {
			this.handler = handler;
		}

		@KafkaHandler
		void handle(String value, @Header(KafkaHeaders.RECEIVED_TOPIC) String topic,
				@Header(KafkaHeaders.RECEIVED_PARTITION) int partition, @Header(KafkaHeaders.OFFSET) long offset,
				@Header(name = KafkaHeaders.RECEIVED_KEY, required = false) @Nullable String key) {
			this.handler.handle(record(value, topic, partition, offset, key));
		}

		@KafkaHandler
		void handle(Integer value) {
			throw new IllegalStateException("There are no numbers");
		}

	}

	/**
	 * Sends a reply.
	 */
	static class ReplyingListener {

		private final FaultHandler handler;

		ReplyingListener(FaultHandler handler) {
			this.handler = handler;
		}

		@KafkaListener(id = FaultInstance.LISTENER, idIsGroup = false, topics = TOPICS, concurrency = CONCURRENCY)
		@SendTo("${fault.replies}")
		String handle(ConsumerRecord<String, String> record) {
			this.handler.handle(record);
			return record.value();
		}

	}

	/**
	 * Handles what the filter leaves.
	 */
	static class FilteredListener {

		private final FaultHandler handler;

		FilteredListener(FaultHandler handler) {
			this.handler = handler;
		}

		@KafkaListener(id = FaultInstance.LISTENER, idIsGroup = false, topics = TOPICS, concurrency = CONCURRENCY,
				filter = "everyThird")
		void handle(ConsumerRecord<String, String> record) {
			this.handler.handle(record);
		}

	}

}
