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

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.springframework.kafka.support.Acknowledgment;

import io.kaffe.spring.test.simulation.Simulation;

/**
 * How handlers acknowledge what they have handled: at once or later, once or twice. Some
 * call {@code nack}.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time.
 */
final class Acknowledgments {

	private final List<Open> open = new ArrayList<>();

	private final World world;

	private final Journal journal;

	private final Simulation simulation;

	private final Scenario.Service service;

	private final HandlerWork work;

	Acknowledgments(World world, Scenario.Service service, HandlerWork work) {
		this.world = world;
		this.journal = world.journal();
		this.simulation = world.simulation();
		this.service = service;
		this.work = work;
	}

	/**
	 * Acknowledge records, now or later. Where answers are odd, the handler throws
	 * sometimes after it has acknowledged them, which completes them all the same.
	 * @param facts the records
	 * @param acknowledgment acknowledges them all
	 */
	void acknowledge(List<Fact> facts, Acknowledgment acknowledgment) {
		Open handled = new Open(facts, acknowledgment);
		if (this.world.isCalm() || this.service.acknowledgesInOrder() || this.simulation.choose(3) > 0) {
			acknowledgeNow(handled);
			if (isOdd()) {
				throw new IllegalStateException("refused, though acknowledged");
			}
		}
		else {
			this.open.add(handled);
			this.work.later(() -> {
				if (this.open.remove(handled)) {
					acknowledgeNow(handled);
				}
			});
		}
	}

	private void acknowledgeNow(Open handled) {
		handled.facts().forEach((fact) -> this.journal.done(fact, "acknowledged"));
		handled.acknowledgment().acknowledge();
		if (this.simulation.choose(10) == 0) {
			handled.acknowledgment().acknowledge();
		}
	}

	/**
	 * Return whether the next one is to be rejected.
	 */
	boolean areRejected() {
		return isOdd();
	}

	private boolean isOdd() {
		return this.service.setup().oddAnswers() && !this.world.isCalm() && this.simulation.choose(15) == 0;
	}

	/**
	 * Have a record delivered again.
	 * @param delivery which delivery of it this is
	 */
	void nack(Fact fact, int delivery, Acknowledgment acknowledgment) {
		acknowledgment.nack(Duration.ofMillis(this.simulation.choose(200)));
		this.journal.nacked(fact, delivery);
	}

	/**
	 * Have a batch delivered again from one of its records on.
	 * @param facts the records of the batch
	 * @param deliveries which delivery of each record that is
	 * @param index the first one that is not handled
	 */
	void nack(List<Fact> facts, List<Integer> deliveries, int index, Acknowledgment acknowledgment) {
		facts.subList(0, index).forEach((fact) -> this.journal.done(fact, "acknowledged"));
		acknowledgment.nack(index, Duration.ofMillis(this.simulation.choose(200)));
		for (int next = index; next < facts.size(); next++) {
			this.journal.nacked(facts.get(next), deliveries.get(next));
		}
	}

	/**
	 * Call {@code nack} for a batch, as only the consumer's thread could: that is
	 * refused, and the handler fails.
	 */
	void reject(Acknowledgment acknowledgment) {
		try {
			acknowledgment.nack(Duration.ofMillis(1));
		}
		catch (UnsupportedOperationException ex) {
			throw new IllegalStateException("nack is refused", ex);
		}
		this.world.violations().add("A worker accepts nack");
	}

	/**
	 * What is handled and not acknowledged yet.
	 */
	private record Open(List<Fact> facts, Acknowledgment acknowledgment) {
	}

}
