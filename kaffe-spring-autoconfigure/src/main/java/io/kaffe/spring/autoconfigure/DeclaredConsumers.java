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

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.context.properties.source.MutuallyExclusiveConfigurationPropertiesException;
import org.springframework.kafka.config.AbstractKafkaListenerContainerFactory;
import org.springframework.kafka.config.KafkaListenerContainerFactory;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.listener.GenericMessageListener;
import org.springframework.kafka.listener.adapter.FilteringBatchMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.util.StringUtils;

import io.kaffe.spring.BatchRecordHandler;
import io.kaffe.spring.RecordHandler;
import io.kaffe.spring.engine.adapter.BatchRecordHandlerListener;
import io.kaffe.spring.engine.adapter.RecordHandlerListener;
import io.kaffe.spring.engine.listener.UnsuitableContainerException;

/**
 * The consumers that are declared with topics below {@code kaffe.consumers}, rather than
 * naming a listener. Each has a listener container like that of a {@code @KafkaListener},
 * with the consumer's name as its id, in the same registry.
 * <p>
 * <b>Threading.</b> Called by the thread that refreshes the context.
 */
final class DeclaredConsumers {

	private static final String FACTORY = "kaffeListenerContainerFactory";

	private final KaffeProperties properties;

	private final ListableBeanFactory beans;

	private boolean registered;

	DeclaredConsumers(KaffeProperties properties, ListableBeanFactory beans) {
		this.properties = properties;
		this.beans = beans;
	}

	/**
	 * Register the listener containers of all declared consumers that are enabled, once.
	 * @param registry the registry
	 * @param others the names of listener containers that are not in the registry
	 * @throws UnsuitableContainerException if a declaration is incomplete or conflicts
	 * with a listener
	 */
	void register(KafkaListenerEndpointRegistry registry, Set<String> others) {
		if (this.registered) {
			return;
		}
		this.registered = true;
		this.properties.getConsumers().forEach((name, consumer) -> {
			if (consumer.isDeclared()) {
				check(name, consumer);
				if (registry.getListenerContainer(name) != null || others.contains(name)) {
					throw listenedTo(name);
				}
				if (consumer.isEnabled()) {
					register(name, consumer, registry);
				}
			}
			else {
				checkNotDeclared(name, consumer);
			}
		});
	}

	private void register(String name, KaffeProperties.Consumer consumer, KafkaListenerEndpointRegistry registry) {
		KafkaListenerContainerFactory<?> factory = factory(name);
		GenericMessageListener<?> listener = listener(name, handler(name, consumer));
		registry.registerListenerContainer(
				new DeclaredConsumerEndpoint(name, consumer, groupId(name, consumer, factory), listener), factory);
	}

	private static void check(String name, KaffeProperties.Consumer consumer) {
		if (!consumer.getTopics().isEmpty() && consumer.getTopicPattern() != null) {
			List<String> both = List.of(KaffeProperties.nameOf(name, "topics"),
					KaffeProperties.nameOf(name, "topic-pattern"));
			throw new MutuallyExclusiveConfigurationPropertiesException(both, both);
		}
		for (String topic : consumer.getTopics()) {
			if (!StringUtils.hasText(topic)) {
				throw new InvalidConfigurationPropertyValueException(KaffeProperties.nameOf(name, "topics"),
						consumer.getTopics(), "A topic must have a name.");
			}
		}
		Integer concurrency = consumer.getConcurrency();
		if (concurrency != null && concurrency < 1) {
			throw new InvalidConfigurationPropertyValueException(KaffeProperties.nameOf(name, "concurrency"),
					concurrency, "Must be 1 or more Kafka consumers.");
		}
	}

	/**
	 * Reject properties that would be ignored: a listener has its own attributes for
	 * them.
	 */
	private static void checkNotDeclared(String name, KaffeProperties.Consumer consumer) {
		String ignored = onlyForDeclared(consumer);
		if (ignored != null) {
			String property = KaffeProperties.nameOf(name, ignored);
			throw new UnsuitableContainerException(
					"'" + property + "' is set, but consumer '" + name + "' is not declared: it has neither topics nor "
							+ "a topic pattern.",
					"Set '" + KaffeProperties.nameOf(name, "topics") + "' or '"
							+ KaffeProperties.nameOf(name, "topic-pattern")
							+ "' to declare it. If it names a listener, remove '" + property
							+ "': a @KafkaListener has attributes for that.");
		}
	}

	private static @Nullable String onlyForDeclared(KaffeProperties.Consumer consumer) {
		if (consumer.getHandler() != null) {
			return "handler";
		}
		if (consumer.getGroupId() != null) {
			return "group-id";
		}
		if (consumer.getConcurrency() != null) {
			return "concurrency";
		}
		if (consumer.getAutoStartup() != null) {
			return "auto-startup";
		}
		return consumer.getProperties().isEmpty() ? null : "properties";
	}

	private static UnsuitableContainerException listenedTo(String name) {
		return new UnsuitableContainerException(
				"'kaffe.consumers." + name + "' declares a consumer with topics, but a listener container with that "
						+ "name already exists, by the id of a @KafkaListener or as a bean.",
				"Remove the topics to give that listener workers, or declare the consumer under another name.");
	}

	private KafkaListenerContainerFactory<?> factory(String name) {
		if (!this.beans.containsBean(FACTORY)) {
			throw new UnsuitableContainerException(
					"'kaffe.consumers." + name + "' declares a consumer, but there is no container factory for it: "
							+ "Spring Boot's auto-configuration of Kafka listeners is disabled.",
					"Enable it, or define a KafkaListenerContainerFactory bean named '" + FACTORY + "'.");
		}
		return this.beans.getBean(FACTORY, KafkaListenerContainerFactory.class);
	}

	/**
	 * Return the consumer's group: its own; else {@code null} if the consumer factory has
	 * one; else the consumer's name.
	 */
	private static @Nullable String groupId(String name, KaffeProperties.Consumer consumer,
			KafkaListenerContainerFactory<?> factory) {
		String own = consumer.getGroupId();
		if (!StringUtils.hasText(own)) {
			own = consumer.getProperties().get(ConsumerConfig.GROUP_ID_CONFIG);
		}
		if (StringUtils.hasText(own)) {
			return own;
		}
		return hasGroup(factory) ? null : name;
	}

	private static boolean hasGroup(KafkaListenerContainerFactory<?> factory) {
		if (factory instanceof AbstractKafkaListenerContainerFactory<?, ?, ?> containers) {
			ConsumerFactory<?, ?> consumers = containers.getConsumerFactory();
			return StringUtils.hasText(containers.getContainerProperties().getGroupId())
					|| (consumers != null
							&& consumers.getConfigurationProperties()
								.get(ConsumerConfig.GROUP_ID_CONFIG) instanceof String group
							&& StringUtils.hasText(group));
		}
		return false;
	}

	/**
	 * Return the listener that calls a handler. The application's filter applies as
	 * Spring Boot applies it to listeners: if there is exactly one.
	 */
	@SuppressWarnings("unchecked")
	private GenericMessageListener<?> listener(String name, Object handler) {
		RecordFilterStrategy<Object, Object> filter = this.beans.getBeanProvider(RecordFilterStrategy.class)
			.getIfUnique();
		if (handler instanceof BatchRecordHandler<?, ?> batches) {
			BatchRecordHandlerListener listener = new BatchRecordHandlerListener(name,
					(BatchRecordHandler<Object, Object>) batches);
			return (filter != null) ? new FilteringBatchMessageListenerAdapter<>(listener, filter) : listener;
		}
		RecordHandlerListener listener = new RecordHandlerListener(name, (RecordHandler<Object, Object>) handler);
		return (filter != null) ? new FilteringMessageListenerAdapter<>(listener, filter) : listener;
	}

	private Object handler(String name, KaffeProperties.Consumer consumer) {
		if (StringUtils.hasText(consumer.getHandler())) {
			return named(name, consumer.getHandler());
		}
		if (isHandler(name)) {
			return this.beans.getBean(name);
		}
		Object only = isOnlyOne() ? onlyHandler() : null;
		if (only == null) {
			throw noHandler(name);
		}
		return only;
	}

	/**
	 * Return whether no other consumer is declared for which the only handler might be
	 * intended.
	 */
	private boolean isOnlyOne() {
		return declared().size() == 1;
	}

	private Set<String> declared() {
		Set<String> declared = new TreeSet<>();
		this.properties.getConsumers().forEach((name, consumer) -> {
			if (consumer.isDeclared()) {
				declared.add(name);
			}
		});
		return declared;
	}

	/**
	 * Return the only or primary handler of one kind, if there is none of the other.
	 */
	private @Nullable Object onlyHandler() {
		boolean batches = this.beans.getBeanNamesForType(BatchRecordHandler.class).length > 0;
		boolean records = this.beans.getBeanNamesForType(RecordHandler.class).length > 0;
		if (batches && records) {
			return null;
		}
		Class<?> kind = batches ? BatchRecordHandler.class : RecordHandler.class;
		return this.beans.getBeanProvider(kind).getIfUnique();
	}

	private Object named(String name, String handler) {
		String property = KaffeProperties.nameOf(name, "handler");
		if (!this.beans.containsBean(handler)) {
			throw new UnsuitableContainerException(
					"'" + property + "' names the handler '" + handler + "', but there is no bean with that name.",
					handlers().isEmpty() ? "Define a RecordHandler or BatchRecordHandler bean named '" + handler + "'."
							: "Use one of the existing handlers: " + String.join(", ", handlers()) + ".");
		}
		if (!isHandler(handler)) {
			Class<?> type = this.beans.getType(handler);
			throw new UnsuitableContainerException(
					"'" + property + "' names the bean '" + handler
							+ "', which is not a RecordHandler or BatchRecordHandler but a "
							+ ((type != null) ? type.getName() : "bean of unknown type") + ".",
					"Implement one of them, or name a bean that does.");
		}
		return this.beans.getBean(handler);
	}

	private UnsuitableContainerException noHandler(String name) {
		Set<String> handlers = handlers();
		if (handlers.isEmpty()) {
			return new UnsuitableContainerException(
					"Consumer '" + name
							+ "' is declared without a handler: there is no RecordHandler or BatchRecordHandler bean.",
					"Define a RecordHandler or BatchRecordHandler bean named '" + name + "'.");
		}
		String present = (handlers.size() == 1) ? "there is " + handlers.iterator().next()
				+ ", which may be intended for another of the consumers " + String.join(", ", declared())
				: "there are " + String.join(", ", handlers);
		return new UnsuitableContainerException(
				"Consumer '" + name + "' is declared, but it is ambiguous which bean handles its records: " + present
						+ ".",
				((handlers.size() == 1) ? "Name it with '" : "Name one of them with '")
						+ KaffeProperties.nameOf(name, "handler") + "', or give "
						+ ((handlers.size() == 1) ? "the right one" : "one") + " the name '" + name + "'.");
	}

	private boolean isHandler(String bean) {
		return this.beans.containsBean(bean) && (this.beans.isTypeMatch(bean, RecordHandler.class)
				|| this.beans.isTypeMatch(bean, BatchRecordHandler.class));
	}

	private Set<String> handlers() {
		Set<String> handlers = new TreeSet<>(Set.of(this.beans.getBeanNamesForType(RecordHandler.class)));
		handlers.addAll(Set.of(this.beans.getBeanNamesForType(BatchRecordHandler.class)));
		return handlers;
	}

}
