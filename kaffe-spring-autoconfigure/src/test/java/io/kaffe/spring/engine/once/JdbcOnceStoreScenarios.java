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

package io.kaffe.spring.engine.once;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.core.io.ClassPathResource;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabase;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseBuilder;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseType;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.TransactionSystemException;
import org.springframework.transaction.UnexpectedRollbackException;
import org.springframework.transaction.support.DefaultTransactionStatus;
import org.springframework.transaction.support.TransactionTemplate;

import io.kaffe.spring.engine.delivery.OnceStore.Note;
import io.kaffe.spring.engine.delivery.OnceStore.Noted;
import io.kaffe.spring.engine.delivery.OnceStore.Partition;
import io.kaffe.spring.engine.delivery.PostponedCommitException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * What a {@link JdbcOnceStore} has to do, on whatever database.
 */
abstract class JdbcOnceStoreScenarios {

	static final Partition ORDERS = new Partition("shop", "orders", Uuid.randomUuid(), 0);

	private final DataSource database;

	private final JdbcTemplate jdbc;

	private final JdbcTransactionManager transactionManager;

	private final JdbcOnceStore store;

	/**
	 * Create scenarios.
	 * @param database has no tables
	 * @param schema creates the table
	 */
	JdbcOnceStoreScenarios(DataSource database, String schema) {
		this.database = database;
		this.jdbc = new JdbcTemplate(database);
		this.transactionManager = new JdbcTransactionManager(database);
		this.store = store(database);
		new ResourceDatabasePopulator(new ClassPathResource("io/kaffe/spring/once/jdbc/" + schema)).execute(database);
		this.jdbc.execute("CREATE TABLE effects (id BIGINT)");
	}

	private JdbcOnceStore store(DataSource dataSource) {
		return new JdbcOnceStore(dataSource, this.transactionManager, "kaffe_handled");
	}

	@Test
	void effectAndNoteAreCommittedTogether() throws Throwable {
		begin(ORDERS, 0);
		assertThat(deliver(7)).isTrue();
		assertThat(effects()).containsExactly(7L);
		assertThat(noted(ORDERS, 0).offsets()).hasToString("[7..7]");
	}

	@Test
	void neitherIsCommittedIfTheHandlerFails() {
		begin(ORDERS, 0);
		assertThatIllegalStateException().isThrownBy(() -> this.store.deliver(() -> {
			addEffect(7);
			throw new IllegalStateException("no");
		}, () -> List.of(new Note(ORDERS, 7)))).withMessage("no");
		assertThat(effects()).isEmpty();
		assertThat(noted(ORDERS, 0).offsets().isEmpty()).isTrue();
	}

	@Test
	void checkedExceptionOfTheHandlerIsThrownAsItIs() {
		Exception failure = new Exception("checked");
		assertThatExceptionOfType(Exception.class).isThrownBy(() -> this.store.deliver(() -> {
			throw failure;
		}, List::of)).isSameAs(failure);
	}

	@Test
	void failureOfTheHandlerIsThrownThoughTheRollbackFails() {
		JdbcTransactionManager broken = new JdbcTransactionManager(this.database) {

			@Override
			protected void doRollback(DefaultTransactionStatus status) {
				super.doRollback(status);
				throw new TransactionSystemException("The connection is broken");
			}

		};
		assertThatIllegalStateException()
			.isThrownBy(() -> new JdbcOnceStore(this.database, broken, "kaffe_handled").deliver(() -> {
				throw new IllegalStateException("no");
			}, List::of))
			.withMessage("no")
			.satisfies((failure) -> assertThat(failure.getSuppressed()).singleElement()
				.isInstanceOf(TransactionSystemException.class));
	}

	@Test
	void duplicateKeyOfTheHandlerIsItsOwn() {
		this.jdbc.execute("CREATE UNIQUE INDEX once ON effects (id)");
		addEffect(7);
		assertThatExceptionOfType(DuplicateKeyException.class).isThrownBy(() -> deliver(7));
	}

	@Test
	void secondOfTwoTransactionsIsRolledBack() throws Throwable {
		begin(ORDERS, 0);
		CountDownLatch frozen = new CountDownLatch(1);
		CountDownLatch woken = new CountDownLatch(1);
		CompletableFuture<Boolean> first = CompletableFuture.supplyAsync(() -> {
			try {
				return this.store.deliver(() -> {
					addEffect(7);
					frozen.countDown();
					woken.await();
				}, () -> List.of(new Note(ORDERS, 7)));
			}
			catch (Throwable ex) {
				throw new IllegalStateException(ex);
			}
		});
		assertThat(frozen.await(10, TimeUnit.SECONDS)).isTrue();
		assertThat(deliver(7)).isTrue();
		woken.countDown();
		assertThat(first).succeedsWithin(10, TimeUnit.SECONDS).isEqualTo(false);
		assertThat(effects()).containsExactly(7L);
	}

	@Test
	void frozenTransactionIsRolledBackThoughTheNoteIsDeleted() throws Throwable {
		begin(ORDERS, 0);
		assertThat(deliver(7)).isTrue();
		assertThat(this.store.raiseFloor(ORDERS, 0, 8)).isTrue();
		this.store.deleteBelow(ORDERS, 8);
		assertThat(noted(ORDERS, 0).offsets().isEmpty()).isTrue();
		assertThat(deliver(7)).as("by an owner of before").isFalse();
		assertThat(deliver(8)).isTrue();
		assertThat(effects()).containsExactly(7L, 8L);
	}

	@Test
	void batchIsNotedAsAWhole() throws Throwable {
		begin(ORDERS, 0);
		assertThat(this.store.deliver(() -> addEffect(1), () -> notes(0, 250))).isTrue();
		assertThat(noted(ORDERS, 0).offsets()).hasToString("[0..249]");
		assertThat(this.store.deliver(() -> addEffect(2), () -> notes(249, 400))).isFalse();
		assertThat(noted(ORDERS, 0).offsets()).hasToString("[0..249]");
		assertThat(effects()).containsExactly(1L);
	}

	@Test
	void onlyWhatIsAtOrAboveAnOffsetIsRead() throws Throwable {
		Partition other = new Partition("shop", "orders", ORDERS.topicId(), 1);
		begin(ORDERS, 0);
		begin(other, 0);
		this.store.deliver(() -> {
		}, () -> List.of(new Note(ORDERS, 3), new Note(ORDERS, 5), new Note(ORDERS, 6), new Note(other, 9)));
		Map<Partition, Noted> noted = this.store.noted(Map.of(ORDERS, 4L, other, 0L));
		assertThat(noted.get(ORDERS)).isNotNull().extracting(Noted::offsets).hasToString("[5..6]");
		assertThat(noted.get(other)).isNotNull().extracting(Noted::offsets).hasToString("[9..9]");
	}

	@Test
	void topicThatWasCreatedAnewInheritsNothing() throws Throwable {
		begin(ORDERS, 0);
		deliver(7);
		Partition anew = new Partition("shop", "orders", Uuid.randomUuid(), 0);
		assertThat(noted(anew, 0).offsets().isEmpty()).isTrue();
		assertThat(noted(new Partition("other", "orders", ORDERS.topicId(), 0), 0).offsets().isEmpty()).isTrue();
	}

	@Test
	void whatIsForgottenIsHandledAgain() throws Throwable {
		begin(ORDERS, 0);
		this.store.deliver(() -> {
		}, () -> notes(0, 10));
		this.store.raiseFloor(ORDERS, 0, 8);
		this.store.forget(ORDERS, 5);
		assertThat(noted(ORDERS, 0)).satisfies((noted) -> {
			assertThat(noted.offsets()).hasToString("[0..4]");
			assertThat(noted.floor()).isEqualTo(5);
		});
		assertThat(deliver(5)).isTrue();
		assertThat(deliver(4)).isFalse();
	}

	@Test
	void floorIsNotRaisedByOneWhoDoesNotKnowIt() {
		begin(ORDERS, 0);
		assertThat(this.store.raiseFloor(ORDERS, 0, 100)).isTrue();
		this.store.forget(ORDERS, 3);
		assertThat(this.store.raiseFloor(ORDERS, 100, 200)).isFalse();
		assertThat(noted(ORDERS, 0).floor()).isEqualTo(3);
	}

	@Test
	void notesAreDeletedInSteps() throws Throwable {
		begin(ORDERS, 0);
		this.store.deliver(() -> {
		}, () -> notes(0, 2500));
		this.store.deliver(() -> {
		}, () -> List.of(new Note(ORDERS, 1_000_000)));
		this.store.raiseFloor(ORDERS, 0, 2400);
		this.store.deleteBelow(ORDERS, 2400);
		assertThat(noted(ORDERS, 0).offsets()).hasToString("[2400..2499, 1000000..1000000]");
		this.store.deleteBelow(ORDERS, 2_000_000);
		assertThat(noted(ORDERS, 0).offsets()).as("by one who does not know the floor")
			.hasToString("[2400..2499, 1000000..1000000]");
		this.store.raiseFloor(ORDERS, 2400, 2_000_000);
		this.store.deleteBelow(ORDERS, 2_000_000);
		assertThat(noted(ORDERS, 0).offsets().isEmpty()).isTrue();
	}

	@Test
	void swallowedRollbackIsAFailure() {
		begin(ORDERS, 0);
		TransactionTemplate joining = new TransactionTemplate(this.transactionManager);
		assertThatExceptionOfType(UnexpectedRollbackException.class).isThrownBy(() -> this.store.deliver(() -> {
			try {
				joining.executeWithoutResult((status) -> {
					throw new IllegalStateException("swallowed");
				});
			}
			catch (IllegalStateException ex) {
				addEffect(7);
			}
		}, () -> List.of(new Note(ORDERS, 7))));
		assertThat(effects()).isEmpty();
		assertThat(noted(ORDERS, 0).offsets().isEmpty()).isTrue();
	}

	@Test
	void floorThatWasAddedTwiceIsLowered() throws Throwable {
		begin(ORDERS, 0);
		this.store.raiseFloor(ORDERS, 0, 8);
		this.jdbc.update("INSERT INTO kaffe_handled SELECT consumer_group, topic, topic_id, partition_number, 0 "
				+ "FROM kaffe_handled");
		assertThat(noted(ORDERS, 0).floor()).isEqualTo(8);
		this.store.forget(ORDERS, 0);
		assertThat(noted(ORDERS, 0).floor()).isZero();
		assertThat(deliver(7)).isTrue();
	}

	@Test
	void floorThatOthersHaveDeletedIsAddedAgain() throws Throwable {
		begin(ORDERS, 0);
		this.jdbc.update("DELETE FROM kaffe_handled");
		assertThatExceptionOfType(PostponedCommitException.class).isThrownBy(() -> deliver(7))
			.withMessage("Records cannot be noted in table kaffe_handled: rows of it were deleted by others");
		assertThat(effects()).isEmpty();
		assertThat(deliver(7)).isTrue();
		assertThat(deliver(7)).isFalse();
		assertThat(effects()).containsExactly(7L);
	}

	@Test
	void connectionsNeedNotCommitByThemselves() throws Throwable {
		HikariConfig configuration = new HikariConfig();
		configuration.setDataSource(this.database);
		configuration.setAutoCommit(false);
		try (HikariDataSource connections = new HikariDataSource(configuration)) {
			JdbcOnceStore other = new JdbcOnceStore(connections, new JdbcTransactionManager(connections),
					"kaffe_handled");
			other.noted(Map.of(ORDERS, 0L));
			assertThat(deliver(7)).isTrue();
			assertThat(other.raiseFloor(ORDERS, 0, 8)).isTrue();
			other.deleteBelow(ORDERS, 8);
			assertThat(noted(ORDERS, 0)).satisfies((noted) -> {
				assertThat(noted.offsets().isEmpty()).isTrue();
				assertThat(noted.floor()).isEqualTo(8);
			});
			other.forget(ORDERS, 3);
			assertThat(noted(ORDERS, 0).floor()).isEqualTo(3);
		}
	}

	@Test
	void verificationLeavesNothingBehind() {
		this.store.verify();
		assertThat(this.jdbc.queryForObject("SELECT COUNT(*) FROM kaffe_handled", Long.class)).isZero();
	}

	@Test
	void verificationFailsWithoutTheTable() {
		this.jdbc.execute("DROP TABLE kaffe_handled");
		assertThatExceptionOfType(DataAccessException.class).isThrownBy(this.store::verify);
	}

	@Test
	void dataSourceThatJoinsTransactionsIsThatOfItsTarget() throws Throwable {
		JdbcOnceStore joining = store(new TransactionAwareDataSourceProxy(this.database));
		assertThat(joining.sharesTransactions()).isTrue();
		begin(ORDERS, 0);
		assertThatIllegalStateException().isThrownBy(() -> joining.deliver(() -> {
		}, () -> {
			throw new IllegalStateException("after the handler");
		}));
		assertThat(joining.deliver(() -> addEffect(7), () -> List.of(new Note(ORDERS, 7)))).isTrue();
		assertThat(joining.deliver(() -> addEffect(7), () -> List.of(new Note(ORDERS, 7)))).isFalse();
		assertThat(effects()).containsExactly(7L);
	}

	@Test
	void transactionManagerOfAnotherDataSourceIsNoticed() {
		assertThat(this.store.sharesTransactions()).isTrue();
		EmbeddedDatabase other = new EmbeddedDatabaseBuilder().setType(EmbeddedDatabaseType.H2)
			.generateUniqueName(true)
			.build();
		try {
			assertThat(store(other).sharesTransactions()).isFalse();
		}
		finally {
			other.shutdown();
		}
	}

	private void begin(Partition partition, long from) {
		noted(partition, from);
	}

	private Noted noted(Partition partition, long from) {
		return Objects.requireNonNull(this.store.noted(Map.of(partition, from)).get(partition));
	}

	private boolean deliver(long offset) throws Throwable {
		return this.store.deliver(() -> addEffect(offset), () -> List.of(new Note(ORDERS, offset)));
	}

	private static List<Note> notes(long from, long to) {
		return LongStream.range(from, to).mapToObj((offset) -> new Note(ORDERS, offset)).toList();
	}

	private void addEffect(long id) {
		this.jdbc.update("INSERT INTO effects VALUES (?)", id);
	}

	private List<@Nullable Long> effects() {
		return this.jdbc.queryForList("SELECT id FROM effects ORDER BY id", Long.class);
	}

}
