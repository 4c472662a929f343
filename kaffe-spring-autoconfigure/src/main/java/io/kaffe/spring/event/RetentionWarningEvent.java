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

package io.kaffe.spring.event;

import java.time.Instant;

/**
 * Published when the log's retention is expected to delete the oldest unfinished record
 * of a partition soon: once when the warning begins, and for each other record that holds
 * up the partition while it lasts. Published again by the next owner of the partition.
 *
 * @param consumer the consumer's name
 * @param topic the record's topic
 * @param partition the number of its partition
 * @param offset its offset
 * @param deletionExpectedAt when it may be deleted, at the earliest; in the past if it
 * may be at any time
 */
public record RetentionWarningEvent(String consumer, String topic, int partition, long offset,
		Instant deletionExpectedAt) {

}
