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

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.library.Architectures;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.apache.kafka.clients.consumer.Consumer;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.annotation.Bean;

/**
 * The rules of the house, for a root package: the real one, or one of violations.
 */
final class ArchitectureRules {

	private static final List<String> PACKAGES = List.of("autoconfigure", "actuate", "engine.listener",
			"engine.adapter", "engine.deadletter", "engine.once", "engine.delivery", "engine.worker", "engine.offset",
			"table", "event");

	/** What applications may use. */
	private static final List<String> API = List.of("table", "event");

	/** What may wait, read a clock or create threads, below the root, and why. */
	private static final Map<String, String> PROVIDERS = Map.of("engine.worker.Ticker$SystemTicker",
			"is the time and the waits of the machine, handed in as a Ticker", "autoconfigure.WorkerTaskExecutor",
			"is the executor of workers, handed in", "autoconfigure.EngineScheduler",
			"is each of the engine's schedulers, handed in", "autoconfigure.EngineThreads",
			"creates the engine's other executors, handed in", "engine.deadletter.MissingTopics",
			"waits for an admin client of its own, on an executor that is handed in, if there is a KafkaAdmin",
			"engine.listener.AdminGroupFacts", "waits for an admin client of its own, on an executor as above",
			"actuate.KaffeOperations", "an operator's request waits, on the thread of the web server or of JMX",
			"actuate.KaffeDeadLettersEndpoint", "an operator's request waits, as above");

	private final String root;

	ArchitectureRules(String root) {
		this.root = root;
	}

	ArchRule packagesHaveNoCycles() {
		return SlicesRuleDefinition.slices().matching(this.root + ".(**)").should().beFreeOfCycles();
	}

	/**
	 * Every class is in a package that the other rules know.
	 */
	ArchRule everyPackageHasItsPlace() {
		return ArchRuleDefinition.classes()
			.should()
			.resideInAnyPackage(
					Stream.concat(Stream.of(this.root), PACKAGES.stream().map((name) -> this.root + "." + name))
						.toArray(String[]::new));
	}

	/**
	 * What applications use shows nothing of what is behind it.
	 */
	ArchRule apiUsesNothingElse() {
		return ArchRuleDefinition.noClasses()
			.that()
			.resideInAnyPackage(Stream.concat(Stream.of(this.root), API.stream().map(this::in)).toArray(String[]::new))
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage(
					PACKAGES.stream().filter((name) -> !API.contains(name)).map(this::in).toArray(String[]::new));
	}

	/**
	 * A package may use those after it, as far as this names them.
	 */
	ArchRule importsRunOneWay() {
		Architectures.LayeredArchitecture layers = Architectures.layeredArchitecture()
			.consideringOnlyDependenciesInLayers();
		for (String name : PACKAGES) {
			layers = layers.layer(name).definedBy(this.root + "." + name + "..");
		}
		return layers.whereLayer("autoconfigure")
			.mayNotBeAccessedByAnyLayer()
			.whereLayer("actuate")
			.mayOnlyBeAccessedByLayers("autoconfigure")
			.whereLayer("engine.listener")
			.mayOnlyBeAccessedByLayers("autoconfigure", "actuate")
			.whereLayer("engine.adapter")
			.mayOnlyBeAccessedByLayers("autoconfigure", "engine.listener")
			.whereLayer("engine.deadletter")
			.mayOnlyBeAccessedByLayers("autoconfigure", "engine.listener")
			.whereLayer("engine.once")
			.mayOnlyBeAccessedByLayers("autoconfigure")
			.whereLayer("engine.delivery")
			.mayOnlyBeAccessedByLayers("autoconfigure", "engine.listener", "engine.adapter", "engine.deadletter",
					"engine.once")
			.whereLayer("engine.worker")
			.mayOnlyAccessLayers("table")
			.whereLayer("engine.offset")
			.mayNotAccessAnyLayer()
			.whereLayer("table")
			.mayNotAccessAnyLayer()
			.whereLayer("event")
			.mayNotAccessAnyLayer()
			.whereLayer("event")
			.mayOnlyBeAccessedByLayers("autoconfigure");
	}

	/**
	 * Return the circles of types: the sets of top-level types of the engine that reach
	 * each other along their dependencies, nested types counted as their top-level type.
	 */
	List<SortedSet<String>> typeCircles(JavaClasses classes) {
		Map<String, Set<String>> uses = new TreeMap<>();
		classes.stream()
			.flatMap((type) -> type.getDirectDependenciesFromSelf().stream())
			.filter((use) -> isOfEngine(use.getOriginClass()) && isOfEngine(use.getTargetClass()))
			.forEach((use) -> uses.computeIfAbsent(topLevel(use.getOriginClass()), (type) -> new TreeSet<>())
				.add(topLevel(use.getTargetClass())));
		Map<String, Set<String>> reached = new TreeMap<>();
		uses.keySet().forEach((type) -> reached.put(type, reachedFrom(type, uses)));
		return reached.entrySet()
			.stream()
			.filter((entry) -> entry.getValue().contains(entry.getKey()))
			.map((entry) -> circleOf(entry.getKey(), reached))
			.filter((circle) -> circle.size() > 1)
			.distinct()
			.toList();
	}

	private static Set<String> reachedFrom(String type, Map<String, Set<String>> uses) {
		Set<String> reached = new TreeSet<>();
		Deque<String> next = new ArrayDeque<>(uses.get(type));
		while (!next.isEmpty()) {
			String other = next.remove();
			if (!other.equals(type) && !reached.contains(other)) {
				next.addAll(uses.getOrDefault(other, Set.of()));
			}
			reached.add(other);
		}
		return reached;
	}

	private static SortedSet<String> circleOf(String type, Map<String, Set<String>> reached) {
		SortedSet<String> circle = new TreeSet<>(Set.of(type));
		reached.getOrDefault(type, Set.of())
			.stream()
			.filter((other) -> reached.getOrDefault(other, Set.of()).contains(type))
			.forEach(circle::add);
		return circle;
	}

	/**
	 * Return the types of the engine that have more methods than a number, without
	 * constructors and what the compiler adds.
	 */
	List<String> typesWithMoreMethodsThan(int most, JavaClasses classes) {
		return classes.stream()
			.filter(this::isOfEngine)
			.filter((type) -> type.getMethods()
				.stream()
				.filter((method) -> !method.getModifiers().contains(JavaModifier.SYNTHETIC))
				.count() > most)
			.map(JavaClass::getSimpleName)
			.sorted()
			.toList();
	}

	private boolean isOfEngine(JavaClass type) {
		return type.getPackageName().startsWith(this.root + ".engine.");
	}

	private String topLevel(JavaClass type) {
		String name = type.getName().substring((this.root + ".engine.").length());
		int nested = name.indexOf('$');
		return (nested < 0) ? name : name.substring(0, nested);
	}

	ArchRule engineDoesNotKnowSpringBoot() {
		return ArchRuleDefinition.noClasses()
			.that()
			.resideInAPackage(in("engine"))
			.should()
			.dependOnClassesThat()
			.resideInAPackage("org.springframework.boot..");
	}

	ArchRule offsetsArePlainJava() {
		return ArchRuleDefinition.noClasses()
			.that()
			.resideInAPackage(in("engine.offset"))
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("org.springframework..", "org.apache.kafka..");
	}

	/**
	 * Calls and method references; passing it along is no access.
	 */
	ArchRule consumersAreCalledInOnePackage() {
		return ArchRuleDefinition.noClasses()
			.that()
			.resideOutsideOfPackage(in("engine.listener"))
			.should()
			.accessTargetWhere(DescribedPredicate.describe("the target is a Kafka consumer's",
					(JavaAccess<?> access) -> With.owner(JavaClass.Predicates.assignableTo(Consumer.class))
						.test(access.getTarget())));
	}

	ArchRule workersDoNotKnowConsumers() {
		return ArchRuleDefinition.noClasses()
			.that()
			.resideInAPackage(in("engine.worker"))
			.should()
			.dependOnClassesThat()
			.areAssignableTo(Consumer.class);
	}

	/**
	 * Time, waits and threads are handed in, so that a test or a simulation can control
	 * them.
	 */
	ArchRule nothingWaitsByItself() {
		return waitsOf(DescribedPredicate.describe("do not provide it",
				(JavaClass type) -> PROVIDERS.keySet().stream().noneMatch((name) -> isProvider(type, name))));
	}

	/**
	 * Return the same for each class that {@link #nothingWaitsByItself()} exempts: rules
	 * that do not hold, or the exemption would not be needed.
	 */
	List<ArchRule> providersDoNotWait() {
		return PROVIDERS.keySet()
			.stream()
			.map((name) -> waitsOf(
					DescribedPredicate.describe("are " + name, (JavaClass type) -> isProvider(type, name))))
			.toList();
	}

	private static ArchRule waitsOf(DescribedPredicate<JavaClass> types) {
		return ArchRuleDefinition.noClasses().that(types).should().accessTargetWhere(new WaitingCalls());
	}

	private boolean isProvider(JavaClass type, String name) {
		return type.getName().equals(this.root + "." + name);
	}

	ArchRule autoConfigurationsAreFinal() {
		return ArchRuleDefinition.classes()
			.that()
			.areAnnotatedWith(AutoConfiguration.class)
			.should()
			.haveModifier(JavaModifier.FINAL)
			.andShould()
			.bePublic();
	}

	ArchRule autoConfigurationsAreMadeBySpringOnly() {
		return ArchRuleDefinition.constructors()
			.that()
			.areDeclaredInClassesThat()
			.areAnnotatedWith(AutoConfiguration.class)
			.should()
			.bePackagePrivate();
	}

	ArchRule beansAreMadeBySpringOnly() {
		return ArchRuleDefinition.methods().that().areAnnotatedWith(Bean.class).should().bePackagePrivate();
	}

	/**
	 * Return the types that applications may use, by their names below the root package:
	 * all that are public but for those of the engine.
	 */
	List<String> publicTypes(JavaClasses classes) {
		return classes.stream()
			.filter(ArchitectureRules::isPublic)
			.filter((type) -> !type.getPackageName().startsWith(this.root + ".engine."))
			.map((type) -> type.getName().substring(this.root.length() + 1))
			.sorted()
			.toList();
	}

	private static boolean isPublic(JavaClass type) {
		return type.getModifiers().contains(JavaModifier.PUBLIC)
				&& type.getEnclosingClass().map(ArchitectureRules::isPublic).orElse(true);
	}

	private String in(String name) {
		return this.root + "." + name + "..";
	}

}
