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
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.springframework.util.FileSystemUtils;

/**
 * A database in a process of its own, on loopback, that can be killed and started again
 * with the same data: PostgreSQL, from an installation that is found on the machine, as
 * Debian's package {@code postgresql} makes it, or H2 from the class path.
 * <p>
 * PostgreSQL does not run as root: then it is run as the user {@code postgres}.
 * <p>
 * <b>Threading.</b> Used by the thread of a test.
 */
public final class DatabaseProcess implements AutoCloseable {

	private static final Duration PATIENCE = Duration.ofSeconds(120);

	/** Has a directory for each version. */
	private static final Path INSTALLATIONS = Path.of("/usr/lib/postgresql");

	private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

	private static final String UNPRIVILEGED = "postgres";

	static final String NOT_INSTALLED = "There is no PostgreSQL in " + INSTALLATIONS + " that can be run"
			+ (ROOT ? " by a user '" + UNPRIVILEGED + "'" : "") + ": install Debian's package 'postgresql'";

	private final AtomicInteger schemas = new AtomicInteger();

	private final Path directory;

	private final List<String> command;

	private final int port;

	private final String url;

	private final boolean postgres;

	private @Nullable Process process;

	private DatabaseProcess(Path directory, List<String> command, int port, String url, boolean postgres) {
		this.directory = directory;
		this.command = command;
		this.port = port;
		this.url = url;
		this.postgres = postgres;
		Runtime.getRuntime().addShutdownHook(new Thread(this::kill));
	}

	static boolean isPostgresInstalled() {
		return programs() != null;
	}

	/**
	 * Start PostgreSQL where it is installed, H2 elsewhere, and wait until it answers.
	 * @return the running database
	 */
	public static DatabaseProcess start() {
		Path programs = programs();
		return (programs != null) ? postgres(programs) : h2();
	}

	private static DatabaseProcess postgres(Path programs) {
		try {
			Path directory = Files.createTempDirectory("kaffe-postgres-");
			if (ROOT) {
				Files.setOwner(directory, Objects.requireNonNull(unprivileged()));
			}
			Path data = directory.resolve("data");
			run(directory, List.of(programs.resolve("initdb").toString(), "--pgdata=" + data, "--username=kaffe",
					"--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"))
				.waitFor();
			int port = BrokerProcess.freePort();
			// A killed process leaves its files to the operating system, which is not
			// killed.
			List<String> command = List.of(programs.resolve("postgres").toString(), "-D", data.toString(), "-p",
					Integer.toString(port), "-c", "listen_addresses=localhost", "-c", "unix_socket_directories=", "-c",
					"fsync=off", "-c", "max_connections=200");
			return started(new DatabaseProcess(directory, command, port,
					"jdbc:postgresql://localhost:" + port + "/postgres?user=kaffe", true));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private static DatabaseProcess h2() {
		try {
			Path directory = Files.createTempDirectory("kaffe-h2-");
			int port = BrokerProcess.freePort();
			List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
					"-Xmx256m", "-cp", System.getProperty("java.class.path"), "org.h2.tools.Server", "-tcp", "-tcpPort",
					Integer.toString(port), "-ifNotExists", "-baseDir", directory.toString());
			// Otherwise what was committed in the last half second is lost with the
			// process.
			return started(new DatabaseProcess(directory, command, port,
					"jdbc:h2:tcp://localhost:" + port + "/./kaffe;USER=sa;WRITE_DELAY=0", false));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static DatabaseProcess started(DatabaseProcess database) {
		database.restart();
		return database;
	}

	/**
	 * Return where the programs of the newest version of PostgreSQL are, or {@code null}
	 * if there are none that can be run.
	 */
	private static @Nullable Path programs() {
		if (!Files.isDirectory(INSTALLATIONS) || (ROOT && unprivileged() == null)) {
			return null;
		}
		try (Stream<Path> versions = Files.list(INSTALLATIONS)) {
			return versions.map((version) -> version.resolve("bin"))
				.filter((programs) -> Files.isExecutable(programs.resolve("initdb"))
						&& Files.isExecutable(programs.resolve("postgres")))
				.max(Comparator.comparingInt(DatabaseProcess::version))
				.orElse(null);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static int version(Path programs) {
		String digits = programs.getName(programs.getNameCount() - 2).toString().replaceAll("\\D", "");
		return digits.isEmpty() ? 0 : Integer.parseInt(digits);
	}

	private static @Nullable UserPrincipal unprivileged() {
		try {
			return Path.of("/").getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(UNPRIVILEGED);
		}
		catch (IOException | UnsupportedOperationException ex) {
			return null;
		}
	}

	private static Process run(Path directory, List<String> command) throws IOException {
		List<String> all = new ArrayList<>();
		if (ROOT && !command.get(0).endsWith("java")) {
			all.addAll(
					List.of("setpriv", "--reuid=" + UNPRIVILEGED, "--regid=" + UNPRIVILEGED, "--clear-groups", "--"));
		}
		all.addAll(command);
		ProcessBuilder builder = new ProcessBuilder(all).directory(directory.toFile())
			.redirectErrorStream(true)
			.redirectOutput(ProcessBuilder.Redirect.appendTo(log(directory).toFile()));
		return builder.start();
	}

	private static Path log(Path directory) {
		return directory.resolve("database.log");
	}

	/**
	 * Return whether this is PostgreSQL.
	 * @return {@code false} if it is H2
	 */
	public boolean isPostgres() {
		return this.postgres;
	}

	/**
	 * Make a schema without tables.
	 * @return a JDBC URL by which it is the default one
	 */
	public String newSchema() {
		String schema = "test_" + this.schemas.incrementAndGet();
		try (Connection connection = DriverManager.getConnection(this.url);
				Statement statement = connection.createStatement()) {
			statement.execute("CREATE SCHEMA " + schema);
		}
		catch (SQLException ex) {
			throw new IllegalStateException(ex);
		}
		return this.url + (this.postgres ? "&currentSchema=" + schema : ";SCHEMA=" + schema);
	}

	/**
	 * Return where the database listens.
	 * @return the port
	 */
	public int port() {
		return this.port;
	}

	/**
	 * Return by which URL a schema is reached through a relay.
	 * @param url as {@link #newSchema()} returns it
	 * @param relayPort where the relay listens
	 * @return the JDBC URL
	 */
	public String through(String url, int relayPort) {
		return url.replace("localhost:" + this.port, "localhost:" + relayPort);
	}

	/**
	 * Return the properties by which Spring Boot uses a schema.
	 * @param url as {@link #newSchema()} returns it
	 * @return names to values
	 */
	public static Map<String, String> properties(String url) {
		return Map.of("spring.datasource.url", url, "kaffe.once.jdbc.initialize-schema", "always");
	}

	/**
	 * Start the database again with the data it had, and wait until it answers.
	 */
	public void restart() {
		try {
			Process process = run(this.directory, this.command);
			this.process = process;
			Awaitility.await("the database answers; see " + log(this.directory)).atMost(PATIENCE).until(() -> {
				if (!process.isAlive()) {
					throw new IllegalStateException("The database has ended: " + Files.readString(log(this.directory)));
				}
				try (Connection connection = DriverManager.getConnection(this.url)) {
					return connection.isValid(5);
				}
				catch (SQLException ex) {
					return false;
				}
			});
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Kill all of its processes as {@code kill -9} does, and wait until they are dead.
	 */
	public void kill() {
		Process running = this.process;
		this.process = null;
		if (running != null) {
			List<ProcessHandle> all = new ArrayList<>(List.of(running.toHandle()));
			running.descendants().forEach(all::add);
			all.forEach(ProcessHandle::destroyForcibly);
			all.forEach((handle) -> handle.onExit().join());
		}
	}

	@Override
	public void close() {
		kill();
		FileSystemUtils.deleteRecursively(this.directory.toFile());
	}

}
