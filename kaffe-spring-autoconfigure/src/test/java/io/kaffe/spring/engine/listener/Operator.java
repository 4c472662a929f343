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

package io.kaffe.spring.engine.listener;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.CompletableFuture;

import org.springframework.context.ConfigurableApplicationContext;

/**
 * An operator of a service under test over HTTP. Knows the topic of the tests as
 * {@code orders}, whatever it is called really.
 */
final class Operator {

	private static final HttpClient client = HttpClient.newHttpClient();

	private final ListenerApplication application;

	private final ConfigurableApplicationContext context;

	/**
	 * Create an operator.
	 * @param application the service
	 * @param context its instance that is asked
	 */
	Operator(ListenerApplication application, ConfigurableApplicationContext context) {
		this.application = application;
		this.context = context;
	}

	/**
	 * Ask for an operation and wait for the answer.
	 * @param path the consumer's and the operation's name
	 * @param body a JSON object
	 */
	HttpResponse<String> post(String path, String body) {
		return postSoon(path, body).join();
	}

	/**
	 * Ask for an operation.
	 */
	CompletableFuture<HttpResponse<String>> postSoon(String path, String body) {
		return client.sendAsync(request(path).header("Content-Type", "application/json")
			.POST(BodyPublishers.ofString(named(body)))
			.build(), BodyHandlers.ofString());
	}

	/**
	 * Ask for an operation with neither a body nor the type of one.
	 */
	HttpResponse<String> postUntyped(String path) {
		return client.sendAsync(request(path).POST(BodyPublishers.noBody()).build(), BodyHandlers.ofString()).join();
	}

	/**
	 * Return what the endpoint says of something.
	 * @param path what of, such as a consumer's name; empty: all
	 */
	String get(String path) {
		return client.sendAsync(request(path).build(), BodyHandlers.ofString()).join().body();
	}

	/**
	 * Return a text with the real name of the topic, which has the consumer's in
	 * documents and tests.
	 */
	String named(String text) {
		return text.replaceAll(
				"(?<=\"topic\": \")orders(?=\")|orders(?=-\\d+[@\\s\",])|(?<=(Paused|Resumed) )orders(?=\")",
				this.application.topic("orders"));
	}

	private HttpRequest.Builder request(String path) {
		return HttpRequest
			.newBuilder(URI.create("http://localhost:" + this.context.getEnvironment().getProperty("local.server.port")
					+ "/actuator/kaffeworkers" + (path.isEmpty() ? "" : "/" + path)));
	}

}
