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

package io.kaffe.spring;

import java.time.DateTimeException;
import java.time.Instant;

import org.springframework.util.Assert;

/**
 * A position in a partition to seek to.
 * <p>
 * Immutable.
 */
public sealed interface SeekPosition {

	/**
	 * The beginning offset of the partition.
	 * @return the position
	 */
	static SeekPosition beginning() {
		return Edge.BEGINNING;
	}

	/**
	 * The end offset of the partition at the time of the seek.
	 * @return the position
	 */
	static SeekPosition end() {
		return Edge.END;
	}

	/**
	 * An offset.
	 * @param offset the offset, 0 or more
	 * @return the position
	 */
	static SeekPosition offset(long offset) {
		return new Offset(offset);
	}

	/**
	 * The first record with this or a later timestamp; the end if there is none.
	 * @param time the time
	 * @return the position
	 */
	static SeekPosition time(Instant time) {
		return new Time(time);
	}

	/**
	 * Parse a position.
	 * @param text {@code beginning}, {@code end}, an offset, or a time in the form of
	 * {@link Instant#parse ISO 8601}
	 * @return the position
	 * @throws IllegalArgumentException if it is none of these
	 */
	static SeekPosition parse(String text) {
		try {
			return switch (text) {
				case "beginning" -> beginning();
				case "end" -> end();
				default -> text.matches("\\d+") ? offset(Long.parseLong(text)) : time(Instant.parse(text));
			};
		}
		catch (DateTimeException | NumberFormatException ex) {
			throw new IllegalArgumentException("Invalid position '" + text
					+ "': expected 'beginning', 'end', an offset such as '42' or a time such as '2026-01-31T08:00:00Z'",
					ex);
		}
	}

	/**
	 * One end of a partition.
	 */
	enum Edge implements SeekPosition {

		/** The beginning offset. */
		BEGINNING,

		/** The end offset. */
		END

	}

	/**
	 * An offset.
	 *
	 * @param offset the offset, 0 or more
	 */
	record Offset(long offset) implements SeekPosition {

		/**
		 * Create a position.
		 * @throws IllegalArgumentException if the offset is below 0
		 */
		public Offset {
			Assert.isTrue(offset >= 0, "Offset must not be negative: " + offset);
		}

	}

	/**
	 * A time.
	 *
	 * @param time the time
	 */
	record Time(Instant time) implements SeekPosition {
	}

}
