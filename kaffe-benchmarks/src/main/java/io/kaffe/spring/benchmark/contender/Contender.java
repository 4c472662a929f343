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

package io.kaffe.spring.benchmark.contender;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/**
 * One of the ways to handle the records of a topic that are compared.
 *
 * @param name the name under which its results are shown
 * @param kind what runs it
 * @param order what it promises, and what its rounds are checked for
 * @param lanes how many records it handles at once
 * @param mode the worker allocation strategy or the ordering mode, {@code null} if it has
 * none
 * @param variant what is different from the plain form
 */
public record Contender(String name, Kind kind, Order order, Lanes lanes, @Nullable String mode, Variant variant) {

	/** A loop around a {@code KafkaConsumer} on one thread. */
	public static final Contender BARE_LOOP = new Contender("bare loop", Kind.BARE_LOOP, Order.PARTITION, Lanes.ONE,
			null, Variant.PLAIN);

	/** The same without the handler: what can be polled at best. */
	public static final Contender POLLING_ALONE = new Contender("polling alone", Kind.POLLING_ALONE, Order.NONE,
			Lanes.ONE, null, Variant.PLAIN);

	private static final List<Contender> all = list();

	private static List<Contender> list() {
		List<Contender> list = new ArrayList<>();
		list.add(POLLING_ALONE);
		list.add(BARE_LOOP);
		list.add(new Contender("bare loop virtual", Kind.BARE_LOOP, Order.NONE, Lanes.CONCURRENCY, null,
				Variant.VIRTUAL));
		list.add(spring("spring record", Kind.SPRING_RECORD, Lanes.ONE, Variant.PLAIN));
		list.add(spring("spring record observed", Kind.SPRING_RECORD, Lanes.ONE, Variant.OBSERVED));
		list.add(spring("spring record per partition", Kind.SPRING_RECORD, Lanes.PARTITIONS, Variant.PLAIN));
		list.add(spring("spring batch", Kind.SPRING_BATCH, Lanes.ONE, Variant.PLAIN));
		list.add(parallelConsumer("key", Order.KEY, Lanes.CONCURRENCY));
		list.add(parallelConsumer("unordered", Order.NONE, Lanes.CONCURRENCY));
		list.add(parallelConsumer("partition", Order.PARTITION, Lanes.PARTITIONS));
		addKaffe(list, "worker-per-topic-partition", Order.PARTITION, Lanes.PARTITIONS, Variant::isCommon);
		addKaffe(list, "worker-per-partition", Order.PARTITION, Lanes.PARTITIONS, Variant::isCommon);
		addKaffe(list, "worker-per-key", Order.KEY, Lanes.CONCURRENCY, Variant::isCommon);
		addKaffe(list, "worker-per-record", Order.NONE, Lanes.CONCURRENCY, Variant::isCommon);
		list.add(spring("spring record per partition transactional", Kind.SPRING_RECORD, Lanes.PARTITIONS,
				Variant.TRANSACTIONAL));
		list.add(new Contender("parallel-consumer key transactional", Kind.PARALLEL_CONSUMER, Order.KEY,
				Lanes.CONCURRENCY, "key", Variant.TRANSACTIONAL));
		list.add(new Contender("kaffe worker-per-key transactional", Kind.KAFFE, Order.KEY, Lanes.CONCURRENCY,
				"worker-per-key", Variant.TRANSACTIONAL));
		list.add(new Contender("kaffe worker-per-key transactional batch", Kind.KAFFE, Order.KEY, Lanes.CONCURRENCY,
				"worker-per-key", Variant.TRANSACTIONAL_BATCH));
		addKaffe(list, "worker-per-key", Order.KEY, Lanes.CONCURRENCY, Variant::hasDatabase);
		return List.copyOf(list);
	}

	private static Contender spring(String name, Kind kind, Lanes lanes, Variant variant) {
		return new Contender(name, kind, Order.PARTITION, lanes, null, variant);
	}

	private static Contender parallelConsumer(String mode, Order order, Lanes lanes) {
		return new Contender("parallel-consumer " + mode, Kind.PARALLEL_CONSUMER, order, lanes, mode, Variant.PLAIN);
	}

	private static void addKaffe(List<Contender> list, String strategy, Order order, Lanes lanes,
			Predicate<Variant> variants) {
		Arrays.stream(Variant.values()).filter(variants).forEach((variant) -> {
			String name = "kaffe " + strategy + ((variant != Variant.PLAIN)
					? " " + variant.name().toLowerCase(Locale.ROOT).replace('_', ' ') : "");
			list.add(new Contender(name, Kind.KAFFE, order, lanes, strategy, variant));
		});
	}

	/**
	 * Return all contenders.
	 * @return them, peers first
	 */
	public static List<Contender> all() {
		return all;
	}

	/**
	 * Return a contender.
	 * @param name its name
	 * @return the contender
	 * @throws IllegalArgumentException if there is none of that name
	 */
	public static Contender named(String name) {
		return all.stream()
			.filter((contender) -> contender.name().equals(name))
			.findFirst()
			.orElseThrow(() -> new IllegalArgumentException("There is no contender '" + name + "'"));
	}

	/**
	 * Return how many records it handles at once.
	 * @param partitions how many partitions there are
	 * @param concurrency the configured concurrency
	 * @return how many, at most
	 */
	public int lanes(int partitions, int concurrency) {
		return switch (this.lanes) {
			case ONE -> 1;
			case PARTITIONS -> partitions;
			case CONCURRENCY -> concurrency;
		};
	}

	/**
	 * Return whether it needs virtual threads.
	 * @return whether handlers run on them
	 */
	public boolean isVirtual() {
		return this.variant == Variant.VIRTUAL;
	}

	/**
	 * Return whether it has Spring Boot's actuator on its class path.
	 * @return whether meters are on
	 */
	public boolean hasActuator() {
		return this.variant == Variant.METERED || this.variant == Variant.OBSERVED;
	}

	/**
	 * What runs a contender.
	 */
	public enum Kind {

		/** {@code KafkaConsumer}, and nothing is done with records. */
		POLLING_ALONE,

		/** {@code KafkaConsumer}. */
		BARE_LOOP,

		/** Spring Boot with a listener for records. */
		SPRING_RECORD,

		/** Spring Boot with a listener for batches. */
		SPRING_BATCH,

		/** Confluent's Parallel Consumer. */
		PARALLEL_CONSUMER,

		/** Spring Boot with a listener for records and the starter. */
		KAFFE

	}

	/**
	 * What is different from the plain form of a contender.
	 */
	public enum Variant {

		/** Nothing. */
		PLAIN,

		/** Handlers run on virtual threads. */
		VIRTUAL,

		/** A {@code RecordHandler} of a declared consumer in place of a listener. */
		HANDLER,

		/** The meters that are there with Spring Boot's actuator. */
		METERED,

		/** The same, and the observation of each delivery. */
		OBSERVED,

		/** Offsets are committed once a second, as the bare loop does, not ten times. */
		COMMIT_EVERY_SECOND,

		/** A record is sent for each one, in Kafka transactions. */
		TRANSACTIONAL,

		/** The same with a listener for batches. */
		TRANSACTIONAL_BATCH,

		/** Each record updates a row of a database, in a transaction. */
		UPDATE,

		/** The same with {@code once: jdbc}. */
		UPDATE_ONCE,

		/**
		 * The same with an inbox by hand: a row for each record, and no update if it is
		 * there already.
		 */
		UPDATE_INBOX,

		/** Each record of a batch updates a row, all in one transaction. */
		UPDATE_BATCH,

		/** The same with {@code once: jdbc}. */
		UPDATE_ONCE_BATCH;

		/**
		 * Return whether it handles records without effects.
		 * @return {@code false} if it takes part in a workload of its own
		 */
		boolean isCommon() {
			return !isTransactional() && !hasDatabase();
		}

		/**
		 * Return whether a record is sent for each one, in Kafka transactions.
		 * @return whether there are transactions
		 */
		public boolean isTransactional() {
			return this == TRANSACTIONAL || this == TRANSACTIONAL_BATCH;
		}

		/**
		 * Return whether each record updates a row of a database.
		 * @return whether there is a database
		 */
		public boolean hasDatabase() {
			return switch (this) {
				case UPDATE, UPDATE_ONCE, UPDATE_INBOX, UPDATE_BATCH, UPDATE_ONCE_BATCH -> true;
				default -> false;
			};
		}

		/**
		 * Return whether the database has a note of each record.
		 * @return whether {@code once: jdbc} is set
		 */
		public boolean isOnce() {
			return this == UPDATE_ONCE || this == UPDATE_ONCE_BATCH;
		}

	}

}
