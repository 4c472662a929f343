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

/**
 * A record has failed for good and is kept until somebody has it retried, skipped or
 * dead-lettered. Published again if it is parked again, after a retry or by whoever gets
 * its partition next.
 *
 * @param consumer the consumer's name
 * @param topic the record's topic
 * @param partition the number of its partition
 * @param offset its offset
 * @param failure what its last attempt failed with; its message may tell of the record's
 * contents
 */
public record RecordParkedEvent(String consumer, String topic, int partition, long offset, Throwable failure) {

}
