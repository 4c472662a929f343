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

package io.kaffe.spring.actuate;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import io.kaffe.spring.BulkDecisionRequest;
import io.kaffe.spring.FailingRecord;
import io.kaffe.spring.FailingRecordFilter;
import io.kaffe.spring.FailingRecords;
import io.kaffe.spring.actuate.OperationRefusedException.Reason;
import io.kaffe.spring.table.BulkDecisionSnapshot;

/**
 * The operations about all failing records of a consumer that match.
 * <p>
 * An argument that is misspelt is dropped before it arrives, so a filter may match more
 * than its author expects. Therefore a decision has to name the number of records that
 * its preview has shown, and does nothing if more match.
 */
final class BulkOperations {

	private static final int EXAMPLES = 5;

	private BulkOperations() {
	}

	/**
	 * Decide about all records that match, or preview that.
	 * @param operation the decision
	 * @param consumer the consumer's name
	 * @param records its failing records
	 * @param arguments the arguments
	 * @return what was begun
	 * @throws IllegalArgumentException if an argument is not valid
	 * @throws IllegalStateException if the decision is not possible now
	 */
	static OperationResult decideAll(Operation operation, String consumer, FailingRecords records,
			OperationArguments arguments) {
		FailingRecordFilter filter = arguments.filter().filter(Set.of(FailingRecord.State.PARKED));
		if (Boolean.TRUE.equals(arguments.preview())) {
			return preview(operation, consumer, records, filter);
		}
		Integer atMost = arguments.atMost();
		if (atMost == null) {
			throw new OperationRefusedException(Reason.BAD_REQUEST, "'" + operation
					+ "' of all records that match needs '\"preview\": true', or 'atMost' with the number of records that the preview has shown: if more match, nothing is done");
		}
		BulkDecisionRequest request = BulkDecisionRequest
			.of(BulkDecisionRequest.Decision.valueOf(operation.name()), filter)
			.withAtMost(atMost);
		Integer maxPerSecond = arguments.maxPerSecond();
		if (maxPerSecond != null) {
			request = request.withMaxPerSecond(maxPerSecond);
		}
		if (records.count(filter) == 0) {
			throw new OperationRefusedException(Reason.NOT_FOUND, "Consumer '" + consumer + "' has no " + filter);
		}
		return begun(operation, consumer, filter, records.decideAll(request));
	}

	private static OperationResult preview(Operation operation, String consumer, FailingRecords records,
			FailingRecordFilter filter) {
		int matched = records.count(filter);
		List<FailingRecord> examples = records.list(filter, 0, EXAMPLES);
		String message = matched + " " + filter + " would be " + participle(operation);
		if (!examples.isEmpty()) {
			message += examples.stream()
				.map((record) -> record.partition() + "@" + record.offset())
				.collect(Collectors.joining(", ", ": ", (matched > examples.size()) ? ", …" : ""));
		}
		return new OperationResult(consumer, operation.toString(), true, message, matched);
	}

	private static OperationResult begun(Operation operation, String consumer, FailingRecordFilter filter,
			BulkDecisionSnapshot decision) {
		int matched = decision.counts().matched();
		boolean running = decision.state() == BulkDecisionSnapshot.State.RUNNING;
		String message = matched + " " + filter + " are " + participle(operation)
				+ (running ? ", at most " + decision.maxPerSecond() + " per second" : "");
		return new OperationResult(consumer, operation.toString(), !running, message, matched);
	}

	private static String participle(Operation operation) {
		return switch (operation) {
			case RETRY -> "retried";
			case SKIP -> "skipped";
			default -> "sent to the dead-letter topic";
		};
	}

	/**
	 * Cancel the decision about all records that is running.
	 * @param consumer the consumer's name
	 * @param records its failing records
	 * @return how it ended
	 */
	static OperationResult cancel(String consumer, FailingRecords records) {
		BulkDecisionSnapshot canceled = records.cancelDecision();
		return new OperationResult(consumer, Operation.CANCEL.toString(), true,
				(canceled != null)
						? "Canceled '" + canceled.decision() + "' of " + canceled.counts().matched() + " "
								+ canceled.filter() + ", of which " + canceled.counts().left() + " are left as they are"
						: "No decision about all records that match is running");
	}

}
