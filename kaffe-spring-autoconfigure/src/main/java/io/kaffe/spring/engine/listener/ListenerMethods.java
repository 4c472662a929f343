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

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.core.annotation.RepeatableContainers;
import org.springframework.kafka.annotation.KafkaHandler;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.KafkaListeners;
import org.springframework.kafka.annotation.RetryableTopic;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageHeaders;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.Headers;
import org.springframework.messaging.handler.invocation.InvocableHandlerMethod;
import org.springframework.messaging.support.MessageHeaderAccessor;
import org.springframework.scheduling.annotation.Async;
import org.springframework.util.ClassUtils;

import io.kaffe.spring.engine.adapter.SpringKafkaFields;

/**
 * The methods of an application that a listener calls: one, or those of a class that
 * Spring Kafka chooses from by the payload.
 */
final class ListenerMethods {

	private final HandlerAdapter handler;

	private final List<Method> methods;

	/**
	 * Find the methods.
	 * @param handler what calls them
	 */
	ListenerMethods(HandlerAdapter handler) {
		this.handler = handler;
		InvocableHandlerMethod only = SpringKafkaFields.invokerHandlerMethod(handler);
		this.methods = (only != null) ? List.of(only.getMethod()) : MethodIntrospector
			.selectMethods(type(), (Method method) -> AnnotatedElementUtils.hasAnnotation(method, KafkaHandler.class))
			.stream()
			.sorted(Comparator.comparing(Method::toString))
			.toList();
	}

	private Class<?> type() {
		return ClassUtils.getUserClass(this.handler.getBean());
	}

	/**
	 * Return a method that has no way to acknowledge what it is called with, or
	 * {@code null} if there is none.
	 */
	@Nullable Method withoutAcknowledgment() {
		return this.methods.stream().filter((method) -> !canAcknowledge(method)).findFirst().orElse(null);
	}

	private static boolean canAcknowledge(Method method) {
		for (int i = 0; i < method.getParameterCount(); i++) {
			if (bringsAcknowledgment(method.getParameters()[i], ResolvableType.forMethodParameter(method, i))) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Return whether a parameter is an acknowledgment, or has one among its headers.
	 */
	private static boolean bringsAcknowledgment(Parameter parameter, ResolvableType type) {
		Class<?> raw = parameter.getType();
		Header header = AnnotatedElementUtils.findMergedAnnotation(parameter, Header.class);
		Class<?> element = type.asCollection().getGeneric().resolve();
		return Acknowledgment.class.isAssignableFrom(raw) || Message.class.isAssignableFrom(raw)
				|| MessageHeaders.class.isAssignableFrom(raw) || MessageHeaderAccessor.class.isAssignableFrom(raw)
				|| (element != null && Message.class.isAssignableFrom(element))
				|| AnnotatedElementUtils.hasAnnotation(parameter, Headers.class)
				|| (header != null && KafkaHeaders.ACKNOWLEDGMENT.equals(header.name()));
	}

	/**
	 * Return whether the group of the listener is its id because its annotation does not
	 * say otherwise.
	 * @param id the listener's id
	 */
	boolean isGroupFromId(String id) {
		return annotated()
			.flatMap(
					(element) -> MergedAnnotations
						.from(element, SearchStrategy.TYPE_HIERARCHY,
								RepeatableContainers.of(KafkaListener.class, KafkaListeners.class))
						.stream(KafkaListener.class))
			.anyMatch((listener) -> hasId(listener, id) && listener.getBoolean("idIsGroup")
					&& listener.getString("groupId").isEmpty());
	}

	/**
	 * Return whether the listener is annotated to be retried by means of topics.
	 */
	boolean isRetryable() {
		return annotated().anyMatch((element) -> MergedAnnotations.from(element, SearchStrategy.TYPE_HIERARCHY)
			.isPresent(RetryableTopic.class));
	}

	/**
	 * Return whether a proxy of the application calls the methods on threads of their
	 * own.
	 */
	boolean isAsync() {
		return annotated().anyMatch(
				(element) -> MergedAnnotations.from(element, SearchStrategy.TYPE_HIERARCHY).isPresent(Async.class));
	}

	private Stream<AnnotatedElement> annotated() {
		return Stream.concat(this.methods.stream(), Stream.of(type()));
	}

	private static boolean hasId(MergedAnnotation<KafkaListener> listener, String id) {
		String written = listener.getString("id");
		return written.equals(id) || written.contains("${") || written.contains("#{");
	}

}
