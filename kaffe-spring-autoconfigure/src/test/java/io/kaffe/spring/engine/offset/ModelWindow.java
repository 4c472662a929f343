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

package io.kaffe.spring.engine.offset;

import java.util.TreeSet;

/**
 * A window as simple as can be: the set of open offsets. For one thread.
 */
final class ModelWindow implements TestedWindow {

	private final TreeSet<Long> open = new TreeSet<>();

	private long watermark;

	private long next;

	ModelWindow(long first) {
		this.watermark = first;
		this.next = first;
	}

	@Override
	public void append(long first, long last) {
		skipTo(first);
		for (long offset = first; offset <= last; offset++) {
			this.open.add(offset);
		}
		this.next = last + 1;
	}

	@Override
	public void skipTo(long offset) {
		if (this.watermark == this.next) {
			this.watermark = offset;
		}
		this.next = offset;
	}

	@Override
	public boolean complete(long offset) {
		return this.open.remove(offset);
	}

	@Override
	public long advance() {
		this.watermark = this.open.isEmpty() ? this.next : this.open.first();
		return this.watermark;
	}

	@Override
	public long watermark() {
		return this.watermark;
	}

	@Override
	public long next() {
		return this.next;
	}

	@Override
	public boolean isComplete(long offset) {
		return offset < this.next && !this.open.contains(offset);
	}

	@Override
	public long completedAhead() {
		return this.next - this.watermark - this.open.size();
	}

}
