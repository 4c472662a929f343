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
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.kaffe.spring.support.BrokerProcess;

/**
 * Passes on what clients send to a port, and what they are answered, until it is cut:
 * then connections stay open and nothing gets through, as with a network that drops
 * packets, or all are closed and none is made, as with a firewall that refuses.
 * <p>
 * <b>Threading.</b> A thread accepts connections and two serve each; cut and restored by
 * the thread of a test.
 */
final class TcpRelay implements AutoCloseable {

	private static final int BUFFER_SIZE = 64 * 1024;

	private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

	private final ServerSocket server;

	private final Object state = new Object();

	private volatile int target;

	private boolean silent;

	private volatile boolean refusing;

	private volatile boolean closed;

	/**
	 * Open a relay that leads nowhere yet.
	 */
	TcpRelay() {
		try {
			this.server = new ServerSocket(BrokerProcess.freePort(), 0, InetAddress.getByName("localhost"));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		daemon(this::accept, "relay-" + port());
	}

	int port() {
		return this.server.getLocalPort();
	}

	String servers() {
		return "localhost:" + port();
	}

	/**
	 * Say where connections lead.
	 */
	void leadTo(int port) {
		this.target = port;
	}

	/**
	 * Drop everything in silence from now on.
	 */
	void silence() {
		synchronized (this.state) {
			this.silent = true;
		}
	}

	/**
	 * Close all connections and refuse new ones from now on.
	 */
	void refuse() {
		this.refusing = true;
		closeConnections();
	}

	/**
	 * Let everything through again. After silence, connections that were open are closed,
	 * for what was dropped is missing in them.
	 */
	void restore() {
		synchronized (this.state) {
			if (this.silent) {
				closeConnections();
			}
			this.silent = false;
			this.refusing = false;
			this.state.notifyAll();
		}
	}

	/**
	 * Close all connections that are open; new ones can be made at once.
	 */
	void closeConnections() {
		this.sockets.forEach(TcpRelay::close);
		this.sockets.clear();
	}

	private void accept() {
		while (!this.closed) {
			try {
				Socket client = this.server.accept();
				if (this.refusing) {
					close(client);
				}
				else {
					connect(client);
				}
			}
			catch (IOException ex) {
				if (this.closed) {
					return;
				}
			}
		}
	}

	private void connect(Socket client) {
		try {
			Socket destination = new Socket(InetAddress.getByName("localhost"), this.target);
			client.setTcpNoDelay(true);
			destination.setTcpNoDelay(true);
			this.sockets.add(client);
			this.sockets.add(destination);
			daemon(() -> pass(client, destination), "relay-forth");
			daemon(() -> pass(destination, client), "relay-back");
		}
		catch (IOException ex) {
			close(client);
		}
	}

	private void pass(Socket from, Socket to) {
		byte[] buffer = new byte[BUFFER_SIZE];
		try {
			InputStream in = from.getInputStream();
			OutputStream out = to.getOutputStream();
			for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
				awaitVoice();
				out.write(buffer, 0, length);
			}
		}
		catch (IOException ex) {
			// The connection ends, whoever ended it.
		}
		finally {
			close(from);
			close(to);
			this.sockets.remove(from);
			this.sockets.remove(to);
		}
	}

	/**
	 * Hold what was read while nothing gets through; its connection is closed before
	 * anything does.
	 */
	private void awaitVoice() throws IOException {
		synchronized (this.state) {
			while (this.silent && !this.closed) {
				try {
					this.state.wait();
				}
				catch (InterruptedException ex) {
					throw new IOException(ex);
				}
			}
		}
	}

	private static void close(Socket socket) {
		try {
			socket.close();
		}
		catch (IOException ex) {
			// Closed is what it is to be.
		}
	}

	private static void daemon(Runnable task, String name) {
		Thread thread = new Thread(task, name);
		thread.setDaemon(true);
		thread.start();
	}

	@Override
	public void close() {
		this.closed = true;
		synchronized (this.state) {
			this.state.notifyAll();
		}
		closeConnections();
		try {
			this.server.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
