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

package io.kaffe.spring.fault;

import java.util.function.LongPredicate;

import io.kaffe.spring.engine.offset.CommitMetadata;

/**
 * What the metadata of a commit reports: the completed offsets above the committed one.
 */
@FunctionalInterface
interface OffsetReports {

	/** Metadata that reports nothing. */
	OffsetReports NONE = (offset, metadata) -> (candidate) -> false;

	/**
	 * Metadata as Kaffe writes it. It must be readable. From the first record of a
	 * blocked key on it is taken to report nothing, since that depends on keys.
	 */
	OffsetReports OF_COMMITS = (offset, metadata) -> {
		try {
			CommitMetadata report = CommitMetadata.read(metadata, offset);
			return (candidate) -> report.completed().contains(candidate)
					&& !report.blocked().isBlocked(null, candidate);
		}
		catch (CommitMetadata.UnreadableMetadataException ex) {
			throw new IllegalArgumentException("Metadata of a commit of " + offset + ": " + metadata, ex);
		}
	};

	/**
	 * Decode the metadata of a commit.
	 * @param offset the committed offset
	 * @param metadata the metadata as it was committed
	 * @return whether it claims an offset above the committed one to be complete
	 */
	LongPredicate reported(long offset, String metadata);

}
