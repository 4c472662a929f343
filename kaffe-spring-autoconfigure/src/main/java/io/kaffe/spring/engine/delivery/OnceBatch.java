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

package io.kaffe.spring.engine.delivery;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.BatchListenerFailedException;

import io.kaffe.spring.engine.delivery.BatchAttempt.BatchedRecord;
import io.kaffe.spring.engine.delivery.BatchAttempt.Settlement;

/**
 * One delivery of a batch whose records are handled once: in a transaction in which those
 * that it completes are noted.
 * <p>
 * <b>Threading.</b> The worker's.
 */
final class OnceBatch {

	private final BatchAttempt attempt;

	private final OnceDelivery once;

	/** What is to be completed, when the listener has returned. */
	private @Nullable Settlement settlement;

	OnceBatch(BatchAttempt attempt, OnceDelivery once) {
		this.attempt = attempt;
		this.once = once;
	}

	/**
	 * Deliver the batch, and complete what its handler says. If some of that was handled
	 * already, by others or by an attempt whose commit was not answered, that is
	 * completed, and the rest is delivered again.
	 * @param delivery calls the listener
	 * @throws Throwable what the listener throws, or the transaction fails with
	 */
	void deliver(OnceStore.Call delivery) throws Throwable {
		boolean accepted = this.once.store().deliver(delivery, this::notes);
		// As it was noted: what is kept open since is neither noted nor completed.
		Settlement settlement = Objects.requireNonNull(this.settlement, "The store has not requested what to note");
		if (accepted) {
			this.attempt.settle(settlement);
		}
		else {
			completeHandled(settlement);
		}
	}

	private void completeHandled(Settlement settlement) {
		List<BatchedRecord> records = new ArrayList<>(this.attempt.records());
		records.addAll(settlement.kept());
		Map<OnceStore.Partition, OnceStore.Noted> noted = this.once.store().noted(firstOffsets(records));
		this.attempt.rolledBack(settlement, (record) -> {
			boolean handled = isHandled(record, noted);
			if (handled) {
				this.once.refused(record.record());
			}
			return handled;
		});
	}

	/**
	 * Deliver the batch within a Kafka transaction, which commits what all of it sends,
	 * or nothing. If its records were noted before, the database has their effects: those
	 * of this delivery are rolled back, and what it sends is to be committed.
	 * @param delivery calls the listener
	 * @throws BatchListenerFailedException if only some were noted before; it names the
	 * first record that is not as those before it, which are to be delivered alone
	 * @throws PostponedCommitException if others are noting them at the moment
	 * @throws Throwable what the listener throws, or the transaction of the database
	 * fails with
	 */
	void deliverWhole(OnceStore.Call delivery) throws Throwable {
		if (this.once.store().deliver(delivery, this::notes)) {
			return;
		}
		List<BatchedRecord> records = this.attempt.records();
		Map<OnceStore.Partition, OnceStore.Noted> noted = this.once.store().noted(firstOffsets(records));
		boolean handled = isHandled(records.get(0), noted);
		for (BatchedRecord record : records) {
			if (isHandled(record, noted) != handled) {
				throw new BatchListenerFailedException(
						"The effects of some records of the batch are in the database already", record.record());
			}
		}
		if (!handled) {
			throw new PostponedCommitException("Records of the batch are being handled by others", null);
		}
		records.forEach((record) -> this.once.refused(record.record()));
	}

	private List<OnceStore.Note> notes() {
		Settlement settlement = this.attempt.settlement();
		this.settlement = settlement;
		List<OnceStore.Note> notes = new ArrayList<>();
		settlement.all().forEach((record) -> OnceDelivery.addNote(notes, record.record(), record.assignment()));
		return notes;
	}

	private static Map<OnceStore.Partition, Long> firstOffsets(List<BatchedRecord> records) {
		Map<OnceStore.Partition, Long> first = new HashMap<>();
		for (BatchedRecord record : records) {
			OnceStore.Partition partition = record.assignment().noted();
			if (partition != null) {
				first.merge(partition, record.record().offset(), Math::min);
			}
		}
		return first;
	}

	private static boolean isHandled(BatchedRecord record, Map<OnceStore.Partition, OnceStore.Noted> noted) {
		OnceStore.Partition partition = record.assignment().noted();
		OnceStore.Noted handled = (partition != null) ? noted.get(partition) : null;
		return handled != null && handled.contains(record.record().offset());
	}

}
