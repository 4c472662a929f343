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

package io.kaffe.spring.autoconfigure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.kafka.autoconfigure.ConcurrentKafkaListenerContainerFactoryConfigurer;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.kafka.autoconfigure.SslBundleSslEngineFactory;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.kafka.annotation.BackOff;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.RetryableTopic;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.config.KafkaListenerEndpoint;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.config.ShareKafkaListenerContainerFactory;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultShareConsumerFactory;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.listener.ShareKafkaMessageListenerContainer;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.RecordHandler;
import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.engine.worker.Ticker;
import io.kaffe.spring.engine.worker.WorkerRuntime;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KaffeAutoConfiguration}: which beans there are, and which listener
 * containers are given workers.
 */
class KaffeAutoConfigurationTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, KaffeAutoConfiguration.class));

	@Test
	void workersAreThereWithSpringKafka() {
		this.contextRunner.run((context) -> assertThat(context).hasSingleBean(DefaultWorkerManager.class)
			.hasSingleBean(WorkerRuntime.class)
			.hasSingleBean(KaffeConsumers.class)
			.hasSingleBean(KaffeProperties.class)
			.hasSingleBean(ContainerAdoptionLifecycle.class)
			.hasBean("kaffeListenerContainerFactory"));
	}

	@Test
	void nothingIsThereWhenSwitchedOff() {
		this.contextRunner.withUserConfiguration(Listening.class)
			.withPropertyValues("kaffe.enabled=false", "kaffe.consumers.orders=")
			.run((context) -> {
				assertThat(context).doesNotHaveBean(DefaultWorkerManager.class)
					.doesNotHaveBean(WorkerRuntime.class)
					.doesNotHaveBean(KaffeConsumers.class)
					.doesNotHaveBean("kaffeTaskExecutor")
					.doesNotHaveBean(EngineScheduler.class)
					.doesNotHaveBean(KaffeProperties.class)
					.doesNotHaveBean(ContainerAdoptionLifecycle.class)
					.doesNotHaveBean("kaffeListenerContainerFactory");
				assertThat(container(context.getBean(KafkaListenerEndpointRegistry.class), "orders")
					.getContainerProperties()
					.getMessageListener()).isInstanceOf(MessageListener.class);
			});
	}

	@Test
	void consumerOfUnnamedListenerIsMadeAsWithoutWorkers() {
		this.contextRunner.withUserConfiguration(Listening.class)
			.withPropertyValues("kaffe.consumers.orders=", "spring.kafka.bootstrap-servers=localhost:1")
			.run((context) -> {
				ConsumerFactory<?, ?> shared = context.getBean(ConsumerFactory.class);
				KafkaListenerEndpointRegistry registry = context.getBean(KafkaListenerEndpointRegistry.class);
				assertThat(consumerFactory(container(registry, "refunds"))).isSameAs(shared);
				assertThat(consumerFactory(container(registry, "orders"))).isNotSameAs(shared);
				try (Consumer<?, ?> consumer = shared.createConsumer("refunds", "client")) {
					assertThat(consumer).isInstanceOf(KafkaConsumer.class);
				}
			});
	}

	@Test
	void nothingIsThereWithoutListeners() {
		new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(KaffeAutoConfiguration.class))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(DefaultWorkerManager.class));
	}

	@Test
	void workerManagerOfApplicationIsUsed() {
		this.contextRunner.withUserConfiguration(OwnWorkerManager.class, Listening.class)
			.withPropertyValues("kaffe.consumers.orders=")
			.run((context) -> {
				assertThat(context).hasSingleBean(DefaultWorkerManager.class).hasBean("ownWorkerManager");
				assertThat(context.getBean(DefaultWorkerManager.class).table("orders")).isNotNull();
			});
	}

	@Test
	void workerSupervisorOfApplicationIsUsed() {
		this.contextRunner.withUserConfiguration(OwnWorkerRuntime.class)
			.run((context) -> assertThat(context).hasSingleBean(WorkerRuntime.class)
				.hasBean("ownWorkerRuntime")
				.hasSingleBean(DefaultWorkerManager.class));
	}

	@Test
	void kaffeTaskExecutorOfApplicationIsUsed() {
		this.contextRunner.withUserConfiguration(OwnTaskExecutor.class, OtherTaskExecutor.class).run((context) -> {
			assertThat(context).doesNotHaveBean(WorkerTaskExecutor.class);
			assertThat(context.getBean(WorkerRuntime.class)).extracting("executor")
				.isSameAs(context.getBean("kaffeTaskExecutor"));
		});
	}

	@Test
	void otherExecutorOfApplicationIsNotUsed() {
		this.contextRunner.withUserConfiguration(OtherTaskExecutor.class)
			.run((context) -> assertThat(threadOf(context.getBean("kaffeTaskExecutor", Executor.class)).getName())
				.startsWith("kaffe-"));
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21, disabledReason = "There are virtual threads since Java 21")
	void workersRunOnVirtualThreadsWhenThoseAreOn() {
		this.contextRunner.withPropertyValues("spring.threads.virtual.enabled=true")
			.run((context) -> assertThat(threadOf(context.getBean("kaffeTaskExecutor", Executor.class)))
				.satisfies((thread) -> {
					assertThat(thread.getName()).startsWith("kaffe-");
					assertThat(isVirtual(thread)).isTrue();
				}));
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21, disabledReason = "There are virtual threads since Java 21")
	void consumersWithWorkersPollOnPlatformThreadsWhenVirtualThreadsAreOn() {
		this.contextRunner.withUserConfiguration(Listening.class)
			.withPropertyValues("spring.threads.virtual.enabled=true", "kaffe.consumers.orders=")
			.run((context) -> {
				KafkaListenerEndpointRegistry registry = context.getBean(KafkaListenerEndpointRegistry.class);
				assertThat(isVirtual(threadOfPolls(container(registry, "orders")))).isFalse();
				assertThat(isVirtual(threadOfPolls(container(registry, "refunds")))).isTrue();
			});
	}

	@Test
	void workersRunOnPlatformThreadsOtherwise() {
		this.contextRunner.run((context) -> {
			Thread thread = threadOf(context.getBean("kaffeTaskExecutor", Executor.class));
			assertThat(thread.getName()).startsWith("kaffe-");
			assertThat(thread.getClass()).isEqualTo(Thread.class);
		});
	}

	@Test
	void threadsOfWorkersEndWithTheContext() {
		List<Object> ends = new ArrayList<>();
		this.contextRunner.run((context) -> {
			ends.add(context.getBean(WorkerTaskExecutor.class));
			context.getBeansOfType(EngineScheduler.class).values().forEach((bean) -> ends.add(bean.scheduler()));
		});
		assertThat(ends.get(0)).extracting("executor.threadPoolExecutor.shutdown").isEqualTo(true);
		assertThat(ends.subList(1, ends.size())).hasSize(2).extracting("scheduledExecutor.shutdown").containsOnly(true);
	}

	@Test
	void namedListenerIsGivenWorkersAndOthersAreNot() {
		this.contextRunner.withUserConfiguration(Listening.class)
			.withPropertyValues("kaffe.consumers.orders.worker-allocation-strategy=worker-per-partition")
			.run((context) -> {
				KafkaListenerEndpointRegistry registry = context.getBean(KafkaListenerEndpointRegistry.class);
				assertThat(container(registry, "orders").getContainerProperties().getMessageListener())
					.isInstanceOf(BatchMessageListener.class);
				assertThat(container(registry, "refunds").getContainerProperties().getMessageListener())
					.isInstanceOf(MessageListener.class);
				DefaultWorkerManager manager = context.getBean(DefaultWorkerManager.class);
				assertThat(manager.table().consumers()).containsOnlyKeys("orders");
				assertThat(manager.table("orders")).isNotNull()
					.extracting((snapshot) -> snapshot.settings().workerAllocationStrategy())
					.isEqualTo("worker-per-partition");
			});
	}

	@Test
	void listenerThatNamesTheFactoryIsGivenWorkersUnderItsId() {
		this.contextRunner.withUserConfiguration(ListeningByFactory.class)
			.withPropertyValues("kaffe.worker-allocation-strategy=worker-per-partition")
			.run((context) -> assertThat(context.getBean(DefaultWorkerManager.class).table().consumers())
				.hasEntrySatisfying("payments",
						(payments) -> assertThat(payments.settings().workerAllocationStrategy())
							.isEqualTo("worker-per-partition"))
				.hasSize(1));
	}

	@Test
	void listenerThatNamesTheFactoryMayHaveSettingsOfItsOwn() {
		this.contextRunner.withUserConfiguration(ListeningByFactory.class)
			.withPropertyValues("kaffe.consumers.payments.worker-allocation-strategy=worker-per-partition")
			.run((context) -> assertThat(context.getBean(DefaultWorkerManager.class).table().consumers())
				.hasEntrySatisfying("payments",
						(payments) -> assertThat(payments.settings().workerAllocationStrategy())
							.isEqualTo("worker-per-partition"))
				.hasSize(1));
	}

	@Test
	void listenerContainerBeanIsGivenWorkersUnderItsName() {
		this.contextRunner.withUserConfiguration(ContainerBean.class)
			.withPropertyValues("kaffe.consumers.shipments=")
			.run((context) -> {
				assertThat(context.getBean(DefaultWorkerManager.class).table().consumers())
					.containsOnlyKeys("shipments");
				assertThat(context.getBean(ConcurrentMessageListenerContainer.class)
					.getContainerProperties()
					.getMessageListener()).isInstanceOf(BatchMessageListener.class);
			});
	}

	@Test
	void strategyBeanIsChosenByItsName() {
		this.contextRunner.withUserConfiguration(Listening.class, OwnStrategy.class)
			.withPropertyValues("kaffe.consumers.orders.worker-allocation-strategy=oneForAll")
			.run((context) -> assertThat(context.getBean(DefaultWorkerManager.class).table("orders")).isNotNull()
				.extracting((snapshot) -> snapshot.settings().workerAllocationStrategy())
				.isEqualTo("oneForAll"));
	}

	@Test
	void declaredConsumerIsInTheRegistryLikeAListener() {
		this.contextRunner.withUserConfiguration(Handling.class)
			.withPropertyValues("kaffe.consumers.orders.topics=orders,refunds", "kaffe.consumers.orders.concurrency=3",
					"kaffe.consumers.orders.auto-startup=false", "kaffe.consumers.orders.properties.max.poll.records=7",
					"spring.kafka.listener.client-id=shop")
			.run((context) -> {
				MessageListenerContainer container = container(context.getBean(KafkaListenerEndpointRegistry.class),
						"orders");
				assertThat(container).isInstanceOfSatisfying(ConcurrentMessageListenerContainer.class,
						(concurrent) -> assertThat(concurrent.getConcurrency()).isEqualTo(3));
				assertThat(container.isAutoStartup()).isFalse();
				assertThat(container.isRunning()).isFalse();
				ContainerProperties properties = container.getContainerProperties();
				assertThat(properties.getTopics()).containsExactly("orders", "refunds");
				assertThat(properties.getClientId()).isEqualTo("shop");
				assertThat(properties.getKafkaConsumerProperties()).containsEntry("max.poll.records", "7");
				assertThat(properties.getMessageListener()).isInstanceOf(BatchMessageListener.class);
				assertThat(context.getBean(DefaultWorkerManager.class).table().consumers()).containsOnlyKeys("orders");
			});
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			kaffe.consumers.orders.group-id=own            | spring.kafka.consumer.group-id=common | own
			kaffe.consumers.orders.properties.group.id=own | spring.kafka.consumer.group-id=common | own
			kaffe.enabled=true                             | spring.kafka.consumer.group-id=common | common
			kaffe.enabled=true                             | kaffe.enabled=true                    | orders
			""")
	void groupOfDeclaredConsumerIsItsOwnOrThatOfAllOrItsName(String own, String common, String group) {
		this.contextRunner.withUserConfiguration(Handling.class)
			.withPropertyValues("kaffe.consumers.orders.topics=orders", "kaffe.consumers.orders.auto-startup=false",
					own, common)
			.run((context) -> assertThat(
					container(context.getBean(KafkaListenerEndpointRegistry.class), "orders").getGroupId())
				.isEqualTo(group));
	}

	@Test
	void declaredConsumerThatIsSwitchedOffIsNotThere() {
		this.contextRunner.withUserConfiguration(Handling.class)
			.withPropertyValues("kaffe.consumers.orders.topics=orders", "kaffe.consumers.orders.enabled=false")
			.run((context) -> {
				assertThat(context.getBean(KafkaListenerEndpointRegistry.class).getListenerContainerIds()).isEmpty();
				assertThat(context.getBean(KaffeConsumers.class).names()).isEmpty();
			});
	}

	@Test
	void allListenerContainersAreGivenWorkersIfThatIsAskedFor() {
		this.contextRunner
			.withUserConfiguration(Listening.class, ListeningByFactory.class, ContainerBean.class, Handling.class)
			.withPropertyValues("kaffe.adopt=all", "kaffe.consumers.declared.topics=declared",
					"spring.kafka.listener.auto-startup=false")
			.run((context) -> assertThat(context.getBean(KaffeConsumers.class).names()).containsExactly("declared",
					"orders", "payments", "refunds", "shipments"));
	}

	@Test
	void listenerContainerThatIsLeftOutHasNoWorkers() {
		this.contextRunner.withUserConfiguration(Listening.class, ListeningByFactory.class, ContainerBean.class)
			.withPropertyValues("kaffe.adopt=all", "kaffe.consumers.orders.enabled=false",
					"kaffe.consumers.payments.enabled=false", "kaffe.consumers.shipments.enabled=false")
			.run((context) -> {
				assertThat(context.getBean(KaffeConsumers.class).names()).containsExactly("refunds");
				KafkaListenerEndpointRegistry registry = context.getBean(KafkaListenerEndpointRegistry.class);
				assertThat(container(registry, "orders").getContainerProperties().getMessageListener())
					.isInstanceOf(MessageListener.class);
			});
	}

	@Test
	void retryTopicsOfAListenerThatIsLeftOutAreLeftOutToo() {
		this.contextRunner.withUserConfiguration(Listening.class, RetryableListening.class)
			.withPropertyValues("kaffe.adopt=all", "kaffe.consumers.returns.enabled=false",
					"spring.kafka.listener.auto-startup=false")
			.run((context) -> {
				assertThat(context.getBean(KafkaListenerEndpointRegistry.class).getListenerContainerIds())
					.contains("returns", "returns-retry");
				assertThat(context.getBean(KaffeConsumers.class).names()).containsExactly("orders", "refunds");
			});
	}

	@Test
	void listenerContainersThatAreMadeLaterAreGivenWorkersToo() {
		this.contextRunner.withUserConfiguration(Customizing.class)
			.withPropertyValues("kaffe.adopt=all", "kaffe.consumers.quiet.enabled=false")
			.run((context) -> {
				KafkaListenerEndpointRegistry registry = context.getBean(KafkaListenerEndpointRegistry.class);
				ConcurrentKafkaListenerContainerFactory<?, ?> factory = context.getBean("kafkaListenerContainerFactory",
						ConcurrentKafkaListenerContainerFactory.class);
				registry.registerListenerContainer(endpoint("late"), factory);
				registry.registerListenerContainer(endpoint("quiet"), factory);
				assertThat(context.getBean(KaffeConsumers.class).names()).containsExactly("late");
				assertThat(registry.getListenerContainers())
					.allSatisfy((container) -> assertThat(container.getContainerProperties().getClientId())
						.isEqualTo("customized"));
				ConcurrentMessageListenerContainer<?, ?> unfinished = factory.createContainer("later");
				assertThat(unfinished.getContainerProperties().getMessageListener()).isNull();
			});
	}

	@Test
	void containerWhoseListenerIsSetLaterIsLeftWithoutWorkers() {
		this.contextRunner.withUserConfiguration(Listening.class, UnfinishedContainer.class)
			.withPropertyValues("kaffe.adopt=all")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean(KaffeConsumers.class).names()).containsExactly("orders", "refunds");
				MessageListener<Object, Object> listener = (record) -> {
				};
				ConcurrentMessageListenerContainer<?, ?> container = context
					.getBean(ConcurrentMessageListenerContainer.class);
				container.setupMessageListener(listener);
				assertThat(container.getContainerProperties().getMessageListener()).isSameAs(listener);
			});
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void containerOfAShareGroupIsLeftWithoutWorkers(CapturedOutput output) {
		this.contextRunner.withUserConfiguration(Listening.class, ShareGroup.class)
			.withPropertyValues("kaffe.adopt=all")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean(KaffeConsumers.class).names()).containsExactly("orders", "refunds");
				assertThat(output).contains("Listener container 'shared' is left without workers, since a "
						+ ShareKafkaMessageListenerContainer.class.getName() + " does not commit offsets");
			});
		this.contextRunner.withUserConfiguration(Listening.class, ShareGroup.class)
			.withPropertyValues("kaffe.consumers.shared.drain-timeout=1s")
			.run((context) -> assertThat(context).getFailure()
				.hasRootCauseMessage("Listener container 'shared' cannot be given Kaffe workers: a "
						+ ShareKafkaMessageListenerContainer.class.getName() + " does not commit offsets."));
	}

	@Test
	void listenerOfABeanThatIsInitializedLazilyIsGivenWorkersWhenItIsCreated() {
		this.contextRunner
			.withInitializer(
					(context) -> context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
			.withUserConfiguration(Customizing.class, Listening.class)
			.withPropertyValues("kaffe.consumers.orders.worker-allocation-strategy=worker-per-key",
					"kaffe.consumers.refunds.enabled=false")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean(KaffeConsumers.class).names()).isEmpty();
				context.getBean(Listening.class);
				assertThat(context.getBean(KaffeConsumers.class).names()).containsExactly("orders");
				assertThat(container(context.getBean(KafkaListenerEndpointRegistry.class), "orders")
					.getContainerProperties()
					.getClientId()).isEqualTo("customized");
			});
	}

	@Test
	void serviceWithSeveralConsumerFactoriesHasWorkersForTheListenersItNames() {
		this.contextRunner.withUserConfiguration(SeveralConsumerFactories.class)
			.withPropertyValues("kaffe.consumers.orders=", "spring.kafka.listener.auto-startup=false")
			.run((context) -> {
				assertThat(context.getBean(KaffeConsumers.class).names()).containsExactly("orders");
				assertThat(container(context.getBean(KafkaListenerEndpointRegistry.class), "orders").getGroupId())
					.isEqualTo("second");
			});
	}

	@Test
	void declaredConsumerPollsWithThePrimaryOneOfSeveralConsumerFactories() {
		this.contextRunner.withUserConfiguration(SeveralConsumerFactories.class, PrimaryConsumerFactory.class)
			.withUserConfiguration(Handling.class)
			.withPropertyValues("kaffe.consumers.declared.topics=declared", "spring.kafka.listener.auto-startup=false")
			.run((context) -> assertThat(
					container(context.getBean(KafkaListenerEndpointRegistry.class), "declared").getGroupId())
				.isEqualTo("primary"));
	}

	@Test
	void sslBundleGoesForDeclaredConsumers() {
		this.contextRunner.withUserConfiguration(Handling.class, Bundle.class)
			.withConfiguration(AutoConfigurations.of(SslAutoConfiguration.class))
			.withPropertyValues("kaffe.consumers.orders.topics=orders", "spring.kafka.listener.auto-startup=false",
					"spring.kafka.ssl.bundle=shop", "spring.kafka.security.protocol=SSL")
			.run((context) -> assertThat(
					context.getBean("kaffeListenerContainerFactory", ConcurrentKafkaListenerContainerFactory.class))
				.extracting(
						(factory) -> Objects.requireNonNull(factory.getConsumerFactory()).getConfigurationProperties())
				.asInstanceOf(InstanceOfAssertFactories.MAP)
				.containsEntry("security.protocol", "SSL")
				.containsEntry("ssl.engine.factory.class", SslBundleSslEngineFactory.class)
				.containsEntry(SslBundle.class.getName(), context.getBean(SslBundles.class).getBundle("shop")));
	}

	private static KafkaListenerEndpoint endpoint(String id) {
		KaffeProperties.Consumer consumer = new KaffeProperties.Consumer();
		consumer.setTopics(List.of(id));
		MessageListener<Object, Object> listener = (record) -> {
		};
		return new DeclaredConsumerEndpoint(id, consumer, id, listener);
	}

	private static MessageListenerContainer container(KafkaListenerEndpointRegistry registry, String id) {
		return Objects.requireNonNull(registry.getListenerContainer(id));
	}

	private static @Nullable Object consumerFactory(MessageListenerContainer container) {
		return new DirectFieldAccessor(container).getPropertyValue("consumerFactory");
	}

	private static Thread threadOfPolls(MessageListenerContainer container) {
		return threadOf(Objects.requireNonNull(container.getContainerProperties().getListenerTaskExecutor()));
	}

	private static Thread threadOf(Executor executor) {
		CompletableFuture<Thread> thread = new CompletableFuture<>();
		executor.execute(() -> thread.complete(Thread.currentThread()));
		assertThat(thread).succeedsWithin(TIMEOUT);
		return thread.join();
	}

	/**
	 * Return what {@code Thread.isVirtual()} says, which Java 17 does not have.
	 */
	private static boolean isVirtual(Thread thread) throws ReflectiveOperationException {
		return (boolean) Thread.class.getMethod("isVirtual").invoke(thread);
	}

	/**
	 * Has a listener with retry topics.
	 */
	@Configuration(proxyBeanMethods = false)
	static class RetryableListening {

		@RetryableTopic(attempts = "2", autoCreateTopics = "false", backOff = @BackOff(delay = 1000))
		@KafkaListener(id = "returns", topics = "returns")
		void handle(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Has two consumer factories and a container factory for the second.
	 */
	@Configuration(proxyBeanMethods = false)
	static class SeveralConsumerFactories {

		@Bean
		ConsumerFactory<Object, Object> first() {
			return new DefaultKafkaConsumerFactory<>(Map.of("group.id", "first"));
		}

		@Bean
		ConsumerFactory<Object, Object> second() {
			return new DefaultKafkaConsumerFactory<>(Map.of("group.id", "second"));
		}

		@Bean
		ConcurrentKafkaListenerContainerFactory<Object, Object> kafkaListenerContainerFactory(
				ConcurrentKafkaListenerContainerFactoryConfigurer configurer,
				@Qualifier("second") ConsumerFactory<Object, Object> second) {
			ConcurrentKafkaListenerContainerFactory<Object, Object> factory = new ConcurrentKafkaListenerContainerFactory<>();
			configurer.configure(factory, second);
			return factory;
		}

		@KafkaListener(id = "orders", idIsGroup = false, topics = "orders")
		void handle(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Has the consumer factory that is meant unless another is named.
	 */
	@Configuration(proxyBeanMethods = false)
	static class PrimaryConsumerFactory {

		@Bean
		@Primary
		ConsumerFactory<String, String> primary() {
			return new DefaultKafkaConsumerFactory<>(Map.of("group.id", "primary"));
		}

	}

	/**
	 * Has an SSL bundle.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Bundle {

		@Bean
		SslBundleRegistrar bundle() {
			return (registry) -> registry.registerBundle("shop", SslBundle.of(SslStoreBundle.NONE));
		}

	}

	/**
	 * Has a customizer for containers.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Customizing {

		@Bean
		ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> customizer() {
			return (container) -> container.getContainerProperties().setClientId("customized");
		}

	}

	/**
	 * Has a handler.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Handling {

		@Bean
		RecordHandler<String, String> handler() {
			return (record) -> {
			};
		}

	}

	/**
	 * Has two listeners.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Listening {

		@KafkaListener(id = "orders", topics = "orders", autoStartup = "false")
		void handleOrder(ConsumerRecord<String, String> record) {
		}

		@KafkaListener(id = "refunds", topics = "refunds", autoStartup = "false")
		void handleRefund(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Has a listener that names the factory.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ListeningByFactory {

		@KafkaListener(id = "payments", topics = "payments", autoStartup = "false",
				containerFactory = "kaffeListenerContainerFactory")
		void handle(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Has a listener container that is a bean.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ContainerBean {

		@Bean
		ConcurrentMessageListenerContainer<Object, Object> shipments(ConsumerFactory<Object, Object> consumerFactory) {
			ContainerProperties properties = new ContainerProperties("shipments");
			properties.setGroupId("shipments");
			properties.setMessageListener((MessageListener<Object, Object>) (record) -> {
			});
			ConcurrentMessageListenerContainer<Object, Object> container = new ConcurrentMessageListenerContainer<>(
					consumerFactory, properties);
			container.setAutoStartup(false);
			return container;
		}

	}

	/**
	 * Has a listener of a share group.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ShareGroup {

		@Bean
		static ShareKafkaListenerContainerFactory<Object, Object> shareFactory() {
			return new ShareKafkaListenerContainerFactory<>(
					new DefaultShareConsumerFactory<>(Map.of("bootstrap.servers", "localhost:1")));
		}

		@KafkaListener(id = "shared", topics = "orders", containerFactory = "shareFactory", autoStartup = "false")
		void handle(ConsumerRecord<String, String> record) {
		}

	}

	/**
	 * Has a listener container that gets its listener later.
	 */
	@Configuration(proxyBeanMethods = false)
	static class UnfinishedContainer {

		@Bean
		ConcurrentMessageListenerContainer<Object, Object> unfinished(ConsumerFactory<Object, Object> consumerFactory) {
			ConcurrentMessageListenerContainer<Object, Object> container = new ConcurrentMessageListenerContainer<>(
					consumerFactory, new ContainerProperties("unfinished"));
			container.setAutoStartup(false);
			return container;
		}

	}

	/**
	 * Has a worker manager.
	 */
	@Configuration(proxyBeanMethods = false)
	static class OwnWorkerManager {

		@Bean
		DefaultWorkerManager ownWorkerManager(WorkerRuntime runtime) {
			return new DefaultWorkerManager(runtime);
		}

	}

	/**
	 * Has a worker runtime.
	 */
	@Configuration(proxyBeanMethods = false)
	static class OwnWorkerRuntime {

		@Bean
		WorkerRuntime ownWorkerRuntime() {
			TaskScheduler scheduler = new ThreadPoolTaskScheduler();
			return new WorkerRuntime(Runnable::run, scheduler, Ticker.system(), SimpleAsyncTaskExecutor::new);
		}

	}

	/**
	 * Has an executor for workers.
	 */
	@Configuration(proxyBeanMethods = false)
	static class OwnTaskExecutor {

		@Bean
		Executor kaffeTaskExecutor() {
			return new SimpleAsyncTaskExecutor("own-");
		}

	}

	/**
	 * Has an executor for something else.
	 */
	@Configuration(proxyBeanMethods = false)
	static class OtherTaskExecutor {

		@Bean
		Executor otherTaskExecutor() {
			return new SimpleAsyncTaskExecutor("other-");
		}

	}

	/**
	 * Has a strategy.
	 */
	@Configuration(proxyBeanMethods = false)
	static class OwnStrategy {

		@Bean
		WorkerAllocationStrategy oneForAll() {
			return (topic, partition) -> "worker";
		}

	}

}
