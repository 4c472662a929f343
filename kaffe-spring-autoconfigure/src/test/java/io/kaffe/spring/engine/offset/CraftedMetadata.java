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

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.CRC32;

/**
 * Writes metadata of commits as an attacker would who knows the form: all is right but
 * what it stores.
 */
public final class CraftedMetadata {

	static final byte RUNS = 0;

	static final byte BITMAP = 1;

	private static final int VERSION = 2;

	private final ByteBuffer bytes = ByteBuffer.allocate(128);

	private CraftedMetadata() {
	}

	static CraftedMetadata ofVersion(int version) {
		return new CraftedMetadata().bytes(version);
	}

	static CraftedMetadata of(byte kind, long committed) {
		return ofVersion(VERSION).bytes(kind).numbers(committed);
	}

	/**
	 * Return version 3 without its sections.
	 */
	static CraftedMetadata sections(long committed) {
		return ofVersion(3).numbers(committed);
	}

	/**
	 * Add a section of fewer than 128 bytes.
	 */
	CraftedMetadata section(int type, int... section) {
		return bytes(type, section.length).bytes(section);
	}

	/**
	 * Return text in the form of runs.
	 * @param committed the committed offset
	 * @param numbers how many offsets are open, how many complete, and so on
	 * @return the text
	 */
	public static String runs(long committed, long... numbers) {
		return of(RUNS, committed).numbers(numbers).text(0);
	}

	CraftedMetadata numbers(long... numbers) {
		for (long number : numbers) {
			long left = number;
			for (; left > 0x7f; left >>>= 7) {
				this.bytes.put((byte) (left | 0x80));
			}
			this.bytes.put((byte) left);
		}
		return this;
	}

	CraftedMetadata bytes(int... bytes) {
		for (int each : bytes) {
			this.bytes.put((byte) each);
		}
		return this;
	}

	String text(int leaderEpoch) {
		this.bytes.putInt(leaderEpoch);
		return text(Arrays.copyOf(this.bytes.array(), this.bytes.position()));
	}

	/**
	 * Return text with a checksum that is right.
	 * @param bytes all but the checksum
	 */
	static String text(byte[] bytes) {
		CRC32 checksum = new CRC32();
		checksum.update(bytes);
		ByteBuffer whole = ByteBuffer.allocate(bytes.length + Integer.BYTES)
			.put(bytes)
			.putInt((int) checksum.getValue());
		return "kaffe:" + Base64.getUrlEncoder().withoutPadding().encodeToString(whole.array());
	}

}
