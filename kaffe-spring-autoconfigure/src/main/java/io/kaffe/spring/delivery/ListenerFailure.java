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

package io.kaffe.spring.delivery;

import org.jspecify.annotations.Nullable;
import org.springframework.kafka.listener.ListenerExecutionFailedException;

/**
 * Failures as recoverers know them from the container: wrapped in an exception that names
 * the consumer group.
 */
final class ListenerFailure {

	private ListenerFailure() {
	}

	/**
	 * Return a failure as the container would tell it.
	 * @param failure what an attempt failed with
	 * @param groupId the consumer group, or {@code null} if there is none
	 * @return the failure itself if it names the group, else one that does
	 */
	static ListenerExecutionFailedException of(Exception failure, @Nullable String groupId) {
		if (!(failure instanceof ListenerExecutionFailedException listenerFailure)) {
			return new ListenerExecutionFailedException("Listener failed", groupId, failure);
		}
		if (groupId == null || groupId.equals(listenerFailure.getGroupId())) {
			return listenerFailure;
		}
		String message = (failure.getMessage() != null) ? failure.getMessage() : "Listener failed";
		var named = new ListenerExecutionFailedException(message, groupId, failure.getCause());
		named.setStackTrace(failure.getStackTrace());
		return named;
	}

}
