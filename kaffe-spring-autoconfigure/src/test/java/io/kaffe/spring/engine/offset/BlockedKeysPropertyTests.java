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

import java.time.Instant;
import java.util.List;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

import io.kaffe.spring.engine.offset.BlockedKeys.BlockedKey;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Property-based tests for what {@link CommitMetadata} stores of {@link BlockedKeys}:
 * whatever is completed, parked and blocked, and however little fits.
 */
class BlockedKeysPropertyTests {

	@Property(tries = 500, edgeCases = EdgeCasesMode.NONE)
	void whatIsWrittenIsReadAndNeverReportsMoreThanIsComplete(@ForAll @LongRange(max = 1_000_000) long committed,
			@ForAll("runs") List<Integer> runs, @ForAll("keys") List<BlockedKey> keys,
			@ForAll("parked") List<Integer> parkedAt, @ForAll @IntRange(min = 30, max = 3000) int limit)
			throws Exception {
		CompletedOffsets.Builder builder = new CompletedOffsets.Builder();
		long at = committed + 1;
		for (int index = 0; index + 1 < runs.size(); index += 2) {
			builder.add(at + runs.get(index), at + runs.get(index) + runs.get(index + 1));
			at += runs.get(index) + runs.get(index + 1) + 1;
		}
		CompletedOffsets completed = builder.build();
		BlockedKeys blocked = BlockedKeys
			.of(keys.stream().map((key) -> new BlockedKey(key.hash(), committed + key.from())).toList());
		ParkedRecords parked = ParkedRecords.of(parkedAt.stream()
			.distinct()
			.map((offset) -> new ParkedRecord(committed + offset, Instant.EPOCH, 3, 1, "Ab"))
			.toList());
		CommitMetadata metadata = CommitMetadata.of(committed, completed, parked, blocked, 5, limit);
		assertThat(metadata.text()).hasSizeLessThanOrEqualTo(limit);
		CommitMetadata read = CommitMetadata.read(metadata.text(), committed);
		assertThat(read).isEqualTo(metadata);
		for (long offset = committed; offset < at + 10; offset++) {
			if (read.completed().contains(offset)) {
				assertThat(completed.contains(offset)).as("%s is complete", offset).isTrue();
				for (BlockedKey key : blocked.all()) {
					assertThat(read.blocked().isBlocked(key.hash(), offset) || !blocked.isBlocked(key.hash(), offset))
						.as("%s of a blocked key is not skipped", offset)
						.isTrue();
				}
			}
		}
	}

	@Provide
	Arbitrary<List<Integer>> runs() {
		return Arbitraries.integers().between(1, 20).list().ofMaxSize(30);
	}

	@Provide
	Arbitrary<List<BlockedKey>> keys() {
		return Combinators.combine(Arbitraries.integers().between(-5, 5), Arbitraries.longs().between(0, 400))
			.as((hash, from) -> new BlockedKey(new KeyHash((byte) (hash & 1), hash), from))
			.list()
			.ofMaxSize(8);
	}

	@Provide
	Arbitrary<List<Integer>> parked() {
		return Arbitraries.integers().between(0, 400).list().ofMaxSize(4);
	}

}
