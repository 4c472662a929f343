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

import java.lang.reflect.AnnotatedElement;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.BeansException;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.config.EmbeddedValueResolver;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.core.annotation.RepeatableContainers;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.KafkaListeners;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * The listeners of beans that are not created yet, as with
 * {@code spring.main.lazy-initialization}. Their containers are registered when their
 * beans are created, and started at once.
 * <p>
 * <b>Threading.</b> Called by the thread that refreshes the context.
 */
final class UncreatedListeners {

	private final ConfigurableListableBeanFactory beans;

	private final EmbeddedValueResolver values;

	UncreatedListeners(ConfigurableListableBeanFactory beans) {
		this.beans = beans;
		this.values = new EmbeddedValueResolver(beans);
	}

	/**
	 * Return the bean that has a listener and is not created yet.
	 * @param id the id of the listener
	 * @return the name of the bean, or {@code null} if there is none
	 */
	@Nullable String beanOf(String id) {
		return Stream.of(this.beans.getBeanDefinitionNames())
			.filter((bean) -> !this.beans.containsSingleton(bean) && declares(bean, id))
			.findFirst()
			.orElse(null);
	}

	private boolean declares(String bean, String id) {
		Class<?> type = this.beans.getType(bean, false);
		if (type == null || !AnnotationUtils.isCandidateClass(type, KafkaListener.class)) {
			return false;
		}
		Class<?> user = ClassUtils.getUserClass(type);
		return Stream
			.<AnnotatedElement>concat(Stream.of(user), Stream.of(ReflectionUtils.getUniqueDeclaredMethods(user)))
			.flatMap((element) -> MergedAnnotations
				.from(element, SearchStrategy.TYPE_HIERARCHY,
						RepeatableContainers.of(KafkaListener.class, KafkaListeners.class))
				.stream(KafkaListener.class))
			.anyMatch((listener) -> id.equals(id(listener)));
	}

	private @Nullable String id(MergedAnnotation<KafkaListener> listener) {
		try {
			return this.values.resolveStringValue(listener.getString("id"));
		}
		catch (BeansException | IllegalArgumentException ex) {
			// It refers to the bean itself, or is reported when the bean is created.
			return null;
		}
	}

}
