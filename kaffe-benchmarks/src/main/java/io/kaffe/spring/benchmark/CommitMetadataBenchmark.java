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

package io.kaffe.spring.benchmark;

import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.OffsetWindow;

/**
 * What the metadata of one commit costs behind a stalled record: finding what is complete
 * above the watermark, and writing it.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
@State(Scope.Thread)
public class CommitMetadataBenchmark {

	private static final int MAX_RUNS = 16_384;

	/**
	 * How many offsets were polled since the stalled one.
	 */
	@Param({ "1000", "100000", "1000000" })
	public int distance;

	/**
	 * One of how many offsets is open, beside the stalled one; 0: none.
	 */
	@Param({ "0", "1000", "2" })
	public int oneOpenOf;

	private OffsetWindow window = new OffsetWindow(0);

	/**
	 * Stall at offset 0 and complete what is above.
	 */
	@Setup(Level.Trial)
	public void stall() {
		this.window = new OffsetWindow(0);
		this.window.append(0, this.distance - 1);
		for (int offset = 1; offset < this.distance; offset++) {
			if (this.oneOpenOf == 0 || offset % this.oneOpenOf != 0) {
				this.window.complete(offset);
			}
		}
	}

	/**
	 * Make the metadata of a commit.
	 * @return the metadata
	 */
	@Benchmark
	public CommitMetadata tell() {
		long watermark = this.window.advance();
		return CommitMetadata.of(watermark, this.window.completedAbove(watermark, MAX_RUNS).build(), 4096);
	}

}
