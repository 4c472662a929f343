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

package io.kaffe.spring.engine.worker;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;

/**
 * The latest entries of a history; older ones are forgotten.
 * <p>
 * <b>Threading.</b> Guarded by its own monitor, under which nothing else is called.
 *
 * @param <E> the type of the entries, immutable
 */
public final class RecentEntries<E> {

	private final Deque<E> entries = new ArrayDeque<>();

	private final int limit;

	/**
	 * Create a history without entries.
	 * @param limit how many are kept, 1 or more
	 */
	public RecentEntries(int limit) {
		this.limit = limit;
	}

	/**
	 * Add an entry. If there are too many, the oldest is forgotten.
	 * @param entry the entry
	 */
	public synchronized void add(E entry) {
		if (this.entries.size() == this.limit) {
			this.entries.remove();
		}
		this.entries.add(entry);
	}

	/**
	 * Return the entries.
	 * @return a snapshot, newest first
	 */
	public List<E> newestFirst() {
		List<E> list = oldestFirst();
		Collections.reverse(list);
		return list;
	}

	private synchronized List<E> oldestFirst() {
		return new ArrayList<>(this.entries);
	}

}
