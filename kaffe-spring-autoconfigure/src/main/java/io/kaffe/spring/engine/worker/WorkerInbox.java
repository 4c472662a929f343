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

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import org.jspecify.annotations.Nullable;

/**
 * The work that was submitted to a worker and not taken, in the order of submission.
 * <p>
 * What is submitted goes to {@code inbox}, a stack on which the newest is on top; the
 * runner takes all of it at once and reverses it into {@code backlog}. The inbox can be
 * closed by replacing it by a mark, after which nothing can be submitted: the one step in
 * which it is decided whether work came in time.
 * <p>
 * Elements are linked by fields of theirs, so that queueing them takes no memory. This is
 * a superclass of {@link Worker} for the same reason as {@link WorkerActivity}.
 * <p>
 * <b>Threading.</b> Any thread may push. Only the runner of the worker takes, closes and
 * touches {@code backlog}, except that a worker which no other thread knows may be
 * prepared and closed by the thread that has made it. There are no locks.
 *
 * @param <E> the type of the elements
 */
public abstract class WorkerInbox<E extends WorkerInbox.Element<E>> extends WorkerActivity {

	/** The inbox of a worker that takes no more work. Its depth is 0. */
	private static final Element<?> CLOSED = new Closed();

	private static final VarHandle INBOX;
	static {
		try {
			INBOX = MethodHandles.lookup().findVarHandle(WorkerInbox.class, "inbox", Element.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private volatile @Nullable E inbox;

	private @Nullable E backlog;

	private int backlogSize;

	WorkerInbox() {
		// For workers only.
	}

	/**
	 * Add an element behind the others. Any thread.
	 * @return {@code false} if the inbox is closed
	 */
	final boolean push(E element) {
		while (true) {
			E newest = this.inbox;
			if (newest == CLOSED) {
				return false;
			}
			element.next = newest;
			element.depth = (newest != null) ? newest.depth + 1 : 1;
			if (INBOX.compareAndSet(this, newest, element)) {
				return true;
			}
		}
	}

	/**
	 * Add the first element, while no other thread knows this worker.
	 */
	final void pushFirst(E first) {
		first.next = null;
		first.depth = 1;
		INBOX.set(this, first);
	}

	/**
	 * Close the inbox, unless it holds something else than expected.
	 * @param expected the newest element, which is dropped; {@code null} if the inbox is
	 * empty
	 * @return {@code false} if the inbox holds something else
	 */
	final boolean close(@Nullable E expected) {
		return INBOX.compareAndSet(this, expected, CLOSED);
	}

	final boolean isClosed() {
		return this.inbox == CLOSED;
	}

	/**
	 * Return whether something was pushed since the runner looked last. Any thread.
	 */
	final boolean hasNew() {
		return this.inbox != null;
	}

	/**
	 * Return whether there is anything to take.
	 */
	final boolean hasMore() {
		return this.backlog != null || this.inbox != null;
	}

	/**
	 * Return how much work is queued behind the current one. Any thread; a moment's view.
	 * @return the number of elements that were submitted and not taken
	 */
	public int queued() {
		E newest = this.inbox;
		return this.backlogSize + ((newest != null) ? newest.depth : 0);
	}

	/**
	 * Return the oldest element and leave it where it is.
	 */
	@SuppressWarnings("unchecked")
	final @Nullable E peekNext() {
		if (this.backlog == null && this.inbox != null) {
			this.backlog = reverse((E) INBOX.getAndSet(this, (@Nullable Element<E>) null));
		}
		return this.backlog;
	}

	/**
	 * Take the oldest element.
	 */
	final @Nullable E takeNext() {
		E first = peekNext();
		if (first != null) {
			this.backlog = first.next;
			this.backlogSize--;
			first.next = null;
		}
		return first;
	}

	private @Nullable E reverse(@Nullable E newest) {
		E first = null;
		E element = newest;
		this.backlogSize = (newest != null) ? newest.depth : 0;
		while (element != null) {
			E older = element.next;
			element.next = first;
			first = element;
			element = older;
		}
		return first;
	}

	/**
	 * Something that can be queued once.
	 *
	 * @param <E> the type of its neighbours
	 */
	abstract static class Element<E> {

		@Nullable E next;

		/** How much was pushed with this one and not taken. */
		int depth;

	}

	/**
	 * The mark of an inbox that is closed.
	 */
	private static final class Closed extends Element<Closed> {

	}

}
