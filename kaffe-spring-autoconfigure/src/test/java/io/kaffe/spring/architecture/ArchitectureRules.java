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

import java.util.List;
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
			"engine.adapter", "engine.deadletter", "engine.delivery", "engine.worker", "engine.offset", "table",
			"event");

	/** What applications may use. */
	private static final List<String> API = List.of("table", "event");

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
			.whereLayer("engine.delivery")
			.mayOnlyBeAccessedByLayers("autoconfigure", "engine.listener", "engine.adapter", "engine.deadletter")
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
