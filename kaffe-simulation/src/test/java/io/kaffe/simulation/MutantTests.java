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

package io.kaffe.simulation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

/**
 * Tests for {@link Mutant}, with a report in PIT's form.
 */
class MutantTests {

	private static final String TYPE = "io.kaffe.spring.engine.worker.RunQueue$Lane";

	@TempDir
	private Path report;

	@BeforeEach
	void report() throws IOException {
		Files.writeString(this.report.resolve("mutations.xml"),
				"""
						<?xml version="1.0" encoding="UTF-8"?>
						<mutations partial="true">
						<mutation detected='false' status='SURVIVED' numberOfTestsRun='9'><sourceFile>RunQueue.java</sourceFile><mutatedClass>%1$s</mutatedClass><mutatedMethod>&lt;init&gt;</mutatedMethod><methodDescription>(J)V</methodDescription><lineNumber>90</lineNumber><mutator>org.pitest.MathMutator</mutator><indexes><index>7</index></indexes><blocks><block>1</block></blocks><killingTest/><description>Replaced long addition with subtraction</description></mutation>
						<mutation detected='true' status='KILLED' numberOfTestsRun='1'><sourceFile>RunQueue.java</sourceFile><mutatedClass>%1$s</mutatedClass><mutatedMethod>run</mutatedMethod><methodDescription>()V</methodDescription><lineNumber>30</lineNumber><mutator>org.pitest.NegateConditionalsMutator</mutator><indexes><index>5</index></indexes><blocks><block>0</block></blocks><killingTest>one</killingTest><description>negated conditional</description></mutation>
						</mutations>
						"""
					.formatted(TYPE));
		Path directory = this.report.resolve("export/io/kaffe/spring/engine/worker/RunQueue$Lane/mutants/4");
		Files.createDirectories(directory);
		Files.writeString(directory.resolve("details.txt"),
				"MutationDetails [id=MutationIdentifier [location=Location [clazz=%s, method=<init>, methodDesc=(J)V], indexes=[7], mutator=org.pitest.MathMutator], filename=RunQueue.java, block=[1], lineNumber=90]"
					.formatted(TYPE));
		Files.writeString(directory.resolve(TYPE + ".class"), "changed");
	}

	@Test
	void areThoseOfTheReportByClassAndLine() throws IOException {
		List<Mutant> mutants = Mutant.in(this.report);
		assertThat(mutants).extracting(Mutant::line).containsExactly(30, 90);
		assertThat(mutants).extracting(Mutant::killed).containsExactly(true, false);
		assertThat(mutants).extracting(Mutant::mutator).containsExactly("NegateConditionalsMutator", "MathMutator");
		assertThat(mutants).extracting(Mutant::className).containsOnly("RunQueue.Lane");
		assertThat(mutants).extracting(Mutant::packageName).containsOnly("worker");
	}

	@Test
	void classFileIsThatOfItsChange(@TempDir Path directory) throws IOException {
		Path classes = Mutant.in(this.report).get(1).classes(directory);
		assertThat(classes.resolve("io/kaffe/spring/engine/worker/RunQueue$Lane.class")).hasContent("changed");
	}

	@Test
	void saysSoIfItsClassFileIsMissing(@TempDir Path directory) throws IOException {
		Mutant killed = Mutant.in(this.report).get(0);
		assertThatNullPointerException().isThrownBy(() -> killed.classes(directory))
			.withMessage("PIT has not exported it");
	}

}
