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

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PartitionLag}.
 */
class PartitionLagTests {

	private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

	private final PartitionLag end = new PartitionLag(Duration.ZERO);

	@Test
	void endAsOfTheLastFetchCountsWhileItIsFetched() {
		assertThat(this.end.offset(10, true)).isNull();
		this.end.fetched(20L, 10, NOON);
		assertThat(this.end.offset(10, true)).isEqualTo(20);
		assertThat(this.end.offset(30, true)).as("more was polled since").isEqualTo(30);
		assertThat(this.end.offset(10, false)).as("may be old").isNull();
	}

	@Test
	void endReportedByTheBrokerCountsAlsoWhileNothingIsFetched() {
		this.end.fetched(20L, 10, NOON);
		this.end.listed(50L, 10L, NOON);
		assertThat(this.end.offset(10, false)).isEqualTo(50);
		assertThat(this.end.offset(10, true)).isEqualTo(50);
		this.end.fetched(60L, 10, NOON);
		assertThat(this.end.offset(10, true)).isEqualTo(60);
	}

	@Test
	void endIsUnknownAgainWhenTheBrokerCannotBeAsked() {
		this.end.listed(50L, 10L, NOON);
		this.end.listed(null, 10L, NOON);
		assertThat(this.end.offset(10, false)).isNull();
	}

	@Test
	void endOfAFetchDoesNotCountWhileTheBrokerDoesNotAnswer() {
		this.end.fetched(10L, 10, NOON);
		this.end.listed(null, 10L, NOON);
		this.end.fetched(10L, 10, NOON.plusSeconds(1));
		assertThat(this.end.offset(10, true)).as("the client repeats what it heard last").isNull();
		this.end.polled(record(10, NOON));
		assertThat(this.end.offset(11, true)).as("something was fetched").isEqualTo(11);
		this.end.listed(null, 11L, NOON);
		this.end.listed(20L, 11L, NOON);
		assertThat(this.end.offset(11, true)).isEqualTo(20);
	}

	@Test
	void polledRecordIsAsOldAsItsTimestampSays() {
		this.end.polled(record(10, NOON.minusSeconds(60)));
		this.end.polled(record(20, NOON.minusSeconds(30)));
		assertThat(this.end.seconds(20L, true, NOON)).isEqualTo(60);
		this.end.completed(15, 30);
		assertThat(this.end.seconds(15L, true, NOON)).as("the same poll").isEqualTo(60);
		this.end.completed(20, 30);
		assertThat(this.end.seconds(10L, true, NOON)).isEqualTo(30);
		this.end.completed(30, 30);
		this.end.polled(record(30, NOON.minusSeconds(5)));
		assertThat(this.end.seconds(1L, true, NOON)).isEqualTo(5);
	}

	@Test
	void recordsThatWereNotPolledAreAsOldAsTheyWereSeen() {
		this.end.fetched(10L, 10, NOON.minusSeconds(60));
		this.end.listed(12L, 10L, NOON.minusSeconds(40));
		this.end.listed(15L, 10L, NOON.minusSeconds(20));
		assertThat(this.end.seconds(5L, false, NOON)).isEqualTo(40);
		this.end.listed(15L, 15L, NOON);
		this.end.listed(16L, 15L, NOON);
		assertThat(this.end.seconds(1L, false, NOON.plusSeconds(3))).as("all were polled meanwhile").isEqualTo(3);
	}

	@Test
	void recordsThatAFetchHasLeftAreAsOldAsTheFirstSuchFetch() {
		this.end.fetched(10L, 10, NOON.minusSeconds(60));
		this.end.fetched(12L, 10, NOON.minusSeconds(40));
		this.end.fetched(15L, 10, NOON.minusSeconds(20));
		assertThat(this.end.seconds(5L, false, NOON)).isEqualTo(40);
		this.end.fetched(15L, 15, NOON);
		assertThat(this.end.seconds(1L, false, NOON)).as("all were polled meanwhile").isNull();
	}

	@Test
	void recordsBehindWhatWasPolledAreNoOlder() {
		this.end.listed(15L, 10L, NOON.minusSeconds(90));
		this.end.polled(record(10, NOON.minusSeconds(7)));
		this.end.completed(11, 11);
		assertThat(this.end.seconds(4L, false, NOON)).isEqualTo(7);
	}

	@Test
	void nothingIsKnownWithoutALagOrATimestamp() {
		assertThat(this.end.seconds(null, true, NOON)).isNull();
		assertThat(this.end.seconds(1L, false, NOON)).isNull();
		this.end.polled(new ConsumerRecord<>("orders", 0, 10, "key", "value"));
		assertThat(this.end.seconds(1L, true, NOON)).isNull();
		assertThat(this.end.seconds(0L, false, NOON)).isZero();
	}

	@Test
	void clocksThatDifferMakeNothingNegative() {
		this.end.polled(record(10, NOON.plusSeconds(60)));
		assertThat(this.end.seconds(1L, true, NOON)).isZero();
	}

	private static ConsumerRecord<String, String> record(long offset, Instant timestamp) {
		return new ConsumerRecord<>("orders", 0, offset, timestamp.toEpochMilli(), TimestampType.CREATE_TIME, 3, 5,
				"key", "value", new RecordHeaders(), Optional.empty());
	}

}
