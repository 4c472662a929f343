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
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL: one that is there, or one in a process of its own, on loopback, from an
 * installation that is found on the machine, as Debian's package {@code postgresql} makes
 * it. Its settings are those that it has by default.
 * <p>
 * PostgreSQL does not run as root: then it is run as the user {@code postgres}.
 */
final class Database implements AutoCloseable {

	/** Has a directory for each version. */
	private static final Path INSTALLATIONS = Path.of("/usr/lib/postgresql");

	private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

	private static final String UNPRIVILEGED = "postgres";

	private static final long PATIENCE_SECONDS = 120;

	private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

	private final String url;

	private final @Nullable Process process;

	private Database(String url, @Nullable Process process) {
		this.url = url;
		this.process = process;
	}

	/**
	 * Return a line about why there is no database.
	 * @param url the JDBC URL of one that is there, or {@code null}
	 * @return the line, or an empty text if there is one or one can be started
	 */
	static String absent(@Nullable String url) {
		return (url != null || programs() != null) ? ""
				: ("Left out: the workload once, for which there is no PostgreSQL in %s%s. Install Debian's package "
						+ "'postgresql', or name one by --database")
					.formatted(INSTALLATIONS, ROOT ? " that can be run by a user '" + UNPRIVILEGED + "'" : "");
	}

	/**
	 * Start a PostgreSQL and wait until it answers.
	 * @param url the JDBC URL of one that is there, or {@code null}
	 */
	static Database start(Workspace workspace, @Nullable String url) throws IOException, InterruptedException {
		if (url != null) {
			return new Database(url, null);
		}
		Path programs = programs();
		if (programs == null) {
			throw new IllegalStateException(absent(null));
		}
		UserPrincipal owner = user(ROOT ? UNPRIVILEGED : System.getProperty("user.name"));
		Path directory = workspace.directory("database", owner);
		Path data = directory.resolve("data");
		Path log = workspace.file("database.log");
		Process creation = workspace.start(command(programs, "initdb", "--pgdata=" + data, "--username=kaffe",
				"--auth=trust", "--encoding=UTF8", "--no-locale"), directory, log);
		if (creation.waitFor() != 0) {
			throw new IOException("The database could not be created: " + Files.readString(log));
		}
		int port = Broker.freePort();
		Process process = workspace.start(command(programs, "postgres", "-D", data.toString(), "-p",
				Integer.toString(port), "-c", "listen_addresses=localhost", "-c", "unix_socket_directories="),
				directory, log);
		Database database = new Database("jdbc:postgresql://localhost:" + port + "/postgres?user=kaffe", process);
		database.awaitAnswer(process, log);
		return database;
	}

	private static List<String> command(Path programs, String program, String... arguments) {
		List<String> command = new ArrayList<>();
		if (ROOT) {
			command.addAll(
					List.of("setpriv", "--reuid=" + UNPRIVILEGED, "--regid=" + UNPRIVILEGED, "--clear-groups", "--"));
		}
		command.add(programs.resolve(program).toString());
		command.addAll(List.of(arguments));
		return command;
	}

	/**
	 * Return where the programs of the newest version of PostgreSQL are, or {@code null}
	 * if there are none that can be run.
	 */
	private static @Nullable Path programs() {
		if (!Files.isDirectory(INSTALLATIONS) || (ROOT && !hasUnprivileged())) {
			return null;
		}
		try (Stream<Path> versions = Files.list(INSTALLATIONS)) {
			return versions.map((version) -> version.resolve("bin"))
				.filter((programs) -> Files.isExecutable(programs.resolve("initdb"))
						&& Files.isExecutable(programs.resolve("postgres")))
				.max(Comparator.comparingInt(Database::version))
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

	private static boolean hasUnprivileged() {
		try {
			user(UNPRIVILEGED);
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

	private static UserPrincipal user(String name) throws IOException {
		return FileSystems.getDefault().getUserPrincipalLookupService().lookupPrincipalByName(name);
	}

	private void awaitAnswer(Process process, Path log) throws IOException {
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
		while (true) {
			try {
				settings();
				return;
			}
			catch (SQLException ex) {
				if (!process.isAlive() || System.nanoTime() > deadline) {
					throw new IOException("The database does not answer: " + Files.readString(log), ex);
				}
				LockSupport.parkNanos(LOOK_AGAIN_NANOS);
			}
		}
	}

	/**
	 * Return its JDBC URL.
	 */
	String url() {
		return this.url;
	}

	/**
	 * Return a line about its version, and whether what is committed is on the disk.
	 */
	String settings() throws SQLException {
		try (Connection connection = DriverManager.getConnection(this.url);
				Statement statement = connection.createStatement();
				ResultSet row = statement.executeQuery("SELECT current_setting('server_version'), "
						+ "current_setting('fsync'), current_setting('synchronous_commit')")) {
			row.next();
			return "PostgreSQL %s, fsync %s, synchronous_commit %s".formatted(row.getString(1), row.getString(2),
					row.getString(3));
		}
	}

	/**
	 * Shut the database down, if it was started.
	 */
	@Override
	public void close() throws InterruptedException {
		if (this.process != null) {
			this.process.destroy();
			this.process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
		}
	}

}
