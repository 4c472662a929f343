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

package io.kaffe.spring.test;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import io.kaffe.spring.RecordWorkerAllocationStrategy;
import io.kaffe.spring.WorkerAllocationStrategy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/**
 * What Kaffe relies on in a {@link RecordWorkerAllocationStrategy}, or any other strategy
 * that decides for each record, as tests. The test of a strategy extends this class and
 * gets them:
 *
 * <pre class="code">
 * class WorkerPerTenantTests extends RecordWorkerAllocationStrategyContract {
 *
 *     &#64;Override
 *     protected WorkerAllocationStrategy strategy() {
 *         return new WorkerPerTenant();
 *     }
 *
 *     &#64;Override
 *     protected Collection&lt;? extends ConsumerRecord&lt;?, ?&gt;&gt; records() {
 *         ConsumerRecord&lt;String, String&gt; record = new ConsumerRecord&lt;&gt;("orders", 0, 7, "key", "value");
 *         record.headers().add("tenant", "acme".getBytes(StandardCharsets.UTF_8));
 *         return List.of(record);
 *     }
 *
 * }
 * </pre>
 *
 * A strategy
 * <ul>
 * <li>says every time that it decides for each record,
 * <li>returns a key, or {@code null}, for each of the sample records, and also if they
 * come without their key, their value (a tombstone), their headers, the headers' values,
 * or all of these, and from a topic that it does not know,
 * <li>returns the same key every time, in whatever order it is asked, equal keys for
 * equal records, and the same to several threads that ask at once,
 * <li>returns keys whose {@code equals} and {@code hashCode} keep what {@link Object}
 * promises: to be reflexive, symmetric, transitive, consistent with each other, the same
 * every time, and to stand {@code null} and objects of other classes,
 * <li>leaves the record as it is: its headers, its key and its value, and the positions
 * of buffers.
 * </ul>
 * Each is a test of its own, and where several things are wrong, each is reported by its
 * own test. Keys are compared as workers compare them: arrays and buffers by content.
 * Which records share a worker is the strategy's business: no test looks at that.
 *
 * @see WorkerAllocationStrategyContract
 */
public abstract class RecordWorkerAllocationStrategyContract {

	private static final int TIMES = 3;

	private static final String OR_NULL = ", or null if the record need not be in order with any other. ";

	private static final String FAILS = "A record without an answer is a failed one, which is tried again and again.";

	/**
	 * Return the strategy. Called once for each test.
	 * @return the strategy, a new one or always the same
	 */
	protected abstract WorkerAllocationStrategy strategy();

	/**
	 * Return sample records as the listener gets them, with what the strategy looks at: a
	 * handful, some that share a worker and some that do not. Called twice for each test:
	 * build them anew, so that the strategy is seen to take equal records for equal.
	 * @return the records, one or more, each time equal ones in the same order
	 */
	protected abstract Collection<? extends ConsumerRecord<?, ?>> records();

	@Test
	void decidesForEachRecord() {
		WorkerAllocationStrategy strategy = strategy();
		List<Answer> answers = new ArrayList<>();
		for (Sample sample : samples()) {
			answers.add(Answer.of(strategy::isPerRecord));
			ask(strategy, sample.copy());
		}
		answers.add(Answer.of(strategy::isPerRecord));
		assertThat(answers)
			.withFailMessage("isPerRecord() gave %s, one after the other; for a strategy that decides for each record "
					+ "it is true every time. Implement RecordWorkerAllocationStrategy, or, if the strategy is to "
					+ "decide for each partition, extend WorkerAllocationStrategyContract.", answers)
			.containsOnly(new Answer(true, null));
	}

	@Test
	void answersForEveryRecord() {
		WorkerAllocationStrategy strategy = strategy();
		for (Sample sample : samples()) {
			Answer answer = ask(strategy, sample.copy());
			if (answer.failure() != null) {
				fail("workerKey() threw " + answer.failure() + " for " + sample + ". Return a key" + OR_NULL + FAILS,
						answer.failure());
			}
		}
	}

	@Test
	void answersWithoutKey() {
		assertAnswers(SampleRecords::withoutKey, "without its key", "Records may have none");
	}

	@Test
	void answersWithoutValue() {
		assertAnswers(SampleRecords::withoutValue, "without its value",
				"A record may be a tombstone, or one whose value could not be deserialized");
	}

	@Test
	void answersWithoutHeaders() {
		assertAnswers(SampleRecords::withoutHeaders, "without its headers", "Not every producer adds them");
	}

	@Test
	void answersForHeadersWithoutValues() {
		assertAnswers(SampleRecords::withoutValuesOfHeaders, "with the values of its headers null",
				"A header may have no value");
	}

	@Test
	void answersWithoutAnything() {
		assertAnswers(SampleRecords::withoutAnything, "without its key, its value and its headers",
				"What stands in for something that is missing may be missing, too", SampleRecords::withoutKey,
				SampleRecords::withoutValue, SampleRecords::withoutHeaders);
	}

	@Test
	void answersForUnknownTopic() {
		assertAnswers(SampleRecords::ofUnknownTopic, "as a record of '" + SampleRecords.UNKNOWN_TOPIC + "'",
				"A consumer may be given more topics, and a pattern may match new ones");
	}

	@Test
	void answersTheSameEveryTime() {
		WorkerAllocationStrategy strategy = strategy();
		List<Asked> asked = new ArrayList<>();
		for (Sample sample : samples()) {
			ConsumerRecord<?, ?> record = sample.copy();
			RecordContents contents = new RecordContents(record, sample.twin());
			Answer answer = ask(strategy, record);
			if (contents.change() == null) {
				asked.add(new Asked(record, answer));
			}
		}
		for (int time = 0; time < TIMES; time++) {
			Collections.reverse(asked);
			for (Asked each : asked) {
				Answer again = ask(strategy, each.record());
				if (again.differsFrom(each.answer())) {
					fail("workerKey() gave %s for %s at first, and %s when asked again. Make the key depend "
							+ "on nothing but what is in the record: otherwise records that belong together "
							+ "are handled side by side.", each.answer(), SampleRecords.describe(each.record()), again);
				}
			}
		}
	}

	@Test
	void equalRecordsHaveEqualKeys() {
		WorkerAllocationStrategy strategy = strategy();
		for (Sample sample : samples()) {
			ConsumerRecord<?, ?> record = sample.copy();
			Answer answer = ask(strategy, record);
			Answer ofTwin = ask(strategy, SampleRecords.copy(sample.twin()));
			boolean stable = !ask(strategy, record).differsFrom(answer);
			if (stable && ofTwin.differsFrom(answer)) {
				fail("workerKey() gave %s for %s, and %s, which is not equal, for another record with the same "
						+ "content. Return something that is compared by content: a string, a number, an "
						+ "array, or a class with equals and hashCode, such as a Java record; not the "
						+ "ConsumerRecord, and no array within a list.", answer, sample, ofTwin);
			}
		}
	}

	@Test
	void keysEqualThemselves() {
		for (Key key : keys()) {
			if (isUnequal(key, key)) {
				fail("The key of %s is not equal to itself. Let equals return true for the same object.", key);
			}
		}
	}

	@Test
	void keysAreEqualInBothDirections() {
		List<Key> keys = keys();
		for (Key key : keys) {
			for (Key other : keys) {
				if (isEqual(key, other) && isUnequal(other, key)) {
					fail("The key of %s is equal to that of %s, but not the other way round. Let equals "
							+ "give the same answer in both directions: otherwise it depends on the order of the "
							+ "records whether they share a worker.", key, other);
				}
			}
		}
	}

	@Test
	void keysThatEqualTheSameKeyAreEqual() {
		List<Key> keys = keys();
		for (Key key : keys) {
			List<Key> equal = keys.stream().filter((other) -> isEqual(key, other) && isEqual(other, key)).toList();
			for (Key one : equal) {
				for (Key other : equal) {
					if (one != other && isUnequal(one, other) && isUnequal(other, one)) {
						fail("The keys of %s and of %s are both equal to that of %s, but not to each other. "
								+ "Let equals compare something that is either the same or not: otherwise it depends "
								+ "on what else is in flight whether they share a worker.", one, other, key);
					}
				}
			}
		}
	}

	@Test
	void keysCanBeComparedWithAnything() {
		List<Key> keys = keys();
		for (Key key : keys) {
			assertComparable(key, Answer.of(() -> WorkerKeys.areEqual(key.value(), null)), "null", true);
			assertComparable(key, Answer.of(() -> WorkerKeys.areEqual(key.value(), new Object())),
					"an object of another class", true);
			for (Key other : keys) {
				assertComparable(key, equality(key, other), "the key of " + other, false);
			}
		}
	}

	@Test
	void equalKeysHaveEqualHashCodes() {
		List<Key> keys = keys().stream()
			.filter((key) -> hash(key).failure() == null)
			.filter((key) -> hash(key).equals(hash(key)))
			.toList();
		for (Key key : keys) {
			for (Key other : keys) {
				if (isEqual(key, other) && !hash(key).equals(hash(other))) {
					fail("The keys of %s and of %s are equal, but their hash codes are %s and %s. Let "
							+ "hashCode use what equals compares and nothing else: otherwise the worker of the key is "
							+ "not found.", key, other, hash(key), hash(other));
				}
			}
		}
	}

	@Test
	void hashCodesStayTheSame() {
		List<Key> keys = keys();
		List<Answer> hashes = keys.stream().map(RecordWorkerAllocationStrategyContract::hash).toList();
		for (int index = 0; index < keys.size(); index++) {
			Answer hash = hashes.get(index);
			if (hash.failure() != null) {
				fail("hashCode() of the key of " + keys.get(index) + " threw " + hash.failure() + ". " + FAILS,
						hash.failure());
			}
			Answer again = hash(keys.get(index));
			if (!again.equals(hash)) {
				fail("The hash code of the key of %s was %s at first, and %s when asked again. Let it "
						+ "depend on nothing that changes: otherwise the worker of the key is not found.",
						keys.get(index), hash, again);
			}
		}
	}

	@Test
	void recordsStayAsTheyAre() {
		WorkerAllocationStrategy strategy = strategy();
		for (Sample sample : samples()) {
			ConsumerRecord<?, ?> record = sample.copy();
			RecordContents contents = new RecordContents(record, sample.twin());
			ask(strategy, record);
			String change = contents.change();
			if (change != null) {
				fail("workerKey() changed %s: its %s. The listener gets the same record afterwards: only "
						+ "look at it, and read a buffer through its duplicate(), which has a position of its own.",
						sample, change);
			}
		}
	}

	@Test
	void answersTheSameOnSeveralThreads() {
		WorkerAllocationStrategy strategy = strategy();
		List<Asked> asked = new ArrayList<>();
		for (Sample sample : samples()) {
			Answer answer = ask(strategy, sample.copy());
			if (!ask(strategy, sample.copy()).differsFrom(answer)) {
				asked.add(new Asked(sample.record(), answer));
			}
		}
		if (!asked.isEmpty()) {
			new Threads(patience()).ask(asked,
					(each) -> complaint(each, ask(strategy, SampleRecords.copy(each.record()))));
		}
	}

	/**
	 * Return how long several threads may take to ask at once.
	 */
	Duration patience() {
		return Duration.ofSeconds(30);
	}

	private static @Nullable String complaint(Asked expected, Answer answer) {
		return answer.differsFrom(expected.answer()) ? "workerKey() gave " + expected.answer() + " for "
				+ SampleRecords.describe(expected.record()) + " to a single thread, and " + answer
				+ " to one of several that asked at once. It must be safe for concurrent use: it should keep nothing "
				+ "in fields while it decides, and ask for nothing that belongs to the calling thread." : null;
	}

	/**
	 * Fail if the strategy has an answer for a record but none for a variant of it.
	 * @param answered variants that it has an answer for as well; without, another test
	 * fails
	 */
	@SafeVarargs
	private void assertAnswers(UnaryOperator<ConsumerRecord<?, ?>> variant, String what, String why,
			UnaryOperator<ConsumerRecord<?, ?>>... answered) {
		WorkerAllocationStrategy strategy = strategy();
		for (Sample sample : samples()) {
			boolean judged = ask(strategy, sample.copy()).failure() == null;
			for (UnaryOperator<ConsumerRecord<?, ?>> other : answered) {
				judged &= ask(strategy, other.apply(sample.record())).failure() == null;
			}
			Answer answer = ask(strategy, variant.apply(sample.record()));
			if (judged && answer.failure() != null) {
				fail("workerKey() threw " + answer.failure() + " for " + sample + " " + what + ". " + why
						+ ": return a key that does without" + OR_NULL + FAILS, answer.failure());
			}
		}
	}

	private static void assertComparable(Key key, Answer equality, String other, boolean different) {
		if (equality.failure() != null) {
			fail("equals of the key of " + key + " threw " + equality.failure() + " when compared with " + other
					+ ". Let it return false for what it does not know. " + FAILS, equality.failure());
		}
		if (different && Boolean.TRUE.equals(equality.value())) {
			fail("The key of %s is equal to %s. Let equals return false for what it does not know.", key, other);
		}
	}

	private List<Sample> samples() {
		List<? extends ConsumerRecord<?, ?>> records = List.copyOf(records());
		List<? extends ConsumerRecord<?, ?>> twins = List.copyOf(records());
		assertThat(records).withFailMessage("records() returned none. Return one or more that the strategy is for.")
			.isNotEmpty();
		assertThat(twins)
			.withFailMessage(
					"records() returned %s records and then %s. Return equal ones, in the same order, each " + "time.",
					records.size(), twins.size())
			.hasSameSizeAs(records);
		List<Sample> samples = new ArrayList<>();
		for (int index = 0; index < records.size(); index++) {
			samples.add(new Sample(records.get(index), twins.get(index)));
		}
		return samples;
	}

	private List<Key> keys() {
		WorkerAllocationStrategy strategy = strategy();
		List<Key> keys = new ArrayList<>();
		for (Sample sample : samples()) {
			for (ConsumerRecord<?, ?> record : List.of(sample.record(), sample.twin())) {
				Object key = ask(strategy, SampleRecords.copy(record)).value();
				if (key != null) {
					keys.add(new Key(record, key));
				}
			}
		}
		return keys;
	}

	private static boolean isEqual(Key key, Key other) {
		return Boolean.TRUE.equals(equality(key, other).value());
	}

	private static boolean isUnequal(Key key, Key other) {
		return Boolean.FALSE.equals(equality(key, other).value());
	}

	private static Answer equality(Key key, Key other) {
		return Answer.of(() -> WorkerKeys.areEqual(key.value(), other.value()));
	}

	private static Answer hash(Key key) {
		return Answer.of(() -> WorkerKeys.hash(key.value()));
	}

	private static Answer ask(WorkerAllocationStrategy strategy, ConsumerRecord<?, ?> record) {
		Answer answer = Answer.of(() -> strategy.workerKey(record));
		return (answer.value() instanceof ByteBuffer buffer) ? new Answer(buffer.duplicate(), null) : answer;
	}

	/**
	 * A record and another one that is equal.
	 */
	private record Sample(ConsumerRecord<?, ?> record, ConsumerRecord<?, ?> twin) {

		ConsumerRecord<?, ?> copy() {
			return SampleRecords.copy(this.record);
		}

		@Override
		public String toString() {
			return SampleRecords.describe(this.record);
		}

	}

	/**
	 * A record and what the strategy answered about it.
	 */
	private record Asked(ConsumerRecord<?, ?> record, Answer answer) {
	}

	/**
	 * The key of a record.
	 */
	private record Key(ConsumerRecord<?, ?> record, Object value) {

		@Override
		public String toString() {
			return SampleRecords.describe(this.record) + " (" + WorkerKeys.describe(this.value) + ")";
		}

	}

}
