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

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link OffsetWindow}.
 */
class OffsetWindowTests {

	@Test
	void watermarkStopsAtTheFirstOpenOffset() {
		OffsetWindow window = new OffsetWindow(10);
		window.append(10, 14);
		assertThat(window.complete(10)).isTrue();
		assertThat(window.complete(11)).isTrue();
		assertThat(window.complete(13)).isTrue();
		assertThat(window.watermark()).isEqualTo(10);
		assertThat(window.advance()).isEqualTo(12);
		assertThat(window.completedAhead()).isEqualTo(1);
		assertThat(window.next()).isEqualTo(15);
		assertThat(window.complete(12)).isTrue();
		assertThat(window.advance()).isEqualTo(14);
		assertThat(window.completedAhead()).isZero();
	}

	@Test
	void completingTwiceOrOutsideTheWindowChangesNothing() {
		OffsetWindow window = new OffsetWindow(0);
		window.append(0, 1);
		assertThat(window.complete(0)).isTrue();
		assertThat(window.complete(0)).isFalse();
		assertThat(window.complete(2)).isFalse();
		assertThat(window.advance()).isEqualTo(1);
		assertThat(window.complete(0)).isFalse();
		window.append(2);
		assertThat(window.isComplete(2)).isFalse();
		assertThat(window.advance()).isEqualTo(1);
	}

	@Test
	void whatIsStillToBeAppendedIsNotComplete() {
		OffsetWindow window = new OffsetWindow(5);
		assertThat(window.isComplete(5)).isFalse();
		assertThat(window.isComplete(6)).isFalse();
	}

	@Test
	void segmentsBelowTheWatermarkAreLetGo() {
		OffsetWindow window = new OffsetWindow(0);
		window.append(0, 3 * 4096 - 1);
		assertThat(window.segments()).isEqualTo(3);
		LongStream.range(0, 4096).forEach(window::complete);
		assertThat(window.segments()).isEqualTo(3);
		assertThat(window.advance()).isEqualTo(4096);
		assertThat(window.segments()).isEqualTo(2);
	}

	@Test
	void gapsAreComplete() {
		OffsetWindow window = new OffsetWindow(5);
		window.append(5);
		window.append(9);
		window.append(200);
		assertThat(window.isComplete(6)).isTrue();
		assertThat(window.isComplete(9)).isFalse();
		assertThat(window.isComplete(199)).isTrue();
		window.complete(5);
		assertThat(window.advance()).isEqualTo(9);
		window.complete(9);
		assertThat(window.advance()).isEqualTo(200);
		window.complete(200);
		window.skipTo(203);
		assertThat(window.advance()).isEqualTo(203);
	}

	@Test
	void offsetsThatBelongToNoRecordCannotBeCompleted() {
		OffsetWindow window = new OffsetWindow(10);
		window.append(10);
		assertThat(window.complete(9)).as("below the first").isFalse();
		window.complete(10);
		window.advance();
		window.skipTo(20);
		assertThat(window.complete(15)).as("skipped").isFalse();
		window.append(5000);
		assertThat(window.complete(4999)).as("gap").isFalse();
	}

	@Test
	void skippingAnEmptyWindowMovesItsWatermark() {
		OffsetWindow window = new OffsetWindow(7);
		window.skipTo(1_000_000_000_000L);
		assertThat(window.watermark()).isEqualTo(1_000_000_000_000L);
		window.append(1_000_000_000_000L);
		assertThat(window.advance()).isEqualTo(1_000_000_000_000L);
	}

	@Test
	void completeOffsetsAreFoundAtTheBeginningOfTheNextSegment() {
		OffsetWindow window = new OffsetWindow(0);
		window.append(0, 2 * 4096 - 1);
		for (long offset : new long[] { 3, 4096, 4097, 4098 }) {
			window.complete(offset);
		}
		assertThat(window.completed(5, window.next(), 100).build())
			.isEqualTo(new CompletedOffsets.Builder().add(4096, 4099).build());
	}

	@Test
	void segmentThatIsKnownToBeCompleteStaysSo() {
		OffsetWindow window = new OffsetWindow(0);
		window.append(0, 3 * 4096 - 1);
		LongStream.range(4096, 2 * 4096).forEach(window::complete);
		CompletedOffsets completed = new CompletedOffsets.Builder().add(4096, 2 * 4096).build();
		assertThat(window.completedAbove(0, 100).build()).isEqualTo(completed);
		assertThat(window.completedAbove(0, 100).build()).as("once more").isEqualTo(completed);
	}

	@Test
	void watermarkPassesAsManySegmentsAsThereIsRoomFor() {
		OffsetWindow window = new OffsetWindow(0);
		window.append(0, 4 * 4096 - 1);
		assertThat(window.segments()).isEqualTo(4);
		LongStream.range(0, 4 * 4096).forEach(window::complete);
		assertThat(window.firstOpen()).isEqualTo(4 * 4096);
		assertThat(window.advance()).isEqualTo(4 * 4096);
		assertThat(window.segments()).isZero();
		assertThat(window.isComplete(4096)).isTrue();
		window.append(4 * 4096);
		assertThat(window.firstOpen()).isEqualTo(4 * 4096);
	}

	@Test
	void wideGapAboveAnOpenOffsetIsOneStepForTheWatermark() {
		OffsetWindow window = new OffsetWindow(100);
		window.append(100);
		window.append(50_000_000);
		assertThat(window.complete(25_000_000)).as("no record has it").isFalse();
		assertThat(window.completedAhead()).isEqualTo(50_000_000 - 101);
		window.complete(100);
		assertThat(window.advance()).isEqualTo(50_000_000);
	}

	@Test
	void gapOfAnyLengthCostsNothing() {
		OffsetWindow window = new OffsetWindow(0);
		long offset = 0;
		for (int record = 0; record < 40; record++) {
			window.append(offset);
			offset = (offset << 1) + 5000;
		}
		window.complete(5000);
		assertThat(window.advance()).isZero();
		assertThat(window.open(0, window.next())).isEqualTo(39);
		assertThat(window.completedAhead()).isEqualTo(window.next() - 39);
		window.complete(0);
		assertThat(window.advance()).isEqualTo(15_000);
	}

	@Test
	void segmentsThatAreCompleteAreLetGoAboveAnOpenOffsetToo() {
		OffsetWindow window = new OffsetWindow(0);
		window.append(0);
		long last = 10_000_000;
		for (long first = 1; first < last; first += 1000) {
			window.append(first, first + 999);
			for (long offset = first; offset < first + 1000; offset++) {
				window.complete(offset);
			}
		}
		assertThat(window.segments()).isLessThan(10);
		assertThat(window.completedAhead()).isEqualTo(last);
		window.complete(0);
		assertThat(window.advance()).isEqualTo(window.next());
	}

	@Test
	void whatIsCompletedAtTheWatermarkAfterItWasReadIsNotAboveIt() {
		OffsetWindow window = new OffsetWindow(10);
		window.append(10, 20);
		window.complete(14);
		long watermark = window.advance();
		window.complete(10);
		window.complete(11);
		assertThat(window.completedAbove(watermark, 100).build())
			.isEqualTo(new CompletedOffsets.Builder().add(14, 15).build());
		for (long offset = 10; offset <= 20; offset++) {
			window.complete(offset);
		}
		assertThat(window.completedAbove(watermark, 100).build().isEmpty()).isTrue();
	}

	@Test
	void offsetsGoUpOnly() {
		OffsetWindow window = new OffsetWindow(10);
		window.append(10);
		assertThatIllegalArgumentException().isThrownBy(() -> window.append(10))
			.withMessage("Offset 10 is below 11, the next to append");
		assertThatIllegalArgumentException().isThrownBy(() -> window.skipTo(3));
		assertThatIllegalArgumentException().isThrownBy(() -> new OffsetWindow(-1));
	}

	@Test
	void manyThreadsCompleteWhileTheOwnerAppendsAndAdvances() throws Exception {
		int threads = 4;
		int rounds = 200;
		int size = 5_000;
		OffsetWindow window = new OffsetWindow(0);
		ExecutorService executor = Executors.newFixedThreadPool(threads);
		try {
			for (int round = 0; round < rounds; round++) {
				long first = window.next();
				window.append(first, first + size - 1);
				List<Long> offsets = new ArrayList<>(LongStream.range(first, first + size).boxed().toList());
				Collections.shuffle(offsets, new Random(round));
				CountDownLatch start = new CountDownLatch(1);
				List<Future<Integer>> completions = new ArrayList<>();
				for (int thread = 0; thread < threads; thread++) {
					List<Long> mine = offsets.subList(thread * size / threads, (thread + 1) * size / threads);
					completions.add(executor.submit(() -> {
						start.await();
						int completed = 0;
						for (Long offset : mine) {
							completed += window.complete(offset) ? 1 : 0;
						}
						return completed;
					}));
				}
				start.countDown();
				long before = window.watermark();
				while (!completions.stream().allMatch(Future::isDone)) {
					long watermark = window.advance();
					assertThat(watermark).isBetween(before, first + size);
					before = watermark;
				}
				int completed = 0;
				for (Future<Integer> completion : completions) {
					completed += completion.get();
				}
				assertThat(completed).isEqualTo(size);
				assertThat(window.advance()).isEqualTo(first + size);
			}
		}
		finally {
			executor.shutdownNow();
		}
	}

}
