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

package io.kaffe.spring.engine.worker;

import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Makes texts of records, keys, values and exceptions. Methods of keys, values and
 * exceptions are the user's: whatever they do, the text is short. A method that does not
 * return blocks the caller.
 */
public final class DisplayText {

	private static final int MAX_LENGTH = 200;

	/** No character of UTF-8 takes more, so that as many bytes as this are enough. */
	private static final int MAX_BYTES = 4 * MAX_LENGTH;

	private static final int DELETE = 0x7f;

	private DisplayText() {
	}

	/**
	 * Return what is shown of a key or a value.
	 * @param object the key or value; bytes are read as UTF-8
	 * @return its text, at most 200 characters, or why there is none; {@code null} if it
	 * is {@code null}
	 */
	public static @Nullable String of(@Nullable Object object) {
		if (object == null) {
			return null;
		}
		if (object instanceof byte[] bytes) {
			return shortened(() -> new String(bytes, 0, Math.min(bytes.length, MAX_BYTES), StandardCharsets.UTF_8));
		}
		return shortened(object::toString);
	}

	/**
	 * Return what is shown of bytes that are not known to be text.
	 * @param bytes the bytes
	 * @return how they begin, at most 200 characters: those of ASCII as they are, others
	 * such as {@code \x00}
	 */
	public static String escaped(byte[] bytes) {
		StringBuilder text = new StringBuilder();
		for (byte each : bytes) {
			String next = (each == '\\') ? "\\\\"
					: (each >= ' ' && each < DELETE) ? String.valueOf((char) each) : String.format("\\x%02x", each);
			if (text.length() + next.length() > MAX_LENGTH) {
				break;
			}
			text.append(next);
		}
		return text.toString();
	}

	/**
	 * Return where a record is. Asks its key and value for nothing.
	 * @param record the record
	 * @return its coordinates, such as {@code orders-0@27}
	 */
	public static String coordinatesOf(ConsumerRecord<?, ?> record) {
		return record.topic() + "-" + record.partition() + "@" + record.offset();
	}

	/**
	 * Return what is shown of the message of an exception.
	 * @param failure the exception
	 * @return its message, at most 200 characters, or why there is none; {@code null} if
	 * it has none
	 */
	public static @Nullable String messageOf(Throwable failure) {
		return shortened(failure::getMessage);
	}

	private static @Nullable String shortened(Supplier<@Nullable String> text) {
		try {
			String whole = text.get();
			return (whole != null) ? encodable(whole.substring(0, Math.min(whole.length(), MAX_LENGTH))) : null;
		}
		catch (Throwable ex) {
			return "(cannot be shown: " + ex.getClass().getName() + ")";
		}
	}

	/**
	 * Replace halves of characters, which no JSON can hold.
	 */
	private static String encodable(String text) {
		return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
	}

}
