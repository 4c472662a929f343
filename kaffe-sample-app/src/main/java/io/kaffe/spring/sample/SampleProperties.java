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

import java.time.Duration;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Properties of the sample.
 *
 * @param generate whether to produce orders and refunds
 * @param rate records to produce each second; by default 200, or as many as possible with
 * {@code finishAfter}
 * @param customers the number of customers
 * @param partitions the number of partitions of each topic
 * @param bankDelay how long the bank takes to check each record; by default it is not
 * called
 * @param finishAfter the number of records after which to print a summary and exit; by
 * default the sample runs until it is stopped
 */
@ConfigurationProperties("sample")
public record SampleProperties(@DefaultValue("true") boolean generate, @Nullable Integer rate,
		@DefaultValue("1000") int customers, @DefaultValue("8") int partitions, @DefaultValue("0") Duration bankDelay,
		@Nullable Integer finishAfter) {

	/**
	 * The topic of orders.
	 */
	public static final String ORDERS = "orders";

	/**
	 * The topic of refunds.
	 */
	public static final String REFUNDS = "refunds";

}
