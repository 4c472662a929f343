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

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.kafka.config.AbstractKafkaListenerContainerFactory;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.config.KafkaListenerConfigUtils;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.MessageListenerContainer;

import io.kaffe.spring.engine.adapter.SpringKafkaFields;
import io.kaffe.spring.engine.delivery.OnceStore;
import io.kaffe.spring.engine.listener.ContainerAdopter;
import io.kaffe.spring.engine.listener.ContainerFacts;
import io.kaffe.spring.engine.listener.UnsuitableContainerException;

/**
 * Registers the consumers that are declared below {@code kaffe.consumers}, and gives
 * workers to them, to the listener containers that are named there, and to those that
 * {@link KaffeListenerContainerFactory} created, or, if requested, to all containers:
 * when all containers are configured, and before the first of them starts.
 * <p>
 * <b>Threading.</b> {@link #start()} is called by the thread that refreshes the context;
 * containers created later are given workers by the thread that creates them. Guarded by
 * the monitor of {@code adopted}, under which no user code runs.
 */
final class ContainerAdoptionLifecycle implements SmartLifecycle {

	private static final Log logger = LogFactory.getLog(ContainerAdoptionLifecycle.class);

	private final Map<AbstractMessageListenerContainer<?, ?>, String> adopted = new LinkedHashMap<>();

	private final KaffeProperties properties;

	private final DeclaredConsumers declared;

	private final ConsumerSettingsResolver settings;

	private final ContainerAdopter adopter;

	private final ConfigurableListableBeanFactory beans;

	private final @Nullable KaffeListenerContainerFactory factory;

	private final boolean virtualThreads;

	private final boolean all;

	private boolean running;

	private boolean adoptsLate;

	ContainerAdoptionLifecycle(KaffeProperties properties, ConsumerSettingsResolver settings, ContainerAdopter adopter,
			ConfigurableListableBeanFactory beans, @Nullable KaffeListenerContainerFactory factory,
			boolean virtualThreads) {
		this.properties = properties;
		this.declared = new DeclaredConsumers(properties, beans);
		this.settings = settings;
		this.adopter = adopter;
		this.beans = beans;
		this.factory = factory;
		this.virtualThreads = virtualThreads;
		this.all = properties.getAdopt() == KaffeProperties.Adopt.ALL;
	}

	@Override
	public void start() {
		this.running = true;
		this.declared.register(registry(), containerBeans().keySet());
		this.settings.expect(expected());
		boolean complete = true;
		for (Map.Entry<String, KaffeProperties.Consumer> entry : this.properties.getConsumers().entrySet()) {
			KaffeProperties.Consumer consumer = entry.getValue();
			if (consumer.isEnabled()) {
				MessageListenerContainer container = present(entry.getKey());
				if (container != null) {
					adoptNamed(entry.getKey(), container);
				}
				complete &= container != null;
			}
			else if (!consumer.isDeclared() && !this.all) {
				present(entry.getKey());
			}
		}
		if (this.factory != null) {
			this.factory.adoptWith((container) -> adoptUnlessExcluded(container.getListenerId(), container));
		}
		if (this.all) {
			registry().getListenerContainers()
				.stream()
				.sorted(Comparator.comparing(ContainerAdoptionLifecycle::isOfRetryTopic))
				.forEach((container) -> adoptUnlessExcluded(container.getListenerId(), container));
			containerBeans().forEach((name, container) -> {
				if (hasListener(container)) {
					adoptUnlessExcluded(name, container);
				}
				else if (!isExcluded(name)) {
					logger.warn("Listener container '" + name + "' is left without workers, since it has no listener "
							+ "yet. To give it workers, set its listener before the application context starts");
				}
			});
		}
		if (this.all || !complete) {
			adoptLate();
		}
	}

	/**
	 * Return the names of all consumers that will have workers, as far as they are known.
	 */
	private Set<String> expected() {
		Set<String> names = new TreeSet<>();
		this.properties.getConsumers().forEach((name, consumer) -> {
			if (consumer.isEnabled()) {
				names.add(name);
			}
		});
		Map<String, MessageListenerContainer> unnamed = new LinkedHashMap<>();
		if (this.all) {
			registry().getListenerContainers()
				.forEach((container) -> unnamed.put(container.getListenerId(), container));
			containerBeans().forEach((name, container) -> {
				if (hasListener(container)) {
					unnamed.put(name, container);
				}
			});
			unnamed.values().removeIf((container) -> !(container instanceof AbstractMessageListenerContainer<?, ?>));
		}
		else if (this.factory != null) {
			this.factory.created().forEach((container) -> unnamed.put(container.getListenerId(), container));
		}
		unnamed.forEach((name, container) -> {
			if (!isExcluded(name, container)) {
				names.add(name);
			}
		});
		return names;
	}

	@Override
	public void stop() {
		this.running = false;
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		return Integer.MIN_VALUE;
	}

	/**
	 * Give workers to a container that the configuration does not name, unless it is
	 * excluded. Excluding a listener also excludes the containers of its retry topics.
	 */
	private void adoptUnlessExcluded(String name, MessageListenerContainer container) {
		if (isExcluded(name, container)) {
			logger.debug("Listener container '" + name + "' is excluded from having workers");
			return;
		}
		if (!(container instanceof AbstractMessageListenerContainer<?, ?> adoptable)) {
			logger.info("Listener container '" + name + "' is left without workers, since a "
					+ container.getClass().getName() + " does not commit offsets");
			return;
		}
		try {
			adopt(name, adoptable);
		}
		catch (UnsuitableContainerException ex) {
			UnsuitableContainerException advised = new UnsuitableContainerException(String.valueOf(ex.getMessage()),
					ex.getAction() + " Or set '" + KaffeProperties.nameOf(name, "enabled")
							+ "' to false to exclude it.");
			advised.initCause(ex);
			throw advised;
		}
	}

	private boolean isExcluded(String name, MessageListenerContainer container) {
		return isExcluded(name)
				|| (isOfRetryTopic(container) && isExcluded(String.valueOf(container.getMainListenerId())));
	}

	private static boolean isOfRetryTopic(MessageListenerContainer container) {
		return container instanceof AbstractMessageListenerContainer<?, ?> && container.getMainListenerId() != null;
	}

	/**
	 * Return whether a container has the listener that it is going to have. That of a
	 * container bean may be set by the application later, before it starts the container.
	 */
	private static boolean hasListener(MessageListenerContainer container) {
		return !(container instanceof AbstractMessageListenerContainer<?, ?>)
				|| container.getContainerProperties().getMessageListener() != null;
	}

	private boolean isExcluded(String name) {
		KaffeProperties.Consumer consumer = this.properties.getConsumers().get(name);
		return consumer != null && !consumer.isEnabled();
	}

	/**
	 * Give workers to containers that factories create from now on, after the
	 * application's own customizer: to all, or to those that the configuration names. A
	 * listener's own container post-processor is called after that.
	 */
	@SuppressWarnings({ "rawtypes", "unchecked" })
	private void adoptLate() {
		if (this.adoptsLate) {
			return;
		}
		this.adoptsLate = true;
		for (AbstractKafkaListenerContainerFactory factory : this.beans
			.getBeansOfType(AbstractKafkaListenerContainerFactory.class, true, false)
			.values()) {
			if (factory != this.factory) {
				Object customizer = SpringKafkaFields.containerCustomizer(factory);
				factory.setContainerCustomizer((container) -> {
					if (customizer instanceof ContainerCustomizer user) {
						user.configure(container);
					}
					if (hasListener(container)) {
						adoptLate(container);
					}
				});
			}
		}
	}

	private void adoptLate(AbstractMessageListenerContainer<?, ?> container) {
		String name = container.getListenerId();
		KaffeProperties.Consumer consumer = this.properties.getConsumers().get(name);
		if (consumer != null && consumer.isEnabled()) {
			adoptNamed(name, container);
		}
		else if (this.all) {
			adoptUnlessExcluded(name, container);
		}
	}

	/**
	 * Give workers to a container that the configuration names.
	 */
	private void adoptNamed(String name, MessageListenerContainer container) {
		AbstractMessageListenerContainer<?, ?> adoptable = adoptable(name, container);
		KaffeProperties.Consumer consumer = this.properties.getConsumers().get(name);
		if (consumer != null && !consumer.isDeclared()) {
			ContainerAdopter.warnIfGroupIsId(name, adoptable);
		}
		adopt(name, adoptable);
	}

	private void adopt(String name, AbstractMessageListenerContainer<?, ?> container) {
		synchronized (this.adopted) {
			if (this.adopted.putIfAbsent(container, name) != null) {
				return;
			}
		}
		ContainerFacts facts = new ContainerFacts(container);
		ContainerAdopter.checkClientSettings(name, container);
		checkBatchSettings(name, container);
		pollOnPlatformThreads(container);
		this.adopter.adopt(name, container, this.settings.resolve(name, facts.maxPollInterval(), facts.maxPollRecords(),
				facts.subscription(), container.getCommonErrorHandler()), onceStore(name));
	}

	private @Nullable OnceStore onceStore(String name) {
		KaffeProperties.Consumer consumer = this.properties.getConsumers().get(name);
		if (consumer == null || consumer.getOnce() == KaffeProperties.Consumer.OnceMode.NONE) {
			return null;
		}
		OnceStore store = this.beans.getBeanProvider(OnceStore.class).getIfAvailable();
		if (store == null) {
			String property = KaffeProperties.nameOf(name, "once");
			throw new UnsuitableContainerException("'" + property
					+ "' is jdbc, but Spring's JDBC and Spring Boot's support for it are not on the class path.",
					"Add spring-boot-starter-jdbc or -data-jpa, or remove '" + property + "'.");
		}
		return store;
	}

	/**
	 * Reject batch limits of a consumer whose listener takes no batches.
	 */
	private void checkBatchSettings(String name, AbstractMessageListenerContainer<?, ?> container) {
		KaffeProperties.Consumer consumer = this.properties.getConsumers().get(name);
		if (consumer == null || !(container.getContainerProperties().getMessageListener() instanceof MessageListener)) {
			return;
		}
		String ignored = (consumer.getBatch().getMaxSize() != null) ? "batch.max-size"
				: (consumer.getBatch().getMaxWait() != null) ? "batch.max-wait" : null;
		if (ignored != null) {
			String property = KaffeProperties.nameOf(name, ignored);
			throw new UnsuitableContainerException(
					"'" + property + "' is set, but the listener of consumer '" + name + "' takes single records.",
					"Remove '" + property + "', or make the listener a batch listener: with batch = \"true\" on its "
							+ "@KafkaListener, or as a BatchRecordHandler.");
		}
	}

	/**
	 * Poll on platform threads although Spring Boot configures virtual ones: workers run
	 * on virtual threads, but a consumer thread never ends and would pin a carrier
	 * whenever the client blocks.
	 */
	private void pollOnPlatformThreads(AbstractMessageListenerContainer<?, ?> container) {
		AsyncTaskExecutor executor = container.getContainerProperties().getListenerTaskExecutor();
		if (this.virtualThreads && executor instanceof SimpleAsyncTaskExecutor) {
			container.getContainerProperties()
				.setListenerTaskExecutor(EngineThreads.named(container.getListenerId() + "-C-"));
			logger.debug("Listener container '" + container.getListenerId() + "' polls on platform threads");
		}
	}

	private static AbstractMessageListenerContainer<?, ?> adoptable(String name, MessageListenerContainer container) {
		if (container instanceof AbstractMessageListenerContainer<?, ?> adoptable) {
			return adoptable;
		}
		throw new UnsuitableContainerException("Listener container '" + name + "' cannot be given Kaffe workers: a "
				+ container.getClass().getName() + " does not commit offsets.", "Remove it from 'kaffe.consumers'.");
	}

	/**
	 * Return the listener container with a name, or {@code null} if the bean of its
	 * listener is not created yet.
	 * @throws UnsuitableContainerException if there is no such listener
	 */
	private @Nullable MessageListenerContainer present(String name) {
		KafkaListenerEndpointRegistry registry = registry();
		MessageListenerContainer container = registry.getListenerContainer(name);
		if (container == null) {
			container = containerBeans().get(name);
		}
		if (container != null) {
			return container;
		}
		String bean = new UncreatedListeners(this.beans).beanOf(name);
		if (bean != null) {
			logger.info("Consumer '" + name + "' starts when bean '" + bean
					+ "', which has its listener and is initialized lazily, is created");
			return null;
		}
		TreeSet<String> known = new TreeSet<>(registry.getListenerContainerIds());
		known.addAll(containerBeans().keySet());
		throw new UnsuitableContainerException(
				"'kaffe.consumers." + name + "' does not match a listener: there is no @KafkaListener with id = \""
						+ name + "\" and no listener container bean with that name.",
				known.isEmpty()
						? "Add a @KafkaListener(id = \"" + name + "\", …), or set 'kaffe.consumers." + name
								+ ".topics' and define a RecordHandler bean, or remove 'kaffe.consumers." + name + "'."
						: "Use one of the existing listeners: " + String.join(", ", known)
								+ ". Or give a @KafkaListener the id \"" + name + "\", or set 'kaffe.consumers." + name
								+ ".topics' and define a RecordHandler bean.");
	}

	/**
	 * Return the registry, which must not be injected: a bean that this one depends on
	 * would be started first.
	 */
	private KafkaListenerEndpointRegistry registry() {
		return this.beans.getBean(KafkaListenerConfigUtils.KAFKA_LISTENER_ENDPOINT_REGISTRY_BEAN_NAME,
				KafkaListenerEndpointRegistry.class);
	}

	private Map<String, MessageListenerContainer> containerBeans() {
		return this.beans.getBeansOfType(MessageListenerContainer.class, true, false);
	}

}
