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

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.audit.listener.AuditApplicationEvent;
import org.springframework.context.ApplicationEventPublisher;

import io.kaffe.spring.engine.worker.SafeLog;

/**
 * Records what operators request: an audit event and a log line for each attempt.
 * <p>
 * <b>Threading.</b> Safe for concurrent use; the application's listeners for audit events
 * are called.
 */
final class OperationAudit {

	static final String TYPE = "KAFFE_OPERATION";

	private static final Log logger = LogFactory.getLog(OperationAudit.class);

	private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

	private final ApplicationEventPublisher events;

	/**
	 * Create an audit.
	 * @param events publishes the audit events
	 */
	OperationAudit(ApplicationEventPublisher events) {
		this.events = events;
	}

	/**
	 * Record an operation.
	 * @param principal the name of the caller, or {@code null} if it is unknown
	 * @param consumer the consumer's name
	 * @param operation the operation's name
	 * @param arguments the arguments that were given, by name
	 * @param outcome what came of it
	 */
	void record(@Nullable String principal, String consumer, String operation, Map<String, ?> arguments,
			String outcome) {
		String caller = (principal != null) ? principal : "anonymous";
		String line = "Operation '" + operation + "' on consumer '" + consumer + "' " + arguments + " requested by '"
				+ caller + "': " + outcome;
		// Arguments must not be able to forge another line of the log.
		logger.info(CONTROL.matcher(line).replaceAll("?"));
		Map<String, @Nullable Object> data = new LinkedHashMap<>(arguments);
		data.put("consumer", consumer);
		data.put("operation", operation);
		data.put("outcome", outcome);
		try {
			this.events.publishEvent(new AuditApplicationEvent(caller, TYPE, data));
		}
		catch (Throwable ex) {
			SafeLog.log(logger::error,
					"Could not publish the audit event of operation '" + operation + "' on consumer '" + consumer + "'",
					ex);
		}
	}

}
