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
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiPredicate;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.kaffe.spring.RecordWorkerAllocationStrategy;
import io.kaffe.spring.WorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;

/**
 * Tests that good strategies keep the contract, and that of each broken one the test for
 * what is broken fails, and no other.
 */
class RecordWorkerAllocationStrategyContractTests {

	private static final int TESTS = 18;

	private static WorkerAllocationStrategy strategy = StandardWorkerAllocationStrategy.WORKER_PER_KEY;

	private static Supplier<List<ConsumerRecord<?, ?>>> records = List::of;

	@BeforeEach
	void sample() {
		records = () -> List.of(record("orders", 7, "a", "acme"), record("orders", 8, "A", "globex"),
				record("refunds", 9, "b", "acme"));
	}

	@ParameterizedTest
	@EnumSource(names = { "WORKER_PER_KEY", "WORKER_PER_RECORD" })
	void standardStrategiesPass(StandardWorkerAllocationStrategy standard) {
		run(standard).passes();
	}

	@Test
	void keysThatAreBuffersPass() {
		records = () -> List.of(new ConsumerRecord<>("orders", 0, 7, buffer("a"), buffer("x")),
				new ConsumerRecord<>("orders", 0, 8, buffer("b"), buffer("y")));
		run(StandardWorkerAllocationStrategy.WORKER_PER_KEY).passes();
	}

	@Test
	void keysThatAreArraysPass() {
		records = () -> List.of(new ConsumerRecord<>("orders", 0, 7, new byte[] { 1 }, "x"),
				new ConsumerRecord<>("orders", 0, 8, new int[] { 1 }, "y"),
				new ConsumerRecord<>("orders", 0, 9, new Object[] { "a", new byte[] { 2 } }, "z"));
		run(StandardWorkerAllocationStrategy.WORKER_PER_KEY).passes();
	}

	@Test
	void headerPasses() {
		runPerRecord((record) -> {
			Header tenant = record.headers().lastHeader("tenant");
			return (tenant != null) ? tenant.value() : null;
		}).passes();
	}

	@Test
	void tenantByValuePasses() {
		runPerRecord((record) -> (record.value() instanceof Event event) ? event.tenant() : record.key()).passes();
	}

	@Test
	void strategyForEachPartitionIsFound() {
		run(new Delegating() {

			@Override
			public boolean isPerRecord() {
				return false;
			}

		}).failsOnly("decidesForEachRecord", "isPerRecord() gave [false, false",
				"Implement RecordWorkerAllocationStrategy", "extend WorkerAllocationStrategyContract");
	}

	@Test
	void strategyThatChangesItsMindIsFound() {
		AtomicInteger asked = new AtomicInteger();
		run(new Delegating() {

			@Override
			public boolean isPerRecord() {
				return asked.incrementAndGet() != 2;
			}

		}).failsOnly("decidesForEachRecord", "[true, false, true");
	}

	@Test
	void failureIsFound() {
		runPerRecord((record) -> {
			if (record.offset() == 8) {
				throw new IllegalStateException("eight");
			}
			return record.key();
		}).failsOnly("answersForEveryRecord", "workerKey() threw java.lang.IllegalStateException: eight for orders-1@8",
				"Return a key, or null", "tried again");
	}

	@Test
	void failureWithoutKeyIsFound() {
		runPerRecord((record) -> record.key().toString()).failsOnly("answersWithoutKey",
				"threw java.lang.NullPointerException", "for orders-1@7 without its key", "Records may have none",
				"or null if the record need not be in order");
	}

	@Test
	void failureForTombstoneIsFound() {
		runPerRecord((record) -> ((Event) record.value()).tenant()).failsOnly("answersWithoutValue",
				"for orders-1@7 without its value", "tombstone");
	}

	@Test
	void failureWithoutHeadersIsFound() {
		runPerRecord((record) -> record.headers().lastHeader("tenant").value()).failsOnly("answersWithoutHeaders",
				"for orders-1@7 without its headers", "Not every producer");
	}

	@Test
	void failureForHeaderWithoutValueIsFound() {
		runPerRecord((record) -> {
			Header tenant = record.headers().lastHeader("tenant");
			return (tenant != null) ? new String(tenant.value(), StandardCharsets.UTF_8) : null;
		}).failsOnly("answersForHeadersWithoutValues", "for orders-1@7 with the values of its headers null",
				"may have no value");
	}

	@Test
	void failureWithoutAnythingIsFound() {
		runPerRecord((record) -> (record.value() instanceof Event event) ? event.tenant() : record.key().toString())
			.failsOnly("answersWithoutAnything", "for orders-1@7 without its key, its value and its headers",
					"may be missing, too");
	}

	@Test
	void failureForUnknownTopicIsFound() {
		Map<String, String> domains = Map.of("orders", "sales", "refunds", "sales");
		runPerRecord((record) -> Objects.requireNonNull(domains.get(record.topic()), "no domain")).failsOnly(
				"answersForUnknownTopic",
				"NullPointerException: no domain for orders-1@7 as a record of 'a-topic-that-nobody-has-heard-of'",
				"A consumer may be given more topics");
	}

	@Test
	void keysThatAreCountedAreFound() {
		AtomicInteger next = new AtomicInteger();
		runPerRecord((record) -> next.incrementAndGet()).failsOnly("answersTheSameEveryTime",
				"for refunds-1@9 at first", "when asked again", "nothing but what is in the record");
	}

	@Test
	void recordAsKeyIsFound() {
		runPerRecord((record) -> record).failsOnly("equalRecordsHaveEqualKeys", "for orders-1@7", "which is not equal",
				"not the ConsumerRecord");
	}

	@Test
	void arrayInListIsFound() {
		runPerRecord((record) -> {
			Header tenant = record.headers().lastHeader("tenant");
			return (tenant != null && tenant.value() != null) ? List.of(tenant.value()) : null;
		}).failsOnly("equalRecordsHaveEqualKeys", "no array within a list");
	}

	@Test
	void valueWithoutEqualsIsFound() {
		records = () -> List.of(new ConsumerRecord<>("orders", 1, 7, "a", new Object()));
		runPerRecord(ConsumerRecord::value).failsOnly("equalRecordsHaveEqualKeys", "for orders-1@7",
				"java.lang.Object");
	}

	@Test
	void keyThatDoesNotEqualItselfIsFound() {
		runWithKeys((key, other) -> key != other && key.text.equals(other.text), (key) -> key.text.hashCode())
			.failsOnly("keysEqualThemselves", "The key of orders-1@7 (SpoiltKey a) is not equal to itself");
	}

	@Test
	void keyThatIsEqualInOneDirectionIsFound() {
		runWithKeys((key, other) -> Character.isUpperCase(key.text.charAt(0)) ? key.text.equalsIgnoreCase(other.text)
				: key.text.equals(other.text), (key) -> key.text.toLowerCase().hashCode())
			.failsOnly("keysAreEqualInBothDirections",
					"The key of orders-1@8 (SpoiltKey A) is equal to that of orders-1@7 (SpoiltKey a), but not the other");
	}

	@Test
	void keysThatAreNearEnoughAreFound() {
		records = () -> List.of(record("orders", 7, "a", "acme"), record("orders", 8, "b", "acme"),
				record("orders", 9, "c", "acme"));
		runWithKeys((key, other) -> Math.abs(key.text.charAt(0) - other.text.charAt(0)) < 2, (key) -> 1).failsOnly(
				"keysThatEqualTheSameKeyAreEqual", "orders-1@7 (SpoiltKey a)", "orders-1@9 (SpoiltKey c)",
				"both equal to that of orders-1@8 (SpoiltKey b), but not to each other");
	}

	@Test
	void keyThatDoesNotStandNullIsFound() {
		runPerRecord((record) -> new Object() {

			private final String text = String.valueOf(record.key());

			@Override
			@SuppressWarnings({ "EqualsWhichDoesntCheckParameterClass", "NullAway" })
			public boolean equals(Object other) {
				return other.getClass() == getClass() && other.toString().equals(this.text);
			}

			@Override
			public int hashCode() {
				return this.text.hashCode();
			}

			@Override
			public String toString() {
				return this.text;
			}

		}).failsOnly("keysCanBeComparedWithAnything", "equals of the key of orders-1@7",
				"threw java.lang.NullPointerException", "when compared with null", "return false");
	}

	@Test
	void keyThatDoesNotStandOtherClassesIsFound() {
		runPerRecord((record) -> new CastingKey(String.valueOf(record.key()))).failsOnly(
				"keysCanBeComparedWithAnything", "threw java.lang.ClassCastException",
				"when compared with an object of another class");
	}

	@Test
	void keyThatDoesNotStandOtherKeysIsFound() {
		runWithKeys((key, other) -> {
			if (!key.text.equals(other.text)) {
				throw new IllegalStateException("incomparable");
			}
			return true;
		}, (key) -> key.text.hashCode()).failsOnly("keysCanBeComparedWithAnything",
				"equals of the key of orders-1@7 (SpoiltKey a) threw java.lang.IllegalStateException",
				"when compared with the key of orders-1@8 (SpoiltKey A)");
	}

	@Test
	void keyThatEqualsEverythingIsFound() {
		runPerRecord((record) -> new EagerKey()).failsOnly("keysCanBeComparedWithAnything", "is equal to null",
				"return false");
	}

	@Test
	void keysWithoutHashCodeAreFound() {
		runWithKeys((key, other) -> key.text.equals(other.text), System::identityHashCode).failsOnly(
				"equalKeysHaveEqualHashCodes",
				"The keys of orders-1@7 (SpoiltKey a) and of orders-1@7 (SpoiltKey a) are equal",
				"what equals compares");
	}

	@Test
	void hashCodeThatChangesIsFound() {
		AtomicInteger next = new AtomicInteger();
		runWithKeys((key, other) -> key.text.equals(other.text), (key) -> next.incrementAndGet()).failsOnly(
				"hashCodesStayTheSame", "The hash code of the key of orders-1@7 (SpoiltKey a) was",
				"nothing that changes");
	}

	@Test
	void failureInHashCodeIsFound() {
		runWithKeys((key, other) -> key.text.equals(other.text), (key) -> {
			throw new IllegalStateException("no hash");
		}).failsOnly("hashCodesStayTheSame", "hashCode() of the key of orders-1@7 (SpoiltKey a) threw", "no hash");
	}

	@Test
	void headerThatIsAddedIsFound() {
		runPerRecord((record) -> {
			record.headers().add("seen", new byte[0]);
			return record.key();
		}).failsOnly("recordsStayAsTheyAre", "changed orders-1@7: its headers");
	}

	@Test
	void headerWhoseBytesAreChangedIsFound() {
		runPerRecord((record) -> {
			Header tenant = record.headers().lastHeader("tenant");
			if (tenant != null && tenant.value() != null) {
				tenant.value()[0] = 'x';
			}
			return record.key();
		}).failsOnly("recordsStayAsTheyAre", "changed orders-1@7: its headers");
	}

	@Test
	void bufferThatIsReadIsFound() {
		records = () -> List.of(new ConsumerRecord<>("orders", 1, 7, buffer("a"), buffer("x")),
				new ConsumerRecord<>("orders", 1, 8, buffer("b"), buffer("y")));
		runPerRecord((record) -> (record.key() instanceof ByteBuffer key && key.hasRemaining()) ? key.get() : null)
			.failsOnly("recordsStayAsTheyAre", "changed orders-1@7: its key", "duplicate()");
	}

	@Test
	void arrayThatIsChangedIsFound() {
		records = () -> List.of(new ConsumerRecord<>("orders", 1, 7, "a", new byte[] { 1, 2 }));
		runPerRecord((record) -> {
			if (record.value() instanceof byte[] bytes) {
				bytes[0] = 0;
			}
			return record.key();
		}).failsOnly("recordsStayAsTheyAre", "changed orders-1@7: its value");
	}

	@Test
	void valueThatIsChangedIsFound() {
		records = () -> List.of(new ConsumerRecord<>("orders", 1, 7, "a", new HashMap<>(Map.of("tenant", "acme"))));
		runPerRecord((record) -> {
			synchronized (this) {
				return (record.value() instanceof Map<?, ?> map) ? map.remove("tenant") : null;
			}
		}).failsOnly("recordsStayAsTheyAre", "changed orders-1@7: its value");
	}

	@Test
	void keysOfTheCallingThreadAreFound() {
		runPerRecord((record) -> Thread.currentThread().getName()).failsOnly("answersTheSameOnSeveralThreads",
				"workerKey() gave 'main' for orders-1@7 to a single thread", "'strategy-contract-");
	}

	@Test
	void keysThatPassThroughFieldsAreFound() {
		run(new RecordWorkerAllocationStrategy() {

			private volatile @Nullable Object key;

			@Override
			public @Nullable Object workerKey(ConsumerRecord<?, ?> record) {
				this.key = record.key();
				LockSupport.parkNanos(1_000_000);
				return this.key;
			}

		}).failsOnly("answersTheSameOnSeveralThreads", "to a single thread", "keep nothing in fields");
	}

	@Test
	void nothingToAskIsFound() {
		records = List::of;
		run(StandardWorkerAllocationStrategy.WORKER_PER_KEY).failsEverywhere(TESTS, "records() returned none");
	}

	@Test
	void samplesThatAreNotTheSameEachTimeAreFound() {
		List<ConsumerRecord<?, ?>> growing = new ArrayList<>();
		records = () -> {
			growing.add(record("orders", growing.size(), "a", "acme"));
			return growing;
		};
		run(StandardWorkerAllocationStrategy.WORKER_PER_KEY).failsEverywhere(TESTS, "in the same order, each time");
	}

	private static ConsumerRecord<?, ?> record(String topic, long offset, String key, String tenant) {
		ConsumerRecord<?, ?> record = new ConsumerRecord<>(topic, 1, offset, key, new Event(tenant));
		record.headers().add("tenant", tenant.getBytes(StandardCharsets.UTF_8));
		return record;
	}

	private static ByteBuffer buffer(String text) {
		return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
	}

	private static ContractRun runPerRecord(RecordWorkerAllocationStrategy broken) {
		return run(broken);
	}

	private static ContractRun runWithKeys(BiPredicate<SpoiltKey, SpoiltKey> equals, ToIntFunction<SpoiltKey> hash) {
		return runPerRecord((record) -> new SpoiltKey(String.valueOf(record.key()), equals, hash));
	}

	private static ContractRun run(WorkerAllocationStrategy broken) {
		strategy = broken;
		return new ContractRun(UnderTest.class, TESTS);
	}

	/**
	 * The contract for the strategy and the records at hand.
	 */
	static final class UnderTest extends RecordWorkerAllocationStrategyContract {

		@Override
		protected WorkerAllocationStrategy strategy() {
			return strategy;
		}

		@Override
		protected Collection<? extends ConsumerRecord<?, ?>> records() {
			return records.get();
		}

	}

	/**
	 * A good strategy, to be spoilt.
	 */
	private abstract static class Delegating implements RecordWorkerAllocationStrategy {

		@Override
		public @Nullable Object workerKey(ConsumerRecord<?, ?> record) {
			return record.key();
		}

	}

	/**
	 * The value of a record.
	 */
	private record Event(String tenant) {
	}

	/**
	 * A key whose methods can be chosen.
	 */
	private static final class SpoiltKey {

		private final String text;

		private final BiPredicate<SpoiltKey, SpoiltKey> equals;

		private final ToIntFunction<SpoiltKey> hash;

		SpoiltKey(String text, BiPredicate<SpoiltKey, SpoiltKey> equals, ToIntFunction<SpoiltKey> hash) {
			this.text = text;
			this.equals = equals;
			this.hash = hash;
		}

		@Override
		public boolean equals(@Nullable Object other) {
			return other instanceof SpoiltKey that && this.equals.test(this, that);
		}

		@Override
		public int hashCode() {
			return this.hash.applyAsInt(this);
		}

		@Override
		public String toString() {
			return this.text;
		}

	}

	/**
	 * A key that takes everything for one of its kind.
	 */
	private static final class CastingKey {

		private final String text;

		CastingKey(String text) {
			this.text = text;
		}

		@Override
		public boolean equals(@Nullable Object other) {
			return other != null && Objects.equals(this.text, ((CastingKey) other).text);
		}

		@Override
		public int hashCode() {
			return this.text.hashCode();
		}

	}

	/**
	 * A key that is equal to everything.
	 */
	private static final class EagerKey {

		@Override
		public boolean equals(@Nullable Object other) {
			return true;
		}

		@Override
		public int hashCode() {
			return 1;
		}

	}

}
