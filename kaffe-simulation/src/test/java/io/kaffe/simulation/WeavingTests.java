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

import java.util.List;

import org.junit.jupiter.api.Test;

import io.kaffe.spring.test.simulation.Simulation;

import static org.assertj.core.api.Assertions.assertThat;

class WeavingTests {

	private static final String QUEUE = "io/kaffe/spring/engine/worker/RunQueue";

	private final WeavingClassLoader loader = new WeavingClassLoader(getClass().getClassLoader());

	@Test
	void engineHasPoints() throws ClassNotFoundException {
		Class<?> woven = this.loader.loadClass("io.kaffe.spring.engine.worker.RunQueue");
		assertThat(woven.getClassLoader()).isSameAs(this.loader);
		assertThat(woven.getDeclaredMethods()).isNotEmpty();
		assertThat(this.loader.points()).isGreaterThan(10);
	}

	@Test
	void containersHaveNoneButAreLoadedAnew() throws ClassNotFoundException {
		Class<?> container = this.loader
			.loadClass("org.springframework.kafka.listener.ConcurrentMessageListenerContainer");
		assertThat(container.getClassLoader()).isSameAs(this.loader);
		assertThat(container.getDeclaredMethods()).isNotEmpty();
		assertThat(this.loader.points()).isZero();
	}

	@Test
	void simulationIsThatOfTheVirtualMachine() throws ClassNotFoundException {
		assertThat(this.loader.loadClass(Simulation.class.getName())).isSameAs(Simulation.class);
	}

	@Test
	void sitesOfAMethodDiffer() {
		assertThat(Weaving.site(QUEUE, "add()V", 1)).isNotEqualTo(Weaving.site(QUEUE, "add()V", 0));
	}

	@Test
	void sitesOfNestedClassesBeginLikeThoseOfTheirOutermostClass() {
		int site = Weaving.site(QUEUE, "add()V", 0);
		for (String nested : List.of(QUEUE + "$Lane", QUEUE + "$Lane$1")) {
			assertThat(Weaving.site(nested, "add()V", 0)).as(nested).isNotEqualTo(site);
			assertThat(upperHalf(Weaving.site(nested, "add()V", 0))).as(nested).isEqualTo(upperHalf(site));
		}
	}

	@Test
	void sitesOfOtherClassesBeginOtherwise() {
		assertThat(upperHalf(Weaving.site("io/kaffe/spring/engine/worker/Worker", "add()V", 0)))
			.isNotEqualTo(upperHalf(Weaving.site(QUEUE, "add()V", 0)));
	}

	@Test
	void siteIsTheSameInEachVirtualMachine() {
		assertThat(Weaving.site(QUEUE, "add()V", 0)).isEqualTo(0x1550F4AE);
		assertThat(Weaving.site(QUEUE + "$Lane", "add()V", 0)).isEqualTo(0x1550CE79);
	}

	private static int upperHalf(int site) {
		return site >>> Short.SIZE;
	}

}
