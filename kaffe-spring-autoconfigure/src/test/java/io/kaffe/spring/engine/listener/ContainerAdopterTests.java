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

import java.beans.FeatureDescriptor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;

import io.micrometer.observation.ObservationRegistry;
import org.aopalliance.intercept.MethodInterceptor;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.beans.BeanWrapper;
import org.springframework.beans.PropertyAccessorFactory;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.AcknowledgingMessageListener;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ContainerProperties.AckMode;
import org.springframework.kafka.listener.ContainerProperties.AssignmentCommitOption;
import org.springframework.kafka.listener.DelegatingMessageListener;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.listener.adapter.AsyncRepliesAware;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.util.backoff.FixedBackOff;

import io.kaffe.spring.engine.delivery.BatchDelivery;
import io.kaffe.spring.engine.delivery.FailureAction;
import io.kaffe.spring.engine.delivery.FailurePolicy;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.RestartHistory;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.WorkerOwner;
import io.kaffe.spring.engine.worker.WorkerRuntime;
import io.kaffe.spring.table.ConsumerProblem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link ContainerAdopter}, with containers that are not started.
 */
@ExtendWith(OutputCaptureExtension.class)
class ContainerAdopterTests {

	private final ContainerProperties properties = new ContainerProperties("orders");

	private final WorkerContainers consumers = new WorkerContainers();

	private final ManualExecution execution = new ManualExecution();

	private Map<String, Object> configuration = Map.of();

	ContainerAdopterTests() {
		this.properties.setGroupId("shop");
		this.properties.setMessageListener((MessageListener<Object, Object>) (record) -> {
		});
	}

	@Test
	void containerCommitsObservesAndTimesNothingAnyMore() {
		this.properties.setAsyncAcks(true);
		this.properties.setFixTxOffsets(true);
		this.properties.setSubBatchPerPartition(true);
		this.properties.setObservationEnabled(true);
		this.properties.setMicrometerEnabled(true);
		this.properties.setAdviceChain((MethodInterceptor) (invocation) -> invocation.proceed());
		Object listener = this.properties.getMessageListener();
		ContainerProperties adopted = adopt();
		assertThat(adopted.getAckMode()).isEqualTo(AckMode.MANUAL);
		assertThat(adopted.isAsyncAcks()).isFalse();
		assertThat(adopted.isFixTxOffsets()).isFalse();
		assertThat(adopted.getSubBatchPerPartition()).isFalse();
		assertThat(adopted.isObservationEnabled()).isFalse();
		assertThat(adopted.isMicrometerEnabled()).isFalse();
		assertThat(adopted.getAdviceChain()).isEmpty();
		assertThat(adopted.getMessageListener()).isNotSameAs(listener);
		assertThat(adopted.getConsumerRebalanceListener()).isNotNull();
	}

	@ParameterizedTest
	@EnumSource(AssignmentCommitOption.class)
	void commitOfTheFirstPositionIsLeftAsItIs(AssignmentCommitOption option) {
		this.properties.setAssignmentCommitOption(option);
		ContainerProperties adopted = adopt();
		assertThat(adopted.getAssignmentCommitOption()).isEqualTo(option);
	}

	@Test
	void settingsWithoutEffectAreWarnedOfOnceAndAreInTheTable(CapturedOutput output) {
		this.properties.setCommitRetries(7);
		this.properties.setPauseImmediate(true);
		adopt();
		assertThat(output).containsOnlyOnce("WARN")
			.contains("These settings of listener container 'orders' have no effect with workers: "
					+ "commitRetries (the next commit covers one that failed), pauseImmediate (");
		assertThat(this.consumers.all().iterator().next().snapshot(false).settings().ignoredSettings())
			.containsExactly("commitRetries", "pauseImmediate");
	}

	@Test
	void listenerAndRecordInterceptorOfTheApplicationAreFoundInTheContainer() {
		MessageListener<Object, Object> listener = (record) -> {
		};
		RecordInterceptor<Object, Object> interceptor = (record, consumer) -> record;
		this.properties.setMessageListener(listener);
		KafkaMessageListenerContainer<Object, Object> container = container();
		container.setRecordInterceptor(interceptor);
		adopt(container);
		assertThat(container.getContainerProperties().getMessageListener()).isInstanceOfSatisfying(
				DelegatingMessageListener.class,
				(delegating) -> assertThat(delegating.getDelegate()).isSameAs(listener));
		assertThat(container.getRecordInterceptor()).isSameAs(interceptor);
	}

	@Test
	void settingsThatAreNotReplacedAreLeftAsTheyAre() {
		Set<String> replaced = Set.of("messageListener", "consumerRebalanceListener", "ackMode", "adviceChain",
				"asyncAcks", "fixTxOffsets", "subBatchPerPartition", "observationEnabled", "micrometerEnabled",
				"shutdownTimeout", "kafkaConsumerProperties");
		this.properties.setPollTimeout(7);
		this.properties.setNoPollThreshold(7);
		this.properties.setIdleBetweenPolls(7);
		this.properties.setIdleEventInterval(7L);
		this.properties.setIdlePartitionEventInterval(7L);
		this.properties.setIdleBeforeDataMultiplier(7);
		this.properties.setPollTimeoutWhilePaused(Duration.ofSeconds(7));
		this.properties.setListenerTaskExecutor(new SimpleAsyncTaskExecutor());
		this.properties.setScheduler(new ThreadPoolTaskScheduler());
		this.properties.setMonitorInterval(7);
		this.properties.setConsumerStartTimeout(Duration.ofSeconds(7));
		this.properties.setLogContainerConfig(true);
		this.properties.setMissingTopicsFatal(true);
		this.properties.setAuthExceptionRetryInterval(Duration.ofSeconds(7));
		this.properties.setRestartAfterAuthExceptions(true);
		BeanWrapper adopted = PropertyAccessorFactory.forBeanPropertyAccess(adopt());
		BeanWrapper before = PropertyAccessorFactory.forBeanPropertyAccess(this.properties);
		assertThat(Stream.of(before.getPropertyDescriptors())
			.filter((property) -> property.getReadMethod() != null && property.getWriteMethod() != null)
			.map(FeatureDescriptor::getName)
			.filter((name) -> !replaced.contains(name))).hasSizeGreaterThan(40)
			.allSatisfy((name) -> assertThat(adopted.getPropertyValue(name)).isEqualTo(before.getPropertyValue(name)));
	}

	@Test
	void containerDoesNotWaitForTheAnswersOfAnAsynchronousListener() {
		this.properties.setMessageListener(new AsynchronousListener());
		assertThat(adopt().getMessageListener()).isInstanceOfSatisfying(AsyncRepliesAware.class,
				(listener) -> assertThat(listener.isAsyncReplies()).isFalse());
	}

	@Test
	void stopLastsAsLongAsADrainUnlessItMayLastLonger() {
		ContainerProperties adopted = adopt();
		assertThat(adopted.getShutdownTimeout()).as("20 s and a reserve").isEqualTo(30_000);
		this.properties.setShutdownTimeout(60_000);
		adopted = adopt();
		assertThat(adopted.getShutdownTimeout()).isEqualTo(60_000);
	}

	@Test
	void whatBecomesOfTheContainerIsLogged(CapturedOutput output) {
		adopt();
		assertThat(output).contains("Listener container 'orders' has workers: worker-per-topic-partition")
			.doesNotContain("WARN");
		assertThat(this.consumers.all()).hasSize(1);
	}

	@Test
	void whatAFilterDiscardsIsAcknowledgedForAListenerThatAcknowledgesTheRest() {
		AcknowledgingMessageListener<Object, Object> listener = (record,
				acknowledgment) -> Objects.requireNonNull(acknowledgment).acknowledge();
		this.properties.setMessageListener(
				new FilteringMessageListenerAdapter<>(listener, (record) -> "discarded".equals(record.value())));
		assertThat(committedAfter("discarded", "order", "discarded")).isEqualTo(new OffsetAndMetadata(3));
	}

	@Test
	void recordThatIsNeverAcknowledgedStalls() {
		this.properties.setMessageListener((AcknowledgingMessageListener<Object, Object>) (record, acknowledgment) -> {
		});
		assertThat(committedAfter("order")).isEqualTo(new OffsetAndMetadata(0));
		this.execution.advance(Duration.ofHours(1));
		this.execution.runAll();
		assertThat(this.consumers.all().iterator().next().problems()).extracting(ConsumerProblem::kind)
			.contains(ConsumerProblem.Kind.STALLED);
	}

	@Test
	void containerThatContradictsWorkersIsRefused() {
		this.properties.setAckMode(AckMode.TIME);
		assertRefused("its AckMode is TIME, which makes the container commit");
		this.properties.setAckMode(AckMode.MANUAL);
		assertRefused("is given no Acknowledgment, so that nothing would ever be committed");
		this.properties.setMessageListener((AcknowledgingMessageListener<Object, Object>) (record, acknowledgment) -> {
		});
		adopt();
		this.properties.setAckMode(AckMode.BATCH);
		this.properties.setMessageListener("none");
		assertRefused("its listener is none for records or batches of records, but a java.lang.String");
	}

	@Test
	void consumersDoNotCommitByThemselves() {
		Properties shared = new Properties();
		shared.setProperty(ConsumerConfig.CLIENT_RACK_CONFIG, "rack");
		this.properties.setKafkaConsumerProperties(shared);
		shared.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 7);
		Map<String, Object> expected = Map.of(ConsumerConfig.CLIENT_RACK_CONFIG, "rack",
				ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 7, ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
		assertThat(adopt().getKafkaConsumerProperties()).isEqualTo(expected);
		this.configuration = Map.of(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "true ");
		assertThat(adopt().getKafkaConsumerProperties()).isEqualTo(expected);
		assertThat(shared).as("what other containers may have, too").hasSize(2);
		shared.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, true);
		assertThat(adopt().getKafkaConsumerProperties()).isEqualTo(expected);
		assertThat(this.consumers.all()).last()
			.extracting((container) -> container.context().ignoredSettings().names())
			.isEqualTo(List.of(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG));
	}

	@Test
	void autoCommitOfAnUnknownConsumerFactoryIsRefused() {
		this.configuration = Map.of(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "true");
		KafkaMessageListenerContainer<Object, Object> container = new KafkaMessageListenerContainer<>(
				new DefaultKafkaConsumerFactory<>(this.configuration) {
				}, this.properties);
		assertThatExceptionOfType(UnsuitableContainerException.class).isThrownBy(() -> adopt(container))
			.withMessageContaining("its consumers have auto-commit switched on, which commits records that are not "
					+ "handled, and its consumer factory, a " + ContainerAdopterTests.class.getName())
			.withMessageEndingWith(", may keep it on.");
	}

	@Test
	void settingThatKafkaWouldRefuseIsNamed() {
		this.configuration = Map.of(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 0, "of.an.interceptor", "any");
		assertThatExceptionOfType(UnsuitableContainerException.class)
			.isThrownBy(() -> ContainerAdopter.checkClientSettings("orders", container()))
			.withMessageContaining("Kafka refuses the setting 'max.poll.records' of consumer 'orders'");
		this.configuration = Map.of(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 10, "of.an.interceptor", "any",
				ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1,localhost:1");
		ContainerAdopter.checkClientSettings("orders", container());
	}

	/**
	 * Return what is committed after a container whose listener acknowledges has polled
	 * some records once.
	 */
	private OffsetAndMetadata committedAfter(String... values) {
		this.properties.setAckMode(AckMode.MANUAL);
		adopt();
		TopicPartition partition = new TopicPartition("orders", 0);
		MockConsumer<Object, Object> consumer = new MockConsumer<>("earliest");
		consumer.assign(List.of(partition));
		consumer.updateBeginningOffsets(Map.of(partition, 0L));
		consumer.updateEndOffsets(Map.of(partition, (long) values.length));
		ConsumerSession session = this.consumers.all().iterator().next().session(consumer);
		session.assigned(List.of(partition));
		session.tick();
		List<ConsumerRecord<Object, Object>> records = new ArrayList<>();
		for (String value : values) {
			records.add(new ConsumerRecord<>("orders", 0, records.size(), "key", value));
		}
		session.dispatch(new ConsumerRecords<>(Map.of(partition, records), Map.of()));
		this.execution.runAll();
		this.execution.advance(Duration.ofSeconds(1));
		session.tick();
		return Objects.requireNonNull(consumer.committed(Set.of(partition)).get(partition));
	}

	private void assertRefused(String why) {
		assertThatExceptionOfType(UnsuitableContainerException.class).isThrownBy(this::adopt)
			.withMessageStartingWith("Listener container 'orders' cannot be given Kaffe workers: ")
			.withMessageContaining(why);
	}

	private ContainerProperties adopt() {
		KafkaMessageListenerContainer<Object, Object> container = container();
		adopt(container);
		return container.getContainerProperties();
	}

	private KafkaMessageListenerContainer<Object, Object> container() {
		return new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(this.configuration),
				this.properties);
	}

	private void adopt(KafkaMessageListenerContainer<Object, Object> container) {
		StandardWorkerAllocationStrategy strategy = StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION;
		ConsumerSettings settings = new ConsumerSettings(strategy.configurationName(), strategy, null, 10_000,
				64L << 20, true, Duration.ofSeconds(1), Duration.ofSeconds(20),
				new BatchDelivery.Limits(500, Duration.ZERO),
				new FailurePolicy(0, new FixedBackOff(), null, Set.of(), FailureAction.PARK, Map.of(), null, null, 100),
				new WorkerOwner.StallLimits(Duration.ofHours(1), null),
				new RestartHistory.Limit(10, Duration.ofMinutes(5)), ConsumerProblem.Severity.WARNING, false);
		WorkerRuntime runtime = this.execution.runtime();
		new ContainerAdopter(new DefaultWorkerManager(runtime), this.consumers, runtime, ObservationRegistry.NOOP)
			.adopt("orders", container, settings);
	}

	/**
	 * Answers later.
	 */
	private static final class AsynchronousListener implements MessageListener<Object, Object>, AsyncRepliesAware {

		@Override
		public void onMessage(ConsumerRecord<Object, Object> record) {
		}

		@Override
		public boolean isAsyncReplies() {
			return true;
		}

	}

}
