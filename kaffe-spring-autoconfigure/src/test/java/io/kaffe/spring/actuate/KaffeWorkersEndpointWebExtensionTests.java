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

package io.kaffe.spring.actuate;

import java.security.Principal;
import java.util.Objects;
import java.util.Set;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

import io.kaffe.spring.engine.worker.DefaultWorkerManager;
import io.kaffe.spring.table.ConsumerSnapshot;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KaffeWorkersEndpointWebExtension}: who is shown what is the user's.
 */
class KaffeWorkersEndpointWebExtensionTests {

	private final DefaultWorkerManager manager = SnapshotFixtures.manager();

	@BeforeEach
	void registerConsumers() {
		SnapshotFixtures.register(this.manager);
	}

	@ParameterizedTest
	@EnumSource(Show.class)
	void strangersAreShownValuesOnlyIfEverybodyIs(Show show) {
		assertThat(consumer(show, Set.of(), SecurityContext.NONE))
			.isEqualTo(SnapshotFixtures.orders(show == Show.ALWAYS));
	}

	@ParameterizedTest
	@EnumSource(Show.class)
	void whoHasTheRoleIsShownValuesUnlessNobodyIs(Show show) {
		assertThat(consumer(show, Set.of("operator"), new User("operator")))
			.isEqualTo(SnapshotFixtures.orders(show != Show.NEVER));
	}

	@Test
	void whoHasAnotherRoleIsShownNoValues() {
		assertThat(consumer(Show.WHEN_AUTHORIZED, Set.of("operator"), new User("guest")))
			.isEqualTo(SnapshotFixtures.orders(false));
	}

	@Test
	void whoIsAuthenticatedIsShownValuesIfNoRoleIsAskedFor() {
		assertThat(consumer(Show.WHEN_AUTHORIZED, Set.of(), new User("guest")))
			.isEqualTo(SnapshotFixtures.orders(true));
	}

	@Test
	void tableAndWorkerAreGuardedLikeTheConsumer() {
		KaffeWorkersEndpointWebExtension extension = extension(Show.WHEN_AUTHORIZED, Set.of("operator"));
		assertThat(extension.workerTable(new User("operator")).consumers()).containsEntry("orders",
				SnapshotFixtures.orders(true));
		assertThat(extension.workerTable(new User("guest")).consumers()).containsEntry("orders",
				SnapshotFixtures.orders(false));
		assertThat(extension.worker(new User("operator"), "orders", "worker_0"))
			.isEqualTo(SnapshotFixtures.orders(true).workers().get(0));
		assertThat(extension.worker(new User("guest"), "orders", "worker_0")).isEqualTo(SnapshotFixtures.backingOff());
	}

	private ConsumerSnapshot consumer(Show show, Set<String> roles, SecurityContext who) {
		WebEndpointResponse<?> response = Objects.requireNonNull(
				extension(show, roles).consumer(who, "orders", null, null, null, null, null, null, null, null, null));
		return (ConsumerSnapshot) Objects.requireNonNull(response.getBody());
	}

	private KaffeWorkersEndpointWebExtension extension(Show show, Set<String> roles) {
		return new KaffeWorkersEndpointWebExtension(SnapshotFixtures.endpoint(this.manager, Show.NEVER), show, roles);
	}

	/**
	 * An authenticated caller with one role.
	 */
	private record User(String role) implements SecurityContext {

		@Override
		public Principal getPrincipal() {
			return () -> "user";
		}

		@Override
		public boolean isUserInRole(String role) {
			return this.role.equals(role);
		}

	}

}
