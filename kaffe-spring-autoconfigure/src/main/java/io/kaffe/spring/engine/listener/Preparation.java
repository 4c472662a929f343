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

package io.kaffe.spring.engine.listener;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import io.kaffe.spring.engine.delivery.OnceStore;
import io.kaffe.spring.engine.offset.CompletedOffsets;

/**
 * What is awaited before the first record of a partition, which is paused meanwhile: the
 * name of its worker, if a strategy of the application names it, and what is noted of its
 * records, if they are handled once.
 * <p>
 * <b>Threading.</b> Owned by the consumer thread; any thread reads what is volatile.
 */
final class Preparation {

	/** Replaced, not changed. */
	private volatile Set<Awaited> awaited = Set.of();

	/** Where records are noted; {@code null} if they are not, or until it is known. */
	private volatile OnceStore.@Nullable Partition noted;

	/** What others have noted, and was not polled since. */
	private CompletedOffsets handled = CompletedOffsets.NONE;

	private @Nullable Long handledAgainFrom;

	/**
	 * Return whether something is awaited. Any thread.
	 */
	boolean isAwaiting() {
		return !this.awaited.isEmpty();
	}

	boolean isAwaiting(Awaited awaited) {
		return this.awaited.contains(awaited);
	}

	/**
	 * Return why the partition is paused, if something is awaited.
	 */
	String reason() {
		return this.awaited.iterator().next().reason;
	}

	void await(Awaited awaited) {
		Set<Awaited> all = EnumSet.of(awaited);
		all.addAll(this.awaited);
		this.awaited = all;
	}

	void received(Awaited received) {
		if (isAwaiting(received)) {
			Set<Awaited> left = EnumSet.copyOf(this.awaited);
			left.remove(received);
			this.awaited = left;
		}
	}

	/**
	 * Have records handled again from an offset on, whatever is noted of them.
	 */
	void handleAgainFrom(long offset) {
		if (this.noted != null || isAwaiting(Awaited.NOTES)) {
			this.handledAgainFrom = offset;
			await(Awaited.NOTES);
		}
	}

	/**
	 * Return from where records are to be handled again, or {@code null} if none are.
	 */
	@Nullable Long handledAgainFrom() {
		return this.handledAgainFrom;
	}

	/**
	 * Note what was handled before, and where records are noted from now on.
	 */
	void noted(OnceStore.Partition partition, CompletedOffsets handled) {
		this.noted = partition;
		this.handled = handled;
		this.handledAgainFrom = null;
		received(Awaited.NOTES);
	}

	/**
	 * Return where records are noted, or {@code null} if they are not. Any thread.
	 */
	OnceStore.@Nullable Partition noted() {
		return this.noted;
	}

	/**
	 * Complete polled records that others have noted as handled.
	 * @param records records that were appended to the progress
	 * @return the others
	 */
	<R extends ConsumerRecord<?, ?>> List<R> withoutHandled(List<R> records, PartitionProgress progress) {
		if (this.handled.isEmpty()) {
			return records;
		}
		List<R> open = new ArrayList<>(records.size());
		for (R record : records) {
			if (this.handled.contains(record.offset())) {
				progress.complete(record.offset());
			}
			else {
				open.add(record);
			}
		}
		if (this.handled.end() <= progress.polledUntil()) {
			this.handled = CompletedOffsets.NONE;
		}
		return open;
	}

	/**
	 * What a worker or another thread finds out.
	 */
	enum Awaited {

		/** The name of the partition's worker. */
		WORKER("worker-allocation"),

		/** Which of its records are noted as handled. */
		NOTES("once");

		private final String reason;

		Awaited(String reason) {
			this.reason = reason;
		}

	}

}
