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

/**
 * What checks ask of an offset window: of {@link OffsetWindow} itself, of its broken
 * variants, and of the model they are compared with.
 */
interface TestedWindow {

	void append(long first, long last);

	void skipTo(long offset);

	boolean complete(long offset);

	long advance();

	long watermark();

	long next();

	boolean isComplete(long offset);

	long completedAhead();

	/**
	 * Create a window to be tested.
	 * @param first the first offset
	 * @return an {@link OffsetWindow}
	 */
	static TestedWindow real(long first) {
		return new RealWindow(new OffsetWindow(first));
	}

	/**
	 * The window itself. Not a record, because Lincheck does not look into those.
	 */
	final class RealWindow implements TestedWindow {

		private final OffsetWindow window;

		RealWindow(OffsetWindow window) {
			this.window = window;
		}

		@Override
		public void append(long first, long last) {
			this.window.append(first, last);
		}

		@Override
		public void skipTo(long offset) {
			this.window.skipTo(offset);
		}

		@Override
		public boolean complete(long offset) {
			return this.window.complete(offset);
		}

		@Override
		public long advance() {
			return this.window.advance();
		}

		@Override
		public long watermark() {
			return this.window.watermark();
		}

		@Override
		public long next() {
			return this.window.next();
		}

		@Override
		public boolean isComplete(long offset) {
			return this.window.isComplete(offset);
		}

		@Override
		public long completedAhead() {
			return this.window.completedAhead();
		}

	}

}
