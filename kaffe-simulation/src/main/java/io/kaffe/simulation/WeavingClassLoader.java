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

/**
 * Loads the engine's classes with points in them, Spring Kafka's listener containers so
 * that they wait in the simulation, and all other classes of both anew.
 * <p>
 * <b>Threading.</b> Safe for concurrent use.
 */
final class WeavingClassLoader extends ClassLoader {

	private static final String ENGINE = "io.kaffe.spring.engine.";

	private static final String CONTAINERS = "org.springframework.kafka.listener.";

	private final Weaving weaving;

	/**
	 * Create a class loader.
	 * @param parent has the classes as they were compiled
	 */
	WeavingClassLoader(ClassLoader parent) {
		super(parent);
		this.weaving = new Weaving(parent);
	}

	/**
	 * Return how many points the classes have that were loaded so far.
	 */
	int points() {
		return this.weaving.points();
	}

	@Override
	protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
		if (!isAnew(name)) {
			return super.loadClass(name, resolve);
		}
		synchronized (getClassLoadingLock(name)) {
			Class<?> loaded = findLoadedClass(name);
			if (loaded == null) {
				byte[] bytes = isWoven(name) ? this.weaving.weave(name, name.startsWith(ENGINE))
						: this.weaving.bytes(name.replace('.', '/'));
				if (bytes == null) {
					throw new ClassNotFoundException(name);
				}
				loaded = defineClass(name, bytes, 0, bytes.length);
			}
			return loaded;
		}
	}

	private static boolean isAnew(String name) {
		return (name.startsWith("io.kaffe.") && !name.startsWith("io.kaffe.spring.test.simulation."))
				|| name.startsWith("org.springframework.kafka.");
	}

	private static boolean isWoven(String name) {
		return name.startsWith(ENGINE) || name.startsWith(CONTAINERS);
	}

}
