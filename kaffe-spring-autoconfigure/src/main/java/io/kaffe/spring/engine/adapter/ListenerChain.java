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

package io.kaffe.spring.engine.adapter;

import java.util.function.UnaryOperator;

import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.kafka.listener.DelegatingMessageListener;

/**
 * What a listener passes records on to: adapters that delegate, and the proxies that
 * {@code ContainerProperties.setAdviceChain} makes, in any nesting. Looks through proxies
 * without calling their advice, which is for deliveries.
 * <p>
 * <b>Threading.</b> Without state; called while the application starts.
 */
public final class ListenerChain {

	private ListenerChain() {
	}

	/**
	 * Return what a listener calls in the end.
	 * @param listener the listener
	 * @return the listener itself if it delegates to no other
	 */
	public static Object targetOf(Object listener) {
		Object target = listener;
		for (Object next = target; next != null; next = delegateOf(next)) {
			target = next;
		}
		return target;
	}

	/**
	 * Return what a listener calls next.
	 * @param listener the listener
	 * @return the target of a proxy, the delegate of an adapter; {@code null} if it is
	 * neither, or a proxy that does not expose its target
	 */
	public static @Nullable Object delegateOf(Object listener) {
		Object target = AopProxyUtils.getSingletonTarget(listener);
		if (target != null) {
			return target;
		}
		return (listener instanceof DelegatingMessageListener<?> delegating) ? delegating.getDelegate() : null;
	}

	/**
	 * Return a listener without the proxies around it.
	 * @param listener the listener
	 * @param <T> its type, an interface
	 * @return the first one that is not a proxy, whatever that delegates to
	 */
	@SuppressWarnings("unchecked")
	public static <T> T withoutProxies(T listener) {
		Object target = AopProxyUtils.getSingletonTarget(listener);
		return (target != null) ? withoutProxies((T) target) : listener;
	}

	/**
	 * Return a listener like another one, with something else within the proxies around
	 * it.
	 * @param listener the listener, which is not changed
	 * @param replacement gets the listener within the proxies, and may return it as it is
	 * @param <T> the type of the listener, an interface
	 * @return the same listener if nothing is replaced
	 */
	@SuppressWarnings("unchecked")
	public static <T> T replace(T listener, UnaryOperator<T> replacement) {
		Object target = AopProxyUtils.getSingletonTarget(listener);
		if (target == null) {
			return replacement.apply(listener);
		}
		T replaced = replace((T) target, replacement);
		return (replaced != target) ? (T) proxy((Advised) listener, replaced) : listener;
	}

	private static Object proxy(Advised like, Object target) {
		ProxyFactory factory = new ProxyFactory(like.getProxiedInterfaces());
		factory.setTarget(target);
		factory.setProxyTargetClass(like.isProxyTargetClass());
		factory.setExposeProxy(like.isExposeProxy());
		factory.setPreFiltered(like.isPreFiltered());
		factory.addAdvisors(like.getAdvisors());
		return factory.getProxy();
	}

}
