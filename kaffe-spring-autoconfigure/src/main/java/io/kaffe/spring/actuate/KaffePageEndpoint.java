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

package io.kaffe.spring.actuate;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.WebEndpoint;
import org.springframework.core.io.ClassPathResource;
import org.springframework.util.MimeType;
import org.springframework.util.StringUtils;

/**
 * Actuator endpoint {@code kaffe}: a page that shows the worker table in a browser. It
 * serves files and nothing else; the page reads from and operates the endpoints
 * {@code kaffeworkers} and {@code kaffedeadletters}, whose access and security apply.
 * <p>
 * The page refers to its files and to that endpoint by relative addresses, so that it
 * works below any base path, context path, path mapping and proxy. Scripts, styles and
 * requests are limited to the page's own origin by a content security policy, in the page
 * and, with Spring MVC, in the response.
 */
@WebEndpoint(id = "kaffe", defaultAccess = Access.READ_ONLY)
public final class KaffePageEndpoint {

	private static final EndpointId PAGE = EndpointId.of("kaffe");

	private static final EndpointId WORKERS = EndpointId.of("kaffeworkers");

	private static final EndpointId DEAD_LETTERS = EndpointId.of("kaffedeadletters");

	private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
			+ "img-src 'self' data:; base-uri 'none'; form-action 'none'";

	// A page cannot forbid frames by itself.
	private static final Map<String, String> HEADERS = Map.of("Content-Security-Policy",
			POLICY + "; frame-ancestors 'none'", "X-Content-Type-Options", "nosniff", "Referrer-Policy", "no-referrer",
			"Cache-Control", "no-cache");

	private static final MimeType HTML = new MimeType("text", "html", StandardCharsets.UTF_8);

	private static final MimeType SCRIPT = new MimeType("text", "javascript", StandardCharsets.UTF_8);

	private static final Map<String, MimeType> ASSETS = Map.ofEntries(
			Map.entry("page.css", new MimeType("text", "css", StandardCharsets.UTF_8)),
			Map.entry("icon.svg", new MimeType("image", "svg+xml", StandardCharsets.UTF_8)),
			Map.entry("attention.js", SCRIPT), Map.entry("chart.js", SCRIPT), Map.entry("deadletters.js", SCRIPT),
			Map.entry("dialog.js", SCRIPT), Map.entry("element.js", SCRIPT), Map.entry("format.js", SCRIPT),
			Map.entry("history.js", SCRIPT), Map.entry("main.js", SCRIPT), Map.entry("operations.js", SCRIPT),
			Map.entry("service.js", SCRIPT), Map.entry("table.js", SCRIPT), Map.entry("views.js", SCRIPT));

	private final Function<EndpointId, @Nullable String> rootPaths;

	/**
	 * Create the endpoint.
	 * @param rootPaths returns the path of an endpoint below the common base path,
	 * {@code null} if it is not exposed; called for each request of the page
	 */
	public KaffePageEndpoint(Function<EndpointId, @Nullable String> rootPaths) {
		this.rootPaths = rootPaths;
	}

	/**
	 * Return the page.
	 * @return the page, as HTML
	 */
	@ReadOperation(produces = "text/html")
	public WebEndpointResponse<String> page() {
		ResponseHeaders.set(HEADERS);
		String page = this.rootPaths.apply(PAGE);
		String[] segments = StringUtils.tokenizeToStringArray((page != null) ? page : PAGE.toString(), "/");
		String html = read("page.html").replace("{{policy}}", POLICY)
			.replace("{{assets}}", encoded(segments[segments.length - 1]))
			.replace("{{workers}}", address(WORKERS, segments.length - 1))
			.replace("{{deadletters}}", address(DEAD_LETTERS, segments.length - 1));
		return new WebEndpointResponse<>(html, HTML);
	}

	/**
	 * Return the address of an endpoint relative to the page, or nothing if it is not
	 * exposed.
	 */
	private String address(EndpointId endpoint, int depth) {
		String path = this.rootPaths.apply(endpoint);
		return (path != null) ? "../".repeat(depth) + encoded(path) : "";
	}

	/**
	 * Return a file of the page.
	 * @param asset the file's name
	 * @return the file, or {@code null} if it does not exist
	 */
	@ReadOperation(produces = { "text/javascript", "text/css", "image/svg+xml" })
	public @Nullable WebEndpointResponse<String> asset(@Selector String asset) {
		MimeType type = ASSETS.get(asset);
		if (type == null) {
			return null;
		}
		ResponseHeaders.set(HEADERS);
		return new WebEndpointResponse<>(read(asset), type);
	}

	private static String read(String name) {
		try (InputStream stream = new ClassPathResource("page/" + name, KaffePageEndpoint.class).getInputStream()) {
			return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
		}
		catch (IOException ex) {
			throw new UncheckedIOException("Could not read a file of the page", ex);
		}
	}

	// Encodes all characters with a meaning in a URL or in HTML.
	private static String encoded(String path) {
		return Arrays.stream(StringUtils.tokenizeToStringArray(path, "/"))
			.map((segment) -> URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20"))
			.collect(Collectors.joining("/"));
	}

}
