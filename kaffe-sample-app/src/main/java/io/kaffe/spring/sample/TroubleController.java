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

import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * The switches of the start page. They accept JSON only, so that pages of other origins
 * cannot use them, and respond with the failures that are switched on.
 */
@RestController
@RequestMapping(path = "/trouble", consumes = MediaType.APPLICATION_JSON_VALUE)
class TroubleController {

	private static final int BURST = 20_000;

	private final Trouble trouble;

	private final EventGenerator generator;

	TroubleController(Trouble trouble, EventGenerator generator) {
		this.trouble = trouble;
		this.generator = generator;
	}

	@GetMapping(consumes = MediaType.ALL_VALUE)
	Trouble.State state() {
		return this.trouble.state();
	}

	@PostMapping("/stall")
	Trouble.State stall() {
		this.trouble.stall();
		return state();
	}

	@PostMapping("/stall/end")
	Trouble.State endStall() {
		this.trouble.endStall();
		return state();
	}

	@PostMapping("/customer")
	Trouble.State failCustomer() {
		this.trouble.failCustomer();
		return state();
	}

	@PostMapping("/customer/end")
	Trouble.State endFailures() {
		this.trouble.endFailures();
		return state();
	}

	@PostMapping("/database")
	Trouble.State takeDatabaseAway() {
		this.trouble.takeDatabaseAway();
		return state();
	}

	@PostMapping("/database/end")
	Trouble.State endDatabaseAway() {
		this.trouble.endDatabaseAway();
		return state();
	}

	@PostMapping("/poison")
	Trouble.State poison() {
		this.trouble.poison();
		return state();
	}

	@PostMapping("/burst")
	Trouble.State burst() {
		this.generator.hurry(BURST);
		return state();
	}

	@PostMapping("/end")
	Trouble.State end() {
		this.trouble.end();
		return state();
	}

}
