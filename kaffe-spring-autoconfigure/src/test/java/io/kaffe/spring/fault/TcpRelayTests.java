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

package io.kaffe.spring.fault;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link TcpRelay}: one byte is sent through it at a time, to a server that
 * sends it back.
 */
class TcpRelayTests {

	private static final int PATIENCE_MILLIS = 10_000;

	private static final int SILENCE_MILLIS = 200;

	private final TcpRelay relay = new TcpRelay();

	@SuppressWarnings("NullAway.Init")
	private ServerSocket server;

	@BeforeEach
	void startServer() throws IOException {
		this.server = new ServerSocket(0, 0, InetAddress.getByName("localhost"));
		this.relay.leadTo(this.server.getLocalPort());
		daemon(this::accept);
	}

	@AfterEach
	void stopServer() throws IOException {
		this.relay.close();
		this.server.close();
	}

	@Test
	void passesOnWhatIsSentAndAnswered() throws IOException {
		try (Socket one = connect(); Socket other = connect()) {
			assertThat(echo(one, 1)).isEqualTo(1);
			assertThat(echo(other, 2)).isEqualTo(2);
			assertThat(echo(one, 3)).isEqualTo(3);
		}
	}

	@Test
	void keepsConnectionsOpenInSilenceAndClosesThemAfterwards() throws IOException {
		try (Socket before = connect()) {
			assertThat(echo(before, 1)).isEqualTo(1);
			this.relay.silence();
			try (Socket meanwhile = connect()) {
				assertNoAnswer(before);
				assertNoAnswer(meanwhile);
				this.relay.restore();
				assertClosed(before);
				assertClosed(meanwhile);
			}
		}
		try (Socket after = connect()) {
			assertThat(echo(after, 2)).isEqualTo(2);
		}
	}

	@Test
	void refusesConnectionsUntilItIsRestored() throws IOException {
		try (Socket before = connect()) {
			assertThat(echo(before, 1)).isEqualTo(1);
			this.relay.refuse();
			assertClosed(before);
		}
		try (Socket meanwhile = connect()) {
			assertClosed(meanwhile);
		}
		this.relay.restore();
		try (Socket after = connect()) {
			assertThat(echo(after, 2)).isEqualTo(2);
		}
	}

	@Test
	void closesConnectionsOnceAndMakesNewOnes() throws IOException {
		try (Socket before = connect()) {
			assertThat(echo(before, 1)).isEqualTo(1);
			this.relay.closeConnections();
			assertClosed(before);
		}
		try (Socket after = connect()) {
			assertThat(echo(after, 2)).isEqualTo(2);
		}
	}

	private Socket connect() throws IOException {
		Socket socket = new Socket(InetAddress.getByName("localhost"), this.relay.port());
		socket.setSoTimeout(PATIENCE_MILLIS);
		return socket;
	}

	private static int echo(Socket socket, int sent) throws IOException {
		socket.getOutputStream().write(sent);
		return socket.getInputStream().read();
	}

	private static void assertNoAnswer(Socket socket) throws IOException {
		socket.setSoTimeout(SILENCE_MILLIS);
		assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(() -> echo(socket, 0));
		socket.setSoTimeout(PATIENCE_MILLIS);
	}

	private static void assertClosed(Socket socket) {
		int answer;
		try {
			answer = socket.getInputStream().read();
		}
		catch (SocketTimeoutException ex) {
			throw new AssertionError("The connection is still open", ex);
		}
		catch (IOException ex) {
			// A connection that is reset is closed as well.
			answer = -1;
		}
		assertThat(answer).isEqualTo(-1);
	}

	private void accept() {
		try {
			while (true) {
				Socket client = this.server.accept();
				daemon(() -> echoAll(client));
			}
		}
		catch (IOException ex) {
			// The test is over.
		}
	}

	private static void echoAll(Socket client) {
		try (client) {
			client.getInputStream().transferTo(client.getOutputStream());
		}
		catch (IOException ex) {
			// The relay cuts it.
		}
	}

	private static void daemon(Runnable task) {
		Thread thread = new Thread(task, "echo");
		thread.setDaemon(true);
		thread.start();
	}

}
