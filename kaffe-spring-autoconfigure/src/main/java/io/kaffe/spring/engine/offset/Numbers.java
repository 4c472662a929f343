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

package io.kaffe.spring.engine.offset;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/**
 * Numbers from 0 on in a commit's metadata: 7 bits a byte, the lowest first.
 */
final class Numbers {

	private Numbers() {
	}

	static void write(ByteArrayOutputStream bytes, long number) {
		long left = number;
		while (left > 0x7f) {
			bytes.write((int) (left & 0x7f) | 0x80);
			left >>>= 7;
		}
		bytes.write((int) left);
	}

	/**
	 * Return how many bytes a number takes.
	 */
	static int length(long number) {
		int length = 1;
		for (long left = number; left > 0x7f; left >>>= 7) {
			length++;
		}
		return length;
	}

	/**
	 * Read a number.
	 * @throws IllegalArgumentException if it is longer than any
	 * @throws java.nio.BufferUnderflowException if it does not end
	 */
	static long read(ByteBuffer bytes) {
		long number = 0;
		for (int shift = 0; shift < Long.SIZE - 1; shift += 7) {
			byte next = bytes.get();
			number |= (next & 0x7fL) << shift;
			if (next >= 0) {
				return number;
			}
		}
		throw new IllegalArgumentException("Number is too long");
	}

	/**
	 * Read a number with a limit.
	 * @param max the largest number that is expected
	 * @throws IllegalArgumentException if it is larger
	 * @throws java.nio.BufferUnderflowException if it does not end
	 */
	static long read(ByteBuffer bytes, long max) {
		long number = read(bytes);
		if (number > max) {
			throw new IllegalArgumentException("Number is too large: " + number);
		}
		return number;
	}

}
