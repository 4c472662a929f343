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

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.kafka.listener.ConsumerSeekAware;

import io.kaffe.spring.SeekPosition;
import io.kaffe.spring.SeekResult;
import io.kaffe.spring.engine.delivery.DeliveryTimer;
import io.kaffe.spring.engine.delivery.PollingConsumer;
import io.kaffe.spring.engine.offset.CommitMetadata;
import io.kaffe.spring.engine.offset.CompletedOffsets;
import io.kaffe.spring.engine.offset.ParkedRecords;
import io.kaffe.spring.engine.worker.LimitedLog;
import io.kaffe.spring.engine.worker.ManualExecution;
import io.kaffe.spring.engine.worker.StandardWorkerAllocationStrategy;
import io.kaffe.spring.engine.worker.Worker;
import io.kaffe.spring.table.ConsumerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

/**
 * Tests for {@link ConsumerSession} without a broker: what is unfinished when a position
 * is moved or records cannot be dispatched, what throws on the consumer thread, and the
 * ceiling of the buffer.
 */
@ExtendWith(OutputCaptureExtension.class)
class ConsumerSessionTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final TopicPartition OTHER = new TopicPartition("orders", 1);

	private final Map<TopicPartition, SimulatedConsumer.Partition> cluster = new LinkedHashMap<>();

	private final List<String> handled = new ArrayList<>();

	private final Set<Object> failingKeys = new HashSet<>();

	/** Done once, while a record is being handled. */
	private @Nullable Runnable whileHandling;

	private final Seeking seeking = new Seeking();

	private final ManualExecution execution = new ManualExecution();

	private final SimulatedConsumer consumer = new SimulatedConsumer(this.cluster, (offsets) -> {
	});

	private WorkerContainer adopted = adopted(StandardWorkerAllocationStrategy.WORKER_PER_KEY, 10_000);

	private ConsumerSession session = this.adopted.session(this.consumer);

	@Test
	void whatIsUnfinishedBelowAPositionThatMovesBackIsHandledAndWhatIsCompleteIsNot() {
		produce(PARTITION, 0, 20);
		this.failingKeys.add("key5");
		assign(PARTITION);
		poll(20);
		this.execution.runAll();
		assertThat(this.handled).hasSize(20);
		this.handled.clear();
		this.failingKeys.clear();
		this.seeking.callback().seekRelative("orders", 0, -2, true);
		pollAll();
		assertThat(this.handled).containsExactlyInAnyOrder("orders-0@5", "orders-0@18", "orders-0@19");
		assertThat(committed(PARTITION)).isEqualTo(20);
		assertThat(this.adopted.context().buffer().buffered().records()).isZero();
	}

	@Test
	void secondMoveCountsFromWhereTheFirstOneLed() {
		produce(PARTITION, 0, 20);
		this.failingKeys.add("key5");
		assign(PARTITION);
		poll(20);
		this.execution.runAll();
		this.seeking.callback().seekRelative("orders", 0, -2, true);
		this.seeking.callback().seekRelative("orders", 0, -3, true);
		this.session.tick();
		assertThat(this.consumer.position(PARTITION)).as("the first unfinished").isEqualTo(5);
		List<Long> positions = new ArrayList<>();
		this.seeking.callback().seek("orders", 0, (position) -> {
			positions.add(position);
			return position;
		});
		assertThat(positions).as("what the listener takes for its position").containsExactly(15L);
		this.handled.clear();
		this.failingKeys.clear();
		pollAll();
		assertThat(this.handled).containsExactlyInAnyOrder("orders-0@5", "orders-0@15", "orders-0@16", "orders-0@17",
				"orders-0@18", "orders-0@19");
	}

	@Test
	void positionThatMovesBackAndForwardLeavesNothingUnfinishedBehind() {
		produce(PARTITION, 0, 20);
		assign(PARTITION);
		poll(20);
		this.seeking.callback().seek("orders", 0, 0);
		this.session.tick();
		this.seeking.callback().seek("orders", 0, 18);
		this.execution.advance(Duration.ofSeconds(1));
		this.session.tick();
		pollAll();
		assertThat(this.handled).as("all were polled, and none was handled before").hasSize(20);
		assertThat(committed(PARTITION)).isEqualTo(20);
	}

	@Test
	void whatIsCompleteIsCommittedIfAPartitionIsRevokedAfterItsPositionMovedBack() {
		produce(PARTITION, 0, 20);
		assign(PARTITION);
		poll(20);
		this.execution.runAll();
		this.seeking.callback().seek("orders", 0, 18);
		this.session.tick();
		this.session.revoked(List.of(PARTITION), () -> {
		});
		assertThat(committed(PARTITION)).isEqualTo(18);
	}

	@Test
	void commitThatIsAnsweredAfterThePositionMovedDoesNotCount() {
		produce(PARTITION, 0, 30);
		this.failingKeys.add("key12");
		assign(PARTITION);
		this.session.assignments()
			.forEach((assignment) -> assignment.progress()
				.continueFrom(new OffsetAndMetadata(10),
						new ReportedOffsets(new CompletedOffsets.Builder().add(11, 20).build(), ParkedRecords.NONE,
								CommitMetadata.UNKNOWN_EPOCH)));
		this.consumer.seek(PARTITION, 10);
		poll(1);
		this.execution.runAll();
		this.execution.advance(Duration.ofSeconds(1));
		this.session.tick();
		this.seeking.callback().seek("orders", 0, 11);
		this.consumer.answer(true, true);
		pollAll();
		assertThat(committed(PARTITION)).as("what was reported is handled again, and fails").isEqualTo(12);
	}

	@Test
	void handlersAreWaitedForThoughThePositionMovesBelowTheirRecords() {
		produce(PARTITION, 0, 20);
		assign(PARTITION);
		List<String> meanwhile = new ArrayList<>();
		this.whileHandling = () -> {
			this.seeking.callback().seek("orders", 0, 0);
			this.session.tick();
			this.session.tick();
			this.session.assignments().forEach((assignment) -> meanwhile.add(assignment.toString()));
		};
		poll(20);
		this.execution.runAll();
		assertThat(meanwhile).containsExactly("orders-0#1");
		this.session.tick();
		assertThat(this.session.assignments()).extracting(Object::toString).containsExactly("orders-0#2");
	}

	@Test
	void positionThatGoesBackByItselfLeavesNothingBehind() {
		produce(PARTITION, 0, 20);
		this.failingKeys.add("key5");
		assign(PARTITION);
		poll(20);
		this.execution.runAll();
		this.handled.clear();
		this.failingKeys.clear();
		// As the client does if the log is truncated.
		this.consumer.seek(PARTITION, 17);
		pollAll();
		assertThat(this.handled).containsExactlyInAnyOrder("orders-0@5", "orders-0@17", "orders-0@18", "orders-0@19");
		assertThat(committed(PARTITION)).isEqualTo(20);
	}

	@Test
	void whatIsUnfinishedIsHandledThoughLaterRecordsCannotBeDispatched() {
		produce(PARTITION, 0, 10);
		this.failingKeys.add("key5");
		assign(PARTITION);
		poll(10);
		this.execution.runAll();
		this.handled.clear();
		this.failingKeys.clear();
		UndispatchableRecord record = new UndispatchableRecord(PARTITION, 10, 1);
		log(PARTITION).append(record);
		poll(10);
		record.undispatchable = false;
		pollAll();
		assertThat(this.handled).containsExactlyInAnyOrder("orders-0@5", "orders-0@10");
		assertThat(committed(PARTITION)).isEqualTo(11);
		assertThat(this.adopted.context().internalErrors().count()).isEqualTo(1);
		assertThat(this.adopted.context().internalErrors().problem()).asString()
			.startsWith("internal-error: could not dispatch records of orders-0 from offset 10");
	}

	@Test
	void seekReportsToTheOperatorWhatItLeavesUnfinished() {
		produce(PARTITION, 0, 20);
		this.failingKeys.addAll(List.of("key5", "key7", "key19"));
		assign(PARTITION);
		poll(20);
		this.execution.runAll();
		CompletableFuture<SeekResult> ahead = this.session.seek(PARTITION, SeekPosition.offset(15));
		this.session.tick();
		assertThat(ahead).isCompletedWithValue(new SeekResult(15, 2, List.of()));
		CompletableFuture<SeekResult> back = this.session.seek(PARTITION, SeekPosition.beginning());
		this.session.tick();
		assertThat(back).isCompletedWithValue(new SeekResult(0, 0, List.of()));
	}

	@Test
	void partitionGoesOnIfItCannotBeSoughtBeforeOrAfterItsFirstRecord() {
		produce(PARTITION, 0, 20);
		assign(PARTITION);
		this.consumer.failToSeek();
		CompletableFuture<SeekResult> before = this.session.seek(PARTITION, SeekPosition.offset(15));
		this.session.tick();
		assertThat(before).isCompletedExceptionally();
		poll(10);
		this.consumer.failToSeek();
		CompletableFuture<SeekResult> after = this.session.seek(PARTITION, SeekPosition.offset(15));
		this.session.tick();
		assertThat(after).isCompletedExceptionally();
		pollAll();
		assertThat(this.handled).hasSize(20);
		assertThat(committed(PARTITION)).isEqualTo(20);
	}

	@Test
	void partitionWhoseCommitCannotBeCollectedDoesNotKeepTheOthersFromBeingCommitted() {
		produce(PARTITION, 0, 10);
		produce(OTHER, 0, 10);
		assign(PARTITION, OTHER);
		poll(20);
		this.execution.runAll();
		UnreadableCommit unreadable = new UnreadableCommit(3);
		this.session.assignments()
			.stream()
			.filter((assignment) -> assignment.partition().equals(PARTITION))
			.forEach((assignment) -> assignment.progress().continueFrom(unreadable, ReportedOffsets.NONE));
		unreadable.unreadable = true;
		pollAll();
		assertThat(committed(OTHER)).isEqualTo(10);
		unreadable.unreadable = false;
		assertThat(this.adopted.problems()).singleElement()
			.asString()
			.startsWith("internal-error: could not see what of orders-0#1 is to be committed");
		pollAll();
		assertThat(committed(PARTITION)).isEqualTo(10);
	}

	@Test
	void whatThrowsInATickKeepsNothingElseFromBeingDone() {
		produce(PARTITION, 0, 10);
		assign(PARTITION);
		poll(10);
		this.execution.runAll();
		this.consumer.failWhenAskedForPaused(true);
		assertThatNoException().isThrownBy(this.session::tick);
		this.execution.advance(Duration.ofSeconds(1));
		assertThatNoException().isThrownBy(this.session::tick);
		this.consumer.answer(true, true);
		assertThat(committed(PARTITION)).isEqualTo(10);
		assertThat(this.adopted.context().internalErrors().problem()).asString()
			.contains("pause and resume partitions");
		assertThat(this.adopted.context().internalErrors().count()).isEqualTo(2);
	}

	@Test
	void gapCostsNothingAndPausesNothing() {
		this.failingKeys.add("key0");
		produce(PARTITION, 0, 1);
		log(PARTITION).appendGap(Integer.MAX_VALUE);
		produce(PARTITION, 1L + Integer.MAX_VALUE, 1);
		assign(PARTITION);
		poll(1);
		poll(1);
		this.execution.runAll();
		this.session.tick();
		assertThat(this.consumer.paused()).isEmpty();
		assertThat(this.handled).containsExactly("orders-0@0", "orders-0@" + (1L + Integer.MAX_VALUE));
	}

	@Test
	void bufferHasACeilingWhateverTheNumberOfPartitionsAndEachGetsItsTurn() {
		int partitions = 1000;
		int maxRecords = 10_000;
		this.adopted = adopted(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION, maxRecords);
		this.session = this.adopted.session(this.consumer);
		List<TopicPartition> all = IntStream.range(0, partitions)
			.mapToObj((number) -> new TopicPartition("orders", number))
			.toList();
		all.forEach((partition) -> produce(partition, 0, 50));
		assign(all.toArray(TopicPartition[]::new));
		// Nothing is handled, and each poll returns what there is of one partition.
		for (int round = 0; round < 2; round++) {
			for (TopicPartition partition : all) {
				this.session.tick();
				dispatch(partition, 50);
				assertThat(this.adopted.context().buffer().buffered().records())
					.isLessThanOrEqualTo(2 * maxRecords + partitions);
			}
		}
		assertThat(this.session.assignments()).hasSize(partitions)
			.allMatch((assignment) -> assignment.buffer().records() > 0);
		this.session.tick();
		assertThat(all).as("to be polled again and again in vain").noneMatch(this.consumer::isFetchable);
		this.execution.runAll();
		for (int round = 0; round < 50 && this.handled.size() < 50 * partitions; round++) {
			for (TopicPartition partition : all) {
				if (this.consumer.isFetchable(partition)) {
					dispatch(partition, 50);
				}
			}
			this.execution.runAll();
			this.session.tick();
		}
		assertThat(this.handled).doesNotHaveDuplicates().hasSize(50 * partitions);
	}

	@Test
	void bufferKeepsItsCeilingWhilePartitionsAreAssignedOneAfterTheOther() {
		int maxRecords = 1000;
		this.adopted = adopted(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION, maxRecords);
		this.session = this.adopted.session(this.consumer);
		for (int number = 0; number < 100; number++) {
			TopicPartition partition = new TopicPartition("orders", number);
			produce(partition, 0, 2000);
			assign(partition);
			for (int poll = 0; poll < 5; poll++) {
				poll(500);
			}
			assertThat(this.adopted.context().buffer().buffered().records())
				.isLessThanOrEqualTo(2 * maxRecords + number + 1);
		}
		assertThat(this.session.assignments()).allMatch((assignment) -> assignment.buffer().records() > 0);
	}

	/**
	 * Without its leader epoch, the client could not detect that the log was truncated
	 * since.
	 */
	@Test
	void positionOfRecordsThatAreNotAdmittedHasTheirLeaderEpoch() {
		this.adopted = adopted(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION, 4);
		this.session = this.adopted.session(this.consumer);
		produce(PARTITION, 0, 20, 7);
		assign(PARTITION);
		poll(20);
		assertThat(this.consumer.position(PARTITION)).isBetween(1L, 19L);
		assertThat(this.consumer.leaderEpoch(PARTITION)).isEqualTo(7);
	}

	@Test
	void positionThatMovesBackHasTheLeaderEpochOfWhatWasPolled() {
		produce(PARTITION, 0, 20, 7);
		this.failingKeys.add("key5");
		assign(PARTITION);
		poll(20);
		this.execution.runAll();
		this.seeking.callback().seekRelative("orders", 0, -2, true);
		this.session.tick();
		assertThat(this.consumer.position(PARTITION)).isEqualTo(5);
		assertThat(this.consumer.leaderEpoch(PARTITION)).isEqualTo(7);
	}

	@Test
	void positionBeyondWhatWasPolledHasNoLeaderEpoch() {
		produce(PARTITION, 0, 20, 7);
		assign(PARTITION);
		poll(10);
		this.execution.runAll();
		this.session.tick();
		this.session.seek(PARTITION, SeekPosition.offset(15));
		this.session.tick();
		assertThat(this.consumer.position(PARTITION)).isEqualTo(15);
		assertThat(this.consumer.leaderEpoch(PARTITION)).isNull();
	}

	/**
	 * The epoch of what was polled would let the client look for a truncation there: a
	 * later leader may have written it.
	 */
	@Test
	void positionThatMovesBackAndThenBeyondWhatWasPolledHasNoLeaderEpoch() {
		produce(PARTITION, 0, 20, 7);
		assign(PARTITION);
		poll(10);
		this.execution.runAll();
		this.seeking.callback().seek("orders", 0, 3);
		this.seeking.callback().seek("orders", 0, 15);
		this.session.tick();
		assertThat(this.session.assignments()).extracting(Object::toString).containsExactly("orders-0#2");
		assertThat(this.consumer.position(PARTITION)).isEqualTo(15);
		assertThat(this.consumer.leaderEpoch(PARTITION)).isNull();
	}

	@Test
	void offsetsWithoutRecordsAtTheEndOfALogAreCommittedToo() {
		produce(PARTITION, 0, 3);
		log(PARTITION).appendGap(4);
		assign(PARTITION);
		pollAll();
		assertThat(committed(PARTITION)).isEqualTo(7);
	}

	@Test
	void sessionOfADeadThreadLosesItsPartitionsAndClosesItsConsumer() {
		produce(PARTITION, 0, 3);
		assign(PARTITION);
		poll(3);
		CompletableFuture<SeekResult> seek = this.session.seek(PARTITION, SeekPosition.offset(0));
		this.session.abandon();
		assertThat(this.session.assignments()).isEmpty();
		assertThat(this.session.state()).isEqualTo(ConsumerState.STOPPED);
		assertThat(this.consumer.closed()).isTrue();
		assertThat(seek).isCompletedExceptionally();
		assertThat(this.seeking.notifications).containsExactly("assigned [orders-0]", "first poll",
				"revoked [orders-0]", "revoked []", "unregistered");
		this.execution.runAll();
		assertThat(this.handled).as("nothing more is begun").isEmpty();
	}

	@Test
	void metersOfItsDeliveriesAreRemovedWhenASessionEnds() {
		SimpleMeterRegistry registry = new SimpleMeterRegistry();
		GenericApplicationContext application = new GenericApplicationContext();
		application.registerBean(SimpleMeterRegistry.class, () -> registry);
		application.refresh();
		DeliveryTimer.Factory timers = new DeliveryTimer.Factory(application, Map.of(), null,
				new LimitedLog("orders", this.execution.runtime()));
		for (Consumer<ConsumerSession> end : List.<Consumer<ConsumerSession>>of(ConsumerSession::abandon,
				(session) -> session.stopping(() -> {
				}))) {
			PollingConsumer polledBy = new PollingConsumer("orders-0", null, null, timers.timer("orders-0"),
					RejectingConsumer.of("orders"));
			ConsumerSession session = new ConsumerSession(new MockConsumer<>("earliest"), polledBy,
					this.adopted.context());
			assertThat(registry.getMeters()).hasSize(1);
			end.accept(session);
			assertThat(registry.getMeters()).isEmpty();
		}
	}

	@Test
	void listenerThatSeeksIsNotifiedOfItsPartitionsWhileTheyAreAssigned() {
		assign(PARTITION);
		this.adopted.container().getContainerProperties().setIdleEventInterval(1L);
		this.session.idleEvents().idle(null, 2, (time) -> this.seeking.notifications.add("idle for " + time));
		this.session.revoked(List.of(PARTITION), () -> {
		});
		this.session.forgetSeeks(List.of(PARTITION));
		assign(OTHER);
		this.session.stopping(() -> this.session.seekAssigned(List.of(PARTITION)));
		assertThat(this.seeking.notifications).containsExactly("assigned [orders-0]", "first poll", "idle for 2",
				"idle [orders-0]", "revoked [orders-0]", "assigned [orders-1]", "revoked [orders-1]", "revoked []",
				"unregistered");
	}

	@Test
	void recordThatIsHandledWhenTheTimeOfADrainIsOverIsNamed(CapturedOutput output) {
		this.adopted = adopted(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION, 10_000);
		this.session = this.adopted.session(this.consumer);
		produce(PARTITION, 0, 3);
		assign(PARTITION);
		this.whileHandling = () -> {
			this.seeking.callback().seek("orders", 0, 0);
			this.session.tick();
			this.execution.advance(Duration.ofMinutes(1));
			this.session.tick();
		};
		poll(3);
		this.execution.runAll();
		assertThat(output)
			.contains("Drain timeout: worker_orders_0 is still handling orders-0@0 of orders-0#1, which it "
					+ "loses; the record will be redelivered");
		assertThat(this.session.assignments()).extracting(Object::toString).containsExactly("orders-0#2");
	}

	@Test
	void operatorsAreAnsweredWhenTheConsumerStops() {
		assign(PARTITION);
		CompletableFuture<SeekResult> before = this.session.seek(PARTITION, SeekPosition.beginning());
		this.session.stopping(() -> {
		});
		assertThat(before).isCompletedExceptionally();
		assertThat(this.session.seek(PARTITION, SeekPosition.beginning())).isCompletedExceptionally();
		assertThat(this.session.state()).isEqualTo(ConsumerState.STOPPED);
	}

	@Test
	void seekOfAnOperatorGoesWhereItIsAsked() {
		produce(PARTITION, 0, 20);
		assign(PARTITION);
		assertThat(sought(SeekPosition.end())).isCompletedWithValue(new SeekResult(20, 0, List.of()));
		assertThat(this.consumer.position(PARTITION)).isEqualTo(20);
		assertThat(committed(PARTITION)).as("committed at once").isEqualTo(20);
		assertThat(sought(SeekPosition.offset(0))).isCompletedWithValue(new SeekResult(0, 0, List.of()));
		assertThat(sought(SeekPosition.offset(20))).isCompletedWithValue(new SeekResult(20, 0, List.of()));
		assertThat(sought(SeekPosition.offset(21))).failsWithin(Duration.ZERO)
			.withThrowableThat()
			.withMessageContaining("Offset 21 is out of the range of orders-0, which has offsets from 0 to 20");
		assertThat(sought(SeekPosition.beginning())).isCompletedWithValue(new SeekResult(0, 0, List.of()));
		assertThat(this.consumer.position(PARTITION)).isZero();
	}

	@Test
	void seekWaitsForTheRecordThatIsBeingHandledAndSaysWhatItPasses(CapturedOutput output) {
		produce(PARTITION, 0, 20);
		assign(PARTITION);
		List<Boolean> answered = new ArrayList<>();
		List<CompletableFuture<SeekResult>> seeks = new ArrayList<>();
		this.whileHandling = () -> {
			seeks.add(this.session.seek(PARTITION, SeekPosition.offset(10)));
			this.session.tick();
			answered.add(seeks.get(0).isDone());
			seeks.add(this.session.seek(PARTITION, SeekPosition.offset(11)));
			this.session.tick();
		};
		poll(20);
		this.execution.runAll();
		assertThat(answered).containsExactly(false);
		assertThat(seeks.get(1)).failsWithin(Duration.ZERO)
			.withThrowableThat()
			.withMessageContaining("orders-0 is being sought already");
		this.session.tick();
		assertThat(seeks.get(0)).isCompletedWithValue(new SeekResult(10, 9, List.of()));
		assertThat(output).contains("Seeking orders-0 to offset 10 as requested, past 9 unfinished records");
	}

	@Test
	void partitionIsPausedWhileItIsSoughtAndFetchedByTheNextPollThen() {
		produce(PARTITION, 0, 20);
		assign(PARTITION);
		List<Boolean> fetchable = new ArrayList<>();
		this.whileHandling = () -> {
			this.session.seek(PARTITION, SeekPosition.offset(10));
			this.session.tick();
			fetchable.add(this.consumer.isFetchable(PARTITION));
		};
		poll(5);
		this.execution.runAll();
		assertThat(fetchable).containsExactly(false);
		this.session.tick();
		assertThat(this.consumer.position(PARTITION)).isEqualTo(10);
		assertThat(this.consumer.isFetchable(PARTITION)).isTrue();
	}

	@Test
	void seekFailsIfThePartitionIsTakenAway() {
		produce(PARTITION, 0, 20);
		assertThat(sought(SeekPosition.beginning())).failsWithin(Duration.ZERO)
			.withThrowableThat()
			.withMessageContaining("orders-0 was taken from the consumer before it was sought");
	}

	private CompletableFuture<SeekResult> sought(SeekPosition to) {
		CompletableFuture<SeekResult> answer = this.session.seek(PARTITION, to);
		this.session.tick();
		return answer;
	}

	@Test
	void onlyTheFirstPositionThatIsUnknownIsWaitedFor() {
		UnknownPositions consumer = new UnknownPositions();
		this.adopted.session(consumer).seekAssigned(List.of(PARTITION, OTHER));
		assertThat(consumer.asked).containsExactly("orders-0", "orders-1 within PT0S");
		assertThat(this.seeking.notifications).containsExactly("assigned []", "first poll");
	}

	@Test
	void seekOfAnotherThreadIsDoneBeforeTheNextPoll() throws Exception {
		produce(PARTITION, 0, 20);
		assign(PARTITION);
		pollAll();
		Thread other = new Thread(() -> this.seeking.callback().seek("orders", 0, 13));
		other.start();
		other.join();
		assertThat(this.consumer.position(PARTITION)).isEqualTo(20);
		this.session.tick();
		assertThat(this.consumer.position(PARTITION)).isEqualTo(13);
	}

	@Test
	void sessionGoesOnAfterARevocation() {
		produce(OTHER, 0, 5);
		assign(PARTITION, OTHER);
		this.session.revoked(List.of(PARTITION), () -> {
		});
		assertThat(this.session.state()).isEqualTo(ConsumerState.RUNNING);
		this.consumer.letGo(List.of(PARTITION));
		pollAll();
		assertThat(committed(OTHER)).isEqualTo(5);
	}

	@Test
	void partitionsThatAreRevokedDuringAStopAreCommittedToo() {
		produce(PARTITION, 0, 5);
		assign(PARTITION);
		poll(5);
		this.execution.runAll();
		this.session.stopping(() -> {
			this.session.revoked(List.of(PARTITION), () -> {
			});
			assertThat(committed(PARTITION)).as("before another consumer has it").isEqualTo(5);
		});
		assertThat(committed(PARTITION)).isEqualTo(5);
		assertThat(this.session.assignments()).isEmpty();
	}

	@Test
	void whatAPartitionHasIsGivenBackWhenItIsRevoked() {
		this.adopted = adopted(StandardWorkerAllocationStrategy.WORKER_PER_TOPIC_PARTITION, 10_000);
		this.session = this.adopted.session(this.consumer);
		assign(PARTITION, OTHER);
		assertThat(this.adopted.context().workers().all()).hasSize(2);
		assertThat(this.adopted.context().buffer().share().records()).isEqualTo(5_000);
		this.session.revoked(List.of(PARTITION), () -> {
		});
		assertThat(this.adopted.context().workers().all()).extracting(Worker::name).containsExactly("worker_orders_1");
		assertThat(this.adopted.context().buffer().share().records()).isEqualTo(10_000);
		poll(1);
		this.seeking.callback().seek("orders", 1, 0);
		this.session.tick();
		assertThat(this.adopted.context().workers().all()).as("of the new assignment").hasSize(1);
		this.session.lost(List.of(OTHER));
		assertThat(this.adopted.context().workers().all()).isEmpty();
	}

	@Test
	void placeOfARevokedPartitionIsUsedAgain() {
		assign(PARTITION);
		this.session.revoked(List.of(PARTITION), () -> {
		});
		assertThat(this.adopted.context().workers().openSlot()).as("behind that of workers of partitions").isEqualTo(1);
	}

	@Test
	void partitionsThatAreAssignedAreKnownAtOnce() {
		assertThat(this.session.isAssigned(PARTITION)).isFalse();
		assign(PARTITION);
		assertThat(this.session.isAssigned(PARTITION)).isTrue();
		assertThat(this.session.isPaused(PARTITION)).isFalse();
		assertThat(this.session.isAssigned(OTHER)).isFalse();
	}

	private WorkerContainer adopted(StandardWorkerAllocationStrategy strategy, int maxRecords) {
		return ContainerFixtures.handledBy(strategy, maxRecords, (record) -> {
			this.handled.add(record.topic() + "-" + record.partition() + "@" + record.offset());
			Runnable meanwhile = this.whileHandling;
			this.whileHandling = null;
			if (meanwhile != null) {
				meanwhile.run();
			}
			if (this.failingKeys.contains(record.key())) {
				throw new IllegalStateException("refused");
			}
		}, this.seeking, this.execution);
	}

	private void produce(TopicPartition partition, long from, int count) {
		SimulatedConsumer.Partition log = this.cluster.computeIfAbsent(partition,
				(key) -> new SimulatedConsumer.Partition());
		LongStream.range(from, from + count)
			.forEach((offset) -> log.append(
					new ConsumerRecord<>(partition.topic(), partition.partition(), offset, "key" + offset, "value")));
	}

	private void produce(TopicPartition partition, long from, int count, int leaderEpoch) {
		SimulatedConsumer.Partition log = this.cluster.computeIfAbsent(partition,
				(key) -> new SimulatedConsumer.Partition());
		LongStream.range(from, from + count)
			.forEach((offset) -> log.append(new ConsumerRecord<>(partition.topic(), partition.partition(), offset,
					ConsumerRecord.NO_TIMESTAMP, TimestampType.NO_TIMESTAMP_TYPE, ConsumerRecord.NULL_SIZE,
					ConsumerRecord.NULL_SIZE, "key" + offset, "value", new RecordHeaders(), Optional.of(leaderEpoch))));
	}

	private void assign(TopicPartition... partitions) {
		for (TopicPartition partition : partitions) {
			produce(partition, 0, 0);
		}
		this.session.tick();
		this.consumer.take(List.of(partitions));
		this.session.assigned(List.of(partitions));
		this.session.seekAssigned(List.of(partitions));
		this.session.positioned(List.of(partitions));
	}

	private void poll(int most) {
		this.session.tick();
		for (TopicPartition partition : this.cluster.keySet()) {
			if (this.consumer.isFetchable(partition)) {
				dispatch(partition, most);
			}
		}
	}

	private void dispatch(TopicPartition partition, int most) {
		if (!this.consumer.isFetchable(partition)) {
			return;
		}
		List<ConsumerRecord<Object, Object>> records = this.consumer.fetch(partition, most);
		Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
		next.put(partition, new OffsetAndMetadata(this.consumer.position(partition)));
		this.session.dispatch(new ConsumerRecords<>(Map.of(partition, records), next));
	}

	/**
	 * Poll and handle until there is nothing more.
	 */
	private void pollAll() {
		for (int round = 0; round < 20; round++) {
			poll(100);
			this.execution.runAll();
			this.execution.advance(Duration.ofSeconds(10));
			this.execution.runAll();
			this.consumer.answer(true, true);
		}
	}

	private SimulatedConsumer.Partition log(TopicPartition partition) {
		return Objects.requireNonNull(this.cluster.get(partition));
	}

	private long committed(TopicPartition partition) {
		OffsetAndMetadata committed = log(partition).committed();
		return (committed != null) ? committed.offset() : 0;
	}

	/**
	 * A listener that seeks.
	 */
	private static final class Seeking implements ConsumerSeekAware {

		private final List<String> notifications = new ArrayList<>();

		private @Nullable ConsumerSeekCallback callback;

		ConsumerSeekCallback callback() {
			return Objects.requireNonNull(this.callback);
		}

		@Override
		public void registerSeekCallback(ConsumerSeekCallback callback) {
			this.callback = callback;
		}

		@Override
		public void onPartitionsAssigned(Map<TopicPartition, Long> assignments, ConsumerSeekCallback callback) {
			this.notifications.add("assigned " + assignments.keySet());
		}

		@Override
		public void onFirstPoll() {
			this.notifications.add("first poll");
		}

		@Override
		public void onIdleContainer(Map<TopicPartition, Long> assignments, ConsumerSeekCallback callback) {
			this.notifications.add("idle " + assignments.keySet());
		}

		@Override
		public void onPartitionsRevoked(@Nullable Collection<TopicPartition> partitions) {
			this.notifications.add("revoked " + partitions);
		}

		@Override
		public void unregisterSeekCallback() {
			this.notifications.add("unregistered");
		}

	}

	/**
	 * A consumer that cannot determine positions.
	 */
	private static final class UnknownPositions extends MockConsumer<Object, Object> {

		private final List<String> asked = new ArrayList<>();

		UnknownPositions() {
			super("earliest");
		}

		@Override
		public synchronized long position(TopicPartition partition) {
			this.asked.add(partition.toString());
			throw new TimeoutException();
		}

		@Override
		public synchronized long position(TopicPartition partition, Duration timeout) {
			this.asked.add(partition + " within " + timeout);
			throw new TimeoutException();
		}

	}

	/**
	 * A commit that throws when it is looked at.
	 */
	private static final class UnreadableCommit extends OffsetAndMetadata {

		private static final long serialVersionUID = 1L;

		private transient boolean unreadable;

		UnreadableCommit(long offset) {
			super(offset);
		}

		@Override
		public long offset() {
			if (this.unreadable) {
				throw new IllegalStateException("cannot be read");
			}
			return super.offset();
		}

	}

}
