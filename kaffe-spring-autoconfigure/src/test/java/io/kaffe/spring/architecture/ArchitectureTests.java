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

package io.kaffe.spring.architecture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.EvaluationResult;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the packages keep to {@link ArchitectureRules}, and, for each rule, that it
 * finds the violation in the package {@code violations}.
 */
class ArchitectureTests {

	private static final String ROOT = "io.kaffe.spring";

	private static final String VIOLATIONS = ROOT + ".architecture.violations";

	private static final JavaClasses house = new ClassFileImporter()
		.withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
		.withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_PACKAGE_INFOS)
		.importPackages(ROOT);

	private static final JavaClasses violations = new ClassFileImporter().importPackages(VIOLATIONS);

	private static final int MOST_METHODS = 30;

	private static final int MOST_LINES = 350;

	private final ArchitectureRules rules = new ArchitectureRules(ROOT);

	private final ArchitectureRules violated = new ArchitectureRules(VIOLATIONS);

	@Test
	void packagesHaveNoCycles() {
		this.rules.packagesHaveNoCycles().check(house);
	}

	@Test
	void cycleIsFound() {
		assertViolated(this.violated.packagesHaveNoCycles(), "Cycle detected", "DependsOnDelivery",
				"PassesConsumerAlong");
	}

	@Test
	void everyPackageHasItsPlace() {
		this.rules.everyPackageHasItsPlace().check(house);
	}

	@Test
	void packageWithoutPlaceIsFound() {
		assertViolated(this.violated.everyPackageHasItsPlace(), "WithoutPlace");
	}

	@Test
	void apiUsesNothingElse() {
		this.rules.apiUsesNothingElse().check(house);
	}

	@Test
	void engineInTheApiIsFound() {
		assertViolated(this.violated.apiUsesNothingElse(), "ShowsWorker.worker()");
	}

	@Test
	void importsRunOneWay() {
		this.rules.importsRunOneWay().check(house);
	}

	@Test
	void importsAgainstTheWayAreFound() {
		assertViolated(this.violated.importsRunOneWay(), "DependsOnDelivery.type()", "DependsOnActuator.type()",
				"DependsOnAutoConfiguration.type()");
	}

	@Test
	void importsAlongTheWayAreAllowed() {
		assertThat(evaluate(this.violated.importsRunOneWay())).doesNotContain("PassesConsumerAlong.passAlong()");
	}

	/**
	 * Two circles are meant. A worker, the queue it stands in, the turn it is given and
	 * the work it is given are four sides of one protocol. A batch takes the works behind
	 * the one that it began with out of their queue, and each of them asks it whether it
	 * is ready.
	 */
	@Test
	void typesAreInNoOtherCircles() {
		assertThat(this.rules.typeCircles(house)).containsExactlyInAnyOrder(
				new TreeSet<>(List.of("delivery.Batch", "delivery.BatchWork")),
				new TreeSet<>(List.of("worker.RunQueue", "worker.Turn", "worker.Work", "worker.Worker")));
	}

	@Test
	void circleOfTypesIsFound() {
		assertThat(this.violated.typeCircles(violations))
			.containsExactly(new TreeSet<>(List.of("delivery.PassesConsumerAlong", "worker.DependsOnDelivery")));
	}

	@Test
	void typesAreSmall() throws IOException {
		assertThat(this.rules.typesWithMoreMethodsThan(MOST_METHODS, house)).isEmpty();
		try (Stream<Path> sources = Files.walk(Path.of("src/main/java/io/kaffe/spring/engine"))) {
			assertThat(sources.filter((source) -> source.toString().endsWith(".java")).toList()).hasSizeGreaterThan(100)
				.allSatisfy(
						(source) -> assertThat(linesOfCode(Files.readString(source))).isLessThanOrEqualTo(MOST_LINES));
		}
	}

	@Test
	void largeTypesAreFound() {
		assertThat(this.violated.typesWithMoreMethodsThan(0, violations)).contains("CallsConsumer",
				"DependsOnDelivery");
		assertThat(this.violated.typesWithMoreMethodsThan(1, violations)).doesNotContain("CallsConsumer");
		assertThat(
				linesOfCode("package a;\n\nimport b.C;\n\n/**\n * A.\n */\nclass A {\n\n\t// None.\n\tint b;\n\n}\n"))
			.isEqualTo(3);
	}

	/**
	 * Return the number of lines that are not blank, comments, or the package and
	 * imports.
	 */
	private static long linesOfCode(String source) {
		return source.replaceAll("(?s)/\\*.*?\\*/", "")
			.lines()
			.map(String::strip)
			.filter((line) -> !line.isEmpty() && !line.startsWith("//") && !line.startsWith("import ")
					&& !line.startsWith("package "))
			.count();
	}

	@Test
	void engineDoesNotKnowSpringBoot() {
		this.rules.engineDoesNotKnowSpringBoot().check(house);
	}

	@Test
	void springBootInTheEngineIsFound() {
		assertViolated(this.violated.engineDoesNotKnowSpringBoot(), "UsesSpringBoot");
	}

	@Test
	void offsetsArePlainJava() {
		this.rules.offsetsArePlainJava().check(house);
	}

	@Test
	void springAndKafkaAmongOffsetsAreFound() {
		assertViolated(this.violated.offsetsArePlainJava(), "UsesSpring.hasText", "UsesKafka.topic");
	}

	@Test
	void consumersAreCalledInOnePackage() {
		this.rules.consumersAreCalledInOnePackage().check(house);
	}

	@Test
	void callsOfConsumersElsewhereAreFound() {
		assertViolated(this.violated.consumersAreCalledInOnePackage(), "CallsConsumer.call", "RefersToConsumer.call");
		assertThat(evaluate(this.violated.consumersAreCalledInOnePackage())).doesNotContain("PassesConsumerAlong");
	}

	@Test
	void workersDoNotKnowConsumers() {
		this.rules.workersDoNotKnowConsumers().check(house);
	}

	@Test
	void consumersAmongWorkersAreFound() {
		assertViolated(this.violated.workersDoNotKnowConsumers(), "CallsConsumer");
	}

	@Test
	void nothingWaitsByItself() {
		this.rules.nothingWaitsByItself().check(house);
	}

	@Test
	void waitsAreFound() {
		assertViolated(this.violated.nothingWaitsByItself(), "WaitsByItself.park", "WaitsByItself.sleep",
				"WaitsByItself.hold", "WaitsByItself.awaitLatch", "WaitsByItself.take", "WaitsByItself.answer",
				"WaitsByItself.nanoTime", "WaitsByItself.today", "WaitsByItself.later", "WaitsByItself.inCommonPool",
				"WaitsByItself.start", "WaitsByItself.scheduler");
		assertThat(evaluate(this.violated.nothingWaitsByItself())).doesNotContain("WaitsByItself.handedIn");
	}

	@Test
	void everyProviderOfTimeAndThreadsIsNeeded() {
		assertThat(this.rules.providersDoNotWait())
			.allSatisfy((rule) -> assertThat(rule.evaluate(house).hasViolation()).as(rule.getDescription()).isTrue());
	}

	@Test
	void autoConfigurationsAreFinal() {
		this.rules.autoConfigurationsAreFinal().check(house);
	}

	@Test
	void autoConfigurationThatIsNotFinalIsFound() {
		assertViolated(this.violated.autoConfigurationsAreFinal(), "OpenAutoConfiguration");
	}

	@Test
	void autoConfigurationsAreMadeBySpringOnly() {
		this.rules.autoConfigurationsAreMadeBySpringOnly().check(house);
	}

	@Test
	void publicConstructorOfAutoConfigurationIsFound() {
		assertViolated(this.violated.autoConfigurationsAreMadeBySpringOnly(), "OpenAutoConfiguration.<init>()");
	}

	@Test
	void beansAreMadeBySpringOnly() {
		this.rules.beansAreMadeBySpringOnly().check(house);
	}

	@Test
	void beanMethodsThatOthersCanCallAreFound() {
		assertViolated(this.violated.beansAreMadeBySpringOnly(), "OpenAutoConfiguration.openBean()",
				"NestedConfiguration.nestedBean()");
	}

	/**
	 * The API, which applications come to depend on. A type that is missing here was made
	 * public outside the engine: add it if that is intended.
	 */
	@Test
	void onlyTheseTypesAreApi() {
		assertThat(this.rules.publicTypes(house)).containsExactlyElementsOf("""
				BatchRecordHandler
				BatchResult
				BulkDecisionRequest
				BulkDecisionRequest$Decision
				DeadLetter
				DeadLetter$Failure
				DeadLetter$Original
				DeadLetter$State
				DeadLetterCount
				DeadLetterFilter
				DeadLetterOperations
				DeadLetterPage
				DeadLetterRun
				DeadLetterRun$Operation
				DeadLetterRun$Progress
				DeadLetterRun$State
				FailingRecord
				FailingRecord$State
				FailingRecordFilter
				FailingRecords
				KaffeConsumers
				RecordBackOff
				RecordHandler
				RecordWorkerAllocationStrategy
				SeekPosition
				SeekPosition$Edge
				SeekPosition$Offset
				SeekPosition$Time
				SeekResult
				WorkerAllocationStrategy
				WorkerManager
				actuate.DeadLettersDescription
				actuate.DeadLettersDescription$Letter
				actuate.DeadLettersDescription$Original
				actuate.DeadLettersDescription$Run
				actuate.KaffeDeadLettersEndpoint
				actuate.KaffeDeadLettersEndpointWebExtension
				actuate.KaffeHealthIndicator
				actuate.KaffeMetrics
				actuate.KaffePageEndpoint
				actuate.KaffeWorkersEndpoint
				actuate.KaffeWorkersEndpointWebExtension
				actuate.OperationResult
				actuate.WorkersDescription
				autoconfigure.ConsumerProperties
				autoconfigure.ConsumerProperties$Backoff
				autoconfigure.ConsumerProperties$Batch
				autoconfigure.ConsumerProperties$Buffer
				autoconfigure.ConsumerProperties$Commit
				autoconfigure.ConsumerProperties$Failure
				autoconfigure.ConsumerProperties$Health
				autoconfigure.ConsumerProperties$Outage
				autoconfigure.ConsumerProperties$Supervision
				autoconfigure.KaffeAutoConfiguration
				autoconfigure.KaffeDeadLettersEndpointAutoConfiguration
				autoconfigure.KaffeDisabledAutoConfiguration
				autoconfigure.KaffeEndpointAutoConfiguration
				autoconfigure.KaffeHealthAutoConfiguration
				autoconfigure.KaffeMetricsAutoConfiguration
				autoconfigure.KaffeOnceJdbcAutoConfiguration
				autoconfigure.KaffePageAutoConfiguration
				autoconfigure.KaffeProperties
				autoconfigure.KaffeProperties$Adopt
				autoconfigure.KaffeProperties$Consumer
				autoconfigure.KaffeProperties$Consumer$OnceMode
				autoconfigure.KaffeProperties$Lag
				autoconfigure.KaffeProperties$Once
				autoconfigure.KaffeProperties$OnceJdbc
				autoconfigure.KaffeProperties$OnceJdbc$InitializeSchema
				autoconfigure.KaffeWorkersEndpointProperties
				event.ConsumerEscalatedEvent
				event.OutageBeganEvent
				event.OutageEndedEvent
				event.PartitionsDrainedEvent
				event.RecordParkedEvent
				event.RecordsLostEvent
				event.RetentionWarningEvent
				event.WorkerStalledEvent
				table.BulkDecisionSnapshot
				table.BulkDecisionSnapshot$Counts
				table.BulkDecisionSnapshot$State
				table.ConsumerProblem
				table.ConsumerProblem$Kind
				table.ConsumerProblem$Severity
				table.ConsumerSnapshot
				table.ConsumerSnapshot$Buffered
				table.ConsumerSnapshot$Counters
				table.ConsumerSnapshot$Failing
				table.ConsumerSnapshot$FailingPage
				table.ConsumerSnapshot$Failure
				table.ConsumerSnapshot$Failures
				table.ConsumerSnapshot$Load
				table.ConsumerSnapshot$Outage
				table.ConsumerSnapshot$ParkedBy
				table.ConsumerSnapshot$Rebalance
				table.ConsumerSnapshot$Settings
				table.ConsumerSnapshot$Status
				table.ConsumerSnapshot$Stop
				table.ConsumerState
				table.Evicted
				table.Lag
				table.PartitionSnapshot
				table.PartitionSnapshot$DeletionExpected
				table.PartitionSnapshot$Offsets
				table.PartitionSnapshot$OldestUnfinished
				table.WorkerSnapshot
				table.WorkerSnapshot$Counters
				table.WorkerSnapshot$CurrentRecord
				table.WorkerSnapshot$LastFailure
				table.WorkerState
				table.WorkerTable
				""".lines().toList());
	}

	@Test
	void publicTypesAreFound() {
		assertThat(this.violated.publicTypes(violations)).containsExactly("actuate.DependsOnAutoConfiguration",
				"actuate.DependsOnAutoConfiguration$Nested", "autoconfigure.OpenAutoConfiguration");
	}

	private static void assertViolated(ArchRule rule, String... names) {
		assertThat(evaluate(rule)).contains(names);
	}

	private static String evaluate(ArchRule rule) {
		EvaluationResult result = rule.evaluate(violations);
		assertThat(result.hasViolation()).isTrue();
		return String.join("\n", result.getFailureReport().getDetails());
	}

}
