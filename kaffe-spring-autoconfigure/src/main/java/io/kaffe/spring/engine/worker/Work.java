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

package io.kaffe.spring.engine.worker;

import io.kaffe.spring.table.WorkerState;

/**
 * A piece of work in a worker's queue, such as the records of one partition from one
 * poll, or a single record.
 * <p>
 * A worker calls {@link #proceed} of one work at a time, on whatever thread its executor
 * gives it; what one call wrote the next one sees. {@link #isReady} may be called by any
 * thread. Work is submitted once, to one worker.
 */
public abstract class Work extends WorkerInbox.Element<Work> {

	/**
	 * Continue from where the last call ended. Failures of user code are outcomes, not
	 * exceptions: what is thrown here counts as a breakdown of the worker, which is
	 * restarted and calls again.
	 * @param worker the worker that handles this work
	 * @param turn the worker's time on the calling thread
	 * @return how the call ended
	 */
	public abstract Progress proceed(Worker worker, Turn turn);

	/**
	 * Return whether work that answered {@link Progress#WAITING} could go on now.
	 * @param now the reading of {@link Ticker#nanoTime()}
	 * @return {@code true} if another call of {@link #proceed} would not wait
	 */
	public abstract boolean isReady(long now);

	/**
	 * Return what a worker is doing while this work waits. May be called by any thread; a
	 * moment's view.
	 * @return the state that tables show
	 */
	public WorkerState waitingState() {
		return WorkerState.BACKING_OFF;
	}

	/**
	 * Return whether a handler has returned and not answered yet, so that it has records
	 * of this work although no thread runs it. May be called by any thread; a moment's
	 * view.
	 * @return {@code true} between {@link Worker#handlerAwaited()} and the answer
	 */
	public boolean isWithHandler() {
		return false;
	}

	/**
	 * Return how many records the handler has when it has one of this work. May be called
	 * by any thread; a moment's view.
	 * @return the number, 1 or more
	 */
	public int inFlight() {
		return 1;
	}

	/**
	 * How a call of {@link Work#proceed} ended.
	 */
	public enum Progress {

		/**
		 * Nothing is left of this work.
		 */
		DONE,

		/**
		 * Something is left, and the worker's turn is over.
		 */
		TURN_OVER,

		/**
		 * Something is left that cannot go on before {@link Worker#wake()} is called. No
		 * thread is held meanwhile.
		 */
		WAITING,

		/**
		 * The same, and more work ends it, too: {@link Worker#takeQueued} has just found
		 * none.
		 */
		GATHERING

	}

}
