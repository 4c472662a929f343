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

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Prints in which order immutable collections are iterated over.
 */
public final class OrderPrinter {

	private OrderPrinter() {
	}

	public static void main(String[] args) {
		List<String> order = new ArrayList<>(Set.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j"));
		order.addAll(Set.of("k", "l"));
		order.addAll(Map.of("m", 1, "n", 2, "o", 3).keySet());
		System.out.println("order " + order);
	}

}
