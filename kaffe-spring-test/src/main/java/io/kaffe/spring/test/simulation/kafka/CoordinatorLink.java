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

package io.kaffe.spring.test.simulation.kafka;

import java.util.function.Consumer;

import org.apache.kafka.common.protocol.Errors;

/**
 * The connection of a consumer to the coordinator of its group. Requests arrive, and
 * answers return, in the sequence they were sent.
 */
final class CoordinatorLink {

	private final ConsumerProcess process;

	private final SimulatedCluster cluster;

	private long lastArrival;

	private long lastAnswer;

	CoordinatorLink(ConsumerProcess process) {
		this.process = process;
		this.cluster = process.cluster();
	}

	/**
	 * Send a request.
	 * @param request what happens at the coordinator, which answers now or later
	 * @param answered takes the answer in the process of the consumer
	 * @param failed takes what went wrong with the connection or the coordinator
	 */
	<R> void send(Consumer<Consumer<R>> request, Consumer<R> answered, Consumer<Errors> failed) {
		long now = this.process.now();
		this.lastArrival = Math.max(this.lastArrival, now + this.cluster.latency());
		this.cluster.time().after(this.lastArrival - now, () -> {
			Errors error = this.cluster.disturbances().coordinatorError();
			if (error != Errors.NONE) {
				answer(() -> failed.accept(error));
			}
			else {
				request.accept((answer) -> answer(() -> answered.accept(answer)));
			}
		});
	}

	/**
	 * Let this request and the next ones arrive late.
	 */
	void delayRequests(long nanos) {
		this.lastArrival = Math.max(this.lastArrival, this.process.now() + nanos);
	}

	/**
	 * Let this answer and the next ones return late.
	 */
	void delayAnswers(long nanos) {
		this.lastAnswer = Math.max(this.lastAnswer, this.process.now() + nanos);
	}

	private void answer(Runnable arrival) {
		long now = this.process.now();
		this.lastAnswer = Math.max(this.lastAnswer, now + this.cluster.latency());
		this.cluster.time().after(this.lastAnswer - now, () -> this.process.deliver(arrival));
	}

}
