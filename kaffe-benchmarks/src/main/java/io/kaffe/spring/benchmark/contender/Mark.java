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

import java.lang.management.ManagementFactory;

import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/**
 * What had been done and used at one moment.
 *
 * @param handled how many records were handled
 * @param nanos the time, on a clock of its own
 * @param cpuNanos processor time that the process had used
 * @param allocatedBytes what its threads had allocated, {@code -1} where the JDK, before
 * 21, does not tell
 */
record Mark(long handled, long nanos, long cpuNanos, long allocatedBytes) {

	static Mark now(RecordHandling handling) {
		return new Mark(handling.handled(), System.nanoTime(), processCpuNanos(),
				number("Threading", "TotalThreadAllocatedBytes"));
	}

	static long processCpuNanos() {
		return number("OperatingSystem", "ProcessCpuTime");
	}

	private static long number(String bean, String attribute) {
		MBeanServer server = ManagementFactory.getPlatformMBeanServer();
		try {
			return (Long) server.getAttribute(new ObjectName("java.lang:type=" + bean), attribute);
		}
		catch (JMException ex) {
			return -1;
		}
	}

	/**
	 * Return how many records were handled in a second, from this moment to another.
	 */
	double recordsPerSecond(Mark later) {
		return (later.handled - this.handled) * 1e9 / Math.max(1, later.nanos - this.nanos);
	}

}
