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

package io.kaffe.spring.benchmark.contender;

import java.io.IOException;
import java.nio.file.Path;

import one.profiler.AsyncProfiler;
import org.jspecify.annotations.Nullable;

/**
 * A flame graph of what all threads compute while the clock of a round runs, made by
 * async-profiler. Where its native library does not run, there is none, which is said.
 * <p>
 * <b>Threading.</b> Used by the thread that has the clock.
 */
final class CpuProfile {

	/** Names the file that the flame graph goes to; without it, there is none. */
	static final String FILE_PROPERTY = "contender.flame-graph";

	private final @Nullable AsyncProfiler profiler;

	private CpuProfile(@Nullable AsyncProfiler profiler) {
		this.profiler = profiler;
	}

	/**
	 * Start, if this JVM has a property with the path of a flame graph.
	 */
	static CpuProfile start() {
		if (System.getProperty(FILE_PROPERTY) == null) {
			return new CpuProfile(null);
		}
		try {
			AsyncProfiler profiler = AsyncProfiler.getInstance();
			profiler.execute("start,event=ctimer,interval=1ms,threads");
			return new CpuProfile(profiler);
		}
		catch (IOException | RuntimeException | LinkageError ex) {
			System.err.println("There is no flame graph: " + ex);
			return new CpuProfile(null);
		}
	}

	/**
	 * Stop, and write the flame graph.
	 * @throws IOException if it cannot be written
	 */
	void stop() throws IOException {
		if (this.profiler != null) {
			this.profiler.execute("stop,flamegraph,threads,file=" + Path.of(System.getProperty(FILE_PROPERTY)));
		}
	}

}
