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

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * A member of a group that notes what happens, and commits after each poll and when
 * partitions are revoked.
 */
final class TestMember implements ConsumerRebalanceListener {

	private final List<String> values;

	final SimulatedConsumer<String, String> consumer;

	final List<String> events = new ArrayList<>();

	final List<String> records = new ArrayList<>();

	final List<RuntimeException> failures = new ArrayList<>();

	final String name;

	final Map<String, Object> config;

	boolean running = true;

	boolean polling = true;

	boolean commits = true;

	boolean fatal;

	/** What its listener does when it is called, after it has noted that. */
	Runnable callback = () -> {
	};

	private boolean notified = true;

	TestMember(SimulatedWorld world, String name, Map<String, Object> config) {
		this.name = name;
		this.values = world.values;
		this.consumer = world.cluster.consumer(config, new StringDeserializer(), new StringDeserializer(),
				() -> this.running);
		this.config = config;
		subscribe();
	}

	void subscribe() {
		this.consumer.subscribe(List.of("t"), this);
	}

	void unsubscribe() {
		this.consumer.unsubscribe();
		this.notified = true;
	}

	boolean isNotified() {
		return this.running && this.polling && this.notified;
	}

	boolean pollIfReady() {
		if (!isNotified()) {
			return false;
		}
		this.notified = false;
		try {
			boolean any = false;
			for (ConsumerRecord<String, String> record : this.consumer.poll(Duration.ZERO)) {
				this.records.add(record.partition() + "@" + record.offset());
				this.values.add(record.value());
				any = true;
			}
			if (any && this.commits) {
				this.consumer.commitSync();
			}
		}
		catch (UnreleasedInstanceIdException | FencedInstanceIdException ex) {
			this.failures.add(ex);
			this.fatal = true;
			return true;
		}
		catch (KafkaException ex) {
			this.failures.add(ex);
		}
		if (this.consumer.isReady()) {
			this.notified = true;
		}
		else {
			this.consumer.onReady(() -> this.notified = true);
		}
		return true;
	}

	void close() {
		this.polling = false;
		this.consumer.close();
	}

	void kill() {
		this.polling = false;
		this.consumer.kill();
	}

	@Override
	public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
		note("revoked", partitions);
	}

	@Override
	public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
		note("assigned", partitions);
	}

	@Override
	public void onPartitionsLost(Collection<TopicPartition> partitions) {
		note("lost", partitions);
	}

	private void note(String what, Collection<TopicPartition> partitions) {
		this.events.add(what + partitions.stream().map(TopicPartition::partition).toList());
		this.callback.run();
	}

}
