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

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.kafka.annotation.KafkaListener;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.event.RecordsLostEvent;
import io.kaffe.spring.event.RetentionWarningEvent;
import io.kaffe.spring.table.ConsumerProblem;
import io.kaffe.spring.table.PartitionSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for unfinished records that their log is about to delete, and for those that it
 * has deleted.
 */
@ExtendWith(OutputCaptureExtension.class)
class RetentionIntegrationTests {

	@Test
	void parkedRecordThatItsLogIsAboutToDeleteNeedsAttentionUntilItIsSkipped(CapturedOutput output) throws Exception {
		try (ListenerApplication application = application("worker-per-topic-partition")) {
			retain(application, Duration.ofHours(2));
			Instant sent = Instant.now().minusSeconds(600);
			ListenerApplication.send(IntStream.range(0, 3)
				.mapToObj((number) -> new ProducerRecord<>(application.topic("orders"), 0, sent.toEpochMilli(), "key",
						Integer.toString(number)))
				.toList());
			ConfigurableApplicationContext context = application.start("--test.failing=1");
			Orders orders = context.getBean(Orders.class);
			Instant due = Instant.ofEpochMilli(sent.toEpochMilli()).plus(Duration.ofHours(2));
			await("it is published").untilAsserted(() -> assertThat(orders.events)
				.containsExactly(new RetentionWarningEvent("orders", application.topic("orders"), 0, 1, due)));
			assertThat(partition(application, context).deletionExpected())
				.isEqualTo(new PartitionSnapshot.DeletionExpected(1, due));
			assertThat(context.getBean(DefaultWorkerManager.class).problems("orders"))
				.filteredOn((problem) -> problem.kind() == ConsumerProblem.Kind.RETENTION)
				.singleElement()
				.satisfies((problem) -> {
					assertThat(problem.message()).isEqualTo("retention: " + application.topic("orders")
							+ "-0@1 is unfinished and is expected to be deleted from " + due + " on");
					assertThat(problem.meansDown()).isFalse();
				});
			context.getBean(KaffeConsumers.class).skip("orders", partition(application), 1);
			await("it is over").untilAsserted(() -> {
				assertThat(partition(application, context).deletionExpected()).isNull();
				assertThat(context.getBean(DefaultWorkerManager.class).problems("orders")).isEmpty();
			});
			assertThat(output).containsOnlyOnce("Consumer 'orders': " + application.topic("orders")
					+ "-0@1 is unfinished and is expected to be deleted by the log's retention at " + due);
			assertThat(orders.events).hasSize(1);
		}
	}

	@Test
	void recordsThatAreDeletedWhileTheConsumerIsStoppedAreLost(CapturedOutput output) throws Exception {
		try (ListenerApplication application = application("worker-per-record")) {
			application.send("orders", 0, 0, 10);
			ConfigurableApplicationContext context = application.start("--test.failing=3,6");
			await("all others are handled").until(() -> context.getBean(Orders.class).handled.size() == 8);
			context.close();
			delete(application, 8);
			application.send("orders", 0, 10, 15);
			ConfigurableApplicationContext next = application.start();
			Orders orders = next.getBean(Orders.class);
			await("it is published").untilAsserted(() -> assertThat(orders.events)
				.containsExactly(new RecordsLostEvent("orders", application.topic("orders"), 0, 3, 6, 2)));
			await("the consumer goes on").until(() -> Objects.equals(application.committed("orders", 0), 15L));
			assertThat(orders.handled).extracting(ConsumerRecord::offset)
				.containsExactlyInAnyOrder(10L, 11L, 12L, 13L, 14L);
			assertThat(ListenerApplication.table(next, "orders").counters().lost()).isEqualTo(2);
			assertThat(output).containsOnlyOnce("Consumer 'orders' has lost records: " + partition(application)
					+ " from offset 3 to 6 (2 unfinished offsets) were deleted before they were handled, as its log "
					+ "begins at 8");
		}
	}

	@Test
	void logThatIsEmptiedWhileTheConsumerIsStoppedIsALoss() throws Exception {
		try (ListenerApplication application = application("worker-per-topic-partition")) {
			application.send("orders", 0, 0, 5);
			ConfigurableApplicationContext context = application.start("--test.failing=3");
			await("it is parked").untilAsserted(() -> assertThat(partition(application, context).parked()).isOne());
			context.close();
			application.send("orders", 0, 5, 10);
			delete(application, 10);
			ConfigurableApplicationContext next = application.start();
			Orders orders = next.getBean(Orders.class);
			await("it is published").untilAsserted(() -> assertThat(orders.events)
				.containsExactly(new RecordsLostEvent("orders", application.topic("orders"), 0, 3, 9, 7)));
			await("the consumer goes on").until(() -> Objects.equals(application.committed("orders", 0), 10L));
		}
	}

	@Test
	void recordsThatAreDeletedWhileTheyAreEvictedAreLost() throws Exception {
		try (ListenerApplication application = application("worker-per-key").with("kaffe.buffer.max-records", 500)) {
			ListenerApplication.send(IntStream.range(0, 4000)
				.mapToObj((number) -> new ProducerRecord<>(application.topic("orders"), 0, "key-" + number % 10,
						Integer.toString(number)))
				.toList());
			ConfigurableApplicationContext context = application.start("--test.failing=7");
			Orders orders = context.getBean(Orders.class);
			await("all others are handled").until(() -> orders.handled.size() == 3600);
			delete(application, 3000);
			orders.failing.clear();
			context.getBean(KaffeConsumers.class).retry("orders", partition(application), 7);
			await("the consumer goes on").until(() -> Objects.equals(application.committed("orders", 0), 4000L));
			await("it is published").until(() -> orders.events.size() == 1);
			RecordsLostEvent lost = (RecordsLostEvent) orders.events.element();
			assertThat(lost.lastOffset()).isEqualTo(2999);
			List<Long> handled = orders.handled.stream()
				.map(ConsumerRecord::offset)
				.filter((offset) -> offset % 10 == 7)
				.toList();
			assertThat(handled).isNotEmpty()
				.containsExactlyElementsOf(IntStream.range(0, 4000)
					.filter((offset) -> offset % 10 == 7 && (offset < lost.firstOffset() || offset >= 3000))
					.mapToObj((offset) -> (long) offset)
					.toList());
			assertThat(lost.count()).as("at most as many").isBetween(400L - handled.size(), 400L);
			assertThat(ListenerApplication.table(context, "orders").counters().lost()).isEqualTo(lost.count());
		}
	}

	private static ListenerApplication application(String strategy) {
		return ListenerApplication.of(Orders.class)
			.with("kaffe.consumers.orders.worker-allocation-strategy", strategy)
			.with("kaffe.failure.max-attempts", 1)
			.with("kaffe.lag.interval", "200ms")
			.topic("orders", 1);
	}

	private static TopicPartition partition(ListenerApplication application) {
		return new TopicPartition(application.topic("orders"), 0);
	}

	private static PartitionSnapshot partition(ListenerApplication application,
			ConfigurableApplicationContext context) {
		return application.partition(context, "orders", "orders", 0);
	}

	private static void retain(ListenerApplication application, Duration duration) throws Exception {
		try (Admin admin = application.admin()) {
			ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, application.topic("orders"));
			admin.incrementalAlterConfigs(Map.of(topic,
					Set.of(new AlterConfigOp(new ConfigEntry("retention.ms", Long.toString(duration.toMillis())),
							AlterConfigOp.OpType.SET))))
				.all()
				.get();
		}
	}

	private static void delete(ListenerApplication application, long before) throws Exception {
		try (Admin admin = application.admin()) {
			admin.deleteRecords(Map.of(partition(application), RecordsToDelete.beforeOffset(before))).all().get();
		}
	}

	/**
	 * Fails at some offsets, and notes events.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Orders {

		final Queue<ConsumerRecord<String, String>> handled = new ConcurrentLinkedQueue<>();

		final Queue<Object> events = new ConcurrentLinkedQueue<>();

		final Set<Long> failing = ConcurrentHashMap.newKeySet();

		@Autowired
		void failing(@Value("${test.failing:}") List<Long> failing) {
			this.failing.addAll(failing);
		}

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders-${test.id}")
		void handle(ConsumerRecord<String, String> record) {
			if (this.failing.contains(record.offset())) {
				throw new IllegalStateException("On purpose");
			}
			this.handled.add(record);
		}

		@EventListener({ RecordsLostEvent.class, RetentionWarningEvent.class })
		void on(Object event) {
			this.events.add(event);
		}

	}

}
