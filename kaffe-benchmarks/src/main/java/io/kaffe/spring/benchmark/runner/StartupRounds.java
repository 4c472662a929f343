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

package io.kaffe.spring.benchmark.runner;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.kaffe.spring.benchmark.contender.RoundResult;
import io.kaffe.spring.benchmark.contender.StartupMain;

/**
 * Starts of the sample, with the starter and without it on the class path.
 */
final class StartupRounds implements Measurement {

	private static final String SAMPLE = "io.kaffe.spring.sample.SampleApplication";

	private final Workspace workspace;

	private final ClassPaths classPaths;

	private final Broker broker;

	StartupRounds(Workspace workspace, ClassPaths classPaths, Broker broker) {
		this.workspace = workspace;
		this.classPaths = classPaths;
		this.broker = broker;
	}

	/**
	 * Start once without measuring, which creates the topics and brings the class path
	 * into memory.
	 */
	@Override
	public void prepare(String contender) throws Exception {
		measure(contender);
	}

	@Override
	public Round measure(String contender) throws Exception {
		boolean with = contender.equals(Field.WITH_STARTER);
		Path result = this.workspace.file("startup.result");
		Path log = this.workspace.file("startup.log");
		Files.deleteIfExists(result);
		List<String> main = new ArrayList<>(List.of(StartupMain.class.getName(), result.toString(), SAMPLE,
				"--spring.kafka.bootstrap-servers=" + this.broker.bootstrapServers(), "--sample.generate=false",
				"--server.port=0", "--spring.main.banner-mode=off"));
		Process process = this.workspace.java(with ? this.classPaths.sample() : this.classPaths.sampleWithoutStarter(),
				List.of("-Xmx512m"), main, log);
		process.waitFor();
		if (!Files.exists(result)) {
			return Round.failed("did not start: " + Files.readString(log));
		}
		RoundResult started = RoundResult.read(result);
		return new Round(started.figures().getOrDefault(StartupMain.MILLIS, Double.NaN), started.figures(), List.of());
	}

}
