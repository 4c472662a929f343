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

package io.kaffe.simulation;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

import io.kaffe.simulation.DatabaseDisturbances.Moment;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataAccessResourceFailureException;

import io.kaffe.spring.engine.delivery.OnceStore;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.test.simulation.Simulation;

/**
 * The connections of one instance to the database, where records are noted in the
 * transactions of their handlers.
 * <p>
 * <b>Threading.</b> Used by simulated threads, of which one runs at a time, and which
 * wait for answers. The database does what arrives, even if the instance is killed or
 * stands still by then.
 */
final class DatabaseClient implements OnceStore {

	private static final long MILLI = 1_000_000;

	private final Simulation simulation;

	private final Journal journal;

	private final Database database;

	private final DatabaseDisturbances disturbances;

	private final ServiceInstance instance;

	DatabaseClient(World world, ServiceInstance instance) {
		this.simulation = world.simulation();
		this.journal = world.journal();
		this.database = world.database();
		this.disturbances = world.databaseDisturbances();
		this.instance = instance;
	}

	/**
	 * Have the effects of a record in the transaction of the calling thread, if there is
	 * one.
	 * @throws DataAccessException if the statement fails
	 */
	void apply(Fact fact) {
		DatabaseTransaction transaction = DatabaseTransaction.present();
		if (transaction != null) {
			request(() -> {
				this.database.apply(transaction, fact);
				return true;
			});
		}
	}

	@Override
	public boolean deliver(Call delivery, Supplier<List<Note>> notes) throws Throwable {
		DatabaseTransaction transaction = new DatabaseTransaction(this.instance);
		try {
			request(() -> {
				this.database.begin(transaction);
				return true;
			});
		}
		catch (DataAccessException ex) {
			attemptFailed(notes.get());
			throw ex;
		}
		List<Note> rows;
		try {
			transaction.run(delivery);
			rows = notes.get();
		}
		catch (Throwable ex) {
			this.database.rollBack(transaction);
			throw ex;
		}
		try {
			return noteAndCommit(transaction, rows);
		}
		catch (DataAccessException ex) {
			this.database.rollBack(transaction);
			attemptFailed(rows);
			throw ex;
		}
	}

	private boolean noteAndCommit(DatabaseTransaction transaction, List<Note> rows) {
		reach(Moment.HANDLED);
		if (!rows.isEmpty() && !request(this.database.insertion(transaction, rows))) {
			this.simulation.record(() -> "refused: " + transaction.applied());
			this.database.rollBack(transaction);
			if (this.instance.service().shape().isBatch()) {
				// It is read then what of the batch is noted, which may fail.
				attemptFailed(rows);
			}
			return false;
		}
		reach(Moment.NOTED);
		commit(() -> {
			this.database.commit(transaction);
			this.disturbances.strikes(this.instance, Moment.COMMITTED);
			return true;
		});
		reach(Moment.ANSWERED);
		return true;
	}

	private void reach(Moment moment) {
		if (this.disturbances.strikes(this.instance, moment)) {
			this.simulation.elapse(MILLI);
		}
	}

	/**
	 * What is skipped when its attempts are exhausted may be passed over then.
	 */
	private void attemptFailed(List<Note> notes) {
		List<Fact> facts = notes.stream().map(this::fact).filter(Objects::nonNull).toList();
		if (facts.isEmpty()) {
			return;
		}
		if (this.instance.service().shape().isBatch()) {
			this.journal.failedTogether(this.instance.service(), facts);
		}
		else {
			facts.forEach((fact) -> this.journal.failed(this.instance.service(), fact));
		}
	}

	private @Nullable Fact fact(Note note) {
		return this.journal.at(new TopicPartition(note.partition().topic(), note.partition().number()), note.offset());
	}

	@Override
	public Map<Partition, Noted> noted(Map<Partition, Long> from) {
		Map<Partition, Noted> noted = new LinkedHashMap<>();
		Collection<Partition> withoutFloor = new ArrayList<>();
		request(() -> {
			from.forEach((partition, offset) -> {
				CompletedOffsets.Builder offsets = new CompletedOffsets.Builder();
				this.database.noted(partition, offset).forEach((each) -> offsets.add(each, each + 1));
				Long floor = this.database.floor(partition);
				if (floor == null) {
					withoutFloor.add(partition);
				}
				noted.put(partition, new Noted(offsets.build(), (floor != null) ? floor : 0));
			});
			return true;
		});
		withoutFloor.forEach((partition) -> commit(() -> {
			this.database.addFloor(partition);
			return true;
		}));
		return noted;
	}

	@Override
	public void forget(Partition partition, long from) {
		commit(() -> {
			this.database.forget(partition, from);
			return true;
		});
	}

	@Override
	public boolean raiseFloor(Partition partition, long from, long to) {
		return commit(() -> this.database.raiseFloor(partition, from, to));
	}

	@Override
	public void deleteBelow(Partition partition, long floor) {
		commit(() -> {
			this.database.deleteBelow(partition, floor);
			return true;
		});
	}

	/**
	 * Have something done that has no effect before a commit.
	 */
	private <T> T request(Supplier<@Nullable T> work) {
		return new Request<>(work, false).send();
	}

	/**
	 * Have something done and committed.
	 */
	private <T> T commit(Supplier<@Nullable T> work) {
		return new Request<>(work, true).send();
	}

	/**
	 * A request to the database.
	 *
	 * @param <T> the type of the answer
	 */
	private final class Request<T> {

		private final Supplier<@Nullable T> work;

		private final boolean commits;

		private @Nullable T answer;

		private @Nullable DataAccessException failure;

		Request(Supplier<@Nullable T> work, boolean commits) {
			this.work = work;
			this.commits = commits;
		}

		/**
		 * Send it, and wait for the answer.
		 */
		T send() {
			DatabaseClient.this.simulation.after(DatabaseClient.this.disturbances.latency(), this::arrive);
			DatabaseClient.this.simulation.await(() -> this.answer != null || this.failure != null, Long.MAX_VALUE);
			T answer = this.answer;
			if (answer == null) {
				throw Objects.requireNonNull(this.failure);
			}
			return answer;
		}

		private void arrive() {
			if (DatabaseClient.this.disturbances.fails()) {
				fail("The database does not answer");
				return;
			}
			proceed();
		}

		private void proceed() {
			T answer;
			try {
				answer = this.work.get();
			}
			catch (DataAccessException ex) {
				this.failure = ex;
				return;
			}
			if (answer == null) {
				DatabaseClient.this.simulation.after(Database.LOOK_NANOS, this::proceed);
			}
			else if (this.commits && DatabaseClient.this.disturbances.losesAnswer()) {
				DatabaseClient.this.simulation.record(() -> "the answer to a commit is lost");
				fail("The connection is broken");
			}
			else {
				DatabaseClient.this.simulation.after(DatabaseClient.this.disturbances.latency(),
						() -> this.answer = answer);
			}
		}

		private void fail(String why) {
			DatabaseClient.this.simulation.after(DatabaseClient.this.disturbances.patience(),
					() -> this.failure = new DataAccessResourceFailureException(why));
		}

	}

}
