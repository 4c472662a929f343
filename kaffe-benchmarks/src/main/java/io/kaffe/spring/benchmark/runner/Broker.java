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

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Uuid;

/**
 * A Kafka broker in a process of its own: one node on loopback, which ends with its
 * workspace.
 */
final class Broker {

	private static final long PATIENCE_SECONDS = 120;

	private final String bootstrapServers;

	private Broker(String bootstrapServers) {
		this.bootstrapServers = bootstrapServers;
	}

	/**
	 * Start a broker and wait until it answers.
	 */
	static Broker start(Workspace workspace, String classPath) throws IOException, InterruptedException {
		int port = freePort();
		int controllerPort = freePort();
		Path configuration = workspace.file("broker.properties");
		Files.writeString(configuration,
				properties(port, controllerPort, workspace.file("broker")).entrySet()
					.stream()
					.map((property) -> property.getKey() + "=" + property.getValue())
					.collect(Collectors.joining("\n")));
		Path log = workspace.file("broker.log");
		Process format = workspace.java(classPath, List.of("-XX:TieredStopAtLevel=1"),
				List.of("kafka.tools.StorageTool", "format", "--cluster-id", Uuid.randomUuid().toString(), "--config",
						configuration.toString()),
				log);
		if (format.waitFor() != 0) {
			throw new IOException("The broker's directory could not be formatted: " + Files.readString(log));
		}
		Process process = workspace.java(classPath, List.of("-Xms1g", "-Xmx1g"),
				List.of("kafka.Kafka", configuration.toString()), log);
		Broker broker = new Broker("localhost:" + port);
		broker.awaitAnswer(process, log);
		return broker;
	}

	private static Map<String, Object> properties(int port, int controllerPort, Path directory) {
		return Map.ofEntries(Map.entry("process.roles", "broker,controller"), Map.entry("node.id", 1),
				Map.entry("controller.quorum.voters", "1@localhost:" + controllerPort),
				Map.entry("listeners",
						"PLAINTEXT://localhost:%d,CONTROLLER://localhost:%d".formatted(port, controllerPort)),
				Map.entry("advertised.listeners", "PLAINTEXT://localhost:" + port),
				Map.entry("controller.listener.names", "CONTROLLER"), Map.entry("log.dirs", directory),
				Map.entry("offsets.topic.replication.factor", 1), Map.entry("offsets.topic.num.partitions", 4),
				Map.entry("transaction.state.log.replication.factor", 1), Map.entry("transaction.state.log.min.isr", 1),
				Map.entry("group.initial.rebalance.delay.ms", 0), Map.entry("auto.create.topics.enable", false),
				Map.entry("log.segment.delete.delay.ms", 1_000));
	}

	/**
	 * Return a port of loopback that nobody listens on.
	 */
	static int freePort() throws IOException {
		try (ServerSocket socket = new ServerSocket(0)) {
			return socket.getLocalPort();
		}
	}

	private void awaitAnswer(Process process, Path log) throws IOException, InterruptedException {
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
		Properties properties = new Properties();
		properties.put("bootstrap.servers", this.bootstrapServers);
		properties.put("reconnect.backoff.max.ms", 100);
		try (Admin admin = Admin.create(properties)) {
			while (true) {
				try {
					admin.describeCluster().nodes().get(1, TimeUnit.SECONDS);
					return;
				}
				catch (ExecutionException | TimeoutException ex) {
					if (!process.isAlive() || System.nanoTime() > deadline) {
						throw new IOException("The broker does not answer: " + Files.readString(log), ex);
					}
				}
			}
		}
	}

	String bootstrapServers() {
		return this.bootstrapServers;
	}

}
