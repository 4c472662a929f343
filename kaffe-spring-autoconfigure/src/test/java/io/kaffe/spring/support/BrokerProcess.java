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

package io.kaffe.spring.support;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import kafka.tools.StorageTool;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Uuid;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.springframework.util.FileSystemUtils;

/**
 * A Kafka broker in a process of its own, made from the artifacts on the class path: one
 * KRaft node on loopback that can be stopped, killed and started again with the same
 * data.
 * <p>
 * <b>Threading.</b> Used by the thread of a test.
 */
public final class BrokerProcess implements AutoCloseable {

	private static final Duration PATIENCE = Duration.ofSeconds(180);

	/** Below the ports that the system gives to outgoing connections. */
	private static final int FIRST_PORT = 20_000;

	private static final int PORTS = 12_000;

	private static final Random random = new Random();

	private final Path directory;

	private final int port;

	private final int relayedPort;

	private final Path configuration;

	private @Nullable Process process;

	private BrokerProcess(Path directory, int port, int relayedPort, Path configuration) {
		this.directory = directory;
		this.port = port;
		this.relayedPort = relayedPort;
		this.configuration = configuration;
		Runtime.getRuntime().addShutdownHook(new Thread(this::kill));
	}

	/**
	 * Start a broker with a fresh directory and wait until it answers.
	 * @return the running broker
	 */
	public static BrokerProcess start() {
		return start(Map.of());
	}

	/**
	 * Start a broker with a fresh directory and wait until it answers.
	 * @param properties broker properties besides those it needs to run, or in place of
	 * them
	 * @return the running broker
	 */
	public static BrokerProcess start(Map<String, ?> properties) {
		return started(create(alone(), properties, 0));
	}

	/**
	 * Start a broker that has a second listener for clients to reach through a relay.
	 * @param properties broker properties besides those it needs to run, or in place of
	 * them
	 * @param relayPort the port on which the relay listens, which the second listener
	 * sends its clients to
	 * @return the running broker
	 */
	public static BrokerProcess startBehind(int relayPort, Map<String, ?> properties) {
		return started(create(alone(), properties, relayPort));
	}

	private static BrokerProcess started(BrokerProcess broker) {
		broker.restart();
		return broker;
	}

	private static Node alone() {
		int controllerPort = freePort();
		return new Node(1, Uuid.randomUuid().toString(), controllerPort, "1@localhost:" + controllerPort);
	}

	static BrokerProcess create(Node node, Map<String, ?> properties, int relayPort) {
		try {
			Path directory = Files.createTempDirectory("kaffe-broker-");
			int port = freePort();
			int relayedPort = (relayPort != 0) ? freePort() : 0;
			Map<String, Object> all = properties(node, directory, port);
			if (relayPort != 0) {
				all.merge("listeners", "RELAYED://localhost:" + relayedPort, (one, other) -> one + "," + other);
				all.merge("advertised.listeners", "RELAYED://localhost:" + relayPort,
						(one, other) -> one + "," + other);
				all.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,RELAYED:PLAINTEXT");
			}
			all.putAll(properties);
			return new BrokerProcess(directory, port, relayedPort, format(node, directory, all));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static Map<String, Object> properties(Node node, Path directory, int port) {
		Map<String, Object> properties = new LinkedHashMap<>();
		properties.put("process.roles", "broker,controller");
		properties.put("node.id", node.id());
		properties.put("controller.quorum.voters", node.voters());
		properties.put("listeners",
				"PLAINTEXT://localhost:" + port + ",CONTROLLER://localhost:" + node.controllerPort());
		properties.put("advertised.listeners", "PLAINTEXT://localhost:" + port);
		properties.put("controller.listener.names", "CONTROLLER");
		properties.put("log.dirs", directory.resolve("data"));
		properties.put("offsets.topic.replication.factor", 1);
		properties.put("offsets.topic.num.partitions", 4);
		properties.put("transaction.state.log.replication.factor", 1);
		properties.put("transaction.state.log.min.isr", 1);
		properties.put("transaction.state.log.num.partitions", 2);
		properties.put("group.initial.rebalance.delay.ms", 0);
		properties.put("auto.create.topics.enable", false);
		return properties;
	}

	private static Path format(Node node, Path directory, Map<String, Object> properties) throws IOException {
		Path file = directory.resolve("server.properties");
		Files.writeString(file,
				properties.entrySet()
					.stream()
					.map((entry) -> entry.getKey() + "=" + entry.getValue())
					.collect(Collectors.joining("\n")));
		String[] format = { "format", "--cluster-id", node.clusterId(), "--config", file.toString() };
		try (PrintStream log = new PrintStream(directory.resolve("format.log").toFile(), StandardCharsets.UTF_8)) {
			int code = StorageTool.execute(format, log);
			if (code != 0) {
				throw new IOException("Formatting the broker's directory failed with code " + code);
			}
		}
		return file;
	}

	/**
	 * Find a port that nobody listens on and that the system gives to no outgoing
	 * connection: while a broker is down, its port must not be taken.
	 * @return the port
	 */
	public static int freePort() {
		while (true) {
			int port = FIRST_PORT + random.nextInt(PORTS);
			try (ServerSocket socket = new ServerSocket(port)) {
				return socket.getLocalPort();
			}
			catch (IOException ex) {
				// Taken: try another.
			}
		}
	}

	/**
	 * Return where clients find the broker.
	 * @return host and port
	 */
	public String bootstrapServers() {
		return "localhost:" + this.port;
	}

	/**
	 * Return where the relay finds the broker.
	 * @return the port of its second listener, or 0 if there is none
	 */
	public int relayedPort() {
		return this.relayedPort;
	}

	/**
	 * Start the broker again with the data it had, and wait until it answers.
	 */
	public void restart() {
		launch();
		awaitAnswer(1);
	}

	void launch() {
		List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m",
				"-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), "kafka.Kafka",
				this.configuration.toString());
		try {
			this.process = new ProcessBuilder(command).redirectErrorStream(true)
				.redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
				.start();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Wait until the broker answers and knows enough brokers: before the others have
	 * registered, a topic with a replica on each cannot be created.
	 */
	void awaitAnswer(int brokers) {
		Awaitility.await("the broker answers and knows " + brokers + "; see " + log())
			.atMost(PATIENCE)
			.ignoreExceptions()
			.until(() -> {
				try (Admin admin = admin()) {
					return admin.describeCluster().nodes().get(2, TimeUnit.SECONDS).size() >= brokers;
				}
			});
	}

	private Path log() {
		return this.directory.resolve("broker.log");
	}

	/**
	 * Create a topic and wait until it is known.
	 * @param name its name
	 * @param partitions how many partitions it has
	 */
	public void createTopic(String name, int partitions) {
		TestTopics.create(bootstrapServers(), name, partitions);
	}

	/**
	 * Open an admin client.
	 * @return a client for the caller to close
	 */
	public Admin admin() {
		return Admin.create(Map.of("bootstrap.servers", bootstrapServers()));
	}

	/**
	 * End the broker at once, as a power failure would.
	 */
	public void kill() {
		end(true);
	}

	/**
	 * End the broker in good order.
	 */
	public void stop() {
		end(false);
	}

	private void end(boolean forcibly) {
		Process running = this.process;
		this.process = null;
		if (running == null) {
			return;
		}
		try {
			if (!forcibly) {
				running.destroy();
				if (running.waitFor(20, TimeUnit.SECONDS)) {
					return;
				}
			}
			running.destroyForcibly().waitFor();
		}
		catch (InterruptedException ex) {
			running.destroyForcibly();
			Thread.currentThread().interrupt();
		}
	}

	@Override
	public void close() {
		end(true);
		FileSystemUtils.deleteRecursively(this.directory.toFile());
	}

	/**
	 * A node's place in its cluster.
	 *
	 * @param id the node id
	 * @param clusterId the cluster
	 * @param controllerPort where the node's controller listens
	 * @param voters all controllers, as {@code controller.quorum.voters} wants them
	 */
	record Node(int id, String clusterId, int controllerPort, String voters) {
	}

}
