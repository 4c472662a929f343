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

import java.time.Duration;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.kaffe.spring.KaffeConsumers;
import io.kaffe.spring.engine.worker.DefaultWorkerManager;

/**
 * An endpoint that hardly waits for operations.
 */
@Configuration(proxyBeanMethods = false)
public class ImpatientEndpoint {

	@Bean
	KaffeWorkersEndpoint kaffeWorkersEndpoint(DefaultWorkerManager manager, KaffeConsumers consumers,
			ApplicationEventPublisher events) {
		return new KaffeWorkersEndpoint(manager, consumers, events, Access.UNRESTRICTED, Show.NEVER,
				Duration.ofMillis(100));
	}

}
