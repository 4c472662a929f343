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
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationListener;

/**
 * Starts a Spring Boot application, notes how long that took, from the start of the JVM
 * to when it is ready, and ends. Runs on the application's own class path.
 */
public final class StartupMain {

	/** Milliseconds from the start of the JVM until the application was ready. */
	public static final String MILLIS = "millis";

	/** Milliseconds of processor time until then. */
	public static final String CPU_MILLIS = "cpuMillis";

	private StartupMain() {
	}

	/**
	 * Start an application.
	 * @param args the file for the result, the application's class, its arguments
	 * @throws ClassNotFoundException if there is no such class
	 */
	public static void main(String[] args) throws ClassNotFoundException {
		SpringApplication application = new SpringApplication(Class.forName(args[1]));
		application.addListeners((ApplicationListener<ApplicationReadyEvent>) (ready) -> end(Path.of(args[0])));
		application.run(Arrays.copyOfRange(args, 2, args.length));
	}

	private static void end(Path result) {
		long millis = System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
		int code = 1;
		try {
			new RoundResult(Map.of(MILLIS, (double) millis, CPU_MILLIS, Mark.processCpuNanos() / 1e6), "")
				.write(result);
			code = 0;
		}
		catch (Exception ex) {
			ex.printStackTrace();
		}
		Runtime.getRuntime().halt(code);
	}

}
