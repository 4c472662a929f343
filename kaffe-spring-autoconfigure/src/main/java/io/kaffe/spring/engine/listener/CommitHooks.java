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

import java.util.Map;
import java.util.function.Supplier;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.core.log.LogAccessor;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ListenerMetadata;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.listener.OffsetAndMetadataProvider;
import org.springframework.kafka.support.LogIfLevelEnabled;

import io.kaffe.spring.engine.worker.LimitedLog;

/**
 * What the configuration of a listener container says of commits, applied to those of
 * sessions: the commit callback, the level at which commits are logged, and the provider
 * of metadata, unless the metadata stores completed offsets.
 * <p>
 * <b>Threading.</b> Shared by the consumer threads of a container, which call the
 * application's code as they do without workers. What that throws is logged.
 */
final class CommitHooks {

	private static final Log logger = LogFactory.getLog(CommitHooks.class);

	private final @Nullable OffsetCommitCallback callback;

	private final LogIfLevelEnabled commitLog;

	private final ListenerMetadata listener;

	private final LimitedLog failureLog;

	private volatile @Nullable OffsetAndMetadataProvider provider;

	/**
	 * Create hooks.
	 * @param container the container
	 * @param storesCompleted whether the metadata of commits stores completed offsets
	 * @param failureLog logs what the application's code throws
	 */
	CommitHooks(MessageListenerContainer container, boolean storesCompleted, LimitedLog failureLog) {
		ContainerProperties properties = container.getContainerProperties();
		this.callback = properties.getCommitCallback();
		this.commitLog = new LogIfLevelEnabled(new LogAccessor(logger), properties.getCommitLogLevel());
		this.listener = new ContainerMetadata(container);
		this.failureLog = failureLog;
		boolean provides = !storesCompleted && container.getGroupId() != null;
		this.provider = provides ? properties.getOffsetAndMetadataProvider() : null;
	}

	/**
	 * Return an offset with the metadata that the application provides.
	 * @param offset the offset to be committed
	 * @return the same if the application provides none
	 */
	OffsetAndMetadata withMetadata(OffsetAndMetadata offset) {
		OffsetAndMetadataProvider provider = this.provider;
		if (provider == null) {
			return offset;
		}
		return call("OffsetAndMetadataProvider", offset, () -> new OffsetAndMetadata(offset.offset(),
				offset.leaderEpoch(), provider.provide(this.listener, offset.offset()).metadata()));
	}

	/**
	 * Log that offsets are about to be committed.
	 */
	void committing(Map<TopicPartition, OffsetAndMetadata> offsets) {
		this.commitLog.log(() -> "Committing: " + offsets);
	}

	/**
	 * Notify the application of the result of a commit.
	 * @param offsets the offsets
	 * @param failure why it failed, or {@code null} if the broker has confirmed it
	 */
	void committed(Map<TopicPartition, OffsetAndMetadata> offsets, @Nullable Exception failure) {
		OffsetCommitCallback callback = this.callback;
		if (callback != null) {
			call("commit callback", offsets, () -> {
				callback.onComplete(offsets, failure);
				return offsets;
			});
		}
	}

	/**
	 * Note that the broker rejected metadata: commits have none from now on.
	 */
	void metadataTooLarge() {
		if (this.provider != null) {
			this.provider = null;
			this.failureLog.log(logger::warn, "rejected metadata",
					"the broker rejected the metadata of its OffsetAndMetadataProvider as too long (its setting "
							+ "'offset.metadata.max.bytes'); commits have no metadata from now on",
					null);
		}
	}

	private <T> T call(String hook, T fallback, Supplier<T> call) {
		try {
			return call.get();
		}
		catch (Throwable ex) {
			this.failureLog.log(logger::error, "exceptions of its " + hook, "its " + hook + " threw an exception", ex);
			return fallback;
		}
	}

	/**
	 * A container, as providers of metadata see it.
	 *
	 * @param container the container
	 */
	private record ContainerMetadata(MessageListenerContainer container) implements ListenerMetadata {

		@Override
		public @Nullable String getListenerId() {
			return this.container.getListenerId();
		}

		@Override
		public @Nullable String getGroupId() {
			return this.container.getGroupId();
		}

		// Both may be null, which Spring Kafka's annotations say of the elements.
		@Override
		@SuppressWarnings("NullAway")
		public byte[] getListenerInfo() {
			return this.container.getListenerInfo();
		}

	}

}
