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

import java.util.Map;

import jakarta.servlet.http.HttpServletResponse;
import org.springframework.util.ClassUtils;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

/**
 * Sets headers of the response to the request of the calling thread, with Spring MVC.
 * Endpoints cannot set headers themselves.
 */
final class ResponseHeaders {

	private static final boolean SERVLET = isPresent("jakarta.servlet.http.HttpServletResponse")
			&& isPresent("org.springframework.web.context.request.ServletRequestAttributes");

	private ResponseHeaders() {
	}

	/**
	 * Set headers. Does nothing unless it is a request of Spring MVC.
	 * @param headers header name to value
	 */
	static void set(Map<String, String> headers) {
		if (SERVLET) {
			ServletResponse.set(headers);
		}
	}

	private static boolean isPresent(String type) {
		return ClassUtils.isPresent(type, ResponseHeaders.class.getClassLoader());
	}

	/**
	 * Separates the servlet types from services without them.
	 */
	private static final class ServletResponse {

		static void set(Map<String, String> headers) {
			if (RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes attributes) {
				HttpServletResponse response = attributes.getResponse();
				if (response != null) {
					headers.forEach(response::setHeader);
				}
			}
		}

	}

}
