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

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.springframework.beans.factory.DisposableBean;

import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.table.ConsumerSnapshot;

/**
 * Measures periodically what an instance has buffered and how much of its heap is in use
 * after a collection, and writes the highest of both to a file.
 * <p>
 * <b>Threading.</b> Measures on a thread of its own.
 */
final class MemoryReport implements DisposableBean {

	private static final String SUFFIX = ".memory";

	private final ScheduledExecutorService measuring = Executors.newSingleThreadScheduledExecutor();

	private final Path directory;

	private final String instance;

	private final DefaultWorkerManager workers;

	private Measured highest = new Measured(0, 0, 0);

	MemoryReport(Path directory, String instance, DefaultWorkerManager workers) {
		this.directory = directory;
		this.instance = instance;
		this.workers = workers;
		this.measuring.scheduleWithFixedDelay(this::tryToMeasure, 0, 500, TimeUnit.MILLISECONDS);
	}

	private void tryToMeasure() {
		try {
			measure();
		}
		catch (RuntimeException | Error ex) {
			// It is not measured any more, and the log says why.
			ex.printStackTrace();
			throw ex;
		}
	}

	private void measure() {
		ConsumerSnapshot table = this.workers.table(FaultInstance.LISTENER);
		long used = used();
		ConsumerSnapshot.Buffered buffered = (table != null) ? table.load().buffered()
				: new ConsumerSnapshot.Buffered(0, 0);
		this.highest = new Measured(Math.max(this.highest.records(), buffered.records()),
				Math.max(this.highest.bytes(), buffered.bytes()), Math.max(this.highest.heap(), used));
		try {
			Path next = this.directory.resolve(this.instance + ".measuring");
			Files.writeString(next, this.highest.records() + " " + this.highest.bytes() + " " + this.highest.heap());
			Files.move(next, this.directory.resolve(this.instance + SUFFIX), StandardCopyOption.ATOMIC_MOVE);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Return the bytes of heap in use, without garbage.
	 */
	static long used() {
		System.gc();
		return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
	}

	@Override
	public void destroy() {
		this.measuring.shutdownNow();
	}

	/**
	 * Read the report of an instance.
	 */
	static Measured read(Path directory, String instance) {
		Path file = directory.resolve(instance + SUFFIX);
		try {
			if (!Files.exists(file)) {
				return new Measured(0, 0, 0);
			}
			String[] numbers = Files.readString(file).split(" ");
			return new Measured(Long.parseLong(numbers[0]), Long.parseLong(numbers[1]), Long.parseLong(numbers[2]));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * What was measured at most.
	 *
	 * @param records the records that were buffered
	 * @param bytes their bytes, as the worker table has it
	 * @param heap the bytes of heap in use
	 */
	record Measured(long records, long bytes, long heap) {
	}

}
