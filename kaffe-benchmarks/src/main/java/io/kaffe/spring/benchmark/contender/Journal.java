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

import java.io.Closeable;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * How often each record of a topic was handled: a byte for each offset, in a mapped file,
 * so that it is still there when the process is killed, and cheap.
 * <p>
 * <b>Threading.</b> Any thread may note what it has handled. Two threads that handle the
 * same record at the same time may be counted as one; that it was handled is never
 * missed.
 */
public final class Journal implements Closeable {

	private final FileChannel channel;

	private final MappedByteBuffer counts;

	private final List<Long> ends;

	private final int[] starts;

	private Journal(Path file, List<Long> ends) throws IOException {
		this.ends = List.copyOf(ends);
		this.starts = new int[ends.size()];
		long size = 0;
		for (int partition = 0; partition < ends.size(); partition++) {
			this.starts[partition] = Math.toIntExact(size);
			size += ends.get(partition);
		}
		this.channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ,
				StandardOpenOption.WRITE);
		this.counts = this.channel.map(FileChannel.MapMode.READ_WRITE, 0, Math.max(1, size));
	}

	/**
	 * Start an empty journal.
	 * @param file the file to keep it in; one that is there is deleted
	 * @param ends the number of records in each partition
	 * @return the journal
	 * @throws IOException if the file cannot be written
	 */
	public static Journal create(Path file, List<Long> ends) throws IOException {
		Files.deleteIfExists(file);
		return new Journal(file, ends);
	}

	/**
	 * Open a journal that was kept.
	 * @param file its file
	 * @param ends the number of records in each partition
	 * @return the journal
	 * @throws IOException if the file cannot be read
	 */
	public static Journal open(Path file, List<Long> ends) throws IOException {
		return new Journal(file, ends);
	}

	/**
	 * Note that a record was handled.
	 * @param partition its partition
	 * @param offset its offset
	 */
	public void handled(int partition, long offset) {
		int index = this.starts[partition] + (int) offset;
		this.counts.put(index, (byte) Math.min(Byte.MAX_VALUE, this.counts.get(index) + 1));
	}

	/**
	 * Return how often a record was handled.
	 * @param partition its partition
	 * @param offset its offset
	 * @return how often, up to 127
	 */
	public int times(int partition, long offset) {
		return this.counts.get(this.starts[partition] + (int) offset);
	}

	/**
	 * Return the number of records in each partition.
	 * @return the end offsets
	 */
	public List<Long> ends() {
		return this.ends;
	}

	@Override
	public void close() throws IOException {
		this.channel.close();
	}

}
