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

import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.handler.annotation.Header;

import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.table.WorkerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what listeners, interceptors and customizers of a user meet on workers.
 */
class ListenerShapesIntegrationTests {

	@Test
	void recordsAreCompletedWhenTheListenerAcknowledgesThemInAnyOrder() {
		try (ListenerApplication application = ListenerApplication.of(Acknowledging.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=",
					"--kaffe.commit.interval=50ms", "--kaffe.drain-timeout=200ms",
					"--spring.kafka.listener.ack-mode=manual", "--spring.kafka.listener.async-acks=true");
			List<Acknowledgment> acknowledgments = context.getBean(Acknowledging.class).acknowledgments;
			await("all are delivered").until(() -> acknowledgments.size() == 10);
			acknowledgments.get(1).acknowledge();
			acknowledgments.get(2).acknowledge();
			acknowledgments.get(5).acknowledge();
			await("they are complete").untilAsserted(
					() -> assertThat(application.partition(context, "orders", "orders", 0).offsets().completedAhead())
						.isEqualTo(3));
			acknowledgments.get(0).acknowledge();
			acknowledgments.get(0).acknowledge();
			await("the contiguous ones are committed")
				.until(() -> Long.valueOf(3).equals(application.committed("orders", 0)));
			assertThat(application.partition(context, "orders", "orders", 0).oldestUnfinished()).isNotNull()
				.satisfies((oldest) -> assertThat(oldest.offset()).isEqualTo(3));
			ListenerApplication.container(context, "orders").stop();
			assertThat(application.committed("orders", 0)).isEqualTo(3);
		}
	}

	@Test
	void interceptorIsCalledAroundEachDeliveryOnTheWorker() {
		try (ListenerApplication application = ListenerApplication.of(Intercepted.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 3);
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=");
			Queue<String> calls = context.getBean(Intercepted.class).calls;
			await("all are committed").until(() -> Long.valueOf(3).equals(application.committed("orders", 0)));
			assertThat(calls).containsExactly("setup", "intercept 0", "handle 0", "success 0", "after 0", "clear",
					"setup", "intercept 1", "success 1", "after 1", "clear", "setup", "intercept 2", "handle 2",
					"success 2", "after 2", "clear");
			assertThat(context.getBean(Intercepted.class).threads).allMatch((name) -> name.startsWith("kaffe-"));
		}
	}

	@Test
	void consumerThatListenersAreGivenAnswersWhatIsKnownAndExplainsTheRest() {
		try (ListenerApplication application = ListenerApplication.of(ConsumerAware.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 1);
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=");
			Queue<String> refusals = context.getBean(ConsumerAware.class).refusals;
			await("it is handled").until(() -> refusals.size() == 1);
			assertThat(refusals).containsExactly("Consumer.commitSync() was called on a worker of 'orders': "
					+ "a Kafka consumer may be used by the thread that polls it only");
			String topic = application.topic("orders");
			assertThat(context.getBean(ConsumerAware.class).answers)
				.containsExactly(Set.of(new TopicPartition(topic, 0)), Set.of(topic), application.group());
		}
	}

	@Test
	void listenerThatNamesTheFactoryHasWorkersWithoutFurtherConfiguration() {
		try (ListenerApplication application = ListenerApplication.of(NamesTheFactory.class).topic("orders", 2)) {
			application.send("orders", 0, 0, 5);
			ConfigurableApplicationContext context = application
				.start("--kaffe.worker-allocation-strategy=worker-per-partition");
			await("all are committed").until(() -> Long.valueOf(5).equals(application.committed("orders", 0)));
			assertThat(ListenerApplication.table(context, "shipping").workers()).extracting(WorkerSnapshot::name)
				.containsExactly("worker_0", "worker_1");
			assertThat(context.getBean(DefaultWorkerManager.class).table().consumers()).containsOnlyKeys("shipping");
			assertThat(context.getBean(NamesTheFactory.class).handled).contains("0 of group " + application.group());
		}
	}

	@Test
	void unnamedListenersHaveWorkersIfAllAreAdopted() {
		try (ListenerApplication application = ListenerApplication.of(ConsumerAware.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 1);
			ConfigurableApplicationContext context = application.start("--kaffe.adopt=all");
			await("it is committed").until(() -> Long.valueOf(1).equals(application.committed("orders", 0)));
			assertThat(ListenerApplication.table(context, "orders").workers())
				.extracting((snapshot) -> snapshot.counters().handled())
				.containsExactly(1L);
		}
	}

	@Test
	void containerCustomizerOfTheUserIsApplied() {
		try (ListenerApplication application = ListenerApplication.of(Customized.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 1);
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=");
			await("it is committed").until(() -> Long.valueOf(1).equals(application.committed("orders", 0)));
			assertThat(ListenerApplication.container(context, "orders").getContainerProperties().getClientId())
				.isEqualTo("customized");
		}
	}

	@Test
	void filteredRecordsAreCompleted() {
		try (ListenerApplication application = ListenerApplication.of(Customized.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 4);
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=");
			await("all are committed").until(() -> Long.valueOf(4).equals(application.committed("orders", 0)));
			assertThat(context.getBean(Customized.class).handled).containsExactly("0", "2");
		}
	}

	@Test
	void recordsThatAnAcknowledgingListenerFiltersAreCompletedToo() {
		try (ListenerApplication application = ListenerApplication.of(AcknowledgingFiltered.class).topic("orders", 1)) {
			application.send("orders", 0, 0, 4);
			ConfigurableApplicationContext context = application.start("--kaffe.consumers.orders=",
					"--kaffe.commit.interval=50ms", "--spring.kafka.listener.ack-mode=manual");
			List<Acknowledgment> acknowledgments = context.getBean(AcknowledgingFiltered.class).acknowledgments;
			await("those that pass are delivered").until(() -> acknowledgments.size() == 2);
			acknowledgments.forEach(Acknowledgment::acknowledge);
			await("all are committed").until(() -> Long.valueOf(4).equals(application.committed("orders", 0)));
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class Acknowledging {

		final List<Acknowledgment> acknowledgments = new CopyOnWriteArrayList<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(String value, Acknowledgment acknowledgment) {
			this.acknowledgments.add(acknowledgment);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Intercepted {

		final Queue<String> calls = new ConcurrentLinkedQueue<>();

		final Queue<String> threads = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(String value) {
			this.calls.add("handle " + value);
		}

		@Bean
		RecordInterceptor<Object, Object> interceptor() {
			Intercepted intercepted = this;
			return new RecordInterceptor<>() {

				@Override
				public void setupThreadState(Consumer<?, ?> consumer) {
					call("setup");
				}

				@Override
				public @Nullable ConsumerRecord<Object, Object> intercept(ConsumerRecord<Object, Object> record,
						Consumer<Object, Object> consumer) {
					call("intercept " + record.value());
					return record.value().equals("1") ? null : record;
				}

				@Override
				public void success(ConsumerRecord<Object, Object> record, Consumer<Object, Object> consumer) {
					call("success " + record.value());
					throw new AssertionError("What an interceptor throws afterwards changes nothing");
				}

				@Override
				public void afterRecord(ConsumerRecord<Object, Object> record, Consumer<Object, Object> consumer) {
					call("after " + record.value());
				}

				@Override
				public void clearThreadState(Consumer<?, ?> consumer) {
					call("clear");
				}

				private void call(String what) {
					intercepted.calls.add(what);
					intercepted.threads.add(Thread.currentThread().getName());
				}

			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ConsumerAware {

		final Queue<String> refusals = new ConcurrentLinkedQueue<>();

		final Queue<Object> answers = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(String value, Consumer<?, ?> consumer) {
			ConsumerGroupMetadata membership = consumer.groupMetadata();
			this.answers.addAll(List.of(consumer.assignment(), consumer.subscription(), membership.groupId()));
			assertThat(membership.generationId()).isPositive();
			assertThat(membership.memberId()).isNotEmpty();
			try {
				consumer.commitSync();
			}
			catch (IllegalStateException ex) {
				this.refusals.add(String.valueOf(ex.getMessage()));
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class NamesTheFactory {

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "shipping", idIsGroup = false, topics = "orders-${test.id}",
				containerFactory = "kaffeListenerContainerFactory")
		void handle(String value, @Header(KafkaHeaders.GROUP_ID) String group) {
			this.handled.add(value + " of group " + group);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class AcknowledgingFiltered extends Acknowledging {

		@Bean
		static RecordFilterStrategy<Object, Object> odd() {
			return Customized.odd();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Customized {

		final Queue<String> handled = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(String value) {
			this.handled.add(value);
		}

		@Bean
		static RecordFilterStrategy<Object, Object> odd() {
			return (record) -> Integer.parseInt(record.value().toString()) % 2 == 1;
		}

		@Bean
		static ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> customizer() {
			return (container) -> container.getContainerProperties().setClientId("customized");
		}

	}

}
