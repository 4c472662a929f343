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

package io.kaffe.spring.engine.delivery;

import java.time.Duration;

/**
 * How large a batch gets and how long a worker waits for that.
 *
 * @param maxSize most records of a batch
 * @param maxWait how long to wait at most for a batch to get this large, from when its
 * worker has the first record; zero: not at all
 */
public record BatchLimits(int maxSize, Duration maxWait) {

}
