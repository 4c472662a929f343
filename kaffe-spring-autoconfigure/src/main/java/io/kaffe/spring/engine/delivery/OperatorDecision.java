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

import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * A decision of an operator about a failing record.
 *
 * @param instruction what to do with it
 * @param bulk whether it is one of many decisions, none of which is logged
 * @param outcome notified once of what became of the record; called by any thread, must
 * not block
 */
record OperatorDecision(Instruction instruction, boolean bulk, Consumer<Outcome> outcome) {

	/**
	 * A decision of which nothing else is to be known.
	 */
	static OperatorDecision of(Instruction instruction) {
		return new OperatorDecision(instruction, false, (outcome) -> {
		});
	}

	/**
	 * What an operator requests for a record.
	 */
	enum Instruction {

		RETRY, SKIP, DEAD_LETTER;

		@Override
		public String toString() {
			return name().toLowerCase(Locale.ROOT).replace('_', '-');
		}

	}

	/**
	 * What became of a record that was decided about.
	 */
	enum Outcome {

		/** It was completed. */
		COMPLETED,

		/** It was retried and failed again. */
		FAILED,

		/** Its partition was revoked or lost before it was completed. */
		REVOKED,

		/** It was decided about once more, or had been completed before. */
		SUPERSEDED

	}

	/**
	 * The place where decisions about one record are left, one at a time, and taken.
	 * <p>
	 * <b>Threading.</b> Any thread leaves; everything else is called by the worker of the
	 * record. Each decision has one outcome, whichever comes first.
	 */
	static final class Slot {

		/** Left for ever in the slot of a record that is completed. */
		private static final OperatorDecision COMPLETED = of(Instruction.SKIP);

		/** Left for ever in the slot of a record whose partition was revoked. */
		private static final OperatorDecision REVOKED = of(Instruction.SKIP);

		private final AtomicReference<@Nullable OperatorDecision> left = new AtomicReference<>();

		/** The last one that was taken, until it has an outcome. */
		private @Nullable OperatorDecision taken;

		/**
		 * Leave a decision, unless there is one already, or the record is over: then the
		 * decision has its outcome at once.
		 * @return the decision that there is now; {@code null} if the record is over
		 */
		@Nullable OperatorDecision leave(OperatorDecision decision) {
			OperatorDecision before = this.left.compareAndExchange(null, decision);
			if (before == COMPLETED || before == REVOKED) {
				decision.outcome().accept((before == REVOKED) ? Outcome.REVOKED : Outcome.SUPERSEDED);
				return null;
			}
			return (before != null) ? before : decision;
		}

		/**
		 * Return whether there is one to take. Any thread.
		 */
		boolean isFilled() {
			OperatorDecision decision = this.left.get();
			return decision != null && decision != COMPLETED && decision != REVOKED;
		}

		/**
		 * Take the decision to carry it out.
		 * @return the decision, or {@code null} if there is none
		 */
		@Nullable OperatorDecision take() {
			OperatorDecision decision = this.left.getAndSet(null);
			if (decision != null) {
				over(Outcome.SUPERSEDED);
				this.taken = decision;
			}
			return decision;
		}

		/**
		 * Note that an attempt failed.
		 */
		void failed() {
			over(Outcome.FAILED);
		}

		/**
		 * Note that the record is over, and take no more decisions.
		 * @param revoked whether its partition was revoked before it was completed
		 */
		void close(boolean revoked) {
			OperatorDecision pending = this.left.getAndSet(revoked ? REVOKED : COMPLETED);
			over(revoked ? Outcome.REVOKED : Outcome.COMPLETED);
			if (pending != null) {
				pending.outcome().accept(revoked ? Outcome.REVOKED : Outcome.SUPERSEDED);
			}
		}

		private void over(Outcome outcome) {
			OperatorDecision decision = this.taken;
			if (decision != null) {
				this.taken = null;
				decision.outcome().accept(outcome);
			}
		}

	}

}
