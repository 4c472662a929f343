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

package io.kaffe.spring.engine.deadletter;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;

/**
 * Which dead letters of one partition were replayed or abandoned: all below an offset,
 * and some above. It is stored as a commit: that offset, and the rest in the metadata.
 * <p>
 * <b>Threading.</b> Belongs to the thread that reads the partition.
 */
public final class HandledLetters {

	/** First offset of a run to the one after its last; none touches another. */
	private final NavigableMap<Long, Long> above = new TreeMap<>();

	private long watermark;

	private HandledLetters(long watermark) {
		this.watermark = watermark;
	}

	/**
	 * Read what is stored. What is not credible counts as absent: letters are offered
	 * again then.
	 * @param beginning the offset of the first record of the partition
	 * @param end the offset after its last record
	 * @param committed the committed offset; {@code null} if nothing is stored
	 * @param metadata the metadata of the commit, or {@code null}
	 * @return what was handled
	 * @throws CommitMetadata.UnreadableMetadataException if something is stored that
	 * cannot be read, or is not about these records
	 */
	public static HandledLetters read(long beginning, long end, @Nullable Long committed, @Nullable String metadata)
			throws CommitMetadata.UnreadableMetadataException {
		if (committed == null || committed > end) {
			// The topic was created anew.
			return new HandledLetters(beginning);
		}
		CommitMetadata stored = CommitMetadata.read(metadata, committed);
		stored.checkBelow(end);
		HandledLetters handled = new HandledLetters(committed);
		handled.add(stored.completed());
		handled.add(0, beginning);
		return handled;
	}

	/**
	 * Return that nothing was handled.
	 * @param beginning the offset of the first record of the partition
	 * @return what was handled
	 */
	public static HandledLetters none(long beginning) {
		return new HandledLetters(beginning);
	}

	private void add(CompletedOffsets completed) {
		for (int run = 0; run < completed.runs(); run++) {
			add(completed.from(run), completed.to(run));
		}
	}

	/**
	 * Add offsets.
	 * @param from the first one
	 * @param to the one after the last; if it is not above the first, nothing is added
	 */
	public void add(long from, long to) {
		if (to <= from || to <= this.watermark) {
			return;
		}
		long first = from;
		long end = to;
		Map.Entry<Long, Long> touched = this.above.floorEntry(end);
		while (touched != null && touched.getValue() >= first) {
			this.above.remove(touched.getKey());
			first = Math.min(first, touched.getKey());
			end = Math.max(end, touched.getValue());
			touched = this.above.floorEntry(end);
		}
		if (first <= this.watermark) {
			this.watermark = Math.max(this.watermark, end);
		}
		else {
			this.above.put(first, end);
		}
	}

	/**
	 * Add what others have handled.
	 * @param others what they have
	 */
	public void addAll(HandledLetters others) {
		add(0, others.watermark);
		others.above.forEach(this::add);
	}

	/**
	 * Return whether all of some others are here, too.
	 * @param others the others
	 * @return whether nothing is added by them
	 */
	public boolean containsAll(HandledLetters others) {
		return others.watermark <= this.watermark && others.above.entrySet().stream().allMatch((run) -> {
			Map.Entry<Long, Long> here = this.above.floorEntry(run.getKey());
			return run.getValue() <= this.watermark || (here != null && here.getValue() >= run.getValue());
		});
	}

	/**
	 * Return whether a dead letter was handled.
	 * @param offset its offset
	 * @return whether it was replayed or abandoned
	 */
	public boolean contains(long offset) {
		Map.Entry<Long, Long> run = this.above.floorEntry(offset);
		return offset < this.watermark || (run != null && offset < run.getValue());
	}

	/**
	 * Return the offset to commit.
	 * @return all dead letters below it were handled
	 */
	public long watermark() {
		return this.watermark;
	}

	/**
	 * Return the metadata to commit with it.
	 * @param maxLength its longest length; what does not fit is left out
	 * @return the metadata
	 */
	public CommitMetadata metadata(int maxLength) {
		CompletedOffsets.Builder completed = new CompletedOffsets.Builder();
		this.above.forEach(completed::add);
		return CommitMetadata.of(this.watermark, completed.build(), maxLength);
	}

	/**
	 * Return how many offsets there are above the one to commit.
	 * @return the number that metadata has to hold
	 */
	public long countAbove() {
		return this.above.entrySet().stream().mapToLong((run) -> run.getValue() - run.getKey()).sum();
	}

}
