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

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.Serial;

/**
 * An exception all of whose methods throw, whatever they are asked.
 */
public final class HostileException extends RuntimeException {

	@Serial
	private static final long serialVersionUID = 1L;

	@Override
	public String getMessage() {
		throw refusal();
	}

	@Override
	public String getLocalizedMessage() {
		throw refusal();
	}

	@Override
	public synchronized Throwable getCause() {
		throw refusal();
	}

	@Override
	public StackTraceElement[] getStackTrace() {
		throw refusal();
	}

	@Override
	public void printStackTrace(PrintStream stream) {
		throw refusal();
	}

	@Override
	public void printStackTrace(PrintWriter writer) {
		throw refusal();
	}

	@Override
	public boolean equals(Object other) {
		throw refusal();
	}

	@Override
	public int hashCode() {
		throw refusal();
	}

	@Override
	public String toString() {
		throw refusal();
	}

	private static IllegalStateException refusal() {
		return new IllegalStateException("Does not answer");
	}

}
