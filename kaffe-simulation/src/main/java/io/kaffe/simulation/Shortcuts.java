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

package io.kaffe.simulation;

import java.beans.PropertyDescriptor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.springframework.beans.BeanUtils;

/**
 * What woven code of Spring Kafka calls in place of what it does anew for each container,
 * with the same result each time and at a price: a history has many containers.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
public final class Shortcuts {

	private static final Map<Class<?>, List<Copied>> COPIED = new HashMap<>();

	private Shortcuts() {
	}

	/**
	 * Do what {@link BeanUtils#copyProperties(Object, Object, String...)} does, for
	 * objects of the same class.
	 * @param source from what to copy
	 * @param target to what
	 * @param ignored the names of properties that are not copied
	 */
	public static void copyProperties(Object source, Object target, String... ignored) {
		if (source.getClass() != target.getClass()) {
			BeanUtils.copyProperties(source, target, ignored);
			return;
		}
		for (Copied each : COPIED.computeIfAbsent(source.getClass(), (type) -> copied(type, Set.of(ignored)))) {
			each.copy(source, target);
		}
	}

	private static List<Copied> copied(Class<?> type, Set<String> ignored) {
		List<Copied> copied = new ArrayList<>();
		for (PropertyDescriptor property : BeanUtils.getPropertyDescriptors(type)) {
			Method read = property.getReadMethod();
			Method write = property.getWriteMethod();
			if (read != null && write != null && !ignored.contains(property.getName())) {
				copied.add(new Copied(read, write));
			}
		}
		return copied;
	}

	/**
	 * A property that is copied.
	 */
	private record Copied(Method read, Method write) {

		void copy(Object source, Object target) {
			try {
				this.write.invoke(target, this.read.invoke(source));
			}
			catch (IllegalAccessException | InvocationTargetException ex) {
				throw new IllegalStateException(ex);
			}
		}

	}

}
