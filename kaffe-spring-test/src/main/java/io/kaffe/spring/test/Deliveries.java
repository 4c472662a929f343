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

package io.kaffe.spring.test;

import java.util.ArrayList;
import java.util.List;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.RecordInterceptor;

/**
 * Notes the deliveries of a container, around the application's own interceptors.
 * <p>
 * <b>Threading.</b> Called by simulated threads, of which one runs at a time.
 */
final class Deliveries {

	private final SimulatedWorlds worlds;

	private final AbstractMessageListenerContainer<Object, Object> container;

	private Deliveries(SimulatedWorlds worlds, AbstractMessageListenerContainer<Object, Object> container) {
		this.worlds = worlds;
		this.container = container;
	}

	static void installIn(AbstractMessageListenerContainer<Object, Object> container, SimulatedWorlds worlds) {
		Deliveries deliveries = new Deliveries(worlds, container);
		container.setRecordInterceptor(deliveries.new OfRecords(container.getRecordInterceptor()));
		container.setBatchInterceptor(deliveries.new OfBatches(container.getBatchInterceptor()));
	}

	private boolean begin(ConsumerRecord<?, ?> record) {
		return this.worlds.present().begin(consumer(), record);
	}

	private void end(ConsumerRecord<?, ?> record, @Nullable Exception failure) {
		this.worlds.present().end(consumer(), record, failure);
	}

	private String consumer() {
		return String.valueOf(this.container.getListenerId());
	}

	/**
	 * Notes single records.
	 */
	private final class OfRecords implements RecordInterceptor<Object, Object> {

		private final @Nullable RecordInterceptor<Object, Object> user;

		OfRecords(@Nullable RecordInterceptor<Object, Object> user) {
			this.user = user;
		}

		@Override
		public void setupThreadState(Consumer<?, ?> consumer) {
			if (this.user != null) {
				this.user.setupThreadState(consumer);
			}
		}

		@Override
		public void clearThreadState(Consumer<?, ?> consumer) {
			if (this.user != null) {
				this.user.clearThreadState(consumer);
			}
		}

		@Override
		public @Nullable ConsumerRecord<Object, Object> intercept(ConsumerRecord<Object, Object> record,
				Consumer<Object, Object> consumer) {
			if (!begin(record)) {
				return null;
			}
			return (this.user != null) ? this.user.intercept(record, consumer) : record;
		}

		@Override
		public void success(ConsumerRecord<Object, Object> record, Consumer<Object, Object> consumer) {
			end(record, null);
			if (this.user != null) {
				this.user.success(record, consumer);
			}
		}

		@Override
		public void failure(ConsumerRecord<Object, Object> record, Exception failure,
				Consumer<Object, Object> consumer) {
			end(record, failure);
			if (this.user != null) {
				this.user.failure(record, failure, consumer);
			}
		}

		@Override
		public void afterRecord(ConsumerRecord<Object, Object> record, Consumer<Object, Object> consumer) {
			if (this.user != null) {
				this.user.afterRecord(record, consumer);
			}
		}

	}

	/**
	 * Notes the records of batches.
	 */
	private final class OfBatches implements BatchInterceptor<Object, Object> {

		private final @Nullable BatchInterceptor<Object, Object> user;

		OfBatches(@Nullable BatchInterceptor<Object, Object> user) {
			this.user = user;
		}

		@Override
		public void setupThreadState(Consumer<?, ?> consumer) {
			if (this.user != null) {
				this.user.setupThreadState(consumer);
			}
		}

		@Override
		public void clearThreadState(Consumer<?, ?> consumer) {
			if (this.user != null) {
				this.user.clearThreadState(consumer);
			}
		}

		@Override
		public @Nullable ConsumerRecords<Object, Object> intercept(ConsumerRecords<Object, Object> records,
				Consumer<Object, Object> consumer) {
			for (ConsumerRecord<?, ?> record : records) {
				if (!begin(record)) {
					return null;
				}
			}
			return (this.user != null) ? this.user.intercept(records, consumer) : records;
		}

		@Override
		public void success(ConsumerRecords<Object, Object> records, Consumer<Object, Object> consumer) {
			listOf(records).forEach((record) -> end(record, null));
			if (this.user != null) {
				this.user.success(records, consumer);
			}
		}

		@Override
		public void failure(ConsumerRecords<Object, Object> records, Exception failure,
				Consumer<Object, Object> consumer) {
			listOf(records).forEach((record) -> end(record, failure));
			if (this.user != null) {
				this.user.failure(records, failure, consumer);
			}
		}

		private static List<ConsumerRecord<Object, Object>> listOf(ConsumerRecords<Object, Object> records) {
			List<ConsumerRecord<Object, Object>> list = new ArrayList<>();
			records.forEach(list::add);
			return list;
		}

	}

}
