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

import java.io.Serial;

/**
 * Thrown at start-up when a listener container is set up in a way that contradicts
 * workers: taking it over would lose or repeat records.
 */
public class UnsuitableContainerException extends RuntimeException {

	@Serial
	private static final long serialVersionUID = 1L;

	private final String action;

	/**
	 * Create an exception.
	 * @param description what is wrong, and where
	 * @param action what would be right
	 */
	public UnsuitableContainerException(String description, String action) {
		super(description);
		this.action = action;
	}

	/**
	 * Return what would be right.
	 * @return a sentence for the user
	 */
	public String getAction() {
		return this.action;
	}

}
