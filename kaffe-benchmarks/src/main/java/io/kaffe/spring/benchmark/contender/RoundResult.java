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

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * What a contender found out about its round, handed over in a file.
 *
 * @param figures numbers by their names, such as {@value #RECORDS_PER_SECOND}
 * @param complaint what went wrong as far as the contender knows; empty if nothing did
 */
public record RoundResult(Map<String, Double> figures, String complaint) {

	/** Records that were handled in a second. */
	public static final String RECORDS_PER_SECOND = "recordsPerSecond";

	/** The same, from the first record of a new JVM to the last. */
	public static final String COLD = "recordsPerSecondFromStart";

	/** Records that were handled in a second before one hung. */
	public static final String BEFORE_STALL = "recordsPerSecondBefore";

	/** Share of the other records that were handled although one hung, from 0 to 1. */
	public static final String REACHED = "reached";

	/** Bytes that were allocated for each record. */
	public static final String ALLOCATED = "allocatedBytesPerRecord";

	/** Processor time for each record, in microseconds. */
	public static final String CPU = "cpuMicrosPerRecord";

	/** Bytes on the heap for each record that is polled and not handled. */
	public static final String HEAP = "heapBytesPerRecord";

	/** Megabytes in use on the heap when all were handled that are not held up. */
	public static final String USED_HEAP = "usedHeapMegabytes";

	/** Records that were polled and not handled while that was measured. */
	public static final String IN_FLIGHT = "recordsInFlight";

	/** Records that were handled in all, repetitions included. */
	public static final String HANDLED = "handled";

	/** Records that were not handled in sequence although that was promised. */
	public static final String ORDER_VIOLATIONS = "orderViolations";

	private static final String COMPLAINT = "complaint";

	/**
	 * Write this result, so that whoever looks for the file finds all of it or nothing.
	 * @param file the file to write
	 * @throws IOException if that fails
	 */
	public void write(Path file) throws IOException {
		Properties properties = new Properties();
		this.figures.forEach((name, value) -> properties.setProperty(name, value.toString()));
		properties.setProperty(COMPLAINT, this.complaint);
		Path unfinished = file.resolveSibling(file.getFileName() + ".unfinished");
		try (Writer writer = Files.newBufferedWriter(unfinished)) {
			properties.store(writer, null);
		}
		Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
	}

	/**
	 * Read a result.
	 * @param file the file to read
	 * @return what was written to it
	 * @throws IOException if that fails
	 */
	public static RoundResult read(Path file) throws IOException {
		Properties properties = new Properties();
		try (Reader reader = Files.newBufferedReader(file)) {
			properties.load(reader);
		}
		String complaint = String.valueOf(properties.remove(COMPLAINT));
		Map<String, Double> figures = new TreeMap<>();
		properties.forEach((name, value) -> figures.put((String) name, Double.valueOf((String) value)));
		return new RoundResult(figures, complaint);
	}

}
