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

package io.kaffe.spring.sample;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

import io.kaffe.spring.actuate.KaffePageEndpoint;

/**
 * Stands for a service: it serves the page, says about its workers what a test wants it
 * to say, and notes which operations it is asked for.
 * <p>
 * <b>Threading.</b> A test sets what is answered; threads of the server read it.
 */
final class ScriptedService implements AutoCloseable {

	private final KaffePageEndpoint page = new KaffePageEndpoint(Object::toString);

	private final List<Operation> operations = new CopyOnWriteArrayList<>();

	private final AtomicInteger asked = new AtomicInteger();

	private final ExecutorService executor = Executors.newCachedThreadPool();

	private volatile HttpServer server;

	private volatile Supplier<String> table = () -> "{}";

	private volatile String worker = "{}";

	private volatile UnaryOperator<String> deadLetters = (path) -> "{}";

	private volatile Answer answer = new Answer(200, "{\"done\": true, \"message\": \"Done as asked.\"}");

	ScriptedService() throws IOException {
		this.server = start(0);
	}

	/**
	 * Say about the workers what a supplier returns.
	 */
	void setTable(Supplier<String> table) {
		this.table = table;
	}

	void setWorker(String worker) {
		this.worker = worker;
	}

	/**
	 * Say about dead letters what a function returns of a path such as
	 * {@code orders/count}.
	 */
	void setDeadLetters(UnaryOperator<String> deadLetters) {
		this.deadLetters = deadLetters;
	}

	/**
	 * Answer operations so.
	 */
	void setAnswer(int status, String body) {
		this.answer = new Answer(status, body);
	}

	/**
	 * Return the operations that were asked for, oldest first.
	 */
	List<Operation> operations() {
		return this.operations;
	}

	/**
	 * Return how often the workers were asked for.
	 */
	int asked() {
		return this.asked.get();
	}

	String url() {
		return "http://localhost:" + this.server.getAddress().getPort() + "/actuator/kaffe";
	}

	/**
	 * Return the address of a page that has the page in a frame.
	 */
	String frameUrl() {
		return url().replace("/actuator/kaffe", "/frame");
	}

	/**
	 * Do not answer until {@link #comeBack()}.
	 */
	void goAway() {
		this.server.stop(0);
	}

	void comeBack() throws IOException {
		this.server = start(this.server.getAddress().getPort());
	}

	@Override
	public void close() {
		this.server.stop(0);
		this.executor.shutdownNow();
	}

	private HttpServer start(int port) throws IOException {
		HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("localhost"), port), 0);
		server.setExecutor(this.executor);
		server.createContext("/actuator/kaffe", this::page);
		server.createContext("/actuator/kaffeworkers", this::workers);
		server.createContext("/actuator/kaffedeadletters", this::deadLetters);
		server.createContext("/frame", (exchange) -> send(exchange, 200, "text/html",
				"<!DOCTYPE html><title>Frame</title><iframe src=\"/actuator/kaffe\" width=1000 height=800></iframe>"));
		server.start();
		return server;
	}

	private void page(HttpExchange exchange) throws IOException {
		String path = exchange.getRequestURI().getPath();
		@Nullable WebEndpointResponse<String> response = path.equals("/actuator/kaffe") ? this.page.page()
				: this.page.asset(path.substring("/actuator/kaffe/".length()));
		exchange.getResponseHeaders().add("Set-Cookie", "XSRF-TOKEN=a%2Btoken; Path=/");
		String body = (response != null) ? response.getBody() : null;
		if (response == null || body == null) {
			send(exchange, 404, "text/plain", "");
		}
		else {
			send(exchange, 200, String.valueOf(response.getContentType()), body);
		}
	}

	private void workers(HttpExchange exchange) throws IOException {
		String path = exchange.getRequestURI().getPath();
		if (exchange.getRequestMethod().equals("POST")) {
			operate(exchange, path.substring("/actuator/kaffeworkers/".length()));
		}
		else if (path.equals("/actuator/kaffeworkers")) {
			this.asked.incrementAndGet();
			send(exchange, 200, "application/json", this.table.get());
		}
		else {
			send(exchange, 200, "application/json", this.worker);
		}
	}

	private void operate(HttpExchange exchange, String path) throws IOException {
		String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
		this.operations
			.add(new Operation(path, body, Map.of("Content-Type", exchange.getRequestHeaders().getFirst("Content-Type"),
					"X-XSRF-TOKEN", String.valueOf(exchange.getRequestHeaders().getFirst("X-XSRF-TOKEN")))));
		send(exchange, this.answer.status(), "application/json", this.answer.body());
	}

	private void deadLetters(HttpExchange exchange) throws IOException {
		String path = exchange.getRequestURI().toString().substring("/actuator/kaffedeadletters/".length());
		if (exchange.getRequestMethod().equals("POST")) {
			operate(exchange, path);
		}
		else {
			send(exchange, 200, "application/json", this.deadLetters.apply(path));
		}
	}

	private static void send(HttpExchange exchange, int status, String type, String body) throws IOException {
		byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
		exchange.getResponseHeaders().set("Content-Type", type);
		exchange.sendResponseHeaders(status, (bytes.length > 0) ? bytes.length : -1);
		try (OutputStream stream = exchange.getResponseBody()) {
			stream.write(bytes);
		}
	}

	/**
	 * An operation that was asked for.
	 *
	 * @param path the consumer and the operation
	 * @param body what was sent
	 * @param headers the headers that matter
	 */
	record Operation(String path, String body, Map<String, String> headers) {

	}

	private record Answer(int status, String body) {

	}

}
