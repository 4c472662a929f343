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

package io.kaffe.spring.table;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * How far behind the end of a partition, or of all partitions of a consumer, the
 * completed records are.
 *
 * @param records of a partition, end offset minus completed offset, or, before the first
 * record, minus the offset from which the partition is going to be read; of a consumer,
 * the sum of what is known of its partitions; {@code null} if unknown
 * @param seconds of a partition, the age in seconds of the record at the completed
 * offset, by its timestamp, 0 if there is none; of a consumer, the largest of its
 * partitions; {@code null} if unknown
 */
public record Lag(@JsonProperty("lag") @Nullable Long records, @JsonProperty("lagSeconds") @Nullable Long seconds) {
}
