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

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.StringJoiner;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * One line of a {@link Journal}.
 *
 * @param kind what happened
 * @param micros when, in microseconds of the wall clock, which all processes of a test
 * share
 * @param instance the run of a service it happened in, a name that is never used again
 * @param topic the topic, or empty where there is none
 * @param partition the partition, or -1
 * @param offset the record's offset, the committed offset, or -1
 * @param key the record's key, or empty if it has none
 * @param actor the thread that handled the record, or the consumer that committed or was
 * assigned
 * @param attempt which delivery of this record within the instance it is, from 1, or 0
 * @param detail the outcome of a delivery, the metadata of a commit, why one was refused
 */
record Entry(Kind kind, long micros, String instance, String topic, int partition, long offset, String key,
		String actor, int attempt, String detail) {

	/** The detail of {@link Kind#END}: the handler returned, which completes it. */
	static final String HANDLED = "handled";

	/** The detail of {@link Kind#END}: the handler threw. */
	static final String FAILED = "failed";

	/**
	 * The detail of {@link Kind#END}: the handler returned and left it to an
	 * acknowledgment to complete it.
	 */
	static final String RETURNED = "returned";

	private static final int FIELDS = 10;

	private static final String SEPARATOR = "\t";

	/** Ends a line that was written to its end. */
	private static final String COMPLETE = ".";

	TopicPartition topicPartition() {
		return new TopicPartition(this.topic, this.partition);
	}

	/**
	 * Return whether this completes its record.
	 */
	boolean isCompletion() {
		return this.kind == Kind.ACKNOWLEDGED || (this.kind == Kind.END && this.detail.equals(HANDLED));
	}

	String coordinates() {
		return this.topic + "-" + this.partition + "@" + this.offset;
	}

	String toLine() {
		StringJoiner line = new StringJoiner(SEPARATOR);
		line.add(this.kind.name()).add(Long.toString(this.micros)).add(encode(this.instance)).add(this.topic);
		line.add(Integer.toString(this.partition)).add(Long.toString(this.offset)).add(encode(this.key));
		line.add(encode(this.actor)).add(Integer.toString(this.attempt)).add(encode(this.detail)).add(COMPLETE);
		return line.toString();
	}

	/**
	 * Read a line.
	 * @return the entry, or {@code null} if the line was not written to its end
	 */
	static @Nullable Entry of(String line) {
		String[] fields = line.split(SEPARATOR, -1);
		if (fields.length != FIELDS + 1 || !fields[FIELDS].equals(COMPLETE)) {
			return null;
		}
		return new Entry(Kind.valueOf(fields[0]), Long.parseLong(fields[1]), decode(fields[2]), fields[3],
				Integer.parseInt(fields[4]), Long.parseLong(fields[5]), decode(fields[6]), decode(fields[7]),
				Integer.parseInt(fields[8]), decode(fields[9]));
	}

	private static String encode(String text) {
		return URLEncoder.encode(text, StandardCharsets.UTF_8);
	}

	private static String decode(String text) {
		return URLDecoder.decode(text, StandardCharsets.UTF_8);
	}

	/**
	 * What can happen.
	 */
	enum Kind {

		/** A handler was given a record. */
		START,

		/** The handler is done with it; the detail says how. */
		END,

		/** A record that the handler had returned from was acknowledged. */
		ACKNOWLEDGED,

		/** A commit was asked for. */
		COMMITTING,

		/** A commit was confirmed by the broker. */
		COMMITTED,

		/** A commit failed, or nobody knows. */
		REFUSED,

		/** A consumer was given a partition. */
		ASSIGNED,

		/** A partition goes, and nothing of it is being handled any more. */
		DRAINED,

		/** A partition was revoked, after the last commit. */
		REVOKED,

		/** A partition was lost. */
		LOST,

		/** An instance has come to where it is to be killed, and does not go on. */
		STOPPED,

		/** An instance was killed. Written by the scenario, once it is dead. */
		KILLED,

		/** An instance is out of touch with its group. Written by the scenario. */
		OUT_OF_TOUCH,

		/** An instance is in touch again. Written by the scenario. */
		BACK,

		/** The committed offset was moved. Written by the scenario. */
		MOVED

	}

}
